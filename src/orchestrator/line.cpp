// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "orchestrator/state.hpp"

namespace skrei::orchestrator {
namespace {

/// Jobs looked at in one go without finding any work for them; the rest of the line comes next.
constexpr std::size_t kVisitsMax = 256;
/// Offers a job makes in one turn. Jobs with fewer partitions are served whole, in their order;
/// those with more share what there is with the others of their priority.
constexpr int kOffersPerTurn = 16;

}  // namespace

void Decider::State::rescan_by(BootTime time) {
  rescan_at = rescan_at ? std::min(*rescan_at, time) : time;
}

void Decider::State::place(Turn& turn) {
  if (nodes.take_openings(turn.now.boot)) rescan();
  scan_unfinished = false;
  std::size_t visits = 0;
  while (offers_open < options.offers_open_max && (nodes.any_open() || !nodes.any_known())) {
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
      count_turn(job);
      continue;
    }
    ++visits;
    scan_from = WaitKey{key.rank, key.serial + 1, {}};
    if (job.offers_open < options.offers_per_job_max) settle_waiting(job, turn);
  }
}

void Decider::State::settle_line(LiveJob& job) {
  if (!has_ready(job)) {
    leave_line(job);
    return;
  }
  if (!job.place) {
    job.place = WaitKey{-std::int64_t{job.record->priority}, job.serial, job.id()};
    waiting.insert(*job.place);
  }
  if (scan_from && *job.place < *scan_from) scan_from = job.place;
}

void Decider::State::leave_line(LiveJob& job) {
  if (!job.place) return;
  waiting.erase(*job.place);
  job.place.reset();
}

void Decider::State::count_turn(LiveJob& job) {
  if (!has_ready(job)) {
    leave_line(job);
    return;
  }
  if (++job.offers_in_turn < kOffersPerTurn) return;
  job.offers_in_turn = 0;
  leave_line(job);
  job.serial = next_serial++;
  job.place = WaitKey{-std::int64_t{job.record->priority}, job.serial, job.id()};
  waiting.insert(*job.place);
}

void Decider::State::make_ready(LiveJob& job, int index, Partition& partition, BootTime now) {
  partition.stage = PartitionStage::Ready;
  partition_delays.clear({job.id(), index});
  if (job.is_ops()) partition_delays.set({job.id(), index}, now + options.absent_node_max);
  job.ready.insert(index);
  settle_line(job);
}

void Decider::State::take_out(LiveJob& job, int index, Partition& partition) {
  if (partition.stage == PartitionStage::Offered) withdraw(partition.offer);
  job.ready.erase(index);
  partition_delays.clear({job.id(), index});
}

bool Decider::State::offer_next(LiveJob& job, Turn& turn) {
  if (!job.planned && !plan(job, turn)) return false;
  if (job.offers_open >= options.offers_per_job_max) return false;
  if (job.is_ops()) return offer_to_a_match(job, turn);
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

NodeEntry* Decider::State::choose(const LiveJob& job, const Partition* partition, BootTime now) {
  const NodeId* failed = nullptr;
  const NodeId* failed_last = nullptr;
  for (const auto& [cost, id] : candidates.of(*job.record, job.needs)) {
    const auto told = job.verdicts.find(id);
    const bool never = told != job.verdicts.end() &&
                       told->second.kind == protocol::RefusalKind::Never &&
                       now < told->second.at + kNeverHolds;
    if (never) continue;
    if (!partition || !partition->failed_on.contains(id)) return nodes.find(id);
    if (id == partition->last_failed_on) {
      failed_last = &id;
    } else if (!failed) {
      failed = &id;
    }
  }
  if (failed) return nodes.find(*failed);
  if (!failed_last || is_worth_waiting(job, *partition, now)) return nullptr;
  return nodes.find(*failed_last);
}

bool Decider::State::is_worth_waiting(const LiveJob& job, const Partition& partition,
                                      BootTime now) {
  if (now >= partition.avoids_until) return false;
  const bool other = std::ranges::any_of(nodes.all(), [&](const auto& entry) {
    const auto& [id, node] = entry;
    return id != partition.last_failed_on && node.up && !node.set_aside &&
           NodeTable::unsuitable(node, *job.record, job.needs).empty();
  });
  if (other) rescan_by(partition.avoids_until);
  return other;
}

}  // namespace skrei::orchestrator
