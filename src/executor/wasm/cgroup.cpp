// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/cgroup.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <set>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"
#include "executor/wasm/cgroup_files.hpp"

namespace skrei::executor::wasm {
namespace {

using cgroup_files::read_number;
using cgroup_files::read_text;
using cgroup_files::write_text;

constexpr std::chrono::milliseconds kKillPause{2};
constexpr int kKillRounds = 1000;
constexpr std::uint64_t kCpuPeriodUs = 100'000;

bool has(const std::vector<std::string>& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

std::uint64_t quota_us(double cpus) {
  // The kernel takes no less than a millisecond.
  return std::max<std::uint64_t>(1000, static_cast<std::uint64_t>(cpus * kCpuPeriodUs));
}

Result<void> limit_v1(int folder, const std::vector<std::string>& controllers,
                      const CgroupLimits& limits) {
  if (limits.memory_bytes_max && has(controllers, "memory")) {
    const std::string bytes = std::to_string(*limits.memory_bytes_max);
    TRY(write_text(folder, "memory.limit_in_bytes", bytes));
    // Memory and swap together, where the kernel counts swap: no way around by swapping.
    const auto swap = write_text(folder, "memory.memsw.limit_in_bytes", bytes);
    if (!swap && swap.error().code != Code::NotFound) return swap;
  }
  if (limits.processes_max && has(controllers, "pids")) {
    TRY(write_text(folder, "pids.max", std::to_string(*limits.processes_max)));
  }
  if (limits.cpus_max && has(controllers, "cpu")) {
    TRY(write_text(folder, "cpu.cfs_period_us", std::to_string(kCpuPeriodUs)));
    TRY(write_text(folder, "cpu.cfs_quota_us", std::to_string(quota_us(*limits.cpus_max))));
  }
  return {};
}

Result<void> limit_v2(int folder, const CgroupLimits& limits) {
  if (limits.memory_bytes_max) {
    TRY(write_text(folder, "memory.max", std::to_string(*limits.memory_bytes_max)));
    const auto swap = write_text(folder, "memory.swap.max", "0");
    if (!swap && swap.error().code != Code::NotFound) return swap;
    const auto group = write_text(folder, "memory.oom.group", "1");
    if (!group && group.error().code != Code::NotFound) return group;
  }
  if (limits.processes_max) {
    TRY(write_text(folder, "pids.max", std::to_string(*limits.processes_max)));
  }
  if (limits.cpus_max) {
    TRY(write_text(folder, "cpu.max",
                   fmt::format("{} {}", quota_us(*limits.cpus_max), kCpuPeriodUs)));
  }
  return {};
}

void use_v1(int folder, CgroupUsage& usage) {
  if (const auto peak = read_number(folder, "memory.max_usage_in_bytes")) {
    usage.memory_peak_bytes = *peak;
    usage.oom_kills = read_number(folder, "memory.oom_control", "oom_kill");
  }
  if (const auto time = read_number(folder, "cpuacct.usage")) {
    usage.cpu_time = std::chrono::nanoseconds(*time);
  }
}

void use_v2(int folder, CgroupUsage& usage) {
  if (const auto time = read_number(folder, "cpu.stat", "usage_usec")) {
    usage.cpu_time = std::chrono::microseconds(*time);
  }
  if (const auto peak = read_number(folder, "memory.peak")) usage.memory_peak_bytes = *peak;
  if (const auto kills = read_number(folder, "memory.events", "oom_kill")) usage.oom_kills = *kills;
}

/// Sends SIGKILL to what is inside now; the number of processes found.
Result<std::size_t> kill_once(int folder, bool version2) {
  TRY_ASSIGN(const std::string list, read_text(folder, "cgroup.procs"));
  if (list.empty()) return 0;
  if (version2 && write_text(folder, "cgroup.kill", "1")) return 1;
  std::size_t found = 0;
  for (const pid_t pid : cgroup_files::parse_processes(list)) {
    ++found;
    if (::kill(pid, SIGKILL) != 0 && errno != ESRCH) {
      return fail_errno(fmt::format("cgroup: killing process {}", pid));
    }
  }
  return found;
}

Result<void> check_id(std::string_view id) {
  if (id.empty() || id.contains('/') || id.starts_with('.')) {
    return fail(Code::InvalidArgument, "cgroup: \"{}\" cannot name one", id);
  }
  return {};
}

}  // namespace

Result<void> Cgroup::add(pid_t pid) const {
  for (const Place& place : places_) {
    TRY(with_context(write_text(place.folder.get(), "cgroup.procs", std::to_string(pid)),
                     place.path.string()));
  }
  return {};
}

/// Version 1 only: version 2 kills a whole cgroup in one go.
Result<void> Cgroup::set_frozen(const char* state) const {
  for (const Place& place : places_) {
    if (!has(place.controllers, "freezer")) continue;
    TRY(write_text(place.folder.get(), "freezer.state", state));
  }
  return {};
}

Result<void> Cgroup::kill() const {
  for (int round = 0; round < kKillRounds; ++round) {
    std::size_t found = 0;
    TRY(set_frozen("FROZEN"));  // So that nothing forks away between the list and the signal.
    for (const Place& place : places_) {
      TRY_ASSIGN(const std::size_t here, kill_once(place.folder.get(), place.version2));
      found += here;
    }
    TRY(set_frozen("THAWED"));
    if (found == 0) return {};
    poll(nullptr, 0, static_cast<int>(kKillPause.count()));
  }
  return fail(Code::DeadlineExceeded, "cgroup {}: processes are left 2 s after SIGKILL",
              places_.front().path.string());
}

CgroupUsage Cgroup::usage() const {
  CgroupUsage usage;
  for (const Place& place : places_) {
    if (place.version2) {
      use_v2(place.folder.get(), usage);
    } else {
      use_v1(place.folder.get(), usage);
    }
  }
  return usage;
}

Result<void> Cgroup::remove() {
  for (const Place& place : places_) {
    if (rmdir(place.path.c_str()) == 0 || errno == ENOENT) continue;
    if (errno == EBUSY) {
      return fail(Code::FailedPrecondition, "cgroup {}: there are processes inside",
                  place.path.string());
    }
    return fail_errno(fmt::format("cgroup {}", place.path.string()));
  }
  places_.clear();
  return {};
}

Result<void> CgroupTree::add_to_node(pid_t pid) const {
  for (const Branch& branch : branches_) {
    TRY(cgroup_files::add_process(branch.root / "node", pid));
  }
  return {};
}

Result<void> CgroupTree::add_to_shims(pid_t pid) const {
  for (const Branch& branch : branches_) {
    TRY(cgroup_files::add_process(branch.root / "shims", pid));
  }
  return {};
}

Result<Cgroup> CgroupTree::open_job(std::string_view id) const {
  TRY(check_id(id));
  if (branches_.empty()) {
    return fail(Code::FailedPrecondition, "cgroup {}: this machine lets us make none", id);
  }
  std::vector<Cgroup::Place> places;
  for (const Branch& branch : branches_) {
    const std::filesystem::path path = branch.root / "jobs" / id;
    TRY_ASSIGN(auto folder, open_file(path, O_RDONLY | O_DIRECTORY));
    places.push_back({.version2 = branch.version2,
                      .controllers = branch.controllers,
                      .path = path,
                      .folder = std::move(folder)});
  }
  return Cgroup(std::move(places));
}

Result<Cgroup> CgroupTree::find(std::string_view id) const {
  return open_job(id);
}

Result<Cgroup> CgroupTree::create(std::string_view id, const CgroupLimits& limits) const {
  TRY(check_id(id));
  if ((limits.memory_bytes_max && !support_.memory) || (limits.processes_max && !support_.pids) ||
      (limits.cpus_max && !support_.cpu)) {
    return fail(Code::FailedPrecondition,
                "cgroup {}: a limit that this machine does not give us{}{}", id,
                support_.missing.empty() ? "" : ": ",
                support_.missing.empty() ? "" : support_.missing.front());
  }
  std::vector<std::filesystem::path> made;
  const auto undo = [&made] {
    for (const auto& path : made)
      rmdir(path.c_str());
  };
  for (const Branch& branch : branches_) {
    const std::filesystem::path path = branch.root / "jobs" / id;
    if (mkdir(path.c_str(), 0755) != 0) {
      auto error = fail_errno(fmt::format("cgroup {}", path.string()));
      undo();
      return error;
    }
    made.push_back(path);
  }
  auto job = open_job(id);
  if (!job) {
    undo();
    return job;
  }
  for (const Cgroup::Place& place : job->places_) {
    auto limited = place.version2 ? limit_v2(place.folder.get(), limits)
                                  : limit_v1(place.folder.get(), place.controllers, limits);
    if (!limited) {
      undo();
      return fail(with_context(std::move(limited), place.path.string()).error());
    }
  }
  return job;
}

std::vector<std::string> CgroupTree::remove_all_except(std::span<const std::string> kept) const {
  std::set<std::string> stale;
  for (const Branch& branch : branches_) {
    for (const std::string& name : cgroup_files::folders_in(branch.root / "jobs")) {
      if (std::ranges::find(kept, name) == kept.end()) stale.insert(name);
    }
  }
  std::vector<std::string> removed;
  for (const std::string& id : stale) {
    // A crash may have left it in some hierarchies only.
    std::vector<Cgroup::Place> places;
    for (const Branch& branch : branches_) {
      const std::filesystem::path path = branch.root / "jobs" / id;
      auto folder = open_file(path, O_RDONLY | O_DIRECTORY);
      if (!folder) continue;
      places.push_back({.version2 = branch.version2,
                        .controllers = branch.controllers,
                        .path = path,
                        .folder = std::move(*folder)});
    }
    Cgroup job(std::move(places));
    auto done = job.kill();
    if (done) done = job.remove();
    if (done) {
      removed.push_back(id);
    } else {
      log::warn("a left-over cgroup stays", {{"execution", id}, {"reason", done.error().message}});
    }
  }
  return removed;
}

}  // namespace skrei::executor::wasm
