// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/stream.hpp"

namespace skrei::archive {

enum class Compression { None, Gzip };

/// Writes a tar (pax) piece by piece, so that nothing needs to be held. Owner, group and times are
/// left zero, so equal trees give equal bytes. The sink's first error ends it and is given back.
class TarWriter {
 public:
  explicit TarWriter(WriteFunction sink, Compression compression = Compression::None);
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  Result<void> add_folder(std::string_view path);
  Result<void> add_symlink(std::string_view path, std::string_view target);
  /// Exactly `size` bytes must follow by write() before the next entry.
  Result<void> begin_file(std::string_view path, std::uint64_t size);
  /// Internal if it is more than begin_file() said.
  Result<void> write(ByteView bytes);
  /// Ends the archive; the writer is used up.
  Result<void> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::archive
