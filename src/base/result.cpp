// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <cerrno>

namespace skrei {

std::unexpected<Error> fail_errno(std::string_view what) {
  return std::unexpected(errno_error(errno, what));
}

}  // namespace skrei
