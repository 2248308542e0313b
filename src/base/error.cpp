// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace skrei {
namespace {

struct CodeRow {
  Code code;
  std::string_view name;
  int http_status;
  bool retryable;
};

constexpr std::array kCodes = {
    CodeRow{Code::InvalidArgument, "InvalidArgument", 400, false},
    CodeRow{Code::NotFound, "NotFound", 404, false},
    CodeRow{Code::AlreadyExists, "AlreadyExists", 409, false},
    CodeRow{Code::FailedPrecondition, "FailedPrecondition", 409, false},
    CodeRow{Code::PermissionDenied, "PermissionDenied", 403, false},
    CodeRow{Code::ResourceExhausted, "ResourceExhausted", 429, true},
    CodeRow{Code::OutOfSpace, "OutOfSpace", 507, true},
    CodeRow{Code::DeadlineExceeded, "DeadlineExceeded", 504, true},
    CodeRow{Code::Cancelled, "Cancelled", 499, false},
    CodeRow{Code::Unavailable, "Unavailable", 503, true},
    CodeRow{Code::Internal, "Internal", 500, false},
};

const CodeRow& row(Code code) {
  for (const CodeRow& candidate : kCodes) {
    if (candidate.code == code) return candidate;
  }
  return kCodes.back();
}

Code code_of_errno(int errno_value) {
  switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
      return Code::NotFound;
    case EEXIST:
      return Code::AlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::PermissionDenied;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return Code::ResourceExhausted;
    case ENOSPC:
    case EDQUOT:
      return Code::OutOfSpace;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
      return Code::InvalidArgument;
    case ETIMEDOUT:
      return Code::DeadlineExceeded;
    case ECANCELED:
      return Code::Cancelled;
    case EAGAIN:
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return Code::Unavailable;
    case EBUSY:
    case ENOTEMPTY:
    case EISDIR:
    case EADDRINUSE:
      return Code::FailedPrecondition;
    default:
      return Code::Internal;
  }
}

}  // namespace

std::string_view to_string(Code code) {
  return row(code).name;
}

int http_status(Code code) {
  return row(code).http_status;
}

bool is_retryable(Code code) {
  return row(code).retryable;
}

Error errno_error(int errno_value, std::string_view what) {
  std::array<char, 128> buffer{};
  const char* text = ::strerror_r(errno_value, buffer.data(), buffer.size());
  return Error{code_of_errno(errno_value), fmt::format("{}: {}", what, text)};
}

}  // namespace skrei
