// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/job.hpp"

namespace skrei::protocol {

/// Whether a result counts, and an execution is taken back, after its lease was lost: what the job
/// says, and by default no for work that leaves traces outside its result (services, networked
/// jobs, writable host paths), where two runs are not as good as one. Where it is no, the node
/// stops as soon as its lease is over.
bool accepts_late_result(const model::Job& job);

}  // namespace skrei::protocol
