// SPDX-License-Identifier: Apache-2.0
#include "executor/testing/engine_conformance.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace skrei::executor::testing {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;

MakeEngineUnderTest conforming(MakeEngineUnderTest make) {
  return make;
}

void EngineConformance::SetUp() {
  std::filesystem::create_directory(folder_.path() / "executions");
  subject_ = GetParam()();
  EXPECT_TRUE(restart().empty());
}

void EngineConformance::TearDown() {
  loop_.run_task(subject_->end(*engine_));
  loop_.run_task(engine_->stop());
  engine_.reset();
}

std::vector<FoundExecution> EngineConformance::restart() {
  if (engine_) loop_.run_task(engine_->stop());
  engine_.reset();
  engine_ = subject_->make({loop_, pool_, folder_.path() / "executions"});
  auto found = await(engine_->recover());
  EXPECT_TRUE(found) << found.error().message;
  return found.value_or(std::vector<FoundExecution>{});
}

ExecutionSpec EngineConformance::spec(const std::string& id, Program program) {
  return {.id = ExecutionId(id), .engine = program.engine, .inputs = std::move(program.inputs)};
}

void EngineConformance::start(const ExecutionSpec& spec) {
  const auto started = await(engine_->start(spec));
  ASSERT_TRUE(started) << started.error().message;
}

Exit EngineConformance::wait(const ExecutionId& id) {
  auto exit = await(engine_->wait(id));
  EXPECT_TRUE(exit) << exit.error().message;
  return exit.value_or(Exit{});
}

Exit EngineConformance::run(const ExecutionSpec& spec) {
  start(spec);
  return wait(spec.id);
}

EngineConformance::Followed EngineConformance::follow(const ExecutionId& id, OutputSource source,
                                                      std::uint64_t offset) {
  Followed followed;
  while (true) {
    const OutputRequest request{.id = id, .source = source, .offset = offset};
    const auto chunk = await(engine_->follow_output(request));
    EXPECT_TRUE(chunk) << chunk.error().message;
    if (!chunk) return followed;
    followed.bytes += as_chars(chunk->bytes);
    followed.largest_chunk = std::max(followed.largest_chunk, chunk->bytes.size());
    if (chunk->dropped) followed.dropped.push_back(*chunk->dropped);
    offset = chunk->next_offset();
    if (chunk->end_of_stream) return followed;
  }
}

