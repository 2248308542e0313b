// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace skrei::storage::inline_data {

/// A data URL, taken apart (RFC 2397).
struct DataUrl {
  std::string media_type;  ///< Lower case, without parameters; "text/plain" where absent.
  Bytes data;

  bool operator==(const DataUrl&) const = default;
};

/// "data:[<type>][;<parameter>]…[;base64],<data>". InvalidArgument on another scheme, a missing
/// comma, bad percent-encoding or bad base64 (padding may be left off).
Result<DataUrl> parse_data_url(std::string_view url);

}  // namespace skrei::storage::inline_data
