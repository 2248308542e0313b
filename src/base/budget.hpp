// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace skrei {

/// How much a walk over a tree of files may yield. A megabyte of blocks or a small archive can name
/// a petabyte, so this is charged as bytes and entries appear; declared sizes are never trusted.
struct Budget {
  std::uint64_t bytes = std::uint64_t{64} << 30;
  std::uint64_t entries = 1'000'000;
  std::uint32_t depth = 128;  ///< Folders inside each other.
};

/// Counts what one walk has used. ResourceExhausted, naming the walk, once a limit is passed.
class BudgetMeter {
 public:
  BudgetMeter(Budget budget, std::string what) : left_(budget), what_(std::move(what)) {}

  Result<void> charge_bytes(std::uint64_t count) {
    if (count > left_.bytes) return exhausted("bytes");
    left_.bytes -= count;
    return {};
  }
  Result<void> charge_entry(std::size_t depth) {
    if (depth > left_.depth) return exhausted("levels of folders");
    if (left_.entries == 0) return exhausted("files and folders");
    --left_.entries;
    return {};
  }
  const std::string& what() const { return what_; }

 private:
  std::unexpected<Error> exhausted(const char* unit) const {
    return fail(Code::ResourceExhausted, "{}: has more {} than allowed", what_, unit);
  }

  Budget left_;
  std::string what_;
};

}  // namespace skrei
