// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/build_version.hpp"

namespace skrei::node {

/// This binary, in the words of /agent/version.
model::BuildVersion build_version();

}  // namespace skrei::node
