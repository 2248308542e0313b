// SPDX-License-Identifier: Apache-2.0
//
// Where a node's cgroups may be, and the making of the tree.
#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.hpp"
#include "executor/wasm/cgroup.hpp"
#include "executor/wasm/cgroup_files.hpp"

namespace skrei::executor::wasm {
namespace {

using cgroup_files::read_text;
using cgroup_files::write_text;

constexpr std::array<std::string_view, 5> kControllersV1 = {"memory", "pids", "cpu", "cpuacct",
                                                            "freezer"};
constexpr std::array<std::string_view, 3> kControllersV2 = {"memory", "pids", "cpu"};
constexpr std::array<const char*, 3> kLeaves = {"node", "shims", "jobs"};

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream{std::string(text)};
  for (std::string part; std::getline(stream, part, separator);)
    parts.push_back(part);
  return parts;
}

bool has(const std::vector<std::string>& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

struct MountedHierarchy {
  std::string root;  // The cgroup that the mount shows as its top.
  std::string point;
  std::string type;
  std::vector<std::string> options;
};

/// proc_pid_mountinfo(5): "36 35 98:0 /root /point options [optional…] - type source super".
std::vector<MountedHierarchy> parse_mounts(std::string_view mountinfo) {
  std::vector<MountedHierarchy> mounts;
  for (const std::string& line : split(mountinfo, '\n')) {
    const std::vector<std::string> fields = split(line, ' ');
    const auto dash = std::ranges::find(fields, "-");
    if (fields.size() < 6 || fields.end() - dash < 4) continue;
    const std::string& type = dash[1];
    if (type != "cgroup" && type != "cgroup2") continue;
    mounts.push_back(
        {.root = fields[3], .point = fields[4], .type = type, .options = split(dash[3], ',')});
  }
  return mounts;
}

/// `path` seen from the cgroup `root`; unset if it is not below it.
std::optional<std::string> below(std::string_view path, std::string_view root) {
  if (root == "/") return std::string(path.substr(1));
  if (!path.starts_with(root)) return std::nullopt;
  path.remove_prefix(root.size());
  if (path.empty()) return std::string();
  if (!path.starts_with('/')) return std::nullopt;
  return std::string(path.substr(1));
}

std::string tree_name(const std::filesystem::path& data_dir) {
  const std::string path = std::filesystem::absolute(data_dir).lexically_normal().string();
  return "skrei-" + to_hex(sha256(as_bytes(path))).substr(0, 12);
}

/// A node that a manager started in a leaf of its old tree belongs above it again.
std::filesystem::path without_own_leaf(const std::filesystem::path& own, std::string_view name) {
  const std::filesystem::path parent = own.parent_path();
  return parent.filename() == name ? parent.parent_path() : own;
}

Result<void> make_folder(const std::filesystem::path& path) {
  if (mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return fail_errno(path.string());
}

bool has_word(std::string_view line, std::string_view word) {
  const std::vector<std::string> words = split(line.substr(0, line.find('\n')), ' ');
  return has(words, word);
}

/// Gives controllers to the children of `cgroup`, as far as they are there.
Result<void> enable_v2(const std::filesystem::path& cgroup) {
  TRY_ASSIGN(const auto folder, open_file(cgroup, O_RDONLY | O_DIRECTORY));
  TRY_ASSIGN(const std::string there, read_text(folder.get(), "cgroup.controllers"));
  for (const std::string_view controller : kControllersV2) {
    if (!has_word(there, controller)) continue;
    TRY(with_context(
        write_text(folder.get(), "cgroup.subtree_control", fmt::format("+{}", controller)),
        cgroup.string()));
  }
  return {};
}

/// A cgroup of version 2 gives controllers to children only while no process is in it. That can
/// be had where all that is inside is this process; the mount's root is free of the rule.
Result<void> leave_v2(const std::filesystem::path& own, const std::filesystem::path& leaf) {
  TRY_ASSIGN(const auto folder, open_file(own, O_RDONLY | O_DIRECTORY));
  if (!read_text(folder.get(), "cgroup.type")) return {};  // Only the root has none.
  TRY_ASSIGN(const std::string inside, read_text(folder.get(), "cgroup.procs"));
  for (const pid_t pid : cgroup_files::parse_processes(inside)) {
    if (pid == getpid()) continue;
    return fail(Code::FailedPrecondition,
                "{}: process {} is in it too, so its controllers cannot be given to jobs; start "
                "the node as a service with Delegate=yes",
                own.string(), pid);
  }
  return cgroup_files::add_process(leaf, getpid());
}

Result<std::filesystem::path> plant(const CgroupHierarchy& hierarchy, std::string_view name) {
  const std::filesystem::path own = without_own_leaf(hierarchy.own, name);
  const std::filesystem::path root = own / name;
  TRY(make_folder(root));
  for (const char* leaf : kLeaves)
    TRY(make_folder(root / leaf));
  if (hierarchy.version2()) {
    TRY(leave_v2(own, root / "node"));
    TRY(enable_v2(own));
    TRY(enable_v2(root));
    TRY(enable_v2(root / "jobs"));
  }
  // To be allowed to make a folder does not say that processes may be moved into it.
  const std::filesystem::path processes = root / "jobs" / "cgroup.procs";
  if (access(processes.c_str(), W_OK) != 0) return fail_errno(processes.string());
  return root;
}

bool provides_v2(const std::filesystem::path& root, std::string_view controller) {
  const auto folder = open_file(root / "jobs", O_RDONLY | O_DIRECTORY);
  if (!folder) return false;
  const auto text = read_text(folder->get(), "cgroup.subtree_control");
  return text && has_word(*text, controller);
}

/// On a machine with both versions, the second may have no controller of use: then it would only
/// cost time in each job.
bool worth_it(const CgroupHierarchy& hierarchy, bool version1_there) {
  if (!hierarchy.version2() || !version1_there) return true;
  const auto folder = open_file(hierarchy.own, O_RDONLY | O_DIRECTORY);
  if (!folder) return false;
  const auto text = read_text(folder->get(), "cgroup.controllers");
  return text && std::ranges::any_of(kControllersV2, [&text](std::string_view controller) {
           return has_word(*text, controller);
         });
}

void note(const CgroupHierarchy& hierarchy, const std::filesystem::path& root,
          CgroupSupport& support) {
  const auto gives = [&](std::string_view controller) {
    if (hierarchy.version2()) return provides_v2(root, controller);
    return has(hierarchy.controllers, controller);
  };
  support.memory |= gives("memory");
  support.pids |= gives("pids");
  support.cpu |= gives("cpu");
  support.cpu_time |= hierarchy.version2() || gives("cpuacct");
  support.freeze |= hierarchy.version2() || gives("freezer");
  support.version2 |= hierarchy.version2();
}

}  // namespace

std::vector<CgroupHierarchy> parse_hierarchies(std::string_view cgroup,
                                               std::string_view mountinfo) {
  std::vector<CgroupHierarchy> hierarchies;
  const std::vector<MountedHierarchy> mounts = parse_mounts(mountinfo);
  for (const std::string& line : split(cgroup, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos || second + 1 >= line.size()) continue;
    const std::vector<std::string> names = split(line.substr(first + 1, second - first - 1), ',');
    const bool version2 = names.empty();
    std::vector<std::string> wanted;
    for (const std::string& name : names) {
      if (std::ranges::find(kControllersV1, name) != kControllersV1.end()) wanted.push_back(name);
    }
    if (!version2 && wanted.empty()) continue;
    for (const MountedHierarchy& mount : mounts) {
      if (mount.type != (version2 ? "cgroup2" : "cgroup")) continue;
      if (!version2 && !has(mount.options, wanted.front())) continue;
      const auto path = below(line.substr(second + 1), mount.root);
      if (!path) continue;
      hierarchies.push_back({.controllers = wanted,
                             .mount = mount.point,
                             .own = path->empty() ? std::filesystem::path(mount.point)
                                                  : std::filesystem::path(mount.point) / *path});
      break;
    }
  }
  return hierarchies;
}

std::unique_ptr<CgroupTree> CgroupTree::open(const Options& options) {
  std::unique_ptr<CgroupTree> tree(new CgroupTree());
  CgroupSupport& support = tree->support_;
  std::vector<CgroupHierarchy> hierarchies;
  if (options.hierarchies) {
    hierarchies = *options.hierarchies;
  } else {
    const auto cgroup = read_text(AT_FDCWD, "/proc/self/cgroup");
    const auto mounts = read_text(AT_FDCWD, "/proc/self/mountinfo");
    if (cgroup && mounts) hierarchies = parse_hierarchies(*cgroup, *mounts);
  }

  const std::string name = tree_name(options.data_dir);
  for (const CgroupHierarchy& hierarchy : hierarchies) {
    if (!worth_it(hierarchy, !tree->branches_.empty())) continue;
    const auto root = plant(hierarchy, name);
    if (!root) {
      support.missing.push_back(root.error().message);
      continue;
    }
    tree->branches_.push_back(
        {.version2 = hierarchy.version2(), .controllers = hierarchy.controllers, .root = *root});
    note(hierarchy, *root, support);
  }
  for (const auto& [there, what] :
       {std::pair{support.memory, "memory"}, std::pair{support.pids, "pids"},
        std::pair{support.cpu, "cpu"}}) {
    if (!there) support.missing.push_back(fmt::format("no cgroup limits {}", what));
  }
  return tree;
}

void CgroupTree::remove_tree() const {
  for (const Branch& branch : branches_) {
    // Where we are in the tree ourselves, we go back to where it was planted. Version 2 may not let
    // us, once its controllers were given to jobs: the tree stays, and the next node takes it up.
    static_cast<void>(cgroup_files::add_process(branch.root.parent_path(), getpid()));
    for (const char* leaf : kLeaves)
      rmdir((branch.root / leaf).c_str());
    rmdir(branch.root.c_str());
  }
}

}  // namespace skrei::executor::wasm
