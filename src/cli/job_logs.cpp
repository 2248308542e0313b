// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/job_flags.hpp"
#include "cli/output.hpp"
#include "cli/output_reader.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

constexpr Duration kPoll = std::chrono::milliseconds(300);

class JobLogs final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"job logs", "What a job wrote: its stdout to stdout, its stderr to stderr",
            "  skrei job logs j-1a2b3c4d                     # what there is\n"
            "  skrei job logs --follow j-1a2b3c4d            # and what comes, until it ends\n"
            "  skrei job logs --source stdout my-job > out   # exactly its bytes\n"
            "  skrei job logs --follow --tail my-job         # only what comes from now on\n",
            "The runs of a job with several partitions are shown together, each line with its "
            "[partition].\n"};
  }

  void declare(Options& options) override {
    which_.declare(options);
    which_.declare_version(options);
    options.flag("-f,--follow", follow_, "Go on until the job has ended");
    options.flag("-t,--tail", tail_, "Leave out what was written before");
    options.choice("--source", source_, {"all", "stdout", "stderr"}, "Which stream");
    options.value("-e,--execution-id", execution_, "ID", "Only of this execution");
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    CO_TRY_ASSIGN(const JobRecord record,
                  co_await session.api.job(which_.job, which_.name_space, which_.version));
    CO_TRY(check_execution(record));
    if (tail_) {
      CO_TRY(co_await show_new(session, record.job.id));
      co_return kExitOk;
    }
    async::TaskScope readers(session.loop);
    auto shown = co_await show(session, record, readers);
    if (shown) {
      co_await readers.join();
    } else {
      co_await readers.stop();
    }
    // Nobody reads any more: that is no failure of ours.
    if (gone_) co_return kExitOk;
    if (failed_) co_return fail(*failed_);
    if (!shown) co_return fail(shown.error());
    co_return kExitOk;
  }

 private:
  Result<void> check_execution(const JobRecord& record) const {
    const auto is_meant = [&](const model::Execution& one) {
      return one.id.str().starts_with(execution_);
    };
    if (execution_.empty() || std::ranges::any_of(record.executions, is_meant)) return {};
    return fail(Error{Code::NotFound,
                      fmt::format("{} has no execution {}", record.job.id, execution_),
                      fmt::format("`skrei job executions {}` lists them", record.job.id)});
  }

  async::Task<Result<void>> show(Session& session, JobRecord record, async::TaskScope& readers) {
    const JobId id = record.job.id;
    while (true) {
      const bool ended = is_terminal(record.job.state.state_type);
      for (const model::Execution& execution : record.executions)
        start(session, record, execution, readers);
      if (!follow_ || ended || gone_) co_return Result<void>();
      CO_TRY(co_await async::sleep_for(kPoll));
      CO_TRY_ASSIGN(record, co_await session.api.job(id.str(), "", which_.version));
    }
  }

  bool is_wanted(const model::Execution& execution) const {
    const auto state = execution.compute_state.state_type;
    if (!execution.id.str().starts_with(execution_)) return false;
    return state == model::ComputeStateType::Running ||
           state == model::ComputeStateType::Publishing || is_terminal(state);
  }

  void start(Session& session, const JobRecord& record, const model::Execution& execution,
             async::TaskScope& readers) {
    if (!is_wanted(execution) || !reading_.insert(execution.id).second) return;
    std::string prefix;
    if (record.job.count > 1 && execution_.empty()) {
      prefix = fmt::format("[{}] ", execution.partition_index);
    }
    for (const Stream stream : {Stream::Stdout, Stream::Stderr}) {
      if (source_ == (stream == Stream::Stdout ? "stderr" : "stdout")) continue;
      readers.spawn("output", copy(session, {.job = record.job.id,
                                             .execution = execution.id,
                                             .source = stream,
                                             .follow = follow_,
                                             .prefix = prefix}));
    }
  }

  async::Task<void> copy(Session& session, OutputCopy what) {
    const auto copied = co_await copy_output(session.api, session.io, std::move(what));
    if (copied) co_return;
    if (!session.io.flush()) {
      gone_ = true;
    } else {
      failed_ = copied.error();
    }
  }

  /// By the websocket, the only one that knows where the streams stand now.
  async::Task<Result<void>> show_new(Session& session, JobId job) {
    http::Query query;
    query.add("tail", "true");
    query.add("follow", follow_ ? "true" : "false");
    if (!execution_.empty()) query.add("execution_id", execution_);
    if (which_.version > 0) query.add("job_version", std::to_string(which_.version));
    CO_TRY_ASSIGN(const auto socket,
                  co_await session.api.open_websocket(fmt::format("orchestrator/jobs/{}/logs", job),
                                                      std::move(query)));
    while (const auto message = co_await socket->receive()) {
      CO_TRY_ASSIGN(const json::Value frame, json::parse(message->data));
      if (const auto error = frame.find("error"); error != frame.end() && error->is_string()) {
        session.io.say(error->get<std::string>());
      }
      const auto value = frame.find("value");
      if (value == frame.end() || !value->is_object()) continue;
      if (!show_frame(session.io, value->value("Type", 1), value->value("Line", ""))) break;
    }
    const auto closed = socket->closed();
    if (closed && closed->code != http::CloseCode::Normal) {
      co_return fail(Code::Unavailable, "the stream was cut off; run the command again");
    }
    co_return Result<void>();
  }

  bool show_frame(Io& io, int type, const std::string& bytes) const {
    const bool is_stdout = type == 1;
    if (source_ == (is_stdout ? "stderr" : "stdout")) return true;
    if (is_stdout) return io.write(bytes) && io.flush();
    io.write_err(bytes);
    return true;
  }

  JobFlags which_;
  bool follow_ = false;
  bool tail_ = false;
  std::string source_ = "all";
  std::string execution_;

  std::set<ExecutionId> reading_;
  std::optional<Error> failed_;
  bool gone_ = false;
};

}  // namespace

std::unique_ptr<Command> make_job_logs() {
  return std::make_unique<JobLogs>();
}

}  // namespace skrei::cli