namespace {

std::string all_byte_values() {
  std::string bytes;
  for (int value = 0; value < 256; ++value)
    bytes += static_cast<char>(value);
  return bytes;
}

std::string content_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST_P(EngineConformance, EveryByteArrivesUnchanged) {
  const auto job = spec("e-bytes", subject_->all_bytes());

  EXPECT_EQ(run(job).exit_code, 0);

  std::string bytes = all_byte_values();
  EXPECT_EQ(follow(job.id, OutputSource::Stdout).bytes, bytes);
  std::ranges::reverse(bytes);
  EXPECT_EQ(follow(job.id, OutputSource::Stderr).bytes, bytes);
}

TEST_P(EngineConformance, ALineOf100MegabytesIsKeptWithinBounds) {
  const auto job = spec("e-line", subject_->long_line(100));
  constexpr std::uint64_t kHead = 4 << 20;
  constexpr std::uint64_t kTail = 60 << 20;

  EXPECT_EQ(run(job).exit_code, 0);

  const Followed out = follow(job.id, OutputSource::Stdout);
  EXPECT_EQ(out.dropped, std::vector{(ByteRange{kHead, 100'000'000 - kTail})});
  EXPECT_EQ(out.bytes.size(), kHead + kTail);
  EXPECT_EQ(out.bytes.find_first_not_of('x'), std::string::npos);
  EXPECT_LE(out.largest_chunk, 256u << 10);
  EXPECT_LE(std::filesystem::file_size(folder_.path() / "executions" / (job.id.str() + ".run")),
            kHead + kTail + 32768);
}

TEST_P(EngineConformance, ExitCodesAreResultsAndNotErrors) {
  for (const int code : {0, 1, 3, 42, 125}) {
    const Exit exit = run(spec(fmt::format("e-{}", code), subject_->exit_with(code)));

    EXPECT_EQ(exit.kind, ExitKind::Exited);
    EXPECT_EQ(exit.exit_code, code);
    EXPECT_EQ(exit.message, "");
    EXPECT_LE(exit.started, exit.ended);
  }
}

TEST_P(EngineConformance, CancelStopsARunningProgram) {
  const auto job = spec("e-cancel", subject_->sleep(1h));
  start(job);

  EXPECT_TRUE(await(engine_->cancel(job.id, {.reason = "the user stopped it"})));

  const Exit exit = wait(job.id);
  EXPECT_EQ(exit.kind, ExitKind::Cancelled);
  EXPECT_EQ(exit.message, "the user stopped it");
  EXPECT_TRUE(await(engine_->cancel(job.id, {.reason = "again"})));
  EXPECT_EQ(wait(job.id), exit);
}

TEST_P(EngineConformance, WallTimeLimitStopsAProgram) {
  auto job = spec("e-late", subject_->sleep(1h));
  job.limits.wall_time = 50ms;

  const Exit exit = run(job);

  EXPECT_EQ(exit.kind, ExitKind::LimitExceeded);
  EXPECT_EQ(exit.limit, LimitKind::WallTime);
  EXPECT_TRUE(exit.message.starts_with("time: ")) << exit.message;
}

TEST_P(EngineConformance, SecondStartOfAnIdChangesNothing) {
  const auto job = spec("e-twice", subject_->exit_with(3));
  start(job);
  start(spec("e-twice", subject_->exit_with(4)));

  EXPECT_EQ(wait(job.id).exit_code, 3);
  start(spec("e-twice", subject_->exit_with(4)));
  EXPECT_EQ(wait(job.id).exit_code, 3);
}

TEST_P(EngineConformance, ProgramsOutliveTheEngineObject) {
  const auto ended = spec("e-ended", subject_->exit_with(3));
  const auto meanwhile = spec("e-meanwhile", subject_->sleep(30ms));
  const auto running = spec("e-running", subject_->sleep(1h));
  run(ended);
  start(meanwhile);
  start(running);

  const auto found = restart();

  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0], (FoundExecution{ended.id, FoundState::Ended}));
  EXPECT_EQ(found[1].id, meanwhile.id);
  EXPECT_EQ(found[2], (FoundExecution{running.id, FoundState::Running}));
  EXPECT_EQ(wait(ended.id).exit_code, 3);
  EXPECT_EQ(wait(meanwhile.id).kind, ExitKind::Exited);
  start(running);
  EXPECT_TRUE(await(engine_->cancel(running.id, {.reason = "enough"})));
  EXPECT_EQ(wait(running.id).kind, ExitKind::Cancelled);
  restart();
  EXPECT_EQ(wait(running.id).kind, ExitKind::Cancelled);
}

TEST_P(EngineConformance, ReleasedExecutionsAreForgottenButTheirOutputStays) {
  const auto job = spec("e-bytes", subject_->all_bytes());
  const auto running = spec("e-running", subject_->sleep(1h));
  run(job);
  start(running);

  EXPECT_EQ(await(engine_->release(running.id)).error().code, Code::FailedPrecondition);
  EXPECT_TRUE(await(engine_->release(job.id)));
  EXPECT_TRUE(await(engine_->release(job.id)));

  EXPECT_EQ(await(engine_->wait(job.id)).error().code, Code::NotFound);
  EXPECT_EQ(follow(job.id, OutputSource::Stdout).bytes, all_byte_values());
  EXPECT_EQ(restart(), (std::vector{FoundExecution{running.id, FoundState::Running}}));
  EXPECT_TRUE(await(engine_->cancel(running.id, {.reason = "enough"})));
  wait(running.id);
}

TEST_P(EngineConformance, UnknownIdsAreNotFound) {
  const ExecutionId id("e-nobody");

  EXPECT_EQ(await(engine_->wait(id)).error().code, Code::NotFound);
  EXPECT_EQ(await(engine_->cancel(id, {})).error().code, Code::NotFound);
  EXPECT_TRUE(await(engine_->release(id)));
  EXPECT_EQ(await(engine_->read_output({.id = id})).error().code, Code::NotFound);
  EXPECT_EQ(await(engine_->read_output({.id = ExecutionId("../x")})).error().code,
            Code::InvalidArgument);
}

