// SPDX-License-Identifier: Apache-2.0
// The parameters, orders and page tokens of every list.
#include "api/testing/api_world.hpp"

namespace skrei::api {
namespace {

const std::string kJobs = "/api/v1/orchestrator/jobs";
const std::string kNodes = "/api/v1/orchestrator/nodes";

class Lists : public testing::ApiWorld {
 protected:
  /// What the items of a list have under `key`, joined: "a b c".
  static std::string words(const json::Value& list, const std::string& items,
                           std::function<std::string(const json::Value&)> word) {
    std::string all;
    for (const json::Value& item : list[items])
      all += (all.empty() ? "" : " ") + word(item);
    return all;
  }
  std::string ids(const std::string& target) {
    const auto reply = get(target);
    EXPECT_EQ(reply.status, 200) << target << " " << reply.text;
    return words(reply.json(), "Items", [](const json::Value& item) { return item["ID"]; });
  }
  std::string nodes(const std::string& query) {
    const auto reply = get(kNodes + query);
    EXPECT_EQ(reply.status, 200) << query << " " << reply.text;
    return words(reply.json(), "Nodes",
                 [](const json::Value& item) { return item["Info"]["NodeID"]; });
  }
  static WallTime at(int seconds) { return WallTime(std::chrono::seconds(seconds)); }

