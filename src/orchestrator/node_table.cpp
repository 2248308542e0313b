// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/node_table.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace skrei::orchestrator {
namespace {

/// What is remembered of a node's data at most.
constexpr std::size_t kDataKeysMax = 256;
/// Costs as much as this many bytes to move, where nothing is known about a node's data.
constexpr std::uint64_t kUnknownBytes = 1'000'000'000;
/// After so many bids of a node that was full it is tried whether it takes one more at once.
constexpr int kBidsPerRoom = 8;
constexpr Duration kFaultPauseMax = std::chrono::seconds(60);

bool holds(const std::vector<std::string>& kinds, const model::SpecConfig& spec) {
  return std::ranges::any_of(kinds,
                             [&](const std::string& kind) { return model::is_kind(spec, kind); });
}

protocol::Reason never(std::string clause, std::string sentence) {
  return {std::move(clause), std::move(sentence), protocol::RefusalKind::Never};
}

void check_kinds(const model::ComputeNodeInfo& node, const model::Task& task,
                 std::vector<protocol::Reason>& reasons) {
  if (!holds(node.execution_engines, task.engine)) {
    reasons.push_back(never("engine", fmt::format("does not support {}", task.engine.type)));
  }
  if (!task.publisher.empty() && !holds(node.publishers, task.publisher)) {
    reasons.push_back(
        never("publisher", fmt::format("does not support publisher {}", task.publisher.type)));
  }
  for (const model::InputSource& input : task.input_sources) {
    if (holds(node.storage_sources, input.source)) continue;
    reasons.push_back(
        never("storage", fmt::format("does not support input source {}", input.source.type)));
  }
}

}  // namespace

Result<Needs> needs_of(const model::Job& job) {
  Needs needs;
  TRY_ASSIGN(needs.resources, model::parse_resources(job.task().resources));
  needs.data_key = job.task().engine.type;
  for (const model::InputSource& input : job.task().input_sources) {
    if (model::is_kind(input.source, "inline")) continue;
    needs.data_key += '\n';
    needs.data_key += input.source.type;
    needs.data_key += input.source.params;
  }
  return needs;
}

NodeEntry& NodeTable::at(const NodeId& id) {
  auto [place, inserted] = nodes_.try_emplace(id);
  if (inserted) place->second.id = id;
  return place->second;
}

NodeEntry* NodeTable::find(const NodeId& id) {
  const auto place = nodes_.find(id);
  return place == nodes_.end() ? nullptr : &place->second;
}

void NodeTable::erase(const NodeId& id) {
  openings_.clear(id);
  nodes_.erase(id);
}

bool NodeTable::any_known() const {
  return std::ranges::any_of(nodes_, [](const auto& item) { return item.second.info.has_value(); });
}

bool NodeTable::is_open(const NodeEntry& node, BootTime now) const {
  return node.info && !busy(node, now);
}

bool NodeTable::any_open(BootTime now) const {
  return std::ranges::any_of(nodes_, [&](const auto& item) { return is_open(item.second, now); });
}

std::vector<protocol::Reason> NodeTable::unsuitable(const NodeEntry& node, const model::Job& job,
                                                    const Needs& needs) {
  if (!node.info || !node.info->compute_node_info) {
    return {never("compute", "does not run jobs")};
  }
  const model::ComputeNodeInfo& compute = *node.info->compute_node_info;
  std::vector<protocol::Reason> reasons;
  check_kinds(compute, job.task(), reasons);
  for (const model::Constraint& constraint : job.constraints) {
    if (model::matches(constraint, node.info->labels)) continue;
    reasons.push_back(never("labels", fmt::format("labels don't match required selectors: {}",
                                                  model::to_string(constraint))));
  }
  const std::string misfit = model::explain_misfit(needs.resources, compute.max_job_requirements);
  if (!misfit.empty()) reasons.push_back(never("resources", misfit));
  return reasons;
}

