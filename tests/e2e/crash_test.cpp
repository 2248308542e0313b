// SPDX-License-Identifier: Apache-2.0
// kill -9 at random moments under load. Goal: every acknowledged job is there and reaches one
// recorded end, whenever the node dies. Method: eight connections submit small jobs, each
// submission repeated with its idempotency key until it is acknowledged; the node is killed after
// random times and started again over the same data directory; at the end the jobs, their
// executions and the outputs of their programs are counted.
//
// SKREI_CRASH_ROUNDS=N kills N times (default 10), SKREI_CRASH_SEED=S replays the moments.

#include <cstdlib>
#include <map>

#include "async/sleep.hpp"
#include "testing/crash_load.hpp"
#include "testing/node_test.hpp"
#include "testing/store_check.hpp"

namespace skrei::e2e {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr int kRefused = 4;
constexpr int kCompleted = 9;
constexpr std::size_t kJobsPerRound = 100;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

enum class Victims { Node, NodeAndSupervisor };

struct Counts {
  std::size_t kills = 0;
  std::size_t supervisor_kills = 0;
  std::size_t executions = 0;
  std::size_t further_attempts = 0;
  std::map<std::string, std::size_t> states;
};

class Crash : public NodeTest {
 protected:
  void run(Victims victims, std::uint64_t rounds, std::uint64_t seed) {
    SCOPED_TRACE(fmt::format("SKREI_CRASH_SEED={}", seed));
    SeededRandom random(seed);
    CrashLoad load(runner_.loop(), api_, random, {.kinds = kinds()});
    load.start();
    for (std::uint64_t round = 0; round < rounds && !HasFailure(); ++round)
      crash_once(load, random, victims);
    // Submissions end in any case, so that nothing of the test runs on.
    const Result<void> acknowledged = runner_.run(load.finish(60s));
    EXPECT_TRUE(acknowledged) << acknowledged.error().message;
    if (HasFailure()) return;
    check_jobs(load, victims);
    check_files();
    tell(load, seed);
  }

 private:
  std::vector<LoadKind> kinds() {
    const std::string exit_code = add_module("exit_code.wasm");
    const std::string sleep = add_module("sleep.wasm");
    json::Value published = wasm_job(add_module("writer.wasm"), {"/outputs", "1000"});
    publish_outputs(published);
    json::Value parts = wasm_job(sleep, {"0.05"});
    parts["Count"] = 3;
    return {{.job = wasm_job(add_module("noop.wasm")), .share = 50},
            {.job = wasm_job(exit_code, {"7"}), .share = 10, .exit_code = 7},
            {.job = wasm_job(sleep, {"0.2"}), .share = 10, .output = "sleeping\nwoke up\n"},
            {.job = parts, .share = 10, .output = "sleeping\nwoke up\n"},
            {.job = published, .share = 10},
            {.job = wasm_job(add_module("trap.wasm")),
             .share = 10,
             .state = "Failed",
             .output = "about to trap\n"}};
  }

  /// A moment of load, a kill, a start.
  void crash_once(CrashLoad& load, Random& random, Victims victims) {
    load.allow(kJobsPerRound);
    const auto moment = std::chrono::milliseconds(5 + random.next_u64() % 1000);
    runner_.run(pause(moment));
    const Result<void> killed = runner_.run(node_.kill());
    ASSERT_TRUE(killed) << killed.error().message << node_.log();
    ++counts_.kills;
    if (victims == Victims::NodeAndSupervisor && random.next_u64() % 2 == 0) {
      counts_.supervisor_kills += node_.kill_supervisors() > 0 ? 1 : 0;
    }
    start();
  }

  static async::Task<void> pause(Duration duration) {
    static_cast<void>(co_await async::sleep_for(duration));
  }

  void check_jobs(const CrashLoad& load, Victims victims) {
    const auto stored = value(runner_.run(api_.all_items("/api/v1/orchestrator/jobs?limit=1000")));
    EXPECT_EQ(stored.size(), load.acknowledged().size()) << "each key stands for one job";
    const Duration limit = 60s + 100ms * load.acknowledged().size();
    const SystemClock clock;
    const BootTime deadline = clock.boot_now() + limit;
    for (const auto& [id, kind] : load.acknowledged()) {
      const auto job =
          runner_.run(api_.ended(id, std::max<Duration>(deadline - clock.boot_now(), 1ms)));
      ASSERT_TRUE(job) << job.error().message;
      check_job(*job, *kind, victims);
      if (HasFailure()) return;
    }
  }

