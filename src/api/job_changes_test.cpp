// SPDX-License-Identifier: Apache-2.0
// Updates, versions, reruns, dry runs and the conditions and keys they are made with.
#include "api/testing/api_world.hpp"

namespace skrei::api {
namespace {

constexpr const char* kJobs = "/api/v1/orchestrator/jobs";

class JobChanges : public testing::ApiWorld {
 protected:
  /// A submission of the job "daily", which waits for a node.
  static std::string body(const std::string& word, const std::string& more = "") {
    return fmt::format(
        R"({{"Job":{{"Type":"batch","Name":"daily","Labels":{{"word":"{}"}},"Tasks":[{{)"
        R"("Name":"main","Engine":{{"Type":"noop"}},"Timeouts":{{"QueueTimeout":3600}}}}]}}{}}})",
        word, more);
  }
  testing::Reply put(const std::string& text, http::Headers headers = {}) {
    return call("PUT", kJobs, text, std::move(headers));
  }
  testing::Reply rerun(const std::string& job, const std::string& text = "",
                       http::Headers headers = {}) {
    return call("PUT", fmt::format("{}/{}/rerun", kJobs, job), text, std::move(headers));
  }
  testing::Reply stop(const std::string& job, http::Headers headers = {}) {
    return call("DELETE", fmt::format("{}/{}", kJobs, job), "", std::move(headers));
  }
  testing::Reply show(const std::string& target, http::Headers headers = {}) {
    return get(fmt::format("{}/{}", kJobs, target), std::move(headers));
  }
  std::string tag_of(const std::string& job) {
    return std::string(show(job).headers.get("ETag").value_or("none"));
  }
  std::string refused(int status, const testing::Reply& reply) {
    EXPECT_EQ(reply.status, status) << reply.text;
    return reply.message();
  }
};

TEST_F(JobChanges, ASubmissionUnderAUsedNameIsAnUpdate) {
  const auto first = put(body("one")).json();
  const auto second = put(body("two"));

  ASSERT_EQ(second.status, 200) << second.text;
  EXPECT_EQ(second.json()["JobID"], first["JobID"]);
  EXPECT_EQ(second.json()["JobVersion"], 2);
  const auto job = show("daily").json()["Job"];
  EXPECT_EQ(job["Version"], 2);
  EXPECT_EQ(job["Labels"]["word"], "two");
  const auto old = show("daily?job_version=1").json()["Job"];
  EXPECT_EQ(old["Labels"]["word"], "one");
  EXPECT_EQ(old["State"]["StateType"], "Stopped");
  EXPECT_EQ(old["State"]["Message"], "replaced by version 2");
  EXPECT_EQ(get(kJobs).json()["Items"].size(), 1U);

  const auto versions = show("daily/versions").json();
  ASSERT_EQ(versions["Items"].size(), 2U);
  EXPECT_EQ(versions["Items"][0], old);
  EXPECT_EQ(versions["Items"][1], job);
  EXPECT_EQ(versions["NextToken"], "");
  const auto page = show("daily/versions?limit=1").json();
  const std::string token = page["NextToken"];
  EXPECT_EQ(show("daily/versions?next_token=" + token).json()["Items"][0]["Version"], 2);
}

TEST_F(JobChanges, AnUpdateThatChangesNothingIsAConflict) {
  put(body("one"));

  const std::string sentence = refused(409, put(body("one")));

  EXPECT_NE(sentence.find("\"daily\""), std::string::npos) << sentence;
  EXPECT_EQ(put(body("one", R"(,"Force":true)")).json()["JobVersion"], 2);
  EXPECT_EQ(refused(400, put(body("one", R"(,"force":"yes")"))),
            "request body: Force: expected true or false");
}

TEST_F(JobChanges, NamesBelongToTheirNamespace) {
  const auto here = put(body("one")).json();
  const auto there = put(body("one", R"(,"namespace":"team")")).json();

  EXPECT_NE(here["JobID"], there["JobID"]);
  EXPECT_EQ(show("daily").json()["Job"]["ID"], here["JobID"]);
  EXPECT_EQ(show("daily?namespace=team").json()["Job"]["ID"], there["JobID"]);
  EXPECT_EQ(show("daily?namespace=other").status, 404);
  EXPECT_EQ(show(there["JobID"].get<std::string>()).status, 200) << "ids are found everywhere";
}

TEST_F(JobChanges, ASubmittedIdIsNotTaken) {
  const auto reply = put(
      R"({"Job":{"ID":"j-mine","Type":"batch","Tasks":[{"Name":"m","Engine":{"Type":"noop"}}]}})");

  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_NE(reply.json()["JobID"], "j-mine");
  EXPECT_NE(reply.json()["Warnings"].dump().find("ID"), std::string::npos) << reply.text;
}

TEST_F(JobChanges, VersionsHaveTheirOwnHistory) {
  put(body("one"));
  put(body("two"));
  const auto events = [&](const std::string& query) {
    std::string all;
    for (const auto& item : show("daily/history" + query).json()["Items"])
      all += fmt::format("{}:{} ", item["JobVersion"].get<int>(),
                         item["Event"]["Message"].get<std::string>());
    return all;
  };

  EXPECT_TRUE(events("").starts_with("2:Job updated ")) << events("");
  EXPECT_TRUE(events("?job_version=1").starts_with("1:Job submitted ")) << events("?job_version=1");
  EXPECT_NE(events("?all_job_versions=true").find("1:Stopped. replaced by version 2 2:Job updated"),
            std::string::npos)
      << events("?all_job_versions=true");
  for (const char* route : {"", "/history", "/executions", "/results", "/logs"}) {
    EXPECT_NE(refused(404, show(fmt::format("daily{}?job_version=9", route))).find("no version 9"),
              std::string::npos)
        << route;
  }
}

TEST_F(JobChanges, ExecutionsBelongToVersions) {
  auto job = stored_job("j-1", model::JobStateType::Completed);
  auto old = std::make_shared<model::Job>(*job);
  job->version = 2;
  auto second = stored_execution("e-2", "j-1");
  second.job_version = 2;
  commit({protocol::PutJobVersion{old}, protocol::PutJob{job},
          protocol::PutExecution{stored_execution("e-1", "j-1")}, protocol::PutExecution{second}});
  const auto ids = [&](const std::string& query) {
    std::string all;
    for (const auto& item : show("j-1/executions" + query).json()["Items"])
      all += item["ID"].get<std::string>() + " ";
    return all;
  };

  EXPECT_EQ(ids(""), "e-2 ");
  EXPECT_EQ(ids("?job_version=1"), "e-1 ");
  EXPECT_EQ(ids("?all_job_versions=true"), "e-1 e-2 ");
  EXPECT_EQ(show("j-1/results?job_version=1").json()["Items"].size(), 1U);
}

TEST_F(JobChanges, ARerunIsTheNextVersion) {
  const std::string id = put(body("one")).json()["JobID"];
  EXPECT_NE(refused(409, rerun(id)).find("has not run yet"), std::string::npos);
  put(body("two"));
  stop(id);

  const auto again = rerun("daily", R"({"JobVersion":1,"Reason":"look again"})");

  ASSERT_EQ(again.status, 200) << again.text;
  EXPECT_EQ(again.json()["JobID"], id);
  EXPECT_EQ(again.json()["JobVersion"], 3);
  EXPECT_FALSE(again.json().value("EvaluationID", "").empty());
  EXPECT_EQ(again.json()["Warnings"], json::Value::array());
  EXPECT_EQ(show(id).json()["Job"]["Labels"]["word"], "one");
}

TEST_F(JobChanges, ARerunOfWhatIsNotThereIs404AndWritesGoOn) {
  put(body("one"));

  EXPECT_NE(refused(404, rerun("j-none")).find("j-none"), std::string::npos);
  EXPECT_NE(refused(404, rerun("daily", R"({"JobVersion":7})")).find("no version 7"),
            std::string::npos);
  for (const char* wrong : {R"({"JobVersion":"1"})", R"({"JobVersion":-1})", "[]", "{"})
    EXPECT_NE(refused(400, rerun("daily", wrong)), "") << wrong;

  EXPECT_EQ(put(body("two")).status, 200) << "v1.9.3 never answers a write again";
}

TEST_F(JobChanges, ADryRunSaysWhatWouldChange) {
  const auto diff = [&](const std::string& text) {
    return call("PUT", std::string(kJobs) + "/diff", text);
  };
  EXPECT_EQ(diff(body("one")).json()["Diff"],
            "there is no job \"daily\" in namespace \"default\": it would be a new one");
  put(body("one"));

  EXPECT_EQ(diff(body("two")).json()["Diff"], "Labels.word: \"one\" -> \"two\"");
  const auto same = diff(body("one")).json();
  EXPECT_EQ(same["Diff"], "");
  EXPECT_NE(same["Warnings"].dump().find("nothing changes"), std::string::npos);
  EXPECT_EQ(show("daily").json()["Job"]["Version"], 1) << "and nothing did";
  EXPECT_EQ(refused(400, diff(R"({"Job":{"Type":"batch","Tasks":[{"Name":"m","Engine":)"
                              R"({"Type":"noop"}}]}})")),
            "Job: Name: is missing");
  EXPECT_NE(refused(400, diff(R"({"Job":{"Type":"btach","Name":"x"}})")), "");
}

TEST_F(JobChanges, ConditionsAreCheckedAgainstTheJobAsItIs) {
  put(body("one"));
  const std::string tag = tag_of("daily");
  ASSERT_TRUE(tag.starts_with("\"1-")) << tag;

  const auto unchanged = show("daily", {{"If-None-Match", tag}});
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.text, "");
  EXPECT_EQ(unchanged.headers.get("ETag"), tag);
  EXPECT_FALSE(show("daily?include=history").headers.contains("ETag"));

