// SPDX-License-Identifier: Apache-2.0
#include "testing/store_check.hpp"

#include <memory>

#include <sqlite3.h>

namespace skrei::e2e {
namespace {

int keep_first(void* into, int /*columns*/, char** values, char** /*names*/) {
  auto& text = *static_cast<std::string*>(into);
  if (text.empty() && values[0] != nullptr) text = values[0];
  return 0;
}

Result<void> check_file(const std::filesystem::path& path) {
  sqlite3* opened = nullptr;
  const int status = ::sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> database(opened, ::sqlite3_close);
  if (status != SQLITE_OK) return fail(Code::Internal, "{} does not open", path.native());
  std::string verdict;
  const int ran = ::sqlite3_exec(opened, "PRAGMA integrity_check", keep_first, &verdict, nullptr);
  if (ran != SQLITE_OK || verdict != "ok") {
    return fail(Code::Internal, "{}: {} {}", path.native(), verdict, ::sqlite3_errmsg(opened));
  }
  return {};
}

}  // namespace

Result<void> check_stores(const std::filesystem::path& data_dir) {
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_dir)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".db") continue;
    TRY(check_file(entry.path()));
    ++found;
  }
  if (found == 0) return fail(Code::NotFound, "no store below {}", data_dir.native());
  return {};
}

}  // namespace skrei::e2e
