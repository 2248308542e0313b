// SPDX-License-Identifier: Apache-2.0
#include "compute/execution_work.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "base/fd.hpp"
#include "base/testing/manual_clock.hpp"
#include "base/testing/temp_dir.hpp"
#include "compute/testing/fake_engine.hpp"
#include "compute/testing/fake_input_source.hpp"
#include "compute/testing/fake_publisher.hpp"
#include "executor/execution_file.hpp"
#include "executor/noop/noop_executor.hpp"
#include "model/engine_params.hpp"

namespace skrei::compute {
namespace {

namespace fs = std::filesystem;
using executor::ExitKind;
using protocol::Fault;
using protocol::HostedPhase;
using protocol::OutcomeKind;

const ExecutionId kId("e-1");

multi::Cid cid_of(std::string_view content) {
  return multi::Cid::v1(multi::Codec::Raw, multi::Multihash::sha2_256(as_bytes(content)));
}

/// The work of a node with the real engine "noop", and a fake one that calls itself "wasm".
class ExecutionWorkTest : public ::testing::Test {
 protected:
  ExecutionWorkTest() {
    fs::create_directories(executions);
    engines.add(noop);
    engines.add(wasm);
    inputs.add("fake", source);
    publishers.add("fake", publisher);
    job.id = JobId("j-1");
    job.type = model::JobType::Batch;
    job.tasks.emplace_back().engine = {.type = "noop", .params = "{}"};
  }
  ~ExecutionWorkTest() override { run(stop(*this)); }

  template <class T>
  T run(async::Task<T> task) {
    if constexpr (std::is_void_v<T>) {
      loop.run_task(std::move(task));
    } else {
      std::optional<T> result;
      const auto body = [](async::Task<T> inner, std::optional<T>& out) -> async::Task<void> {
        out.emplace(co_await std::move(inner));
      };
      loop.run_task(body(std::move(task), result));
      return *std::move(result);
    }
  }
  static async::Task<void> stop(ExecutionWorkTest& test) {
    co_await test.work.stop_all();
    co_await test.noop.stop();
  }

  static async::Task<void> carry_out_to_be_cancelled(ExecutionWorkTest& test) {
    co_await test.work.carry_out(test.hosted(), Beginning::Fresh, [](const Progress&) {});
    ADD_FAILURE() << "a cancelled call has no result";
  }

  static async::Task<void> stop_once(async::Event& is_set, async::TaskScope& scope) {
    EXPECT_TRUE(co_await is_set.wait(std::chrono::seconds(5)));
    co_await scope.stop();
  }

  model::Task& task() { return job.tasks.front(); }
  void use_wasm() {
    task().engine = model::to_spec(model::WasmParams{.entry_module = "/main.wasm"});
    add_input("/main.wasm", "the module");
  }
  /// An input that is a file with this content.
  void add_input(const std::string& target, std::string_view content) {
    const fs::path file = dir.path() / fmt::format("input-{}", source.inputs.size());
    EXPECT_TRUE(write_file_atomically(file, as_bytes(content)));
    const std::string params = fmt::format(R"({{"For":"{}"}})", target);
    source.inputs[params] = {.host_path = file, .cid = cid_of(content)};
    task().input_sources.push_back(
        {.source = {.type = "fake", .params = params}, .alias = {}, .target = target});
  }
  void publish() {
    task().publisher = {.type = "fake", .params = "{}"};
    task().result_paths.push_back({.name = "outputs", .path = "/outputs"});
  }

  protocol::HostedExecution hosted(ExecutionId id = kId) const {
    protocol::HostedExecution result;
    result.id = std::move(id);
    result.job = std::make_shared<model::Job>(job);
    result.resources.memory_bytes = 1 << 26;
    return result;
  }
  protocol::ExecutionResult carry_out(Beginning beginning = Beginning::Fresh,
                                      ExecutionId id = kId) {
    return run(work.carry_out(hosted(std::move(id)), beginning, [this](Progress progress) {
      phases.push_back(progress.phase);
      if (on_progress) on_progress(progress);
    }));
  }
  std::string key() { return carry_out().task_key; }

