// SPDX-License-Identifier: Apache-2.0
//
// The parent's side of a compile child.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/log.hpp"
#include "executor/wasm/compile_order.hpp"

namespace skrei::executor::wasm {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

struct ChildFds {
  int module = -1;
  int artifact = -1;
  int report = -1;
};

/// With default signals and nothing open but 0, 1 and 2.
Result<pid_t> spawn(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                    const ChildFds& fds) {
  std::vector<std::string> text = {program.string(), std::string(kCompileChildCommand)};
  text.insert(text.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : text)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::array<char*, 1> environment = {nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_adddup2(&actions, fds.module, 0);
  posix_spawn_file_actions_adddup2(&actions, fds.artifact, 1);
  posix_spawn_file_actions_adddup2(&actions, fds.report, 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  pid_t pid = -1;
  const int error =
      posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(errno_error(error, fmt::format("compiler {}", program.string())));
  return pid;
}

/// A descriptor above 2, so that putting it in place in the child overwrites no other.
Result<UniqueFd> above_standard(int fd) {
  UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) return fail_errno("compiler: descriptor");
  return copy;
}

enum class Waited { Ready, TooLong, Stopped };

Waited wait_readable(int fd, int stopped, SteadyTime deadline) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    std::array<pollfd, 2> ready = {pollfd{.fd = fd, .events = POLLIN, .revents = 0},
                                   pollfd{.fd = stopped, .events = POLLIN, .revents = 0}};
    const int count =
        poll(ready.data(), ready.size(), static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Waited::TooLong;
    return ready[1].revents != 0 ? Waited::Stopped : Waited::Ready;
  }
}

/// Reads until every writer has closed; keeps at most kCompileReportBytesMax.
Waited read_report(int fd, int stopped, SteadyTime deadline, std::string& report) {
  std::array<char, 1024> buffer{};
  while (true) {
    const Waited waited = wait_readable(fd, stopped, deadline);
    if (waited != Waited::Ready) return waited;
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Waited::Ready;
    const auto room = kCompileReportBytesMax - report.size();
    report.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
  }
}

/// Waits for the end of a child without reaping it: a hostile one may have closed its descriptors
/// and sleep.
Waited wait_end(pid_t pid, int stopped, SteadyTime deadline) {
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  return process ? wait_readable(process.get(), stopped, deadline) : Waited::TooLong;
}

Error too_costly(std::string_view what) {
  return {.code = Code::ResourceExhausted,
          .message = fmt::format("module too costly to compile: needed more than {}", what),
          .hint = "build a smaller module, or raise the node's limits for compiling"};
}

std::string memory_text(std::uint64_t bytes) {
  return bytes >= 1U << 20 ? fmt::format("{} MiB of memory", bytes >> 20)
                           : fmt::format("{} bytes of memory", bytes);
}

/// What the end of a child means that has not said it itself.
Error explain(int status, std::string_view report, const CompileLimits& limits) {
  if (WIFEXITED(status)) {
    return {Code::Internal, fmt::format("the compiler failed with exit code {}: {}",
                                        WEXITSTATUS(status), to_valid_utf8(report))};
  }
  const int signal = WTERMSIG(status);
  if (signal == SIGXCPU) {
    return too_costly(fmt::format("{} s of CPU time", limits.cpu_max.count()));
  }
  // Rust and C++ say so before they abort; SIGKILL that we have not sent is the kernel's, which
  // was out of memory, or the hard CPU limit, which SIGXCPU comes before.
  const bool no_memory = report.contains("memory allocation of") || report.contains("bad_alloc");
  if (no_memory || signal == SIGKILL) return too_costly(memory_text(limits.memory_bytes_max));
  if (signal == SIGSYS) {
    return {Code::InvalidArgument,
            "module: the compiler made a call that its sandbox forbids and was stopped"};
  }
  return {Code::InvalidArgument, fmt::format("module: the compiler crashed on it (SIG{})",
                                             sigabbrev_np(signal) ? sigabbrev_np(signal) : "?")};
}

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("compiler: pipe");
  Pipe made{.reader = UniqueFd(ends[0]), .writer = UniqueFd(ends[1])};
  TRY_ASSIGN(made.writer, above_standard(made.writer.get()));
  return made;
}

/// Waits, with a kill where that takes too long, and says how it went.
Result<void> finish(pid_t pid, int reader, int stopped, const CompileLimits& limits) {
  const auto deadline = std::chrono::steady_clock::now() + limits.wall_max;
  std::string report;
  Waited waited = read_report(reader, stopped, deadline, report);
  if (waited == Waited::Ready) waited = wait_end(pid, stopped, deadline);
  if (waited != Waited::Ready) kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno("compiler: waiting for it");
  }
  if (waited == Waited::Stopped) return fail(Code::Cancelled, "module: compiling was stopped");
  if (waited == Waited::TooLong) {
    return fail(too_costly(fmt::format("{} s", limits.wall_max.count())));
  }
  if (!WIFEXITED(status)) return fail(explain(status, report, limits));
  switch (static_cast<CompileExit>(WEXITSTATUS(status))) {
    case CompileExit::Done:
      return {};
    case CompileExit::Reported:
      return fail(parse_report(report));
  }
  return fail(explain(status, report, limits));
}

/// One child from start to end.
Result<void> run_child(const CompileRunner::Options& options, int stopped, CompileOrder order,
                       int module_fd, int artifact_fd) {
  order.limits = options.limits;
  order.level = options.level;
  order.user = options.user;
  order.parent = getpid();
  TRY_ASSIGN(Pipe report, make_pipe());
  TRY_ASSIGN(const auto module, above_standard(module_fd));
  TRY_ASSIGN(const auto artifact, above_standard(artifact_fd));
  TRY_ASSIGN(
      const pid_t pid,
      spawn(options.program, order.to_arguments(),
            {.module = module.get(), .artifact = artifact.get(), .report = report.writer.get()}));
  report.writer.reset();
  return finish(pid, report.reader.get(), stopped, options.limits);
}

}  // namespace

CompileRunner::CompileRunner(Options options)
    : options_(std::move(options)), stopped_(eventfd(0, EFD_CLOEXEC)) {}

void CompileRunner::stop() {
  const std::uint64_t one = 1;
  if (write(stopped_.get(), &one, sizeof one) < 0) log::warn("compilers are not told to stop");
}

Result<void> CompileRunner::compile(int module_fd, int artifact_fd, const Sha256Digest& digest,
                                    const native::WasmEngineOptions& engine) const {
  return run_child(options_, stopped_.get(), {.digest = digest, .engine = engine}, module_fd,
                   artifact_fd);
}

Result<std::string> CompileRunner::fingerprint(const native::WasmEngineOptions& engine) const {
  const UniqueFd answer(memfd_create("skrei-fingerprint", MFD_CLOEXEC));
  const UniqueFd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!answer || !nothing) return fail_errno("compiler: fingerprint");
  TRY(run_child(options_, stopped_.get(), {.engine = engine}, nothing.get(), answer.get()));
  std::string text(256, '\0');
  const ssize_t length = pread(answer.get(), text.data(), text.size(), 0);
  if (length <= 0) return fail(Code::Internal, "compiler: it told no fingerprint");
  text.resize(static_cast<std::size_t>(length));
  return text;
}

}  // namespace skrei::executor::wasm
