// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/supervisor_launcher.hpp"

#include <array>

#include <fcntl.h>
#include <unistd.h>

#include "async/process.hpp"
#include "async/sleep.hpp"

namespace skrei::executor::wasm {
namespace {

constexpr std::chrono::seconds kStartLimit{20};
constexpr int kConnectAttempts = 6;
constexpr std::chrono::milliseconds kFirstPause{5};

/// What is in the pipe by now, without waiting; at most a page.
std::string text_in(int fd) {
  std::array<char, 4096> text{};
  const ssize_t got = ::read(fd, text.data(), text.size());
  if (got <= 0) return "it gave no reason";
  std::string said(text.data(), static_cast<std::size_t>(got));
  while (!said.empty() && said.back() == '\n')
    said.pop_back();
  return to_valid_utf8(said);
}

}  // namespace

async::Task<Result<std::unique_ptr<SupervisorLink>>> SupervisorLauncher::connect_or_start() {
  auto found = co_await connect_only(options_.socket);
  if (found) co_return found;
  CO_TRY(co_await launch());
  co_return co_await connect_only(options_.socket);
}

/// A few attempts: a supervisor that has just taken the place may not listen yet, and one with a
/// full backlog soon will again.
async::Task<Result<std::unique_ptr<SupervisorLink>>> SupervisorLauncher::connect_only(
    std::string socket) {
  Duration pause = kFirstPause;
  for (int attempt = 1;; ++attempt) {
    auto link = co_await SupervisorLink::connect(loop_, options_.supervisor.folder / socket);
    if (link || link.error().code != Code::Unavailable || attempt == kConnectAttempts) {
      co_return link;
    }
    CO_TRY(co_await async::sleep_for(pause));
    pause *= 2;
  }
}

async::Task<Result<void>> SupervisorLauncher::launch() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) co_return fail_errno("pipe");
  const UniqueFd said(ends[0]);
  UniqueFd stderr_end(ends[1]);
  ::fcntl(said.get(), F_SETFL, O_NONBLOCK);
  std::vector<std::string> arguments = to_arguments(options_.supervisor);
  arguments.insert(arguments.begin(), "skrei");
  async::SpawnOptions spawn{.program = options_.program,
                            .arguments = std::move(arguments),
                            .environment = {},
                            .working_directory = {},
                            .descriptors = {{.parent = stderr_end.get(), .child = 2}}};
  CO_TRY_ASSIGN(const auto process, async::Process::spawn(loop_, std::move(spawn)));
  stderr_end.reset();
  CO_TRY_ASSIGN(const auto status, co_await process->wait_or_kill(kStartLimit));
  if (status.success()) co_return Result<void>();
  co_return fail(Code::Unavailable, "the WASM supervisor did not start ({}): {}", status.describe(),
                 text_in(said.get()));
}

}  // namespace skrei::executor::wasm
