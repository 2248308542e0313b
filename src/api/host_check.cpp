// SPDX-License-Identifier: Apache-2.0
#include "api/host_check.hpp"

#include <algorithm>

#include <arpa/inet.h>

#include "base/nearest_word.hpp"
#include "http/url.hpp"

namespace skrei::api {

bool is_allowed_host(std::string_view host_header, const std::vector<std::string>& allowed) {
  const auto parsed = http::HostPort::parse(host_header);
  if (!parsed) return false;
  const std::string& host = parsed->host;
  in6_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) == 1) return true;
  if (::inet_pton(AF_INET6, host.c_str(), &address) == 1) return true;
  if (equal_ignoring_case(host, "localhost")) return true;
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& name) { return equal_ignoring_case(host, name); });
}

}  // namespace skrei::api
