// SPDX-License-Identifier: Apache-2.0
#include "api/answer.hpp"

#include <gtest/gtest.h>

#include "json/json.hpp"

namespace skrei::api {
namespace {

const Error kError{Code::NotFound, "job not found: j-1", "list them"};

json::Value body_of(const http::Response& response) {
  const auto* text = std::get_if<std::string>(&response.body);
  EXPECT_NE(text, nullptr);
  return text == nullptr ? json::Value() : json::parse(*text).value();
}

TEST(ErrorAnswer, IsTheEnvelopeOfV1) {
  const auto response =
      error_answer({.status = 404, .error = kError, .request_id = "r-1", .accept = "*/*"});

  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(body_of(response), (json::Value{{"Status", 404},
                                            {"Message", "job not found: j-1"},
                                            {"RequestID", "r-1"},
                                            {"Code", "NotFound"},
                                            {"Component", "API"},
                                            {"Hint", "list them"}}));
}

TEST(ErrorAnswer, IsAProblemForThoseWhoAskForOne) {
  const auto response = error_answer({.status = 404,
                                      .error = kError,
                                      .request_id = "r-1",
                                      .accept = "application/problem+json, application/json"});

  EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
  EXPECT_EQ(body_of(response), (json::Value{{"type", "about:blank"},
                                            {"title", "Not Found"},
                                            {"status", 404},
                                            {"detail", "job not found: j-1"},
                                            {"code", "NotFound"},
                                            {"request_id", "r-1"},
                                            {"hint", "list them"}}));
}

TEST(ErrorAnswer, TheWeightsOfTheAcceptHeaderDecide) {
  const std::pair<std::string_view, bool> cases[] = {
      {"application/json, application/problem+json;q=0.5", false},
      {"application/json;q=0.4, application/problem+json;q=0.5", true},
      {"application/problem+json;q=0, */*", false},
      {"application/*", false},
      {"", false},
  };
  for (const auto& [accept, is_problem] : cases) {
    const auto response =
        error_answer({.status = 404, .error = kError, .request_id = "r-1", .accept = accept});
    EXPECT_EQ(response.headers.get("Content-Type") == "application/problem+json", is_problem)
        << accept;
  }
}

TEST(ErrorAnswer, HasTheWordsOfV1ForEveryCode) {
  const std::pair<Code, std::string_view> words[] = {
      {Code::InvalidArgument, "BadRequest"},   {Code::NotFound, "NotFound"},
      {Code::AlreadyExists, "ResourceInUse"},  {Code::FailedPrecondition, "ResourceInUse"},
      {Code::PermissionDenied, "Forbidden"},   {Code::ResourceExhausted, "ResourceExhausted"},
      {Code::OutOfSpace, "ResourceExhausted"}, {Code::DeadlineExceeded, "TimeOut"},
      {Code::Cancelled, "RequestCancelled"},   {Code::Unavailable, "ServiceUnavailable"},
      {Code::Internal, "InternalError"},
  };
  for (const auto& [code, word] : words)
    EXPECT_EQ(envelope_code(code), word) << to_string(code);
}

}  // namespace
}  // namespace skrei::api
