// SPDX-License-Identifier: Apache-2.0
#include "compute/result_files.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.hpp"

namespace skrei::compute {
namespace {

constexpr std::size_t kCopyChunk = 1 << 20;

Result<void> to_result(const std::error_code& error, const std::filesystem::path& path) {
  if (!error) return {};
  return fail(errno_error(error.value(), path.native()));
}

/// Makes every folder below enterable: a program may have taken away its own rights.
void open_up(const std::filesystem::path& folder) {
  std::error_code ignored;
  const auto options = std::filesystem::directory_options::skip_permission_denied;
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all,
                               std::filesystem::perm_options::add, ignored);
  for (auto it = std::filesystem::recursive_directory_iterator(folder, options, ignored);
       !ignored && it != std::filesystem::recursive_directory_iterator(); it.increment(ignored)) {
    if (it->symlink_status(ignored).type() == std::filesystem::file_type::directory) {
      std::filesystem::permissions(it->path(), std::filesystem::perms::owner_all,
                                   std::filesystem::perm_options::add, ignored);
    }
  }
}

}  // namespace

Result<void> make_folder(const std::filesystem::path& execution) {
  if (::mkdir(execution.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail_errno(execution.native());
}

Result<void> make_result_folders(const std::vector<executor::ResultMount>& results) {
  for (const executor::ResultMount& result : results) {
    std::error_code error;
    std::filesystem::create_directories(result.host_folder, error);
    TRY(to_result(error, result.host_folder));
    if (::chmod(result.host_folder.c_str(), 0700) != 0) {
      return fail_errno(result.host_folder.native());
    }
  }
  return {};
}

async::Task<Result<void>> copy_output(async::BlockingPool& pool, executor::Engine& engine,
                                      ExecutionId id, executor::OutputSource source,
                                      std::filesystem::path target) {
  CO_TRY_ASSIGN(const UniqueFd file, open_file(target, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW));
  executor::OutputRequest request{.id = id, .source = source, .max_bytes = kCopyChunk};
  std::uint64_t copied = 0;
  while (copied < kPublishedOutputMax) {
    CO_TRY_ASSIGN(const auto chunk, co_await engine.read_output(request));
    std::string gap;
    if (chunk.dropped) {
      gap =
          fmt::format("\n[{} bytes were dropped here]\n", chunk.dropped->to - chunk.dropped->from);
    }
    CO_TRY(co_await async::blocking(pool, [&]() -> Result<void> {
      TRY(write_all(file.get(), as_bytes(gap), target.native()));
      return write_all(file.get(), chunk.bytes, target.native());
    }));
    copied += chunk.bytes.size();
    if (chunk.end_of_stream || chunk.bytes.empty()) break;
    request.offset = chunk.next_offset();
  }
  co_return Result<void>();
}

Result<std::set<ExecutionId>> executions_with_folder(const std::filesystem::path& executions) {
  std::set<ExecutionId> found;
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(executions, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    std::error_code gone;
    const std::string name = it->path().filename().native();
    // What has a dot in its name is an engine's.
    if (name.find('.') == std::string::npos && it->is_directory(gone)) found.emplace(name);
  }
  TRY(to_result(error, executions));
  return found;
}

Result<void> remove_tree(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (!error) return {};
  open_up(folder);
  std::filesystem::remove_all(folder, error);
  return to_result(error, folder);
}

}  // namespace skrei::compute
