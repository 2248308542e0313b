// SPDX-License-Identifier: Apache-2.0
#include "http/request.hpp"

#include <algorithm>
#include <limits>

#include "base/assert.hpp"

namespace skrei::http {

const std::string& Request::param(std::string_view name) const {
  const auto found = std::ranges::find(params, name, &std::pair<std::string, std::string>::first);
  SKREI_ASSERT(found != params.end());
  return found->second;
}

async::Task<Result<std::string>> Request::read_body() const {
  SKREI_ASSERT(body != nullptr);
  // The source holds the route's limit.
  return read_all(*body, std::numeric_limits<std::size_t>::max());
}

}  // namespace skrei::http
