// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "async/process.hpp"
#include "base/fd.hpp"
#include "testing/cli_run.hpp"

namespace skrei::e2e {

/// How a command is connected to the world.
struct Connection {
  enum class Kind {
    Pipe,      ///< stdin, stdout and stderr are a pipe of ours each; no terminal.
    Terminal,  ///< All three are one terminal of ours.
  };
  Kind kind = Kind::Pipe;
  int columns = 80;
  /// TERM.
  std::string terminal = "xterm";
  /// Whether NO_COLOR is set.
  bool no_colour = false;
};

/// A command of `skrei` that runs while the test goes on: a test reads what it shows, types, sends
/// signals. Killed at its end.
class CliSession {
 public:
  static Result<std::unique_ptr<CliSession>> start(async::Loop& loop, CliRun run,
                                                   Connection connection);

  /// All that was written so far. The order between stdout and stderr is kept on a terminal only.
  const std::string& shown();
  /// DeadlineExceeded, with what was shown in its place, after `limit`.
  async::Task<Result<void>> wait_for(std::string text, Duration limit = std::chrono::seconds(20));

  Result<void> type(std::string_view text);
  Result<void> signal(int number) { return process_->kill(number); }
  /// Nobody reads its stdout any more.
  void close_output() { ours_.reset(); }
  /// Within `limit`, else killed: the exit code, or 128 + signal.
  async::Task<Result<int>> ended(Duration limit = std::chrono::seconds(30));

 private:
  CliSession() = default;

  UniqueFd ours_;
  UniqueFd errors_;
  UniqueFd input_;
  std::string shown_;
  std::unique_ptr<async::Process> process_;
};

}  // namespace skrei::e2e
