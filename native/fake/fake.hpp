// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <string_view>

#include "skrei_native.h"

/// A C++ stand-in for the Rust library, for ThreadSanitizer, which reports every lock of code that
/// it has not instrumented. Peers are real enough to test what is built on them: hosts of one
/// process find each other by address, with threads, events and sockets. The WASM engine answers
/// NotInBuild.
namespace skrei::native::fake {

inline SkreiStatus fail(SkreiError* error, SkreiStatus status, std::string_view text) {
  if (error != nullptr) {
    const auto size = text.size() < SKREI_ERROR_TEXT_MAX ? text.size() : SKREI_ERROR_TEXT_MAX;
    error->status = status;
    error->text_len = static_cast<uint32_t>(size);
    std::memcpy(error->text, text.data(), size);
  }
  return status;
}

inline std::string_view text_of(SkreiSlice slice) {
  return {reinterpret_cast<const char*>(slice.data), slice.len};
}

inline SkreiSlice slice_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace skrei::native::fake
