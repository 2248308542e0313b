// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <set>

#include <boost/asio/this_coro.hpp>

#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/job_pages.hpp"
#include "api/query.hpp"
#include "api/resources.hpp"
#include "async/channel.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "base/scope_guard.hpp"
#include "http/websocket.hpp"
#include "json/json.hpp"

// GET …/jobs/:id/logs is a websocket in the frames of v1.9.3, or, with format=raw, the exact bytes
// of one stream of one execution from an offset on.

namespace skrei::api {
namespace {

using executor::OutputSource;

/// How often a followed job is asked for new executions and for its end.
constexpr Duration kPollInterval = std::chrono::milliseconds(200);
/// Frames between the readers of a job's streams and its socket.
constexpr std::size_t kFramesWaiting = 16;

struct Wanted {
  JobId job;
  std::uint64_t job_version = 0;         ///< Whose end ends the stream.
  std::optional<std::uint64_t> only_of;  ///< Unset: executions of all versions.
  ExecutionId execution;                 ///< Empty: all of the job's.
  bool follow = false;
  bool only_new = false;
};

std::string frame_of(OutputSource source, ByteView bytes) {
  // Type 1 is stdout, 2 stderr.
  return json::dump({{"value",
                      {{"Type", source == OutputSource::Stdout ? 1 : 2},
                       {"Line", std::string(as_chars(bytes))}}}});
}

std::string error_frame(std::string message) {
  return json::dump({{"error", std::move(message)}});
}

/// One client that reads a job's output: a reader for each stream of each execution, one sender.
class LogStream {
 public:
  LogStream(Shared& shared, Wanted wanted)
      : shared_(shared),
        wanted_(std::move(wanted)),
        frames_(kFramesWaiting),
        readers_(shared.services.loop) {}

  async::Task<void> serve(http::WebSocket& socket) {
    // The readers have to be joined also when the client has gone and this task is cancelled.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    ++shared_.log_streams;
    const ScopeGuard count([this] { --shared_.log_streams; });
    readers_.spawn("log readers", read_job());
    while (auto frame = co_await frames_.receive()) {
      if (!co_await socket.send_text(*std::move(frame))) break;
    }
    co_await readers_.stop();
    co_await socket.close(http::CloseCode::Normal);
  }

 private:
  /// Starts readers as executions appear; closes the channel when nothing can follow.
  async::Task<void> read_job() {
    while (true) {
      const auto job = co_await shared_.services.store.get_job(wanted_.job, wanted_.job_version);
      if (!job) {
        co_await fail_with(job.error());
        break;
      }
      const auto page = co_await shared_.services.store.list_executions(
          {.job_id = job->id, .job_version = wanted_.only_of, .limit = jobstore::kPageSizeMax});
      if (!page) {
        co_await fail_with(page.error());
        break;
      }
      for (const auto& execution : page->items)
        start_reading(execution.id);
      if (!wanted_.follow || model::is_terminal(job->state.state_type)) break;
      if (!co_await async::sleep_for(kPollInterval)) co_return;
    }
    listed_all_ = true;
    close_if_done();
  }

  void start_reading(const ExecutionId& id) {
    if (!wanted_.execution.empty() && id != wanted_.execution) return;
    if (!seen_.insert(id).second) return;
    for (const auto source : {OutputSource::Stdout, OutputSource::Stderr}) {
      ++reading_;
      readers_.spawn("log reader", read_stream(id, source));
    }
  }

  async::Task<void> read_stream(ExecutionId id, OutputSource source) {
    if (const auto read = co_await copy_stream(id, source); !read) co_await fail_with(read.error());
    --reading_;
    close_if_done();
  }

  async::Task<Result<void>> copy_stream(ExecutionId id, OutputSource source) {
    CO_TRY_ASSIGN(executor::Engine* const engine, co_await engine_of(shared_, wanted_));
    executor::OutputRequest request{
        .id = id, .source = source, .framing = executor::Framing::WholeCharacters};
    if (wanted_.only_new) {
      CO_TRY_ASSIGN(request.offset, co_await end_of(*engine, request));
    }
    bool is_over = false;
    while (true) {
      // Not `?:` over co_await: both sides would be evaluated into one frame slot.
      Result<executor::OutputChunk> chunk;
      if (wanted_.follow) {
        chunk = co_await engine->follow_output(request);
      } else {
        chunk = co_await engine->read_output(request);
      }
      if (!chunk) {
        if (chunk.error().code != Code::NotFound) co_return fail(chunk.error());
        // Not started yet, or kept on the node no longer. What ended after this look is looked at
        // once more.
        if (!wanted_.follow || is_over) co_return Result<void>();
        is_over = co_await has_ended();
        if (!is_over) CO_TRY(co_await async::sleep_for(kPollInterval));
        continue;
      }
      if (chunk->dropped) {
        CO_TRY(co_await frames_.send(error_frame(
            fmt::format("{} of {}: bytes {} to {} are not kept any more", to_string(source), id,
                        chunk->dropped->from, chunk->dropped->to))));
      }
      if (!chunk->bytes.empty()) CO_TRY(co_await frames_.send(frame_of(source, chunk->bytes)));
      if (chunk->end_of_stream) co_return Result<void>();
      if (chunk->bytes.empty() && !wanted_.follow) co_return Result<void>();
      request.offset = chunk->next_offset();
    }
  }

