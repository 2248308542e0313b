// SPDX-License-Identifier: Apache-2.0
#include "node/backup.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/stat.h>

#include "base/hash.hpp"
#include "base/scope_guard.hpp"
#include "content/export.hpp"
#include "json/json.hpp"
#include "model/time_text.hpp"
#include "node/version.hpp"

namespace skrei::node {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr const char* kWorkFolder = "backup-tmp";

}  // namespace

Result<fs::path> BackupStream::prepare(const DataDir& data_dir) {
  fs::path work = data_dir.path() / kWorkFolder;
  TRY(content::remove_tree(work));  // Of a backup that a crash cut off.
  if (::mkdir(work.c_str(), 0700) != 0) return fail_errno(work.native());
  return work;
}

Result<std::unique_ptr<BackupStream>> BackupStream::open(const Sources& sources) {
  const fs::path& data = sources.data_dir.path();
  const fs::path& work = sources.work;
  const ScopeGuard clean([&work] { static_cast<void>(content::remove_tree(work)); });
  std::vector<Item> items;
  const auto add = [&items](std::string path, const fs::path& file) -> Result<void> {
    TRY_ASSIGN(std::shared_ptr<File> opened, system_files().open(file, FileSystem::Open::Existing));
    TRY_ASSIGN(const std::int64_t size, opened->size());
    items.push_back({std::move(path), static_cast<std::uint64_t>(size), std::move(opened)});
    return {};
  };
  TRY(add("node_id", data / "node_id"));
  // The jobs first: what they say was published is then in the content.
  TRY(add("jobs.db", work / "jobs.db"));
  TRY_ASSIGN(auto segments, sources.content.snapshot(work / "index.db"));
  TRY(add("content/version", data / "content" / "version"));
  TRY(add("content/index.db", work / "index.db"));
  for (auto& segment : segments) {
    items.push_back({"content/segments/" + segment.name, static_cast<std::uint64_t>(segment.bytes),
                     std::move(segment.file)});
  }
  TRY(add("VERSION", data / "VERSION"));
  const json::Value head = {{"Format", 1},
                            {"Skrei", build_version().git_version},
                            {"NodeID", sources.data_dir.node_id().str()},
                            {"Created", model::format_time(sources.now)}};
  return std::unique_ptr<BackupStream>(new BackupStream(std::move(items), json::dump(head)));
}

BackupStream::BackupStream(std::vector<Item> items, std::string manifest_head)
    : items_(std::move(items)),
      manifest_head_(std::move(manifest_head)),
      writer_([this](ByteView bytes) -> Result<void> {
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        return {};
      }) {}

std::string BackupStream::manifest() const {
  json::Value value = json::parse(manifest_head_).value();
  json::Value files = json::Value::array();
  for (const Item& item : items_)
    files.push_back({{"Path", item.path}, {"Size", item.size}, {"SHA256", digests_.at(item.path)}});
  value["Files"] = std::move(files);
  return json::dump(value) + "\n";
}

Result<void> BackupStream::step() {
  if (item_ == items_.size()) {
    const std::string text = manifest();
    TRY(writer_.begin_file(kManifestName, text.size()));
    TRY(writer_.write(as_bytes(text)));
    TRY(writer_.finish());
    finished_ = true;
    return {};
  }
  const Item& item = items_[item_];
  if (digest_ == nullptr) {
    TRY(writer_.begin_file(item.path, item.size));
    digest_ = std::make_unique<Sha256>();
    done_ = 0;
  }
  Bytes buffer(static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, item.size - done_)));
  if (!buffer.empty()) {
    TRY_ASSIGN(const std::size_t got, item.file->read_at(buffer, static_cast<std::int64_t>(done_)));
    if (got < buffer.size()) return fail(Code::Internal, "backup: {} ends early", item.path);
    digest_->update(buffer);
    TRY(writer_.write(buffer));
    done_ += buffer.size();
  }
  if (done_ < item.size) return {};
  digests_[item.path] = to_hex(digest_->finish());
  digest_.reset();
  ++item_;
  return {};
}

Result<Bytes> BackupStream::next() {
  while (out_.size() < kPieceBytes && !finished_)
    TRY(step());
  return std::exchange(out_, {});
}

}  // namespace skrei::node
