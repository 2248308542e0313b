// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace skrei::model {

/// What a binary is built from, in the words of /agent/version. Empty fields are unknown.
struct BuildVersion {
  std::string major;
  std::string minor;
  /// "v1.9.3" and the like: the version whose API this node speaks.
  std::string git_version;
  std::string git_commit;
  /// RFC 3339.
  std::string build_date;
  std::string goos;
  std::string goarch;

  bool operator==(const BuildVersion&) const = default;
};

}  // namespace skrei::model
