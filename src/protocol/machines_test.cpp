// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cctype>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "model/event.hpp"
#include "protocol/execution_machine.hpp"
#include "protocol/hosted_machine.hpp"
#include "protocol/job_machine.hpp"
#include "protocol/lease.hpp"
#include "protocol/offer_machine.hpp"

namespace skrei::protocol {
namespace {

/// (state, event) → next state, all by name.
using NamedTable = std::map<std::pair<std::string, std::string>, std::string>;

/// The table drawn in docs/job-lifecycle.md between "<!-- table: NAME -->" and "<!-- end -->".
NamedTable drawn_table(const std::string& name) {
  std::ifstream file(SKREI_DOCS_DIR "/job-lifecycle.md");
  EXPECT_TRUE(file.is_open());
  NamedTable table;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "<!-- table: " + name + " -->") inside = true;
    if (line == "<!-- end -->") inside = false;
    if (!inside || !line.starts_with("| ") || line.starts_with("| state ")) continue;
    std::istringstream words(line);
    std::string bar;
    std::string from;
    std::string event;
    std::string to;
    words >> bar >> from >> bar >> event >> bar >> to;
    const bool is_new = table.emplace(std::pair(from, event), to).second;
    EXPECT_TRUE(is_new) << line << " stands there twice";
  }
  return table;
}

/// What apply() does with every pair there is.
template <class States, class Events>
NamedTable walked_table(const States& states, const Events& events) {
  NamedTable table;
  for (const auto state : states) {
    for (const auto event : events) {
      const auto next = apply(state, event);
      if (!next) continue;
      table.emplace(std::pair(std::string(to_string(state)), std::string(to_string(event))),
                    std::string(to_string(*next)));
    }
  }
  return table;
}

constexpr std::array kJobStates = {model::JobStateType::Undefined, model::JobStateType::Pending,
                                   model::JobStateType::Queued,    model::JobStateType::Running,
                                   model::JobStateType::Completed, model::JobStateType::Failed,
                                   model::JobStateType::Stopped};

/// The names of hosted phases are lower case where they are stored; the page writes enumerators.
NamedTable capitalised(const NamedTable& table) {
  const auto upper = [](std::string word) {
    word.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(word.front())));
    return word;
  };
  NamedTable result;
  for (const auto& [pair, next] : table) {
    result.emplace(std::pair(upper(pair.first), pair.second), upper(next));
  }
  return result;
}

TEST(Machines, JobIsAsDrawn) {
  EXPECT_EQ(walked_table(kJobStates, kJobEvents), drawn_table("job"));
  EXPECT_EQ(drawn_table("job").size(), kJobTable.size());
}

TEST(Machines, ExecutionIsAsDrawn) {
  EXPECT_EQ(walked_table(kExecutionPhases, kExecutionEvents), drawn_table("execution"));
  EXPECT_EQ(drawn_table("execution").size(), kExecutionTable.size());
}

TEST(Machines, OfferIsAsDrawn) {
  EXPECT_EQ(walked_table(kOfferPhases, kOfferEvents), drawn_table("offer"));
  EXPECT_EQ(drawn_table("offer").size(), kOfferTable.size());
}

TEST(Machines, HostedExecutionIsAsDrawn) {
  EXPECT_EQ(capitalised(walked_table(kHostedPhases, kHostedEvents)), drawn_table("hosted"));
  EXPECT_EQ(drawn_table("hosted").size(), kHostedTable.size());
}

TEST(Machines, LeaseIsAsDrawn) {
  EXPECT_EQ(walked_table(kLeaseStates, kLeaseEvents), drawn_table("lease"));
  EXPECT_EQ(drawn_table("lease").size(), kLeaseTable.size());
}

TEST(Machines, EndsAreAbsorbing) {
  for (const auto state : kJobStates) {
    for (const auto event : kJobEvents) {
      if (!model::is_terminal(state) || event == JobEvent::Replaced) continue;
      EXPECT_FALSE(apply(state, event)) << to_string(event);
    }
  }
  for (const auto phase : kExecutionPhases) {
    for (const auto event : kExecutionEvents) {
      if (is_final(phase)) EXPECT_FALSE(apply(phase, event)) << to_string(event);
    }
  }
  for (const auto event : kHostedEvents)
    EXPECT_FALSE(apply(HostedPhase::Finished, event));
}

/// Any sequence of events, with repeats and in any order.
rc::Gen<std::vector<ExecutionEvent>> any_events() {
  return rc::gen::container<std::vector<ExecutionEvent>>(
      rc::gen::elementOf(std::vector(kExecutionEvents.begin(), kExecutionEvents.end())));
}

TEST(Machines, NoOrderOfMessagesLeadsOutOfAnEnd) {
  const bool holds = rc::check("an execution ends at most once", [] {
    const auto events = *any_events();
    ExecutionPhase phase = ExecutionPhase::Planned;
    int ends = 0;
    for (const ExecutionEvent event : events) {
      const auto next = apply(phase, event);
      if (!next) continue;
      RC_ASSERT(!is_final(phase));
      phase = *next;
      ends += is_final(phase) ? 1 : 0;
    }
    RC_ASSERT(ends <= 1);
  });
  EXPECT_TRUE(holds);
}

TEST(Machines, RepeatsOfAnEventChangeNothing) {
  const bool holds = rc::check("each event twice is each event once", [] {
    const auto events = *any_events();
    ExecutionPhase once = ExecutionPhase::Planned;
    ExecutionPhase twice = ExecutionPhase::Planned;
    for (const ExecutionEvent event : events) {
      once = apply(once, event).value_or(once);
      for (int repeat = 0; repeat < 2; ++repeat)
        twice = apply(twice, event).value_or(twice);
    }
    RC_ASSERT(once == twice);
  });
  EXPECT_TRUE(holds);
}

TEST(Machines, PhasesComeBackFromTheirStoredForm) {
  for (const auto phase : kExecutionPhases) {
    model::ComputeState stored;
    stored.state_type = compute_state(phase);
    if (phase == ExecutionPhase::Lost) {
      stored.details.emplace(std::string(model::detail_key::kErrorCode),
                             std::string(kLeaseExpired));
    }
    EXPECT_EQ(phase_of(stored), phase) << to_string(phase);
  }
  for (const auto phase : kHostedPhases) {
    EXPECT_EQ(parse_hosted_phase(to_string(phase)), phase);
  }
  EXPECT_EQ(parse_hosted_phase("dancing").error().code, Code::InvalidArgument);
}

TEST(Machines, OutcomeWordsComeBack) {
  for (const auto kind : {OutcomeKind::Completed, OutcomeKind::Failed, OutcomeKind::Cancelled}) {
    EXPECT_EQ(parse_outcome_kind(to_string(kind)), kind);
  }
  for (const auto fault : {Fault::None, Fault::Node, Fault::Job, Fault::Unstarted}) {
    EXPECT_EQ(parse_fault(to_string(fault)), fault);
  }
  EXPECT_EQ(parse_outcome_kind("").error().code, Code::InvalidArgument);
  EXPECT_EQ(parse_fault("luck").error().code, Code::InvalidArgument);
}

}  // namespace
}  // namespace skrei::protocol
