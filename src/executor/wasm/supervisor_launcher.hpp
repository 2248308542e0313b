// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "async/loop.hpp"
#include "executor/wasm/supervisor.hpp"
#include "executor/wasm/supervisor_link.hpp"

namespace skrei::executor::wasm {

/// Finds the supervisor of a socket, and starts one where there is none.
class SupervisorLauncher {
 public:
  struct Options {
    /// What is executed with kSupervisorCommand: this very program unless a test says otherwise.
    std::filesystem::path program = "/proc/self/exe";
    SupervisorOptions supervisor;
    /// Name of the socket in the supervisor's folder.
    std::string socket;
  };

  SupervisorLauncher(async::Loop& loop, Options options)
      : loop_(loop), options_(std::move(options)) {}

  /// Unavailable with what the supervisor said if it does not start.
  async::Task<Result<std::unique_ptr<SupervisorLink>>> connect_or_start();

  /// NotFound or Unavailable if none listens there.
  async::Task<Result<std::unique_ptr<SupervisorLink>>> connect_only(std::string socket);

  const std::string& socket() const { return options_.socket; }

 private:
  async::Task<Result<void>> launch();

  async::Loop& loop_;
  Options options_;
};

}  // namespace skrei::executor::wasm
