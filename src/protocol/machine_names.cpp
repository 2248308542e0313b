// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "protocol/execution_machine.hpp"
#include "protocol/hosted_machine.hpp"
#include "protocol/job_machine.hpp"
#include "protocol/lease.hpp"
#include "protocol/offer_machine.hpp"

namespace skrei::protocol {
namespace {

/// The name that stands at the value's place; values count from 0.
template <class Enum, std::size_t N>
std::string_view name_at(const std::array<std::string_view, N>& names, Enum value) {
  return names.at(static_cast<std::size_t>(std::to_underlying(value)));
}

}  // namespace

std::string_view to_string(JobEvent event) {
  constexpr std::array<std::string_view, kJobEvents.size()> kNames = {
      "Submitted", "Waits", "Awarded", "AllDone", "GivesUp", "StopAsked", "Replaced"};
  return name_at(kNames, event);
}

std::string_view to_string(ExecutionPhase phase) {
  constexpr std::array<std::string_view, kExecutionPhases.size()> kNames = {
      "Planned", "Awarded",   "Accepted", "Running",   "Publishing",
      "Lost",    "Completed", "Failed",   "Cancelled", "Refused"};
  return name_at(kNames, phase);
}

std::string_view to_string(ExecutionEvent event) {
  constexpr std::array<std::string_view, kExecutionEvents.size()> kNames = {
      "Awards",  "Accepts", "Starts",    "Publishes", "Completes", "Fails",
      "Cancels", "Refuses", "LeaseEnds", "Forgotten", "StopAsked", "TimesOut"};
  return name_at(kNames, event);
}

std::string_view to_string(OfferPhase phase) {
  constexpr std::array<std::string_view, kOfferPhases.size()> kNames = {
      "Open", "Considered", "Silent", "Awarded", "Refused", "Withdrawn"};
  return name_at(kNames, phase);
}

std::string_view to_string(OfferEvent event) {
  constexpr std::array<std::string_view, kOfferEvents.size()> kNames = {
      "Considers", "Bids", "Refuses", "TimePasses", "Withdraws"};
  return name_at(kNames, event);
}

std::string_view to_string(HostedEvent event) {
  constexpr std::array<std::string_view, kHostedEvents.size()> kNames = {
      "GetsRoom", "Starts", "Publishes", "Finishes", "StopAsked"};
  return name_at(kNames, event);
}

std::string_view to_string(LeaseState state) {
  constexpr std::array<std::string_view, kLeaseStates.size()> kNames = {"Held", "Overdue", "Ended"};
  return name_at(kNames, state);
}

std::string_view to_string(LeaseEvent event) {
  constexpr std::array<std::string_view, kLeaseEvents.size()> kNames = {"Renewed", "TermEnds",
                                                                        "ToleranceEnds"};
  return name_at(kNames, event);
}

}  // namespace skrei::protocol
