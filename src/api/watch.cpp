// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>
#include <optional>

#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/job_pages.hpp"
#include "api/query.hpp"
#include "api/resources.hpp"
#include "api/watch_hub.hpp"
#include "json/json.hpp"
#include "model/execution_json.hpp"
#include "model/job_json.hpp"
#include "model/time_text.hpp"

// GET …/jobs/watch and …/jobs/:id/watch: events after `from` as server-sent events, or, with
// `wait=30s`, as one JSON answer (docs/compatibility.md). Every event is sent once, in order.

namespace skrei::api {
namespace {

using End = Watcher::End;

constexpr Duration kKeepAlive = std::chrono::seconds(15);
constexpr Duration kWaitMax = std::chrono::seconds(60);
constexpr int kNoContent = 204;
constexpr int kGone = 410;

/// The row of history, and under "Job" what a watcher would otherwise have to ask for.
json::Value to_json(const jobstore::JobEvent& event) {
  json::Value value = model::to_json(event.item);
  const json::Value job = model::to_json(*event.job);
  json::Value& shown = value["Job"] = json::Value::object();
  for (const char* name : {"Name", "Namespace", "Type", "Labels", "State", "Version", "Revision"}) {
    if (const auto member = job.find(name); member != job.end()) shown[name] = *member;
  }
  return value;
}

std::string_view reason_of(End end) {
  switch (end) {
    case End::None:
      return "";
    case End::JobEnded:
      return "JobEnded";
    case End::Shutdown:
      return "Shutdown";
    case End::Gone:
      return "Gone";
  }
  return "";
}

std::string sentence_of(End end, std::uint64_t position) {
  switch (end) {
    case End::None:
      return "";
    case End::JobEnded:
      return "the job has ended";
    case End::Shutdown:
      return fmt::format("the node is stopping; watch again from={}", position);
    case End::Gone:
      return fmt::format(
          "events after {} are not kept any more; list the jobs and watch from the answer's "
          "WatchFrom",
          position);
  }
  return "";
}

http::ServerEvent end_event(std::string_view reason, std::string message, std::uint64_t position) {
  return {.data = json::dump({{"Reason", std::string(reason)},
                              {"Message", std::move(message)},
                              {"NextFrom", position}}),
          .event = "end",
          .id = fmt::to_string(position)};
}

async::Task<Result<void>> send_batch(http::EventStream& stream, const Watcher::Batch& batch) {
  for (const auto& event : batch.events) {
    const bool of_job = event->item.type == model::HistoryType::JobLevel;
    CO_TRY(co_await stream.send({.data = json::dump(to_json(*event)),
                                 .event = of_job ? "job" : "execution",
                                 .id = fmt::to_string(event->item.seq_num)}));
  }
  co_return Result<void>();
}

/// Until the watch or the client ends.
async::Task<Result<void>> send_events(std::shared_ptr<Watcher> watcher, Watcher::Batch batch,
                                      http::EventStream& stream) {
  // The head of the answer goes at once, not with the first event.
  CO_TRY(co_await stream.heartbeat());
  while (true) {
    CO_TRY(co_await send_batch(stream, batch));
    if (batch.end != End::None) {
      const std::uint64_t position = watcher->position();
      co_return co_await stream.send(
          end_event(reason_of(batch.end), sentence_of(batch.end, position), position));
    }
    if (batch.events.empty()) {
      CO_TRY(co_await stream.heartbeat(fmt::to_string(watcher->position())));
    }
    auto next = co_await watcher->next(kKeepAlive);
    if (!next) {
      co_return co_await stream.send(
          end_event("Failed", next.error().message, watcher->position()));
    }
    batch = *std::move(next);
  }
}

http::Response stream_events(std::shared_ptr<Watcher> watcher, Watcher::Batch first) {
  return http::Response::events(
      [watcher = std::move(watcher), first = std::move(first)](http::EventStream& stream) mutable {
        return send_events(watcher, std::move(first), stream);
      });
}

http::Response long_poll_answer(const http::Request& request, const Watcher& watcher,
                                const Watcher::Batch& batch) {
  json::Value items = json::Value::array();
  for (const auto& event : batch.events)
    items.push_back(to_json(*event));
  return answer(request, {{"Items", std::move(items)},
                          {"NextFrom", watcher.position()},
                          {"End", std::string(reason_of(batch.end))}});
}

/// `from`, or what a resuming EventSource sends of itself; nothing if neither is there.
Result<std::optional<std::uint64_t>> from_param(const http::Request& request) {
  const auto resumed = request.headers.get("Last-Event-ID");
  if (!resumed || resumed->empty()) return number_param(request, "from");
  std::uint64_t seq = 0;
  const auto [end, error] =
      std::from_chars(resumed->data(), resumed->data() + resumed->size(), seq);
  if (error == std::errc() && end == resumed->data() + resumed->size()) return seq;
  return fail(Code::InvalidArgument,
              "header Last-Event-ID: {:?} is not the id of an event of this API", *resumed);
}

/// `wait`: unset gives a stream of events.
Result<std::optional<Duration>> wait_param(const http::Request& request) {
  const std::string text = text_param(request, "wait");
  if (text.empty()) return std::nullopt;
  TRY_ASSIGN(const Duration wait,
             with_context(model::parse_duration(text), "query parameter wait"));
  return std::clamp(wait, Duration::zero(), kWaitMax);
}

Answer watch(Shared& shared, const http::Request& request, WatchFilter filter,
             std::uint64_t from_if_unset) {
  CO_TRY_ASSIGN(const auto from, from_param(request));
  CO_TRY_ASSIGN(const auto wait, wait_param(request));
  const std::uint64_t newest = shared.services.store.last_event();
  if (from && *from > newest) {
    co_return error_answer(
        request,
        {Code::NotFound,
         fmt::format("from={}: the newest event here is {}; list the jobs and watch from the "
                     "answer's WatchFrom",
                     *from, newest)},
        kGone);
  }
  if (shared.watches.watchers() >= shared.options.watchers_max) {
    co_return fail(Code::ResourceExhausted, "{} watches are open; try again in a moment",
                   shared.watches.watchers());
  }
  const bool of_one_job = !filter.job.empty();
  auto watcher =
      std::make_shared<Watcher>(shared.watches, std::move(filter), from.value_or(from_if_unset));
  CO_TRY_ASSIGN(auto first, co_await watcher->next(wait.value_or(Duration::zero())));
  if (first.end == End::Gone) {
    co_return error_answer(request, {Code::NotFound, sentence_of(first.end, watcher->position())},
                           kGone);
  }
  if (wait) co_return long_poll_answer(request, *watcher, first);
  // An EventSource connects again after each end; this tells it that there is nothing more.
  const bool resumes = request.headers.contains("Last-Event-ID");
  if (of_one_job && resumes && first.end == End::JobEnded && first.events.empty()) {
    co_return http::Response{.status = kNoContent, .headers = {}, .body = {}};
  }
  co_return stream_events(std::move(watcher), std::move(first));
}

/// From now on, unless `from` says otherwise.
Answer watch_all(Shared& shared, http::Request request) {
  WatchFilter filter{.job = {}, .namespace_ = text_param(request, "namespace"), .labels = {}};
  CO_TRY_ASSIGN(filter.labels, labels_param(request));
  co_return co_await watch(shared, request, std::move(filter), shared.services.store.last_event());
}

/// The whole history, unless `from` says otherwise, to the end of the job.
Answer watch_one(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const model::Job job, co_await job_of(shared, request));
  WatchFilter filter{.job = job.id, .namespace_ = {}, .labels = {}};
  co_return co_await watch(shared, request, std::move(filter), 0);
}

}  // namespace

void add_watch(http::Server& server, Shared& shared) {
  server.route("GET", "/api/v1/orchestrator/jobs/watch", bind(shared, watch_all));
  server.route("GET", "/api/v1/orchestrator/jobs/:id/watch", bind(shared, watch_one));
}

}  // namespace skrei::api
