// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>

#include "base/bytes.hpp"

namespace skrei {

/// Fills at least one byte of a non-empty buffer and gives the count; 0 at the end. Blocks.
using ReadFunction = std::function<Result<std::size_t>(std::span<std::uint8_t> buffer)>;

/// Takes all of the bytes or fails. Blocks.
using WriteFunction = std::function<Result<void>(ByteView bytes)>;

}  // namespace skrei
