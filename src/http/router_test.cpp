// SPDX-License-Identifier: Apache-2.0
#include "http/router.hpp"

#include <gtest/gtest.h>

#include "http/event_stream.hpp"

namespace skrei::http {
namespace {

void add(Router& router, std::string_view method, std::string_view pattern) {
  router.add(method, pattern,
             [](Request) -> async::Task<Result<Response>> { co_return Response{}; }, {});
}

/// "pattern name=value …", or what else find() says.
std::string find(const Router& router, std::string_view method, std::string_view path) {
  const auto match = router.find(method, path);
  if (!match) return "bad";
  if (match->route == nullptr) {
    return match->path_known ? fmt::format("allow {}", fmt::join(match->allowed, " ")) : "none";
  }
  std::string text = match->route->pattern;
  for (const auto& [name, value] : match->params)
    text += " " + name + "=" + value;
  return text;
}

TEST(Router, PrefersLiteralsThenParametersThenTheRest) {
  Router router;
  add(router, "GET", "/jobs");
  add(router, "PUT", "/jobs");
  add(router, "GET", "/jobs/:id");
  add(router, "DELETE", "/jobs/:id");
  add(router, "GET", "/jobs/:job/logs");
  add(router, "GET", "/jobs/special");
  add(router, "GET", "/files/*path");

  EXPECT_EQ(find(router, "GET", "/jobs"), "/jobs");
  EXPECT_EQ(find(router, "GET", "/jobs/"), "/jobs");
  EXPECT_EQ(find(router, "HEAD", "/jobs/j-1"), "/jobs/:id id=j-1");
  EXPECT_EQ(find(router, "GET", "/jobs/special"), "/jobs/special");
  EXPECT_EQ(find(router, "GET", "/jobs/special/logs"), "/jobs/:job/logs job=special");
  EXPECT_EQ(find(router, "GET", "/jobs/a%2Fb"), "/jobs/:id id=a/b");
  EXPECT_EQ(find(router, "GET", "/files/a/b%20c"), "/files/*path path=a/b c");
  EXPECT_EQ(find(router, "GET", "/files/"), "/files/*path path=");
  EXPECT_EQ(find(router, "GET", "/files"), "/files/*path path=");
  EXPECT_EQ(find(router, "POST", "/jobs/x"), "allow DELETE GET HEAD OPTIONS");
  EXPECT_EQ(find(router, "GET", "/nothing"), "none");
  EXPECT_EQ(find(router, "GET", "/"), "none");
  EXPECT_EQ(find(router, "GET", "/jobs//logs"), "none");
  EXPECT_EQ(find(router, "GET", "*"), "none");
  EXPECT_EQ(find(router, "GET", "/jobs/%zz"), "bad");
}

TEST(Router, NamesItsRoutesInOrder) {
  Router router;
  add(router, "PUT", "/jobs");
  add(router, "GET", "/jobs/:id");
  add(router, "GET", "/jobs");

  const std::vector<RouteName> expected{
      {.pattern = "/jobs", .method = "GET"},
      {.pattern = "/jobs", .method = "PUT"},
      {.pattern = "/jobs/:id", .method = "GET"},
  };
  EXPECT_EQ(router.names(), expected);
}

TEST(EventStream, WireFormKeepsLineBreaksAndCannotBeInjectedInto) {
  EXPECT_EQ(to_wire({.data = "a\nb\r\nc\rd", .event = "log", .id = "7"}),
            "event: log\nid: 7\ndata: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(to_wire({.data = "", .id = "1\ndata: x"}), "id: 1\ndata: \n\n");
}

}  // namespace
}  // namespace skrei::http