  EXPECT_EQ(put(body("two"), {{"If-Match", tag}}).json()["JobVersion"], 2);
  EXPECT_EQ(show("daily", {{"If-None-Match", tag}}).status, 200);
  const std::string stale = refused(412, put(body("three"), {{"If-Match", tag}}));
  EXPECT_NE(stale.find(tag_of("daily")), std::string::npos) << stale;
  EXPECT_NE(refused(412, stop("daily", {{"If-Match", tag}})), "");
  EXPECT_NE(refused(412, put(body("three"), {{"If-None-Match", "*"}})), "");
  EXPECT_NE(refused(400, put(body("three"), {{"If-Match", "1-1"}})), "");
  EXPECT_EQ(show("daily").json()["Job"]["Version"], 2);

  EXPECT_EQ(stop("daily", {{"If-Match", tag_of("daily")}}).status, 200);
  EXPECT_NE(refused(412, rerun("daily", "", {{"If-Match", tag}})), "");
  EXPECT_EQ(rerun("daily", "", {{"If-Match", tag_of("daily")}}).status, 200);
  EXPECT_NE(refused(409, put(body("two"), {{"If-Match", tag_of("daily")}})), "")
      << "the condition holds, and yet nothing changes";
}

TEST_F(JobChanges, KeysMakeEveryChangeOnce) {
  const http::Headers key = {{"Idempotency-Key", "k"}};
  const auto first = put(body("one"), key);
  EXPECT_EQ(put(body("one"), key).json(), first.json()) << "although nothing would change";
  EXPECT_NE(refused(422, put(body("two"), key)), "");
  EXPECT_NE(refused(422, stop("daily", key)), "") << "another request";

  const auto stopped = stop("daily", {{"Idempotency-Key", "s"}});
  EXPECT_EQ(stop("daily", {{"Idempotency-Key", "s"}}).json(), stopped.json());
  const http::Headers again = {{"Idempotency-Key", "r"}};
  const auto taken = rerun("daily", R"({"Reason":"x"})", again);
  ASSERT_EQ(taken.status, 200) << taken.text;
  EXPECT_EQ(rerun("daily", R"({"Reason":"x"})", again).json(), taken.json());
  EXPECT_EQ(rerun("daily", R"({"Reason":"x","idempotencyToken":"r"})").json(), taken.json());
  EXPECT_NE(refused(422, rerun("daily", R"({"Reason":"y"})", again)), "");
  EXPECT_EQ(show("daily").json()["Job"]["Version"], 2);
}

TEST_F(JobChanges, TheHeaderAndTheFieldAreOneKey) {
  const auto first = put(body("one", R"(,"idempotencyToken":"k")"));

  EXPECT_EQ(put(body("one", R"(,"idempotencyToken":"k")"), {{"Idempotency-Key", "k"}}).json(),
            first.json());
  EXPECT_NE(refused(422, put(body("one"), {{"Idempotency-Key", "k"}})), "") << "another body";
  EXPECT_NE(
      refused(400, put(body("one", R"(,"idempotencyToken":"k")"), {{"Idempotency-Key", "other"}})),
      "");
  EXPECT_EQ(refused(400, put(body("one"), {{"Idempotency-Key", std::string(256, 'k')}})),
            "idempotency key of 256 bytes; at most 255 are taken");
}

}  // namespace
}  // namespace skrei::api
