// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <initializer_list>

#include "async/signals.hpp"
#include "cli/api_command.hpp"

namespace skrei::cli {

/// What follow_job() obeys.
inline constexpr std::initializer_list<int> kFollowSignals = {SIGINT, SIGTERM, SIGHUP};

struct FollowOptions {
  /// Copy what the job writes to our stdout and stderr.
  bool show_output = true;
  /// Say how it goes: a status line on a terminal, else a line every 30 s.
  bool show_status = true;
  /// Whether the job may go on without us. Without that every signal stops it, without a question.
  bool may_detach = true;
  /// How long to wait at most; 0: until the job ends.
  Duration wait_max{0};
};

struct Followed {
  enum class How { Ended, Detached, Interrupted, TimedOut };
  How how = How::Ended;
  /// As last seen.
  JobRecord record;
  /// Interrupted: by which signal.
  int signal = 0;
};

/// Waits for a job, shows its output while it runs, and obeys signals:
///
///   on a terminal SIGINT asks (again within 3 s: stop; `d` and Enter: detach)
///   elsewhere SIGINT and SIGTERM stop the job and wait 10 s at most for its end
///   SIGHUP detaches, as does a stdout that nobody reads any more
///
/// A signal that comes while the job is being stopped ends the waiting at once. `signals` holds
/// kFollowSignals. An error means that the node could not be asked any more; the job
/// may go on.
async::Task<Result<Followed>> follow_job(Session& session, async::Signals& signals, JobId job,
                                         FollowOptions options);

}  // namespace skrei::cli
