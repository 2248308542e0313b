// SPDX-License-Identifier: Apache-2.0
#include "http/parser.hpp"

#include <algorithm>
#include <cstring>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "base/assert.hpp"

namespace skrei::http {

namespace beast = boost::beast;
using beast::error_code;
using beast::http::error;

namespace {

/// What both kinds do with the parts that Beast finds.
struct Sink {
  ParserLimits limits;
  MessageHead head;
  bool head_done = false;
  std::span<std::uint8_t> out;
  std::size_t written = 0;
  std::optional<ParseError> refused;

  void refuse(int status, std::string message, error_code& ec) {
    refused = ParseError{status, {Code::InvalidArgument, std::move(message)}};
    ec = error::bad_field;
  }

  void on_field(beast::string_view name, beast::string_view value, error_code& ec) {
    if (head_done) return;  // Trailers are checked by Beast and not used.
    if (head.headers.size() >= limits.header_count) {
      refuse(431, fmt::format("more than {} header fields", limits.header_count), ec);
      return;
    }
    head.headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }

  std::size_t on_body(beast::string_view bytes, error_code& ec) {
    const std::size_t count = std::min(bytes.size(), out.size() - written);
    std::memcpy(out.data() + written, bytes.data(), count);
    written += count;
    if (count < bytes.size()) ec = error::need_buffer;
    return count;
  }
};

template <bool is_request>
class Parser final : public beast::http::basic_parser<is_request> {
 public:
  explicit Parser(Sink& sink) : sink_(sink) {}

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, error_code&) override {
    sink_.head.method.assign(method.data(), method.size());
    sink_.head.target.assign(target.data(), target.size());
    sink_.head.version = version;  // 10 or 11: Beast refuses others.
  }
  void on_response_impl(int code, beast::string_view, int version, error_code&) override {
    sink_.head.status = code;
    sink_.head.version = version;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     error_code& ec) override {
    sink_.on_field(name, value, ec);
  }
  void on_header_impl(error_code&) override { sink_.head_done = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view bytes, error_code& ec) override {
    return sink_.on_body(bytes, ec);
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, error_code& ec) override {
    return sink_.on_body(bytes, ec);
  }
  void on_finish_impl(error_code&) override {}

  Sink& sink_;
};

/// Rules of RFC 9112 that Beast leaves to its user.
std::optional<ParseError> check_request(const MessageHead& head) {
  const auto bad = [](int status, std::string message) {
    return ParseError{status, {Code::InvalidArgument, std::move(message)}};
  };
  const auto hosts = std::ranges::count_if(
      head.headers, [](const auto& field) { return iequals(field.first, "Host"); });
  if (hosts > 1 || (hosts == 0 && head.version == 11)) {
    return bad(400, "a request has to have exactly one Host header");
  }
  if (const auto encoding = head.headers.get("Transfer-Encoding")) {
    if (head.version == 10) return bad(400, "HTTP/1.0 knows no Transfer-Encoding");
    if (!iequals(*encoding, "chunked")) {
      return bad(501, "the only Transfer-Encoding that is understood is chunked");
    }
  }
  return std::nullopt;
}

ParseError parse_error(const error_code& ec) {
  if (ec == error::header_limit) {
    return {431, {Code::InvalidArgument, "the request line and headers are too long"}};
  }
  if (ec == error::partial_message || ec == error::end_of_stream) {
    return {400, {Code::Unavailable, "the other side broke off in the middle of a message"}};
  }
  if (ec == error::bad_version) {
    return {505, {Code::InvalidArgument, "only HTTP/1.0 and 1.1 are spoken"}};
  }
  return {400, {Code::InvalidArgument, fmt::format("not valid HTTP: {}", ec.message())}};
}

}  // namespace

struct MessageParser::State {
  State(Kind kind_of, ParserLimits limits) : kind(kind_of), sink{.limits = limits} {
    if (kind == Kind::Request) {
      set_up(request.emplace(sink));
    } else {
      set_up(response.emplace(sink));
    }
  }

  void set_up(auto& parser) {
    parser.header_limit(static_cast<std::uint32_t>(sink.limits.header_bytes));
    parser.body_limit(boost::none);  // Limits are the business of the reader of the body.
  }

  /// Calls `function` with the parser there is.
  decltype(auto) visit(auto function) {
    return kind == Kind::Request ? function(*request) : function(*response);
  }

  /// One step of Beast's parser. need_more and need_buffer are outcomes, not errors.
  std::expected<std::size_t, ParseError> put(std::string_view input, error_code& ec) {
    const std::size_t consumed = visit([&](auto& parser) {
      return parser.put(boost::asio::const_buffer(input.data(), input.size()), ec);
    });
    if (ec && ec != error::need_more && ec != error::need_buffer) {
      return std::unexpected(sink.refused ? *sink.refused : parse_error(ec));
    }
    return consumed;
  }

  Kind kind;
  Sink sink;
  std::optional<Parser<true>> request;
  std::optional<Parser<false>> response;
};

MessageParser::MessageParser(Kind kind, ParserLimits limits, Body body)
    : state_(std::make_unique<State>(kind, limits)) {
  if (body == Body::HeadResponse) state_->visit([](auto& parser) { parser.skip(true); });
}

MessageParser::~MessageParser() = default;

MessageParser::Outcome MessageParser::read_head(std::string_view input) {
  Progress progress;
  while (!head_done()) {
    error_code ec;
    const auto consumed = state_->put(input.substr(progress.consumed), ec);
    if (!consumed) return std::unexpected(consumed.error());
    progress.consumed += *consumed;
    if (ec == error::need_more) {
      progress.need_more = true;
      return progress;
    }
  }
  if (state_->kind == Kind::Request) {
    if (auto wrong = check_request(head())) return std::unexpected(*std::move(wrong));
  }
  return progress;
}

MessageParser::Outcome MessageParser::read_body(std::string_view input,
                                                std::span<std::uint8_t> out) {
  SKREI_ASSERT(head_done());
  Progress progress;
  state_->sink.out = out;
  state_->sink.written = 0;
  while (!done() && state_->sink.written < out.size()) {
    if (progress.consumed == input.size()) {
      progress.need_more = true;
      break;
    }
    error_code ec;
    const auto consumed = state_->put(input.substr(progress.consumed), ec);
    if (!consumed) return std::unexpected(consumed.error());
    progress.consumed += *consumed;
    if (ec == error::need_more) {
      progress.need_more = true;
      break;
    }
  }
  progress.body_bytes = state_->sink.written;
  return progress;
}

std::optional<ParseError> MessageParser::end_of_stream() {
  if (done()) return std::nullopt;
  error_code ec;
  state_->visit([&](auto& parser) { parser.put_eof(ec); });
  if (ec) return parse_error(ec);
  return std::nullopt;
}

bool MessageParser::head_done() const {
  return state_->sink.head_done;
}

bool MessageParser::done() const {
  return state_->visit([](const auto& parser) { return parser.is_done(); });
}

bool MessageParser::keep_alive() const {
  return state_->visit([](const auto& parser) { return parser.keep_alive(); });
}

std::optional<std::uint64_t> MessageParser::content_length() const {
  const auto length = state_->visit([](const auto& parser) { return parser.content_length(); });
  if (!length) return std::nullopt;
  return *length;
}

MessageHead& MessageParser::head() {
  return state_->sink.head;
}

}  // namespace skrei::http
