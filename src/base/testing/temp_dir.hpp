// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace skrei::testing {

/// A new folder below the system's temporary folder, removed with all it holds at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace skrei::testing
