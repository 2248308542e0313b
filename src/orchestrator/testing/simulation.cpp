// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/testing/simulation.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "orchestrator/testing/simulated_nodes.hpp"
#include "protocol/execution_machine.hpp"

namespace skrei::orchestrator::testing {
namespace {

const NodeId kRequester("n-requester");
/// 2025-10-09T08:53:20Z: wall time at boot time 0.
constexpr WallTime kEpoch{std::chrono::seconds(1'760'000'000)};

model::Job simulated_job(int count) {
  model::Job job;
  job.type = model::JobType::Batch;
  job.count = count;
  model::Task task;
  task.name = "main";
  task.engine = {.type = "noop", .params = "{}"};
  task.resources = {.cpu = "1", .memory = "100MB", .disk = "", .gpu = ""};
  job.tasks.push_back(std::move(task));
  return job;
}

}  // namespace

World::World(Weather weather)
    : weather_(weather), random_(weather.seed), requester_(std::make_unique<RequesterNode>()) {
  requester_->id = kRequester;
  start(*requester_);
  for (int index = 0; index < weather_.compute_nodes; ++index) {
    auto node = std::make_unique<ComputeNode>();
    node->id = NodeId(fmt::format("n-compute-{}", index));
    ComputeNode& placed = *computes_.emplace(node->id, std::move(node)).first->second;
    start(placed);
  }
  for (int index = 0; index < weather_.jobs; ++index) {
    at(between({}, weather_.trouble / 2), [this] { submit(); });
  }
  std::vector<Node*> nodes{requester_.get()};
  for (const auto& [id, node] : computes_)
    nodes.push_back(node.get());
  const auto any_node = [this, nodes] {
    return nodes[random_.next_u64() % nodes.size()];
  };
  for (int index = 0; index < weather_.crashes; ++index) {
    at(between({}, weather_.trouble), [this, any_node] { crash(*any_node()); });
  }
  for (int index = 0; index < weather_.cuts; ++index) {
    at(between({}, weather_.trouble), [this, any_node] { cut(any_node()->id); });
  }
}

World::~World() = default;

protocol::Now World::now() const {
  return {kEpoch + time_.time_since_epoch(), time_};
}

void World::at(Duration delay, std::function<void()> action) {
  agenda_.emplace(std::pair(time_ + delay, next_order_++), std::move(action));
}

Duration World::between(Duration low, Duration high) {
  const auto span = static_cast<std::uint64_t>((high - low).count()) + 1;
  return low + Duration(static_cast<std::int64_t>(random_.next_u64() % span));
}

bool World::chance(unsigned thousandths) {
  return random_.next_u64() % 1000 < thousandths;
}

void World::run(Duration limit) {
  const BootTime end = time_ + limit;
  while (!agenda_.empty() && agenda_.begin()->first.first <= end) {
    auto entry = agenda_.extract(agenda_.begin());
    time_ = std::max(time_, entry.key().first);
    entry.mapped()();
  }
}

std::size_t World::held() const {
  std::size_t count = requester_->decider ? requester_->decider->live_jobs() : 0;
  for (const auto& [id, node] : computes_) {
    count += node->decider ? node->decider->held() : 0;
  }
  return count;
}

void World::send(const NodeId& from, const NodeId& to, const protocol::Message& message) {
  ++messages;
  const int copies = chance(weather_.lost) ? 0 : chance(weather_.doubled) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    BootTime arrival = time_ + between(std::chrono::milliseconds(1), std::chrono::milliseconds(60));
    if (!weather_.reordered) {
      BootTime& last = last_delivery_[{from, to}];
      arrival = last = std::max(arrival, last);
    }
    at(arrival - time_, [this, from, to, message] { deliver(from, to, message); });
  }
}

void World::deliver(const NodeId& from, const NodeId& to, const protocol::Message& message) {
  if (cut_off_.contains(from) || cut_off_.contains(to)) return;
  if (to == kRequester) {
    if (!requester_->decider) return;
    requester_->apply(*this, requester_->decider->on_message(from, message, now()));
  } else {
    ComputeNode& node = *computes_.at(to);
    if (!node.decider) return;
    node.apply(*this, node.decider->on_message(from, message, now()));
  }
}

void World::commit(Node& node, protocol::Batch rows, std::function<void()> synced) {
  // Syncs take their time and keep their order; a crash takes with it what is not synced.
  const Duration delay = between({}, std::chrono::milliseconds(8));
  node.synced_until = std::max(node.synced_until, time_ + delay);
  at(node.synced_until - time_,
     [this, &node, life = node.life, rows = std::move(rows), synced = std::move(synced)] {
       if (node.life != life) return;
       for (const protocol::Mutation& row : rows)
         write(node, row);
       synced();
     });
}

void World::write(Node& node, protocol::Mutation row) {
  if (const auto* job = std::get_if<protocol::PutJob>(&row)) {
    write_job(*job->job);
  } else if (const auto* execution = std::get_if<protocol::PutExecution>(&row)) {
    write_execution(execution->execution);
  } else if (auto* event = std::get_if<protocol::AppendEvent>(&row)) {
    history.push_back(std::move(*event));
  } else if (const auto* hosted = std::get_if<protocol::PutHosted>(&row)) {
    node.hosted.insert_or_assign(hosted->hosted.id, hosted->hosted);
  } else if (const auto* gone = std::get_if<protocol::RemoveHosted>(&row)) {
    node.hosted.erase(gone->id);
  }
}

void World::write_job(const model::Job& job) {
  const auto known = jobs.find(job.id);
  const bool same_version = known != jobs.end() && known->second.version == job.version;
  if (same_version && model::is_terminal(known->second.state.state_type)) {
    breach(fmt::format("job {} changed after its end", job.id));
  }
  jobs.insert_or_assign(job.id, job);
}

void World::write_execution(const model::Execution& execution) {
  using protocol::ExecutionPhase;
  const ExecutionPhase phase = protocol::phase_of(execution.compute_state);
  const auto known = executions.find(execution.id);
  if (known != executions.end()) {
    const ExecutionPhase before = protocol::phase_of(known->second.compute_state);
    if (protocol::is_final(before) && before != phase) {
      breach(fmt::format("execution {} changed after its end", execution.id));
    }
  }
  for (const auto& [id, other] : executions) {
    const bool rival = id != execution.id && other.job_id == execution.job_id &&
                       other.job_version == execution.job_version &&
                       other.partition_index == execution.partition_index;
    if (!rival) continue;
    const ExecutionPhase other_phase = protocol::phase_of(other.compute_state);
    if (phase == ExecutionPhase::Completed && other_phase == ExecutionPhase::Completed) {
      breach(fmt::format("two results for job {}", execution.job_id));
    }
    if (other.epoch == execution.epoch) {
      breach(fmt::format("one epoch twice in job {}", execution.job_id));
    }
  }
  executions.insert_or_assign(execution.id, execution);
}

void World::crash(Node& node) {
  if (!node.alive) return;
  ++node.life;
  node.alive = false;
  node.power_off();
  if (&node == requester_.get()) {
    for (const auto& [id, compute] : computes_)
      cut_off_.erase(id);
  } else if (requester_->decider) {
    requester_->apply(*this, requester_->decider->on_peer_down(node.id, now()));
  }
  at(between(std::chrono::milliseconds(100), std::chrono::seconds(60)),
     [this, &node] { start(node); });
}

void World::start(Node& node) {
  node.alive = true;
  node.synced_until = time_;
  const std::string run = fmt::format("{}-{}", node.id, node.life);
  if (&node == requester_.get()) {
    requester_->decider = std::make_unique<Decider>(kRequester, Options{}, random_);
    requester_->decider->set_run("boot", run);
    std::vector<model::Job> live;
    std::vector<model::Execution> theirs;
    for (const auto& [id, job] : jobs) {
      if (model::is_terminal(job.state.state_type)) continue;
      live.push_back(job);
      for (const auto& [execution_id, execution] : executions) {
        if (execution.job_id == id) theirs.push_back(execution);
      }
    }
    requester_->apply(*this, requester_->decider->recover(live, theirs, now()));
    for (const auto& [id, compute] : computes_)
      connect(id, kRequester);
    return;
  }
  ComputeNode& compute = *computes_.at(node.id);
  compute.power_on(*this, run);
  connect(node.id, kRequester);
}

void World::connect(const NodeId& compute_id, const NodeId&) {
  ComputeNode& compute = *computes_.at(compute_id);
  if (!compute.decider || !requester_->decider || cut_off_.contains(compute_id)) return;
  requester_->apply(*this, requester_->decider->on_peer_up(compute_id, now()));
  requester_->apply(*this, requester_->decider->on_node_described(compute.describe(), now()));
  compute.apply(*this, compute.decider->on_peer_up(kRequester, now()));
}

void World::cut(const NodeId& id) {
  if (id == kRequester || cut_off_.contains(id)) return;
  cut_off_.insert(id);
  if (requester_->decider) {
    requester_->apply(*this, requester_->decider->on_peer_down(id, now()));
  }
  at(between(std::chrono::seconds(1), std::chrono::seconds(90)), [this, id] {
    cut_off_.erase(id);
    connect(id, kRequester);
  });
}

void World::submit() {
  if (!requester_->decider) return;
  model::Job job = simulated_job(1 + static_cast<int>(random_.next_u64() % 4));
  if (chance(weather_.ops)) {
    job.type = model::JobType::Ops;
    job.count = 0;
  }
  auto submitted = requester_->decider->submit({.job = std::move(job)}, now());
  SKREI_ASSERT(submitted.has_value());
  const JobId id = submitted->answer.job_id;
  requester_->apply(*this, std::move(submitted->effects), [this, id] { acknowledged.insert(id); });
  if (!chance(weather_.stops)) return;
  at(between({}, std::chrono::seconds(20)), [this, id] {
    if (!requester_->decider || !requester_->decider->is_live(id)) return;
    auto stopped = requester_->decider->stop(id, "no longer wanted", now());
    SKREI_ASSERT(stopped.has_value());
    requester_->apply(*this, *std::move(stopped));
  });
}

}  // namespace skrei::orchestrator::testing
