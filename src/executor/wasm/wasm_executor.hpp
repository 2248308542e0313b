// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/blocking.hpp"
#include "async/loop.hpp"
#include "async/scope.hpp"
#include "base/clock.hpp"
#include "executor/engine.hpp"
#include "executor/execution_file.hpp"
#include "executor/execution_table.hpp"
#include "executor/output_files.hpp"
#include "executor/wasm/compile_cache.hpp"
#include "executor/wasm/module_files.hpp"
#include "executor/wasm/supervisor_launcher.hpp"
#include "model/engine_params.hpp"

namespace skrei::executor::wasm {

/// The engine "wasm": WASI preview 1 commands (model::WasmParams), run by a supervisor
/// (supervisor.hpp) that this object starts when it is first needed and finds again later. No
/// network, no GPU. The guest sees inputs and result folders at their targets; the modules
/// themselves it does not see. argv[0] is the target of the entry module. An import module is known
/// under the name of its target's file without ".wasm".
class WasmExecutor final : public Engine {
 public:
  struct Options {
    std::filesystem::path executions;
    /// Of this engine alone, made 0700: socket, log and the compile cache.
    std::filesystem::path folder;
    /// What is executed for supervisor and compiler: this very program unless a test says
    /// otherwise.
    std::filesystem::path program = "/proc/self/exe";
    WallsLevel walls = WallsLevel::Landlock;
    /// Ids that programs and compilers may become; needs root. Unset: they run as this user.
    std::optional<WallsUsers> users;
    OutputRetention retention;
    std::chrono::seconds orphan_limit{600};
    /// Folder, program and walls of the compiler are set from the above.
    CompileCache::Options compile_cache;
    /// Told of each supervisor that was found or started, to move it into its cgroup.
    std::function<void(pid_t)> on_supervisor;
  };

  /// Everything handed in outlives the engine. Blocks while a child is asked for the engine's
  /// fingerprint.
  static Result<std::unique_ptr<WasmExecutor>> open(async::Loop& loop, async::BlockingPool& pool,
                                                    const Clock& clock, Random& random,
                                                    Options options);
  ~WasmExecutor() override;

  std::string_view name() const override { return "wasm"; }
  Result<void> check(const model::Task& task) const override;
  async::Task<Result<std::vector<FoundExecution>>> recover() override;
  async::Task<Result<void>> start(ExecutionSpec spec) override;
  async::Task<Result<Exit>> wait(ExecutionId id) override;
  async::Task<Result<void>> cancel(ExecutionId id, CancelRequest request) override;
  async::Task<Result<void>> release(ExecutionId id) override;
  async::Task<Result<OutputChunk>> read_output(OutputRequest request) override;
  async::Task<Result<OutputChunk>> follow_output(OutputRequest request) override;
  async::Task<void> stop() override;

  /// Ends the supervisors and with them every running program: for nodes that are thrown away
  /// (`run --local`, devstack, tests). Before stop().
  async::Task<Result<void>> shut_down();

  CompileCacheStats compile_stats() const { return cache_->stats(); }

 private:
  struct Prepared;
  struct Starting;

  WasmExecutor(async::Loop& loop, async::BlockingPool& pool, const Clock& clock, Options options,
               std::string socket, std::unique_ptr<CompileCache> cache);

  async::Task<void> start_in_scope(ExecutionSpec spec, std::shared_ptr<Starting> starting);
  async::Task<Result<void>> start_new(ExecutionSpec spec);
  Result<std::unique_ptr<Prepared>> prepare(const ExecutionSpec& spec);
  async::Task<Result<void>> run_prepared(Prepared& prepared);
  async::Task<Result<void>> load(Prepared& prepared, std::shared_ptr<SupervisorLink> link);
  async::Task<Result<bool>> cancelled_before_start(ExecutionId id);
  async::Task<Result<void>> send_cancel(ExecutionId id, std::string reason);

  async::Task<Result<std::shared_ptr<SupervisorLink>>> current_link();
  std::shared_ptr<SupervisorLink> adopt(std::string socket, std::unique_ptr<SupervisorLink> link);
  async::Task<void> after_break(std::string socket);
  async::Task<Result<std::vector<ExecutionId>>> reconnect(std::string socket);
  async::Task<Result<FoundState>> settle(ExecutionId id, std::string socket,
                                         std::vector<ExecutionId> running);
  void ended(const ExecutionId& id, Exit exit);

  async::Loop& loop_;
  async::BlockingPool& pool_;
  const Clock& clock_;
  Options options_;
  SupervisorLauncher launcher_;
  std::unique_ptr<CompileCache> cache_;
  ModuleFiles modules_;
  OutputFiles output_;
  ExecutionTable table_;
  // By name of the socket. Shared with the tasks that use a link while it is replaced.
  std::map<std::string, std::shared_ptr<SupervisorLink>> links_;
  std::map<ExecutionId, std::string> socket_of_;
  // Cancelled while they were being prepared: the reason.
  std::map<ExecutionId, std::string> cancelled_early_;
  async::WaitQueue connected_;
  bool connecting_ = false;
  bool stopping_ = false;
  async::TaskScope scope_;
};

}  // namespace skrei::executor::wasm
