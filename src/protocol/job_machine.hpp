// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "model/job.hpp"
#include "protocol/machine.hpp"

namespace skrei::protocol {

/// What happens to a job as a whole.
enum class JobEvent {
  Submitted,  ///< Taken in.
  Waits,      ///< No node can take any of it now.
  Awarded,    ///< The first partition went to a node.
  AllDone,    ///< Each partition has its result.
  GivesUp,    ///< A partition failed for good, or a time limit passed.
  StopAsked,  ///< Somebody stops it.
  Replaced,   ///< A new version takes its place: an update or a rerun.
};

inline constexpr std::array kJobEvents = {
    JobEvent::Submitted, JobEvent::Waits,     JobEvent::Awarded, JobEvent::AllDone,
    JobEvent::GivesUp,   JobEvent::StopAsked, JobEvent::Replaced};

std::string_view to_string(JobEvent event);

using JobRow = TransitionRow<model::JobStateType, JobEvent>;

inline constexpr std::array kJobTable = {
    JobRow{model::JobStateType::Undefined, JobEvent::Submitted, model::JobStateType::Pending},
    JobRow{model::JobStateType::Pending, JobEvent::Waits, model::JobStateType::Queued},
    JobRow{model::JobStateType::Pending, JobEvent::Awarded, model::JobStateType::Running},
    JobRow{model::JobStateType::Pending, JobEvent::AllDone, model::JobStateType::Completed},
    JobRow{model::JobStateType::Pending, JobEvent::GivesUp, model::JobStateType::Failed},
    JobRow{model::JobStateType::Pending, JobEvent::StopAsked, model::JobStateType::Stopped},
    JobRow{model::JobStateType::Queued, JobEvent::Awarded, model::JobStateType::Running},
    JobRow{model::JobStateType::Queued, JobEvent::GivesUp, model::JobStateType::Failed},
    JobRow{model::JobStateType::Queued, JobEvent::StopAsked, model::JobStateType::Stopped},
    JobRow{model::JobStateType::Running, JobEvent::AllDone, model::JobStateType::Completed},
    JobRow{model::JobStateType::Running, JobEvent::GivesUp, model::JobStateType::Failed},
    JobRow{model::JobStateType::Running, JobEvent::StopAsked, model::JobStateType::Stopped},
    JobRow{model::JobStateType::Pending, JobEvent::Replaced, model::JobStateType::Pending},
    JobRow{model::JobStateType::Queued, JobEvent::Replaced, model::JobStateType::Pending},
    JobRow{model::JobStateType::Running, JobEvent::Replaced, model::JobStateType::Pending},
    JobRow{model::JobStateType::Completed, JobEvent::Replaced, model::JobStateType::Pending},
    JobRow{model::JobStateType::Failed, JobEvent::Replaced, model::JobStateType::Pending},
    JobRow{model::JobStateType::Stopped, JobEvent::Replaced, model::JobStateType::Pending},
};

constexpr std::optional<model::JobStateType> apply(model::JobStateType state, JobEvent event) {
  return next_state(kJobTable, state, event);
}

}  // namespace skrei::protocol
