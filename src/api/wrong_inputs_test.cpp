// SPDX-License-Identifier: Apache-2.0
// What every route answers to wrong inputs, in one table.
#include <set>

#include "api/testing/api_world.hpp"

namespace skrei::api {
namespace {

/// One wrong request. `route` is the pattern as registered, `rest` what stands in its place: the
/// path from the first ":name" on, and the query.
struct Wrong {
  std::string_view method;
  std::string_view route;
  std::string_view rest;
  std::string_view body;
  int status;
  std::string_view code;
  std::string_view sentence;  ///< A part of the message.
  http::Headers headers = {};
};

constexpr std::string_view kJobs = "/api/v1/orchestrator/jobs";
constexpr std::string_view kJob = "/api/v1/orchestrator/jobs/:id";
constexpr std::string_view kDiff = "/api/v1/orchestrator/jobs/diff";
constexpr std::string_view kRerun = "/api/v1/orchestrator/jobs/:id/rerun";
constexpr std::string_view kVersions = "/api/v1/orchestrator/jobs/:id/versions";
constexpr std::string_view kExecutions = "/api/v1/orchestrator/jobs/:id/executions";
constexpr std::string_view kHistory = "/api/v1/orchestrator/jobs/:id/history";
constexpr std::string_view kResults = "/api/v1/orchestrator/jobs/:id/results";
constexpr std::string_view kLogs = "/api/v1/orchestrator/jobs/:id/logs";
constexpr std::string_view kWatchAll = "/api/v1/orchestrator/jobs/watch";
constexpr std::string_view kWatch = "/api/v1/orchestrator/jobs/:id/watch";
constexpr std::string_view kNodes = "/api/v1/orchestrator/nodes";
constexpr std::string_view kNode = "/api/v1/orchestrator/nodes/:id";
constexpr std::string_view kContent = "/api/v1/content";
constexpr std::string_view kContentOf = "/api/v1/content/:cid";
constexpr std::string_view kConfig = "/api/v1/agent/config";

const std::string kTooLong(10'000, ' ');
const http::Headers kForeign = {{"Origin", "http://attacker.example"}};
const http::Headers kOldClient = {{"X-Bacalhau-Git-Version", "v1.3.0"}};

const std::vector<Wrong> kTable = {
    // Submissions: what JSON is wrong where.
    {"PUT", kJobs, "", "", 400, "BadRequest", "request body: "},
    {"PUT", kJobs, "", "{", 400, "BadRequest", "request body: "},
    {"PUT", kJobs, "", "{\"Job\":\"\xff\"}", 400, "BadRequest", "request body: "},
    {"PUT", kJobs, "", "[]", 400, "BadRequest", "request body: expected an object"},
    {"PUT", kJobs, "", "{}", 400, "BadRequest", "the member \"Job\" is missing"},
    {"PUT", kJobs, "", R"({"Job":[]})", 400, "BadRequest", "the member \"Job\" is missing"},
    {"PUT", kJobs, "", R"({"Job":{"Type":"btach"}})", 400, "BadRequest", "batch"},
    {"PUT", kJobs, "", R"({"Job":{"Type":"batch","Count":"x"}})", 400, "BadRequest", "Count"},
    {"PUT", kJobs, "", R"({"Job":{"Type":"batch","Tasks":[{"Name":1}]}})", 400, "BadRequest",
     "Tasks[0].Name"},
    {"PUT", kJobs, "", R"({"Job":{"Type":"batch","Count":-1}})", 400, "BadRequest", "Count"},
    {"PUT", kJobs, "", kTooLong, 413, "ResourceExhausted", "longer than the limit"},
    {"PUT", kJobs, "", "{}", 403, "Forbidden", "attacker.example", kForeign},
    {"POST", kJobs, "", "null", 400, "BadRequest", "request body: expected an object"},
    {"POST", kJobs, "", "{\"Job\":{}}", 400, "BadRequest", ""},
    // Lists of jobs.
    {"GET", kJobs, "?limit=x", "", 400, "BadRequest",
     "query parameter limit=\"x\": write a whole number"},
    {"GET", kJobs, "?limit=-1", "", 400, "BadRequest", "limit"},
    {"GET", kJobs, "?limit=99999999999999999999", "", 400, "BadRequest", "limit"},
    {"GET", kJobs, "?limit=x&limit=1", "", 400, "BadRequest", "limit=\"x\""},
    {"GET", kJobs, "?reverse=maybe", "", 400, "BadRequest",
     "reverse=\"maybe\": write true or false"},
    {"GET", kJobs, "?order_by=size", "", 400, "BadRequest", "use created_at or modified_at"},
    {"GET", kJobs, "?order_by=craeted_at", "", 400, "BadRequest", "did you mean \"created_at\"?"},
    {"GET", kJobs, "?order_by=%ff", "", 400, "BadRequest", "order_by="},
    {"GET", kJobs, "?labels=a%20in", "", 400, "BadRequest", "query parameter labels: "},
    {"GET", kJobs, "?next_token=x", "", 400, "BadRequest", "is not one that this API gave"},
    {"GET", kJobs, "?next_token=Y2ExOngK.00000000", "", 400, "BadRequest",
     "start again without it"},
    {"GET", kJobs, "", "", 403, "", "", kOldClient},
    {"PATCH", kJobs, "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS, POST, PUT"},
    // One job.
    {"GET", kJob, "j-none", "", 404, "NotFound", "job not found: j-none"},
    {"GET", kJob, "j-1?include=logs", "", 400, "BadRequest", "use executions, history or both"},
    {"GET", kJob, "j-1?include=histroy", "", 400, "BadRequest", "did you mean \"history\"?"},
    {"GET", kJob, "a%2Fb", "", 404, "NotFound", "a/b"},
    {"GET", kJob, "%zz", "", 400, "BadRequest", ""},
    {"GET", kJob, "j%00", "", 400, "BadRequest", ""},
    {"DELETE", kJob, "j-none", "", 404, "NotFound", "job not found: j-none"},
    {"DELETE", kJob, "j-done", "", 409, "ResourceInUse", "j-done"},
    {"DELETE", kJob, "j-1", "{", 400, "BadRequest", "request body: "},
    {"PATCH", kJob, "j-1", "", 405, "BadRequest", "PATCH is not possible"},
    // Versions of a job.
    {"PUT", kDiff, "", "{", 400, "BadRequest", "request body: "},
    {"PUT", kDiff, "", "{}", 400, "BadRequest", "the member \"Job\" is missing"},
    {"PUT", kRerun, "j-none/rerun", "{}", 404, "NotFound", "j-none"},
    {"PUT", kRerun, "j-1/rerun", "[]", 400, "BadRequest", "request body: expected an object"},
    {"PUT", kRerun, "j-1/rerun", R"({"JobVersion":-1})", 400, "BadRequest", "JobVersion"},
    {"GET", kVersions, "j-none/versions", "", 404, "NotFound", "j-none"},
    {"GET", kVersions, "j-1/versions?limit=x", "", 400, "BadRequest", "limit=\"x\""},
    {"GET", kVersions, "j-1/versions?next_token=x", "", 400, "BadRequest",
     "start again without it"},
    {"GET", kExecutions, "j-1/executions?job_version=9", "", 404, "NotFound", "9"},
    // What a job has.
    {"GET", kExecutions, "j-none/executions", "", 404, "NotFound", "j-none"},
    {"GET", kExecutions, "j-1/executions?order_by=size", "", 400, "BadRequest", "order_by"},
    {"GET", kExecutions, "j-1/executions?job_version=one", "", 400, "BadRequest", "job_version"},
    {"GET", kExecutions, "j-1/executions?all_job_versions=2", "", 400, "BadRequest",
     "write true or false"},
    {"GET", kExecutions, "j-1/executions?next_token=%20", "", 400, "BadRequest", "next_token"},
    {"GET", kHistory, "j-none/history", "", 404, "NotFound", "j-none"},
    {"GET", kHistory, "j-1/history?event_type=jbo", "", 400, "BadRequest", "did you mean \"job\"?"},
    {"GET", kHistory, "j-1/history?since=-1", "", 400, "BadRequest", "since=\"-1\""},
    {"GET", kHistory, "j-1/history?next_token=x", "", 400, "BadRequest", "start again without it"},
    {"GET", kResults, "j-none/results", "", 404, "NotFound", "j-none"},
    {"GET", kResults, "j-service/results", "", 409, "ResourceInUse",
     "only batch and ops jobs have results"},
    {"GET", kLogs, "j-none/logs", "", 404, "NotFound", "j-none"},
    {"GET", kLogs, "j-1/logs", "", 426, "ResourceInUse", "this resource is a websocket"},
    {"GET", kLogs, "j-1/logs?follow=x", "", 400, "BadRequest", "follow=\"x\""},
    {"GET", kLogs, "j-1/logs?format=raw", "", 400, "BadRequest", "needs execution_id"},
    {"GET", kLogs, "j-1/logs?format=raw&execution_id=e&source=in", "", 400, "BadRequest",
     "use stdout or stderr"},
    {"GET", kWatch, "j-none/watch", "", 404, "NotFound", "j-none"},
    {"GET", kWatch, "j-1/watch?from=x", "", 400, "BadRequest", "from=\"x\""},
    {"GET", kWatch, "j-1/watch?from=99", "", 410, "NotFound", "the newest event here is"},
    {"GET", kWatch, "j-1/watch", "", 400, "BadRequest", "Last-Event-ID", {{"Last-Event-ID", "x"}}},
    {"GET", kWatchAll, "?wait=soon", "", 400, "BadRequest", "query parameter wait: "},
    {"GET", kWatchAll, "?labels=!", "", 400, "BadRequest", "query parameter labels: "},
    {"GET", kWatchAll, "?from=18446744073709551615", "", 410, "NotFound", "list the jobs"},
    {"GET", kWatchAll, "?from=0&wait=0s", "", 410, "NotFound", "not kept any more"},
    // Nodes.
    {"GET", kNodes, "?order_by=stauts", "", 400, "BadRequest", "did you mean \"status\"?"},
    {"GET", kNodes, "?limit=ten", "", 400, "BadRequest", "limit=\"ten\""},
    {"GET", kNodes, "?filter-status=x", "", 400, "BadRequest", "filter-status"},
    {"GET", kNodes, "?filter-approval=x", "", 400, "BadRequest", "filter-approval"},
    {"GET", kNodes, "?labels=(", "", 400, "BadRequest", "query parameter labels: "},
    {"GET", kNodes, "?next_token=bm9uZQ", "", 400, "BadRequest", "names no node that is here"},
    {"GET", kNode, "n-x", "", 404, "NotFound", "node not found: n-x"},
    {"PUT", kNode, "n-self", "", 400, "BadRequest", "request body: "},
    {"PUT", kNode, "n-self", "{}", 400, "BadRequest", "\"Action\" is missing"},
    {"PUT", kNode, "n-self", R"({"Action":1})", 400, "BadRequest",
     "\"Action\" is missing or no text"},
    {"PUT", kNode, "n-self", R"({"Action":"aprove"})", 400, "BadRequest",
     "did you mean \"approve\"?"},
    {"PUT", kNode, "n-x", R"({"Action":"approve"})", 404, "NotFound", "node not found: n-x"},
    {"PUT", kNode, "n-self", R"({"Action":"reject"})", 501, "NotImplemented",
     "no central membership"},
    {"PUT", kNode, "n-self", R"({"Action":"delete"})", 501, "NotImplemented", "deleted"},
    // Content.
    {"POST", kContent, "?format=zip", "x", 400, "BadRequest", "zip"},
    {"POST", kContent, "?profile=none", "x", 400, "BadRequest", "none"},
    {"POST", kContent, "?format=tar", "no tar", 400, "BadRequest", ""},
    {"GET", kContentOf, "x", "", 400, "BadRequest", ""},
    {"GET", kContentOf, "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", "", 404,
     "NotFound", "bafkreigh2"},
    // The agent, and what watches it.
    {"GET", kConfig, "?explain=perhaps", "", 400, "BadRequest", "explain=\"perhaps\""},
    {"POST", "/api/v1/agent/alive", "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS"},
    {"PUT", "/api/v1/agent/version", "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS"},
    {"PUT", "/api/v1/agent/node", "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS"},
    {"PUT", "/api/v1/agent/debug", "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS"},
    {"PUT", "/api/v1/agent/authconfig", "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS"},
    {"PUT", "/api/v1/agent/backup", "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS"},
    {"PUT", "/api/v1/openapi.json", "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS"},
    {"DELETE", "/livez", "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS"},
    {"DELETE", "/readyz", "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS"},
    {"DELETE", "/metrics", "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS"},
    {"DELETE", "/version", "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS"},
    {"POST", "/", "", "", 405, "BadRequest", "allowed: GET, HEAD, OPTIONS"},
    {"GET", "/livez", "", "", 403, "Forbidden", "requests from pages of", kForeign},
    {"GET", "/api/v1/none", "", "", 404, "NotFound", "there is no such resource"},
    {"GET",
     "/api/v1/agent/alive",
     "",
     "",
     431,
     "BadRequest",
     "",
     {{"X-Long", std::string(20'000, 'x')}}},
};

class WrongInputs : public testing::ApiWorld {
 protected:
  WrongInputs() {
    auto service = stored_job("j-service", model::JobStateType::Running);
    service->type = model::JobType::Service;
    // The event of a job that retention took away, so that the first events are a gap.
    commit({protocol::AppendEvent{.job_id = JobId("j-gone"), .job_version = 1},
            protocol::PutJob{stored_job("j-1", model::JobStateType::Running)},
            protocol::PutJob{stored_job("j-done", model::JobStateType::Completed)},
            protocol::PutJob{service}});
  }
  static std::string target_of(const Wrong& wrong) {
    return fmt::format("{}{}", wrong.route.substr(0, wrong.route.find(':')), wrong.rest);
  }
  testing::Reply ask(const Wrong& wrong, http::Headers extra = {}) {
    http::Headers headers = wrong.headers;
    for (const auto& [name, value] : extra)
      headers.add(name, value);
    return call(std::string(wrong.method), target_of(wrong), std::string(wrong.body), headers);
  }
};

TEST_F(WrongInputs, GetTheirAnswer) {
  for (const Wrong& wrong : kTable) {
    SCOPED_TRACE(fmt::format("{} {} {}", wrong.method, target_of(wrong), wrong.body.substr(0, 80)));
    const auto reply = ask(wrong);
    EXPECT_EQ(reply.status, wrong.status) << reply.text;
    // An old client gets the shape that it knows.
    if (wrong.code.empty()) continue;
    const json::Value body = reply.json();
    EXPECT_EQ(body["Status"], wrong.status);
    EXPECT_EQ(body["Code"], wrong.code);
    EXPECT_FALSE(body.value("RequestID", "").empty());
    EXPECT_NE(reply.message(), "");
    EXPECT_NE(reply.message().find(wrong.sentence), std::string::npos) << reply.message();
    EXPECT_EQ(reply.status == 405, reply.headers.contains("Allow"));
  }
}

TEST_F(WrongInputs, GetAProblemIfThatIsAskedFor) {
  for (const Wrong& wrong : kTable) {
    // A header that is too long is not read.
    if (wrong.code.empty() || wrong.status == 431) continue;
    SCOPED_TRACE(fmt::format("{} {}", wrong.method, target_of(wrong)));
    const auto reply = ask(wrong, {{"Accept", "application/problem+json"}});
    EXPECT_EQ(reply.headers.get("Content-Type"), "application/problem+json");
    const json::Value body = reply.json();
    EXPECT_EQ(body["status"], wrong.status);
    EXPECT_NE(body.value("detail", "").find(wrong.sentence), std::string::npos) << reply.text;
  }
}

TEST_F(WrongInputs, EveryRouteIsInTheTable) {
  std::set<std::string_view> patterns;
  std::set<http::RouteName> rows;
  for (const Wrong& wrong : kTable) {
    patterns.insert(wrong.route);
    rows.insert({std::string(wrong.route), std::string(wrong.method)});
  }
  for (const http::RouteName& route : server.routes()) {
    EXPECT_TRUE(patterns.contains(route.pattern)) << route.pattern << " has no row";
    // A method that changes something has rows of its own.
    if (route.method != "GET") {
      EXPECT_TRUE(rows.contains(route)) << route.method << " " << route.pattern << " has no row";
    }
  }
}

TEST_F(WrongInputs, WhatIsTolerated) {
  // Too much is coerced, empty is unset, Go's and Python's booleans are read, of two keys the first
  // counts, unknown keys and content types do not matter.
  for (const char* query : {"?limit=1000000", "?limit=0", "?limit=",
                            "?order_by=&reverse=&labels=&next_token=&namespace=", "?reverse=False",
                            "?reverse=T", "?limit=1&limit=x", "?unknown=1", "?order_by=modified_at",
                            "?namespace=*", "?pretty", "/?limit=1"}) {
    EXPECT_EQ(get(std::string(kJobs) + query).status, 200) << query;
  }
  for (const char* query : {"?node_id=x", "?event_type=", "?since=99999999999999", "?limit=5000"}) {
    EXPECT_EQ(get(fmt::format("{}/j-1/history{}", kJobs, query)).status, 200) << query;
  }
  const auto reply = call("PUT", std::string(kJobs),
                          R"({"Job":{"Type":"batch","Cuont":2,"Tasks":[{"Name":"main",)"
                          R"("Engine":{"Type":"noop"}}]},"credential":{}})",
                          {{"Content-Type", "text/plain"}});
  EXPECT_EQ(reply.status, 200) << reply.text;
  EXPECT_NE(reply.json()["Warnings"].dump().find("Cuont: unknown"), std::string::npos);
}

TEST_F(WrongInputs, HeadAndOptionsAreAnsweredForEveryRoute) {
  for (const http::RouteName& route : server.routes()) {
    const std::string target =
        route.pattern.substr(0, route.pattern.find(':')) + (route.pattern.contains(':') ? "x" : "");
    const auto options = call("OPTIONS", target);
    EXPECT_EQ(options.status, 204) << target;
    EXPECT_TRUE(options.headers.contains("Allow")) << target;
  }
  EXPECT_EQ(call("HEAD", "/livez").text, "");
  EXPECT_EQ(call("HEAD", "/livez").status, 200);
}

}  // namespace
}  // namespace skrei::api
