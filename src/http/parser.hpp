// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/headers.hpp"

namespace skrei::http {

/// Start line and headers of one message, as either parser leaves them.
struct MessageHead {
  std::string method;  ///< Requests only.
  std::string target;  ///< Requests only.
  int status = 0;      ///< Responses only.
  int version = 11;    ///< 10 or 11.
  Headers headers;
};

struct ParserLimits {
  std::size_t header_bytes = 16 << 10;
  std::size_t header_count = 100;
};

/// Why bytes were refused, with the status that a server answers.
struct ParseError {
  int status = 400;
  Error error;
};

/// Takes one HTTP/1 message apart, without I/O: bytes in, head and body bytes out. Strict: what two
/// parsers could read differently (both lengths, spaces before colons, several Hosts) is refused.
class MessageParser {
 public:
  enum class Kind { Request, Response };
  /// HeadResponse: the answer to HEAD, which has a length but no body.
  enum class Body { AsAnnounced, HeadResponse };

  MessageParser(Kind kind, ParserLimits limits, Body body = Body::AsAnnounced);
  ~MessageParser();
  MessageParser(const MessageParser&) = delete;
  MessageParser& operator=(const MessageParser&) = delete;

  struct Progress {
    std::size_t consumed = 0;  ///< Of the input; offer the rest again, with more behind it.
    std::size_t body_bytes = 0;
    bool need_more = false;  ///< Nothing further can be done with this input.
  };
  using Outcome = std::expected<Progress, ParseError>;

  /// Parses up to the end of the head, no further. `input` holds everything not yet consumed.
  Outcome read_head(std::string_view input);

  /// Decodes body bytes into `out`; ends when out is full, the input used up, or the body done.
  Outcome read_body(std::string_view input, std::span<std::uint8_t> out);

  /// The other side ended the stream. An error unless the message may end so.
  std::optional<ParseError> end_of_stream();

  bool head_done() const;
  bool done() const;
  bool keep_alive() const;
  /// Content-Length; nothing for a chunked body or one that ends with the stream.
  std::optional<std::uint64_t> content_length() const;
  MessageHead& head();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skrei::http
