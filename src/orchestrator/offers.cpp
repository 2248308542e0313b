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

/// Jobs looked at in one go without finding any work for them; the rest of the line comes next.
constexpr std::size_t kVisitsMax = 256;
/// A node on which the partition failed before is as dear as this wait.
constexpr Duration kFailedHereCost = std::chrono::seconds(60);
/// How long a late bid of a silent node is still of use: its reservation ends by then.
constexpr Duration kLateBid = std::chrono::seconds(10);
/// Silent offers of one partition whose late bids are waited for.
constexpr std::size_t kSilentMax = 8;
/// So long a node is not asked again that said "never".
constexpr Duration kNeverHolds = std::chrono::seconds(60);
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

void Decider::State::place(Turn& turn) {
  scan_unfinished = false;
  std::size_t visits = 0;
  while (offers_open < options.offers_open_max &&
         (nodes.any_open(turn.now.boot) || !nodes.any_known())) {
    const auto first = scan_from ? waiting.lower_bound(*scan_from) : waiting.begin();
    if (first == waiting.end()) return;
    if (visits >= kVisitsMax) {
      scan_unfinished = true;
      return;
    }
    const WaitKey key = *first;
    scan_from = key;
    LiveJob& job = jobs.at(key.job);
    if (offer_next(job, turn)) {
      if (!job.has_ready()) waiting.erase(key);
      continue;
    }
    ++visits;
    scan_from = WaitKey{key.rank, key.serial + 1, {}};
    settle_waiting(job, turn);
  }
}

void Decider::State::make_ready(LiveJob& job, int index, Partition& partition) {
  partition.stage = PartitionStage::Ready;
  partition_delays.clear({job.id(), index});
  job.ready.insert(index);
  const WaitKey key = wait_key(job);
  if (scan_from && key < *scan_from) scan_from = key;
  waiting.insert(key);
}

NodeEntry* Decider::State::choose(const LiveJob& job, const Partition* partition, BootTime now) {
  const NodeId* best = nullptr;
  Duration best_cost{};
  for (const auto& [id, node] : nodes.all()) {
    if (!nodes.is_open(node, now)) continue;
    const auto told = job.verdicts.find(id);
    const bool never = told != job.verdicts.end() &&
                       told->second.kind == protocol::RefusalKind::Never &&
                       now < told->second.at + kNeverHolds;
    if (never) continue;
    if (!NodeTable::unsuitable(node, *job.record, job.needs).empty()) continue;
    Duration cost = nodes.cost(node, job.needs);
    if (partition && partition->failed_on.contains(id)) cost += kFailedHereCost;
    if (best && cost >= best_cost) continue;
    best = &id;
    best_cost = cost;
  }
  return best ? nodes.find(*best) : nullptr;
}

bool Decider::State::offer_next(LiveJob& job, Turn& turn) {
  const bool again = !job.ready.empty();
  const int index = again ? *job.ready.begin() : job.fresh;
  SKREI_ASSERT(index < job.count());
  NodeEntry* node = choose(job, again ? &job.partitions.at(index) : nullptr, turn.now.boot);
  if (!node) return false;
  if (again) {
    job.ready.erase(index);
  } else {
    ++job.fresh;
  }
  send_offer(job, index, *node, turn);
  return true;
}

void Decider::State::send_offer(LiveJob& job, int index, NodeEntry& node, Turn& turn) {
  Partition& partition = job.partitions[index];
  const OfferId id(random.uuid());
  partition.stage = PartitionStage::Offered;
  partition.offer = id;
  offers.emplace(id, SentOffer{job.id(), index, node.id, OfferPhase::Open, turn.now.boot});
  ++offers_open;
  ++node.offers_open;
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
  award(job, offer.partition, message.offer, node, turn);
}

