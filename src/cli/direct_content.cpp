// SPDX-License-Identifier: Apache-2.0
#include "cli/content_access.hpp"
#include "content/export.hpp"
#include "node/offline_content.hpp"

namespace skrei::cli {
namespace {

namespace fs = std::filesystem;

ContentEntry to_entry(const content::Entry& entry) {
  const std::size_t slash = entry.path.rfind('/');
  return {.name = slash == std::string::npos ? entry.path : entry.path.substr(slash + 1),
          .path = entry.path,
          .kind = std::string(content::to_string(entry.kind)),
          .cid = entry.cid.to_string(),
          .size = entry.size,
          .link_target = entry.link_target,
          .complete = std::nullopt};
}

class DirectContent final : public ContentAccess {
 public:
  DirectContent(std::unique_ptr<node::OfflineContent> content, async::BlockingPool& pool)
      : content_(std::move(content)), store_(&content_->store()), pool_(pool) {}

  async::Task<Result<Added>> add(fs::path path, AddOptions options,
                                 TransferProgress progress) override {
    const auto work = [&]() -> Result<Added> {
      std::error_code error;
      // The path that is named may be a link; those below it are kept as links.
      const fs::path real = fs::canonical(path, error);
      if (error) return fail(errno_error(error.value(), path.string()));
      content::ImportOptions import;
      TRY_ASSIGN(import.profile, content::find_profile(options.profile));
      import.hidden = options.hidden;
      import.progress = progress;
      TRY_ASSIGN(const auto batch, store_->begin_add());
      TRY_ASSIGN(const content::DagLink link, content::import_path(*batch, real, import));
      TRY(batch->commit(link.cid, content::Pin{.cid = link.cid}));
      return Added{.cid = link.cid.to_string(), .size = link.file_size};
    };
    co_return co_await async::blocking(pool_, work);
  }

  async::Task<Result<ContentEntry>> stat(ContentPath what) override {
    const auto work = [&]() -> Result<ContentEntry> {
      TRY_ASSIGN(const content::Entry found, resolve(what));
      ContentEntry entry = to_entry(found);
      TRY_ASSIGN(const multi::Cid root, multi::Cid::parse(what.cid));
      TRY_ASSIGN(entry.complete, store_->is_complete(root));
      return entry;
    };
    co_return co_await async::blocking(pool_, work);
  }

  async::Task<Result<std::vector<ContentEntry>>> list(ContentPath folder) override {
    const auto work = [&]() -> Result<std::vector<ContentEntry>> {
      TRY_ASSIGN(const content::Entry found, resolve(folder));
      TRY_ASSIGN(const auto items, content::list_folder(*store_, found, Budget{}));
      std::vector<ContentEntry> entries;
      for (const content::Entry& item : items)
        entries.push_back(to_entry(item));
      return entries;
    };
    co_return co_await async::blocking(pool_, work);
  }

  async::Task<Result<void>> read(ContentPath file, std::function<bool(ByteView)> sink) override {
    CO_TRY_ASSIGN(content::Entry entry,
                  co_await async::blocking(pool_, [&] { return resolve(file); }));
    if (entry.kind != content::EntryKind::File) {
      co_return fail(Code::InvalidArgument, "{} is a {}, not a file", file.to_string(),
                     content::to_string(entry.kind));
    }
    content::FileReader reader(*store_, std::move(entry));
    while (true) {
      CO_TRY_ASSIGN(const Bytes piece,
                    co_await async::blocking(pool_, [&] { return reader.next(); }));
      if (piece.empty() || !sink(piece)) co_return Result<void>();
    }
  }

  async::Task<Result<void>> fetch(ContentPath what, fs::path target,
                                  TransferProgress progress) override {
    const auto work = [&]() -> Result<void> {
      TRY_ASSIGN(const content::Entry entry, resolve(what));
      std::error_code error;
      if (entry.kind == content::EntryKind::Folder) {
        TRY(prepare_empty_folder(target));
        // materialise() makes the folder itself.
        fs::remove(target, error);
      } else if (target.has_parent_path()) {
        fs::create_directories(target.parent_path(), error);
      }
      if (error) return fail(errno_error(error.value(), target.string()));
      TRY_ASSIGN(const content::TreeSize size,
                 content::materialise(*store_, entry.cid, target, Budget{},
                                      content::Permissions::Ordinary));
      if (progress) progress(size.bytes);
      return {};
    };
    co_return co_await async::blocking(pool_, work);
  }

 private:
  Result<content::Entry> resolve(const ContentPath& what) {
    TRY_ASSIGN(const multi::Cid root, multi::Cid::parse(what.cid));
    return content::resolve_path(*store_, root, what.path);
  }

  std::unique_ptr<node::OfflineContent> content_;
  content::ContentStore* store_;
  async::BlockingPool& pool_;
};

}  // namespace

Result<std::unique_ptr<ContentAccess>> direct_content(const fs::path& data_dir,
                                                      async::BlockingPool& pool) {
  TRY_ASSIGN(auto content, node::OfflineContent::open(data_dir, pool));
  return std::make_unique<DirectContent>(std::move(content), pool);
}

}  // namespace skrei::cli
