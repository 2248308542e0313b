// SPDX-License-Identifier: Apache-2.0

#pragma once

// Made from native/src/abi by `SKREI_BLESS=1 cargo test --test headers`; do not edit.

#include <cstddef>
#include <cstdint>

/// Bytes of text that a SkreiError carries.
constexpr static const size_t SKREI_ERROR_TEXT_MAX = 2048;

/// Result of a call. The names are those of `skrei::Code`.
enum class SkreiStatus : uint32_t {
  Ok = 0,
  /// The caller's input is wrong, whatever the state of the system.
  InvalidArgument = 1,
  /// The named thing does not exist.
  NotFound = 2,
  /// The thing to be created exists already.
  AlreadyExists = 3,
  /// Right input, wrong state; retrying alone does not help.
  FailedPrecondition = 4,
  /// Known, and not allowed.
  PermissionDenied = 5,
  /// A limit, queue or budget is full.
  ResourceExhausted = 6,
  /// The time given ran out.
  DeadlineExceeded = 7,
  /// Somebody asked to stop.
  Cancelled = 8,
  /// Not now; the same call may succeed later.
  Unavailable = 9,
  /// A fault of this library or of the machine below it; a caught panic ends here too.
  Internal = 10,
  /// The function is not part of this build (the fake library of the sanitizer lane).
  NotInBuild = 11,
};

/// Filled by a call that does not return SkreiStatus::Ok. The caller owns it (the stack will do);
/// a null pointer in its place is allowed where the text is not wanted.
struct SkreiError {
  SkreiStatus status;
  /// Bytes of `text` in use; no terminating NUL.
  uint32_t text_len;
  /// A sentence that names the thing, valid UTF-8, cut at a character boundary.
  uint8_t text[SKREI_ERROR_TEXT_MAX];
};

/// Borrowed bytes. `data` may be null when `len` is 0. Text is UTF-8 unless said otherwise.
/// A slice that is handed in is read during the call only; one that is handed out lives as long
/// as the object it came from.
struct SkreiSlice {
  const uint8_t *data;
  size_t len;
};

extern "C" {

/// Version of the ABI: raised by every change that an older caller would notice.
uint32_t skrei_native_abi_version();

/// Panics inside the library, for tests of the shell: answers SkreiStatus::Internal and the text.
SkreiStatus skrei_native_panic_for_test(SkreiError *error);

}  // extern "C"
