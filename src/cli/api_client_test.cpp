// SPDX-License-Identifier: Apache-2.0
#include "cli/api_client.hpp"

#include <gtest/gtest.h>

#include "async/loop.hpp"
#include "http/server.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

constexpr std::string_view kPath = "/api/v1/agent/alive";

async::Task<void> ask(ApiClient& api, Result<json::Value>& answer) {
  answer = co_await api.get("agent/alive");
}

async::Task<void> ask_list(ApiClient& api, ListQuery query, Result<json::Value>& answer) {
  answer = co_await api.list(std::move(query));
}

async::Task<void> stop_server(http::Server& server) {
  co_await server.stop(std::chrono::seconds(1));
}

class ApiClientTest : public testing::Test {
 protected:
  /// The Client goes before the loop does, the server is stopped first.
  Result<json::Value> get_from(http::Handler handler) {
    http::Server server(loop_);
    server.route("GET", kPath, std::move(handler));
    Result<json::Value> answer = fail(Code::Internal, "not asked");
    {
      ApiClient api(loop_, *base_url({.port = *server.listen("127.0.0.1", 0)}));
      loop_.run_task(ask(api, answer));
    }
    loop_.run_task(stop_server(server));
    return answer;
  }

  static http::Handler answering(int status, std::string body) {
    return [status, body](http::Request) -> async::Task<Result<http::Response>> {
      return [](http::Response response) -> async::Task<Result<http::Response>> {
        co_return response;
      }(http::Response::json(body, status));
    };
  }

  async::Loop loop_;
};

TEST_F(ApiClientTest, GivesTheAnswer) {
  const auto answer = get_from(answering(200, R"({"Status":"OK"})"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)["Status"], "OK");
}

TEST_F(ApiClientTest, TurnsTheEnvelopeIntoAnError) {
  const auto answer =
      get_from(answering(404, R"({"Status":404,"Message":"job not found: x","Hint":"look"})"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), (Error{Code::NotFound, "job not found: x", "look"}));
}

TEST_F(ApiClientTest, AnAnswerOfSomethingElseIsToldAsSuch) {
  const auto answer = get_from(answering(200, "<html>"));
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().message.starts_with("http://127.0.0.1:")) << answer.error().message;
  const auto refused = get_from(answering(502, "<html>"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Unavailable);
  EXPECT_EQ(refused.error().message, "the node answered 502");
}

TEST_F(ApiClientTest, NobodyThereSaysWhereAndWhatToDo) {
  http::Server server(loop_);
  const std::uint16_t port = *server.listen("127.0.0.1", 0);
  loop_.run_task(stop_server(server));
  Result<json::Value> answer = fail(Code::Internal, "not asked");
  {
    ApiClient api(loop_, *base_url({.port = port}));
    loop_.run_task(ask(api, answer));
  }
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().message.starts_with(
      fmt::format("no node answers at http://127.0.0.1:{} (", port)))
      << answer.error().message;
  EXPECT_NE(answer.error().hint.find("skrei serve"), std::string::npos);
}

TEST_F(ApiClientTest, ListsFollowTokensUpToTheirLimit) {
  http::Server server(loop_);
  server.route("GET", kPath, [](http::Request request) -> async::Task<Result<http::Response>> {
    const bool first = !request.query.contains("next_token");
    return [](bool is_first) -> async::Task<Result<http::Response>> {
      co_return http::Response::json(is_first ? R"({"Items":[1,2],"NextToken":"t"})"
                                              : R"({"Items":[3],"NextToken":"u"})");
    }(first);
  });
  Result<json::Value> answer = fail(Code::Internal, "not asked");
  {
    ApiClient api(loop_, *base_url({.port = *server.listen("127.0.0.1", 0)}));
    loop_.run_task(ask_list(api, {.path = "agent/alive", .limit = 3}, answer));
  }
  loop_.run_task(stop_server(server));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)["Items"], json::Value::array({1, 2, 3}));
  EXPECT_EQ((*answer)["NextToken"], "u");
}

TEST(BaseUrl, TakesHostsAndUrls) {
  EXPECT_EQ(base_url({"0.0.0.0", 1234})->to_string(), base_url({"127.0.0.1", 1234})->to_string());
  EXPECT_EQ(base_url({"::1", 1})->authority(), "[::1]:1");
  EXPECT_EQ(base_url({"http://node7:80/skrei/", 1})->path, "/skrei");
  EXPECT_FALSE(base_url({"no host", 1}));
}

}  // namespace
}  // namespace skrei::cli
