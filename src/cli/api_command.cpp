// SPDX-License-Identifier: Apache-2.0
#include "cli/api_command.hpp"

#include "cli/exit_code.hpp"
#include "cli/settings.hpp"

namespace skrei::cli {
namespace {

async::Task<void> keep_answer(async::Task<Result<int>> task, Result<int>& answer) {
  answer = co_await std::move(task);
}

}  // namespace

ApiAddress address_of(const config::Config& config) {
  return {.host = config.text("API.Host"),
          .port = static_cast<std::uint16_t>(config.whole("API.Port"))};
}

int ApiCommand::exit_code_for(const Error& error) const {
  return exit_code_of(error.code);
}

int ApiCommand::run(Context& context) {
  Io& io = context.io();
  const auto config = load_config(io, context.globals());
  if (!config) {
    io.complain(config.error());
    return kExitUsage;
  }
  const auto base = base_url(address_of(*config));
  if (!base) {
    io.complain(base.error());
    return kExitUsage;
  }
  async::Loop loop;
  // Uploads and downloads hold a thread each while they last.
  async::BlockingPool pool({.threads = 8, .queue_limit = 1024});
  Result<int> answer = kExitFailure;
  {
    ApiClient api(loop, *base);
    Session session{io, *config, loop, pool, api};
    loop.run_task(keep_answer(work(session), answer));
  }
  pool.stop();
  if (answer) return *answer;
  io.complain(answer.error());
  return exit_code_for(answer.error());
}

}  // namespace skrei::cli
