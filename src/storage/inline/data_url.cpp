// SPDX-License-Identifier: Apache-2.0
#include "storage/inline/data_url.hpp"

namespace skrei::storage::inline_data {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) {
      return fail(Code::InvalidArgument, "data URL: \"%\" at {} is not followed by two hex digits",
                  i);
    }
    decoded += static_cast<char>(byte->front());
    i += 2;
  }
  return decoded;
}

}  // namespace

Result<DataUrl> parse_data_url(std::string_view url) {
  constexpr std::string_view kScheme = "data:";
  if (lower_case(url.substr(0, kScheme.size())) != kScheme) {
    return fail(Code::InvalidArgument, "inline input: the URL does not begin with \"data:\"");
  }
  url.remove_prefix(kScheme.size());
  const std::size_t comma = url.find(',');
  if (comma == std::string_view::npos) {
    return fail(Code::InvalidArgument, "data URL: has no comma before its data");
  }
  const std::string header = lower_case(url.substr(0, comma));
  const bool base64 = header.ends_with(";base64");
  DataUrl result;
  result.media_type = header.substr(0, header.find(';'));
  if (result.media_type.empty()) result.media_type = "text/plain";
  TRY_ASSIGN(std::string text, percent_decode(url.substr(comma + 1)));
  if (!base64) {
    result.data = to_bytes(text);
    return result;
  }
  while (text.size() % 4 != 0)
    text += '=';
  TRY_ASSIGN(result.data, with_context(from_base64(text), "data URL"));
  return result;
}

}  // namespace skrei::storage::inline_data
