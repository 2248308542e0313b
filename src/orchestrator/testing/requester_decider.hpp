// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "orchestrator/decider.hpp"
#include "protocol/execution_machine.hpp"

namespace skrei::orchestrator::testing {

using namespace std::chrono_literals;
using model::JobStateType;

inline const NodeId kSelf("n-self");
inline const NodeId kA("n-a");
inline const NodeId kB("n-b");

inline model::Job batch_job(int count = 1) {
  model::Job job;
  job.type = model::JobType::Batch;
  job.count = count;
  model::Task task;
  task.name = "main";
  task.engine = {.type = "noop", .params = "{}"};
  job.tasks.push_back(std::move(task));
  return job;
}

inline model::NodeInfo node_info(const NodeId& id) {
  model::NodeInfo info;
  info.node_id = id;
  info.labels = {{"zone", id.str()}};
  model::ComputeNodeInfo& compute = info.compute_node_info.emplace();
  compute.execution_engines = {"noop"};
  compute.max_job_requirements.cpu_millis = 4000;
  compute.max_job_requirements.memory_bytes = 4'000'000'000;
  return info;
}

/// A requester with hand-fed events; applies rows as a store would.
class RequesterDecider : public ::testing::Test {
 protected:
  void SetUp() override { restart({}); }

  void restart(Options options) {
    decider = std::make_unique<Decider>(kSelf, options, random);
    decider->set_run("boot", "run");
  }
  void take(protocol::Effects effects) {
    for (const protocol::Mutation& row : effects.rows) {
      if (const auto* job = std::get_if<protocol::PutJob>(&row)) {
        jobs.insert_or_assign(job->job->id, *job->job);
      } else if (const auto* old = std::get_if<protocol::PutJobVersion>(&row)) {
        versions[old->job->id].insert_or_assign(old->job->version, *old->job);
      } else if (const auto* execution = std::get_if<protocol::PutExecution>(&row)) {
        executions.insert_or_assign(execution->execution.id, execution->execution);
      } else if (const auto* event = std::get_if<protocol::AppendEvent>(&row)) {
        history.push_back(event->event.message);
      }
    }
    last = std::move(effects);
  }
  void join(const NodeId& id) {
    take(decider->on_peer_up(id, now));
    take(decider->on_node_described(node_info(id), now));
  }
  JobId submit(model::Job job = batch_job()) {
    auto submitted = decider->submit({.job = std::move(job)}, now);
    EXPECT_TRUE(submitted.has_value());
    take(std::move(submitted->effects));
    return submitted->answer.job_id;
  }
  /// The next version of a job, from what the store holds of it.
  Result<Submitted> update(const JobId& id, model::Job job, bool force = false) {
    auto updated = decider->update({.job = std::move(job), .force = force}, jobs.at(id), now);
    if (updated) take(updated->effects);
    return updated;
  }
  Result<Submitted> rerun(const JobId& id, const model::Job& chosen) {
    auto taken = decider->rerun(chosen, jobs.at(id), "again", now);
    if (taken) take(taken->effects);
    return taken;
  }
  void hear(const NodeId& from, protocol::Message message) {
    take(decider->on_message(from, message, now));
  }
  void pass(Duration time) {
    now.boot += time;
    now.wall += time;
    take(decider->tick(now));
  }
  template <class M>
  const M* sent(const NodeId& to) const {
    for (const protocol::Send& send : last.sends) {
      if (send.to != to) continue;
      if (const auto* message = std::get_if<M>(&send.message)) return message;
    }
    return nullptr;
  }
  /// Answers the offer that was just sent with a bid; the award that follows.
  protocol::Award bid(const NodeId& node) {
    const auto* offer = sent<protocol::Offer>(node);
    EXPECT_NE(offer, nullptr);
    hear(node, protocol::Bid{
                   .offer = offer->id, .run_id = "run-1", .time_to_live = 5s, .missing_bytes = 0});
    const auto* award = sent<protocol::Award>(node);
    EXPECT_NE(award, nullptr);
    return *award;
  }
  void refuse(const NodeId& node, protocol::RefusalKind kind, const std::string& clause) {
    const auto* offer = sent<protocol::Offer>(node);
    ASSERT_NE(offer, nullptr);
    hear(node, protocol::Refusal{offer->id, {{clause, clause + ": no", kind}}});
  }
  void report(const NodeId& node, const protocol::Award& award, model::ComputeStateType state,
              std::uint64_t revision) {
    hear(node, protocol::Report{award.execution, award.epoch, revision, state, {}});
  }
  void outcome(const NodeId& node, const protocol::Award& award,
               protocol::ExecutionResult result = {}) {
    hear(node, protocol::Outcome{award.execution, award.epoch, 9, std::move(result)});
  }
  JobStateType state(const JobId& id) const { return jobs.at(id).state.state_type; }
  bool told(const std::string& message) const {
    return std::ranges::any_of(history,
                               [&](const std::string& line) { return line.starts_with(message); });
  }
  static protocol::ExecutionResult failed(protocol::Fault fault) {
    protocol::ExecutionResult result;
    result.kind = protocol::OutcomeKind::Failed;
    result.fault = fault;
    result.message = "it broke";
    return result;
  }

  SeededRandom random{1};
  protocol::Now now{WallTime{1'760'000'000s}, BootTime{1000s}};
  std::unique_ptr<Decider> decider;
  protocol::Effects last;
  std::map<JobId, model::Job> jobs;
  /// Superseded ones.
  std::map<JobId, std::map<std::uint64_t, model::Job>> versions;
  std::map<ExecutionId, model::Execution> executions;
  std::vector<std::string> history;
};

}  // namespace skrei::orchestrator::testing
