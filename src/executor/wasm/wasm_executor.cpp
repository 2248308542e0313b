// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/wasm_executor.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/log.hpp"
#include "base/scope_guard.hpp"
#include "executor/wasm/guest_folders.hpp"
#include "executor/wasm/user_slots.hpp"
#include "executor/wasm/wasm_task.hpp"

namespace skrei::executor::wasm {
namespace {

// A program may have to be loaded, and be evicted again before it is started.
constexpr int kStartAttempts = 4;
constexpr std::chrono::seconds kReconnectLimit{15};
constexpr std::chrono::seconds kShutdownLimit{10};

Result<UniqueFd> duplicate(int fd) {
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) return fail_errno("WASM module");
  return copy;
}

Result<void> make_private_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail_errno(folder.native());
}

/// Where inputs that are single files get a folder of their own.
std::filesystem::path scratch_of(const std::filesystem::path& executions, const ExecutionId& id) {
  return executions / (id.str() + ".single");
}

Result<void> remove_scratch(const std::filesystem::path& executions, const ExecutionId& id) {
  const std::filesystem::path scratch = scratch_of(executions, id);
  std::error_code error;
  std::filesystem::remove_all(scratch, error);
  if (error) return fail(errno_error(error.value(), scratch.native()));
  return {};
}

std::unexpected<Error> stopped() {
  return fail(Code::Unavailable, "the engine \"wasm\" is stopped");
}

SupervisorLauncher::Options launcher_options(const WasmExecutor::Options& options,
                                             std::string socket) {
  return {.program = options.program,
          .supervisor = {.folder = options.folder,
                         .executions = options.executions,
                         .walls = options.walls,
                         .users = options.users,
                         .retention = options.retention,
                         .orphan_limit = options.orphan_limit},
          .socket = std::move(socket)};
}

}  // namespace

/// An execution on its way to the supervisor.
struct WasmExecutor::Prepared {
  StartProgram request;
  std::string entrypoint;
  std::vector<std::string> imports;
  std::vector<ModuleFile> modules;
};

/// What start() waits for. Shared with the task that starts, which the caller cannot cancel.
struct WasmExecutor::Starting {
  Result<void> result;
  async::Event done{async::Event::Reset::Manual};
};

WasmExecutor::WasmExecutor(async::Loop& loop, async::BlockingPool& pool, const Clock& clock,
                           Options options, std::string socket, std::unique_ptr<CompileCache> cache)
    : loop_(loop),
      pool_(pool),
      clock_(clock),
      options_(std::move(options)),
      launcher_(loop_, launcher_options(options_, std::move(socket))),
      cache_(std::move(cache)),
      output_(options_.executions, pool_),
      scope_(loop_) {}

WasmExecutor::~WasmExecutor() = default;

Result<std::unique_ptr<WasmExecutor>> WasmExecutor::open(async::Loop& loop,
                                                         async::BlockingPool& pool,
                                                         const Clock& clock, Random& random,
                                                         Options options) {
  TRY(make_private_folder(options.folder));
  CompileCache::Options cache_options = options.compile_cache;
  cache_options.folder = options.folder / "compiled";
  cache_options.compiler.program = options.program;
  cache_options.compiler.level = options.walls;
  if (options.users) cache_options.compiler.user = compiler_user(*options.users);
  TRY_ASSIGN(const std::string fingerprint, CompileRunner(cache_options.compiler).fingerprint({}));
  TRY_ASSIGN(auto cache, CompileCache::open(std::move(cache_options), pool, clock, random));
  return std::unique_ptr<WasmExecutor>(new WasmExecutor(
      loop, pool, clock, std::move(options), socket_name(fingerprint), std::move(cache)));
}

Result<void> WasmExecutor::check(const model::Task& task) const {
  return check_task(task);
}

async::Task<Result<std::vector<FoundExecution>>> WasmExecutor::recover() {
  struct Left {
    ExecutionId id;
    std::string socket;
  };
  const auto look = [this]() -> Result<std::vector<Left>> {
    TRY_ASSIGN(const auto ids, ExecutionFile::started(options_.executions, name()));
    std::vector<Left> left;
    for (const ExecutionId& id : ids) {
      TRY_ASSIGN(const auto file, ExecutionFile::open(options_.executions, id));
      TRY_ASSIGN(const auto start, file.read_start());
      if (start) left.push_back({id, std::string(as_chars(start->state))});
    }
    return left;
  };
  CO_TRY_ASSIGN(const auto left, co_await async::blocking(pool_, look));
  // Empty where no supervisor answers any more.
  std::map<std::string, std::vector<ExecutionId>> running;
  for (const Left& one : left) {
    if (running.contains(one.socket)) continue;
    std::vector<ExecutionId>& ids = running[one.socket];
    if (!is_socket_name(one.socket)) continue;
    if (auto listed = co_await reconnect(one.socket)) ids = *std::move(listed);
  }
  std::vector<FoundExecution> found;
  for (const Left& one : left) {
    CO_TRY_ASSIGN(const FoundState state,
                  co_await settle(one.id, one.socket, running.at(one.socket)));
    found.push_back({one.id, state});
  }
  co_return found;
}

