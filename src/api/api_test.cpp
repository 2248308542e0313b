// SPDX-License-Identifier: Apache-2.0
#include "api/api.hpp"

#include "api/handler.hpp"
#include "api/metrics.hpp"
#include "api/testing/api_world.hpp"

namespace skrei::api {
namespace {

constexpr const char* kJobs = "/api/v1/orchestrator/jobs";
/// Waits for a node that suits it, however long that takes here.
constexpr const char* kJob =
    R"({"Job":{"Type":"batch","Name":"one","Tasks":[{"Name":"main","Engine":{"Type":"noop"},)"
    R"("Timeouts":{"QueueTimeout":3600}}]}})";

constexpr const char* kUnnamed =
    R"({"Job":{"Type":"batch","Tasks":[{"Name":"main","Engine":{"Type":"noop"},)"
    R"("Timeouts":{"QueueTimeout":3600}}]}})";

class ApiTest : public testing::ApiWorld {
 protected:
  std::string submit(const std::string& body = kJob) {
    const auto reply = call("PUT", kJobs, body);
    EXPECT_EQ(reply.status, 200) << reply.text;
    return reply.json().value("JobID", "");
  }
  /// The sentence of a refused request, after a check of its status.
  std::string refused(int status, const testing::Reply& reply) {
    EXPECT_EQ(reply.status, status) << reply.text;
    EXPECT_EQ(reply.json()["Status"], status);
    EXPECT_FALSE(reply.json().value("RequestID", "").empty());
    return reply.message();
  }
};

TEST_F(ApiTest, TakesAJobInAndShowsIt) {
  const auto reply = call("PUT", kJobs, kJob);
  ASSERT_EQ(reply.status, 200) << reply.text;
  const std::string id = reply.json()["JobID"];
  EXPECT_TRUE(id.starts_with("j-"));
  EXPECT_FALSE(reply.json().value("EvaluationID", "").empty());

  const auto by_id = get(fmt::format("{}/{}?include=executions,history", kJobs, id)).json();
  EXPECT_EQ(by_id["Job"]["Name"], "one");
  EXPECT_EQ(by_id["Executions"]["Items"], json::Value::array());
  EXPECT_FALSE(by_id["History"]["Items"].empty());
  EXPECT_EQ(get(fmt::format("{}/one", kJobs)).json()["Job"]["ID"], id) << "by name";
  EXPECT_EQ(get(fmt::format("{}/{}", kJobs, id.substr(0, 10))).json()["Job"]["ID"], id)
      << "by the beginning of its id";
  EXPECT_EQ(get(kJobs).json()["Items"].size(), 1U);
}

TEST_F(ApiTest, UnknownFieldsAreWarnings) {
  const auto reply = call("POST", kJobs,
                          R"({"Job":{"Type":"batch","Cuont":2,"Tasks":[{"Name":"main",)"
                          R"("Engine":{"Type":"noop"}}]},"bogus":1})");

  ASSERT_EQ(reply.status, 200) << reply.text;
  const std::string warnings = reply.json()["Warnings"].dump();
  EXPECT_NE(warnings.find("Cuont: unknown, ignored"), std::string::npos) << warnings;
}

TEST_F(ApiTest, WrongSubmissionsAreRefusedWithASentence) {
  EXPECT_TRUE(refused(400, call("PUT", kJobs, "{")).starts_with("request body: "));
  EXPECT_EQ(refused(400, call("PUT", kJobs, "[]")), "request body: expected an object");
  EXPECT_EQ(refused(400, call("PUT", kJobs, "{}")), "request body: the member \"Job\" is missing");
  EXPECT_NE(refused(400, call("PUT", kJobs, R"({"Job":{"Type":"btach","Tasks":[]}})")), "");
  EXPECT_NE(refused(400, call("PUT", kJobs, R"({"Job":{"Type":"batch"}})")), "");
  EXPECT_NE(refused(413, call("PUT", kJobs, std::string(10'000, ' '))), "");
  EXPECT_EQ(get(kJobs).json()["Items"].size(), 0U);
}

TEST_F(ApiTest, TheNamespaceBesideTheJobCountsUnlessTheJobHasItsOwn) {
  submit(R"({"namespace":"team","Job":{"Type":"batch","Tasks":[{"Name":"main",)"
         R"("Engine":{"Type":"noop"}}]}})");

  EXPECT_EQ(get(fmt::format("{}?namespace=team", kJobs)).json()["Items"].size(), 1U);
  EXPECT_EQ(get(fmt::format("{}?namespace=other", kJobs)).json()["Items"].size(), 0U);
  EXPECT_EQ(get(fmt::format("{}?namespace=*", kJobs)).json()["Items"].size(), 1U);
}

TEST_F(ApiTest, AnIdempotencyKeyGivesTheFirstAnswerAgain) {
  const http::Headers key = {{"Idempotency-Key", "k-1"}};
  const auto first = call("PUT", kJobs, kJob, key);

  EXPECT_EQ(call("PUT", kJobs, kJob, key).json(), first.json());
  EXPECT_NE(refused(422, call("PUT", kJobs, std::string(kJob) + " ", key)), "")
      << "another body with the same key";
  EXPECT_EQ(get(kJobs).json()["Items"].size(), 1U);
}

TEST_F(ApiTest, ListsPageByPageInBothDirections) {
  for (int i = 0; i < 3; ++i) {
    submit(kUnnamed);
    clock.advance(std::chrono::seconds(1));
  }
  std::vector<std::string> ids;
  for (const auto& item : get(kJobs).json()["Items"])
    ids.push_back(item["ID"]);
  std::vector<std::string> paged;
  std::string token;
  do {
    const auto page =
        get(fmt::format("{}?limit=1&reverse=true&next_token={}", kJobs, token)).json();
    paged.push_back(page["Items"].at(0)["ID"]);
    token = page["NextToken"];
  } while (!token.empty());

  EXPECT_EQ(paged, std::vector<std::string>(ids.rbegin(), ids.rend()));
}

TEST_F(ApiTest, WrongQueriesAreRefusedWithASentence) {
  const std::string id = submit();
  const std::pair<std::string, std::string> cases[] = {
      {"?limit=x", "query parameter limit=\"x\": write a whole number from 0 on"},
      {"?reverse=maybe", "query parameter reverse=\"maybe\": write true or false"},
      {"?order_by=size", "order_by=\"size\": use created_at or modified_at"},
      {"/" + id + "?include=logs", "include=\"logs\": use executions, history or both"},
      {"/" + id + "/history?event_type=x", "event_type=\"x\": use all, job or execution"},
      {"/" + id + "/history?since=-1",
       "query parameter since=\"-1\": write a whole number from 0 on"},
  };
  for (const auto& [target, sentence] : cases)
    EXPECT_EQ(refused(400, get(kJobs + target)), sentence);
  EXPECT_NE(refused(400, get(std::string(kJobs) + "?next_token=x")), "");
  EXPECT_NE(refused(400, get(fmt::format("{}/{}/history?next_token=x", kJobs, id))), "");
  EXPECT_TRUE(refused(400, get(std::string(kJobs) + "?labels=a%20in"))
                  .starts_with("query parameter labels: "));
}

TEST_F(ApiTest, WhatIsNotThereIs404) {
  for (const char* target :
       {"/api/v1/orchestrator/jobs/j-none", "/api/v1/orchestrator/nodes/n-x",
        "/api/v1/orchestrator/jobs/j-none/history", "/api/v1/orchestrator/jobs/j-none/executions",
        "/api/v1/orchestrator/jobs/j-none/results", "/api/v1/orchestrator/jobs/j-none/logs",
        "/api/v1/none"}) {
    EXPECT_EQ(get(target).status, 404) << target;
  }
  EXPECT_NE(refused(404, get("/api/v1/orchestrator/jobs/j-none")).find("j-none"),
            std::string::npos);
  EXPECT_EQ(refused(404, get("/api/v1/orchestrator/nodes/n-x")), "node not found: n-x");
  EXPECT_EQ(call("DELETE", "/api/v1/orchestrator/jobs/j-none").status, 404);
  EXPECT_EQ(call("PATCH", kJobs).status, 405);
}

TEST_F(ApiTest, AStoppedJobIsStoppedAtOnce) {
  const std::string id = submit();

  const auto stopped = call("DELETE", fmt::format("{}/{}?reason=enough", kJobs, id));

  EXPECT_EQ(stopped.status, 200) << stopped.text;
  EXPECT_FALSE(stopped.json().value("EvaluationID", "").empty());
  EXPECT_EQ(get(fmt::format("{}/{}", kJobs, id)).json()["Job"]["State"]["StateType"], "Stopped");

  commit({protocol::PutJob{stored_job("j-done", model::JobStateType::Completed)}});
  EXPECT_NE(refused(409, call("DELETE", fmt::format("{}/j-done", kJobs))), "");
}

TEST_F(ApiTest, TheHistoryTokenStaysUntilTheJobHasEnded) {
  const std::string id = submit();
  const std::string history = fmt::format("{}/{}/history", kJobs, id);
  const auto first = get(history).json();
  ASSERT_FALSE(first["Items"].empty());
  ASSERT_NE(first["NextToken"], "");

  const auto nothing_new =
      get(history + "?next_token=" + first["NextToken"].get<std::string>()).json();
  EXPECT_TRUE(nothing_new["Items"].empty());
  EXPECT_EQ(nothing_new["NextToken"], first["NextToken"]);

  call("DELETE", fmt::format("{}/{}", kJobs, id));
  const auto last = get(history + "?next_token=" + first["NextToken"].get<std::string>()).json();
  EXPECT_FALSE(last["Items"].empty());
  EXPECT_EQ(last["NextToken"], "");
}

TEST_F(ApiTest, ShowsExecutionsAndResults) {
  auto running = stored_execution("e-2", "j-1");
  running.compute_state.state_type = model::ComputeStateType::Running;
  running.published_result = {};
  commit({protocol::PutJob{stored_job("j-1", model::JobStateType::Running)},
          protocol::PutExecution{stored_execution("e-1", "j-1")}, protocol::PutExecution{running}});

  const auto executions_page = get(fmt::format("{}/j-1/executions", kJobs)).json();
  ASSERT_EQ(executions_page["Items"].size(), 2U);
  EXPECT_EQ(executions_page["Items"][0]["TaskKey"], "bafyreikey");
  const auto results = get(fmt::format("{}/j-1/results", kJobs)).json();
  ASSERT_EQ(results["Items"].size(), 1U);
  EXPECT_EQ(results["Items"][0]["Type"], "ipfs");
  EXPECT_EQ(refused(404, get(fmt::format("{}/j-1/executions?job_version=2", kJobs))),
            "job j-1 has no version 2");
  auto service = stored_job("j-2", model::JobStateType::Running);
  service->type = model::JobType::Service;
  commit({protocol::PutJob{service}});
  EXPECT_EQ(refused(409, get(fmt::format("{}/j-2/results", kJobs))),
            "job j-2: only batch and ops jobs have results, this is a service job");
}

TEST_F(ApiTest, ShowsNodes) {
  const std::string nodes = "/api/v1/orchestrator/nodes";
  submit();  // By then the node has heard itself.

  EXPECT_EQ(get(nodes + "/n-self").json()["Node"]["Info"]["NodeID"], "n-self");
  EXPECT_EQ(get(nodes + "/n-s").json()["Node"]["Info"]["NodeID"], "n-self");
  EXPECT_EQ(get(nodes).json()["Nodes"].size(), 1U);
  EXPECT_EQ(get(nodes + "?labels=zone%3Da&order_by=available_cpu").json()["Nodes"].size(), 1U);
  EXPECT_EQ(get(nodes + "?labels=zone%3Db").json()["Nodes"].size(), 0U);
  EXPECT_EQ(get(nodes + "?filter-status=DISCONNECTED").json()["Nodes"].size(), 0U);
  EXPECT_NE(refused(400, get(nodes + "?filter-status=x")), "");
  EXPECT_NE(refused(400, get(nodes + "?filter-approval=x")), "");
  EXPECT_TRUE(
      refused(400, get(nodes + "?order_by=x")).starts_with("order_by=\"x\": use one of id, "));
}

TEST_F(ApiTest, SaysWhoItIsAndHowItIs) {
  EXPECT_EQ(get("/api/v1/agent/alive").json()["Status"], "OK");
  EXPECT_EQ(get("/api/v1/agent/version").json()["GitVersion"], "v1.9.3+test");
  EXPECT_EQ(get("/api/v1/agent/node").json()["NodeID"], "n-self");
  EXPECT_EQ(get("/").status, 301);
  EXPECT_EQ(get("/version").headers.get("Location"), "/api/v1/agent/version");
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(get("/readyz").json()["Status"], "OK");
  EXPECT_EQ(get("/readyz?verbose").text, "ready\nnote: the sandbox is strong\n");

  api.begin_shutdown();
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/readyz?verbose").text,
            "not ready: the node is stopping\nnote: the sandbox is strong\n");
  EXPECT_EQ(get("/livez").status, 200);
}

TEST_F(ApiTest, CountsRequestsByRouteNeverById) {
  submit();
  get("/api/v1/orchestrator/jobs/j-none");

  const std::string text = get("/metrics").text;

  EXPECT_NE(text.find("skrei_jobs_live 1"), std::string::npos) << text;
  EXPECT_NE(text.find("route=\"/api/v1/orchestrator/jobs/:id\""), std::string::npos);
  EXPECT_EQ(text.find("j-none"), std::string::npos);
}

TEST_F(ApiTest, ErrorsComeAsAProblemForThoseWhoAskForOne) {
  const auto reply =
      get("/api/v1/orchestrator/nodes/n-x", {{"Accept", "application/problem+json"}});

  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.headers.get("Content-Type"), "application/problem+json");
  EXPECT_EQ(reply.json()["detail"], "node not found: n-x");
}

TEST_F(ApiTest, PrettyAnswersAreIndented) {
  EXPECT_EQ(get("/livez").text, "{\"Status\":\"OK\"}\n");
  EXPECT_EQ(get("/livez?pretty").text, "{\n  \"Status\": \"OK\"\n}\n");
}

TEST_F(ApiTest, RefusesStrangeHostsAndOrigins) {
  const auto allow_host = api.hooks().allow_host;
  EXPECT_FALSE(allow_host("attacker.example", {}));
  EXPECT_TRUE(allow_host("node.example:1234", {}));
  EXPECT_EQ(call("PUT", kJobs, kJob, {{"Origin", "http://attacker.example"}}).status, 403);
  EXPECT_EQ(get("/livez", {{"Origin", "http://ui.example"}}).status, 200);
}

TEST_F(ApiTest, OtherHostsMayChangeThingsOnlyWhereThatIsAllowed) {
  Metrics metrics;
  Options closed = options();
  closed.open = false;
  const Shared shared{.services = services(), .options = closed, .metrics = metrics};
  http::Request request;
  for (const char* peer : {"127.0.0.1:5", "127.8.8.8:5", "[::1]:5", "unix"}) {
    request.peer = peer;
    EXPECT_TRUE(check_may_change(shared, request)) << peer;
  }
  for (const char* peer : {"10.1.2.3:5", "[2001:db8::1]:5", "[::11]:5", "1127.0.0.1:5"}) {
    request.peer = peer;
    const auto refusal = check_may_change(shared, request);
    ASSERT_FALSE(refusal) << peer;
    EXPECT_EQ(refusal.error().code, Code::PermissionDenied);
    EXPECT_EQ(refusal.error().message,
              std::string(peer) + " may look, but not run or change anything here");
  }
  const Shared open{.services = services(), .options = options(), .metrics = metrics};
  EXPECT_TRUE(check_may_change(open, request));
}

}  // namespace
}  // namespace skrei::api
