// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "orchestrator/events.hpp"
#include "orchestrator/state.hpp"

namespace skrei::orchestrator {
namespace {

/// A retry waits so long for another node than the one that failed last.
constexpr Duration kAvoidance = std::chrono::seconds(5);
/// A job's state says what its newest retry is at most this often.
constexpr Duration kNoteEvery = std::chrono::seconds(1);

}  // namespace

void Decider::State::retry(LiveJob& job, int index, const NodeId& failed_on, std::string reason,
                           Turn& turn) {
  Partition& partition = job.partitions.at(index);
  partition.failed_on.insert(failed_on);
  partition.last_failed_on = failed_on;
  partition.last_failure = std::move(reason);
  const int starts_max = options.retries + 1;
  if (partition.starts >= starts_max) {
    const std::string last = partition.last_failure;
    give_up(job, index, last,
            events::job_retries_exhausted(failure_text(job, index, last), turn.now.wall), turn);
    return;
  }
  constexpr int kDoublingsMax = 16;
  const Duration base =
      options.retry_delay_min * (1 << std::min(std::max(partition.starts - 1, 0), kDoublingsMax));
  // Between half and one and a half of it, so that what broke together does not come together.
  const auto jitter = static_cast<int>(random.next_u64() % 1000);
  const Duration delay =
      std::clamp(base / 2 + base * jitter / 1000, options.retry_delay_min, options.retry_delay_max);
  partition.stage = PartitionStage::Delayed;
  partition.avoids_until = turn.now.boot + delay + kAvoidance;
  partition_delays.set({job.id(), index}, turn.now.boot + delay);
  model::Event told = events::job_retries({.partition = index,
                                           .attempt = partition.starts + 1,
                                           .attempts_max = starts_max,
                                           .delay = delay,
                                           .node = failed_on,
                                           .reason = partition.last_failure},
                                          turn.now.wall);
  note(job, told.message, turn);
  append(job, std::move(told), turn);
}

void Decider::State::give_up(LiveJob& job, int index, std::string reason, model::Event last,
                             Turn& turn) {
  if (job.is_ops()) {
    fail_partition(job, index, protocol::ExecutionEvent::Fails, std::move(reason), turn);
    return;
  }
  const std::string text = failure_text(job, index, reason);
  end_job(job.id(), protocol::JobEvent::GivesUp, text, std::move(last), turn);
}

std::string Decider::State::failure_text(const LiveJob& job, int index,
                                         const std::string& reason) const {
  if (job.count() == 1 || job.is_ops()) return reason;
  std::string text = fmt::format("partition {}: {}", index, reason);
  std::size_t named = 1;
  std::size_t others = 0;
  for (const auto& [number, partition] : job.partitions) {
    if (number == index || partition.last_failure.empty()) continue;
    if (named < options.reasons_max) {
      text += fmt::format("\n• partition {} failed before: {}", number, partition.last_failure);
      ++named;
    } else {
      ++others;
    }
  }
  if (others > 0) text += fmt::format("\n• and {} more partitions", others);
  return text;
}

bool Decider::State::blame(LiveJob& job, NodeEntry& node, const std::string& reason,
                           protocol::Now now) {
  nodes.note_fault(node, job.id(), reason, now);
  if (job.is_ops()) return false;
  job.broken_nodes.insert_or_assign(node.id, reason);
  return job.broken_nodes.size() >= options.job_breaks_max;
}

void Decider::State::note(LiveJob& job, std::string text, Turn& turn) {
  job.note = std::move(text);
  if (job.note_at) return;
  const BootTime due = job.noted_at + kNoteEvery;
  if (turn.now.boot >= due) {
    write_note(job, turn);
  } else {
    job.note_at = due;
    arm(job);
  }
}

void Decider::State::write_note(LiveJob& job, Turn& turn) {
  job.note_at.reset();
  job.noted_at = turn.now.boot;
  auto record = std::make_shared<model::Job>(*job.record);
  record->state.message = std::exchange(job.note, {});
  ++record->revision;
  record->modify_time = turn.now.wall;
  job.record = std::move(record);
  turn.fx.put(protocol::PutJob{job.record});
  arm(job);
}

}  // namespace skrei::orchestrator
