// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace skrei {

/// What kind of thing went wrong. Few and canonical (the names of gRPC's status codes), so that
/// one table can map each to an HTTP status, an exit code and a retry policy.
enum class Code {
  InvalidArgument,     ///< The caller's input is wrong, whatever the state of the system.
  NotFound,            ///< The named thing does not exist.
  AlreadyExists,       ///< The thing to be created exists, or a key was used for something else.
  FailedPrecondition,  ///< Right input, wrong state; retrying alone does not help.
  PermissionDenied,    ///< Known, and not allowed.
  ResourceExhausted,   ///< A limit, quota or budget is full.
  OutOfSpace,          ///< The disk is full, or below its floor.
  DeadlineExceeded,    ///< The time given ran out.
  Cancelled,           ///< Somebody asked to stop.
  Unavailable,         ///< Not now; the same call may succeed later.
  Internal,            ///< A fault of Skrei or of the machine below it.
};

std::string_view to_string(Code code);

/// HTTP status that an answer with this code carries.
int http_status(Code code);

/// Whether the same call may succeed when repeated without any change.
bool is_retryable(Code code);

/// A failure as a value. `message` is a whole sentence for the person who must act and names the
/// thing ("job j-123: image \"foo\" not found"); `hint` says what to do next and may be empty.
struct Error {
  Code code = Code::Internal;
  std::string message;
  std::string hint = {};

  bool operator==(const Error&) const = default;
};

/// The error of a failed system call: "<what>: <strerror(errno_value)>", with the code that fits
/// (ENOENT → NotFound, ENOSPC → OutOfSpace, EACCES → PermissionDenied, …).
Error errno_error(int errno_value, std::string_view what);

}  // namespace skrei
