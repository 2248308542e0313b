// SPDX-License-Identifier: Apache-2.0
#include "testing/cli_run.hpp"

#include <fcntl.h>

#include "async/process.hpp"
#include "base/fd.hpp"
#include "base/random.hpp"
#include "testing/node_process.hpp"

namespace skrei::e2e {

async::Task<Result<CliResult>> run_cli(async::Loop& loop, CliRun run) {
  SystemRandom random;
  const std::filesystem::path base = run.home / (".cli-" + random.uuid());
  const std::filesystem::path out_path = base.native() + ".out";
  const std::filesystem::path err_path = base.native() + ".err";
  CO_TRY_ASSIGN(const UniqueFd out, open_file(out_path, O_CREAT | O_EXCL | O_WRONLY));
  CO_TRY_ASSIGN(const UniqueFd err, open_file(err_path, O_CREAT | O_EXCL | O_WRONLY));
  async::SpawnOptions spawn{.program = SKREI_BINARY,
                            .arguments = {"skrei"},
                            .environment = test_environment(run.home),
                            .working_directory = run.home,
                            .descriptors = {{out.get(), 1}, {err.get(), 2}}};
  if (run.port != 0) {
    spawn.environment.push_back("SKREI_API_HOST=127.0.0.1");
    spawn.environment.push_back(fmt::format("SKREI_API_PORT={}", run.port));
  }
  spawn.arguments.insert(spawn.arguments.end(), run.arguments.begin(), run.arguments.end());
  CO_TRY_ASSIGN(const auto process, async::Process::spawn(loop, std::move(spawn)));
  const auto status = co_await process->wait_or_kill(run.limit);
  CO_TRY_ASSIGN(const Bytes out_bytes, read_file(out_path, 512 << 20));
  CO_TRY_ASSIGN(const Bytes err_bytes, read_file(err_path, 512 << 20));
  std::error_code ignored;
  std::filesystem::remove(out_path, ignored);
  std::filesystem::remove(err_path, ignored);
  if (!status) {
    co_return fail(status.error().code, "skrei {}: {}; it said: {}", fmt::join(run.arguments, " "),
                   status.error().message, as_chars(err_bytes));
  }
  co_return CliResult{.exit_code = status->signal != 0 ? 128 + status->signal : status->code,
                      .out = std::string(as_chars(out_bytes)),
                      .err = std::string(as_chars(err_bytes))};
}

}  // namespace skrei::e2e
