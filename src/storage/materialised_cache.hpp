// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "async/blocking.hpp"
#include "async/event.hpp"
#include "async/task.hpp"
#include "base/budget.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "content/content_store.hpp"
#include "multi/cid.hpp"

// Content as files, once per CID, shared by all executions that read it.
//
//   <folder>/<cid>         the tree, read-only
//   <folder>/<cid>.meta    "<entries> <bytes>"; its time is that of the last use
//   <folder>/tmp-…         under construction; removed at start
//
// Order of making one: (1) build it as tmp-…, (2) sync the file system, (3) write the meta file,
// (4) rename. A tree without its meta file, or the other way round, is removed at start.

namespace skrei::storage {

struct MaterialisedTree {
  std::filesystem::path path;
  std::uint64_t size_bytes = 0;
};

/// Owner of the folder. On the loop thread; work on files runs on the pool. Trees in use are never
/// removed; beyond `bytes_max` those unused for longest go first.
class MaterialisedCache {
 public:
  struct Options {
    std::filesystem::path folder;
    std::uint64_t bytes_max = std::uint64_t{20} << 30;
  };
  /// Blocks; call at start. Removes what a crash left half made.
  static Result<std::unique_ptr<MaterialisedCache>> open(Options options,
                                                         content::ContentStore& store,
                                                         async::BlockingPool& pool);

  /// The tree of `cid`, whose blocks must be in the store, held for `user` until release().
  /// Concurrent calls for one CID share one construction. ResourceExhausted beyond `budget`.
  async::Task<Result<MaterialisedTree>> acquire(multi::Cid cid, ExecutionId user, Budget budget);
  /// Lets go of everything that `user` holds.
  async::Task<Result<void>> release(ExecutionId user);

  /// Bytes of all trees that are there.
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Tree {
    std::uint64_t size_bytes = 0;
    std::uint64_t last_use = 0;  ///< Counts up with each use.
    std::set<ExecutionId> users = {};
    bool busy = false;  ///< Under construction or removal.
    std::uint64_t uses = 0;
  };
  MaterialisedCache(Options options, content::ContentStore& store, async::BlockingPool& pool)
      : options_(std::move(options)), store_(store), pool_(pool) {}
  Result<void> load();
  Result<std::uint64_t> build(const multi::Cid& cid, Budget budget);
  Result<void> remove(const std::string& name);
  async::Task<Result<void>> evict();

  Options options_;
  content::ContentStore& store_;
  async::BlockingPool& pool_;
  std::map<std::string, Tree> trees_;  ///< By CID text.
  async::WaitQueue idle_;              ///< Woken whenever a tree stops being busy.
  std::uint64_t bytes_ = 0;
  std::uint64_t uses_ = 0;
};

}  // namespace skrei::storage
