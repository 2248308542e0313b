// SPDX-License-Identifier: Apache-2.0
#include "api/client_version.hpp"

#include <array>
#include <charconv>

#include "api/answer.hpp"
#include "base/bytes.hpp"
#include "json/json.hpp"

namespace skrei::api {
namespace {

using Version = std::array<unsigned, 3>;

/// "v1.9.3", "1.9.3", "v1.9.3-rc1+build": what stands behind the numbers does not count.
std::optional<Version> parse_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  Version version{};
  for (std::size_t i = 0; i < version.size(); ++i) {
    if (i > 0) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version[i]);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  if (!text.empty() && text.front() != '-' && text.front() != '+') return std::nullopt;
  return version;
}

}  // namespace

std::optional<http::Response> refuse_client(const http::Request& request,
                                            std::string_view server_version) {
  const auto header = request.headers.get("X-Bacalhau-Git-Version");
  // A development build has no number.
  if (!header || header->empty() || header->starts_with("v0.0.0")) return std::nullopt;
  const auto version = parse_version(*header);
  const std::string shown = to_valid_utf8(*header);
  if (!version) {
    return answer(request,
                  {{"Error", fmt::format("header X-Bacalhau-Git-Version: \"{}\" is not a version "
                                         "such as v1.9.3",
                                         shown)}},
                  400);
  }
  if (*version >= *parse_version(kClientVersionMin)) return std::nullopt;
  return answer(request,
                {{"Error", fmt::format("the client is {}; this node serves clients from {} on: "
                                       "update the client",
                                       shown, kClientVersionMin)},
                 {"MinVersion", std::string(kClientVersionMin)},
                 {"ClientVersion", shown},
                 {"ServerVersion", std::string(server_version)}},
                403);
}

http::Headers version_headers(const model::BuildVersion& version) {
  return {{"X-Bacalhau-Git-Version", version.git_version},
          {"X-Bacalhau-Git-Commit", version.git_commit},
          {"X-Bacalhau-Build-Date", version.build_date},
          {"X-Bacalhau-Build-OS", version.goos},
          {"X-Bacalhau-Arch", version.goarch}};
}

}  // namespace skrei::api
