// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace skrei::http {

/// Decodes %XX. InvalidArgument on a broken escape or a NUL byte, encoded or not.
Result<std::string> percent_decode(std::string_view text);

/// Encodes all but RFC 3986's unreserved characters: right for a path segment or a query value.
std::string percent_encode(std::string_view text);

/// Query parameters in order; names may repeat. Reading is tolerant: '+' is a space, and a broken
/// escape stands for itself.
class Query {
 public:
  static Query parse(std::string_view text);

  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> get_all(std::string_view name) const;
  bool contains(std::string_view name) const { return get(name).has_value(); }
  void add(std::string name, std::string value);

  /// "a=1&b=two%20words", without the question mark.
  std::string to_string() const;

  bool empty() const { return values_.empty(); }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }
  bool operator==(const Query&) const = default;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// An absolute URL that Skrei can call: http, https (parsed; the client refuses it), ws, wss, and
/// http+unix, whose host is a percent-encoded socket path:
/// "http+unix://%2Frun%2Fd.sock/v1.40/info". No user information.
struct Url {
  std::string scheme;  ///< Lower case.
  std::string host;    ///< Lower case; an IPv6 address without brackets; a path for http+unix.
  std::uint16_t port = 0;
  std::string path = "/";  ///< Still encoded; begins with '/'.
  std::string query;       ///< Still encoded, without '?'.

  /// InvalidArgument with the reason. A fragment is dropped.
  static Result<Url> parse(std::string_view text);
  std::string to_string() const;

  /// What stands in the request line: path and query.
  std::string target() const;
  /// What stands in Host: host and, unless it is the scheme's own, port; IPv6 in brackets.
  std::string authority() const;
  bool is_unix() const { return scheme == "http+unix"; }

  bool operator==(const Url&) const = default;
};

/// "host", "host:port", "[v6]:port" as in a Host header; nothing if it is not one of these.
struct HostPort {
  std::string host;
  std::optional<std::uint16_t> port;

  static std::optional<HostPort> parse(std::string_view text);
  bool operator==(const HostPort&) const = default;
};

}  // namespace skrei::http
