// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/file_system.hpp"

namespace skrei::db {

/// Where a database lies: its files, and the name of the registered SQLite VFS that shows the same
/// files. The default is the machine's; tests have disks of their own.
struct Medium {
  FileSystem* files = &system_files();
  const char* vfs = nullptr;
};

}  // namespace skrei::db
