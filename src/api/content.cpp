// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>

#include <boost/asio/this_coro.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/query.hpp"
#include "api/resources.hpp"
#include "async/fd_stream.hpp"
#include "async/scope.hpp"
#include "base/scope_guard.hpp"
#include "content/export.hpp"
#include "content/import.hpp"
#include "json/json.hpp"

// POST /api/v1/content            the body becomes a file, or (tar) a folder → {"CID", "Size"}
// GET  /api/v1/content/:cid       ?path=a/b&format=raw|tar|stat|ls
//
// Uploads are read by a thread each while they last, downloads a piece at a time.

namespace skrei::api {
namespace {

using content::DagLink;
using content::EntryKind;

constexpr std::size_t kPieceBytes = 256 << 10;

/// One upload: the request's body runs through a pipe to the importer, which blocks on it.
class Upload {
 public:
  Upload(Shared& shared, http::BodySource& body, content::ImportOptions options, bool tar)
      : shared_(shared), body_(body), options_(std::move(options)), tar_(tar) {}

  async::Task<Result<DagLink>> run() {
    // The feeder has to be joined also when the client has gone and this task is cancelled.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) co_return fail_errno("pipe");
    UniqueFd read_end(ends[0]);
    CO_TRY_ASSIGN(pipe_, async::FdStream::open(shared_.services.loop, UniqueFd(ends[1])));
    CO_TRY_ASSIGN(const auto batch, shared_.services.content.begin_add());

    async::TaskScope feeder(shared_.services.loop);
    feeder.spawn("upload", feed());
    Result<DagLink> imported = co_await async::blocking(shared_.uploads, [&] {
      const ReadFunction source = content::reading_from(read_end.get(), "upload");
      return tar_ ? content::import_tar(*batch, source, options_)
                  : content::import_stream(*batch, source, options_);
    });
    read_end.reset();  // An importer that stopped early stops the feeder.
    co_await feeder.join();
    // What broke the body off comes first: to the importer it looked like an end.
    if (broken_) co_return fail(*broken_);
    if (!imported) co_return imported;
    CO_TRY(co_await async::blocking(shared_.uploads, [&] {
      return batch->commit(imported->cid, content::Pin{.cid = imported->cid});
    }));
    co_return imported;
  }

 private:
  async::Task<void> feed() {
    Bytes buffer(kPieceBytes);
    while (true) {
      const auto got = co_await body_.read_some(buffer);
      if (!got) {
        broken_ = got.error();
        break;
      }
      if (*got == 0) break;
      // Fails when the importer has stopped, which has its own, better sentence.
      if (!co_await pipe_->write_all(ByteView(buffer).first(*got))) break;
    }
    pipe_->close();
  }

