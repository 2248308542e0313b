// SPDX-License-Identifier: Apache-2.0
// skrei_load [--seconds N] [--jobs N] [--out FILE]: starts nodes of its own in a temporary folder,
// loads them over the API, and prints what they did. Each phase is bounded in time and number. The
// generator runs on the same machine: its own work is part of every figure.

#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>

#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "base/fd.hpp"
#include "base/testing/temp_dir.hpp"
#include "load/measure.hpp"
#include "testing/api_calls.hpp"
#include "testing/node_process.hpp"
#include "testing/runner.hpp"

namespace skrei::bench {
namespace {

using e2e::ApiCalls;
using e2e::NodeProcess;
using e2e::Runner;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr const char* kJobs = "/api/v1/orchestrator/jobs";
constexpr std::size_t kInFlight = 64;

struct Options {
  std::chrono::seconds seconds{5};  ///< For each phase that is bounded in time.
  std::size_t jobs = 10'000;        ///< For the phase that fills a store.
  std::string out;
};

double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// What several connections share in one phase.
struct Phase {
  ApiCalls& api;
  BootTime deadline;
  std::size_t jobs_max;
  std::size_t begun = 0;
  std::size_t done = 0;
  Samples latencies;
  std::optional<Error> broken;

  bool goes_on() const {
    return !broken && begun < jobs_max && SystemClock().boot_now() < deadline;
  }
};

/// Submits one after the other.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): outlives the scope.
async::Task<void> submit_only(Phase& phase, json::Value job) {
  const SystemClock clock;
  while (phase.goes_on()) {
    ++phase.begun;
    const BootTime began = clock.boot_now();
    const auto id = co_await phase.api.submit(job);
    if (!id) {
      phase.broken = id.error();
      co_return;
    }
    ++phase.done;
    phase.latencies.add(clock.boot_now() - began);
  }
}

/// Submits, waits for the end, submits the next.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): outlives the scope.
async::Task<Result<void>> run_jobs(Phase& phase, json::Value job, Duration poll) {
  const SystemClock clock;
  while (phase.goes_on()) {
    ++phase.begun;
    const BootTime began = clock.boot_now();
    CO_TRY_ASSIGN(const std::string id, co_await phase.api.submit(job));
    while (true) {
      CO_TRY_ASSIGN(const json::Value body,
                    co_await phase.api.get(fmt::format("{}/{}", kJobs, id)));
      const std::string state = body["Job"]["State"]["StateType"];
      if (state == "Completed") break;
      if (state == "Failed" || clock.boot_now() > phase.deadline + 60s) {
        co_return fail(Code::Internal, "a job of the load is {}: {}", state, json::dump(body));
      }
      CO_TRY(co_await async::sleep_for(poll));
    }
    ++phase.done;
    phase.latencies.add(clock.boot_now() - began);
  }
  co_return Result<void>();
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): outlives the scope.
async::Task<void> run_jobs_or_break(Phase& phase, json::Value job, Duration poll) {
  const auto ran = co_await run_jobs(phase, std::move(job), poll);
  if (!ran) phase.broken = ran.error();
}

class Load {
 public:
  explicit Load(Options options) : options_(std::move(options)) {}

  Result<void> run() {
    TRY(measure_submissions());
    TRY(measure_jobs());
    if (options_.out.empty()) return {};
    return write_file_atomically(
        options_.out, as_bytes(json::dump(report_.to_json(), json::Layout::Indented) + "\n"), 0644);
  }

 private:
  Result<double> start_ms(NodeProcess& node) {
    const SystemClock clock;
    const BootTime began = clock.boot_now();
    TRY(runner_.run(node.start()));
    return seconds_of(clock.boot_now() - began) * 1000;
  }

  /// Runs `connections` tasks of one phase to their end; its rate.
  template <class MakeTask>
  Result<double> in_parallel(Phase& phase, std::size_t connections, MakeTask make) {
    const SystemClock clock;
    const BootTime began = clock.boot_now();
    async::TaskScope scope(runner_.loop());
    for (std::size_t i = 0; i < connections; ++i)
      scope.spawn("load", make());
    runner_.run(scope.join());
    if (phase.broken) return fail(*phase.broken);
    return static_cast<double>(phase.done) / seconds_of(clock.boot_now() - began);
  }

  Phase phase(ApiCalls& api, std::size_t jobs_max, Duration limit) {
    return {.api = api,
            .deadline = SystemClock().boot_now() + limit,
            .jobs_max = jobs_max,
            .latencies = {},
            .broken = {}};
  }

  /// Jobs that no node takes: they are stored and wait, and nothing runs beside the submissions.
  Result<void> measure_submissions() {
    for (const std::size_t connections : {std::size_t{1}, kInFlight}) {
      NodeProcess node(runner_.loop(),
                       {.data_dir = dir_.path() / fmt::format("submit-{}", connections)});
      TRY(runner_.run(node.start()));
      ApiCalls api(runner_.loop(), [&node] { return node.port(); });
      TRY_ASSIGN(const std::string module, runner_.run(api.add(e2e::module_bytes("noop.wasm"))));
      json::Value job = e2e::wasm_job(module);
      job["Constraints"] = {{{"Key", "zone"}, {"Operator", "="}, {"Values", {"moon"}}}};
      job["Tasks"][0]["Timeouts"] = {{"QueueTimeout", 3600}};
      Phase load = phase(api, 1'000'000, options_.seconds);
      TRY_ASSIGN(const double rate,
                 in_parallel(load, connections, [&] { return submit_only(load, job); }));
      const std::string how = fmt::format("{} connections, {} jobs synced", connections, load.done);
      report_.add({fmt::format("submissions ({} connections)", connections), rate, "1/s", how});
      report_.add({"  median", load.latencies.percentile_ms(0.5), "ms", ""});
      report_.add({"  p99", load.latencies.percentile_ms(0.99), "ms", ""});
    }
    return {};
  }

