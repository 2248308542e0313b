// SPDX-License-Identifier: Apache-2.0
#include "http/url.hpp"

#include <algorithm>
#include <charconv>

namespace skrei::http {
namespace {

constexpr std::size_t kUrlBytesMax = 8192;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The byte of the escape at `text[at]`, or -1.
int escape_at(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return -1;
  const int high = hex_digit(text[at + 1]);
  const int low = hex_digit(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string to_lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string decode_tolerantly(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? escape_at(text, i) : -1;
    if (byte >= 0) {
      result.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      result.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return result;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return port;
}

bool is_host_character(char c) {
  return is_alnum(c) || c == '-' || c == '.' || c == '_';
}

bool is_target_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string::npos;
}

std::uint16_t scheme_port(std::string_view scheme) {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  return 0;
}

std::unexpected<Error> bad_url(std::string_view text, std::string_view reason) {
  return fail(Code::InvalidArgument, "URL \"{}\": {}", text.substr(0, 200), reason);
}

}  // namespace

Result<std::string> percent_decode(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? escape_at(text, i) : static_cast<unsigned char>(text[i]);
    if (byte < 0) {
      return fail(Code::InvalidArgument, "\"{}\" is not a valid escape; write % as %25",
                  text.substr(i, 3));
    }
    if (byte == 0) return fail(Code::InvalidArgument, "a NUL byte is not allowed");
    result.push_back(static_cast<char>(byte));
    if (text[i] == '%') i += 2;
  }
  return result;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      result.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return result;
}

Query Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    query.add(decode_tolerantly(part.substr(0, equals)),
              decode_tolerantly(part.substr(std::min(equals + 1, part.size()))));
  }
  return query;
}

std::optional<std::string_view> Query::get(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Query::get_all(std::string_view name) const {
  std::vector<std::string_view> result;
  for (const auto& [key, value] : values_) {
    if (key == name) result.push_back(value);
  }
  return result;
}

void Query::add(std::string name, std::string value) {
  values_.emplace_back(std::move(name), std::move(value));
}

std::string Query::to_string() const {
  std::string result;
  for (const auto& [key, value] : values_) {
    if (!result.empty()) result.push_back('&');
    result += percent_encode(key) + "=" + percent_encode(value);
  }
  return result;
}

std::optional<HostPort> HostPort::parse(std::string_view text) {
  HostPort result;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end < 3) return std::nullopt;
    result.host = to_lower(text.substr(1, end - 1));
    const bool valid = std::ranges::all_of(
        result.host, [](char c) { return hex_digit(c) >= 0 || c == ':' || c == '.'; });
    if (!valid) return std::nullopt;
    rest = text.substr(end + 1);
  } else {
    const std::size_t end = std::min(text.find(':'), text.size());
    result.host = to_lower(text.substr(0, end));
    if (result.host.empty() || !std::ranges::all_of(result.host, is_host_character)) {
      return std::nullopt;
    }
    rest = text.substr(end);
  }
  if (rest.empty()) return result;
  if (rest.front() != ':') return std::nullopt;
  result.port = parse_port(rest.substr(1));
  if (!result.port) return std::nullopt;
  return result;
}

Result<Url> Url::parse(std::string_view text) {
  if (text.size() > kUrlBytesMax) return bad_url(text, "longer than 8192 bytes");
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return bad_url(text, "it has to begin with http://");
  Url url;
  url.scheme = to_lower(text.substr(0, colon));
  url.port = scheme_port(url.scheme);
  if (url.port == 0 && !url.is_unix()) return bad_url(text, "the scheme has to be http or https");
  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  rest.remove_prefix(authority.size());
  if (authority.find('@') != std::string_view::npos) {
    return bad_url(text, "user names and passwords in URLs are not supported");
  }
  if (url.is_unix()) {
    TRY_ASSIGN(url.host, percent_decode(authority));
    if (url.host.empty()) return bad_url(text, "the socket's path is missing");
  } else {
    const auto host = HostPort::parse(authority);
    if (!host) return bad_url(text, "the host or port is not valid");
    url.host = host->host;
    if (host->port) url.port = *host->port;
    if (url.port == 0) return bad_url(text, "port 0 cannot be called");
  }
  if (!std::ranges::all_of(rest, is_target_character)) {
    return bad_url(text, "it holds a character that has to be percent-encoded");
  }
  const std::size_t question = std::min(rest.find('?'), rest.size());
  if (question > 0) url.path = rest.substr(0, question);
  url.query = rest.substr(std::min(question + 1, rest.size()));
  return url;
}

std::string Url::target() const {
  return query.empty() ? path : path + "?" + query;
}

std::string Url::authority() const {
  if (is_unix()) return "localhost";
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == scheme_port(scheme) ? name : fmt::format("{}:{}", name, port);
}

std::string Url::to_string() const {
  return scheme + "://" + (is_unix() ? percent_encode(host) : authority()) + target();
}

}  // namespace skrei::http