  Shared& shared_;
  http::BodySource& body_;
  content::ImportOptions options_;
  bool tar_;
  std::unique_ptr<async::FdStream> pipe_;
  std::optional<Error> broken_;
};

Result<bool> is_tar(const http::Request& request) {
  const std::string format = text_param(request, "format");
  if (format == "tar") return true;
  if (format == "raw") return false;
  if (!format.empty()) {
    return fail(Code::InvalidArgument, "format={:?}: use raw or tar", format);
  }
  const auto type = request.headers.get("Content-Type").value_or("");
  return type == "application/x-tar" || type == "application/gzip";
}

Answer add(Shared& shared, http::Request request) {
  CO_TRY(check_may_change(shared, request));
  if (shared.uploads_running >= shared.options.uploads_max) {
    co_return fail(Code::ResourceExhausted, "{} uploads are under way; try again in a moment",
                   shared.uploads_running);
  }
  CO_TRY_ASSIGN(const bool tar, is_tar(request));
  content::ImportOptions options;
  if (const std::string name = text_param(request, "profile"); !name.empty()) {
    CO_TRY_ASSIGN(options.profile, content::find_profile(name));
  }
  options.budget.bytes = shared.options.upload_bytes_max;
  ++shared.uploads_running;
  const ScopeGuard count([&shared] { --shared.uploads_running; });
  Upload upload(shared, *request.body, std::move(options), tar);
  CO_TRY_ASSIGN(const DagLink link, co_await upload.run());
  co_return answer(request, {{"CID", link.cid.to_string()}, {"Size", link.file_size}});
}

json::Value to_json(const content::Entry& entry) {
  const std::size_t slash = entry.path.rfind('/');
  json::Value value = {
      {"Name", slash == std::string::npos ? entry.path : entry.path.substr(slash + 1)},
      {"Path", entry.path},
      {"Type", std::string(content::to_string(entry.kind))},
      {"CID", entry.cid.to_string()},
      {"Size", entry.size}};
  if (entry.kind == EntryKind::Symlink) value["Target"] = entry.link_target;
  return value;
}

/// `Complete` says whether all below the root is known to be on this node.
async::Task<Result<json::Value>> stat(Shared& shared, multi::Cid root, content::Entry entry) {
  CO_TRY_ASSIGN(const bool complete, co_await async::blocking(shared.services.pool, [&] {
                  return shared.services.content.is_complete(root);
                }));
  json::Value value = to_json(entry);
  value["Complete"] = complete;
  co_return value;
}

async::Task<Result<json::Value>> list(Shared& shared, content::Entry folder) {
  CO_TRY_ASSIGN(const auto entries, co_await async::blocking(shared.services.pool, [&] {
                  return content::list_folder(shared.services.content, folder, Budget{});
                }));
  json::Value items = json::Value::array();
  for (const content::Entry& entry : entries)
    items.push_back(to_json(entry));
  co_return json::Value{{"NextToken", ""}, {"Items", std::move(items)}};
}

/// Pulls pieces from `next` on the pool until one is empty.
template <class Source>
async::Task<Result<void>> send_pieces(async::BlockingPool& pool, std::shared_ptr<Source> source,
                                      http::BodySink& sink) {
  while (true) {
    CO_TRY_ASSIGN(const Bytes piece,
                  co_await async::blocking(pool, [&] { return source->next(); }));
    if (piece.empty()) co_return Result<void>();
    CO_TRY(co_await sink.write(piece));
  }
}

http::Response file_stream(Shared& shared, content::Entry entry) {
  auto reader = std::make_shared<content::FileReader>(shared.services.content, std::move(entry));
  return http::Response::stream(
      [&pool = shared.services.pool, reader](http::BodySink& sink) {
        return send_pieces(pool, reader, sink);
      },
      "application/octet-stream");
}

http::Response tar_stream(Shared& shared, const content::Entry& entry, Budget budget) {
  const std::size_t slash = entry.path.rfind('/');
  const std::string name = slash == std::string::npos ? entry.path : entry.path.substr(slash + 1);
  auto tar = std::make_shared<content::TarExport>(shared.services.content, entry.cid, name, budget);
  return http::Response::stream([&pool = shared.services.pool, tar](
                                    http::BodySink& sink) { return send_pieces(pool, tar, sink); },
                                "application/x-tar");
}

Answer get(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const multi::Cid root, multi::Cid::parse(request.param("cid")));
  const std::string path = text_param(request, "path");
  CO_TRY_ASSIGN(content::Entry entry, co_await async::blocking(shared.services.pool, [&] {
                  return content::resolve_path(shared.services.content, root, path);
                }));
  std::string format = text_param(request, "format");
  if (format.empty()) format = entry.kind == EntryKind::File ? "raw" : "tar";
  if (format == "stat") {
    CO_TRY_ASSIGN(const auto value, co_await stat(shared, root, std::move(entry)));
    co_return answer(request, value);
  }
  if (format == "ls") {
    CO_TRY_ASSIGN(const auto value, co_await list(shared, std::move(entry)));
    co_return answer(request, value);
  }
  if (format == "tar") co_return tar_stream(shared, entry, Budget{});
  if (format != "raw") {
    co_return fail(Code::InvalidArgument, "format={:?}: use raw, tar, stat or ls", format);
  }
  if (entry.kind != EntryKind::File) {
    co_return fail(Code::InvalidArgument, "{}/{} is a {}, not a file; ask for format=tar",
                   root.to_string(), path, content::to_string(entry.kind));
  }
  co_return file_stream(shared, std::move(entry));
}

}  // namespace

void add_content(http::Server& server, Shared& shared) {
  server.route("POST", "/api/v1/content", bind(shared, add),
               {.body_limit = shared.options.upload_bytes_max});
  server.route("GET", "/api/v1/content/:cid", bind(shared, get));
}

}  // namespace skrei::api
