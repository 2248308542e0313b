// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/planted_bug.hpp"
#include "compute/decider_state.hpp"
#include "compute/policy.hpp"
#include "protocol/late_result.hpp"

namespace skrei::compute {
namespace {

using protocol::HostedPhase;

/// So long after its time to live a bid is remembered, so that a late award can be taken.
constexpr Duration kLapsedKept = std::chrono::seconds(60);

}  // namespace

bool Decider::State::has_room_for(const model::Resources& resources) const {
  return model::fits(used + resources, options.capacity);
}

Duration Decider::State::queue_wait() const {
  if (in_line() == 0) return Duration{0};
  const auto side_by_side = static_cast<std::int64_t>(std::max<std::size_t>(running, 1));
  return usual_stay * static_cast<std::int64_t>(in_line()) / side_by_side;
}

void Decider::State::on(const NodeId& from, const protocol::Offer& message, Turn& turn) {
  if (const auto known = offers.find(message.id); known != offers.end()) {
    const bool open =
        known->second.stage == OfferStage::Reserved || known->second.stage == OfferStage::InLine;
    if (open && known->second.requester == from) turn.fx.send(from, known->second.bid);
    return;
  }
  const auto counted = counted_resources(*message.job, options.job_default);
  if (!counted) {
    refuse(message.id, from, {{"resources", counted.error().message, protocol::RefusalKind::Never}},
           turn);
    return;
  }
  auto reasons = check_job(options.policy, from, *message.job, *counted);
  if (reasons.empty() && !model::fits(*counted, options.capacity)) {
    reasons.push_back({"resources", model::explain_misfit(*counted, options.capacity),
                       protocol::RefusalKind::Never});
  }
  if (reasons.empty() && assessing >= options.assessments_max) {
    reasons.push_back(busy(fmt::format("{} offers are being looked at already", assessing)));
  }
  if (reasons.empty() && requester(from).reservations >= requester(from).reservations_max) {
    reasons.push_back(busy("you hold as many reservations as you may"));
  }
  if (reasons.empty() && in_line() >= options.queue_max) {
    reasons.push_back(busy(fmt::format("{} executions wait for room already", in_line())));
  }
  if (!reasons.empty()) {
    refuse(message.id, from, std::move(reasons), turn);
    return;
  }
  ReceivedOffer offer;
  offer.requester = from;
  offer.job = message.job;
  offer.partition_index = message.partition_index;
  offer.counted = *counted;
  offers.emplace(message.id, std::move(offer));
  ++assessing;
  ++requester(from).reservations;
  offer_deadlines.set(message.id, turn.now.boot + options.assessment_time);
  if (options.probed) {
    turn.fx.send(from, protocol::Considering{message.id, options.assessment_time});
  }
  turn.act(Assess{message.id, from, message.job, message.partition_index});
}

void Decider::State::refuse(const OfferId& id, const NodeId& to,
                            std::vector<protocol::Reason> reasons, Turn& turn) {
  turn.fx.send(to, protocol::Refusal{id, std::move(reasons)});
}

void Decider::State::on_assessed(const Assessment& assessment, Turn& turn) {
  const auto place = offers.find(assessment.offer);
  if (place == offers.end() || place->second.stage != OfferStage::Assessing) return;
  ReceivedOffer& offer = place->second;
  auto reasons = check_assessment(options.policy, assessment);
  const bool room = queue.empty() && has_room_for(offer.counted);
  if (reasons.empty() && !room && in_line() >= options.queue_max) {
    reasons.push_back(busy(fmt::format("{} executions wait for room already", in_line())));
  }
  if (!reasons.empty()) {
    refuse(assessment.offer, offer.requester, std::move(reasons), turn);
    release(offer);
    offer_deadlines.clear(assessment.offer);
    offers.erase(place);
    return;
  }
  offer.bid.offer = assessment.offer;
  offer.bid.run_id = run_id;
  offer.bid.time_to_live = options.reservation;
  offer.bid.missing_bytes = assessment.missing_bytes;
  offer.bid.cold_bytes = assessment.cold_bytes;
  bid(assessment.offer, offer, turn);
}

void Decider::State::bid(const OfferId& id, ReceivedOffer& offer, Turn& turn) {
  --assessing;
  if (queue.empty() && has_room_for(offer.counted)) {
    offer.stage = OfferStage::Reserved;
    used = used + offer.counted;
  } else {
    offer.stage = OfferStage::InLine;
    ++reserved_in_line;
    offer.bid.queue_wait = queue_wait();
  }
  offer.bid_at = turn.now.boot;
  offer_deadlines.set(id, turn.now.boot + options.reservation);
  turn.fx.send(offer.requester, offer.bid);
}

void Decider::State::release(ReceivedOffer& offer) {
  switch (offer.stage) {
    case OfferStage::Assessing:
      --assessing;
      break;
    case OfferStage::Reserved:
      used = used - offer.counted;
      break;
    case OfferStage::InLine:
      --reserved_in_line;
      break;
    case OfferStage::Lapsed:
      return;
  }
  offer.stage = OfferStage::Lapsed;
  --requester(offer.requester).reservations;
}

void Decider::State::on_offer_deadline(const OfferId& id, Turn& turn) {
  ReceivedOffer& offer = offers.at(id);
  switch (offer.stage) {
    case OfferStage::Assessing:
      refuse(id, offer.requester,
             {{"assessment", "what the job needs was not established in time",
               protocol::RefusalKind::NotNow}},
             turn);
      release(offer);
      offers.erase(id);
      break;
    case OfferStage::Reserved:
    case OfferStage::InLine: {
      if (!planted(PlantedBug::BidNotReleased)) release(offer);
      // Who lets reservations lapse may hold fewer; each award gives one back.
      Requester& owner = requester(offer.requester);
      owner.reservations_max = std::max<std::size_t>(owner.reservations_max / 2, 1);
      offer_deadlines.set(id, turn.now.boot + kLapsedKept);
      break;
    }
    case OfferStage::Lapsed:
      offers.erase(id);
      break;
  }
}

void Decider::State::refuse_award(const NodeId& to, const protocol::Award& award,
                                  protocol::Reason reason, Turn& turn) {
  turn.fx.send(to, protocol::AwardRefused{award.execution, award.epoch, {std::move(reason)}});
}

bool Decider::State::is_overtaken(const NodeId& from, const protocol::Award& award) {
  if (planted(PlantedBug::EpochNotChecked)) return false;
  const Requester& owner = requester(from);
  return std::ranges::any_of(owner.held, [&](const ExecutionId& id) {
    const protocol::HostedExecution& row = held.at(id).row;
    return row.job->id == award.job->id && row.job->version == award.job->version &&
           row.partition_index == award.partition_index && row.epoch > award.epoch;
  });
}

void Decider::State::repeat_state(Held& execution, const protocol::Award& award, Turn& turn) {
  if (award.epoch < execution.row.epoch) return;
  if (award.epoch > execution.row.epoch) {
    execution.row.epoch = award.epoch;
    write(execution, turn);
  }
  if (execution.row.phase == HostedPhase::Finished) {
    send_outcome(execution, turn);
  } else {
    report(execution, {}, turn);
  }
}

void Decider::State::on(const NodeId& from, const protocol::Award& message, Turn& turn) {
  if (const auto known = held.find(message.execution); known != held.end()) {
    if (known->second.row.requester == from) repeat_state(known->second, message, turn);
    return;
  }
  // A repeat that comes after its execution has ended must not run it again.
  if (ended.contains(message.execution) && !planted(PlantedBug::MessageAppliedTwice)) {
    refuse_award(from, message, busy("it has ended here"), turn);
    return;
  }
  // What an earlier run has ended is not remembered: only its own awards are sure to be new.
  if (message.node_run_id != run_id) {
    refuse_award(from, message, busy("the bid was of an earlier run of the node"), turn);
    return;
  }
  const auto place = offers.find(message.offer);
  if (place == offers.end() || place->second.requester != from ||
      place->second.stage == OfferStage::Assessing) {
    take_forgotten(from, message, turn);
    return;
  }
  ReceivedOffer& offer = place->second;
  if (is_overtaken(from, message)) {
    refuse_award(from, message, busy("a later award of the same partition is here"), turn);
    return;
  }
  const bool lapsed = offer.stage == OfferStage::Lapsed;
  const bool room = queue.empty() && has_room_for(offer.counted);
  if (lapsed && !room && in_line() >= options.queue_max) {
    refuse_award(from, message, busy("the bid had lapsed and there is no room now"), turn);
    return;
  }
  accept(from, message, offer, turn);
  offer_deadlines.clear(message.offer);
  offers.erase(message.offer);
}

void Decider::State::take_forgotten(const NodeId& from, const protocol::Award& award, Turn& turn) {
  const bool expected = requester(from).expected.contains(award.execution) ||
                        planted(PlantedBug::MessageAppliedTwice);
  if (!expected) {
    refuse_award(from, award, busy("the bid is not known any more"), turn);
    return;
  }
  if (!protocol::accepts_late_result(*award.job)) {
    // Its program must end before its requester may replace it.
    refuse_award(from, award, busy("it is not known any more since when the lease runs"), turn);
    return;
  }
  const auto counted = counted_resources(*award.job, options.job_default);
  auto reasons = counted ? check_job(options.policy, from, *award.job, *counted)
                         : std::vector<protocol::Reason>{{"resources", counted.error().message,
                                                          protocol::RefusalKind::Never}};
  if (!reasons.empty()) {
    turn.fx.send(from, protocol::AwardRefused{award.execution, award.epoch, std::move(reasons)});
    return;
  }
  // Its bid may stand under an id that its requester has forgotten.
  const auto kept = std::ranges::find_if(offers, [&](const auto& entry) {
    const ReceivedOffer& offer = entry.second;
    return offer.requester == from && offer.job->id == award.job->id &&
           offer.partition_index == award.partition_index;
  });
  if (kept != offers.end()) {
    release(kept->second);
    offer_deadlines.clear(kept->first);
    offers.erase(kept);
  }
  const bool room = queue.empty() && has_room_for(*counted);
  const bool fits = model::fits(*counted, options.capacity);
  if (is_overtaken(from, award) || !fits || (!room && in_line() >= options.queue_max)) {
    refuse_award(from, award, busy("the bid is not known any more and there is no room now"), turn);
    return;
  }
  ReceivedOffer offer;
  offer.requester = from;
  offer.job = award.job;
  offer.partition_index = award.partition_index;
  offer.counted = *counted;
  offer.stage = OfferStage::Lapsed;
  offer.bid_at = turn.now.boot;
  accept(from, award, offer, turn);
  // Its lease may be nearly over: ask for it to be renewed.
  heartbeat(from, turn);
}

void Decider::State::accept(const NodeId& from, const protocol::Award& award, ReceivedOffer& offer,
                            Turn& turn) {
  const bool reserved = offer.stage == OfferStage::Reserved;
  release(offer);
  Requester& owner = requester(from);
  owner.expected.erase(award.execution);
  owner.reservations_max =
      std::min(owner.reservations_max + 1, options.reservations_per_requester_max);

  Held& execution = held[award.execution];
  protocol::HostedExecution& row = execution.row;
  row.id = award.execution;
  row.requester = from;
  row.job = award.job;
  row.partition_index = award.partition_index;
  row.attempt = award.attempt;
  row.epoch = award.epoch;
  row.resources = offer.counted;
  row.total_left = award.total_left;
  row.accept_time = turn.now.wall;
  const Duration tolerance =
      protocol::accepts_late_result(*row.job) ? options.tolerance : Duration{0};
  // The award answers the bid: the holder counts from when it sent that.
  execution.lease = protocol::HeldLease(offer.bid_at, award.lease, tolerance);
  execution.listed_from = owner.heartbeats + 1;
  arm_limits(execution, turn.now);
  owner.held.insert(row.id);
  if (owner.held.size() == 1) heartbeat_times.set(from, turn.now.boot + options.heartbeat);

  if (reserved || (queue.empty() && has_room_for(row.resources))) {
    take_room(execution);
    row.phase = *protocol::apply(row.phase, protocol::HostedEvent::GetsRoom);
    write(execution, turn);
    turn.act(Start{row});
  } else {
    queue.push({row.id, from, row.job->priority, row.resources});
    write(execution, turn);
  }
  report(execution, {}, turn);
  arm(execution);
}

}  // namespace skrei::compute
