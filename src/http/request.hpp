// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/body.hpp"
#include "http/headers.hpp"
#include "http/url.hpp"

namespace skrei::http {

/// A request as a handler gets it. The body is read from the connection, while the handler runs and
/// while its streamed Response is written.
struct Request {
  std::string method;
  std::string target;  ///< As sent: path and query, encoded.
  std::string path;    ///< Decoded.
  Query query;
  Headers headers;
  std::string peer;  ///< "127.0.0.1:40312", "[::1]:40312", or "unix".
  std::string id;    ///< X-Request-Id, taken over or made.
  /// What the pattern's ":name" and "*name" matched, decoded.
  std::vector<std::pair<std::string, std::string>> params;

  /// Never null in a handler. Bounded by the route's body limit.
  BodySource* body = nullptr;

  /// The parameter of the route's pattern; it is a bug to ask for another (asserted).
  const std::string& param(std::string_view name) const;

  /// The whole body; bounded by the route's body limit.
  async::Task<Result<std::string>> read_body() const;
};

}  // namespace skrei::http
