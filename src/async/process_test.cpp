// SPDX-License-Identifier: Apache-2.0
#include "async/process.hpp"

#include <csignal>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async/fd_stream.hpp"
#include "async/loop.hpp"
#include "async/scope.hpp"
#include "async/unix_socket.hpp"
#include "base/testing/temp_dir.hpp"

namespace skrei::async {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe make_pipe() {
  int fds[2];
  EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

SpawnOptions shell(std::string script) {
  return {.program = "/bin/sh",
          .arguments = {"sh", "-c", std::move(script)},
          .environment = {"PATH=/usr/bin:/bin", "WORD=cod"}};
}

Task<std::string> read_to_end(FdStream& stream) {
  std::string text;
  std::uint8_t buffer[4096];
  while (true) {
    const auto count = co_await stream.read_some(buffer);
    EXPECT_TRUE(count) << count.error().message;
    if (!count || *count == 0) co_return text;
    text.append(reinterpret_cast<const char*>(buffer), *count);
  }
}

struct Ran {
  std::string output;
  Result<ExitStatus> status;
};

/// Runs it with its standard output on a pipe.
Ran run(SpawnOptions options) {
  Loop loop;
  Ran ran;
  Pipe pipe = make_pipe();
  options.descriptors.push_back({pipe.write.get(), 1});
  auto process = Process::spawn(loop, std::move(options));
  if (!process) return {"", fail(process.error())};
  pipe.write.reset();
  auto stream = FdStream::open(loop, std::move(pipe.read));
  loop.run_task([](Process& child, FdStream& out, Ran& result) -> Task<void> {
    result.output = co_await read_to_end(out);
    result.status = co_await child.wait();
  }(**process, **stream, ran));
  return ran;
}

TEST(Process, GivesArgumentsEnvironmentFolderAndExitCode) {
  const testing::TempDir folder;
  SpawnOptions options = shell("echo \"$WORD $(pwd -P)\"; exit 7");
  options.working_directory = folder.path();

  const Ran ran = run(std::move(options));

  EXPECT_EQ(ran.output, fmt::format("cod {}\n", canonical(folder.path()).string()));
  EXPECT_EQ(ran.status, (ExitStatus{.code = 7}));
  EXPECT_EQ(ran.status->describe(), "exit code 7");
}

TEST(Process, TheChildHasOnlyTheDescriptorsThatWereGiven) {
  const UniqueFd leaky(::open("/dev/null", O_RDONLY));  // Without O_CLOEXEC on purpose.

  const Ran ran = run(shell("for fd in /proc/self/fd/*; do echo ${fd##*/}; done"));

  // The shell opens the folder itself, at the lowest free number.
  EXPECT_EQ(ran.output, "0\n1\n2\n3\n");
}

TEST(Process, DescriptorsMaySwapNumbers) {
  Pipe first = make_pipe();
  Pipe second = make_pipe();
  SpawnOptions options = shell("read a <&$A; read b <&$B; echo $a $b");
  options.environment.push_back(fmt::format("A={}", second.read.get()));
  options.environment.push_back(fmt::format("B={}", first.read.get()));
  options.descriptors = {{first.read.get(), second.read.get()},
                         {second.read.get(), first.read.get()}};
  ASSERT_TRUE(write_all(first.write.get(), as_bytes("one\n"), "pipe"));
  ASSERT_TRUE(write_all(second.write.get(), as_bytes("two\n"), "pipe"));

  EXPECT_EQ(run(std::move(options)).output, "one two\n");
}

TEST(Process, AMissingProgramIsNamed) {
  const Ran ran = run({.program = "/nowhere/program"});

  EXPECT_EQ(ran.status.error().code, Code::NotFound);
  EXPECT_NE(ran.status.error().message.find("/nowhere/program"), std::string::npos);
}

TEST(Process, IsKilledAtItsDeadline) {
  Loop loop;
  auto process = Process::spawn(loop, shell("sleep 1000"));
  ASSERT_TRUE(process) << process.error().message;

  loop.run_task([](Process& child) -> Task<void> {
    const auto result = co_await child.wait_or_kill(5ms);
    EXPECT_EQ(result.error().code, Code::DeadlineExceeded);
    const auto status = co_await child.wait();
    EXPECT_EQ(status, (ExitStatus{.signal = SIGKILL}));
  }(**process));
}

TEST(Process, DestructionKillsAndReaps) {
  Loop loop;
  auto process = Process::spawn(loop, shell("sleep 1000"));
  ASSERT_TRUE(process) << process.error().message;
  const pid_t pid = (*process)->pid();

  process->reset();

  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Process, ChildrenGetTheDefaultForSigpipe) {
  const Ran ran = run(shell("kill -PIPE $$; echo survived"));

  EXPECT_EQ(ran.status, (ExitStatus{.signal = SIGPIPE}));
}

TEST(FdStream, WritesAllAgainstASlowReader) {
  Loop loop;
  TaskScope scope(loop);
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  auto writer = FdStream::open(loop, UniqueFd(fds[0]));
  auto reader = FdStream::open(loop, UniqueFd(fds[1]));
  const std::string sent(4 << 20, 'x');
  scope.spawn("writer", [](FdStream& out, const std::string& text) -> Task<void> {
    EXPECT_TRUE(co_await out.write_all(as_bytes(text)));
    out.shutdown_write();
  }(**writer, sent));

  loop.run_task([](FdStream& in, std::size_t expected) -> Task<void> {
    EXPECT_EQ((co_await read_to_end(in)).size(), expected);
  }(**reader, sent.size()));
  loop.run_task(scope.join());
}

TEST(FdStream, AGoneReaderIsAnErrorAndNoSignal) {
  Loop loop;
  Pipe pipe = make_pipe();
  auto stream = FdStream::open(loop, std::move(pipe.write));
  pipe.read.reset();

  loop.run_task([](FdStream& out) -> Task<void> {
    const auto result = co_await out.write_all(as_bytes("x"));
    EXPECT_EQ(result.error().code, Code::Unavailable);
  }(**stream));
}

TEST(FdStream, ARegularFileIsRefused) {
  Loop loop;
  const testing::TempDir folder;
  auto file = open_file(folder.path() / "file", O_RDWR | O_CREAT);

  EXPECT_EQ(FdStream::open(loop, *std::move(file)).error().code, Code::FailedPrecondition);
}

TEST(UnixSocket, WorksBeyondTheLengthOfAnAddress) {
  const testing::TempDir folder;
  const auto deep = folder.path() / std::string(120, 'd');
  std::filesystem::create_directory(deep);
  const auto path = deep / "socket";

  const auto listening = listen_unix(path);
  ASSERT_TRUE(listening) << listening.error().message;

  EXPECT_TRUE(connect_unix(path));
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(listen_unix(path).error().code, Code::AlreadyExists);
}

TEST(UnixSocket, ALeftOverSocketIsReplacedAndAFileIsNot) {
  const testing::TempDir folder;
  const auto path = folder.path() / "socket";
  ASSERT_TRUE(listen_unix(path));  // Closed at once: nobody listens any more.

  EXPECT_EQ(connect_unix(path).error().code, Code::Unavailable);
  EXPECT_TRUE(listen_unix(path));
  ASSERT_TRUE(write_file_atomically(folder.path() / "file", as_bytes("x")));
  EXPECT_EQ(listen_unix(folder.path() / "file").error().code, Code::AlreadyExists);
  EXPECT_EQ(connect_unix(folder.path() / "none").error().code, Code::NotFound);
}

}  // namespace
}  // namespace skrei::async
