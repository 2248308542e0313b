// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/wasm_executor.hpp"

#include <csignal>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "async/sleep.hpp"
#include "executor/execution_file.hpp"
#include "executor/testing/engine_conformance.hpp"
#include "executor/wasm/walls_support.hpp"

namespace skrei::executor {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::Program;

constexpr std::uint64_t kMib = 1 << 20;

std::filesystem::path module_file(std::string_view name) {
  return std::filesystem::path(SKREI_TEST_MODULES_DIR) / fmt::format("{}.wasm", name);
}

Program program(const std::filesystem::path& module, std::vector<std::string> arguments = {}) {
  const model::WasmParams params{.entry_module = "/app.wasm", .parameters = std::move(arguments)};
  return {.engine = model::to_spec(params),
          .inputs = {{.host_path = module, .target = "/app.wasm"}}};
}

/// The supervisor of a test ends soon even if the test is killed.
class WasmUnderTest final : public testing::EngineUnderTest {
 public:
  explicit WasmUnderTest(std::chrono::seconds orphan_limit = 20s) : orphan_limit_(orphan_limit) {}

  std::unique_ptr<Engine> make(Surroundings around) override {
    wasm::WasmExecutor::Options options{
        .executions = around.executions,
        .folder = around.executions.parent_path() / "wasm",
        .walls = wasm::choose_level(wasm::probe_walls(), wasm::WeakSandbox::Allow).value(),
        .users = wasm::probe_walls().users,
        .orphan_limit = orphan_limit_,
        .on_supervisor = [this](pid_t pid) {
          supervisor_ = pid;
        }};
    auto opened = wasm::WasmExecutor::open(around.loop, around.pool, clock_, random_, options);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(opened).value();
  }
  async::Task<void> end(Engine& engine) override {
    const auto ended = co_await dynamic_cast<wasm::WasmExecutor&>(engine).shut_down();
    EXPECT_TRUE(ended) << ended.error().message;
  }

  Program all_bytes() override { return program(module_file("bytes")); }
  Program long_line(int megabytes) override {
    return program(module_file("bigline"), {fmt::format("{}", megabytes)});
  }
  Program exit_with(int code) override {
    return program(module_file("exit_code"), {fmt::format("{}", code)});
  }
  Program sleep(std::chrono::milliseconds time) override {
    return program(module_file("sleep"),
                   {fmt::format("{}", static_cast<double>(time.count()) / 1000)});
  }
  Program print_environment(std::vector<std::string> arguments) override {
    return program(module_file("env"), std::move(arguments));
  }
  Program cat(std::string path) override { return program(module_file("cat"), {std::move(path)}); }
  Program write_hello(std::string folder) override {
    return program(module_file("writer"), {std::move(folder)});
  }
  std::optional<Program> write_into_inputs() override { return program(module_file("escape")); }

  pid_t supervisor() const { return supervisor_; }

 private:
  std::chrono::seconds orphan_limit_;
  SystemClock clock_;
  SystemRandom random_;
  pid_t supervisor_ = 0;
};

/// What is said of WASM alone; the suite of the contract stands in engine_conformance.cpp.
class WasmExecutor : public testing::EngineConformance {
 protected:
  Exit run_module(std::string_view name, std::vector<std::string> arguments, Limits limits = {}) {
    auto job = spec(fmt::format("e-{}", ++runs_), program(module_file(name), std::move(arguments)));
    job.limits = limits;
    return run(job);
  }
  std::string start_error(Program bad) {
    const auto started = await(engine_->start(spec(fmt::format("e-{}", ++runs_), std::move(bad))));
    return started ? "started" : started.error().message;
  }
  pid_t supervisor() { return dynamic_cast<WasmUnderTest&>(*subject_).supervisor(); }

  void wait_gone(pid_t pid) {
    while (::kill(pid, 0) == 0)
      loop_.run_task([]() -> async::Task<void> {
        co_await async::sleep_for(1ms);
      }());
  }