  skrei::testing::TempDir dir;
  const fs::path executions = dir.path() / "executions";
  async::Loop loop;
  async::BlockingPool pool{{.threads = 1}};
  skrei::testing::ManualClock clock;
  SeededRandom random{1};
  executor::noop::NoopExecutor noop{loop, pool, clock, {.executions = executions, .retention = {}}};
  testing::FakeEngine wasm{"wasm"};
  executor::Engines engines;
  testing::FakeInputSource source;
  storage::InputSources inputs;
  testing::FakePublisher publisher;
  publisher::Publishers publishers;
  model::Job job;
  std::vector<HostedPhase> phases;
  std::function<void(const Progress&)> on_progress;
  ExecutionWork work{loop,
                     pool,
                     clock,
                     random,
                     engines,
                     inputs,
                     publishers,
                     {.node = NodeId("n-1"),
                      .executions = executions,
                      .kept = {.executions_max = 2, .checked_every = 1}}};
};

TEST_F(ExecutionWorkTest, PreparesRunsAndPublishes) {
  task().engine.params =
      R"({"Stdout":"hello","ExitCode":7,"Cat":["/data"],"Write":{"/outputs/a":"A"}})";
  add_input("/data", " world");
  publish();

  const auto result = carry_out();

  EXPECT_EQ(result.kind, OutcomeKind::Completed) << result.message;
  EXPECT_EQ(result.run_output->exit_code, 7);
  EXPECT_NE(result.run_output->stdout_text.find("hello"), std::string::npos);
  EXPECT_NE(result.run_output->stdout_text.find(" world"), std::string::npos);
  EXPECT_EQ(result.published.params, R"({"CID":"result"})");
  EXPECT_EQ(phases,
            (std::vector{HostedPhase::Preparing, HostedPhase::Running, HostedPhase::Publishing}));
  ASSERT_EQ(publisher.requests.size(), 1U);
  EXPECT_EQ(publisher.stdout_texts.front(), result.run_output->stdout_text);
  EXPECT_EQ(publisher.requests.front().exit_code, 7);
  const auto file = read_file(publisher.requests.front().outputs.front().host_path / "a", 10);
  EXPECT_EQ(as_chars(file.value()), "A");
  EXPECT_EQ(source.released, std::vector{kId});
}

TEST_F(ExecutionWorkTest, WithoutAPublisherNothingIsPublished) {
  const auto result = carry_out();

  EXPECT_EQ(result.kind, OutcomeKind::Completed);
  EXPECT_TRUE(result.published.empty());
  EXPECT_EQ(phases, (std::vector{HostedPhase::Preparing, HostedPhase::Running}));
}

TEST_F(ExecutionWorkTest, AMissingInputIsAFaultOfTheNode) {
  task().input_sources.push_back({.source = {.type = "fake", .params = R"({"For":"nobody"})"},
                                  .alias = {},
                                  .target = "/data"});

  const auto result = carry_out();

  EXPECT_EQ(result.fault, Fault::Node);
  EXPECT_EQ(result.message,
            "preparing the execution: /data: {\"For\":\"nobody\"} is not on this "
            "node and nobody has it");
  EXPECT_EQ(source.released, std::vector{kId});
}

TEST_F(ExecutionWorkTest, WrongParametersAreAFaultOfTheJob) {
  task().engine.params = R"({"Exit":1})";

  const auto result = carry_out();

  EXPECT_EQ(result.fault, Fault::Job);
  EXPECT_EQ(result.message, "starting the program: noop: unknown parameter \"Exit\"");
}

TEST_F(ExecutionWorkTest, AnEngineThatIsGoneIsAFaultOfTheNode) {
  task().engine.type = "docker";

  EXPECT_EQ(carry_out(Beginning::Resumed).fault, Fault::Node);
  EXPECT_EQ(source.released, std::vector{kId});
}

TEST_F(ExecutionWorkTest, AStopDuringPreparationStartsNothing) {
  use_wasm();
  add_input("/more", "not looked at any more");
  source.on_prepare = [this] {
    work.stop(kId, "changed my mind");
  };

  const auto result = carry_out();

  EXPECT_EQ(result.kind, OutcomeKind::Cancelled);
  EXPECT_EQ(result.message, "changed my mind");
  EXPECT_TRUE(wasm.started.empty());
  EXPECT_EQ(source.prepared.size(), 1U);
  EXPECT_EQ(source.released, std::vector{kId});
}

TEST_F(ExecutionWorkTest, AStopWhileItStartsAndWhileItRunsCancelsTheProgram) {
  use_wasm();
  wasm.outcome.reset();
  on_progress = [this](const Progress& progress) {
    if (progress.phase == HostedPhase::Running) work.stop(kId, "as it starts");
  };
  const auto first = carry_out();
  EXPECT_EQ(first.kind, OutcomeKind::Cancelled);
  EXPECT_EQ(first.message, "as it starts");

  on_progress = nullptr;
  const ExecutionId second_id("e-2");
  wasm.on_wait = [this, second_id] {
    work.stop(second_id, "as it runs");
    work.stop(second_id, "once more");
  };
  const auto second = carry_out(Beginning::Fresh, second_id);
  EXPECT_EQ(second.kind, OutcomeKind::Cancelled);
  EXPECT_EQ(second.message, "as it runs");
  work.stop(second_id, "it has ended");
}

TEST_F(ExecutionWorkTest, ACancelledCallLeavesTheProgramAndItsInputs) {
  use_wasm();
  wasm.outcome.reset();
  async::TaskScope scope(loop);
  async::Event runs(async::Event::Reset::Manual);
  wasm.on_wait = [&] {
    runs.set();
  };

  scope.spawn("execution", carry_out_to_be_cancelled(*this));
  run(stop_once(runs, scope));

  EXPECT_EQ(wasm.started.size(), 1U);
  EXPECT_TRUE(wasm.cancelled.empty());
  EXPECT_TRUE(source.released.empty());
}

TEST_F(ExecutionWorkTest, ResumesWhatRuns) {
  use_wasm();
  wasm.found = {{kId, executor::FoundState::Running}};
  wasm.outcome.reset();
  wasm.stdout_text = "said before and after";
  ASSERT_TRUE(run(work.recover({hosted()})));
  wasm.on_wait = [this] {
    work.stop(kId, "enough");
  };

  const auto result = carry_out(Beginning::Resumed);

  EXPECT_EQ(result.kind, OutcomeKind::Cancelled);
  EXPECT_EQ(result.run_output->stdout_text, "said before and after");
  EXPECT_TRUE(wasm.started.empty()) << "never a second start";
  EXPECT_EQ(source.prepared.size(), 1U) << "what it reads is held again";
}

TEST_F(ExecutionWorkTest, ResumesWhatHasEndedAndPublishesIt) {
  use_wasm();
  publish();
  wasm.found = {{kId, executor::FoundState::Ended}};
  wasm.outcome = executor::Exit{.kind = ExitKind::Exited, .exit_code = 3, .message = {}};
  ASSERT_TRUE(run(work.recover({hosted()})));
  fs::create_directories(executions / kId.str());

  const auto result = carry_out(Beginning::Resumed);

  EXPECT_EQ(result.kind, OutcomeKind::Completed) << result.message;
  EXPECT_EQ(result.run_output->exit_code, 3);
  EXPECT_EQ(phases, std::vector{HostedPhase::Publishing});
  EXPECT_EQ(publisher.requests.size(), 1U);
}

TEST_F(ExecutionWorkTest, WhatItsEngineDoesNotKnowWasNeverStarted) {
  use_wasm();

  const auto result = carry_out(Beginning::Resumed);

  EXPECT_EQ(result.fault, Fault::Unstarted);
  EXPECT_EQ(result.message, "the node went down before the program was started");
  EXPECT_TRUE(wasm.started.empty());
}

TEST_F(ExecutionWorkTest, WhatNoRecordKnowsIsEndedAndForgotten) {
  wasm.found = {{kId, executor::FoundState::Running}};
  wasm.outcome.reset();

  ASSERT_TRUE(run(work.recover({})));
  for (int turn = 0; wasm.released.empty() && turn < 1000; ++turn) {
    run([](async::BlockingPool& on) -> async::Task<Result<void>> {
      co_return co_await async::blocking(on, [] { return Result<void>(); });
    }(pool));
  }

  EXPECT_EQ(wasm.cancelled.at(kId), "the node does not hold this execution any more");
  EXPECT_EQ(wasm.released, std::vector{kId});
}

TEST_F(ExecutionWorkTest, AFailedPublicationKeepsTheOutput) {
  task().engine.params = R"({"Stdout":"worth keeping"})";
  publish();
  publisher.error = Error{Code::OutOfSpace, "the disk is full"};

  const auto result = carry_out();

  EXPECT_EQ(result.kind, OutcomeKind::Failed);
  EXPECT_EQ(result.fault, Fault::Node);
  EXPECT_EQ(result.message, "publishing the results: the disk is full");
  EXPECT_EQ(result.run_output->stdout_text, "worth keeping");
  EXPECT_TRUE(result.published.empty());
}

TEST_F(ExecutionWorkTest, OutputThatCannotBeReadDoesNotHideWhyItEnded) {
  use_wasm();
  wasm.output_error = Error{Code::NotFound, "no such stream"};
  wasm.outcome = executor::Exit{.kind = ExitKind::NodeFault, .message = "the power was cut"};

  const auto lost = carry_out();

  EXPECT_EQ(lost.message, "the power was cut");
  EXPECT_FALSE(lost.run_output);

  wasm.outcome = executor::Exit{.kind = ExitKind::Exited};
  EXPECT_EQ(carry_out(Beginning::Fresh, ExecutionId("e-2")).message,
            "reading the output: no such stream");
}

TEST_F(ExecutionWorkTest, ForgetRemovesResultsAndKeepsTheNewestOutput) {
  task().engine.params = R"({"Stdout":"x","Write":{"/outputs/a":"A"}})";
  publish();
  for (const char* id : {"e-1", "e-2", "e-3"}) {
    EXPECT_EQ(carry_out(Beginning::Fresh, ExecutionId(id)).kind, OutcomeKind::Completed);
    EXPECT_TRUE(fs::exists(executions / id / "results/0/a"));
    run(work.forget(ExecutionId(id)));
    EXPECT_FALSE(fs::exists(executions / id));
  }

  const auto dropped = run(noop.read_output({.id = ExecutionId("e-1")}));
  EXPECT_EQ(dropped.error().code, Code::NotFound) << "two are kept";
  const auto output = run(noop.read_output({.id = ExecutionId("e-2")}));
  EXPECT_EQ(as_chars(output.value().bytes), "x");
  EXPECT_TRUE(run(noop.read_output({.id = ExecutionId("e-3")})));
}

TEST_F(ExecutionWorkTest, KeptOutputIsCountedAgainAfterARestart) {
  using executor::ExecutionFile;
  for (const char* id : {"e-b", "e-a", "e-held"})
    ASSERT_TRUE(ExecutionFile::create(executions, ExecutionId(id)));
  for (const char* id : {"e-b", "e-a"})
    ASSERT_TRUE(ExecutionFile::release(executions, ExecutionId(id)));
  const auto now = fs::file_time_type::clock::now();
  fs::last_write_time(executions / "e-a.out", now - std::chrono::hours(2));
  fs::last_write_time(executions / "e-held.run", now - std::chrono::hours(3));
  for (const char* id : {"e-gone", "e-held"})
    fs::create_directories(executions / id / "results");

  ASSERT_TRUE(run(work.recover({hosted(ExecutionId("e-held"))})));
  run(work.forget(ExecutionId("e-c")));

  EXPECT_FALSE(fs::exists(executions / "e-a.out"));
  EXPECT_TRUE(fs::exists(executions / "e-b.out"));
  EXPECT_TRUE(fs::exists(executions / "e-held.run")) << "it has not ended";
  EXPECT_TRUE(fs::exists(executions / "e-held")) << "it has not ended";
  EXPECT_FALSE(fs::exists(executions / "e-gone")) << "nobody will ask for its results";
}

TEST_F(ExecutionWorkTest, AssessmentCountsMissingBytesAndGivesEveryReason) {
  add_input("/a", "a");
  add_input("/b", "b");
  source.locality = {.local = false, .missing_bytes = 5};
  const Assess question{OfferId("o-1"), NodeId("n-r"), std::make_shared<model::Job>(job)};
  EXPECT_EQ(run(work.assess(question)).missing_bytes, 10U);
  EXPECT_TRUE(run(work.assess(question)).refusals.empty());

  source.locality.missing_bytes.reset();
  EXPECT_FALSE(run(work.assess(question)).missing_bytes) << "one that is unknown makes all unknown";

  task().engine.type = "docker";
  task().publisher.type = "s3";
  task().env = {{"A", "env:SECRET"}};
  task().input_sources.front().source.params = "{}";
  task().input_sources.back().source.type = "url";
  const Assess wrong{OfferId("o-2"), NodeId("n-r"), std::make_shared<model::Job>(job)};
  std::vector<std::string> clauses;
  for (const protocol::Reason& reason : run(work.assess(wrong)).refusals)
    clauses.push_back(reason.clause);
  EXPECT_EQ(clauses,
            (std::vector<std::string>{"engine", "environment", "publisher", "input", "input"}));
}

// The key is made by an independent encoder (src/model/testdata/task_key.py).
TEST_F(ExecutionWorkTest, TheResultCarriesTheTaskKey) {
  task().engine = model::to_spec(model::WasmParams{.entry_module = "/main.wasm",
                                                   .entrypoint = "run",
                                                   .parameters = {"-v"},
                                                   .import_modules = {"/lib.wasm"}});
  add_input("/main.wasm", "the module");
  add_input("/lib.wasm", "the library");
  add_input("/data", "data");
  task().env = {{"A", "1"}};
  task().result_paths = {{.name = "outputs", .path = "/outputs"}};
  task().timeouts.execution = std::chrono::seconds(60);
  job.count = 2;
  auto second = hosted();
  second.partition_index = 1;

  const auto result = run(work.carry_out(second, Beginning::Fresh, [](const Progress&) {}));

  EXPECT_EQ(result.task_key, "bafyreidcfluhroujcnoqyjgyntbhjufa7hli5ddxyxqbaxhlzrh4kjq5lq");
}

TEST_F(ExecutionWorkTest, TheSameTaskHasTheSameKeyHoweverItEnds) {
  use_wasm();
  const std::string first = key();
  ASSERT_FALSE(first.empty());

  EXPECT_EQ(key(), first);
  wasm.outcome = executor::Exit{.kind = ExitKind::Trapped, .message = "unreachable"};
  EXPECT_EQ(key(), first);
}

TEST_F(ExecutionWorkTest, AModuleIsHashedOncePerInput) {
  use_wasm();
  const std::string first = key();
  fs::remove(source.inputs.begin()->second.host_path);

  EXPECT_EQ(key(), first);
}

TEST_F(ExecutionWorkTest, TheKeyCountsTheBytesOfTheModuleNotItsCid) {
  use_wasm();
  const std::string first = key();
  source.inputs.begin()->second.cid = cid_of("the same bytes in another dag");

  EXPECT_EQ(key(), first);
}

TEST_F(ExecutionWorkTest, WhatMayDependOnTheWorldNeverMeetsItsKeyAgain) {
  use_wasm();
  add_input("/data", "data");
  storage::PreparedInput& data = source.inputs.rbegin()->second;
  const std::string plain = key();
  std::set<std::string> keys = {plain};

  data.cid.reset();
  EXPECT_TRUE(keys.insert(key()).second) << "a folder of the node";
  EXPECT_TRUE(keys.insert(key()).second);
  data.cid = cid_of("data");
  data.access = storage::Access::ReadWrite;
  EXPECT_TRUE(keys.insert(key()).second) << "something that the program may change";
  data.access = storage::Access::ReadOnly;
  task().network.type = model::NetworkType::Full;
  EXPECT_TRUE(keys.insert(key()).second) << "a network";
  task().network.type = model::NetworkType::None;
  EXPECT_EQ(key(), plain);
}

TEST_F(ExecutionWorkTest, AnEngineWithoutProgramsHasNoKey) {
  EXPECT_EQ(key(), "");
}

}  // namespace
}  // namespace skrei::compute
