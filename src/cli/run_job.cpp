// SPDX-License-Identifier: Apache-2.0
#include "cli/run_job.hpp"

#include <csignal>
#include <map>

#include "cli/exit_code.hpp"
#include "cli/job_ending.hpp"
#include "cli/job_follower.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

int tell_ending(Io& io, const JobRecord& record, const WaitFlags& flags, RunPlace place) {
  const JobEnding ending = ending_of(record);
  if (flags.json) {
    io.line(json::dump(ending_to_json(record, ending)));
    return ending.exit_code;
  }
  // A local node is gone when this is read, and its content with it.
  for (const PublishedResult& result : ending.results) {
    if (place == RunPlace::Local) break;
    const std::string of =
        record.job.count > 1 ? fmt::format(" of partition {}", result.partition) : "";
    io.say(fmt::format("Result{}: {}", of, result.cid));
  }
  if (!ending.results.empty() && place == RunPlace::Node) {
    io.say(fmt::format("Fetch it: skrei job get {}", short_id(record.job.id.str())));
  }
  if (ending.origin == ExitOrigin::Skrei) {
    io.complain({Code::Internal,
                 fmt::format("{}: {}", short_id(record.job.id.str()),
                             ending.message.empty() ? "failed" : ending.message),
                 ending.hint});
  } else if (ending.exit_code != 0) {
    io.say(fmt::format("The program ended with exit code {}", ending.exit_code));
  }
  return ending.exit_code;
}

void tell_nodes(Io& io, const JobRecord& record) {
  std::vector<Row> rows;
  for (const model::Execution& execution : record.executions) {
    rows.push_back({.id = execution.id.str(),
                    .cells = {short_id(execution.id.str()), execution.node_id.str(),
                              std::to_string(execution.partition_index),
                              std::string(to_string(execution.compute_state.state_type)),
                              execution.compute_state.message}});
  }
  io.write_err(render_table({"EXECUTION", "NODE", "PART", "STATE", "MESSAGE"}, rows,
                            std::string::npos, true));
}

/// What happened to the job itself, then to each execution.
void tell_events(Io& io, const JobRecord& record) {
  std::map<std::string, std::vector<Row>> groups;
  for (const model::JobHistory& item : record.history) {
    groups[item.execution_id.str()].push_back(
        {.id = std::to_string(item.seq_num),
         .cells = {precise_time_text(item.event.timestamp), item.event.topic, item.event.message}});
  }
  for (const auto& [execution, rows] : groups) {
    io.say(execution.empty() ? "Job" : fmt::format("Execution {}", short_id(execution)));
    io.write_err(render_table({"TIME", "TOPIC", "EVENT"}, rows, std::string::npos, true));
  }
}

int exit_code_of_signal(int signal) {
  if (signal == SIGINT) return kExitInterrupted;
  return signal == SIGTERM ? kExitTerminated : 128 + signal;
}

}  // namespace

void WaitFlags::declare(Options& options) {
  options.flag("-d,--detach", detach, "Return once the job is accepted");
  options.toggle("wait", wait, "Wait for the end of the job");
  options.number("--wait-timeout-secs", wait_timeout_secs, 0, 365LL * 24 * 3600,
                 "Wait so long at most, then leave the job running (exit code 124); 0 is for ever");
  options.flag("--id-only", id_only, "Print the id alone, and return once it is accepted");
  options.flag("--json", json, "Print one JSON object at the end in place of the job's output");
  options.flag("--node-details", node_details, "At the end, say which node ran what");
  options.flag("--group-events", group_events, "At the end, say what happened, run by run");
  options.flag("--hide-warnings", hide_warnings, "Leave out what the node remarks about the job");
}

int exit_code_of_run(const Error& error) {
  switch (error.code) {
    case Code::InvalidArgument:
      return kExitUsage;
    case Code::NotFound:
      return kExitNotFound;
    case Code::DeadlineExceeded:
      return kExitTimedOut;
    default:
      return kExitSkreiFailed;
  }
}

async::Task<Result<int>> follow_submitted(Session& session, SubmittedJob submitted, WaitFlags flags,
                                          RunPlace place, async::Signals* signals) {
  Io& io = session.io;
  if (flags.id_only) {
    io.line(submitted.id.str());
    co_return kExitOk;
  }
  for (const std::string& warning : submitted.warnings) {
    if (!flags.hide_warnings) io.say("Warning: " + to_valid_utf8(warning));
  }
  const std::string brief = short_id(submitted.id.str());
  if (flags.detach || !flags.wait) {
    if (flags.json) {
      io.line(json::dump({{"job_id", submitted.id.str()}}));
    } else {
      io.line(submitted.id.str());
      io.say(fmt::format("Follow it: skrei job logs --follow {}", brief));
    }
    co_return kExitOk;
  }
  if (place == RunPlace::Node && !flags.json) io.say("Job " + submitted.id.str());
  io.flush();
  std::optional<async::Signals> own;
  if (signals == nullptr) signals = &own.emplace(session.loop, kFollowSignals);
  CO_TRY_ASSIGN(const Followed followed,
                co_await follow_job(session, *signals, submitted.id,
                                    {.show_output = !flags.json,
                                     .show_status = true,
                                     .may_detach = place == RunPlace::Node,
                                     .wait_max = std::chrono::seconds(flags.wait_timeout_secs)}));
  switch (followed.how) {
    case Followed::How::Detached:
      io.say(fmt::format("{} goes on; skrei job wait {}", submitted.id, brief));
      co_return kExitOk;
    case Followed::How::Interrupted:
      io.say(fmt::format("{} was stopped", submitted.id));
      co_return exit_code_of_signal(followed.signal);
    case Followed::How::TimedOut:
      io.complain(
          {Code::DeadlineExceeded,
           fmt::format("{} has not ended after {} s, and goes on", submitted.id,
                       flags.wait_timeout_secs),
           fmt::format("`skrei job wait {}` waits on, `skrei job stop {}` ends it", brief, brief)});
      co_return kExitTimedOut;
    case Followed::How::Ended:
      break;
  }
  if (flags.node_details) tell_nodes(io, followed.record);
  if (flags.group_events) tell_events(io, followed.record);
  co_return tell_ending(io, followed.record, flags, place);
}

async::Task<Result<int>> run_job(Session& session, Submission submission, WaitFlags flags,
                                 RunPlace place, async::Signals* signals) {
  CO_TRY_ASSIGN(SubmittedJob submitted, co_await session.api.submit(std::move(submission)));
  co_return co_await follow_submitted(session, std::move(submitted), flags, place, signals);
}

}  // namespace skrei::cli
