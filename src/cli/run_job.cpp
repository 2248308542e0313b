// SPDX-License-Identifier: Apache-2.0
#include "cli/run_job.hpp"

#include <csignal>

#include "cli/exit_code.hpp"
#include "cli/job_ending.hpp"
#include "cli/job_follower.hpp"
#include "cli/output.hpp"
#include "json/json.hpp"
#include "model/job_json.hpp"

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

int exit_code_of_signal(int signal) {
  if (signal == SIGINT) return kExitInterrupted;
  return signal == SIGTERM ? kExitTerminated : 128 + signal;
}

}  // namespace

void WaitFlags::declare(Options& options) {
  options.flag("-d,--detach", detach, "Return once the job is accepted");
  options.toggle("wait", wait, "Wait for the end of the job");
  options.flag("--id-only", id_only, "Print the id alone, and return once it is accepted");
  options.flag("--json", json, "Print one JSON object at the end in place of the job's output");
  options.flag("--dry-run", dry_run, "Print the job as YAML and do nothing");
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

async::Task<Result<int>> run_job(Session& session, model::Job job, WaitFlags flags, RunPlace place,
                                 async::Signals* signals) {
  Io& io = session.io;
  if (flags.dry_run) {
    io.line(to_yaml_text(model::to_json(job)));
    co_return kExitOk;
  }
  CO_TRY_ASSIGN(const SubmittedJob submitted, co_await session.api.submit(std::move(job)));
  if (flags.id_only) {
    io.line(submitted.id.str());
    co_return kExitOk;
  }
  for (const std::string& warning : submitted.warnings)
    io.say("Warning: " + to_valid_utf8(warning));
  if (flags.detach || !flags.wait) {
    if (flags.json) {
      io.line(json::dump({{"job_id", submitted.id.str()}}));
    } else {
      io.line(submitted.id.str());
      io.say(fmt::format("Follow it: skrei job logs --follow {}", short_id(submitted.id.str())));
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
                                     .may_detach = place == RunPlace::Node}));
  switch (followed.how) {
    case Followed::How::Detached:
      io.say(
          fmt::format("{} goes on; skrei job wait {}", submitted.id, short_id(submitted.id.str())));
      co_return kExitOk;
    case Followed::How::Interrupted:
      io.say(fmt::format("{} was stopped", submitted.id));
      co_return exit_code_of_signal(followed.signal);
    case Followed::How::Ended:
      break;
  }
  co_return tell_ending(io, followed.record, flags, place);
}

}  // namespace skrei::cli
