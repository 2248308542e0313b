// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/fd.hpp"
#include "base/result.hpp"

/// Cgroups of a node: `<own>/skrei-<hash of the data directory>/{node,shims,jobs/<id>}` in each
/// hierarchy of memory, pids, cpu, cpuacct and freezer (version 1), or in the one of version 2.
///
/// `<own>` is the cgroup that this process is in. What is made lies below it, so that whatever
/// bounds the process bounds its jobs too: never beside it, never at the mount's root unless that
/// *is* the own cgroup ("/" in /proc/self/cgroup: a container's namespace, or a machine without a
/// service manager), where "below the own" and "below the root" are one place. The hash keeps two
/// nodes under one service manager apart, and makes left-overs of a crashed node its own to clean.
namespace skrei::executor::wasm {

struct CgroupLimits {
  std::optional<std::uint64_t> memory_bytes_max;  ///< Resident, page cache included.
  std::optional<std::uint64_t> processes_max;     ///< Threads count.
  std::optional<double> cpus_max;                 ///< 0.5: half of one CPU, per period of 100 ms.

  bool operator==(const CgroupLimits&) const = default;
};

/// What was used up to now; unset where the hierarchy does not tell.
struct CgroupUsage {
  std::optional<std::uint64_t> memory_peak_bytes;
  std::optional<std::chrono::nanoseconds> cpu_time;
  /// Processes that the kernel killed because of `memory_bytes_max`.
  std::optional<std::uint64_t> oom_kills;
};

/// Which limits and figures this machine gives us.
struct CgroupSupport {
  bool memory = false;
  bool pids = false;
  bool cpu = false;
  bool cpu_time = false;
  bool freeze = false;
  bool version2 = false;
  /// One sentence for each thing that is missing, with its cause.
  std::vector<std::string> missing;

  bool any() const { return memory || pids || cpu || cpu_time || freeze; }
};

/// Where one controller (or all of version 2) is found.
struct CgroupHierarchy {
  std::vector<std::string> controllers;  ///< Empty for version 2.
  std::filesystem::path mount;
  std::filesystem::path own;  ///< Folder of the own cgroup, below `mount`.

  bool version2() const { return controllers.empty(); }
  bool operator==(const CgroupHierarchy&) const = default;
};

/// Reads the formats of /proc/self/cgroup and /proc/self/mountinfo (proc(5), cgroups(7)). Left out
/// is a hierarchy that is not mounted, or mounted so that the own cgroup is not below it.
std::vector<CgroupHierarchy> parse_hierarchies(std::string_view cgroup, std::string_view mountinfo);

/// One execution's cgroup in every hierarchy. Not needed for a WASM run whose engine limits are
/// exact (linear memory, fuel): making and removing it costs 0.3 ms and more, and moving a process
/// takes a lock of the whole machine. It gives what the engine cannot: page cache in the bill, a
/// CPU quota, and kill of all at once.
class Cgroup {
 public:
  Cgroup(Cgroup&&) = default;
  Cgroup& operator=(Cgroup&&) = default;
  /// Leaves the cgroup in place; remove() takes it away.
  ~Cgroup() = default;

  /// Moves process `pid` in; 0 is the caller.
  Result<void> add(pid_t pid) const;

  /// SIGKILL to every process inside, repeated until none is left or some 2 s are over
  /// (DeadlineExceeded). Blocks.
  Result<void> kill() const;

  CgroupUsage usage() const;

  /// Removes the (empty) cgroup; FailedPrecondition while processes are inside.
  Result<void> remove();

 private:
  friend class CgroupTree;
  struct Place {
    bool version2 = false;
    std::vector<std::string> controllers;
    std::filesystem::path path;
    UniqueFd folder;
  };
  Result<void> set_frozen(const char* state) const;
  explicit Cgroup(std::vector<Place> places) : places_(std::move(places)) {}

  std::vector<Place> places_;
};

/// All cgroups of one node. Blocking calls of some 10 to 100 µs each; any one thread.
class CgroupTree {
 public:
  struct Options {
    /// Names the tree; the same data directory finds its tree again.
    std::filesystem::path data_dir;
    /// Own place in each hierarchy; by default this process's.
    std::optional<std::vector<CgroupHierarchy>> hierarchies;
  };

  /// Makes the tree where it may. Not being allowed to is no error: support() then says so, and
  /// rlimits and engine limits carry alone.
  static std::unique_ptr<CgroupTree> open(const Options& options);

  const CgroupSupport& support() const { return support_; }

  /// Moves a process into the leaf of the node itself, or of shims and supervisors.
  Result<void> add_to_node(pid_t pid) const;
  Result<void> add_to_shims(pid_t pid) const;

  /// Makes `jobs/<id>` with its limits. AlreadyExists if it is there; FailedPrecondition for a
  /// limit that support() does not have.
  Result<Cgroup> create(std::string_view id, const CgroupLimits& limits) const;

  /// The cgroup of an execution that was started before this process; NotFound.
  Result<Cgroup> find(std::string_view id) const;

  /// Kills and removes the cgroups of all executions but `kept`; gives the ids it removed.
  std::vector<std::string> remove_all_except(std::span<const std::string> kept) const;

  /// Takes this process out of the tree, and the tree away as far as nothing else is inside: at the
  /// end of a node that leaves no program behind.
  void remove_tree() const;

 private:
  struct Branch {
    bool version2 = false;
    std::vector<std::string> controllers;
    std::filesystem::path root;  ///< `<own>/skrei-<hash>`.
  };
  CgroupTree() = default;
  Result<Cgroup> open_job(std::string_view id) const;

  std::vector<Branch> branches_;
  CgroupSupport support_;
};

}  // namespace skrei::executor::wasm
