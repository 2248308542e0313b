// SPDX-License-Identifier: Apache-2.0
#include "node/offline_content.hpp"

#include "base/random.hpp"
#include "content/embedded/embedded_store.hpp"
#include "node/data_dir.hpp"

namespace skrei::node {
namespace {

class Opened final : public OfflineContent {
 public:
  Opened(std::unique_ptr<DataDir> folder, std::unique_ptr<content::embedded::EmbeddedStore> store)
      : folder_(std::move(folder)), store_(std::move(store)) {}

  content::ContentStore& store() override { return *store_; }

 private:
  std::unique_ptr<DataDir> folder_;  // Held while the store is open.
  std::unique_ptr<content::embedded::EmbeddedStore> store_;
};

}  // namespace

Result<std::unique_ptr<OfflineContent>> OfflineContent::open(const std::filesystem::path& data_dir,
                                                             async::BlockingPool& pool) {
  SystemRandom random;
  TRY_ASSIGN(auto folder, DataDir::open(data_dir, random));
  content::embedded::Options options;
  TRY_ASSIGN(options.folder, folder->folder("content"));
  TRY_ASSIGN(auto store, content::embedded::EmbeddedStore::open(std::move(options), pool));
  return std::make_unique<Opened>(std::move(folder), std::move(store));
}

}  // namespace skrei::node
