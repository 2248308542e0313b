// SPDX-License-Identifier: Apache-2.0
// skrei_load [--seconds N] [--jobs N] [--stored N] [--runs N] [--out FILE]: starts nodes of its own
// in a temporary folder, loads them over the API, and prints what they did. Each phase is bounded
// in time and number. The generator runs on the same machine: its own work is part of every figure.

#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "base/fd.hpp"
#include "base/testing/temp_dir.hpp"
#include "load/measure.hpp"
#include "load/stored_jobs.hpp"
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
  std::size_t jobs = 10'000;        ///< That run, for the figure of many at a time.
  std::size_t stored = 100'000;     ///< In the store of the phase that starts with a full one.
  std::size_t runs = 1;             ///< Of everything.
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
    for (run_ = 0; run_ < options_.runs; ++run_) {
      TRY(measure_submissions());
      TRY(measure_jobs());
      TRY(measure_full_store());
    }
    if (options_.runs > 1) report_.print_summary();
    if (options_.out.empty()) return {};
    return write_file_atomically(
        options_.out, as_bytes(json::dump(report_.to_json(), json::Layout::Indented) + "\n"), 0644);
  }

 private:
  /// A data directory of this run.
  std::filesystem::path data_dir(std::string_view name) const {
    return dir_.path() / fmt::format("{}-{}", name, run_);
  }

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
                       {.data_dir = data_dir(fmt::format("submit-{}", connections))});
      TRY(runner_.run(node.start()));
      ApiCalls api(runner_.loop(), [&node] { return node.port(); });
      TRY_ASSIGN(const std::string module, runner_.run(api.add(e2e::module_bytes("noop.wasm"))));
      json::Value job = e2e::wasm_job(module);
      job["Constraints"] = {{{"Key", "zone"}, {"Operator", "="}, {"Values", {"moon"}}}};
      job["Tasks"][0]["Timeouts"] = {{"QueueTimeout", 3600}};
      Phase load = phase(api, 1'000'000, options_.seconds);
      const double before = processor_seconds(node.pid());
      TRY_ASSIGN(const double rate,
                 in_parallel(load, connections, [&] { return submit_only(load, job); }));
      const double used = processor_seconds(node.pid()) - before;
      const std::string what = fmt::format("submissions, {} at a time", connections);
      add_rate(what, rate, load, "synced before the answer");
      report_.add({what + ": processor time of the node", used * 1e6 / load.done, "us",
                   "of each, user and system"});
    }
    return {};
  }

  Result<void> measure_jobs() {
    NodeProcess node(runner_.loop(), {.data_dir = data_dir("jobs")});
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
    TRY(ask(api, "list of the newest 10 jobs, after them",
            std::string(kJobs) + "?limit=10&reverse=true"));
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
    add_rate("WASM jobs, one at a time", rate, load, "noop.wasm, asked for each ms");
    return {};
  }

  Result<void> many_at_a_time(ApiCalls& api, const json::Value& job) {
    Phase load = phase(api, options_.jobs, options_.seconds * 30);
    TRY_ASSIGN(const double rate,
               in_parallel(load, kInFlight, [&] { return run_jobs_or_break(load, job, 50ms); }));
    add_rate("WASM jobs, 64 at a time", rate, load, "noop.wasm, asked for each 50 ms");
    return {};
  }

  void add_rate(const std::string& what, double rate, const Phase& load, std::string_view how) {
    report_.add({what, rate, "1/s", fmt::format("{} done; {}", load.done, how)});
    report_.add(
        {what + ": median", load.latencies.percentile_ms(0.5), "ms", "from PUT to its end"});
    report_.add({what + ": p99", load.latencies.percentile_ms(0.99), "ms", ""});
  }

  /// The median time of a question.
  Result<void> ask(ApiCalls& api, std::string what, const std::string& target) {
    constexpr int kTimes = 100;
    const SystemClock clock;
    Samples samples;
    for (int i = 0; i < kTimes; ++i) {
      const BootTime began = clock.boot_now();
      TRY(runner_.run(api.get(target)));
      samples.add(clock.boot_now() - began);
    }
    report_.add({std::move(what), samples.percentile_ms(0.5), "ms",
                 fmt::format("median of {}: {}", kTimes, target)});
    return {};
  }

  /// A node that finds many ended jobs in its store.
  Result<void> measure_full_store() {
    const auto folder = data_dir("stored");
    NodeProcess node(runner_.loop(), {.data_dir = folder});
    ApiCalls api(runner_.loop(), [&node] { return node.port(); });
    TRY(runner_.run(node.start()));
    TRY_ASSIGN(const std::string module, runner_.run(api.add(e2e::module_bytes("noop.wasm"))));
    TRY_ASSIGN(const std::string id, runner_.run(api.submit(e2e::wasm_job(module))));
    TRY(runner_.run(api.ended(id, 60s)));
    TRY(runner_.run(node.stop(10s)));
    const SystemClock clock;
    const BootTime began = clock.boot_now();
    TRY(copy_newest_job(runner_, folder, options_.stored));
    const double took = seconds_of(clock.boot_now() - began);
    const std::string with = fmt::format("{} jobs in the store: ", options_.stored);
    report_.add({with + "written", static_cast<double>(options_.stored) / took, "1/s",
                 "by the store's writer alone"});
    TRY_ASSIGN(const double start, start_ms(node));
    report_.add({with + "start to first answer", start, "ms", "polite stop before"});
    const std::string jobs = kJobs;
    TRY(ask(api, with + "list of the newest 10", jobs + "?limit=10&reverse=true"));
    TRY(ask(api, with + "list of the oldest 10", jobs + "?limit=10"));
    TRY(ask(api, with + "10 by time of change", jobs + "?limit=10&order_by=modified_at"));
    TRY(ask(api, with + "one by id", jobs + "/" + id));
    TRY(ask(api, with + "one by the beginning of its id", jobs + "/" + id.substr(0, 12)));
    TRY(ask(api, with + "one by name", fmt::format("{}/stored-{}", jobs, options_.stored / 2)));
    TRY(ask(api, with + "history of one", jobs + "/" + id + "/history"));
    report_.add({with + "memory of the node", resident_mib(node.pid()), "MiB", "VmRSS"});
    TRY(runner_.run(node.stop(10s)));
    std::error_code ignored;  // Gigabytes; the rest of the temporary folder goes at the end.
    std::filesystem::remove_all(folder, ignored);
    return {};
  }

  Options options_;
  testing::TempDir dir_;
  Runner runner_;
  Report report_;
  std::size_t run_ = 0;
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
    } else if (flag == "--stored") {
      TRY_ASSIGN(options.stored, parse_number(argv[i + 1]));
    } else if (flag == "--runs") {
      TRY_ASSIGN(options.runs, parse_number(argv[i + 1]));
    } else {
      return fail(Code::InvalidArgument,
                  "{}: use --seconds N, --jobs N, --stored N, --runs N, --out FILE", flag);
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
