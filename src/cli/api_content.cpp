// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "async/loop.hpp"
#include "base/fd.hpp"
#include "cli/body_pipe.hpp"
#include "cli/content_access.hpp"
#include "cli/tar_tree.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = 256 << 10;

std::string text_at(const json::Value& value, const char* key) {
  const auto found = value.find(key);
  return found != value.end() && found->is_string() ? found->get<std::string>() : "";
}

ContentEntry entry_of(const json::Value& value) {
  ContentEntry entry{.name = text_at(value, "Name"),
                     .path = text_at(value, "Path"),
                     .kind = text_at(value, "Type"),
                     .cid = text_at(value, "CID"),
                     .size = 0,
                     .link_target = text_at(value, "Target"),
                     .complete = std::nullopt};
  if (const auto size = value.find("Size"); size != value.end() && size->is_number_unsigned()) {
    entry.size = size->get<std::uint64_t>();
  }
  if (const auto all = value.find("Complete"); all != value.end() && all->is_boolean()) {
    entry.complete = all->get<bool>();
  }
  return entry;
}

http::Query query_of(const ContentPath& what, std::string_view format) {
  http::Query query;
  if (!what.path.empty()) query.add("path", what.path);
  query.add("format", std::string(format));
  return query;
}

Result<void> copy_file(const fs::path& path, const TransferProgress& progress,
                       const WriteFunction& sink) {
  TRY_ASSIGN(const UniqueFd fd, open_file(path, O_RDONLY));
  const ReadFunction source = content::reading_from(fd.get(), path.string());
  Bytes buffer(kPieceBytes);
  std::uint64_t total = 0;
  while (true) {
    TRY_ASSIGN(const std::size_t count, source(buffer));
    if (count == 0) return {};
    TRY(sink(ByteView(buffer).first(count)));
    total += count;
    if (progress) progress(total);
  }
}

class ApiContent final : public ContentAccess {
 public:
  ApiContent(async::Loop& loop, async::BlockingPool& pool, ApiClient& api)
      : loop_(loop), pool_(pool), api_(api) {}

  async::Task<Result<Added>> add(fs::path path, AddOptions options,
                                 TransferProgress progress) override {
    std::error_code error;
    const bool is_folder = fs::is_directory(path, error);
    if (error) co_return fail(errno_error(error.value(), path.string()));
    if (!is_folder && !fs::is_regular_file(path)) {
      co_return fail(Code::InvalidArgument, "{}: is neither a file nor a folder", path.string());
    }
    http::Query query;
    query.add("profile", options.profile);
    query.add("format", is_folder ? "tar" : "raw");
    // Read twice: as the producer's error, which is better than the broken request's.
    Result<void> produced;
    http::BodyWriter body = [&](http::BodySink& sink) {
      return send(is_folder, path, options, progress, sink, produced);
    };
    auto answer = co_await api_.post("content", std::move(query), std::move(body));
    if (!produced) co_return fail(produced.error());
    if (!answer) co_return fail(answer.error());
    const ContentEntry entry = entry_of(*answer);
    co_return Added{.cid = entry.cid, .size = entry.size};
  }

  async::Task<Result<ContentEntry>> stat(ContentPath what) override {
    CO_TRY_ASSIGN(const json::Value value,
                  co_await api_.get("content/" + what.cid, query_of(what, "stat")));
    co_return entry_of(value);
  }

  async::Task<Result<std::vector<ContentEntry>>> list(ContentPath folder) override {
    CO_TRY_ASSIGN(const json::Value value,
                  co_await api_.get("content/" + folder.cid, query_of(folder, "ls")));
    std::vector<ContentEntry> entries;
    if (const auto items = value.find("Items"); items != value.end()) {
      for (const json::Value& item : *items)
        entries.push_back(entry_of(item));
    }
    co_return entries;
  }

  async::Task<Result<void>> read(ContentPath file, std::function<bool(ByteView)> sink) override {
    CO_TRY_ASSIGN(http::ClientResponse response,
                  co_await api_.open("content/" + file.cid, query_of(file, "raw")));
    Bytes buffer(kPieceBytes);
    while (true) {
      CO_TRY_ASSIGN(const std::size_t count, co_await response.body().read_some(buffer));
      if (count == 0 || !sink(ByteView(buffer).first(count))) co_return Result<void>();
    }
  }

  async::Task<Result<void>> fetch(ContentPath what, fs::path target,
                                  TransferProgress progress) override {
    CO_TRY_ASSIGN(const ContentEntry entry, co_await stat(what));
    if (entry.kind == "folder") co_return co_await fetch_folder(what, target, progress);
    if (entry.kind == "file") co_return co_await fetch_file(what, target, progress);
    co_return fail(Code::InvalidArgument, "{} is a symbolic link to {:?}; fetch what it points to",
                   what.to_string(), entry.link_target);
  }

 private:
  async::Task<Result<void>> send(bool is_folder, fs::path path, AddOptions options,
                                 TransferProgress progress, http::BodySink& sink,
                                 Result<void>& produced) {
    auto sent = co_await send_produced(
        loop_, pool_,
        [&](const WriteFunction& write) {
          produced = is_folder ? pack_folder(path, options.hidden, progress, write)
                               : copy_file(path, progress, write);
          return produced;
        },
        sink);
    // A broken connection is the request's own error.
    if (!sent && !produced && produced.error().code == Code::Unavailable) produced = {};
    co_return sent;
  }

  async::Task<Result<void>> fetch_folder(ContentPath what, fs::path target,
                                         TransferProgress progress) {
    CO_TRY(prepare_empty_folder(target));
    CO_TRY_ASSIGN(http::ClientResponse response,
                  co_await api_.open("content/" + what.cid, query_of(what, "tar")));
    // Below the CID itself nothing stands before the entries' names.
    const std::string strip = fs::path(what.path).filename().string();
    co_return co_await feed_consumer(loop_, pool_, response.body(), [&](const ReadFunction& tar) {
      return unpack_folder(target, strip, progress, tar);
    });
  }

  async::Task<Result<void>> fetch_file(ContentPath what, fs::path target,
                                       TransferProgress progress) {
    std::error_code error;
    if (target.has_parent_path()) fs::create_directories(target.parent_path(), error);
    if (error) co_return fail(errno_error(error.value(), target.parent_path().string()));
    CO_TRY_ASSIGN(const UniqueFd file,
                  open_file(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644));
    CO_TRY_ASSIGN(http::ClientResponse response,
                  co_await api_.open("content/" + what.cid, query_of(what, "raw")));
    const auto write = [&](const ReadFunction& source) -> Result<void> {
      Bytes buffer(kPieceBytes);
      std::uint64_t total = 0;
      while (true) {
        TRY_ASSIGN(const std::size_t count, source(buffer));
        if (count == 0) return {};
        TRY(write_all(file.get(), ByteView(buffer).first(count), target.string()));
        total += count;
        if (progress) progress(total);
      }
    };
    auto written = co_await feed_consumer(loop_, pool_, response.body(), write);
    // Half a file must not be taken for the whole.
    if (!written) fs::remove(target, error);
    co_return written;
  }

  async::Loop& loop_;
  async::BlockingPool& pool_;
  ApiClient& api_;
};

}  // namespace

std::unique_ptr<ContentAccess> api_content(async::Loop& loop, async::BlockingPool& pool,
                                           ApiClient& api) {
  return std::make_unique<ApiContent>(loop, pool, api);
}

}  // namespace skrei::cli
