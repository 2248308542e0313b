// SPDX-License-Identifier: Apache-2.0
#include "cli/job_follower.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <set>

#include <boost/asio/this_coro.hpp>
#include <poll.h>
#include <unistd.h>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "base/scope_guard.hpp"
#include "cli/output.hpp"
#include "cli/output_reader.hpp"
#include "cli/text.hpp"
#include "http/url.hpp"

namespace skrei::cli {
namespace {

using model::ComputeStateType;

constexpr Duration kConfirmTime = std::chrono::seconds(3);
constexpr Duration kStopTime = std::chrono::seconds(10);
constexpr Duration kTalkEvery = std::chrono::seconds(30);
/// For the rest of the output once the job has ended.
constexpr Duration kDrainTime = std::chrono::seconds(30);
constexpr Duration kStatusEvery = std::chrono::milliseconds(100);
/// A watch says when there is something new; this is for the case that it does not.
constexpr Duration kLookWhileWatched = std::chrono::seconds(10);
constexpr Duration kWatchAgain = std::chrono::seconds(1);
constexpr int kFailuresMax = 5;
constexpr std::array<std::string_view, 10> kSpinner{"⠋", "⠙", "⠹", "⠸", "⠼",
                                                    "⠴", "⠦", "⠧", "⠇", "⠏"};

bool has_output(const model::Execution& execution) {
  switch (execution.compute_state.state_type) {
    case ComputeStateType::Running:
    case ComputeStateType::Publishing:
    case ComputeStateType::Completed:
    case ComputeStateType::Failed:
    case ComputeStateType::Cancelled:
      return true;
    default:
      return false;
  }
}

/// A line that was typed and begins with "d", without waiting for one.
bool is_d_typed() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&input, 1, 0) <= 0 || (input.revents & POLLIN) == 0) return false;
  std::array<char, 64> line{};
  const ssize_t count = ::read(STDIN_FILENO, line.data(), line.size());
  return count > 0 && (line[0] == 'd' || line[0] == 'D');
}

/// "running", "preparing", "waiting for a node"…
std::string phase_of(const JobRecord& record) {
  std::size_t done = 0;
  std::string_view phase = "preparing";
  for (const model::Execution& execution : record.executions) {
    const auto state = execution.compute_state.state_type;
    if (state == ComputeStateType::Completed) ++done;
    if (state == ComputeStateType::Publishing) phase = "publishing its result";
  }
  for (const model::Execution& execution : record.executions) {
    if (execution.compute_state.state_type == ComputeStateType::Running) phase = "running";
  }
  if (record.job.state.state_type == model::JobStateType::Pending) return "waiting for a node";
  if (record.job.state.state_type == model::JobStateType::Queued) {
    std::string reason = record.job.state.message;
    if (const std::size_t bullet = reason.find("• "); bullet != std::string::npos) {
      reason = reason.substr(bullet + std::string_view("• ").size());
    }
    return "waiting: " + reason.substr(0, reason.find('\n'));
  }
  if (record.job.count > 1) {
    return fmt::format("{}, {} of {} done", phase, done, record.job.count);
  }
  return std::string(phase);
}

class Follower {
 public:
  Follower(Session& session, async::Signals& signals, JobId job, FollowOptions options)
      : session_(session),
        signals_(signals),
        job_(std::move(job)),
        options_(options),
        began_(clock_.boot_now()),
        talked_(began_),
        tasks_(session.loop),
        readers_(session.loop) {}

  async::Task<Result<Followed>> run() {
    tasks_.spawn("signals", watch_signals());
    tasks_.spawn("events", watch_events());
    const Result<void> polled = co_await follow();
    if (polled && how_ == Followed::How::Ended) co_await drain();
    co_await tasks_.stop();
    co_await readers_.stop();
    session_.io.status("");
    if (!polled) co_return fail(polled.error());
    co_return Followed{how_, std::move(record_), signal_};
  }

