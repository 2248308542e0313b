// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/resources.hpp"

// GET /api/v1/agent/backup    a consistent backup of this node as a tar, made while it runs

namespace skrei::api {
namespace {

async::Task<Result<void>> send(async::BlockingPool& pool, std::shared_ptr<PieceSource> pieces,
                               http::BodySink& sink) {
  while (true) {
    CO_TRY_ASSIGN(const Bytes piece,
                  co_await async::blocking(pool, [&] { return pieces->next(); }));
    if (piece.empty()) co_return Result<void>();
    CO_TRY(co_await sink.write(piece));
  }
}

/// Everything of everybody is in it: for those who may change things here.
Answer backup(Shared& shared, http::Request request) {
  CO_TRY(check_may_change(shared, request));
  if (!shared.services.start_backup) {
    co_return fail(Code::Unavailable, "this node keeps nothing that could be backed up");
  }
  if (!shared.backup.expired()) {
    co_return fail(Code::FailedPrecondition, "a backup is being made; try again when it is done");
  }
  CO_TRY_ASSIGN(const auto pieces, co_await shared.services.start_backup());
  shared.backup = pieces;
  co_return http::Response::stream([&pool = shared.services.pool, pieces](
                                       http::BodySink& sink) { return send(pool, pieces, sink); },
                                   "application/x-tar");
}

}  // namespace

void add_backup(http::Server& server, Shared& shared) {
  server.route("GET", "/api/v1/agent/backup", bind(shared, backup));
}

}  // namespace skrei::api