  Result<void> measure_jobs() {
    NodeProcess node(runner_.loop(), {.data_dir = dir_.path() / "jobs"});
    TRY_ASSIGN(const double first_start, start_ms(node));
    report_.add(
        {"start to first answer, empty store", first_start, "ms", "process start to /readyz"});
    report_.add({"memory of the node, idle", resident_mib(node.pid()), "MiB", "VmRSS"});
    ApiCalls api(runner_.loop(), [&node] { return node.port(); });
    TRY_ASSIGN(const std::string module, runner_.run(api.add(e2e::module_bytes("noop.wasm"))));
    const json::Value job = e2e::wasm_job(module);
    TRY(one_at_a_time(api, job));
    TRY(many_at_a_time(api, job));
    report_.add({"memory of the node, after them", resident_mib(node.pid()), "MiB", "VmRSS"});
    for (const pid_t pid : node.supervisors())
      report_.add({"memory of the supervisor, after them", resident_mib(pid), "MiB", "VmRSS"});
    TRY(list_ten(api));
    TRY(runner_.run(node.stop(10s)));
    TRY_ASSIGN(const double later_start, start_ms(node));
    report_.add({"start to first answer, after them", later_start, "ms", "polite stop before"});
    TRY(runner_.run(node.kill()));
    TRY_ASSIGN(const double killed_start, start_ms(node));
    report_.add({"start to first answer, after kill -9", killed_start, "ms", ""});
    return {};
  }

  Result<void> one_at_a_time(ApiCalls& api, const json::Value& job) {
    Phase load = phase(api, 200, options_.seconds * 4);
    TRY_ASSIGN(const double rate,
               in_parallel(load, 1, [&] { return run_jobs_or_break(load, job, 1ms); }));
    report_.add({"WASM jobs one at a time", rate, "1/s",
                 fmt::format("{} jobs of noop.wasm, asked for each ms", load.done)});
    report_.add(
        {"  median", load.latencies.percentile_ms(0.5), "ms", "from PUT to Completed seen"});
    report_.add({"  p99", load.latencies.percentile_ms(0.99), "ms", ""});
    return {};
  }

  Result<void> many_at_a_time(ApiCalls& api, const json::Value& job) {
    Phase load = phase(api, options_.jobs, options_.seconds * 30);
    TRY_ASSIGN(const double rate,
               in_parallel(load, kInFlight, [&] { return run_jobs_or_break(load, job, 50ms); }));
    report_.add({"WASM jobs, 64 in flight", rate, "1/s",
                 fmt::format("{} jobs of noop.wasm, asked for each 50 ms", load.done)});
    report_.add({"  median", load.latencies.percentile_ms(0.5), "ms", ""});
    report_.add({"  p99", load.latencies.percentile_ms(0.99), "ms", ""});
    return {};
  }

  Result<void> list_ten(ApiCalls& api) {
    const SystemClock clock;
    Samples samples;
    for (int i = 0; i < 200; ++i) {
      const BootTime began = clock.boot_now();
      TRY(runner_.run(api.get(std::string(kJobs) + "?limit=10&reverse=true")));
      samples.add(clock.boot_now() - began);
    }
    report_.add({"list of the newest 10 jobs", samples.percentile_ms(0.5), "ms", "median of 200"});
    return {};
  }

  Options options_;
  testing::TempDir dir_;
  Runner runner_;
  Report report_;
};

Result<std::size_t> parse_number(const char* text) {
  std::size_t number = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, number);
  if (error != std::errc() || rest != end || number == 0) {
    return fail(Code::InvalidArgument, "\"{}\" is no number from 1 on", text);
  }
  return number;
}

Result<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (i + 1 == argc) return fail(Code::InvalidArgument, "{}: a value is missing", flag);
    if (flag == "--out") {
      options.out = argv[i + 1];
    } else if (flag == "--seconds") {
      TRY_ASSIGN(const std::size_t seconds, parse_number(argv[i + 1]));
      options.seconds = std::chrono::seconds(seconds);
    } else if (flag == "--jobs") {
      TRY_ASSIGN(options.jobs, parse_number(argv[i + 1]));
    } else {
      return fail(Code::InvalidArgument, "{}: use --seconds N, --jobs N, --out FILE", flag);
    }
  }
  return options;
}

}  // namespace
}  // namespace skrei::bench

int main(int argc, char** argv) {
  auto options = skrei::bench::parse(argc, argv);
  if (!options) {
    std::fprintf(stderr, "skrei_load: %s\n", options.error().message.c_str());
    return 2;
  }
  const auto done = skrei::bench::Load(*std::move(options)).run();
  if (!done) std::fprintf(stderr, "skrei_load: %s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
