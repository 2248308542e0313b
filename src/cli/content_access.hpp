// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/blocking.hpp"
#include "async/task.hpp"
#include "base/bytes.hpp"
#include "cli/api_client.hpp"
#include "content/content_store.hpp"
#include "content/import.hpp"

namespace skrei::async {
class Loop;
}

namespace skrei::cli {

struct AddOptions {
  std::string profile = "unixfs-v1-2025";
  content::Hidden hidden = content::Hidden::Skip;
};

struct Added {
  std::string cid;
  std::uint64_t size = 0;
};

struct ContentEntry {
  std::string name;
  /// Below the CID that was asked for; empty for itself.
  std::string path;
  /// "file", "folder" or "symlink".
  std::string kind;
  std::string cid;
  std::uint64_t size = 0;
  /// Of a symbolic link.
  std::string link_target;
  /// Whether all below is known to be on this node; unset in lists.
  std::optional<bool> complete;
};

/// A CID and a path below it: "bafy…", "bafy…/a/b", "ipfs://bafy…/a", "/ipfs/bafy…/a".
struct ContentPath {
  std::string cid;
  std::string path;

  static Result<ContentPath> parse(std::string_view text);
  /// "bafy…/a/b"
  std::string to_string() const;
};

/// Bytes so far. Called from any thread.
using TransferProgress = std::function<void(std::uint64_t)>;

/// Files and folders by CID, wherever they are kept. Both drivers give the same answers.
class ContentAccess {
 public:
  virtual ~ContentAccess() = default;

  /// A file or a folder; a symbolic link that is named itself is followed.
  virtual async::Task<Result<Added>> add(std::filesystem::path path, AddOptions options,
                                         TransferProgress progress) = 0;
  virtual async::Task<Result<ContentEntry>> stat(ContentPath what) = 0;
  virtual async::Task<Result<std::vector<ContentEntry>>> list(ContentPath folder) = 0;
  /// A file's bytes in order; `sink` is called on the loop and ends the reading with false.
  virtual async::Task<Result<void>> read(ContentPath file, std::function<bool(ByteView)> sink) = 0;
  /// Writes what is there as `target`: a new file, or a folder that is new or empty.
  virtual async::Task<Result<void>> fetch(ContentPath what, std::filesystem::path target,
                                          TransferProgress progress) = 0;
};

/// Over the API of a node. What is passed outlives it.
std::unique_ptr<ContentAccess> api_content(async::Loop& loop, async::BlockingPool& pool,
                                           ApiClient& api);

/// The store of a data directory that no node holds; holds it until destroyed.
Result<std::unique_ptr<ContentAccess>> direct_content(const std::filesystem::path& data_dir,
                                                      async::BlockingPool& pool);

/// Makes `target` an empty folder; AlreadyExists if something lies in it.
Result<void> prepare_empty_folder(const std::filesystem::path& target);

}  // namespace skrei::cli
