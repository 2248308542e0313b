// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/guest_folders.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

namespace skrei::executor::wasm {
namespace {

namespace fs = std::filesystem;

/// The target without a trailing slash.
Result<std::string> checked_target(const std::string& target) {
  const fs::path path(target);
  const bool up = std::ranges::find(path, fs::path("..")) != path.end();
  if (!path.is_absolute() || up || target.find('\0') != std::string::npos) {
    return fail(Code::InvalidArgument, "target \"{}\": not an absolute path without \"..\"",
                to_valid_utf8(target));
  }
  std::string text = path.lexically_normal().native();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

Result<void> link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_hard_link(from, to, error);
  if (!error) return {};
  error.clear();
  fs::copy_file(from, to, error);
  if (error) return fail(errno_error(error.value(), from.native()));
  return {};
}

class Layout {
 public:
  explicit Layout(const fs::path& scratch) : scratch_(scratch) {}

  Result<void> add_input(const InputMount& input) {
    return add({.guest_path = input.target,
                .host_path = input.host_path.native(),
                .access = input.access});
  }

  Result<void> add_result(const ResultMount& result) {
    return add({.guest_path = result.target,
                .host_path = result.host_folder.native(),
                .access = Access::ReadWrite,
                .own = true});
  }

  Result<void> add_file(const InputMount& input) {
    if (input.access == Access::ReadWrite) {
      return fail(Code::InvalidArgument,
                  "input {}: a single file cannot be writable for a WASM program; give its folder",
                  input.target);
    }
    TRY_ASSIGN(const std::string guest, checked_target(input.target));
    TRY(claim(guest));
    const fs::path path(guest);
    auto [parent, is_new] = parents_.try_emplace(path.parent_path().native());
    if (is_new) {
      parent->second = scratch_ / fmt::format("{}", parents_.size());
      std::error_code error;
      fs::create_directories(parent->second, error);
      // The program may be another user than we are, and ours is 0700 where the umask is 077.
      constexpr auto kSearchable = fs::perms::group_exec | fs::perms::group_read |
                                   fs::perms::others_exec | fs::perms::others_read;
      if (!error) fs::permissions(parent->second, kSearchable, fs::perm_options::add, error);
      if (error) return fail(errno_error(error.value(), parent->second.native()));
    }
    return link_or_copy(input.host_path, parent->second / path.filename());
  }

  Result<std::vector<GuestFolder>> finish() {
    for (const auto& [guest, host] : parents_) {
      if (targets_.contains(guest)) {
        return fail(Code::InvalidArgument,
                    "an input that is a single file lies directly in {}, which is a target itself; "
                    "choose another target for it",
                    guest);
      }
      folders_.push_back(
          {.guest_path = guest, .host_path = host.native(), .access = Access::ReadOnly});
    }
    return std::move(folders_);
  }

 private:
  Result<void> add(GuestFolder folder) {
    TRY_ASSIGN(folder.guest_path, checked_target(folder.guest_path));
    TRY(claim(folder.guest_path));
    folders_.push_back(std::move(folder));
    return {};
  }

  Result<void> claim(const std::string& guest) {
    if (targets_.insert(guest).second) return {};
    return fail(Code::InvalidArgument, "target {}: used by two inputs or results", guest);
  }

  const fs::path& scratch_;
  std::vector<GuestFolder> folders_;
  std::set<std::string> targets_;
  std::map<std::string, fs::path> parents_;
};

}  // namespace

Result<std::vector<GuestFolder>> lay_out(const std::vector<InputMount>& inputs,
                                         const std::vector<ResultMount>& results,
                                         const fs::path& scratch) {
  // Of a start that failed.
  std::error_code ignored;
  fs::remove_all(scratch, ignored);
  Layout layout(scratch);
  for (const InputMount& input : inputs) {
    std::error_code error;
    const fs::file_status status = fs::status(input.host_path, error);
    if (fs::is_directory(status)) {
      TRY(layout.add_input(input));
    } else if (fs::is_regular_file(status)) {
      TRY(layout.add_file(input));
    } else {
      return fail(Code::NotFound, "input {}: {} is neither a file nor a folder", input.target,
                  input.host_path.native());
    }
  }
  for (const ResultMount& result : results)
    TRY(layout.add_result(result));
  return layout.finish();
}

}  // namespace skrei::executor::wasm
