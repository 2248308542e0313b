// SPDX-License-Identifier: Apache-2.0
#include "cli/content_access.hpp"
#include "multi/cid.hpp"

namespace skrei::cli {

Result<ContentPath> ContentPath::parse(std::string_view text) {
  std::string_view rest = text;
  for (const std::string_view prefix : {"ipfs://", "/ipfs/"}) {
    if (rest.starts_with(prefix)) rest.remove_prefix(prefix.size());
  }
  ContentPath parsed;
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  parsed.cid = rest.substr(0, slash);
  rest.remove_prefix(slash);
  while (rest.starts_with('/'))
    rest.remove_prefix(1);
  while (rest.ends_with('/'))
    rest.remove_suffix(1);
  parsed.path = rest;
  if (const auto cid = multi::Cid::parse(parsed.cid); !cid) {
    return fail(Error{Code::InvalidArgument,
                      fmt::format("{:?} is not a CID: {}", text, cid.error().message),
                      "`skrei data add PATH` prints the CID of a file or folder"});
  }
  return parsed;
}

std::string ContentPath::to_string() const {
  return path.empty() ? cid : fmt::format("{}/{}", cid, path);
}

Result<void> prepare_empty_folder(const std::filesystem::path& target) {
  std::error_code error;
  std::filesystem::create_directories(target, error);
  if (error) return fail(errno_error(error.value(), target.string()));
  const bool empty = std::filesystem::is_empty(target, error);
  if (error) return fail(errno_error(error.value(), target.string()));
  if (!empty) {
    return fail(Error{Code::AlreadyExists,
                      fmt::format("{}: is not empty, and nothing is overwritten", target.string()),
                      "choose another folder with --output-dir"});
  }
  return {};
}

}  // namespace skrei::cli
