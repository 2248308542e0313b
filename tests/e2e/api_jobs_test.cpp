// SPDX-License-Identifier: Apache-2.0
// Jobs over the API: what goes in, what comes out, and the sentence of each way to fail.

#include <set>

#include "testing/node_test.hpp"

namespace skrei::e2e {
namespace {

using std::chrono_literals::operator""s;

class ApiJobs : public NodeTest {
 protected:
  /// The job failed, and its message holds each of the words.
  static void expect_failed(const EndedJob& job, std::vector<std::string> words) {
    EXPECT_EQ(job.state(), "Failed") << job.text();
    for (const std::string& word : words)
      EXPECT_TRUE(job.message().contains(word)) << "no \"" << word << "\" in: " << job.message();
  }
};

TEST_F(ApiJobs, AFolderGoesInAndTheResultComesOutByteForByte) {
  std::string every_byte;
  for (int value = 0; value < 256; ++value)
    every_byte += static_cast<char>(value);
  const std::string folder = value(runner_.run(
      api_.add_folder({{"a.bin", every_byte}, {"sub/b.txt", "second\n"}, {"sub/c", ""}})));
  json::Value job = wasm_job(add_module("cat.wasm"), {"/data"});
  add_input(job, folder, "/data");
  publish_outputs(job);

  const EndedJob ended = run_job(job);

  ASSERT_EQ(ended.state(), "Completed") << ended.text();
  const json::Value execution = ended.completed();
  ASSERT_TRUE(execution.is_object()) << ended.text();
  EXPECT_EQ(execution["RunOutput"]["ExitCode"], 0) << ended.text();
  const std::string result = execution["PublishedResult"]["Params"]["CID"];
  EXPECT_EQ(content(result, "stdout"), every_byte + "second\n");
  EXPECT_EQ(content(result, "exitCode"), "0");
  const json::Value results =
      get("/api/v1/orchestrator/jobs/" + ended.job["ID"].get<std::string>() + "/results");
  ASSERT_EQ(results["Items"].size(), 1u) << results;
  EXPECT_EQ(results["Items"][0]["Params"]["CID"], result);
}

TEST_F(ApiJobs, WrittenFilesComeBackAsTheyWere) {
  json::Value job = wasm_job(add_module("writer.wasm"), {"/outputs", "100000"});
  publish_outputs(job);

  const EndedJob ended = run_job(job);

  ASSERT_EQ(ended.state(), "Completed") << ended.text();
  const std::string result = ended.completed()["PublishedResult"]["Params"]["CID"];
  EXPECT_EQ(content(result, "outputs/hello.txt"), "hello world\n");
  EXPECT_EQ(content(result, "outputs/empty"), "");
  EXPECT_EQ(content(result, "outputs/.hidden"), "hidden\n");
  EXPECT_EQ(content(result, "outputs/folder/deep/er"), "er\n");
  EXPECT_EQ(content(result, "outputs/sparse.bin"), std::string(99996, '\0') + "end\n");
  const json::Value link = get("/api/v1/content/" + result + "?path=outputs&format=ls")["Items"];
  std::set<std::string> kinds;
  for (const json::Value& entry : link)
    kinds.insert(entry["Name"].get<std::string>() + ":" + entry["Type"].get<std::string>());
  EXPECT_TRUE(kinds.contains("link:symlink")) << json::dump(link);
  EXPECT_TRUE(kinds.contains("emptyfolder:folder")) << json::dump(link);
}

TEST_F(ApiJobs, EqualJobsGiveEqualResultsAndTaskKeys) {
  json::Value job = wasm_job(add_module("writer.wasm"), {"/outputs", "1000"});
  publish_outputs(job);

  const json::Value first = run_job(job).completed();
  const json::Value second = run_job(job).completed();

  ASSERT_TRUE(first.is_object() && second.is_object());
  EXPECT_EQ(first["PublishedResult"], second["PublishedResult"]);
  EXPECT_EQ(first["TaskKey"], second["TaskKey"]);
  EXPECT_FALSE(first["TaskKey"].get<std::string>().empty());
}

TEST_F(ApiJobs, EachPartitionKnowsItsIndexAndIsRecordedOnce) {
  json::Value job = wasm_job(add_module("env.wasm"));
  job["Count"] = 5;

  const EndedJob ended = run_job(job);

  ASSERT_EQ(ended.state(), "Completed") << ended.text();
  ASSERT_EQ(ended.executions.size(), 5u) << ended.text();
  std::set<std::string> indexes;
  for (const json::Value& execution : ended.executions) {
    const std::string out = execution["RunOutput"]["Stdout"];
    const std::string key = "env BACALHAU_PARTITION_INDEX=";
    ASSERT_TRUE(out.contains(key)) << out;
    indexes.insert(out.substr(out.find(key) + key.size(), 1));
    EXPECT_TRUE(out.contains("env BACALHAU_PARTITION_COUNT=5\n")) << out;
  }
  EXPECT_EQ(indexes, (std::set<std::string>{"0", "1", "2", "3", "4"}));
}

TEST_F(ApiJobs, ANonZeroExitCodeIsACompletedExecution) {
  const EndedJob ended = run_job(wasm_job(add_module("exit_code.wasm"), {"42"}));

  EXPECT_EQ(ended.state(), "Completed") << ended.text();
  const json::Value execution = ended.completed();
  ASSERT_TRUE(execution.is_object()) << ended.text();
  EXPECT_EQ(execution["RunOutput"]["ExitCode"], 42);
  EXPECT_EQ(execution["RunOutput"]["ErrorMsg"], "");
}

TEST_F(ApiJobs, ATrapHasItsSentence) {
  const EndedJob ended = run_job(wasm_job(add_module("trap.wasm")));

  expect_failed(ended, {"unreachable"});
  EXPECT_EQ(raw_log(ended, "stdout"), "about to trap\n");
}

TEST_F(ApiJobs, TheMemoryLimitHasItsSentence) {
  json::Value job = wasm_job(add_module("hog.wasm"));
  job["Tasks"][0]["Resources"]["Memory"] = "16MB";

  const EndedJob ended = run_job(job);

  // The allocator of this program reports the refusal, and the program ends with 1 by itself, or it
  // is stopped: both name memory.
  if (ended.state() == "Completed") {
    EXPECT_TRUE(raw_log(ended, "stderr").contains("refused after")) << ended.text();
  } else {
    expect_failed(ended, {"memory: used", "try --memory"});
  }
}

TEST_F(ApiJobs, TheTimeLimitHasItsSentence) {
  json::Value job = wasm_job(add_module("spin.wasm"));
  job["Tasks"][0]["Timeouts"] = {{"ExecutionTimeout", 1}};

  const EndedJob ended = run_job(job);

  expect_failed(ended, {"took longer than 1s"});
  EXPECT_EQ(raw_log(ended, "stdout"), "spinning\n");
}

TEST_F(ApiJobs, AModuleThatIsNoneHasItsSentence) {
  const EndedJob ended = run_job(wasm_job(add("this is no module")));

  expect_failed(ended, {"WebAssembly"});
}

TEST_F(ApiJobs, AnInputThatNobodyHasHasItsSentence) {
  const std::string nowhere = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
  json::Value job = wasm_job(add_module("cat.wasm"));
  add_input(job, nowhere, "/inputs");

  expect_failed(run_job(job), {nowhere});
}

TEST_F(ApiJobs, AnEngineThatNobodyHasHasItsSentence) {
  json::Value job = wasm_job(add_module("noop.wasm"));
  job["Tasks"][0]["Engine"] = {{"Type", "docker"}, {"Params", {{"Image", "alpine"}}}};

  expect_failed(run_job(job), {"docker", "not enough nodes"});
}

TEST_F(ApiJobs, ARunningJobCanBeStopped) {
  const std::string id = submit(wasm_job(add_module("sleep.wasm"), {"3600"}));
  wait_running(id);

  const ApiAnswer answer =
      call("DELETE", "/api/v1/orchestrator/jobs/" + id + "?reason=enough%20of%20it");

  EXPECT_EQ(answer.status, 200) << answer.body;
  const EndedJob job = ended(id);
  EXPECT_EQ(job.state(), "Stopped");
  EXPECT_TRUE(job.message().contains("enough of it")) << job.message();
  // Stopping once more changes nothing; a job that completed cannot be stopped.
  EXPECT_EQ(call("DELETE", "/api/v1/orchestrator/jobs/" + id).status, 200);
  const EndedJob done = run_job(wasm_job(add_module("noop.wasm")));
  const ApiAnswer refused =
      call("DELETE", "/api/v1/orchestrator/jobs/" + done.job["ID"].get<std::string>());
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_TRUE(refused.message().contains("completed")) << refused.body;
}

TEST_F(ApiJobs, AJobThatNobodyTakesInTimeFailsByItsQueueTimeout) {
  json::Value job = wasm_job(add_module("noop.wasm"));
  job["Constraints"] = {{{"Key", "zone"}, {"Operator", "="}, {"Values", {"moon"}}}};
  job["Tasks"][0]["Timeouts"] = {{"QueueTimeout", 1}};

  expect_failed(run_job(job), {"zone"});
}

TEST_F(ApiJobs, ATotalTimeoutEndsTheJob) {
  json::Value job = wasm_job(add_module("sleep.wasm"), {"3600"});
  job["Tasks"][0]["Timeouts"] = {{"TotalTimeout", 2}};

  const EndedJob ended = run_job(job);

  EXPECT_EQ(ended.state(), "Failed") << ended.text();
  EXPECT_FALSE(ended.message().empty());
}

TEST_F(ApiJobs, TheSandboxRefusesWhatLiesOutside) {
  json::Value job = wasm_job(add_module("escape.wasm"));
  add_input(job, add("input"), "/inputs");
  publish_outputs(job);

  const EndedJob ended = run_job(job);

  ASSERT_EQ(ended.state(), "Completed") << ended.text();
  EXPECT_EQ(ended.completed()["RunOutput"]["ExitCode"], 0) << raw_log(ended, "stdout");
  EXPECT_FALSE(raw_log(ended, "stdout").contains("ALLOWED"));
}

}  // namespace
}  // namespace skrei::e2e
