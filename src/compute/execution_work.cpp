// SPDX-License-Identifier: Apache-2.0
#include "compute/execution_work.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "async/scope.hpp"
#include "base/log.hpp"
#include "base/scope_guard.hpp"
#include "compute/exit_result.hpp"
#include "compute/result_files.hpp"
#include "compute/task_environment.hpp"
#include "compute/task_keys.hpp"
#include "executor/execution_file.hpp"
#include "model/resources.hpp"
#include "model/storage_params.hpp"

namespace skrei::compute {
namespace {

using protocol::ExecutionResult;
using protocol::HostedPhase;

/// As much of a stream as an execution's record holds; the whole is in the logs.
constexpr std::size_t kOutputInRecord = 2048;

/// The folder name of a result path: its name may be anything that is unique.
std::string folder_of_result(std::size_t index) {
  return fmt::format("{}", index);
}

std::vector<executor::InputMount> mounts_of(const std::vector<ResolvedInput>& inputs) {
  std::vector<executor::InputMount> mounts;
  for (const ResolvedInput& input : inputs) {
    mounts.push_back({.host_path = input.prepared.host_path,
                      .target = input.target,
                      .access = input.prepared.access == storage::Access::ReadWrite
                                    ? executor::Access::ReadWrite
                                    : executor::Access::ReadOnly});
  }
  return mounts;
}

std::string name_of(const model::InputSource& input) {
  const auto ipfs = model::ipfs_source(input.source);
  return ipfs ? "input " + ipfs->cid : "the input for " + input.target;
}

protocol::Reason reason_of(std::string clause, const Error& error) {
  return {.clause = std::move(clause),
          .sentence = error.message,
          .kind = is_retryable(error.code) ? protocol::RefusalKind::NotNow
                                           : protocol::RefusalKind::Never};
}

}  // namespace

struct ExecutionWork::State {
  State(async::Loop& loop, async::BlockingPool& pool_, const Clock& clock_, Random& random,
        executor::Engines& engines_, storage::InputSources& inputs_,
        publisher::Publishers& publishers_, Options options_)
      : pool(pool_),
        clock(clock_),
        engines(engines_),
        inputs(inputs_),
        publishers(publishers_),
        options(std::move(options_)),
        keys(pool, random),
        kept(pool, options.executions, options.kept),
        scope(loop) {}

  /// One execution that is being carried out.
  struct Current {
    protocol::HostedExecution hosted;
    executor::Engine* engine = nullptr;
    OnProgress on_progress;
    bool started = false;
    std::optional<std::string> stop_reason;
    /// Empty until the inputs are there.
    std::string task_key;

    const model::Task& task() const { return hosted.job->task(); }
  };

  void report(const Current& current, HostedPhase phase, std::string_view topic,
              std::string message) const;
  std::filesystem::path folder(const ExecutionId& id) const {
    return options.executions / id.str();
  }

  async::Task<ExecutionResult> prepare_and_run(Current& current, Beginning beginning);
  async::Task<Result<executor::ExecutionSpec>> prepare(Current& current);
  /// Sets the task key too, which depends on them.
  async::Task<Result<std::vector<ResolvedInput>>> prepare_inputs(Current& current);
  async::Task<void> release_inputs(ExecutionId id);
  executor::Limits limits_of(const Current& current) const;
  async::Task<ExecutionResult> finish(const Current& current, const executor::Exit& exit);
  async::Task<Result<model::RunOutput>> run_output(const Current& current, int exit_code);
  async::Task<Result<model::SpecConfig>> publish(const Current& current, int exit_code);
  async::Task<void> cancel(ExecutionId id, executor::Engine& engine, std::string reason);
  async::Task<void> end_orphan(ExecutionId id, executor::Engine& engine);
  async::Task<void> forget(ExecutionId id);

