// SPDX-License-Identifier: Apache-2.0
#include "native/native_error.hpp"

namespace skrei::native {

Code to_code(SkreiStatus status) {
  switch (status) {
    case SkreiStatus::InvalidArgument:
      return Code::InvalidArgument;
    case SkreiStatus::NotFound:
      return Code::NotFound;
    case SkreiStatus::AlreadyExists:
      return Code::AlreadyExists;
    case SkreiStatus::FailedPrecondition:
      return Code::FailedPrecondition;
    case SkreiStatus::PermissionDenied:
      return Code::PermissionDenied;
    case SkreiStatus::ResourceExhausted:
      return Code::ResourceExhausted;
    case SkreiStatus::DeadlineExceeded:
      return Code::DeadlineExceeded;
    case SkreiStatus::Cancelled:
      return Code::Cancelled;
    case SkreiStatus::Unavailable:
      return Code::Unavailable;
    case SkreiStatus::NotInBuild:
      return Code::FailedPrecondition;
    case SkreiStatus::Ok:
    case SkreiStatus::Internal:
      break;
  }
  return Code::Internal;
}

Result<void> call(const std::function<SkreiStatus(SkreiError*)>& function) {
  SkreiError error;
  error.text_len = 0;
  const auto status = function(&error);
  if (status == SkreiStatus::Ok) return {};
  return fail(Error{to_code(status), std::string(as_chars({error.text, error.text_len}))});
}

}  // namespace skrei::native
