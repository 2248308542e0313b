// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.hpp"
#include "sim/agenda.hpp"
#include "sim/chronicle.hpp"

namespace skrei::sim {

/// What must hold in every world, after every step.
enum class Invariant {
  AcknowledgedJobKept,
  EffectsAfterSync,
  EndsAreFinal,
  OneResult,
  EpochsAscend,
  OneLease,
  ResultKept,
  CompletedMeansAll,
  StartedOnce,
  StartedFromRecord,
  CapacityKept,
  NoOlderAward,
  OneOutcome,
  LeaseNotCutShort,
  LeaseEnds,
  JobsEnd,
  NothingRemembered,
};

/// As on the command line: "acknowledged-job-kept".
std::string_view to_string(Invariant invariant);
/// As a sentence: "an acknowledged job is in its requester's store".
std::string_view rule_of(Invariant invariant);

/// The first time that something did not hold.
struct Breach {
  Invariant invariant{};
  std::string sentence;
  /// What it is about, as far as it is about one.
  JobId job;
  ExecutionId execution;
  std::size_t node = kNobody;
  WorldTime time{};
};

/// Keeps the first breach of a world; what follows from it is of no interest.
class Breaches {
 public:
  explicit Breaches(const Agenda& agenda) : agenda_(agenda) {}

  void add(Breach breach) {
    if (first_) return;
    breach.time = agenda_.now();
    first_ = std::move(breach);
  }
  const std::optional<Breach>& first() const { return first_; }

 private:
  const Agenda& agenda_;
  std::optional<Breach> first_;
};

}  // namespace skrei::sim
