// SPDX-License-Identifier: Apache-2.0
// skrei_soak [--seconds N] [--rate N] [--every N] [--out FILE] [-- SERVE FLAGS]: one node under a
// steady load for a long time. Every `--every` seconds it notes memory, descriptors, disk and the
// latency of jobs, as a line on stdout and in the CSV file. At the end it says how each went from
// the middle third to the last: what keeps growing there is a leak. Give the node a short retention
// by flags behind "--", so that it sets in early.

#include <charconv>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <optional>

#include <sys/stat.h>

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

namespace fs = std::filesystem;
using e2e::ApiCalls;
using e2e::NodeProcess;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr const char* kJobs = "/api/v1/orchestrator/jobs";
/// Jobs under way; beyond that the load is late, which the notes show.
constexpr std::size_t kInFlightMax = 256;
constexpr Duration kJobLimit = 120s;

struct Options {
  std::chrono::seconds seconds{3600};
  std::size_t rate = 20;  ///< Jobs a second.
  std::chrono::seconds every{10};
  std::string out;
  std::vector<std::string> serve_flags;
};

/// What one look at the node found.
struct Note {
  double at_seconds = 0;
  std::size_t jobs_ended = 0;
  std::size_t in_flight = 0;
  double node_mib = 0;
  double supervisor_mib = 0;
  double descriptors = 0;
  double disk_mib = 0;
  double files = 0;
  double median_ms = 0;
  double p99_ms = 0;
  double list_ms = 0;
};

struct Column {
  const char* name;
  double Note::* value;
};
constexpr Column kColumns[] = {{"node MiB", &Note::node_mib},
                               {"supervisor MiB", &Note::supervisor_mib},
                               {"descriptors", &Note::descriptors},
                               {"disk MiB", &Note::disk_mib},
                               {"files", &Note::files},
                               {"median ms", &Note::median_ms},
                               {"p99 ms", &Note::p99_ms},
                               {"list ms", &Note::list_ms}};

std::size_t descriptors_of(pid_t pid) {
  std::error_code error;
  std::size_t count = 0;
  for (fs::directory_iterator at(fmt::format("/proc/{}/fd", pid), error), end; !error && at != end;
       at.increment(error))
    ++count;
  return count;
}

/// Allocated bytes and number of files below a folder that changes meanwhile.
std::pair<double, double> disk_of(const fs::path& folder) {
  std::error_code error;
  double bytes = 0;
  double files = 0;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    struct stat status{};
    if (::lstat(at->path().c_str(), &status) != 0) continue;
    bytes += static_cast<double>(status.st_blocks) * 512;
    ++files;
  }
  return {bytes / (1 << 20), files};
}

class Soak {
 public:
  explicit Soak(Options options) : options_(std::move(options)) {
    e2e::NodeProcess::Options node{.data_dir = dir_.path() / "node"};
    node.flags = options_.serve_flags;
    node_ = std::make_unique<NodeProcess>(runner_.loop(), std::move(node));
    api_ = std::make_unique<ApiCalls>(runner_.loop(), [this] { return node_->port(); });
  }

  Result<void> run() {
    TRY(runner_.run(node_->start()));
    TRY(runner_.run(make_jobs()));
    began_ = clock_.boot_now();
    async::TaskScope scope(runner_.loop());
    scope.spawn("load", submit_all(scope));
    TRY(runner_.run(watch()));
    runner_.run(scope.join());
    if (broken_) return fail(*broken_);
    TRY(runner_.run(node_->stop(20s)));
    tell();
    return options_.out.empty() ? Result<void>() : write_csv();
  }

 private:
  BootTime deadline() const { return began_ + options_.seconds; }

