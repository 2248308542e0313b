// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skrei::api {

/// Whether a request may name this Host. A web page whose name was made to point at a loopback
/// address (DNS rebinding) names its own host, which is then refused: allowed are IP literals,
/// "localhost", and the names in `allowed`; with any port.
bool is_allowed_host(std::string_view host_header, const std::vector<std::string>& allowed);

}  // namespace skrei::api
