// SPDX-License-Identifier: Apache-2.0
#include "http/response.hpp"

#include <array>

namespace skrei::http {
namespace {

// The move-only writer lives in the frame of this coroutine.
async::Task<Result<void>> write_events(EventStreamWriter& writer, BodySink& sink) {
  EventStream stream(sink);
  co_return co_await writer(stream);
}

struct Phrase {
  int status;
  std::string_view text;
};

constexpr auto kPhrases = std::to_array<Phrase>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
});

}  // namespace

Response Response::bytes(std::string body, std::string_view content_type, int status) {
  return {.status = status,
          .headers = {{"Content-Type", std::string(content_type)}},
          .body = std::move(body)};
}

Response Response::json(std::string body, int status) {
  return bytes(std::move(body), "application/json", status);
}

Response Response::text(std::string body, int status) {
  return bytes(std::move(body), "text/plain; charset=utf-8", status);
}

Response Response::stream(BodyWriter writer, std::string_view content_type,
                          std::optional<std::uint64_t> length) {
  return {.headers = {{"Content-Type", std::string(content_type)}},
          .body = Stream{std::move(writer), length}};
}

Response Response::events(EventStreamWriter writer) {
  Response response = stream(
      [writer = std::move(writer)](BodySink& sink) mutable { return write_events(writer, sink); },
      "text/event-stream");
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Response Response::websocket(WebSocketHandler handler) {
  return {.status = 101, .body = std::move(handler)};
}

std::string_view reason_phrase(int status) {
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return "Unknown";
}

}  // namespace skrei::http