/// An execution stands where its record or its supervisor says; one that neither knows is lost.
async::Task<Result<FoundState>> WasmExecutor::settle(ExecutionId id, std::string socket,
                                                     std::vector<ExecutionId> running) {
  if (std::ranges::find(running, id) != running.end()) {
    socket_of_[id] = socket;
    table_.add_running(id);
    co_return FoundState::Running;
  }
  const auto look = [&]() -> Result<Exit> {
    TRY_ASSIGN(const auto file, ExecutionFile::open(options_.executions, id));
    TRY_ASSIGN(auto exit, file.read_exit());
    if (exit) return *std::move(exit);
    TRY_ASSIGN(const auto start, file.read_start());
    TRY_ASSIGN(const bool began, file.has_begun());
    Exit lost{.kind = began ? ExitKind::NodeFault : ExitKind::NotStarted,
              .message = began ? "the WASM supervisor ended while the program ran"
                               : "the node went down before the program was started",
              .started = start ? start->started : clock_.now(),
              .ended = clock_.now()};
    TRY(file.write_exit(lost));
    return lost;
  };
  CO_TRY_ASSIGN(Exit exit, co_await async::blocking(pool_, look));
  ended(id, std::move(exit));
  co_return FoundState::Ended;
}

void WasmExecutor::ended(const ExecutionId& id, Exit exit) {
  socket_of_.erase(id);
  table_.ended(id, std::move(exit));
}

async::Task<Result<void>> WasmExecutor::start(ExecutionSpec spec) {
  CO_TRY_ASSIGN(const auto turn, co_await table_.begin(spec.id));
  if (turn == ExecutionTable::Turn::StartedBefore) co_return Result<void>();
  const auto starting = std::make_shared<Starting>();
  scope_.spawn("start of a WASM program", start_in_scope(std::move(spec), starting));
  CO_TRY(co_await starting->done.wait());
  co_return starting->result;
}

async::Task<void> WasmExecutor::start_in_scope(ExecutionSpec spec,
                                               std::shared_ptr<Starting> starting) {
  const ExecutionId id = spec.id;
  const ScopeGuard tell([&] { starting->done.set(); });
  starting->result = stopped();
  auto result = co_await start_new(std::move(spec));
  cancelled_early_.erase(id);
  // A stopping engine may have started it: the next one looks.
  if (!result && !stopping_) {
    const auto clean = [&]() -> Result<void> {
      TRY(ExecutionFile::remove(options_.executions, id));
      return remove_scratch(options_.executions, id);
    };
    if (const auto cleaned = co_await async::blocking(pool_, clean); !cleaned) {
      log::warn(cleaned.error().message, {{"execution", id.str()}});
    }
    socket_of_.erase(id);
  }
  if (!result) table_.failed(id);
  starting->result = std::move(result);
}

async::Task<Result<void>> WasmExecutor::start_new(ExecutionSpec spec) {
  const auto work = [&] {
    return prepare(spec);
  };
  CO_TRY_ASSIGN(const auto prepared, co_await async::blocking(pool_, work));
  co_return co_await run_prepared(*prepared);
}

/// Everything that files are needed for; the start record comes last. Runs on the pool.
Result<std::unique_ptr<WasmExecutor::Prepared>> WasmExecutor::prepare(const ExecutionSpec& spec) {
  TRY_ASSIGN(const auto params, model::wasm_params(spec.engine));
  TRY_ASSIGN(ModuleInputs inputs, split_inputs(params, spec.inputs));
  auto prepared = std::make_unique<Prepared>();
  std::vector<Sha256Digest> digests;
  for (const auto& path : inputs.modules) {
    TRY_ASSIGN(ModuleFile module, modules_.open(path));
    digests.push_back(module.digest);
    prepared->modules.push_back(std::move(module));
  }
  StartProgram& request = prepared->request;
  TRY_ASSIGN(request.folders,
             lay_out(inputs.others, spec.results, scratch_of(options_.executions, spec.id)));
  request.id = spec.id;
  request.program = program_key(digests, inputs.imports, params.entrypoint);
  request.args = {params.entry_module};
  request.args.insert(request.args.end(), params.parameters.begin(), params.parameters.end());
  request.env.assign(spec.env.begin(), spec.env.end());
  request.limits = spec.limits;
  prepared->entrypoint = params.entrypoint;
  prepared->imports = std::move(inputs.imports);
  TRY_ASSIGN(const auto file, ExecutionFile::create(options_.executions, spec.id));
  TRY(file.write_start({.engine = std::string(name()),
                        .started = clock_.now(),
                        .state = to_bytes(launcher_.socket())}));
  return prepared;
}

