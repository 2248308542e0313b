// SPDX-License-Identifier: Apache-2.0
#include "node/machine.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <sched.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace skrei::node {
namespace {

/// The smallest limit of the memory cgroups that this process is in, in both versions; the
/// machine's memory where there is none.
std::uint64_t memory_limit(std::uint64_t machine) {
  constexpr std::size_t kFileMax = 64 << 10;
  const Result<Bytes> membership = read_file("/proc/self/cgroup", kFileMax);
  if (!membership) return machine;
  std::uint64_t limit = machine;
  const auto look_at = [&](const std::filesystem::path& file) {
    const Result<Bytes> bytes = read_file(file, kFileMax);
    if (!bytes) return;
    const std::string_view text = as_chars(*bytes);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && value > 0) limit = std::min(limit, value);
  };
  std::string_view lines = as_chars(*membership);
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string below(line.substr(second + 1));
    if (controllers.empty()) look_at("/sys/fs/cgroup" + below + "/memory.max");
    if (controllers == "memory") {
      look_at("/sys/fs/cgroup/memory" + below + "/memory.limit_in_bytes");
    }
  }
  return limit;
}

}  // namespace

Result<model::Resources> detect_resources(const std::filesystem::path& folder) {
  model::Resources total;
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return fail_errno("sched_getaffinity");
  total.cpu_millis = static_cast<std::uint64_t>(CPU_COUNT(&cores)) * 1000;
  const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  total.memory_bytes = memory_limit(pages * page_bytes);
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0) return fail_errno(folder.native());
  total.disk_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  return total;
}

model::Resources share_of(const config::CapacitySettings& share, const model::Resources& total) {
  return {.cpu_millis = share.cpu.of(total.cpu_millis),
          .memory_bytes = share.memory.of(total.memory_bytes),
          .disk_bytes = share.disk.of(total.disk_bytes),
          .gpu = share.gpu.of(total.gpu)};
}

Result<std::string> boot_id() {
  TRY_ASSIGN(const Bytes bytes, read_file("/proc/sys/kernel/random/boot_id", 64));
  std::string text(as_chars(bytes));
  std::erase(text, '\n');
  return text;
}

}  // namespace skrei::node
