// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/supervisor_runs.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.hpp"
#include "base/log.hpp"

namespace skrei::executor::wasm {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::size_t kDiskEntriesMax = 20'000;
constexpr std::chrono::seconds kDiskPace{1};
constexpr std::chrono::milliseconds kCpuPaceMin{1};

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe");
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return fail_errno("pipe");
  return pipe;
}

/// The folder /proc/self/task has a link for each thread beside its own two.
bool is_single_threaded() {
  struct stat info{};
  return ::stat("/proc/self/task", &info) == 0 && info.st_nlink == 3;
}

std::chrono::microseconds cpu_time_of(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return {};
  return std::chrono::seconds(used.tv_sec) +
         std::chrono::duration_cast<std::chrono::microseconds>(Duration(used.tv_nsec));
}

std::chrono::microseconds time_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

struct SupervisorRuns::Stream {
  Pipe pipe;
  OutputWriter kept;
};

struct SupervisorRuns::Run {
  ExecutionId id;
  ExecutionFile file;
  Limits limits;
  std::vector<std::filesystem::path> result_folders;
  std::array<Stream, 2> streams;
  Pipe outcome;
  pid_t pid = 0;
  UniqueFd process;
  std::optional<WallsUser> user;
  WallTime started;
  std::optional<Stop> stop;
  std::optional<BootTime> wall_deadline;
  std::optional<BootTime> cpu_check;
  std::optional<BootTime> disk_check;

  std::uint64_t output_bytes() const {
    return streams[0].kept.written() + streams[1].kept.written();
  }
};

SupervisorRuns::SupervisorRuns(Poller& poller, const Clock& clock, const SeccompProgram* seccomp,
                               Options options, OnEnded on_ended)
    : poller_(poller),
      clock_(clock),
      seccomp_(seccomp),
      options_(std::move(options)),
      on_ended_(std::move(on_ended)),
      buffer_(kReadBytes) {}

SupervisorRuns::~SupervisorRuns() = default;

Result<void> SupervisorRuns::start(const StartProgram& start, const native::WasmProgram& program) {
  if (runs_.contains(start.id)) return {};
  if (runs_.size() >= options_.runs_max) {
    return fail(Code::Unavailable, "{} WASM programs run at once; no more fit", runs_.size());
  }
  TRY_ASSIGN(auto file, ExecutionFile::open(options_.executions, start.id));
  TRY_ASSIGN(const auto exit, file.read_exit());
  if (exit) return {};
  TRY_ASSIGN(auto prepared, prepare(start, std::move(file)));
  Run& run = *prepared;
  TRY(run.file.mark_begun());
  if (options_.users) {
    TRY_ASSIGN(run.user, options_.users->take());
  }
  if (auto forked = fork_child(run, start, program); !forked) {
    if (run.user) options_.users->give_back(*run.user);
    return forked;
  }
  runs_.emplace(start.id, std::move(prepared));
  if (auto watched = watch(run); !watched) {
    kill(run, {ExitKind::NodeFault, {}, watched.error().message});
    finish(run);
  }
  return {};
}

Result<std::unique_ptr<SupervisorRuns::Run>> SupervisorRuns::prepare(const StartProgram& start,
                                                                     ExecutionFile file) {
  TRY_ASSIGN(Pipe out_pipe, make_pipe());
  TRY_ASSIGN(Pipe err_pipe, make_pipe());
  TRY_ASSIGN(Pipe outcome, make_pipe());
  std::array<Stream, 2> streams{
      Stream{std::move(out_pipe), file.writer(OutputSource::Stdout, options_.retention)},
      Stream{std::move(err_pipe), file.writer(OutputSource::Stderr, options_.retention)}};
  auto run = std::make_unique<Run>(Run{.id = start.id,
                                       .file = std::move(file),
                                       .limits = start.limits,
                                       .result_folders = {},
                                       .streams = std::move(streams),
                                       .outcome = std::move(outcome),
                                       .process = {},
                                       .user = {},
                                       .started = clock_.now(),
                                       .stop = {},
                                       .wall_deadline = {},
                                       .cpu_check = {},
                                       .disk_check = {}});
  for (const GuestFolder& guest_folder : start.folders) {
    if (guest_folder.access == Access::ReadWrite) {
      run->result_folders.emplace_back(guest_folder.host_path);
    }
  }
  const BootTime now = clock_.boot_now();
  if (start.limits.wall_time.count() > 0) run->wall_deadline = now + start.limits.wall_time;
  if (start.limits.cpu_time.count() > 0) run->cpu_check = now + start.limits.cpu_time;
  if (start.limits.disk_bytes > 0) run->disk_check = now + kDiskPace;
  return run;
}

Result<void> SupervisorRuns::fork_child(Run& run, const StartProgram& start,
                                        const native::WasmProgram& program) {
  SKREI_ASSERT(is_single_threaded());
  const pid_t supervisor = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("fork of a WASM program");
  if (pid == 0) {
    run_guest({.start = start,
               .program = program,
               .seccomp = seccomp_,
               .walls = options_.walls,
               .user = run.user,
               .supervisor = supervisor,
               .stdout_fd = run.streams[0].pipe.write_end.get(),
               .stderr_fd = run.streams[1].pipe.write_end.get(),
               .outcome_fd = run.outcome.write_end.get()});
  }
  run.pid = pid;
  for (Stream& stream : run.streams)
    stream.pipe.write_end.reset();
  run.outcome.write_end.reset();
  // The child is not reaped before, so the number is still its own.
  run.process.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (run.process) return {};
  auto failed = fail_errno("pidfd of a WASM program");
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return failed;
}