  async::BlockingPool& pool;
  const Clock& clock;
  executor::Engines& engines;
  storage::InputSources& inputs;
  publisher::Publishers& publishers;
  Options options;
  TaskKeys keys;
  std::map<ExecutionId, Current*> under_way;
  /// Those that have a folder, which goes when they are forgotten.
  std::set<ExecutionId> with_folder;
  KeptOutput kept;
  async::TaskScope scope;
};

void ExecutionWork::State::report(const Current& current, HostedPhase phase, std::string_view topic,
                                  std::string message) const {
  current.on_progress(
      {.execution = current.hosted.id,
       .phase = phase,
       .event = {
           .message = std::move(message), .topic = std::string(topic), .timestamp = clock.now()}});
}

async::Task<Result<std::vector<ResolvedInput>>> ExecutionWork::State::prepare_inputs(
    Current& current) {
  std::vector<ResolvedInput> inputs_ready;
  for (const model::InputSource& input : current.task().input_sources) {
    if (current.stop_reason) co_return fail(Code::Cancelled, "{}", *current.stop_reason);
    CO_TRY_ASSIGN(storage::InputSource* const driver, inputs.find(input.source.type));
    auto prepared = co_await driver->prepare(
        {.execution = current.hosted.id, .source = input.source, .limit = options.prepare_limit});
    if (!prepared) {
      prepared.error().message = fmt::format("{}: {}", input.target, prepared.error().message);
      co_return fail(std::move(prepared).error());
    }
    inputs_ready.push_back({.target = input.target, .prepared = *std::move(prepared)});
  }
  auto key = co_await keys.key_of(current.hosted, inputs_ready);
  if (key) {
    current.task_key = *std::move(key);
  } else {
    log::warn("an execution has no task key",
              {{"execution", current.hosted.id}, {"why", key.error().message}});
  }
  co_return inputs_ready;
}

async::Task<void> ExecutionWork::State::release_inputs(ExecutionId id) {
  if (const auto released = co_await inputs.release(id); !released) {
    log::warn("inputs could not be released",
              {{"execution", id}, {"why", released.error().message}});
  }
}

executor::Limits ExecutionWork::State::limits_of(const Current& current) const {
  const model::Resources& need = current.hosted.resources;
  executor::Limits limits;
  limits.memory_bytes = need.memory_bytes;
  limits.disk_bytes = need.disk_bytes != 0 ? need.disk_bytes : options.disk_default;
  Duration time = current.task().timeouts.execution;
  const Duration left = current.hosted.total_left;
  if (left.count() != 0 && (time.count() == 0 || left < time)) time = left;
  limits.wall_time = std::chrono::duration_cast<std::chrono::microseconds>(time);
  return limits;
}

async::Task<Result<executor::ExecutionSpec>> ExecutionWork::State::prepare(Current& current) {
  executor::ExecutionSpec spec;
  spec.id = current.hosted.id;
  spec.engine = current.task().engine;
  CO_TRY_ASSIGN(spec.env, task_environment(current.hosted, options.node, options.env_allow));
  spec.limits = limits_of(current);
  const std::filesystem::path results = folder(spec.id) / "results";
  for (std::size_t i = 0; i < current.task().result_paths.size(); ++i) {
    const model::ResultPath& path = current.task().result_paths[i];
    spec.results.push_back(
        {.name = path.name, .target = path.path, .host_folder = results / folder_of_result(i)});
  }
  if (!spec.results.empty()) {
    with_folder.insert(spec.id);
    CO_TRY(co_await async::blocking(pool, [&] { return make_result_folders(spec.results); }));
  }
  CO_TRY_ASSIGN(const auto inputs_ready, co_await prepare_inputs(current));
  spec.inputs = mounts_of(inputs_ready);
  co_return spec;
}

async::Task<ExecutionResult> ExecutionWork::State::prepare_and_run(Current& current,
                                                                   Beginning beginning) {
  const ExecutionId id = current.hosted.id;
  if (beginning == Beginning::Fresh) {
    report(current, HostedPhase::Preparing, model::topic::kDownloadingInputs, "Preparing inputs");
    auto spec = co_await prepare(current);
    if (current.stop_reason) {
      co_return ExecutionResult{.kind = protocol::OutcomeKind::Cancelled,
                                .message = *current.stop_reason};
    }
    if (!spec) co_return result_of_error(spec.error(), "preparing the execution");
    const auto started = co_await current.engine->start(*std::move(spec));
    if (!started) co_return result_of_error(started.error(), "starting the program");
    report(current, HostedPhase::Running, model::topic::kRunningExecution, "Running");
  } else {
    // Keeps what the program still reads from being dropped; it runs on in any case.
    if (const auto held = co_await prepare_inputs(current); !held) {
      log::warn("inputs of a resumed execution are not held",
                {{"execution", id}, {"why", held.error().message}});
    }
  }
  current.started = true;
  if (current.stop_reason) co_await cancel(id, *current.engine, *current.stop_reason);
  const auto exit = co_await current.engine->wait(id);
  if (!exit && exit.error().code == Code::NotFound) {
    // No start record: whatever the node was doing when it went down, no program had begun.
    co_return result_of_exit({.kind = executor::ExitKind::NotStarted,
                              .message = "the node went down before the program was started"},
                             current.task().timeouts.execution);
  }
  if (!exit) co_return result_of_error(exit.error(), "following the program");
  co_return co_await finish(current, *exit);
}

async::Task<ExecutionResult> ExecutionWork::State::finish(const Current& current,
                                                          const executor::Exit& exit) {
  ExecutionResult result = result_of_exit(exit, current.task().timeouts.execution);
  auto output = co_await run_output(current, exit.exit_code);
  if (output) {
    output->error_message = result.message;
    result.run_output = *std::move(output);
  } else if (exit.kind == executor::ExitKind::Exited) {
    co_return result_of_error(output.error(), "reading the output");
  }  // Else why it ended says more than that its output is gone.
  if (exit.kind != executor::ExitKind::Exited || current.task().publisher.empty()) {
    co_return result;
  }
  report(current, HostedPhase::Publishing, model::topic::kPublishingResults, "Publishing results");
  auto published = co_await publish(current, exit.exit_code);
  if (!published) {
    ExecutionResult failure = result_of_error(published.error(), "publishing the results");
    failure.run_output = std::move(result.run_output);
    failure.peak_usage = result.peak_usage;
    co_return failure;
  }
  result.published = *std::move(published);
  co_return result;
}

async::Task<Result<model::RunOutput>> ExecutionWork::State::run_output(const Current& current,
                                                                       int exit_code) {
  model::RunOutput output{.exit_code = exit_code};
  for (const auto source : {executor::OutputSource::Stdout, executor::OutputSource::Stderr}) {
    const bool is_stdout = source == executor::OutputSource::Stdout;
    CO_TRY_ASSIGN(const auto chunk, co_await current.engine->read_output(
                                        {.id = current.hosted.id,
                                         .source = source,
                                         .max_bytes = kOutputInRecord,
                                         .framing = executor::Framing::WholeCharacters}));
    (is_stdout ? output.stdout_text : output.stderr_text) = as_chars(chunk.bytes);
    (is_stdout ? output.stdout_truncated : output.stderr_truncated) = !chunk.end_of_stream;
  }
  co_return output;
}

async::Task<Result<model::SpecConfig>> ExecutionWork::State::publish(const Current& current,
                                                                     int exit_code) {
  CO_TRY_ASSIGN(publisher::Publisher* const driver, publishers.find(current.task().publisher.type));
  const std::filesystem::path base = folder(current.hosted.id);
  publisher::PublishRequest request{.job = current.hosted.job->id,
                                    .execution = current.hosted.id,
                                    .publisher = current.task().publisher,
                                    .stdout_file = base / "published-stdout",
                                    .stderr_file = base / "published-stderr",
                                    .exit_code = exit_code};
  with_folder.insert(current.hosted.id);
  CO_TRY(co_await async::blocking(pool, [&] { return make_folder(base); }));
  CO_TRY(co_await copy_output(pool, *current.engine, current.hosted.id,
                              executor::OutputSource::Stdout, request.stdout_file));
  CO_TRY(co_await copy_output(pool, *current.engine, current.hosted.id,
                              executor::OutputSource::Stderr, request.stderr_file));
  for (std::size_t i = 0; i < current.task().result_paths.size(); ++i) {
    request.outputs.push_back({.name = current.task().result_paths[i].name,
                               .host_path = base / "results" / folder_of_result(i)});
  }
  request.budget.bytes = limits_of(current).disk_bytes + 2 * kPublishedOutputMax;
  co_return co_await driver->publish(std::move(request));
}

async::Task<void> ExecutionWork::State::cancel(ExecutionId id, executor::Engine& engine,
                                               std::string reason) {
  const auto cancelled = co_await engine.cancel(id, {.reason = std::move(reason)});
  if (!cancelled && cancelled.error().code != Code::NotFound) {
    log::warn("execution could not be cancelled",
              {{"execution", id}, {"why", cancelled.error().message}});
  }
}

/// Found by its engine, and in no record: the node went down between the two.
async::Task<void> ExecutionWork::State::end_orphan(ExecutionId id, executor::Engine& engine) {
  co_await cancel(id, engine, "the node does not hold this execution any more");
  if (const auto exit = co_await engine.wait(id); !exit) {
    log::warn("an orphaned execution did not end",
              {{"execution", id}, {"why", exit.error().message}});
    co_return;
  }
  co_await release_inputs(id);
  co_await forget(std::move(id));
}

async::Task<void> ExecutionWork::State::forget(ExecutionId id) {
  for (executor::Engine* engine : engines.all()) {
    if (const auto released = co_await engine->release(id); !released) {
      log::warn("execution could not be released",
                {{"execution", id}, {"why", released.error().message}});
    }
  }
  if (with_folder.erase(id) > 0) {
    const std::filesystem::path base = folder(id);
    const auto gone = co_await async::blocking(pool, [&] { return remove_tree(base); });
    if (!gone) {
      log::warn("results could not be removed", {{"execution", id}, {"why", gone.error().message}});
    }
  }
  if (const auto kept_on = co_await kept.add(id, clock.now()); !kept_on) {
    log::warn("old output could not be removed",
              {{"execution", id}, {"why", kept_on.error().message}});
  }
}

ExecutionWork::ExecutionWork(async::Loop& loop, async::BlockingPool& pool, const Clock& clock,
                             Random& random, executor::Engines& engines,
                             storage::InputSources& inputs, publisher::Publishers& publishers,
                             Options options)
    : state_(std::make_unique<State>(loop, pool, clock, random, engines, inputs, publishers,
                                     std::move(options))) {}

ExecutionWork::~ExecutionWork() = default;

async::Task<Result<void>> ExecutionWork::recover(
    const std::vector<protocol::HostedExecution>& hosted) {
  std::set<ExecutionId> known;
  for (const protocol::HostedExecution& execution : hosted)
    known.insert(execution.id);
  State& state = *state_;
  CO_TRY(co_await state.kept.load());
  CO_TRY_ASSIGN(state.with_folder, co_await async::blocking(state.pool, [&] {
                  return executions_with_folder(state.options.executions);
                }));
  for (executor::Engine* engine : state.engines.all()) {
    CO_TRY_ASSIGN(const auto found, co_await engine->recover());
    for (const executor::FoundExecution& execution : found) {
      if (!known.insert(execution.id).second) continue;
      state.scope.spawn("orphan", state.end_orphan(execution.id, *engine));
    }
  }
  // Of executions that were forgotten when the node went down.
  std::set<ExecutionId> left;
  std::ranges::set_difference(state.with_folder, known, std::inserter(left, left.end()));
  for (const ExecutionId& id : left) {
    CO_TRY(co_await async::blocking(state.pool, [&] { return remove_tree(state.folder(id)); }));
    state.with_folder.erase(id);
  }
  co_return Result<void>();
}

async::Task<void> ExecutionWork::stop_all() {
  co_await state_->scope.stop();
}

async::Task<Assessment> ExecutionWork::assess(Assess question) {
  Assessment answer{.offer = question.offer, .missing_bytes = 0};
  const model::Task& task = question.job->task();
  const auto engine = state_->engines.find(task.engine.type);
  if (!engine) {
    answer.refusals.push_back(reason_of("engine", engine.error()));
  } else if (const auto fits = (*engine)->check(task); !fits) {
    answer.refusals.push_back(reason_of("engine", fits.error()));
  }
  if (const auto env = check_environment(task, state_->options.env_allow); !env) {
    answer.refusals.push_back(reason_of("environment", env.error()));
  }
  if (!task.publisher.empty()) {
    const auto publisher = state_->publishers.find(task.publisher.type);
    const auto valid = publisher ? (*publisher)->validate(task.publisher) : fail(publisher.error());
    if (!valid) answer.refusals.push_back(reason_of("publisher", valid.error()));
  }
  for (const model::InputSource& input : task.input_sources) {
    const auto driver = state_->inputs.find(input.source.type);
    if (!driver) {
      answer.refusals.push_back(reason_of("input", driver.error()));
      continue;
    }
    const auto locality = co_await (*driver)->check(input.source);
    if (!locality) {
      answer.refusals.push_back(reason_of("input", locality.error()));
    } else if (!locality->missing_bytes) {
      answer.missing_bytes.reset();
      if (!locality->local) answer.absent = name_of(input);
    } else if (answer.missing_bytes) {
      *answer.missing_bytes += *locality->missing_bytes;
    }
  }
  co_return answer;
}

async::Task<ExecutionResult> ExecutionWork::carry_out(protocol::HostedExecution hosted,
                                                      Beginning beginning, OnProgress on_progress) {
  State::Current current{.hosted = std::move(hosted), .on_progress = std::move(on_progress)};
  const ExecutionId id = current.hosted.id;
  const auto engine = state_->engines.find(current.task().engine.type);
  if (!engine) {
    // It was there when the node bid: not the job's fault.
    co_await state_->release_inputs(id);
    co_return result_of_error({Code::Unavailable, engine.error().message, engine.error().hint},
                              "starting the program");
  }
  current.engine = *engine;
  state_->under_way[id] = &current;
  const ScopeGuard forget_current([this, &id] { state_->under_way.erase(id); });
  ExecutionResult result = co_await state_->prepare_and_run(current, beginning);
  co_await state_->release_inputs(id);
  result.task_key = std::move(current.task_key);
  co_return result;
}

KeptOutput& ExecutionWork::kept_output() {
  return state_->kept;
}

void ExecutionWork::stop(const ExecutionId& execution, const std::string& reason) {
  const auto found = state_->under_way.find(execution);
  if (found == state_->under_way.end()) return;
  State::Current& current = *found->second;
  if (current.stop_reason) return;
  current.stop_reason = reason;
  if (!current.started) return;  // Seen before the next input, and when all are there.
  state_->scope.spawn("cancel", state_->cancel(execution, *current.engine, reason));
}

async::Task<void> ExecutionWork::forget(ExecutionId execution) {
  co_await state_->forget(std::move(execution));
}

}  // namespace skrei::compute