TEST_P(EngineConformance, OutputIsReadByOffset) {
  const auto job = spec("e-bytes", subject_->all_bytes());
  run(job);

  EXPECT_EQ(follow(job.id, OutputSource::Stdout, 250).bytes, all_byte_values().substr(250));
  EXPECT_EQ(follow(job.id, OutputSource::Stdout, 256).bytes, "");
  const auto chunk = await(engine_->read_output({.id = job.id, .offset = 100, .max_bytes = 20}));
  ASSERT_TRUE(chunk);
  EXPECT_EQ(as_chars(chunk->bytes), all_byte_values().substr(100, 20));
  EXPECT_EQ(chunk->offset, 100u);
  EXPECT_FALSE(chunk->end_of_stream);
}

TEST_P(EngineConformance, ArgumentsAndEnvironmentArrive) {
  auto job = spec("e-env", subject_->print_environment({"one", "", "drei \xc3\xa4 \"$x\""}));
  job.env = {{"GREETING", "hello world"}, {"EMPTY", ""}};
  run(job);

  const std::string out = follow(job.id, OutputSource::Stdout).bytes;
  EXPECT_TRUE(
      out.ends_with("\narg 1 one\narg 2 \narg 3 drei \xc3\xa4 \"$x\"\n"
                    "env EMPTY=\nenv GREETING=hello world\n"))
      << out;
}

TEST_P(EngineConformance, InputsAreSeenAtTheirTargetsAndResultsAreWritten) {
  const auto inputs = folder_.path() / "inputs";
  const auto results = folder_.path() / "results";
  std::filesystem::create_directory(inputs);
  std::filesystem::create_directory(results);
  std::ofstream(inputs / "data.txt") << "some data";
  std::ofstream(folder_.path() / "single") << "one file";

  auto reading = spec("e-cat", subject_->cat("/inputs/data.txt"));
  reading.inputs.push_back({.host_path = inputs, .target = "/inputs"});
  EXPECT_EQ(run(reading).exit_code, 0);
  EXPECT_EQ(follow(reading.id, OutputSource::Stdout).bytes, "some data");

  auto single = spec("e-single", subject_->cat("/data/input.csv"));
  single.inputs.push_back({.host_path = folder_.path() / "single", .target = "/data/input.csv"});
  EXPECT_EQ(run(single).exit_code, 0);
  EXPECT_EQ(follow(single.id, OutputSource::Stdout).bytes, "one file");

  auto writing = spec("e-write", subject_->write_hello("/outputs"));
  writing.results.push_back({.name = "outputs", .target = "/outputs", .host_folder = results});
  EXPECT_EQ(run(writing).exit_code, 0);
  EXPECT_EQ(content_of(results / "hello.txt"), "hello world\n");
}

TEST_P(EngineConformance, InputsAreReadOnly) {
  const auto program = subject_->write_into_inputs();
  if (!program) GTEST_SKIP() << "this engine has no programs that could try";
  const auto inputs = folder_.path() / "inputs";
  std::filesystem::create_directory(inputs);

  auto job = spec("e-readonly", *program);
  job.inputs.push_back({.host_path = inputs, .target = "/inputs"});
  EXPECT_EQ(run(job).kind, ExitKind::Exited);

  EXPECT_TRUE(std::filesystem::is_empty(inputs));
}

TEST_P(EngineConformance, StopWakesWaiters) {
  const auto job = spec("e-running", subject_->sleep(1h));
  start(job);
  Result<Exit> waited;
  loop_.run_task([](Engine& engine, async::Loop& loop, ExecutionId id,
                    Result<Exit>& result) -> async::Task<void> {
    async::TaskScope scope(loop);
    scope.spawn(
        "waiter",
        [](Engine& waited_on, ExecutionId which, Result<Exit>& answer) -> async::Task<void> {
          answer = co_await waited_on.wait(which);
        }(engine, id, result));
    co_await engine.stop();
    co_await scope.join();
  }(*engine_, loop_, job.id, waited));
  EXPECT_EQ(waited.error().code, Code::Unavailable);

  restart();
  EXPECT_TRUE(await(engine_->cancel(job.id, {.reason = "enough"})));
  wait(job.id);
}

}  // namespace

}  // namespace skrei::executor::testing