  void put_job(const std::string& id, const std::string& name_space, int created, int modified) {
    auto job = stored_job(id, model::JobStateType::Running);
    job->namespace_ = name_space;
    job->labels = {{"team", name_space}, {"id", id}};
    job->create_time = at(created);
    job->modify_time = at(modified);
    commit({protocol::PutJob{job}});
  }
};

TEST_F(Lists, OfJobs) {
  put_job("j-a", "red", 1, 9);
  put_job("j-b", "blue", 2, 8);
  put_job("j-c", "red", 3, 7);
  const std::pair<const char*, const char*> cases[] = {
      {"", "j-a j-b j-c"},
      {"?order_by=created_at", "j-a j-b j-c"},
      {"?order_by=modified_at", "j-c j-b j-a"},
      {"?reverse=True", "j-c j-b j-a"},
      {"?reverse=1&order_by=modified_at", "j-a j-b j-c"},
      {"?reverse=f", "j-a j-b j-c"},
      {"?namespace=red", "j-a j-c"},
      {"?namespace=*", "j-a j-b j-c"},
      {"?namespace=", "j-a j-b j-c"},
      {"?namespace=none", ""},
      {"?labels=team%3Dred", "j-a j-c"},
      {"?labels=team%20in%20(red,blue)&labels=id%21%3Dj-a", "j-b j-c"},
      {"?limit=2", "j-a j-b"},
      {"?limit=0", "j-a j-b j-c"},
      {"?limit=5000", "j-a j-b j-c"},
  };
  for (const auto& [query, expected] : cases)
    EXPECT_EQ(ids(kJobs + query), expected) << query;
}

TEST_F(Lists, ATokenKeepsTheOrderAndBelongsToItsFilters) {
  for (const char* id : {"j-a", "j-b", "j-c"})
    put_job(id, "red", 1, 1);
  const std::string token = get(kJobs + "?namespace=red&reverse=true&limit=1").json()["NextToken"];
  ASSERT_NE(token, "");

  EXPECT_EQ(ids(kJobs + "?namespace=red&limit=1&next_token=" + token), "j-b")
      << "the order is the token's, as the CLI of v1.9.3 counts on";
  const auto other = get(kJobs + "?limit=1&next_token=" + token);
  EXPECT_EQ(other.status, 400);
  EXPECT_NE(other.message().find("belongs to a list with other filters"), std::string::npos);
}

TEST_F(Lists, OfExecutions) {
  commit({protocol::PutJob{stored_job("j-1", model::JobStateType::Running)}});
  for (const auto& [id, created, modified, version] :
       {std::tuple{"e-a", 1, 9, 1}, {"e-b", 2, 8, 1}, {"e-c", 3, 7, 2}}) {
    auto execution = stored_execution(id, "j-1");
    execution.create_time = at(created);
    execution.modify_time = at(modified);
    execution.job_version = static_cast<std::uint64_t>(version);
    commit({protocol::PutExecution{execution}});
  }
  const std::pair<const char*, const char*> cases[] = {
      {"", "e-a e-b"},
      {"?order_by=created_at", "e-a e-b"},
      {"?order_by=create_time", "e-a e-b"},
      {"?order_by=modified_at", "e-b e-a"},
      {"?order_by=modify_time", "e-b e-a"},
      {"?order_by=&reverse=False&namespace=&next_token=&limit=5", "e-a e-b"},
      {"?reverse=t", "e-b e-a"},
      {"?job_version=1", "e-a e-b"},
      {"?job_version=0", "e-a e-b"},
      {"?all_job_versions=true", "e-a e-b e-c"},
      {"?all_job_versions=0", "e-a e-b"},
      {"?limit=1", "e-a"},
  };
  for (const auto& [query, expected] : cases)
    EXPECT_EQ(ids(fmt::format("{}/j-1/executions{}", kJobs, query)), expected) << query;

  const std::string target = kJobs + "/j-1/executions?limit=1";
  const std::string token = get(target).json()["NextToken"];
  EXPECT_EQ(ids(target + "&next_token=" + token), "e-b");
  EXPECT_EQ(get(target + "&all_job_versions=true&next_token=" + token).status, 400);
}

TEST_F(Lists, OfHistory) {
  const auto event = [](const char* message, const char* execution, std::uint64_t version) {
    return protocol::AppendEvent{.job_id = JobId("j-1"),
                                 .job_version = version,
                                 .execution_id = ExecutionId(execution),
                                 .event = {.message = message, .topic = "Execution"}};
  };
  commit({protocol::PutJob{stored_job("j-1", model::JobStateType::Running)}, event("a", "", 1),
          event("b", "e-1", 1), event("c", "e-2", 1), event("d", "", 2)});
  const std::pair<const char*, const char*> cases[] = {
      {"", "a b c"},
      {"?event_type=all", "a b c"},
      {"?event_type=job", "a"},
      {"?event_type=execution&node_id=&execution_id=", "b c"},
      {"?execution_id=e-2", "c"},
      {"?job_version=1", "a b c"},
      {"?all_job_versions=true", "a b c d"},
      {"?since=1", "a b c"},
      {"?since=99999999999", ""},
      {"?limit=2", "a b"},
      {"?node_id=n-unknown", "a b c"},
  };
  for (const auto& [query, expected] : cases) {
    const auto page = get(fmt::format("{}/j-1/history{}", kJobs, query)).json();
    EXPECT_EQ(
        words(page, "Items", [](const json::Value& item) { return item["Event"]["Message"]; }),
        expected)
        << query;
    EXPECT_NE(page["NextToken"], "") << query << ": the job goes on";
  }
}

TEST_F(Lists, OfNodes) {
  get("/livez");  // By then the node has heard itself.
  const std::pair<const char*, const char*> cases[] = {
      {"", "n-self"},
      {"?order_by=id&reverse=true", "n-self"},
      {"?order_by=type", "n-self"},
      {"?order_by=available_cpu", "n-self"},
      {"?order_by=available_memory", "n-self"},
      {"?order_by=available_disk", "n-self"},
      {"?order_by=available_gpu", "n-self"},
      {"?order_by=approval", "n-self"},
      {"?order_by=status", "n-self"},
      {"?labels=zone%3Da", "n-self"},
      {"?labels=zone%3Db", ""},
      {"?filter-approval=approved&filter-status=connected", "n-self"},
      {"?filter-approval=rejected", ""},
      {"?limit=10000", "n-self"},
      {"?next_token=bi1zZWxm", ""},  // "n-self"
  };
  for (const auto& [query, expected] : cases)
    EXPECT_EQ(nodes(query), expected) << query;

  const auto list = get(kNodes).json();
  EXPECT_EQ(list["nodes"], list["Nodes"]) << "for clients generated from v1.9.3";
  const auto one = get(kNodes + "/n-self").json();
  EXPECT_EQ(one["node"], one["Node"]);
  const auto approved = call("PUT", kNodes + "/n-self", R"({"Action":"approve"})").json();
  EXPECT_EQ(approved, (json::Value{{"Success", true}, {"Error", ""}}));
}

TEST_F(Lists, TheAgentTellsAboutItself) {
  const auto alive = get("/api/v1/agent/alive");
  EXPECT_EQ(alive.headers.get("X-Bacalhau-Git-Version"), "v1.9.3+test") << "on every answer";
  EXPECT_EQ(get("/api/v1/none").headers.get("X-Bacalhau-Git-Version"), "v1.9.3+test");
  EXPECT_EQ(get("/api/v1/agent/authconfig").json(), json::Value::object());
  EXPECT_EQ(get("/api/v1/agent/config").json(), (json::Value{{"config", json::Value::object()}}));
  EXPECT_TRUE(get("/api/v1/agent/config?explain=true").json().contains("explain"));
  const auto debug = get("/api/v1/agent/debug").json();
  EXPECT_EQ(debug["ActiveJobs"], 0);
  EXPECT_EQ(debug["API"]["Connections"], 1);
  const http::Headers old = {{"X-Bacalhau-Git-Version", "v1.3.2"}};
  EXPECT_EQ(get("/api/v1/agent/alive", old).json()["MinVersion"], "v1.4.0");
}

}  // namespace
}  // namespace skrei::api
