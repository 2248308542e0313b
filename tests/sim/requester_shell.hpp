// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jobstore/commit_gate.hpp"
#include "orchestrator/decider.hpp"
#include "sim/machine.hpp"

namespace skrei::sim {

/// Carries out what a requester decides, as orchestrator::Service does.
class RequesterShell {
 public:
  RequesterShell(Machine& machine, const std::string& boot_id, const std::string& run_id);

  void recover(std::vector<model::Job> jobs, std::vector<model::Execution> executions);
  void on_message(const NodeId& from, const protocol::Message& message);
  void on_peer(const swarm::PeerEvent& event);

  /// A client hands a job in; `answered` runs once the answer is given.
  Result<JobId> submit(model::Job job, Action answered);
  /// A job that has ended stays as it is.
  void stop(const JobId& job);
  /// Makes the job's next version; nothing while the disk is behind, or the job does not allow it.
  void rerun(const JobId& job);
  /// Makes `next` the job's next version; nothing while the disk is behind.
  void update(const JobId& job, model::Job next);

  const orchestrator::Decider& decider() const { return decider_; }

 private:
  /// The job as the disk has it; null if that may not be its newest version.
  const model::Job* stored(const JobId& job);
  void replace(const JobId& job, const char* what, Result<orchestrator::Submitted> next);
  void apply(protocol::Effects effects, Action synced);
  void release(std::vector<protocol::Send> sends, std::uint64_t ticket);

  Machine& machine_;
  orchestrator::Decider decider_;
  jobstore::CommitGate gate_;
  Alarm alarm_;
  /// The last batch of this half, as a number of the disk.
  std::uint64_t ticket_ = 0;
};

}  // namespace skrei::sim
