// SPDX-License-Identifier: Apache-2.0
#include "testing/node_process.hpp"

#include <charconv>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <sys/wait.h>

#include "async/sleep.hpp"
#include "base/fd.hpp"
#include "http/client.hpp"
#include "testing/runner.hpp"

namespace skrei::e2e {
namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::string text_of(const fs::path& path) {
  const auto bytes = read_file(path, 64 << 20);
  return bytes ? std::string(as_chars(*bytes)) : "";
}

/// Whether a child of ours has ended and waits to be reaped.
bool has_ended(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

/// What /readyz answers; 0 for nobody.
async::Task<int> readiness(async::Loop& loop, std::uint16_t port) {
  http::Client client(loop, {.connect = 1s, .first_byte = 2s});
  http::ClientRequest request;
  request.url = {.scheme = "http", .host = "127.0.0.1", .port = port, .path = "/readyz"};
  auto response = co_await client.send(std::move(request));
  co_return response ? response->status() : 0;
}

}  // namespace

std::vector<std::string> test_environment(const fs::path& home) {
  return {"PATH=/usr/bin:/bin", "HOME=" + home.native(), "LANG=C.UTF-8", "NO_COLOR=1"};
}

NodeProcess::NodeProcess(async::Loop& loop, Options options)
    : loop_(loop), options_(std::move(options)) {}

NodeProcess::~NodeProcess() {
  process_.reset();
  kill_supervisors();
}

pid_t NodeProcess::pid() const {
  return process_ ? process_->pid() : 0;
}

std::string NodeProcess::log() const {
  std::string text = text_of(options_.data_dir.native() + ".log");
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options_.data_dir / "wasm", error)) {
    if (entry.path().extension() == ".log") text += "-- supervisor:\n" + text_of(entry.path());
  }
  return text;
}

Result<void> NodeProcess::spawn() {
  TRY_ASSIGN(const UniqueFd log,
             open_file(options_.data_dir.native() + ".log", O_CREAT | O_WRONLY | O_APPEND));
  async::SpawnOptions spawn{
      .program = SKREI_BINARY,
      .arguments = {"skrei", "serve", "--data-dir", options_.data_dir.native(), "--api-port", "0"},
      .environment = test_environment(options_.data_dir.parent_path()),
      .descriptors = {{log.get(), 1}, {log.get(), 2}}};
  spawn.arguments.insert(spawn.arguments.end(), options_.flags.begin(), options_.flags.end());
  TRY_ASSIGN(process_, async::Process::spawn(loop_, std::move(spawn)));
  return {};
}

std::uint16_t NodeProcess::published_port() const {
  const std::string text = text_of(options_.data_dir / "skrei.run");
  constexpr std::string_view kKey = "SKREI_API_PORT=";
  const std::size_t at = text.find(kKey);
  std::uint16_t port = 0;
  if (at != std::string::npos) {
    std::from_chars(text.data() + at + kKey.size(), text.data() + text.size(), port);
  }
  return port;
}

async::Task<Result<void>> NodeProcess::start(Duration limit) {
  // What a killed run left would name its port.
  std::error_code ignored;
  fs::remove(options_.data_dir / "skrei.run", ignored);
  const std::string said_before = log();
  CO_TRY(spawn());
  const SystemClock clock;
  const BootTime deadline = clock.boot_now() + limit;
  while (clock.boot_now() < deadline) {
    port_ = published_port();
    if (port_ != 0 && co_await readiness(loop_, port_) == 200) co_return Result<void>();
    if (has_ended(process_->pid())) break;
    CO_TRY(co_await async::sleep_for(5ms));
  }
  co_await kill();
  co_return fail(Code::Unavailable, "skrei serve is not ready; it said:\n{}",
                 log().substr(std::min(said_before.size(), log().size())));
}

async::Task<Result<async::ExitStatus>> NodeProcess::wait(Duration limit) {
  if (!process_) co_return fail(Code::FailedPrecondition, "the node does not run");
  auto ended = co_await process_->wait_or_kill(limit);
  process_.reset();
  co_return ended;
}

async::Task<Result<async::ExitStatus>> NodeProcess::stop(Duration limit) {
  CO_TRY(signal(SIGTERM));
  co_return co_await wait(limit);
}

async::Task<Result<void>> NodeProcess::kill() {
  CO_TRY(signal(SIGKILL));
  CO_TRY(co_await wait(10s));
  co_return Result<void>();
}

Result<void> NodeProcess::signal(int number) {
  if (!process_) return fail(Code::FailedPrecondition, "the node does not run");
  // To the node alone, as kill(1) does: not to its group.
  if (::kill(process_->pid(), number) != 0) return fail_errno("kill");
  return {};
}

std::vector<pid_t> NodeProcess::supervisors() const {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad != std::errc() || end != name.data() + name.size()) continue;
    const std::string command = text_of(entry.path() / "cmdline");
    const bool is_supervisor = command.contains("wasm-supervisor");
    if (is_supervisor && command.contains(options_.data_dir.native() + "/")) found.push_back(pid);
  }
  return found;
}

std::size_t NodeProcess::kill_supervisors() const {
  const std::vector<pid_t> found = supervisors();
  for (const pid_t pid : found)
    ::kill(pid, SIGKILL);
  return found.size();
}

}  // namespace skrei::e2e
