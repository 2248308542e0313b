// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"

namespace skrei::executor::wasm {

/// The files of the compile cache (compile_cache.hpp describes them): making, verifying, removing.
/// Every call blocks on the disk; any thread, as nothing here changes after open().
class ArtifactFolder {
 public:
  struct Found {
    std::string id;
    std::string mac;
    std::uint64_t bytes = 0;
    std::int64_t used_ns = 0;  ///< Modification time.
  };

  /// Makes folder and key if needed and removes what was being written. FailedPrecondition if the
  /// folder is not ours alone.
  static Result<ArtifactFolder> open(const std::filesystem::path& path, Random& random);

  /// All artifacts, unverified, oldest use first. Of two with one id the newer stays.
  Result<std::vector<Found>> list() const;

  /// `id` of a module under an engine.
  static std::string id_of(const Sha256Digest& module, std::string_view fingerprint);

  /// An empty file for an artifact, open for reading and writing, at `temporary_path(name)`.
  Result<UniqueFd> create_temporary(std::string_view name) const;

  struct Adopted {
    std::string mac;
    std::uint64_t bytes = 0;
    UniqueFd fd;  ///< Read only.
  };
  /// Makes what was written to the temporary file an artifact. If it has more than `bytes_max`
  /// bytes its name goes, and only the descriptor is left.
  Result<Adopted> adopt(std::string_view name, int written, std::string_view id,
                        std::uint64_t bytes_max) const;
  void discard_temporary(std::string_view name) const;

  /// Opens an artifact whose MAC is right. NotFound; FailedPrecondition if the MAC is wrong.
  Result<UniqueFd> open_verified(std::string_view id, std::string_view mac) const;

  Result<void> remove(std::string_view id, std::string_view mac) const;

 private:
  ArtifactFolder(std::filesystem::path path, Bytes key)
      : path_(std::move(path)), key_(std::move(key)) {}

  std::filesystem::path file(std::string_view id, std::string_view mac) const;
  std::filesystem::path temporary(std::string_view name) const;
  Result<std::string> mac_of(int fd, std::string_view id) const;

  std::filesystem::path path_;
  Bytes key_;
};

}  // namespace skrei::executor::wasm
