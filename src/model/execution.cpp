// SPDX-License-Identifier: Apache-2.0
#include "model/execution.hpp"

#include "model/words.hpp"

namespace skrei::model {
namespace {

using enum ComputeStateType;
constexpr WordTable<ComputeStateType, 12> kComputeStates{{
    {Undefined, "Undefined"},
    {New, "New"},
    {AskForBid, "AskForBid"},
    {AskForBidAccepted, "AskForBidAccepted"},
    {AskForBidRejected, "AskForBidRejected"},
    {BidAccepted, "BidAccepted"},
    {Running, "Running"},
    {Publishing, "Publishing"},
    {BidRejected, "BidRejected"},
    {Completed, "Completed"},
    {Failed, "Failed"},
    {Cancelled, "Cancelled"},
}};

constexpr WordTable<DesiredStateType, 3> kDesiredStates{{{DesiredStateType::Pending, "Pending"},
                                                         {DesiredStateType::Running, "Running"},
                                                         {DesiredStateType::Stopped, "Stopped"}}};

}  // namespace

std::string_view to_string(ComputeStateType state) {
  return print_word(kComputeStates, state);
}

bool is_terminal(ComputeStateType state) {
  return state == AskForBidRejected || state == BidRejected || state == Completed ||
         state == Failed || state == Cancelled;
}

std::string_view to_string(DesiredStateType state) {
  return print_word(kDesiredStates, state);
}

}  // namespace skrei::model