 private:
  /// Until the job has ended or nobody waits for it any more.
  async::Task<Result<void>> follow() {
    int failures = 0;
    while (true) {
      auto record = co_await session_.api.job(job_.str());
      if (record) {
        failures = 0;
        record_ = *std::move(record);
        if (options_.show_output) start_readers();
        tell_retries();
        if (model::is_terminal(record_.job.state.state_type)) {
          // Stopped because we asked for it.
          if (signal_ != 0) how_ = Followed::How::Interrupted;
          co_return Result<void>();
        }
      } else if (!is_retryable(record.error().code) || ++failures > kFailuresMax) {
        co_return fail(record.error());
      }
      if (is_over()) co_return Result<void>();
      co_await wait_for_news();
      if (is_over()) co_return Result<void>();
    }
  }

  bool is_over() {
    if (how_ == Followed::How::Detached) return true;
    if (signal_ == 0 && options_.wait_max.count() > 0 &&
        clock_.boot_now() - began_ >= options_.wait_max) {
      how_ = Followed::How::TimedOut;
      return true;
    }
    if (signal_ == 0) return false;
    if (!gives_up_ && clock_.boot_now() < stop_until_) return false;
    how_ = Followed::How::Interrupted;
    return true;
  }

  /// Until the job should be looked at again; meanwhile the status line moves.
  async::Task<void> wait_for_news() {
    const BootTime until = clock_.boot_now() + interval();
    while (!is_over()) {
      show_status();
      const Duration left = until - clock_.boot_now();
      if (left <= Duration::zero()) co_return;
      if (co_await wake_.wait(std::min(left, kStatusEvery))) co_return;
    }
  }

  /// Wakes the follower at each event of the job. A node that cannot be watched is polled.
  async::Task<void> watch_events() {
    const std::string path =
        fmt::format("orchestrator/jobs/{}/watch", http::percent_encode(job_.str()));
    while (true) {
      auto response = co_await session_.api.open(path, {});
      if (!response && !is_retryable(response.error().code)) co_return;
      std::array<std::uint8_t, 4096> bytes{};
      while (response) {
        const auto count = co_await response->body().read_some(bytes);
        is_watched_ = count && *count > 0;
        if (!is_watched_) break;
        wake_.set();
      }
      // The job has ended, or the node: the follower finds out by asking.
      wake_.set();
      if (!co_await async::sleep_for(kWatchAgain)) co_return;
    }
  }

  Duration interval() const {
    if (is_watched_) return kLookWhileWatched;
    const Duration age = clock_.boot_now() - began_;
    if (age < std::chrono::seconds(2)) return std::chrono::milliseconds(50);
    return std::chrono::milliseconds(age < std::chrono::minutes(1) ? 150 : 500);
  }

  void start_readers() {
    for (const model::Execution& execution : record_.executions) {
      if (!has_output(execution) || !reading_.insert(execution.id).second) continue;
      std::string prefix;
      if (record_.job.count > 1) prefix = fmt::format("[{}] ", execution.partition_index);
      for (const Stream source : {Stream::Stdout, Stream::Stderr}) {
        ++copying_;
        readers_.spawn("output", copy({.job = job_,
                                       .execution = execution.id,
                                       .source = source,
                                       .follow = true,
                                       .prefix = prefix}));
      }
    }
  }

  async::Task<void> copy(OutputCopy what) {
    const ExecutionId execution = what.execution;
    const ScopeGuard done([this] {
      --copying_;
      wake_.set();
    });
    const auto copied = co_await copy_output(session_.api, session_.io, std::move(what));
    if (copied || copied.error().code == Code::Cancelled) co_return;
    if (!session_.io.flush()) {
      detach();
      co_return;
    }
    session_.io.complain({copied.error().code,
                          fmt::format("output of {}: {}", execution, copied.error().message),
                          fmt::format("`skrei job logs {}` shows what is kept", job_)});
  }

  /// What failed and is tried again.
  void tell_retries() {
    if (model::is_terminal(record_.job.state.state_type)) return;
    for (const model::Execution& execution : record_.executions) {
      if (execution.compute_state.state_type != ComputeStateType::Failed) continue;
      if (!told_.insert(execution.id).second || !options_.show_status) continue;
      session_.io.say(fmt::format("{} failed on {} and is tried again: {}",
                                  short_id(execution.id.str()), short_id(execution.node_id.str()),
                                  to_valid_utf8(execution.compute_state.message)));
    }
  }