  /// The mix: a program alone, one that reads an input, one that publishes new bytes, one that
  /// fails.
  async::Task<Result<void>> make_jobs() {
    CO_TRY_ASSIGN(const std::string noop, co_await api_->add(e2e::module_bytes("noop.wasm")));
    CO_TRY_ASSIGN(const std::string cat, co_await api_->add(e2e::module_bytes("cat.wasm")));
    CO_TRY_ASSIGN(const std::string env, co_await api_->add(e2e::module_bytes("env.wasm")));
    CO_TRY_ASSIGN(const std::string trap, co_await api_->add(e2e::module_bytes("trap.wasm")));
    CO_TRY_ASSIGN(const std::string folder,
                  co_await api_->add_folder({{"a.bin", std::string(100'000, 'a')}}));
    json::Value reads = e2e::wasm_job(cat, {"/data"});
    e2e::add_input(reads, folder, "/data");
    json::Value publishes = e2e::wasm_job(env);
    publishes["Tasks"][0]["Publisher"] = {{"Type", "ipfs"}};
    const json::Value alone = e2e::wasm_job(noop);
    jobs_ = {alone,     publishes, alone, reads, alone,
             publishes, alone,     reads, alone, e2e::wasm_job(trap)};
    co_return Result<void>();
  }

  // NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): run() joins it.
  async::Task<void> submit_all(async::TaskScope& scope) {
    const Duration pause = Duration(1s) / static_cast<std::int64_t>(options_.rate);
    BootTime next = began_;
    for (std::size_t index = 0; !broken_ && clock_.boot_now() < deadline(); ++index) {
      next += pause;
      const Duration wait = next - clock_.boot_now();
      if (wait > Duration(0)) static_cast<void>(co_await async::sleep_for(wait));
      if (in_flight_ >= kInFlightMax) continue;
      ++in_flight_;
      scope.spawn("job", follow(jobs_[index % jobs_.size()]));
    }
  }

  async::Task<void> follow(json::Value job) {
    const auto ended = co_await to_its_end(std::move(job));
    --in_flight_;
    if (!ended) broken_ = ended.error();
  }

  async::Task<Result<void>> to_its_end(json::Value job) {
    const BootTime began = clock_.boot_now();
    CO_TRY_ASSIGN(const std::string id, co_await api_->submit(std::move(job)));
    while (true) {
      CO_TRY_ASSIGN(const json::Value body, co_await api_->get(fmt::format("{}/{}", kJobs, id)));
      const std::string state = body["Job"]["State"]["StateType"];
      if (state == "Completed" || state == "Failed") break;
      if (clock_.boot_now() - began > kJobLimit) {
        co_return fail(Code::DeadlineExceeded, "job {} is {} after {} s", id, state,
                       std::chrono::duration_cast<std::chrono::seconds>(kJobLimit).count());
      }
      CO_TRY(co_await async::sleep_for(20ms));
    }
    ++ended_;
    latencies_.add(clock_.boot_now() - began);
    co_return Result<void>();
  }

  async::Task<Result<void>> watch() {
    for (BootTime next = began_ + options_.every; next <= deadline() && !broken_;
         next += options_.every) {
      CO_TRY(co_await async::sleep_for(next - clock_.boot_now()));
      CO_TRY_ASSIGN(const Note note, co_await look());
      notes_.push_back(note);
      fmt::print("{:6.0f} s {:8} jobs {:4} in flight", note.at_seconds, note.jobs_ended,
                 note.in_flight);
      for (const Column& column : kColumns)
        fmt::print("  {} {:.1f}", column.name, note.*column.value);
      fmt::print("\n");
      std::fflush(stdout);
    }
    co_return Result<void>();
  }

  async::Task<Result<Note>> look() {
    Note note;
    note.at_seconds = std::chrono::duration<double>(clock_.boot_now() - began_).count();
    note.jobs_ended = ended_;
    note.in_flight = in_flight_;
    note.node_mib = resident_mib(node_->pid());
    for (const pid_t pid : node_->supervisors())
      note.supervisor_mib += resident_mib(pid);
    note.descriptors = static_cast<double>(descriptors_of(node_->pid()));
    std::tie(note.disk_mib, note.files) = disk_of(dir_.path() / "node");
    note.median_ms = latencies_.percentile_ms(0.5);
    note.p99_ms = latencies_.percentile_ms(0.99);
    latencies_ = Samples();
    const BootTime began = clock_.boot_now();
    CO_TRY(co_await api_->get(std::string(kJobs) + "?limit=10&reverse=true"));
    note.list_ms = std::chrono::duration<double, std::milli>(clock_.boot_now() - began).count();
    co_return note;
  }

  /// Mean of a column over notes [from, to).
  double mean(const Column& column, std::size_t from, std::size_t to) const {
    double sum = 0;
    for (std::size_t i = from; i < to; ++i)
      sum += notes_[i].*column.value;
    return to > from ? sum / static_cast<double>(to - from) : 0;
  }

  void tell() const {
    const std::size_t third = notes_.size() / 3;
    fmt::print("\n{} jobs in {} s; means of the middle third, of the last, and the change:\n",
               ended_, options_.seconds.count());
    for (const Column& column : kColumns) {
      const double before = mean(column, third, 2 * third);
      const double after = mean(column, 2 * third, notes_.size());
      fmt::print("{:>16} {:10.1f} {:10.1f} {:+7.1f} %\n", column.name, before, after,
                 before > 0 ? (after / before - 1) * 100 : 0.0);
    }
  }

  Result<void> write_csv() const {
    std::string text = "seconds,jobs,in flight";
    for (const Column& column : kColumns)
      text += fmt::format(",{}", column.name);
    for (const Note& note : notes_) {
      text += fmt::format("\n{:.0f},{},{}", note.at_seconds, note.jobs_ended, note.in_flight);
      for (const Column& column : kColumns)
        text += fmt::format(",{:.2f}", note.*column.value);
    }
    return write_file_atomically(options_.out, as_bytes(text + "\n"), 0644);
  }

  Options options_;
  SystemClock clock_;
  testing::TempDir dir_;
  e2e::Runner runner_;
  std::unique_ptr<NodeProcess> node_;
  std::unique_ptr<ApiCalls> api_;
  std::vector<json::Value> jobs_;
  BootTime began_{};
  std::size_t in_flight_ = 0;
  std::size_t ended_ = 0;
  Samples latencies_;
  std::vector<Note> notes_;
  std::optional<Error> broken_;
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
    if (flag == "--") {
      options.serve_flags.assign(argv + i + 1, argv + argc);
      break;
    }
    if (i + 1 == argc) return fail(Code::InvalidArgument, "{}: a value is missing", flag);
    if (flag == "--out") {
      options.out = argv[i + 1];
    } else if (flag == "--seconds") {
      TRY_ASSIGN(const std::size_t seconds, parse_number(argv[i + 1]));
      options.seconds = std::chrono::seconds(seconds);
    } else if (flag == "--every") {
      TRY_ASSIGN(const std::size_t every, parse_number(argv[i + 1]));
      options.every = std::chrono::seconds(every);
    } else if (flag == "--rate") {
      TRY_ASSIGN(options.rate, parse_number(argv[i + 1]));
    } else {
      return fail(Code::InvalidArgument,
                  "{}: use --seconds N, --rate N, --every N, --out FILE, -- SERVE FLAGS", flag);
    }
  }
  return options;
}

}  // namespace
}  // namespace skrei::bench

int main(int argc, char** argv) {
  auto options = skrei::bench::parse(argc, argv);
  if (!options) {
    std::fprintf(stderr, "skrei_soak: %s\n", options.error().message.c_str());
    return 2;
  }
  const auto done = skrei::bench::Soak(*std::move(options)).run();
  if (!done) std::fprintf(stderr, "skrei_soak: %s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