Result<void> SupervisorRuns::watch(Run& run) {
  for (Stream& stream : run.streams) {
    TRY(poller_.add(stream.pipe.read_end.get(), EPOLLIN,
                    [this, &run, &stream](std::uint32_t) { on_output(run, stream); }));
  }
  return poller_.add(run.process.get(), EPOLLIN, [this, &run](std::uint32_t) { finish(run); });
}

/// One piece, so that a program that writes without end does not hold up the others.
void SupervisorRuns::on_output(Run& run, Stream& stream) {
  const auto more = read_once(run, stream);
  if (more && *more) return;
  poller_.remove(stream.pipe.read_end.get());
  if (!more) kill(run, {ExitKind::NodeFault, {}, more.error().message});
}

/// False at the end of the stream.
Result<bool> SupervisorRuns::read_once(Run& run, Stream& stream) {
  const ssize_t got = ::read(stream.pipe.read_end.get(), buffer_.data(), buffer_.size());
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return true;
    return fail_errno("output of a WASM program");
  }
  if (got == 0) return false;
  TRY(stream.kept.append(ByteView(buffer_).first(static_cast<std::size_t>(got))));
  if (run.limits.output_bytes > 0 && run.output_bytes() > run.limits.output_bytes) {
    kill(run, output_stop(run.limits));
  }
  return true;
}

GuestEnd SupervisorRuns::reap(Run& run) {
  GuestEnd end{.stop = std::move(run.stop),
               .outcome = {},
               .limits = run.limits,
               .started = run.started,
               .ended = clock_.now()};
  rusage usage{};
  while (::wait4(run.pid, &end.wait_status, 0, &usage) < 0 && errno == EINTR) {
  }
  end.cpu_time = time_of(usage.ru_utime) + time_of(usage.ru_stime);
  end.resident_peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  const ssize_t got = ::read(run.outcome.read_end.get(), buffer_.data(), buffer_.size());
  if (got > 0) end.outcome = decode_outcome(ByteView(buffer_).first(static_cast<std::size_t>(got)));
  if (!run.result_folders.empty()) end.disk_bytes = measure(run.result_folders, kDiskEntriesMax);
  return end;
}

/// The child is gone: takes what is left in its pipes, writes the record, tells.
void SupervisorRuns::finish(Run& run) {
  poller_.remove(run.process.get());
  for (Stream& stream : run.streams)
    poller_.remove(stream.pipe.read_end.get());
  GuestEnd end = reap(run);
  if (run.user) options_.users->give_back(*run.user);
  for (Stream& stream : run.streams) {
    // No process has the write end any more: the pipe ends after at most its capacity.
    auto more = read_once(run, stream);
    while (more && *more)
      more = read_once(run, stream);
    if (!more) end.stop = Stop{ExitKind::NodeFault, {}, more.error().message};
    if (!more) end.outcome.reset();
  }
  const Exit exit = exit_of(end);
  if (const auto written = run.file.write_exit(exit); !written) {
    log::error(written.error().message, {{"execution", run.id.str()}});
  }
  const auto node = runs_.extract(run.id);
  on_ended_(node.key(), exit);
}

void SupervisorRuns::stop(const ExecutionId& id, Stop stop) {
  if (const auto found = runs_.find(id); found != runs_.end())
    kill(*found->second, std::move(stop));
}

void SupervisorRuns::stop_all(const Stop& stop) {
  for (const auto& [id, run] : runs_)
    kill(*run, stop);
}

void SupervisorRuns::kill(Run& run, Stop stop) {
  if (run.stop) return;
  run.stop = std::move(stop);
  ::syscall(SYS_pidfd_send_signal, run.process.get(), SIGKILL, nullptr, 0);
}

std::vector<ExecutionId> SupervisorRuns::running() const {
  std::vector<ExecutionId> ids;
  for (const auto& [id, run] : runs_)
    ids.push_back(id);
  return ids;
}

std::optional<BootTime> SupervisorRuns::next_deadline() const {
  std::optional<BootTime> next;
  for (const auto& [id, run] : runs_) {
    if (run->stop) continue;
    for (const auto& deadline : {run->wall_deadline, run->cpu_check, run->disk_check}) {
      if (deadline && (!next || *deadline < *next)) next = deadline;
    }
  }
  return next;
}

void SupervisorRuns::on_time() {
  const BootTime now = clock_.boot_now();
  for (const auto& [id, run] : runs_) {
    if (!run->stop) check_limits(*run, now);
  }
}

void SupervisorRuns::check_limits(Run& run, BootTime now) {
  if (run.wall_deadline && *run.wall_deadline <= now) return kill(run, wall_time_stop(run.limits));
  if (run.cpu_check && *run.cpu_check <= now) {
    const auto left = run.limits.cpu_time - cpu_time_of(run.pid);
    if (left.count() <= 0) return kill(run, cpu_time_stop(run.limits));
    // It cannot use up what is left any sooner.
    run.cpu_check = now + std::max<Duration>(left, kCpuPaceMin);
  }
  if (run.disk_check && *run.disk_check <= now) {
    const std::uint64_t used = measure(run.result_folders, kDiskEntriesMax);
    if (used > run.limits.disk_bytes) return kill(run, disk_stop(run.limits, used));
    run.disk_check = now + kDiskPace;
  }
}

}  // namespace skrei::executor::wasm