  void check_job(const EndedJob& job, const LoadKind& kind, Victims victims) {
    ++counts_.states[job.state()];
    // Whoever kills the supervisor often enough uses up the retries of a job.
    const bool gave_up = victims == Victims::NodeAndSupervisor && job.state() == "Failed";
    if (!gave_up) EXPECT_EQ(job.state(), kind.state) << job.text();
    if (job.state() == "Failed") EXPECT_FALSE(job.message().empty()) << job.text();
    std::map<int, int> finished;
    std::map<int, int> completed;
    std::map<int, int> started;
    for (const json::Value& execution : job.executions) {
      const int partition = execution.value("PartitionIndex", 0);
      ++counts_.executions;
      // The node had forgotten its bid when the award came: nothing was started.
      if (execution["ComputeState"]["StateType"] == kRefused) continue;
      ++started[partition];
      const std::string fault = execution["ComputeState"]["Details"].value("ErrorCode", "");
      const bool never_started = fault == "NotStarted";
      if (never_started || fault == "Unavailable" || fault == "NodeFault") {
        EXPECT_NE(execution["ComputeState"]["Message"], "") << job.text();
        if (never_started || victims == Victims::Node) check_never_ran(job, execution);
        continue;
      }
      ++finished[partition];
      if (execution["ComputeState"]["StateType"] != kCompleted) continue;
      ++completed[partition];
      EXPECT_EQ(execution["RunOutput"]["ExitCode"], kind.exit_code) << job.text();
      check_output(job, execution, kind);
    }
    for (const auto& [partition, times] : started) {
      counts_.further_attempts += static_cast<std::size_t>(times - 1);
      EXPECT_LE(finished[partition], 1) << "finished, and run again: " << job.text();
    }
    if (job.state() != "Completed") return;
    const int count = job.job["Count"];
    for (int partition = 0; partition < count; ++partition)
      EXPECT_EQ(completed[partition], 1) << "partition " << partition << " of " << job.text();
  }

  /// While the supervisor lives no program is lost: an attempt that was is one that the node died
  /// on before the supervisor had the order, so it wrote nothing.
  static void check_never_ran(const EndedJob& job, const json::Value& execution) {
    const json::Value& output = execution["RunOutput"];
    if (!output.is_null()) EXPECT_EQ(output["Stdout"], "") << job.text();
  }

  void check_output(const EndedJob& job, const json::Value& execution, const LoadKind& kind) {
    if (kind.output.empty()) return;
    // A program that was started twice under one id would have said it twice.
    EXPECT_EQ(execution["RunOutput"]["Stdout"], kind.output) << job.text();
  }

  void check_files() {
    const auto stopped = runner_.run(node_.stop(10s));
    ASSERT_TRUE(stopped) << stopped.error().message;
    const Result<void> whole = check_stores(node_.data_dir());
    EXPECT_TRUE(whole) << whole.error().message;
  }

  void tell(const CrashLoad& load, std::uint64_t seed) const {
    std::string states;
    for (const auto& [state, count] : counts_.states)
      states += fmt::format(", {} {}", count, state);
    std::printf(
        "crash: %zu kills of the node, %zu of the supervisor, %zu jobs acknowledged%s, "
        "%zu submissions repeated, %zu executions, %zu further attempts (seed %llu)\n",
        counts_.kills, counts_.supervisor_kills, load.acknowledged().size(), states.c_str(),
        load.repeated(), counts_.executions, counts_.further_attempts,
        static_cast<unsigned long long>(seed));
  }

  Counts counts_;
};

TEST_F(Crash, EveryAcknowledgedJobHasOneEndHoweverOftenTheNodeIsKilled) {
  run(Victims::Node, number_from_environment("SKREI_CRASH_ROUNDS", 10),
      number_from_environment("SKREI_CRASH_SEED", 1));
}

TEST_F(Crash, TheSameWhenTheSupervisorIsKilledToo) {
  const std::uint64_t rounds = number_from_environment("SKREI_CRASH_ROUNDS", 10);
  run(Victims::NodeAndSupervisor, std::max<std::uint64_t>(rounds / 3, 1),
      number_from_environment("SKREI_CRASH_SEED", 2));
}

}  // namespace
}  // namespace skrei::e2e
