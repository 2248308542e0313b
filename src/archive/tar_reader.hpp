// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/budget.hpp"
#include "base/stream.hpp"

namespace skrei::archive {

enum class EntryType { File, Folder, Symlink };

struct TarEntry {
  std::string path;  ///< Relative, "a/b": no "..", ".", empty part or trailing slash.
  EntryType type = EntryType::File;
  std::string link_target;  ///< Of a symlink, as it stands; never resolved here.
  std::size_t depth = 0;    ///< Folders above it.

  bool operator==(const TarEntry&) const = default;
};

/// Reads a tar, plain or gzip, from somewhere untrusted. Devices, FIFOs, hard links, absolute paths
/// and ".." are InvalidArgument by name, as is what is no tar. The budget is charged for every byte
/// unpacked, skipped ones included. The root folder itself ("./") is passed over.
class TarReader {
 public:
  TarReader(ReadFunction source, Budget budget);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  /// The next entry; none at the end.
  Result<std::optional<TarEntry>> next();
  /// Bytes of the current file; 0 at its end.
  Result<std::size_t> read(std::span<std::uint8_t> buffer);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::archive
