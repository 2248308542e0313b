// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "jobstore/query.hpp"
#include "model/event.hpp"
#include "model/job.hpp"

namespace skrei::api {

/// The token with which a client asks for what comes after a page of history. As in v1.9.3 it stays
/// there while the job is not in a terminal state, so that a client can poll on with it. `job` was
/// read before the page: what ended it is then on this page or a later one.
std::string history_token(const model::Job& job, std::uint64_t after_seq,
                          const jobstore::Page<model::JobHistory>& page);

/// The sequence number after which the page starts. InvalidArgument for anything else.
Result<std::uint64_t> parse_history_token(std::string_view text);

}  // namespace skrei::api
