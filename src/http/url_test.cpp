// SPDX-License-Identifier: Apache-2.0
#include "http/url.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace skrei::http {
namespace {

TEST(Percent, DecodingInvertsEncoding) {
  EXPECT_TRUE(rc::check("decode(encode(text)) == text", [](const std::string& text) {
    RC_PRE(text.find('\0') == std::string::npos);
    RC_ASSERT(percent_decode(percent_encode(text)).value() == text);
  }));
}

TEST(Percent, BrokenEscapesAreRefused) {
  for (const auto* text : {"%", "%1", "a%zz", "%2", "%00", "x%0"})
    EXPECT_EQ(percent_decode(text).error().code, Code::InvalidArgument) << text;
  EXPECT_FALSE(percent_decode(std::string_view("a\0b", 3)));
  EXPECT_EQ(percent_decode("a%2fB%20+"), "a/B +");
}

TEST(Query, ReadsRepeatedEmptyAndBrokenPartsTolerantly) {
  const Query query = Query::parse("a=1&b=two+words&a=%33&flag&&c=%zz&=x&d==");

  EXPECT_EQ(query.get("a"), "1");
  EXPECT_EQ(query.get_all("a"), (std::vector<std::string_view>{"1", "3"}));
  EXPECT_EQ(query.get("b"), "two words");
  EXPECT_EQ(query.get("flag"), "");
  EXPECT_EQ(query.get("c"), "%zz");
  EXPECT_EQ(query.get("d"), "=");
  EXPECT_FALSE(query.contains("e"));
  EXPECT_EQ(Query::parse(query.to_string()), query);
}

struct GoodUrl {
  std::string text;
  Url url;
};

TEST(Url, ParsesWhatCanBeCalled) {
  const std::vector<GoodUrl> cases = {
      {"http://127.0.0.1:1234/api/v1", {"http", "127.0.0.1", 1234, "/api/v1", ""}},
      {"HTTP://Example.ORG", {"http", "example.org", 80, "/", ""}},
      {"http://h?x=1#f", {"http", "h", 80, "/", "x=1"}},
      {"ws://[::1]:99/logs?follow=true", {"ws", "::1", 99, "/logs", "follow=true"}},
      {"https://h/", {"https", "h", 443, "/", ""}},
      {"http+unix://%2Frun%2Fd.sock/v1/info", {"http+unix", "/run/d.sock", 0, "/v1/info", ""}},
  };
  for (const auto& [text, url] : cases) {
    EXPECT_EQ(Url::parse(text), url) << text;
    EXPECT_EQ(Url::parse(url.to_string()), url) << url.to_string();
  }
}

TEST(Url, RefusesEverythingElse) {
  for (const auto* text :
       {"", "h/", "ftp://h/", "http://", "http:///x", "http://u:p@h/", "http://h:0/",
        "http://h:65536/", "http://h:1x/", "http://h/a b", "http://h/\r\nX: y", "http://[::1/",
        "http://[zz]/", "http+unix:///x", "http://h:/"}) {
    EXPECT_EQ(Url::parse(text).error().code, Code::InvalidArgument) << text;
  }
}

TEST(HostPort, ReadsHostHeaders) {
  EXPECT_EQ(HostPort::parse("LocalHost:1234"), (HostPort{"localhost", 1234}));
  EXPECT_EQ(HostPort::parse("[::1]"), (HostPort{"::1", std::nullopt}));
  for (const auto* text : {"", ":80", "a:b", "a b", "[::1]x", "evil.example/"})
    EXPECT_FALSE(HostPort::parse(text)) << text;
}

}  // namespace
}  // namespace skrei::http
