// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "protocol/messages.hpp"
#include "sim/agenda.hpp"

namespace skrei::sim {

/// No node, no peer.
inline constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

/// Something that happened in the world. What does not apply is left empty.
struct Happening {
  /// A word or two: "crashes", "sends", "Award".
  std::string_view what;
  std::size_t node = kNobody;
  std::size_t peer = kNobody;
  const JobId* job = nullptr;
  const ExecutionId* execution = nullptr;
  const OfferId* offer = nullptr;
  /// Epoch, revision, sequence: what tells two of the same kind apart.
  std::uint64_t number = 0;
};

/// The ids and the number in a message, for a happening with it; valid as long as the message.
Happening told_by(const protocol::Message& message);

/// Everything that happened in a world, as one rolling hash; for a replay also as lines.
class Chronicle {
 public:
  enum class Keep { Hash, Lines };

  Chronicle(const Agenda& agenda, Keep keep) : agenda_(agenda), keep_(keep) {}

  /// `detail` is for readers alone and no part of the hash.
  void note(const Happening& happening, std::string_view detail = {});
  bool keeps_lines() const { return keep_ == Keep::Lines; }

  std::uint64_t hash() const { return hash_; }
  std::uint64_t size() const { return size_; }

  /// What concerns the job, the execution or the nodes named, in order, at most the last `max`:
  /// "   12.345678  n-1 -> n-0  Report  e-… (Running)". Empty ids and kNobody name nothing.
  std::vector<std::string> about(const JobId& job, const ExecutionId& execution, std::size_t node,
                                 std::size_t max) const;

 private:
  struct Line {
    WorldTime time{};
    std::string what;
    std::size_t node = kNobody;
    std::size_t peer = kNobody;
    JobId job;
    ExecutionId execution;
    OfferId offer;
    std::uint64_t number = 0;
    std::string detail;
  };
  static std::string text_of(const Line& line);
  void mix(std::uint64_t value);
  void mix(std::string_view text);

  const Agenda& agenda_;
  Keep keep_;
  std::uint64_t hash_ = 0x9e3779b97f4a7c15;
  std::uint64_t size_ = 0;
  std::vector<Line> lines_;
};

}  // namespace skrei::sim
