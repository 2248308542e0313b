// SPDX-License-Identifier: Apache-2.0
// Requests that are wrong, repeated, too large or too slow; pages, tokens, health and metrics.

#include <set>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "async/fd_stream.hpp"
#include "testing/node_test.hpp"

namespace skrei::e2e {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr const char* kJobs = "/api/v1/orchestrator/jobs";

class ApiRequests : public NodeTest {
 protected:
  ApiAnswer put(const json::Value& body, http::Headers headers = {}) {
    return call("PUT", kJobs, json::dump(body), std::move(headers));
  }
};

/// Sends `text` over a bare connection and reads until the server closes.
async::Task<Result<std::string>> bare_exchange(async::Loop& loop, std::uint16_t port,
                                               std::string text) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    co_return fail_errno("connect");
  }
  CO_TRY_ASSIGN(const auto stream, async::FdStream::open(loop, std::move(socket)));
  CO_TRY(co_await stream->write_all(as_bytes(text)));
  std::string answer;
  Bytes buffer(4096);
  while (true) {
    const auto got = co_await stream->read_some(buffer);
    if (!got || *got == 0) break;
    answer += as_chars(ByteView(buffer).first(*got));
  }
  co_return answer;
}

TEST_F(ApiRequests, WrongJobsAreRefusedWithTheSentenceOfWhatIsWrong) {
  const json::Value good = wasm_job("bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy");
  struct Case {
    const char* what;
    std::function<void(json::Value&)> spoil;
    std::string says;
  };
  const std::vector<Case> cases = {
      {"no type", [](json::Value& job) { job.erase("Type"); }, "missing job type"},
      {"misspelt type", [](json::Value& job) { job["Type"] = "bacth"; }, "batch"},
      {"no tasks", [](json::Value& job) { job["Tasks"] = json::Value::array(); }, "missing tasks"},
      {"negative count", [](json::Value& job) { job["Count"] = -1; }, "negative"},
      {"a text as count", [](json::Value& job) { job["Count"] = "x"; }, "Count"},
      {"misspelt engine", [](json::Value& job) { job["Tasks"][0]["Engine"]["Type"] = "wsam"; },
       "wasm"},
      {"reserved variable", [](json::Value& job) { job["Tasks"][0]["Env"] = {{"SKREI_X", "1"}}; },
       "SKREI_"},
      {"two inputs at one place",
       [](json::Value& job) {
         job["Tasks"][0]["InputSources"].push_back(job["Tasks"][0]["InputSources"][0]);
       },
       "already exists"},
      {"results without publisher",
       [](json::Value& job) { job["Tasks"][0]["ResultPaths"] = {{{"Name", "o"}, {"Path", "/o"}}}; },
       "publisher"},
      {"memory that is none",
       [](json::Value& job) { job["Tasks"][0]["Resources"]["Memory"] = "lots"; }, "lots"},
  };
  for (const Case& wrong : cases) {
    json::Value job = good;
    wrong.spoil(job);

    const ApiAnswer answer = put({{"Job", job}});

    EXPECT_EQ(answer.status, 400) << wrong.what << ": " << answer.body;
    EXPECT_TRUE(answer.message().contains(wrong.says)) << wrong.what << ": " << answer.body;
  }
  EXPECT_EQ(get(std::string(kJobs))["Items"].size(), 0u);
}

TEST_F(ApiRequests, BodiesThatAreNoJobsAreRefused) {
  for (const std::string body : {"", "{", "[]", "{}", "{\"Job\": 7}", "\xff\xfe", "null"}) {
    const ApiAnswer answer = call("PUT", kJobs, body);
    EXPECT_EQ(answer.status, 400) << body << ": " << answer.body;
    EXPECT_FALSE(answer.message().empty()) << body;
  }
}

TEST_F(ApiRequests, ARepeatedKeyGetsTheFirstAnswer) {
  const json::Value job = wasm_job(add_module("noop.wasm"));
  const http::Headers key = {{"Idempotency-Key", "once"}};

  const ApiAnswer first = put({{"Job", job}}, key);
  const ApiAnswer again = put({{"Job", job}}, key);
  json::Value changed = job;
  changed["Count"] = 2;
  const ApiAnswer other = put({{"Job", changed}}, key);

  EXPECT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(other.status, 422) << other.body;
  EXPECT_EQ(get(std::string(kJobs))["Items"].size(), 1u);
}

TEST_F(ApiRequests, PagesAreStableWhileJobsAreAdded) {
  const std::string module = add_module("noop.wasm");
  std::set<std::string> before;
  for (int i = 0; i < 7; ++i)
    before.insert(submit(wasm_job(module)));

  std::vector<std::string> seen;
  std::string token;
  do {
    const json::Value page =
        get(fmt::format("{}?limit=3&reverse=true&next_token={}", kJobs, token));
    for (const json::Value& job : page["Items"])
      seen.push_back(job["ID"]);
    token = page["NextToken"].get<std::string>();
    submit(wasm_job(module));
  } while (!token.empty() && seen.size() < 100);

  EXPECT_EQ(seen.size(), 7u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()), before);
  const ApiAnswer wrong = call("GET", std::string(kJobs) + "?next_token=x");
  EXPECT_EQ(wrong.status, 400) << wrong.body;
}

