// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "protocol/hosted.hpp"

namespace skrei::jobstore::sqlite {

/// The changing part of a hosted execution as the text of a JSON object; the job, which never
/// changes, has a column of its own.
std::string encode_hosted(const protocol::HostedExecution& hosted);

/// Inverse of encode_hosted. `hosted` already has id, requester and job.
Result<void> decode_hosted(std::string_view text, protocol::HostedExecution& hosted);

}  // namespace skrei::jobstore::sqlite
