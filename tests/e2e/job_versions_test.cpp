// SPDX-License-Identifier: Apache-2.0
// Updates, reruns and idempotency keys on a whole node, and over its restart.

#include <array>
#include <set>

#include "async/scope.hpp"
#include "testing/node_test.hpp"

namespace skrei::e2e {
namespace {

using std::chrono_literals::operator""s;

constexpr const char* kJobs = "/api/v1/orchestrator/jobs";

class JobVersions : public NodeTest {
 protected:
  static json::Value named(json::Value job, const std::string& name = "daily") {
    job["Name"] = name;
    return job;
  }
  ApiAnswer put(const json::Value& job, http::Headers headers = {}) {
    return call("PUT", kJobs, json::dump({{"Job", job}}), std::move(headers));
  }
  ApiAnswer rerun(const std::string& job, const json::Value& body, http::Headers headers = {}) {
    return call("PUT", fmt::format("{}/{}/rerun", kJobs, job), json::dump(body),
                std::move(headers));
  }
  void restart() {
    ASSERT_TRUE(runner_.run(node_.kill()));
    start();
  }
};

TEST_F(JobVersions, AnUpdateStopsTheOldVersionAndRunsTheNewOne) {
  const std::string id = submit(named(wasm_job(add_module("sleep.wasm"), {"600"})));
  wait_running(id);

  const ApiAnswer update = put(named(wasm_job(add_module("noop.wasm"))));

  ASSERT_EQ(update.status, 200) << update.body;
  EXPECT_EQ(update.json()["JobID"], id);
  EXPECT_EQ(update.json()["JobVersion"], 2);
  const EndedJob job = ended(id);
  EXPECT_EQ(job.state(), "Completed") << job.text();
  ASSERT_EQ(job.executions.size(), 1u) << job.text();
  EXPECT_EQ(job.executions[0]["JobVersion"], 2);
  const json::Value old = get(fmt::format("{}/{}/executions?job_version=1", kJobs, id))["Items"];
  ASSERT_EQ(old.size(), 1u);
  EXPECT_EQ(old[0]["ComputeState"]["StateType"], 11) << "Cancelled: " << old;
  EXPECT_EQ(get(fmt::format("{}/daily?job_version=1", kJobs))["Job"]["State"]["StateType"],
            "Stopped");
}

TEST_F(JobVersions, VersionsAndKeysAreKnownAfterARestart) {
  const http::Headers key = {{"Idempotency-Key", "submit"}};
  const json::Value first = named(wasm_job(add_module("noop.wasm")));
  json::Value second = first;
  second["Labels"] = {{"word", "two"}};
  const json::Value submitted = put(first, key).json();
  const std::string id = submitted["JobID"];
  ended(id);
  ASSERT_EQ(put(second).status, 200);
  ended(id);
  const http::Headers again = {{"Idempotency-Key", "again"}};
  const json::Value wanted = {{"JobVersion", 1}, {"Reason", "look again"}};
  const json::Value taken = rerun(id, wanted, again).json();
  EXPECT_EQ(taken["JobVersion"], 3);
  ended(id);
  const json::Value versions = get(fmt::format("{}/daily/versions", kJobs));

  restart();

  EXPECT_EQ(get(fmt::format("{}/daily/versions", kJobs)), versions);
  EXPECT_EQ(put(first, key).json(), submitted);
  EXPECT_EQ(put(second, key).status, 422);
  EXPECT_EQ(rerun(id, wanted, again).json(), taken);
  EXPECT_EQ(get(fmt::format("{}/daily", kJobs))["Job"]["Version"], 3);
  EXPECT_EQ(put(second).json()["JobVersion"], 4);
  EXPECT_EQ(ended(id).state(), "Completed");
}

TEST_F(JobVersions, ARerunOfWhatIsNotThereLeavesTheNodeWorking) {
  EXPECT_EQ(rerun("j-00000000-0000-4000-8000-000000000000", json::Value::object()).status, 404);
  const EndedJob job = run_job(named(wasm_job(add_module("noop.wasm"))));
  EXPECT_EQ(rerun("daily", {{"JobVersion", 9}}).status, 404);

  EXPECT_EQ(rerun("daily", json::Value::object()).status, 200);
  EXPECT_EQ(ended(job.job["ID"]).state(), "Completed");
}

TEST_F(JobVersions, RepeatsAtOnceMakeOneVersionAndDifferentOnesAnOrder) {
  const std::string id = submit(named(wasm_job(add_module("noop.wasm"))));
  ended(id);
  constexpr std::size_t kCallers = 8;
  std::array<ApiAnswer, kCallers> repeats;
  std::array<ApiAnswer, kCallers> updates;
  const auto send = [](ApiCalls& api, std::string method, std::string target, std::string body,
                       http::Headers headers, ApiAnswer& answer) -> async::Task<void> {
    auto got = co_await api.call(std::move(method), std::move(target), std::move(body),
                                 std::move(headers));
    if (got) answer = *std::move(got);
  };
  async::TaskScope scope(runner_.loop());
  for (ApiAnswer& answer : repeats) {
    scope.spawn("rerun", send(api_, "PUT", fmt::format("{}/{}/rerun", kJobs, id), "{}",
                              {{"Idempotency-Key", "k"}}, answer));
  }
  runner_.run(scope.join());
  std::set<std::uint64_t> versions;
  for (const ApiAnswer& answer : repeats) {
    EXPECT_TRUE(answer.status == 200 || answer.status == 409) << answer.status << answer.body;
    if (answer.status == 200) versions.insert(answer.json()["JobVersion"].get<std::uint64_t>());
  }
  EXPECT_EQ(versions, std::set<std::uint64_t>{2});

  const std::string module = add_module("noop.wasm");
  async::TaskScope others(runner_.loop());
  for (std::size_t i = 0; i < kCallers; ++i) {
    json::Value job = named(wasm_job(module));
    job["Labels"] = {{"caller", fmt::format("{}", i)}};
    others.spawn("update",
                 send(api_, "PUT", kJobs, json::dump({{"Job", std::move(job)}}), {}, updates[i]));
  }
  runner_.run(others.join());
  versions.clear();
  for (const ApiAnswer& answer : updates) {
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.json()["JobID"], id);
    versions.insert(answer.json()["JobVersion"].get<std::uint64_t>());
  }
  EXPECT_EQ(versions.size(), kCallers);
  EXPECT_EQ(*versions.rbegin(), 2 + kCallers);
  EXPECT_EQ(ended(id).job["Version"], 2 + kCallers);
}

}  // namespace
}  // namespace skrei::e2e
