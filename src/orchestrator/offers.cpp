// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "orchestrator/events.hpp"
#include "orchestrator/state.hpp"
#include "protocol/lease.hpp"

namespace skrei::orchestrator {
namespace {

using protocol::OfferEvent;
using protocol::OfferPhase;

/// How long a late bid of a silent node is still of use: its reservation ends by then.
constexpr Duration kLateBid = std::chrono::seconds(10);
/// Silent offers of one partition whose late bids are waited for.
constexpr std::size_t kSilentMax = 8;
/// Pauses after refusals that concern the job alone ("locality not established yet").
constexpr Duration kRefusedDelayMin = std::chrono::seconds(1);
constexpr Duration kRefusedDelayMax = std::chrono::seconds(30);

/// Refusals that say how busy the node is; all others are about the job.
bool is_about_load(const std::vector<protocol::Reason>& reasons) {
  return std::ranges::all_of(reasons, [](const protocol::Reason& reason) {
    return reason.clause == "busy" && reason.kind == protocol::RefusalKind::NotNow;
  });
}

}  // namespace

void Decider::State::send_offer(LiveJob& job, int index, NodeEntry& node, Turn& turn) {
  Partition& partition = job.partitions[index];
  const OfferId id(random.uuid());
  partition.stage = PartitionStage::Offered;
  partition.offer = id;
  offers.emplace(id, SentOffer{job.id(), index, node.id, OfferPhase::Open, turn.now.boot});
  ++offers_open;
  ++job.offers_open;
  nodes.note_offer(node);
  offer_deadlines.set(id, turn.now.boot + nodes.answer_time(node));
  turn.fx.send(node.id, protocol::Offer{id, job.record, index, partition.starts + 1});
}

void Decider::State::on(const NodeId& from, const protocol::Considering& message, Turn& turn) {
  const auto place = offers.find(message.offer);
  if (place == offers.end() || place->second.node != from) return;
  const auto next = protocol::apply(place->second.phase, OfferEvent::Considers);
  if (!next) return;
  place->second.phase = *next;
  const Duration time = std::clamp(message.deadline, Duration{0}, options.considering_max);
  offer_deadlines.set(message.offer, turn.now.boot + time + options.offer_answer);
}

void Decider::State::on(const NodeId& from, const protocol::Bid& message, Turn& turn) {
  const auto found = offers.find(message.offer);
  if (found == offers.end() || found->second.node != from) return;
  if (!protocol::apply(found->second.phase, OfferEvent::Bids)) return;
  SentOffer offer = found->second;
  withdraw(message.offer);
  LiveJob& job = jobs.at(offer.job);
  NodeEntry& node = nodes.at(from);
  nodes.note_bid(node, message, job.needs, turn.now.boot - offer.sent_at);
  const auto partition = job.partitions.find(offer.partition);
  if (partition == job.partitions.end()) return;
  if (partition->second.stage == PartitionStage::Held) return;
  award(job, offer.partition, message, node, turn);
}

void Decider::State::on(const NodeId& from, const protocol::Refusal& message, Turn& turn) {
  const auto found = offers.find(message.offer);
  if (found == offers.end() || found->second.node != from) return;
  const SentOffer offer = found->second;
  withdraw(message.offer);
  LiveJob& job = jobs.at(offer.job);
  note_verdict(job, from, message.reasons, turn.now.boot);
  rescan_by(turn.now.boot + kNeverHolds);
  NodeEntry& node = nodes.at(from);
  if (is_about_load(message.reasons)) {
    nodes.note_full(node);
    nodes.close(node, protocol::join_sentences(message.reasons), turn.now.boot);
  }
  const auto partition = job.partitions.find(offer.partition);
  if (partition == job.partitions.end() || partition->second.offer != message.offer ||
      partition->second.stage != PartitionStage::Offered) {
    return;
  }
  const bool never = protocol::kind_of(message.reasons) == protocol::RefusalKind::Never;
  if (never && job.is_ops()) {
    fail_partition(job, offer.partition, protocol::ExecutionEvent::Refuses,
                   protocol::join_sentences(message.reasons), turn);
    return;
  }
  if (never || is_about_load(message.reasons)) {
    make_ready(job, offer.partition, partition->second, turn.now.boot);
    return;
  }
  constexpr int kDoublingsMax = 5;
  const int doublings = std::min(partition->second.refusals++, kDoublingsMax);
  partition->second.stage = PartitionStage::Delayed;
  partition_delays.set(
      {offer.job, offer.partition},
      turn.now.boot + std::min(kRefusedDelayMin * (1 << doublings), kRefusedDelayMax));
  settle_waiting(job, turn);
}

void Decider::State::on_offer_deadline(const OfferId& id, Turn& turn) {
  SentOffer& offer = offers.at(id);
  const auto next = protocol::apply(offer.phase, OfferEvent::TimePasses);
  SKREI_ASSERT(next.has_value());
  offer.phase = *next;
  if (offer.phase == OfferPhase::Withdrawn) {
    withdraw(id);
    return;
  }
  release(offer);
  offer_deadlines.set(id, turn.now.boot + kLateBid);
  LiveJob& job = jobs.at(offer.job);
  NodeEntry& node = nodes.at(offer.node);
  nodes.close(node, "did not answer the last offer", turn.now.boot);
  Partition& partition = job.partitions.at(offer.partition);
  if (partition.silent.size() >= kSilentMax) {
    withdraw(partition.silent.front());
    partition.silent.erase(partition.silent.begin());
  }
  partition.silent.push_back(id);
  if (partition.offer == id && partition.stage == PartitionStage::Offered) {
    make_ready(job, offer.partition, partition, turn.now.boot);
  }
}

void Decider::State::release(SentOffer& offer) {
  if (!offer.counted) return;
  offer.counted = false;
  if (offers_open == options.offers_open_max) rescan();
  --offers_open;
  LiveJob& job = jobs.at(offer.job);
  if (job.offers_open == options.offers_per_job_max) rescan();
  --job.offers_open;
  NodeEntry* node = nodes.find(offer.node);
  if (!node) return;
  if (nodes.is_full(*node)) rescan();
  nodes.note_answer(*node);
}

void Decider::State::withdraw(const OfferId& id) {
  const auto place = offers.find(id);
  if (place == offers.end()) return;
  release(place->second);
  offer_deadlines.clear(id);
  offers.erase(place);
}

}  // namespace skrei::orchestrator