  int runs_ = 0;
};

/// The supervisor gives up after a second without a node.
class WasmOrphans : public WasmExecutor {};

/// User ids of the supervisor's children.
std::vector<std::string> users_of_children(pid_t supervisor) {
  std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", supervisor));
  std::vector<std::string> users;
  for (pid_t pid = 0; children >> pid;) {
    std::ifstream status(fmt::format("/proc/{}/status", pid));
    std::string word;
    while (status >> word && word != "Uid:") {
    }
    if (status >> word) users.push_back(word);
  }
  return users;
}

TEST_P(WasmExecutor, EachProgramHasAUserOfItsOwnWhereWeAreRoot) {
  if (!wasm::probe_walls().users) GTEST_SKIP() << "only root can give programs users";
  const auto results = folder_.path() / "results";
  std::filesystem::create_directory(results);
  std::filesystem::permissions(results, std::filesystem::perms::owner_all);
  auto writing = spec("e-write", program(module_file("writer"), {"/outputs"}));
  writing.results.push_back({.name = "outputs", .target = "/outputs", .host_folder = results});
  EXPECT_EQ(run(writing).exit_code, 0);
  struct stat info{};
  ASSERT_EQ(::stat((results / "hello.txt").c_str(), &info), 0);
  EXPECT_NE(info.st_uid, 0u);

  start(spec("e-1", program(module_file("sleep"), {"3600"})));
  start(spec("e-2", program(module_file("sleep"), {"3600"})));
  // They are root until their walls stand.
  std::vector<std::string> users;
  for (int i = 0; i < 5000; ++i) {
    users = users_of_children(supervisor());
    if (users.size() == 2 && users[0] != "0" && users[1] != "0") break;
    loop_.run_task([]() -> async::Task<void> {
      co_await async::sleep_for(1ms);
    }());
  }
  ASSERT_EQ(users.size(), 2u);
  EXPECT_NE(users[0], "0");
  EXPECT_NE(users[1], "0");
  EXPECT_NE(users[0], users[1]);
}

TEST_P(WasmExecutor, ATrapSaysWhichRuleWasBroken) {
  const Exit unreachable = run_module("trap", {});
  EXPECT_EQ(unreachable.kind, ExitKind::Trapped);
  EXPECT_NE(unreachable.message.find("unreachable"), std::string::npos) << unreachable.message;
  EXPECT_EQ(follow(ExecutionId("e-1"), OutputSource::Stdout).bytes, "about to trap\n");

  const Exit overflow = run_module("recurse", {});
  EXPECT_EQ(overflow.kind, ExitKind::Trapped);
  EXPECT_NE(overflow.message.find("stack"), std::string::npos) << overflow.message;
}

TEST_P(WasmExecutor, MemoryIsLimitedAndMeasured) {
  const Exit modest = run_module("hog", {"20"}, {.memory_bytes = 64 * kMib});
  EXPECT_EQ(modest.exit_code, 0);
  EXPECT_GE(modest.peak.memory_bytes, 20 * kMib);
  EXPECT_LE(modest.peak.memory_bytes, 64 * kMib);
  EXPECT_GE(modest.resident_peak_bytes, 20 * kMib);

  const Exit refused = run_module("hog", {"100"}, {.memory_bytes = 64 * kMib});
  EXPECT_EQ(refused.kind, ExitKind::Exited);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(follow(ExecutionId("e-2"), OutputSource::Stderr).bytes.starts_with("refused after "));

  const Exit too_big = run_module("noop", {}, {.memory_bytes = kMib / 16});
  EXPECT_EQ(too_big.limit, LimitKind::Memory) << too_big.message;
  EXPECT_TRUE(too_big.message.starts_with("memory: ")) << too_big.message;
}

TEST_P(WasmExecutor, CpuTimeIsLimitedAndMeasured) {
  const Exit exit = run_module("spin", {}, {.cpu_time = 50ms});

  EXPECT_EQ(exit.limit, LimitKind::CpuTime);
  EXPECT_EQ(exit.message, "cpu time: used all of 0.05 s");
  EXPECT_GE(exit.peak.cpu_time, 50ms);
  EXPECT_LE(exit.peak.cpu_time, 500ms);
}

TEST_P(WasmExecutor, SleepingCostsNoCpuTime) {
  EXPECT_EQ(run_module("sleep", {"0.1"}, {.cpu_time = 50ms}).kind, ExitKind::Exited);
}

TEST_P(WasmExecutor, OutputStopsAProgramOnlyWhereAskedFor) {
  const Exit exit = run_module("bigline", {"10"}, {.output_bytes = 1'000'000});

  EXPECT_EQ(exit.limit, LimitKind::Output);
  EXPECT_TRUE(exit.message.starts_with("output: wrote more than ")) << exit.message;
}

TEST_P(WasmExecutor, ResultsBeyondTheDiskLimitEndTheJob) {
  const auto results = folder_.path() / "results";
  std::filesystem::create_directory(results);
  auto job = spec("e-disk", program(module_file("writer")));
  job.results.push_back({.name = "outputs", .target = "/outputs", .host_folder = results});
  job.limits.disk_bytes = 4 * kMib;

  const Exit exit = run(job);

  EXPECT_EQ(exit.limit, LimitKind::Disk) << exit.message;
  EXPECT_LE(std::filesystem::file_size(results / "sparse.bin"), 4 * kMib);
}

TEST_P(WasmExecutor, BadModulesHaveTheirSentence) {
  const auto bad = folder_.path() / "bad.wasm";
  std::ofstream(bad) << "this is no module";
  EXPECT_NE(start_error(program(bad)), "started");

  std::ofstream(bad, std::ios::trunc) << "";
  EXPECT_NE(start_error(program(bad)), "started");
  EXPECT_EQ(start_error(program(folder_.path())),
            folder_.path().native() + ": not a file; a WASM module is one");

  Program nowhere = program(module_file("noop"));
  nowhere.inputs[0].target = "/other.wasm";
  EXPECT_EQ(start_error(nowhere), "module \"/app.wasm\": no input has this target");

  Program no_entry = program(module_file("noop"));
  no_entry.engine = model::to_spec({.entry_module = "/app.wasm", .entrypoint = "nothing"});
  EXPECT_NE(start_error(no_entry).find("nothing"), std::string::npos) << start_error(no_entry);

  EXPECT_TRUE(await(engine_->recover()).value().empty());
}

TEST_P(WasmExecutor, ACompiledModuleIsUsedAgain) {
  run_module("noop", {});
  run_module("noop", {});
  restart();
  run_module("noop", {});

  const auto stats = dynamic_cast<wasm::WasmExecutor&>(*engine_).compile_stats();
  EXPECT_EQ(stats.compiled, 0u);
  EXPECT_EQ(stats.artifacts, 1u);
}

TEST_P(WasmExecutor, ManyRunAtOnce) {
  std::vector<ExecutionSpec> jobs;
  for (int i = 0; i < 24; ++i) {
    jobs.push_back(spec(fmt::format("e-many-{}", i),
                        program(module_file("exit_code"), {fmt::format("{}", i)})));
    start(jobs.back());
  }
  for (int i = 0; i < 24; ++i)
    EXPECT_EQ(wait(jobs[static_cast<std::size_t>(i)].id).exit_code, i);
}

TEST_P(WasmExecutor, ProgramsEndAsNodeFaultWhenTheirSupervisorIsKilled) {
  const auto job = spec("e-lost", subject_->sleep(1h));
  start(job);
  ASSERT_GT(supervisor(), 0);

  ASSERT_EQ(::kill(supervisor(), SIGKILL), 0);

  const Exit exit = wait(job.id);
  EXPECT_EQ(exit.kind, ExitKind::NodeFault);
  EXPECT_EQ(exit.message, "the WASM supervisor ended while the program ran");
  EXPECT_EQ(run_module("exit_code", {"3"}).exit_code, 3);
  restart();
  EXPECT_EQ(wait(job.id), exit);
}

TEST_P(WasmExecutor, ASupervisorKilledWhileNoNodeRanIsNoticed) {
  const auto job = spec("e-lost", subject_->sleep(1h));
  start(job);
  const pid_t pid = supervisor();
  loop_.run_task(engine_->stop());
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  while (::kill(pid, 0) == 0)
    loop_.run_task([]() -> async::Task<void> {
      co_await async::sleep_for(1ms);
    }());

  EXPECT_EQ(restart(), (std::vector{FoundExecution{job.id, FoundState::Ended}}));
  EXPECT_EQ(wait(job.id).kind, ExitKind::NodeFault);
}

TEST_P(WasmExecutor, WhatTheSupervisorWasNeverAskedForWasNotStarted) {
  const ExecutionId id("e-ordered");
  loop_.run_task(engine_->stop());
  const auto kept = ExecutionFile::create(folder_.path() / "executions", id);
  ASSERT_TRUE(kept && kept->write_start({.engine = "wasm", .started = {}, .state = {}}));

  EXPECT_EQ(restart(), (std::vector{FoundExecution{id, FoundState::Ended}}));
  EXPECT_EQ(wait(id).kind, ExitKind::NotStarted);
}

TEST_P(WasmOrphans, ProgramsEndWhenNoNodeComesBack) {
  const auto job = spec("e-orphan", subject_->sleep(1h));
  start(job);
  const pid_t pid = supervisor();
  loop_.run_task(engine_->stop());
  wait_gone(pid);

  EXPECT_EQ(restart(), (std::vector{FoundExecution{job.id, FoundState::Ended}}));
  EXPECT_EQ(wait(job.id).kind, ExitKind::NodeFault);
  EXPECT_EQ(wait(job.id).message, "the WASM supervisor had no node for 1 s");
}

TEST_P(WasmExecutor, CancelledWhileItIsPreparedNeverRuns) {
  const auto job = spec("e-early", program(module_file("exit_code"), {"3"}));
  Result<void> cancelled = fail(Code::Internal, "not asked");
  loop_.run_task([](Engine& engine, async::Loop& loop, ExecutionSpec one,
                    Result<void>& answer) -> async::Task<void> {
    async::TaskScope scope(loop);
    scope.spawn("start", [](Engine& starting, ExecutionSpec which) -> async::Task<void> {
      EXPECT_TRUE(co_await starting.start(which));
    }(engine, one));
    co_await async::sleep_for(0ms);
    answer = co_await engine.cancel(one.id, {.reason = "too late"});
    co_await scope.join();
  }(*engine_, loop_, job, cancelled));

  EXPECT_TRUE(cancelled) << cancelled.error().message;
  EXPECT_EQ(wait(job.id).kind, ExitKind::Cancelled);
  EXPECT_EQ(wait(job.id).message, "too late");
}

}  // namespace

namespace testing {

INSTANTIATE_TEST_SUITE_P(Wasm, EngineConformance, ::testing::Values(conforming([] {
                           return std::make_unique<WasmUnderTest>();
                         })));

}  // namespace testing

namespace {

INSTANTIATE_TEST_SUITE_P(Wasm, WasmExecutor, ::testing::Values(testing::conforming([] {
                           return std::make_unique<WasmUnderTest>();
                         })));
INSTANTIATE_TEST_SUITE_P(Wasm, WasmOrphans, ::testing::Values(testing::conforming([] {
                           return std::make_unique<WasmUnderTest>(1s);
                         })));

}  // namespace
}  // namespace skrei::executor
