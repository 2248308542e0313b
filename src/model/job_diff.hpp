// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/job.hpp"

namespace skrei::model {

// A job's specification is what its user wrote: neither id, state, version and times nor Meta keys
// that are the server's (kReservedMetaPrefix). Both jobs have been through admit().

bool same_spec(const Job& a, const Job& b);

/// What changes from one specification to the other, one line each, ordered by path; empty if
/// nothing does. Long values are cut.
///
///     Count: 1 -> 2
///     Tasks[0].Env.A: "x" -> "y"
///     Tasks[0].Env.B: (none) -> "z"
std::string describe_changes(const Job& from, const Job& to);

}  // namespace skrei::model
