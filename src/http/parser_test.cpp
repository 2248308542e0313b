// SPDX-License-Identifier: Apache-2.0
#include "http/parser.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"

namespace skrei::http {
namespace {

struct BadRequest {
  std::string text;
  int status;
};

TEST(RequestParser, RefusesWhatIsNotStrictlyHttp) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
  const std::vector<BadRequest> cases = {
      {"GET\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"G\x01T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {head + "Host: other\r\n\r\n", 400},
      {head + "Name : x\r\n\r\n", 400},
      {head + "Content-Length: -1\r\n\r\n", 400},
      {head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {head + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400},
      {head + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {head + "X: " + std::string(20000, 'x') + "\r\n\r\n", 431},
      {"GET /" + std::string(20000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 431},
  };
  for (const auto& [text, status] : cases) {
    MessageParser parser(MessageParser::Kind::Request, {});
    const auto outcome = parser.read_head(text);
    ASSERT_FALSE(outcome) << text.substr(0, 200);
    EXPECT_EQ(outcome.error().status, status) << text.substr(0, 200);
  }
}

TEST(RequestParser, BoundsTheNumberOfFields) {
  std::string text = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 100; ++i)
    text += "A: b\r\n";

  MessageParser parser(MessageParser::Kind::Request, {});
  EXPECT_EQ(parser.read_head(text + "\r\n").error().status, 431);
}

/// Body of a message that comes in pieces of `step` bytes, read through a buffer of `room` bytes.
std::string decode(const std::string& text, std::size_t step, std::size_t room) {
  MessageParser parser(MessageParser::Kind::Request, {});
  std::string pending;
  std::string body;
  std::vector<std::uint8_t> buffer(room);
  for (std::size_t at = 0; at < text.size() && !parser.done(); at += step) {
    pending += text.substr(at, step);
    if (!parser.head_done()) {
      const auto progress = parser.read_head(pending);
      if (!progress) return progress.error().error.message;
      pending.erase(0, progress->consumed);
    }
    while (parser.head_done() && !parser.done()) {
      const auto progress = parser.read_body(pending, buffer);
      if (!progress) return progress.error().error.message;
      pending.erase(0, progress->consumed);
      body += as_chars(ByteView(buffer).first(progress->body_bytes));
      if (progress->need_more) break;
    }
  }
  return parser.done() ? body : "not done";
}

TEST(RequestParser, DecodesBodiesHoweverTheyAreCut) {
  const std::string head = "PUT / HTTP/1.1\r\nHost: h\r\n";
  const std::string plain = head + "Content-Length: 11\r\n\r\nhello world";
  const std::string chunked =
      head +
      "Transfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n6\r\n world\r\n"
      "0\r\nTrailer: x\r\n\r\n";
  for (std::size_t step : {1u, 2u, 7u, 1000u}) {
    for (std::size_t room : {1u, 3u, 100u}) {
      EXPECT_EQ(decode(plain, step, room), "hello world") << step << " " << room;
      EXPECT_EQ(decode(chunked, step, room), "hello world") << step << " " << room;
    }
  }
}

TEST(ResponseParser, MayEndWithTheStreamOrNot) {
  MessageParser until_end(MessageParser::Kind::Response, {});
  ASSERT_TRUE(until_end.read_head("HTTP/1.1 200 OK\r\n\r\n"));
  EXPECT_FALSE(until_end.end_of_stream());
  EXPECT_TRUE(until_end.done());

  MessageParser cut(MessageParser::Kind::Response, {});
  ASSERT_TRUE(cut.read_head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_TRUE(cut.end_of_stream());
}

}  // namespace
}  // namespace skrei::http
