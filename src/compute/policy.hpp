// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/ids.hpp"
#include "compute/decider.hpp"
#include "compute/options.hpp"
#include "model/job.hpp"
#include "model/resources.hpp"
#include "protocol/messages.hpp"

namespace skrei::compute {

/// What the job counts as on this node: what it asks for, and `job_default` where it asks nothing.
Result<model::Resources> counted_resources(const model::Job& job,
                                           const model::Resources& job_default);

/// Whether the job reads no data: its program alone does not count as data.
bool is_stateless(const model::Job& job);

/// Everything that can be told from the job alone. Empty: the node would take it.
std::vector<protocol::Reason> check_job(const SelectionPolicy& policy, const NodeId& requester,
                                        const model::Job& job, const model::Resources& counted);

/// What the assessment adds: the shell's own refusals, and the rule on data locality.
std::vector<protocol::Reason> check_assessment(const SelectionPolicy& policy,
                                               const Assessment& assessment);

/// A refusal because of load: clause "busy", NotNow. Requesters leave the node alone for a moment.
protocol::Reason busy(std::string sentence);

}  // namespace skrei::compute
