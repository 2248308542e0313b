// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/node_table.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/nearest_word.hpp"
#include "model/time_text.hpp"

namespace skrei::orchestrator {
namespace {

/// What is remembered of a node's data at most.
constexpr std::size_t kDataKeysMax = 256;
/// Costs as much as this many bytes to move, where nothing is known about a node's data.
constexpr std::uint64_t kUnknownBytes = 1'000'000'000;
/// After so many bids of a node that was full it is tried whether it takes one more at once.
constexpr int kBidsPerRoom = 8;
/// An execution or offer that is there already makes a node as dear as this wait: of nodes that are
/// alike the one with the least is asked.
constexpr Duration kCrowdCost = std::chrono::milliseconds(10);
/// A constraint that a node is favoured by and does not meet makes it as dear as this wait.
constexpr Duration kDisfavourCost = std::chrono::seconds(30);
constexpr std::string_view kFavourPrefix = "favour_";
/// Changes of nodes that are remembered for rankings that were not asked for a while.
constexpr std::size_t kChangesMax = 4096;

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

/// Everything that decides which nodes suit the job and what it costs there. Values end in NUL,
/// which none of them holds.
std::string kind_text(const model::Job& job, const Needs& needs) {
  const model::Task& task = job.task();
  std::string text;
  const auto add = [&](std::string_view value) {
    text += value;
    text += '\0';
  };
  add(ascii_lower(task.engine.type));
  add(ascii_lower(task.publisher.type));
  for (const model::InputSource& input : task.input_sources)
    add(ascii_lower(input.source.type));
  add("");
  for (const model::Constraint& constraint : job.constraints)
    add(model::to_string(constraint));
  add("");
  const model::Resources& want = needs.resources;
  add(fmt::format("{} {} {} {}", want.cpu_millis, want.memory_bytes, want.disk_bytes, want.gpu));
  text += needs.data_key;
  return text;
}

}  // namespace

Result<Needs> needs_of(const model::Job& job) {
  Needs needs;
  TRY_ASSIGN(needs.resources, model::parse_resources(job.task().resources));
  needs.data_key = job.task().engine.type;
  for (const model::InputSource& input : job.task().input_sources) {
    if (model::is_kind(input.source, "inline")) continue;
    needs.reads_data = true;
    needs.data_key += '\n';
    needs.data_key += input.source.type;
    needs.data_key += input.source.params;
  }
  for (const model::Constraint& constraint : job.constraints) {
    if (constraint.key.starts_with(kFavourPrefix)) needs.favours.push_back(constraint);
  }
  needs.kind = sha256(as_bytes(kind_text(job, needs)));
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

const NodeEntry* NodeTable::find(const NodeId& id) const {
  const auto place = nodes_.find(id);
  return place == nodes_.end() ? nullptr : &place->second;
}

void NodeTable::erase(const NodeId& id) {
  const auto place = nodes_.find(id);
  if (place == nodes_.end()) return;
  if (place->second.info) --described_;
  openings_.clear(id);
  open_.erase(id);
  nodes_.erase(place);
  log_change(id);
}

void NodeTable::touch(const NodeEntry& node) {
  if (is_open(node)) {
    open_.insert(node.id);
  } else {
    open_.erase(node.id);
  }
  log_change(node.id);
}

void NodeTable::log_change(const NodeId& id) {
  changes_.push_back(id);
  while (changes_.size() > kChangesMax) {
    changes_.pop_front();
    ++first_change_;
  }
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
    if (constraint.key.starts_with(kFavourPrefix)) continue;
    if (model::matches(constraint, node.info->labels)) continue;
    reasons.push_back(never("labels", fmt::format("labels don't match required selectors: {}",
                                                  model::to_string(constraint))));
  }
  const std::string misfit = model::explain_misfit(needs.resources, compute.max_job_requirements);
  if (!misfit.empty()) reasons.push_back(never("resources", misfit));
  return reasons;
}

std::optional<protocol::Reason> NodeTable::busy(const NodeEntry& node) const {
  using protocol::RefusalKind;
  if (!node.up) {
    return protocol::Reason{"connection", "is not connected", RefusalKind::NotNow};
  }
  if (node.closed) {
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

bool NodeTable::is_full(const NodeEntry& node) const {
  return node.offers_open >= options_.offers_per_node_max ||
         (node.room && node.awards.size() + node.offers_open >= *node.room);
}

Duration NodeTable::cost(const NodeEntry& node, const Needs& needs) const {
  const auto known = node.missing_bytes.find(needs.data_key);
  const std::uint64_t unknown = needs.reads_data ? kUnknownBytes : 0;
  const std::uint64_t bytes = known == node.missing_bytes.end() ? unknown : known->second;
  const double seconds = static_cast<double>(bytes) / static_cast<double>(std::max<std::uint64_t>(
                                                          options_.bandwidth_bytes_per_second, 1));
  const auto moving = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  const auto crowd = kCrowdCost * static_cast<int>(node.offers_open + node.awards.size());
  const auto unmet = std::ranges::count_if(needs.favours, [&](const model::Constraint& favour) {
    return !node.info || !model::matches(favour, node.info->labels);
  });
  return moving + node.queue_wait + crowd + kDisfavourCost * static_cast<int>(unmet);
}

Duration NodeTable::answer_time(const NodeEntry& node) const {
  if (nodes_.size() < 2 || !node.usual_answer) return options_.offer_answer;
  return std::clamp(2 * *node.usual_answer, options_.offer_answer / 4, options_.offer_answer);
}

void NodeTable::connected(NodeEntry& node, protocol::Now now) {
  node.up = true;
  node.room = node.set_aside ? node.room : std::nullopt;
  node.connected_since = now.wall;
  open(node);
}

void NodeTable::disconnected(NodeEntry& node, protocol::Now now) {
  node.up = false;
  node.down_since = now.boot;
  node.disconnected_since = now.wall;
  touch(node);
}

void NodeTable::described(NodeEntry& node, std::optional<model::NodeInfo> info) {
  if (node.info) --described_;
  node.info = std::move(info);
  if (node.info) ++described_;
  open(node);
}

void NodeTable::note_offer(NodeEntry& node) {
  ++node.offers_open;
  touch(node);
}

void NodeTable::note_answer(NodeEntry& node) {
  --node.offers_open;
  touch(node);
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
  touch(node);
}

void NodeTable::note_award(NodeEntry& node, const ExecutionId& execution) {
  node.awards.insert(execution);
  touch(node);
}

void NodeTable::note_end(NodeEntry& node, const ExecutionId& execution) {
  if (node.awards.erase(execution) > 0) touch(node);
}

void NodeTable::note_full(NodeEntry& node) {
  // One at least: what there is now may all be another requester's.
  node.room = std::max<std::size_t>(node.awards.size() + node.offers_open, 1);
  node.bids_since_full = 0;
  touch(node);
}

void NodeTable::note_fault(NodeEntry& node, const JobId& job, std::string_view reason,
                           protocol::Now now) {
  if (node.broke.size() < options_.node_faults_max) node.broke.insert(job);
  if (node.broke.size() < options_.node_faults_max) return;
  constexpr int kDoublingsMax = 16;
  const Duration pause =
      std::min(options_.node_aside_min * (1 << std::min(node.times_aside, kDoublingsMax)),
               options_.node_aside_max);
  if (!node.set_aside) ++node.times_aside;
  node.set_aside = true;
  node.closed = true;
  node.closed_until = now.boot + pause;
  node.closed_reason =
      fmt::format("is set aside until {}: it broke executions of {} jobs in a row, last: {}",
                  model::format_time(now.wall + pause), node.broke.size(), reason);
  node.room = 1;
  openings_.set(node.id, node.closed_until);
  touch(node);
}

void NodeTable::note_success(NodeEntry& node) {
  node.broke.clear();
  node.times_aside = 0;
  node.set_aside = false;
  open(node);
}

void NodeTable::close(NodeEntry& node, std::string reason, BootTime now) {
  if (node.set_aside) return;
  node.not_now_delay =
      std::clamp(2 * node.not_now_delay, options_.not_now_delay_min, options_.not_now_delay_max);
  node.closed = true;
  node.closed_until = now + node.not_now_delay;
  node.closed_reason = std::move(reason);
  openings_.set(node.id, node.closed_until);
  touch(node);
}

void NodeTable::open(NodeEntry& node) {
  if (!node.set_aside) {
    node.closed = false;
    node.not_now_delay = Duration{0};
    openings_.clear(node.id);
  }
  touch(node);
}

bool NodeTable::take_openings(BootTime now) {
  bool any = false;
  while (const auto id = openings_.pop_due(now)) {
    NodeEntry& node = nodes_.at(*id);
    node.closed = false;
    node.set_aside = false;
    touch(node);
    any = true;
  }
  return any;
}

}  // namespace skrei::orchestrator
