// SPDX-License-Identifier: Apache-2.0
#include "sim/breach.hpp"

namespace skrei::sim {
namespace {

struct Words {
  std::string_view name;
  std::string_view rule;
};

Words words_of(Invariant invariant) {
  switch (invariant) {
    case Invariant::AcknowledgedJobKept:
      return {"acknowledged-job-kept", "an acknowledged job is in its requester's store"};
    case Invariant::EffectsAfterSync:
      return {"effects-after-sync", "effects leave once their rows are synced"};
    case Invariant::EndsAreFinal:
      return {"ends-are-final", "nothing changes a job or an execution that has ended"};
    case Invariant::OneResult:
      return {"one-result", "each partition has one recorded result"};
    case Invariant::EpochsAscend:
      return {"epochs-ascend", "the epochs of a partition are unique and ascend"};
    case Invariant::OneLease:
      return {"one-lease", "one execution of a partition holds its lease, none of an ended job"};
    case Invariant::ResultKept:
      return {"result-kept", "a result that may count is recorded before it is acknowledged"};
    case Invariant::CompletedMeansAll:
      return {"completed-means-all", "a completed job has a result of each partition"};
    case Invariant::StartedOnce:
      return {"started-once", "an execution is started at most once"};
    case Invariant::StartedFromRecord:
      return {"started-from-record", "nothing starts before its record is synced"};
    case Invariant::CapacityKept:
      return {"capacity-kept", "what runs and what is reserved fits into the node"};
    case Invariant::NoOlderAward:
      return {"no-older-award", "a node takes no award older than one that it holds"};
    case Invariant::OneOutcome:
      return {"one-outcome", "an execution ends in one way"};
    case Invariant::LeaseNotCutShort:
      return {"lease-not-cut-short", "a lease that is renewed goes on"};
    case Invariant::LeaseEnds:
      return {"lease-ends", "a lease that nobody renews ends"};
    case Invariant::JobsEnd:
      return {"jobs-end", "every job ends once the weather is fair"};
    case Invariant::NothingRemembered:
      return {"nothing-remembered", "nothing is kept of what has ended"};
  }
  std::unreachable();
}

}  // namespace

std::string_view to_string(Invariant invariant) {
  return words_of(invariant).name;
}

std::string_view rule_of(Invariant invariant) {
  return words_of(invariant).rule;
}

}  // namespace skrei::sim
