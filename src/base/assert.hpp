// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace skrei {

/// Prints the broken invariant with its place and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace skrei

/// For bugs only: never for input, peers or disks. On in every build.
#define SKREI_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::skrei::assertion_failed(#condition, __FILE__, __LINE__))
