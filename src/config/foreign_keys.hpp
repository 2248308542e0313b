// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace skrei::config {

/// Whether a key is one of Bacalhau v1.9.3 that Skrei does not have.
bool is_foreign_key(std::string_view key);

}  // namespace skrei::config
