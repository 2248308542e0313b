// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "async/loop.hpp"
#include "async/process.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"

namespace skrei::e2e {

/// `skrei serve` as a process over one data directory: started, stopped, killed, started again. Its
/// port is a new one each time. At the end it is killed, and its supervisors with it.
class NodeProcess {
 public:
  struct Options {
    /// The data directory; stderr of all its runs is appended to the file beside it, ".log".
    std::filesystem::path data_dir;
    std::vector<std::string> flags = {};
  };

  NodeProcess(async::Loop& loop, Options options);
  ~NodeProcess();
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  /// Returns when /readyz answers 200; within `limit`. Else the message holds what serve said.
  async::Task<Result<void>> start(Duration limit = std::chrono::seconds(20));

  /// SIGTERM. DeadlineExceeded, and killed, when it has not ended within `limit`.
  async::Task<Result<async::ExitStatus>> stop(Duration limit = std::chrono::seconds(5));

  /// SIGKILL to the node alone; its supervisor and programs go on.
  async::Task<Result<void>> kill();

  /// Waits for an end that comes by itself.
  async::Task<Result<async::ExitStatus>> wait(Duration limit);

  Result<void> signal(int number);
  bool running() const { return process_ != nullptr; }

  /// Processes of this data directory's supervisors: the one that forks, and what it forked.
  std::vector<pid_t> supervisors() const;
  /// SIGKILL to all of them. Returns how many there were.
  std::size_t kill_supervisors() const;

  /// Of the next start.
  void set_flags(std::vector<std::string> flags) { options_.flags = std::move(flags); }

  std::uint16_t port() const { return port_; }
  pid_t pid() const;
  const std::filesystem::path& data_dir() const { return options_.data_dir; }
  /// All that its runs have said on stderr, and its supervisors in their log.
  std::string log() const;

 private:
  Result<void> spawn();
  /// From skrei.run; 0 while it is not there.
  std::uint16_t published_port() const;

  async::Loop& loop_;
  Options options_;
  std::unique_ptr<async::Process> process_;
  std::uint16_t port_ = 0;
};

/// The variables that a child of a test gets: PATH and a HOME of its own, so that no configuration
/// of the person who runs the tests counts.
std::vector<std::string> test_environment(const std::filesystem::path& home);

}  // namespace skrei::e2e