async::Task<Result<void>> WasmExecutor::run_prepared(Prepared& prepared) {
  const ExecutionId id = prepared.request.id;
  pid_t tried = 0;
  for (int attempt = 0; attempt < kStartAttempts; ++attempt) {
    CO_TRY_ASSIGN(const bool cancelled, co_await cancelled_before_start(id));
    if (cancelled) co_return Result<void>();
    CO_TRY_ASSIGN(const auto link, co_await current_link());
    // The supervisor that may have started it is gone, and with it the program.
    if (tried != 0 && tried != link->pid()) break;
    socket_of_[id] = launcher_.socket();
    const auto reply = co_await link->run(prepared.request);
    if (!reply) {
      if (reply.error().code != Code::Unavailable) co_return fail(reply.error());
      tried = link->pid();
    } else if (reply->status == Reply::Status::Failed) {
      co_return fail(reply->code, "{}", reply->message);
    } else if (reply->status == Reply::Status::NotLoaded) {
      CO_TRY(co_await load(prepared, link));
    } else {
      table_.started(id);
      const auto early = cancelled_early_.find(id);
      if (early != cancelled_early_.end()) CO_TRY(co_await send_cancel(id, early->second));
      co_return Result<void>();
    }
  }
  co_return fail(Code::Unavailable, "execution {}: the WASM supervisor did not start it", id);
}

async::Task<Result<bool>> WasmExecutor::cancelled_before_start(ExecutionId id) {
  const auto early = cancelled_early_.find(id);
  if (early == cancelled_early_.end()) co_return false;
  Exit exit{.kind = ExitKind::Cancelled,
            .message = early->second,
            .started = clock_.now(),
            .ended = clock_.now()};
  const auto write = [&]() -> Result<void> {
    TRY_ASSIGN(const auto file, ExecutionFile::open(options_.executions, id));
    return file.write_exit(exit);
  };
  CO_TRY(co_await async::blocking(pool_, write));
  ended(id, std::move(exit));
  co_return true;
}

async::Task<Result<void>> WasmExecutor::load(Prepared& prepared,
                                             std::shared_ptr<SupervisorLink> link) {
  LoadProgram request{.key = prepared.request.program,
                      .entrypoint = prepared.entrypoint,
                      .imports = prepared.imports};
  std::vector<UniqueFd> artifacts;
  for (const ModuleFile& module : prepared.modules) {
    CO_TRY_ASSIGN(UniqueFd copy, duplicate(module.fd.get()));
    CO_TRY_ASSIGN(CompiledModule compiled,
                  co_await cache_->get(std::move(copy), module.digest, {}));
    artifacts.push_back(std::move(compiled.fd));
  }
  CO_TRY_ASSIGN(const Reply reply, co_await link->load(std::move(request), std::move(artifacts)));
  if (reply.status == Reply::Status::Ok) co_return Result<void>();
  co_return fail(reply.code, "{}", reply.message);
}

async::Task<Result<Exit>> WasmExecutor::wait(ExecutionId id) {
  return table_.wait(std::move(id));
}

async::Task<Result<void>> WasmExecutor::cancel(ExecutionId id, CancelRequest request) {
  const auto state = table_.state(id);
  if (!state) co_return fail(Code::NotFound, "execution {}: not found", id);
  if (*state == ExecutionTable::State::Ended) co_return Result<void>();
  if (*state == ExecutionTable::State::Starting) {
    cancelled_early_[id] = std::move(request.reason);
    co_return Result<void>();
  }
  co_return co_await send_cancel(std::move(id), std::move(request.reason));
}

async::Task<Result<void>> WasmExecutor::send_cancel(ExecutionId id, std::string reason) {
  for (int attempt = 0; attempt < kStartAttempts; ++attempt) {
    if (table_.state(id) != ExecutionTable::State::Running) co_return Result<void>();
    const auto socket = socket_of_.find(id);
    const auto link = socket == socket_of_.end() ? links_.end() : links_.find(socket->second);
    if (link == links_.end() || link->second->broken()) {
      CO_TRY(co_await connected_.wait(kReconnectLimit));
      continue;
    }
    const std::shared_ptr<SupervisorLink> used = link->second;
    const auto reply = co_await used->cancel({.id = id, .reason = reason});
    if (reply) co_return Result<void>();
    if (reply.error().code != Code::Unavailable) co_return fail(reply.error());
  }
  co_return fail(Code::Unavailable, "execution {}: the WASM supervisor cannot be reached", id);
}

