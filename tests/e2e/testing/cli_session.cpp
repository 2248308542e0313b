// SPDX-License-Identifier: Apache-2.0
#include "testing/cli_session.hpp"

#include <array>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "testing/node_process.hpp"
#include "testing/runner.hpp"

namespace skrei::e2e {
namespace {

struct Ends {
  UniqueFd ours;
  /// What we write to it; the same as `ours` on a terminal (then unset).
  UniqueFd input;
  UniqueFd its_input;
  UniqueFd its_output;
  /// Unset on a terminal.
  UniqueFd errors;
  UniqueFd its_errors;
};

Result<Ends> open_terminal(int columns) {
  Ends ends;
  ends.ours = UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, 128> name{};
  if (!ends.ours || ::grantpt(ends.ours.get()) != 0 || ::unlockpt(ends.ours.get()) != 0 ||
      ::ptsname_r(ends.ours.get(), name.data(), name.size()) != 0) {
    return fail_errno("terminal");
  }
  const winsize size{
      .ws_row = 24, .ws_col = static_cast<unsigned short>(columns), .ws_xpixel = 0, .ws_ypixel = 0};
  if (::ioctl(ends.ours.get(), TIOCSWINSZ, &size) != 0) return fail_errno("terminal size");
  TRY_ASSIGN(ends.its_output, open_file(name.data(), O_RDWR | O_NOCTTY));
  return ends;
}

Result<Ends> open_pipes() {
  Ends ends;
  std::array<int, 2> output{};
  std::array<int, 2> input{};
  std::array<int, 2> errors{};
  if (::pipe2(output.data(), O_CLOEXEC) != 0) return fail_errno("pipe");
  ends.ours = UniqueFd(output[0]);
  ends.its_output = UniqueFd(output[1]);
  if (::pipe2(input.data(), O_CLOEXEC) != 0) return fail_errno("pipe");
  ends.its_input = UniqueFd(input[0]);
  ends.input = UniqueFd(input[1]);
  if (::pipe2(errors.data(), O_CLOEXEC) != 0) return fail_errno("pipe");
  ends.errors = UniqueFd(errors[0]);
  ends.its_errors = UniqueFd(errors[1]);
  return ends;
}

std::vector<std::string> environment_of(const CliRun& run, const Connection& connection) {
  std::vector<std::string> environment = test_environment(run.home);
  std::erase(environment, "NO_COLOR=1");
  if (connection.no_colour) environment.push_back("NO_COLOR=1");
  environment.push_back("TERM=" + connection.terminal);
  if (run.port != 0) {
    environment.push_back("SKREI_API_HOST=127.0.0.1");
    environment.push_back(fmt::format("SKREI_API_PORT={}", run.port));
  }
  return environment;
}

}  // namespace

Result<std::unique_ptr<CliSession>> CliSession::start(async::Loop& loop, CliRun run,
                                                      Connection connection) {
  TRY_ASSIGN(Ends ends, connection.kind == Connection::Kind::Terminal
                            ? open_terminal(connection.columns)
                            : open_pipes());
  for (const UniqueFd* end : {&ends.ours, &ends.errors}) {
    if (*end && ::fcntl(end->get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("non-blocking");
  }
  const int errors = ends.its_errors ? ends.its_errors.get() : ends.its_output.get();
  const int input = ends.its_input ? ends.its_input.get() : ends.its_output.get();
  async::SpawnOptions spawn{.program = SKREI_BINARY,
                            .arguments = {"skrei"},
                            .environment = environment_of(run, connection),
                            .working_directory = run.home,
                            .descriptors = {{input, 0}, {ends.its_output.get(), 1}, {errors, 2}}};
  spawn.arguments.insert(spawn.arguments.end(), run.arguments.begin(), run.arguments.end());
  std::unique_ptr<CliSession> session(new CliSession);
  TRY_ASSIGN(session->process_, async::Process::spawn(loop, std::move(spawn)));
  session->ours_ = std::move(ends.ours);
  session->errors_ = std::move(ends.errors);
  session->input_ = std::move(ends.input);
  return session;
}

const std::string& CliSession::shown() {
  std::array<char, 4096> buffer{};
  for (const UniqueFd* end : {&ours_, &errors_}) {
    while (*end) {
      const ssize_t count = ::read(end->get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      shown_.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }
  return shown_;
}

async::Task<Result<void>> CliSession::wait_for(std::string text, Duration limit) {
  const Result<void> seen = co_await wait_until(limit, fmt::format("{:?}", text),
                                                [this, &text] { return shown().contains(text); });
  if (seen) co_return seen;
  co_return fail(seen.error().code, "{}; shown was: {}", seen.error().message, shown_);
}

Result<void> CliSession::type(std::string_view text) {
  return write_all(input_ ? input_.get() : ours_.get(), as_bytes(text), "typing");
}

async::Task<Result<int>> CliSession::ended(Duration limit) {
  // A terminal that nobody reads would block who writes to it.
  static_cast<void>(shown());
  const auto status = co_await process_->wait_or_kill(limit);
  static_cast<void>(shown());
  if (!status)
    co_return fail(status.error().code, "{}; it showed: {}", status.error().message, shown_);
  co_return status->signal != 0 ? 128 + status->signal : status->code;
}

}  // namespace skrei::e2e
