// SPDX-License-Identifier: Apache-2.0
// Output of jobs: exact bytes, websocket frames, following a program that still runs.

#include "testing/node_test.hpp"

namespace skrei::e2e {
namespace {

using std::chrono_literals::operator""s;

struct Frames {
  std::string out;
  std::string err;
  std::string error;
};

/// Reads frames until the server closes, or until `enough` says so.
async::Task<Result<Frames>> read_frames(ApiCalls& api, std::string target,
                                        std::function<bool(const Frames&)> enough) {
  CO_TRY_ASSIGN(const auto socket, co_await api.client().open_websocket(api.url(target)));
  Frames frames;
  while (const auto message = co_await socket->receive()) {
    CO_TRY_ASSIGN(const json::Value frame, json::parse(message->data));
    if (frame.contains("error")) frames.error = frame["error"].get<std::string>();
    if (!frame.contains("value")) continue;
    const bool is_out = frame["value"]["Type"] == 1;
    (is_out ? frames.out : frames.err) += frame["value"]["Line"].get<std::string>();
    if (enough(frames)) break;
  }
  co_await socket->close(http::CloseCode::Normal);
  co_return frames;
}

class ApiLogs : public NodeTest {
 protected:
  Frames frames(
      const std::string& job, const std::string& query,
      std::function<bool(const Frames&)> enough = [](const Frames&) { return false; }) {
    return value(runner_.run(
        read_frames(api_, "/api/v1/orchestrator/jobs/" + job + "/logs" + query, enough)));
  }
};

TEST_F(ApiLogs, RawOutputHasAllByteValues) {
  const EndedJob ended = run_job(wasm_job(add_module("bytes.wasm")));

  std::string up;
  for (int value = 0; value < 256; ++value)
    up += static_cast<char>(value);
  EXPECT_EQ(raw_log(ended, "stdout"), up);
  EXPECT_EQ(raw_log(ended, "stderr"), std::string(up.rbegin(), up.rend()));
}

TEST_F(ApiLogs, RawOutputBeginsAtAnyOffset) {
  const EndedJob ended = run_job(wasm_job(add_module("bytes.wasm")));
  const std::string target = fmt::format(
      "/api/v1/orchestrator/jobs/{}/logs?format=raw&execution_id={}&from=254",
      ended.job["ID"].get<std::string>(), ended.executions.at(0)["ID"].get<std::string>());

  EXPECT_EQ(call("GET", target).body, "\xfe\xff");
}

TEST_F(ApiLogs, ALongLineWithoutNewlineArrivesWhole) {
  const EndedJob ended = run_job(wasm_job(add_module("bigline.wasm"), {"20"}));

  EXPECT_EQ(ended.state(), "Completed") << ended.text();
  const std::string out = raw_log(ended, "stdout");
  EXPECT_EQ(out.size(), 20'000'000u);
  EXPECT_EQ(out.find_first_not_of('x'), std::string::npos);
}

TEST_F(ApiLogs, AnEndedJobIsReadAsFramesOfBothStreams) {
  const EndedJob ended = run_job(wasm_job(add_module("env.wasm"), {"one", "two"}));

  const Frames read = frames(ended.job["ID"], "");

  EXPECT_TRUE(read.out.contains("arg 1 one\narg 2 two\n")) << read.out;
  EXPECT_EQ(read.err, "");
  EXPECT_EQ(read.error, "");
}

TEST_F(ApiLogs, FollowingSeesOutputWhileTheProgramRuns) {
  const std::string id = submit(wasm_job(add_module("sleep.wasm"), {"3600"}));

  const Frames read =
      frames(id, "?follow=true", [](const Frames& so_far) { return !so_far.out.empty(); });

  EXPECT_EQ(read.out, "sleeping\n");
  EXPECT_EQ(get("/api/v1/orchestrator/jobs/" + id)["Job"]["State"]["StateType"], "Running");
}

TEST_F(ApiLogs, FollowingEndsWithTheJob) {
  const std::string id = submit(wasm_job(add_module("sleep.wasm"), {"0.5"}));

  const Frames read = frames(id, "?follow=true");

  EXPECT_EQ(read.out, "sleeping\nwoke up\n");
}

TEST_F(ApiLogs, WrongQuestionsAreAnsweredWithSentences) {
  const EndedJob ended = run_job(wasm_job(add_module("noop.wasm")));
  const std::string logs =
      "/api/v1/orchestrator/jobs/" + ended.job["ID"].get<std::string>() + "/logs";

  EXPECT_EQ(call("GET", logs + "?format=raw").status, 400);
  EXPECT_EQ(call("GET", logs + "?format=raw&execution_id=x&source=stdin").status, 400);
  EXPECT_EQ(call("GET", "/api/v1/orchestrator/jobs/j-nothing/logs").status, 404);
}

}  // namespace
}  // namespace skrei::e2e