void Decider::State::on(const NodeId& from, const protocol::Refusal& message, Turn& turn) {
  const auto found = offers.find(message.offer);
  if (found == offers.end() || found->second.node != from) return;
  const SentOffer offer = found->second;
  withdraw(message.offer);
  LiveJob& job = jobs.at(offer.job);
  note_verdict(job, from, message.reasons, turn.now.boot);
  if (!rescan_at) rescan_at = turn.now.boot + kNeverHolds;
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
  const bool about_job_now = protocol::kind_of(message.reasons) == protocol::RefusalKind::NotNow &&
                             !is_about_load(message.reasons);
  if (!about_job_now) {
    make_ready(job, offer.partition, partition->second);
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
    make_ready(job, offer.partition, partition);
  }
}

void Decider::State::release(SentOffer& offer) {
  if (!offer.counted) return;
  offer.counted = false;
  if (offers_open == options.offers_open_max) rescan();
  --offers_open;
  NodeEntry* node = nodes.find(offer.node);
  if (!node) return;
  if (nodes.is_full(*node)) rescan();
  --node->offers_open;
}

void Decider::State::withdraw(const OfferId& id) {
  const auto place = offers.find(id);
  if (place == offers.end()) return;
  release(place->second);
  offer_deadlines.clear(id);
  offers.erase(place);
}

void Decider::State::award(LiveJob& job, int index, const OfferId& offer, NodeEntry& node,
                           Turn& turn) {
  Partition& partition = job.partitions.at(index);
  SKREI_ASSERT(holder(partition) == nullptr);
  if (partition.stage == PartitionStage::Offered) withdraw(partition.offer);
  if (partition.stage == PartitionStage::Ready) job.ready.erase(index);
  partition_delays.clear({job.id(), index});
  if (!job.has_ready()) waiting.erase(wait_key(job));

  LiveAward award;
  award.offer = offer;
  model::Execution& record = award.record;
  record.id = ExecutionId("e-" + random.uuid());
  record.namespace_ = job.record->namespace_;
  record.node_id = node.id;
  record.job_id = job.id();
  record.job_version = job.record->version;
  record.partition_index = index;
  record.allocated_resources.emplace(job.record->task().name, job.needs.resources);
  record.desired_state.state_type = model::DesiredStateType::Running;
  record.previous_execution = partition.last_execution;
  record.epoch = ++partition.epoch;
  record.attempt = ++partition.starts;
  record.create_time = turn.now.wall;

  for (LiveAward& former : partition.awards) {
    if (former.record.id != partition.last_execution) continue;
    former.record.next_execution = record.id;
    write(former, turn);
  }
  std::erase_if(partition.awards,
                [](const LiveAward& former) { return protocol::is_final(former.phase); });
  partition.last_execution = record.id;
  partition.stage = PartitionStage::Held;
  partition.offer = {};
  partition.refusals = 0;

  award.lease_end = protocol::granted_until(turn.now.boot, options.lease);
  award.repeat_at = turn.now.boot + options.award_repeat;
  partition.awards.push_back(std::move(award));
  LiveAward& placed = partition.awards.back();
  executions_by_id.insert_or_assign(placed.record.id, ExecutionPlace{job.id(), index});
  node.awards.insert(placed.record.id);
  arm(placed);
  write(placed, turn);
  append(placed, events::execution_requested(node.id, turn.now.wall), turn);
  if (!job.placed()) {
    set_state(job, protocol::JobEvent::Awarded, "", {}, turn);
    append(job, events::job_state(job.record->state.state_type, "", turn.now.wall), turn);
    arm(job);
  }
  send_award(job, placed, turn);
}

void Decider::State::send_award(const LiveJob& job, const LiveAward& award, Turn& turn) {
  protocol::Award message;
  message.offer = award.offer;
  message.execution = award.record.id;
  message.epoch = award.record.epoch;
  message.job = job.record;
  message.partition_index = award.record.partition_index;
  message.attempt = award.record.attempt;
  message.lease = options.lease;
  if (job.total_deadline) {
    message.total_left = std::max<Duration>(*job.total_deadline - turn.now.boot, Duration{1});
  }
  turn.fx.send(award.record.node_id, std::move(message));
}

}  // namespace skrei::orchestrator
