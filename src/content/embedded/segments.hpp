// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "multi/multihash.hpp"

// Segment files: where the bytes of blocks lie, append-only.
//
//   file    "SKRSEG01" (01: the version; a newer one is refused), then records
//   record  u32 length of the block (big-endian), u8 length of the multihash, multihash, block
//
// Records carry their hash, so an index can be rebuilt from the segments alone. The index points
// at the block itself (segment, offset, length).

namespace skrei::content::embedded {

struct BlockPlace {
  std::int64_t segment = 0;
  std::int64_t offset = 0;
  std::int64_t length = 0;

  bool operator==(const BlockPlace&) const = default;
};

/// The segment files of one store. Thread-safe: appends take turns, reads run beside them.
class Segments {
 public:
  struct Options {
    std::filesystem::path folder;
    std::int64_t roll_bytes = std::int64_t{256}
                              << 20;  ///< A segment this long is followed by a new one.
    FileSystem* files = &system_files();
  };
  /// `indexed_ends`: for each segment, the end of its last indexed block. Bytes beyond it in the
  /// newest segment were never answered for (a torn tail) and are cut off. Internal if a segment is
  /// missing or shorter than that; FailedPrecondition if one has a newer version.
  static Result<std::unique_ptr<Segments>> open(
      const Options& options, const std::map<std::int64_t, std::int64_t>& indexed_ends);

  /// Appends; the bytes are durable only after sync() of that segment. The segment stays until the
  /// caller says settle() for it, once for each append.
  Result<BlockPlace> append(const multi::Multihash& hash, ByteView block);
  void settle(const BlockPlace& place);
  /// Once it has failed, it and append() fail with the same error: it is never tried again.
  Result<void> sync(const std::set<std::int64_t>& segments);
  /// NotFound if the segment was removed: the block has moved, or gone.
  Result<Bytes> read(const BlockPlace& place);

  struct Size {
    std::int64_t number = 0;
    std::int64_t bytes = 0;
  };
  /// All but the newest, which is being written.
  std::vector<Size> sealed();
  /// Deletes a segment that no index row names. False, and nothing is done, for the newest and for
  /// one with appends that are not settled. Reads under way end well.
  Result<bool> remove(std::int64_t number);

  /// The bytes of one segment as they lie on disk, up to the end that they have now; readable even
  /// if the segment is removed meanwhile.
  struct Frozen {
    std::string name;
    std::int64_t bytes = 0;
    std::shared_ptr<File> file;
  };
  std::vector<Frozen> freeze();

 private:
  struct Segment {
    std::shared_ptr<File> file;  // Shared with reads, which outlive a removal.
    std::int64_t end = 0;
    std::int64_t unsettled = 0;
  };
  explicit Segments(Options options) : options_(std::move(options)) {}
  std::filesystem::path path_of(std::int64_t number) const;
  Result<void> open_existing(std::int64_t number, std::int64_t indexed_end, bool newest);
  Result<void> create(std::int64_t number);
  Result<std::shared_ptr<File>> file_of(std::int64_t number);
  Result<void> check_syncs();

  Options options_;
  std::mutex mutex_;  // Guards the map and what is in it.
  std::map<std::int64_t, Segment> segments_;
  std::mutex sync_mutex_;  // Taken before mutex_, never after it.
  std::optional<Error> failed_sync_;
  std::atomic<bool> has_failed_ = false;  // Whether failed_sync_ is set.
};

}  // namespace skrei::content::embedded
