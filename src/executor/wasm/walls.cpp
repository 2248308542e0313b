// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/walls.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <functional>

#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "executor/wasm/landlock.hpp"
#include "executor/wasm/namespaces.hpp"
#include "executor/wasm/privileges.hpp"

namespace skrei::executor::wasm {
namespace {

/// Notes what each wall cost.
class Builder {
 public:
  template <class Step>
  Result<void> add(std::string_view name, Step step) {
    const auto start = std::chrono::steady_clock::now();
    TRY(step());
    report.walls.push_back({name, std::chrono::steady_clock::now() - start});
    return {};
  }

  WallsReport report;
};

Result<void> close_range_of(unsigned first, unsigned last) {
  if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return {};
  if (errno != ENOSYS) return fail_errno("sandbox: closing descriptors");
  // Before Linux 5.9. No descriptor can be above the limit it was opened under; the hard limit of
  // such systems is at most some 500,000.
  const long limit = sysconf(_SC_OPEN_MAX);
  const unsigned end = limit > 0 ? static_cast<unsigned>(limit) : 1U << 20;
  for (unsigned fd = first; fd < end && fd <= last; ++fd)
    close(static_cast<int>(fd));
  return {};
}

}  // namespace

std::string_view to_string(WallsLevel level) {
  switch (level) {
    case WallsLevel::Landlock:
      return "landlock";
    case WallsLevel::Namespaces:
      return "namespaces";
    case WallsLevel::Weak:
      return "weak";
  }
  return "unknown";
}

std::chrono::nanoseconds WallsReport::total() const {
  std::chrono::nanoseconds sum{};
  for (const Wall& wall : walls)
    sum += wall.cost;
  return sum;
}

Result<void> close_fds_except(std::span<const int> kept) {
  std::vector<int> sorted(kept.begin(), kept.end());
  std::ranges::sort(sorted);
  unsigned next = 0;
  for (const int fd : sorted) {
    if (fd < 0) continue;
    if (fd > 0) TRY(close_range_of(next, static_cast<unsigned>(fd) - 1));
    next = static_cast<unsigned>(fd) + 1;
  }
  return close_range_of(next, UINT_MAX);
}

Result<WallsReport> apply_walls(const WallsPlan& plan) {
  Builder builder;
  if (plan.level != WallsLevel::Weak && plan.seccomp == nullptr) {
    return fail(Code::InvalidArgument, "sandbox: a plan above level weak needs a call filter");
  }
  if (plan.level == WallsLevel::Namespaces) {
    TRY(builder.add("namespaces", [&] { return enter_namespaces(plan.roots); }));
  }
  if (plan.user) TRY(builder.add("user", [&] { return become(*plan.user); }));
  if (plan.parent != 0) TRY(builder.add("parent", [&] { return die_with(plan.parent); }));
  TRY(builder.add("rlimits", [&] { return lower_rlimits(plan.limits); }));
  TRY(builder.add("privileges", [] { return drop_privileges(); }));
  if (plan.level == WallsLevel::Landlock) {
    builder.report.landlock_abi = landlock_abi();
    TRY(builder.add("landlock",
                    [&] { return enter_landlock(plan.roots, builder.report.landlock_abi); }));
  }
  if (plan.seccomp != nullptr) {
    TRY(builder.add("seccomp", [&] { return plan.seccomp->install(); }));
  }
  return std::move(builder.report);
}

}  // namespace skrei::executor::wasm