  void show_status() {
    if (!options_.show_status) return;
    const BootTime now = clock_.boot_now();
    const std::string phase = signal_ != 0 ? "stopping" : phase_of(record_);
    if (session_.io.has_status_line()) {
      session_.io.status(fmt::format("{} {} {} · {}", kSpinner[spins_++ % kSpinner.size()],
                                     short_id(job_.str()), phase, span_text(now - began_)));
    } else if (now - talked_ >= kTalkEvery) {
      talked_ = now;
      session_.io.say(
          fmt::format("{}: {}, after {}", short_id(job_.str()), phase, span_text(now - began_)));
    }
  }

  /// The end of the output may be on its way still.
  async::Task<void> drain() {
    const BootTime until = clock_.boot_now() + kDrainTime;
    while (copying_ > 0 && clock_.boot_now() < until && how_ == Followed::How::Ended &&
           !gives_up_) {
      static_cast<void>(co_await wake_.wait(std::chrono::milliseconds(20)));
    }
  }

  void detach() {
    if (how_ != Followed::How::Ended || signal_ != 0) return;
    if (!options_.may_detach) {
      tasks_.spawn("stop", stop_job(SIGPIPE));
      return;
    }
    how_ = Followed::How::Detached;
    wake_.set();
  }

  async::Task<void> watch_signals() {
    while (const auto signal = co_await signals_.next()) {
      if (signal_ != 0) {
        gives_up_ = true;
        wake_.set();
      } else if (*signal == SIGHUP && options_.may_detach) {
        detach();
      } else if (*signal == SIGINT && asks()) {
        const bool stop = co_await is_stop_confirmed();
        if (stop) co_await stop_job(SIGINT);
      } else {
        co_await stop_job(*signal);
      }
    }
  }

  bool asks() const {
    return options_.may_detach && session_.io.in_is_terminal() && session_.io.err_is_terminal();
  }

  async::Task<bool> is_stop_confirmed() {
    session_.io.say(fmt::format(
        "\nCtrl-C again within 3 s stops {}; d and Enter leaves it running and goes away",
        short_id(job_.str())));
    const BootTime until = clock_.boot_now() + kConfirmTime;
    while (clock_.boot_now() < until) {
      if (co_await signals_.next(std::chrono::milliseconds(50))) co_return true;
      if (is_d_typed()) {
        detach();
        co_return false;
      }
    }
    session_.io.say("Still waiting for the job.");
    co_return false;
  }

  async::Task<void> stop_job(int signal) {
    signal_ = signal;
    stop_until_ = clock_.boot_now() + kStopTime;
    wake_.set();
    const auto stopped = co_await session_.api.stop(job_.str(), "interrupted by its user");
    // One that has just completed cannot be stopped; the next look will see it.
    if (!stopped && stopped.error().code != Code::FailedPrecondition) {
      session_.io.complain(stopped.error());
    }
    wake_.set();
  }

  Session& session_;
  async::Signals& signals_;
  JobId job_;
  FollowOptions options_;
  SystemClock clock_;
  BootTime began_;
  BootTime talked_;
  std::size_t spins_ = 0;

  JobRecord record_;
  bool is_watched_ = false;
  std::set<ExecutionId> reading_;
  std::size_t copying_ = 0;
  std::set<ExecutionId> told_;

  Followed::How how_ = Followed::How::Ended;
  int signal_ = 0;
  BootTime stop_until_;
  bool gives_up_ = false;

  async::Event wake_{async::Event::Reset::Auto};
  async::TaskScope tasks_;
  async::TaskScope readers_;
};

}  // namespace

async::Task<Result<Followed>> follow_job(Session& session, async::Signals& signals, JobId job,
                                         FollowOptions options) {
  Follower follower(session, signals, std::move(job), options);
  co_return co_await follower.run();
}

}  // namespace skrei::cli