std::optional<protocol::Reason> NodeTable::busy(const NodeEntry& node, BootTime now) const {
  using protocol::RefusalKind;
  if (!node.up) {
    return protocol::Reason{"connection", "is not connected", RefusalKind::NotNow};
  }
  if (now < node.closed_until) {
    return protocol::Reason{"busy", node.closed_reason, RefusalKind::NotNow};
  }
  if (node.offers_open >= options_.offers_per_node_max) {
    return protocol::Reason{"busy", "has enough offers to answer", RefusalKind::NotNow};
  }
  if (is_full(node)) {
    return protocol::Reason{"busy", "has as many executions as it takes at once",
                            RefusalKind::NotNow};
  }
  return std::nullopt;
}

Duration NodeTable::cost(const NodeEntry& node, const Needs& needs) const {
  const auto known = node.missing_bytes.find(needs.data_key);
  const std::uint64_t bytes = known == node.missing_bytes.end() ? kUnknownBytes : known->second;
  const double seconds = static_cast<double>(bytes) / static_cast<double>(std::max<std::uint64_t>(
                                                          options_.bandwidth_bytes_per_second, 1));
  const auto moving = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  // Offers under way will take the place of this one: count each as a little wait.
  const auto crowd = std::chrono::milliseconds(10) * static_cast<int>(node.offers_open);
  return moving + node.queue_wait + crowd;
}

Duration NodeTable::answer_time(const NodeEntry& node) const {
  if (nodes_.size() < 2 || !node.usual_answer) return options_.offer_answer;
  return std::clamp(2 * *node.usual_answer, options_.offer_answer / 4, options_.offer_answer);
}

void NodeTable::note_bid(NodeEntry& node, const protocol::Bid& bid, const Needs& needs,
                         Duration took) {
  node.usual_answer = node.usual_answer ? (3 * *node.usual_answer + took) / 4 : took;
  node.queue_wait = bid.queue_wait;
  node.not_now_delay = Duration{0};
  if (node.room && ++node.bids_since_full >= kBidsPerRoom) {
    node.bids_since_full = 0;
    ++*node.room;
  }
  const std::uint64_t missing = bid.missing_bytes.value_or(kUnknownBytes) + bid.cold_bytes;
  if (node.missing_bytes.size() >= kDataKeysMax && !node.missing_bytes.contains(needs.data_key)) {
    node.missing_bytes.erase(node.missing_bytes.begin());
  }
  node.missing_bytes.insert_or_assign(needs.data_key, missing);
}

void NodeTable::close(NodeEntry& node, std::string reason, BootTime now) {
  node.not_now_delay =
      std::clamp(2 * node.not_now_delay, options_.not_now_delay_min, options_.not_now_delay_max);
  node.closed_until = now + node.not_now_delay;
  node.closed_reason = std::move(reason);
  openings_.set(node.id, node.closed_until);
}

bool NodeTable::is_full(const NodeEntry& node) const {
  return node.offers_open >= options_.offers_per_node_max ||
         (node.room && node.awards.size() + node.offers_open >= *node.room);
}

void NodeTable::note_full(NodeEntry& node) {
  // One at least: what there is now may all be another requester's.
  node.room = std::max<std::size_t>(node.awards.size() + node.offers_open, 1);
  node.bids_since_full = 0;
}

void NodeTable::open(NodeEntry& node) {
  node.closed_until = BootTime{};
  node.not_now_delay = Duration{0};
  openings_.clear(node.id);
}

void NodeTable::note_fault(NodeEntry& node, BootTime now) {
  constexpr int kDoublingsMax = 6;
  const Duration pause = std::chrono::seconds(1) * (1 << std::min(node.faults, kDoublingsMax));
  ++node.faults;
  node.closed_until = now + std::min(pause, kFaultPauseMax);
  node.closed_reason = fmt::format("lost or broke its last {} executions", node.faults);
  openings_.set(node.id, node.closed_until);
}

bool NodeTable::take_openings(BootTime now) {
  bool any = false;
  while (openings_.pop_due(now))
    any = true;
  return any;
}

}  // namespace skrei::orchestrator