  async::Task<bool> has_ended() {
    const auto job = co_await shared_.services.store.get_job(wanted_.job, wanted_.job_version);
    co_return !job || model::is_terminal(job->state.state_type);
  }

  /// Where the stream stands now.
  static async::Task<Result<std::uint64_t>> end_of(executor::Engine& engine,
                                                   executor::OutputRequest request) {
    while (true) {
      const auto chunk = co_await engine.read_output(request);
      if (!chunk && chunk.error().code == Code::NotFound) co_return 0;
      if (!chunk) co_return fail(chunk.error());
      if (chunk->bytes.empty() || chunk->end_of_stream) co_return chunk->next_offset();
      request.offset = chunk->next_offset();
    }
  }

  async::Task<void> fail_with(Error error) {
    static_cast<void>(co_await frames_.send(error_frame(error.message)));
  }

  void close_if_done() {
    if (listed_all_ && reading_ == 0) frames_.close();
  }

 public:
  /// The engine that runs the job's task.
  static async::Task<Result<executor::Engine*>> engine_of(Shared& shared, Wanted wanted) {
    CO_TRY_ASSIGN(const model::Job job,
                  co_await shared.services.store.get_job(wanted.job, wanted.job_version));
    co_return shared.services.engines.find(job.task().engine.type);
  }

 private:
  Shared& shared_;
  Wanted wanted_;
  async::Channel<std::string> frames_;
  std::set<ExecutionId> seen_;
  std::size_t reading_ = 0;
  bool listed_all_ = false;
  async::TaskScope readers_;
};

async::Task<Result<void>> send_raw(executor::Engine& engine, executor::OutputRequest request,
                                   bool follow, http::BodySink& sink) {
  while (true) {
    Result<executor::OutputChunk> chunk;
    if (follow) {
      chunk = co_await engine.follow_output(request);
    } else {
      chunk = co_await engine.read_output(request);
    }
    if (!chunk) co_return fail(chunk.error());
    if (chunk->dropped) {
      co_return fail(Code::NotFound, "bytes {} to {} are not kept any more", chunk->dropped->from,
                     chunk->dropped->to);
    }
    if (!chunk->bytes.empty()) CO_TRY(co_await sink.write(chunk->bytes));
    if (chunk->end_of_stream || (chunk->bytes.empty() && !follow)) co_return Result<void>();
    request.offset = chunk->next_offset();
  }
}

/// `format=raw&execution_id=…&source=stdout&from=OFFSET[&follow=true]`.
Answer raw(Shared& shared, const http::Request& request, const Wanted& wanted) {
  if (wanted.execution.empty()) {
    co_return fail(Code::InvalidArgument, "format=raw needs execution_id=…: one stream of one run");
  }
  const std::string word = text_param(request, "source");
  if (!word.empty() && word != "stdout" && word != "stderr") {
    co_return fail(Code::InvalidArgument, "source={:?}: use stdout or stderr", word);
  }
  CO_TRY_ASSIGN(const auto from, number_param(request, "from"));
  CO_TRY_ASSIGN(executor::Engine* const engine, co_await LogStream::engine_of(shared, wanted));
  const executor::OutputRequest output{
      .id = wanted.execution,
      .source = word == "stderr" ? OutputSource::Stderr : OutputSource::Stdout,
      .offset = from.value_or(0)};
  // Asked once before the answer begins, so that a wrong offset is a 4xx.
  CO_TRY_ASSIGN(const auto probe, co_await engine->read_output(output));
  if (probe.dropped) {
    co_return fail(Code::NotFound, "bytes {} to {} of this stream are not kept any more; from={}",
                   probe.dropped->from, probe.dropped->to, probe.dropped->to);
  }
  co_return http::Response::stream(
      [engine, output, follow = wanted.follow](http::BodySink& sink) {
        return send_raw(*engine, output, follow, sink);
      },
      "application/octet-stream");
}

Answer logs(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const model::Job job, co_await job_of(shared, request));
  Wanted wanted{.job = job.id,
                .job_version = job.version,
                .only_of = std::nullopt,
                .execution = ExecutionId(text_param(request, "execution_id"))};
  CO_TRY_ASSIGN(wanted.only_of, versions_of(request, job));
  CO_TRY_ASSIGN(wanted.follow, bool_param(request, "follow", false));
  CO_TRY_ASSIGN(wanted.only_new, bool_param(request, "tail", false));
  if (text_param(request, "format") == "raw") co_return co_await raw(shared, request, wanted);
  if (shared.log_streams >= shared.options.log_streams_max) {
    co_return fail(Code::ResourceExhausted, "{} log streams are open; try again in a moment",
                   shared.log_streams);
  }
  auto stream = std::make_shared<LogStream>(shared, std::move(wanted));
  co_return http::Response::websocket(
      [stream](http::WebSocket& socket) { return stream->serve(socket); });
}

}  // namespace

void add_logs(http::Server& server, Shared& shared) {
  server.route("GET", "/api/v1/orchestrator/jobs/:id/logs", bind(shared, logs));
}

}  // namespace skrei::api