TEST_F(ApiRequests, AHistoryTokenLastsUntilTheJobHasEnded) {
  const std::string id = submit(wasm_job(add_module("sleep.wasm"), {"3600"}));
  wait_running(id);
  const std::string target = fmt::format("{}/{}/history?next_token=", kJobs, id);

  const json::Value first = get(target);
  const std::string token = first["NextToken"];
  const json::Value nothing_new = get(target + token);
  call("DELETE", fmt::format("{}/{}", kJobs, id));
  ended(id);
  const json::Value rest = get(target + token);

  EXPECT_FALSE(first["Items"].empty());
  EXPECT_FALSE(token.empty());
  EXPECT_EQ(nothing_new["NextToken"], token) << nothing_new;
  EXPECT_FALSE(rest["Items"].empty());
  EXPECT_EQ(rest["NextToken"], "") << rest;
  EXPECT_GT(rest["Items"][0]["SeqNum"], first["Items"].back()["SeqNum"]);
}

TEST_F(ApiRequests, MethodsAndPathsThatAreNotThereSaySo) {
  EXPECT_EQ(call("GET", "/api/v1/nothing").status, 404);
  EXPECT_EQ(call("GET", std::string(kJobs) + "/j-nothing").status, 404);
  EXPECT_EQ(call("GET", "/api/v1/content/not-a-cid").status, 400);
  const ApiAnswer wrong = call("DELETE", "/api/v1/agent/alive");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_TRUE(wrong.headers.get("Allow").value_or("").contains("GET"));
  const ApiAnswer head = call("HEAD", "/api/v1/agent/alive");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
}

TEST_F(ApiRequests, AWebPageCannotUseTheNode) {
  const std::string rebound =
      value(runner_.run(bare_exchange(runner_.loop(), node_.port(),
                                      "GET /api/v1/agent/alive HTTP/1.1\r\nHost: evil.example\r\n"
                                      "Connection: close\r\n\r\n")));
  EXPECT_TRUE(rebound.starts_with("HTTP/1.1 403")) << rebound;
  EXPECT_EQ(call("GET", "/api/v1/agent/alive", "", {{"Origin", "http://evil.example"}}).status,
            403);
  EXPECT_EQ(call("GET", "/api/v1/agent/alive").status, 200);
}

TEST_F(ApiRequests, ABodyThatIsTooLargeIs413) {
  const ApiAnswer answer = call("PUT", kJobs, std::string(11 << 20, ' '));

  EXPECT_EQ(answer.status, 413) << answer.body;
  EXPECT_FALSE(answer.message().empty());
}

TEST_F(ApiRequests, ASlowClientIsCutOff) {
  const SystemClock clock;
  const BootTime began = clock.boot_now();

  const std::string answer = value(runner_.run(bare_exchange(
      runner_.loop(), node_.port(), "GET /api/v1/agent/alive HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")));

  const Duration took = clock.boot_now() - began;
  EXPECT_GT(took, 1s);
  EXPECT_LT(took, 15s);
  EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 408")) << answer;
}

TEST_F(ApiRequests, WhatIsNoHttpIsRefused) {
  const std::string answer =
      value(runner_.run(bare_exchange(runner_.loop(), node_.port(), "\x16\x03\x01 hello\r\n\r\n")));

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
}

TEST_F(ApiRequests, HealthAndNodesAreTold) {
  EXPECT_EQ(call("GET", "/livez").status, 200);
  EXPECT_EQ(call("GET", "/readyz").status, 200);
  EXPECT_TRUE(call("GET", "/readyz?verbose").body.contains("ready"));
  EXPECT_EQ(get("/api/v1/agent/alive")["Status"], "OK");
  EXPECT_FALSE(get("/api/v1/agent/version").empty());
  const json::Value nodes = get("/api/v1/orchestrator/nodes")["Nodes"];
  ASSERT_EQ(nodes.size(), 1u) << nodes;
  const std::string id = nodes[0]["Info"]["NodeID"];
  EXPECT_EQ(get("/api/v1/orchestrator/nodes/" + id.substr(0, 10))["Node"]["Info"]["NodeID"], id);
}

TEST_F(ApiRequests, MetricsAreInTheTextFormatOfPrometheus) {
  run_job(wasm_job(add_module("noop.wasm")));

  const std::string text = call("GET", "/metrics").body;

  std::size_t samples = 0;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::string line = text.substr(from, end - from);
    from = end + 1;
    if (line.empty() || line.starts_with("# HELP ") || line.starts_with("# TYPE ")) continue;
    ++samples;
    EXPECT_TRUE(line.starts_with("skrei_") || line.starts_with("process_")) << line;
    const std::size_t space = line.rfind(' ');
    ASSERT_NE(space, std::string::npos) << line;
    char* rest = nullptr;
    std::strtod(line.c_str() + space + 1, &rest);
    EXPECT_EQ(*rest, '\0') << line;
    EXPECT_FALSE(line.contains("j-")) << "an id is a label: " << line;
  }
  EXPECT_GT(samples, 5u) << text;
}

}  // namespace
}  // namespace skrei::e2e
