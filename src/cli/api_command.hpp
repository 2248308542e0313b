// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/blocking.hpp"
#include "async/loop.hpp"
#include "async/task.hpp"
#include "cli/api_client.hpp"
#include "cli/command.hpp"
#include "cli/context.hpp"
#include "config/config.hpp"

namespace skrei::cli {

/// What a command works with while it runs: settings, a loop, threads for files, the node's API.
struct Session {
  Io& io;
  const config::Config& config;
  async::Loop& loop;
  async::BlockingPool& pool;
  ApiClient& api;
};

/// A command whose work is one task. An Error that leaves the task is told and becomes the exit
/// code.
class ApiCommand : public Command {
 public:
  int run(Context& context) final;

 protected:
  /// The exit code. The session outlives the task.
  virtual async::Task<Result<int>> work(Session& session) = 0;
  /// What the command ends with when `error` left its task.
  virtual int exit_code_for(const Error& error) const;
};

/// The node's address by the settings.
ApiAddress address_of(const config::Config& config);

}  // namespace skrei::cli