async::Task<Result<void>> WasmExecutor::release(ExecutionId id) {
  // Whatever was not released is in the table, by start() or recover().
  if (!table_.state(id)) co_return Result<void>();
  CO_TRY(table_.forget(id));
  const auto let_go = [&]() -> Result<void> {
    TRY(remove_scratch(options_.executions, id));
    return ExecutionFile::release(options_.executions, id);
  };
  co_return co_await async::blocking(pool_, let_go);
}

async::Task<Result<OutputChunk>> WasmExecutor::read_output(OutputRequest request) {
  return output_.read(std::move(request));
}

async::Task<Result<OutputChunk>> WasmExecutor::follow_output(OutputRequest request) {
  return output_.follow(std::move(request));
}

async::Task<Result<std::shared_ptr<SupervisorLink>>> WasmExecutor::current_link() {
  while (!stopping_) {
    const auto found = links_.find(launcher_.socket());
    if (found != links_.end() && !found->second->broken()) co_return found->second;
    if (connecting_ || found != links_.end()) {
      // Somebody connects, or after_break() is about to.
      CO_TRY(co_await connected_.wait(kReconnectLimit));
      continue;
    }
    connecting_ = true;
    const ScopeGuard over([this] {
      connecting_ = false;
      connected_.notify_all();
    });
    CO_TRY_ASSIGN(auto link, co_await launcher_.connect_or_start());
    if (stopping_) break;
    co_return adopt(launcher_.socket(), std::move(link));
  }
  co_return stopped();
}

std::shared_ptr<SupervisorLink> WasmExecutor::adopt(std::string socket,
                                                    std::unique_ptr<SupervisorLink> link) {
  const std::shared_ptr<SupervisorLink> shared = std::move(link);
  if (options_.on_supervisor) options_.on_supervisor(shared->pid());
  shared->start([this](const ExecutionId& id, Exit exit) { ended(id, std::move(exit)); },
                [this, socket] {
                  if (!stopping_) scope_.spawn("WASM supervisor lost", after_break(socket));
                });
  links_[socket] = shared;
  return shared;
}

/// Connects again if the supervisor is still there; then every program of it that it does not run
/// any more has ended or is lost.
async::Task<void> WasmExecutor::after_break(std::string socket) {
  std::vector<ExecutionId> of_it;
  for (const ExecutionId& id : table_.running()) {
    const auto known = socket_of_.find(id);
    if (known != socket_of_.end() && known->second == socket) of_it.push_back(id);
  }
  const auto running = co_await reconnect(socket);
  if (stopping_) co_return;
  for (const ExecutionId& id : of_it) {
    const auto settled =
        co_await settle(id, socket, running ? *running : std::vector<ExecutionId>());
    if (!settled) log::error(settled.error().message, {{"execution", id.str()}});
  }
}

async::Task<Result<std::vector<ExecutionId>>> WasmExecutor::reconnect(std::string socket) {
  while (connecting_)
    CO_TRY(co_await connected_.wait(kReconnectLimit));
  std::shared_ptr<SupervisorLink> link;
  {
    connecting_ = true;
    const ScopeGuard over([this] {
      connecting_ = false;
      connected_.notify_all();
    });
    if (const auto old = links_.extract(socket)) co_await old.mapped()->stop();
    CO_TRY_ASSIGN(auto fresh, co_await launcher_.connect_only(socket));
    if (stopping_) co_return stopped();
    link = adopt(socket, std::move(fresh));
  }
  co_return co_await link->running();
}

async::Task<Result<void>> WasmExecutor::shut_down() {
  stopping_ = true;
  if (!links_.contains(launcher_.socket())) {
    if (auto link = co_await launcher_.connect_only(launcher_.socket())) {
      adopt(launcher_.socket(), *std::move(link));
    }
  }
  const auto links = links_;
  for (const auto& [socket, link] : links) {
    const auto reply = co_await link->shutdown();
    if (!reply && reply.error().code != Code::Unavailable) co_return fail(reply.error());
    CO_TRY(co_await link->wait_broken(kShutdownLimit));
  }
  co_return Result<void>();
}

async::Task<void> WasmExecutor::stop() {
  stopping_ = true;
  table_.close();
  connected_.notify_all();
  const auto links = links_;
  for (const auto& [socket, link] : links)
    co_await link->stop();
  co_await scope_.stop();
  links_.clear();
}

}  // namespace skrei::executor::wasm
