// SPDX-License-Identifier: Apache-2.0
#include "node/offline_backup.hpp"

#include "base/random.hpp"
#include "jobstore/sqlite/sqlite_job_store.hpp"
#include "node/backup.hpp"

namespace skrei::node {
namespace {

class OfflineBackup final : public api::PieceSource {
 public:
  OfflineBackup(std::unique_ptr<DataDir> folder,
                std::unique_ptr<content::embedded::EmbeddedStore> store,
                std::unique_ptr<BackupStream> stream)
      : folder_(std::move(folder)), store_(std::move(store)), stream_(std::move(stream)) {}

  Result<Bytes> next() override { return stream_->next(); }

 private:
  std::unique_ptr<DataDir> folder_;  // Held while it lasts.
  std::unique_ptr<content::embedded::EmbeddedStore> store_;
  std::unique_ptr<BackupStream> stream_;
};

}  // namespace

Result<std::unique_ptr<api::PieceSource>> open_offline_backup(const std::filesystem::path& data_dir,
                                                              async::BlockingPool& pool) {
  std::error_code error;
  if (!std::filesystem::exists(data_dir / "VERSION", error)) {
    return fail(Error{Code::NotFound,
                      fmt::format("{}: no node keeps its data here", data_dir.native()),
                      "name the node's folder with --data-dir"});
  }
  SystemRandom random;
  TRY_ASSIGN(auto folder, DataDir::open(data_dir, random));
  content::embedded::Options options;
  TRY_ASSIGN(options.folder, folder->folder("content"));
  TRY_ASSIGN(auto store, content::embedded::EmbeddedStore::open(std::move(options), pool));
  TRY_ASSIGN(const auto work, BackupStream::prepare(*folder));
  TRY(jobstore::sqlite::copy_store({.folder = folder->path()}, work / "jobs.db"));
  const BackupStream::Sources sources{
      .data_dir = *folder, .content = *store, .work = work, .now = SystemClock().now()};
  TRY_ASSIGN(auto stream, BackupStream::open(sources));
  return std::make_unique<OfflineBackup>(std::move(folder), std::move(store), std::move(stream));
}

}  // namespace skrei::node
