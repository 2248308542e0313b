// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "skrei_native.h"

/// For the .cpp files of this room: between the C ABI of the Rust library and our vocabulary.
namespace skrei::native {

inline SkreiSlice to_slice(ByteView bytes) {
  return {bytes.data(), bytes.size()};
}
inline SkreiSlice to_slice(std::string_view text) {
  return to_slice(as_bytes(text));
}
inline ByteView to_view(SkreiSlice slice) {
  return {slice.data, slice.len};
}
inline std::string_view to_text(SkreiSlice slice) {
  return as_chars(to_view(slice));
}

/// The code of a status that is not Ok.
Code to_code(SkreiStatus status);

/// Calls a function of the ABI with a SkreiError; its sentence becomes the message.
Result<void> call(const std::function<SkreiStatus(SkreiError*)>& function);

}  // namespace skrei::native
