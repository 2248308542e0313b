// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "executor/wasm/poller.hpp"
#include "executor/wasm/program_cache.hpp"
#include "executor/wasm/supervisor.hpp"
#include "executor/wasm/supervisor_protocol.hpp"
#include "executor/wasm/supervisor_runs.hpp"

namespace skrei::executor::wasm {

/// The supervisor's conversation with nodes, and its life: serves until it is told to end or no
/// node has come for the orphan limit. One thread.
class SupervisorServer {
 public:
  /// `engine` outlives the server and is warmed up.
  static Result<std::unique_ptr<SupervisorServer>> open(const SupervisorOptions& options,
                                                        const native::WasmEngine& engine,
                                                        UniqueFd listener);

  ~SupervisorServer();
  SupervisorServer(const SupervisorServer&) = delete;
  SupervisorServer& operator=(const SupervisorServer&) = delete;

  /// Returns when every program has ended and there is nothing more to wait for.
  Result<void> serve();

 private:
  struct Client;

  SupervisorServer(const SupervisorOptions& options, const native::WasmEngine& engine,
                   UniqueFd listener, UniqueFd signals, Poller poller,
                   std::optional<SeccompProgram> seccomp, std::optional<UserSlots> users);

  Result<void> watch();
  void accept_client();
  void on_client(Client& client, std::uint32_t events);
  Result<void> receive(Client& client);
  Result<void> handle(Client& client, Message message);
  Reply load(Client& client, const LoadProgram& load);
  Reply start(const StartProgram& start);
  void send(Client& client, const Message& message);
  Result<void> flush(Client& client);
  void drop(Client& client);
  void tell_ended(const ExecutionId& id, const Exit& exit);
  void end_soon(std::string why);
  void check_orphaned();
  bool done() const;
  std::optional<Duration> time_to_next() const;

  SupervisorOptions options_;
  SystemClock clock_;
  UniqueFd listener_;
  UniqueFd signals_;
  Poller poller_;
  std::optional<SeccompProgram> seccomp_;
  ProgramCache programs_;
  SupervisorRuns runs_;
  std::map<int, std::unique_ptr<Client>> clients_;
  std::optional<BootTime> orphan_deadline_;
  bool ending_ = false;
};

}  // namespace skrei::executor::wasm
