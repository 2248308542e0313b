// SPDX-License-Identifier: Apache-2.0
#include "executor/noop/noop_executor.hpp"

#include <utility>

#include "async/sleep.hpp"
#include "base/log.hpp"
#include "base/scope_guard.hpp"
#include "executor/noop/noop_program.hpp"
#include "executor/record.hpp"

namespace skrei::executor::noop {
namespace {

/// The end of the execution, known from the beginning: the state of its start record.
Exit planned_exit(const NoopProgram& program, const Limits& limits, WallTime now) {
  Exit exit{.kind = ExitKind::Exited, .exit_code = program.exit_code, .started = now};
  exit.ended = now + program.duration;
  if (limits.wall_time.count() > 0 && program.duration > limits.wall_time) {
    exit.kind = ExitKind::LimitExceeded;
    exit.limit = LimitKind::WallTime;
    exit.exit_code = 0;
    exit.ended = now + limits.wall_time;
    exit.message = fmt::format("time: not done after {} ms; try a longer --timeout",
                               limits.wall_time.count() / 1000);
  }
  return exit;
}

}  // namespace

NoopExecutor::NoopExecutor(async::Loop& loop, async::BlockingPool& pool, const Clock& clock,
                           Options options)
    : loop_(loop),
      pool_(pool),
      clock_(clock),
      options_(std::move(options)),
      output_(options_.executions, pool),
      scope_(loop_) {}

Result<void> NoopExecutor::check(const model::Task& task) const {
  TRY(parse_program(task.engine));
  return {};
}

async::Task<Result<std::vector<FoundExecution>>> NoopExecutor::recover() {
  struct Left {
    ExecutionId id;
    Exit exit;
  };
  const auto look = [this]() -> Result<std::vector<Left>> {
    TRY_ASSIGN(const auto ids, ExecutionFile::started(options_.executions, name()));
    std::vector<Left> left;
    for (const ExecutionId& id : ids) {
      TRY_ASSIGN(const auto file, ExecutionFile::open(options_.executions, id));
      TRY_ASSIGN(auto exit, file.read_exit());
      if (!exit) {
        TRY_ASSIGN(const auto start, file.read_start());
        RecordReader reader(start->state);
        exit = get_exit(reader);
        TRY(reader.finish("start record of the noop engine"));
      }
      left.push_back({id, *std::move(exit)});
    }
    return left;
  };
  CO_TRY_ASSIGN(const auto left, co_await async::blocking(pool_, look));
  std::vector<FoundExecution> found;
  for (const Left& one : left) {
    const bool over = one.exit.ended <= clock_.now();
    found.push_back({one.id, over ? FoundState::Ended : FoundState::Running});
    if (over) CO_TRY(co_await end(one.id, one.exit));
    if (over) continue;
    table_.add_running(one.id);
    scope_.spawn("noop execution", end_in_time(one.id, one.exit));
  }
  co_return found;
}

async::Task<Result<void>> NoopExecutor::start(ExecutionSpec spec) {
  const ExecutionId id = spec.id;
  CO_TRY_ASSIGN(const auto turn, co_await table_.begin(id));
  if (turn == ExecutionTable::Turn::StartedBefore) co_return Result<void>();
  auto started = co_await start_new(std::move(spec));
  if (!started) table_.failed(id);
  co_return started;
}

async::Task<Result<void>> NoopExecutor::start_new(ExecutionSpec spec) {
  CO_TRY_ASSIGN(const NoopProgram program, parse_program(spec.engine));
  const Exit exit = planned_exit(program, spec.limits, clock_.now());
  const auto work = [&]() -> Result<void> {
    TRY_ASSIGN(const auto file, ExecutionFile::create(options_.executions, spec.id));
    TRY(perform(program, spec, file, options_.retention));
    RecordWriter state;
    put_exit(state, exit);
    return file.write_start({std::string(name()), exit.started, state.take()});
  };
  const auto work_or_clean = [&]() -> Result<void> {
    auto worked = work();
    if (!worked) TRY(ExecutionFile::remove(options_.executions, spec.id));
    return worked;
  };
  CO_TRY(co_await async::blocking(pool_, work_or_clean));
  table_.started(spec.id);
  scope_.spawn("noop execution", end_in_time(spec.id, exit));
  co_return Result<void>();
}

async::Task<void> NoopExecutor::end_in_time(ExecutionId id, Exit exit) {
  if (!co_await async::sleep_for(exit.ended - clock_.now())) co_return;
  if (const auto ended = co_await end(id, std::move(exit)); !ended) {
    log::error(ended.error().message, {{"execution", id.str()}});
  }
}

/// The first end is written, then told; a later one changes nothing.
async::Task<Result<void>> NoopExecutor::end(ExecutionId id, Exit exit) {
  if (table_.state(id) == ExecutionTable::State::Ended) co_return Result<void>();
  if (!ending_.insert(id).second) co_return Result<void>();
  const ScopeGuard over([&] { ending_.erase(id); });
  const auto write = [&]() -> Result<void> {
    TRY_ASSIGN(const auto file, ExecutionFile::open(options_.executions, id));
    return file.write_exit(exit);
  };
  const auto written = co_await async::blocking(pool_, write);
  if (written) table_.ended(id, std::move(exit));
  co_return written;
}

async::Task<Result<Exit>> NoopExecutor::wait(ExecutionId id) {
  co_return co_await table_.wait(std::move(id));
}

async::Task<Result<void>> NoopExecutor::cancel(ExecutionId id, CancelRequest request) {
  if (!table_.state(id)) co_return fail(Code::NotFound, "execution {}: not found", id);
  Exit exit{.kind = ExitKind::Cancelled,
            .message = std::move(request.reason),
            .started = clock_.now(),
            .ended = clock_.now()};
  co_return co_await end(std::move(id), std::move(exit));
}

async::Task<Result<void>> NoopExecutor::release(ExecutionId id) {
  // Whatever was not released is in the table, by start() or recover().
  if (!table_.state(id)) co_return Result<void>();
  CO_TRY(table_.forget(id));
  co_return co_await async::blocking(
      pool_, [&] { return ExecutionFile::release(options_.executions, id); });
}

async::Task<Result<OutputChunk>> NoopExecutor::read_output(OutputRequest request) {
  return output_.read(std::move(request));
}

async::Task<Result<OutputChunk>> NoopExecutor::follow_output(OutputRequest request) {
  return output_.follow(std::move(request));
}

async::Task<void> NoopExecutor::stop() {
  table_.close();
  co_await scope_.stop();
}

}  // namespace skrei::executor::noop
