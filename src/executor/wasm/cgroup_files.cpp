// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/cgroup_files.hpp"

#include <charconv>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace skrei::executor::wasm::cgroup_files {
namespace {

constexpr std::size_t kTextMax = 64 << 10;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  return number;
}

/// Calls `use` with each line, without its end.
template <class Use>
void for_each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    use(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

}  // namespace

Result<void> write_text(int folder, const char* file, std::string_view text) {
  const UniqueFd opened(openat(folder, file, O_WRONLY | O_CLOEXEC));
  if (!opened) return fail_errno(file);
  if (write(opened.get(), text.data(), text.size()) < 0) {
    return fail_errno(fmt::format("{} = {}", file, text));
  }
  return {};
}

Result<std::string> read_text(int folder, const char* file) {
  const UniqueFd opened(openat(folder, file, O_RDONLY | O_CLOEXEC));
  if (!opened) return fail_errno(file);
  std::string text(kTextMax, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = read(opened.get(), text.data() + length, text.size() - length);
    if (got < 0) return fail_errno(file);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  text.resize(length);
  return text;
}

std::optional<std::uint64_t> read_number(int folder, const char* file, std::string_view key) {
  const auto text = read_text(folder, file);
  if (!text) return std::nullopt;
  if (key.empty()) return parse_number<std::uint64_t>(*text);
  std::optional<std::uint64_t> number;
  for_each_line(*text, [&](std::string_view line) {
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ') {
      number = parse_number<std::uint64_t>(line.substr(key.size() + 1));
    }
  });
  return number;
}

std::vector<pid_t> parse_processes(std::string_view text) {
  std::vector<pid_t> processes;
  for_each_line(text, [&](std::string_view line) {
    if (const auto pid = parse_number<pid_t>(line); pid && *pid > 0) processes.push_back(*pid);
  });
  return processes;
}

Result<void> add_process(const std::filesystem::path& cgroup, pid_t pid) {
  TRY_ASSIGN(const auto folder, open_file(cgroup, O_RDONLY | O_DIRECTORY));
  return with_context(write_text(folder.get(), "cgroup.procs", std::to_string(pid)),
                      cgroup.string());
}

std::vector<std::string> folders_in(const std::filesystem::path& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code unknown;
    if (entry->is_directory(unknown)) names.push_back(entry->path().filename().string());
  }
  return names;
}

}  // namespace skrei::executor::wasm::cgroup_files
