// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace skrei::text_template {

/// A text with the name that it has in errors. Both outlive it.
struct Source {
  std::string_view name;
  std::string_view text;

  /// "job.yaml:3:12: <message>" for the byte at offset `at`.
  std::unexpected<Error> fail(Code code, std::size_t at, std::string_view message) const;
  std::unexpected<Error> fail(std::size_t at, std::string_view message) const {
    return fail(Code::InvalidArgument, at, message);
  }
};

}  // namespace skrei::text_template
