// SPDX-License-Identifier: Apache-2.0
#include "base/testing/temp_dir.hpp"

#include <cstdlib>
#include <string>
#include <system_error>

#include "base/assert.hpp"

namespace skrei::testing {

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "skrei-test-XXXXXX").native();
  const char* made = ::mkdtemp(pattern.data());
  SKREI_ASSERT(made != nullptr);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  // Folders that a test made read-only would keep remove_all from entering them.
  for (auto it = std::filesystem::recursive_directory_iterator(
           path_, std::filesystem::directory_options::skip_permission_denied, ignored);
       it != std::filesystem::recursive_directory_iterator(); it.increment(ignored)) {
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) {
      std::filesystem::permissions(it->path(), std::filesystem::perms::owner_all,
                                   std::filesystem::perm_options::add, ignored);
    }
  }
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace skrei::testing
