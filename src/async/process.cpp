// SPDX-License-Identifier: Apache-2.0
#include "async/process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async/deadline.hpp"
#include "async/loop.hpp"

namespace skrei::async {

namespace asio = boost::asio;

namespace {

constexpr int kDescriptorMax = 255;

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  /// Copies of the sources above all targets come first, so that no dup2 overwrites a later source.
  Result<void> map(const std::vector<SpawnOptions::Descriptor>& descriptors) {
    int highest = 2;
    for (const auto& pair : descriptors)
      highest = std::max(highest, pair.child);
    if (highest > kDescriptorMax) {
      return fail(Code::InvalidArgument, "child descriptor {}: the highest is {}", highest,
                  kDescriptorMax);
    }
    for (int child = 0; child <= highest; ++child)
      TRY(map_one(descriptors, child, highest));
    posix_spawn_file_actions_addclosefrom_np(&actions_, highest + 1);
    return {};
  }

  void change_directory(const std::filesystem::path& path) {
    posix_spawn_file_actions_addchdir_np(&actions_, path.c_str());
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  Result<void> map_one(const std::vector<SpawnOptions::Descriptor>& descriptors, int child,
                       int highest) {
    const auto pair = std::ranges::find(descriptors, child, &SpawnOptions::Descriptor::child);
    if (pair != descriptors.end()) {
      UniqueFd copy(::fcntl(pair->parent, F_DUPFD_CLOEXEC, highest + 1));
      if (!copy) return fail_errno(fmt::format("descriptor {} for a child", pair->parent));
      posix_spawn_file_actions_adddup2(&actions_, copy.get(), child);
      copies_.push_back(std::move(copy));
    } else if (child <= 2) {
      posix_spawn_file_actions_addopen(&actions_, child, "/dev/null", O_RDWR, 0);
    } else {
      posix_spawn_file_actions_addclose(&actions_, child);
    }
    return {};
  }

  posix_spawn_file_actions_t actions_;
  std::vector<UniqueFd> copies_;
};

class Attributes {
 public:
  explicit Attributes(SpawnOptions::Group group) {
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    int flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    if (group == SpawnOptions::Group::Own) flags |= POSIX_SPAWN_SETPGROUP;
    posix_spawnattr_setflags(&attributes_, static_cast<short>(flags));
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& text : strings)
    result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

std::string ExitStatus::describe() const {
  return signal != 0 ? fmt::format("killed by signal {}", signal)
                     : fmt::format("exit code {}", code);
}

struct Process::State {
  asio::posix::stream_descriptor pidfd;
  pid_t pid = 0;
  SpawnOptions::Group group = SpawnOptions::Group::Own;
  std::optional<ExitStatus> status;
  bool released = false;

  /// Nothing if it still runs and `options` has WNOHANG.
  Result<void> reap(int options) {
    siginfo_t info = {};
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | options) != 0) {
      if (errno != EINTR) return fail_errno(fmt::format("wait for process {}", pid));
    }
    if (info.si_pid == 0) return {};
    status = info.si_code == CLD_EXITED ? ExitStatus{.code = info.si_status}
                                        : ExitStatus{.signal = info.si_status};
    return {};
  }
};

Process::Process(std::unique_ptr<State> state) : state_(std::move(state)) {}

Process::~Process() {
  if (state_->status || state_->released) return;
  static_cast<void>(kill(SIGKILL));
  static_cast<void>(state_->reap(0));  // It cannot outlive SIGKILL; there is nobody to tell.
}

Result<std::unique_ptr<Process>> Process::spawn(Loop& loop, SpawnOptions options) {
  const std::string what = fmt::format("start {}", options.program.string());
  FileActions actions;
  TRY(with_context(actions.map(options.descriptors), what));
  if (options.working_directory) actions.change_directory(*options.working_directory);
  const Attributes attributes(options.group);
  const auto arguments = pointers(options.arguments);
  const auto environment = pointers(options.environment);
  auto state = std::make_unique<State>(asio::posix::stream_descriptor(loop.context()));
  state->group = options.group;
  const int error = ::posix_spawn(&state->pid, options.program.c_str(), actions.get(),
                                  attributes.get(), arguments.data(), environment.data());
  if (error != 0) return fail(errno_error(error, what));
  std::unique_ptr<Process> process(new Process(std::move(state)));
  // The child is not reaped yet, so its number cannot have been given to another process.
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process->state_->pid, 0)));
  if (!pidfd) return fail_errno(what);
  boost::system::error_code assigned;
  process->state_->pidfd.assign(pidfd.get(), assigned);
  if (assigned) return fail(errno_error(assigned.value(), what));
  pidfd.release();
  return process;
}

pid_t Process::pid() const {
  return state_->pid;
}

Task<Result<ExitStatus>> Process::wait() {
  while (!state_->status) {
    const auto [error] = co_await state_->pidfd.async_wait(asio::posix::descriptor_base::wait_read,
                                                           asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::operation_aborted) {
      co_return fail(Code::Cancelled, "the wait for process {} was cancelled", state_->pid);
    }
    if (error) co_return fail(errno_error(error.value(), "wait for a process"));
    CO_TRY(state_->reap(WNOHANG));
  }
  co_return *state_->status;
}

Task<Result<ExitStatus>> Process::wait_or_kill(Duration limit) {
  auto result = co_await with_deadline(wait(), limit, fmt::format("process {}", state_->pid));
  if (result || result.error().code != Code::DeadlineExceeded) co_return result;
  CO_TRY(kill(SIGKILL));
  CO_TRY(co_await wait());
  co_return result;
}

Result<void> Process::kill(int signal) {
  if (state_->status) return {};
  const pid_t target = state_->group == SpawnOptions::Group::Own ? -state_->pid : state_->pid;
  if (::kill(target, signal) != 0 && errno != ESRCH) {
    return fail_errno(fmt::format("signal process {}", state_->pid));
  }
  return {};
}

void Process::release() {
  state_->released = true;
}

}  // namespace skrei::async
