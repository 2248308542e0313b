// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace skrei::orchestrator {

/// Settings of the requester half.
struct Options {
  /// How long an award holds without a heartbeat. The node is told this; the requester itself waits
  /// a tenth longer.
  Duration lease = std::chrono::seconds(30);
  /// How long a node may take to answer an offer.
  Duration offer_answer = std::chrono::seconds(1);
  /// The longest a node may take its time after "considering".
  Duration considering_max = std::chrono::seconds(15);
  /// How long an unconfirmed award waits before it is said again.
  Duration award_repeat = std::chrono::seconds(2);
  /// Starts of a partition after the first.
  int retries = 3;
  Duration retry_delay_min = std::chrono::seconds(1);
  Duration retry_delay_max = std::chrono::seconds(60);
  /// A job that broke executions on so many different nodes, and had none end well in between, is
  /// stopped. Ops jobs are not: each of their nodes is a matter of its own.
  std::size_t job_breaks_max = 4;
  /// A node that broke executions of so many different jobs in a row is set aside, so long at first
  /// and at most.
  std::size_t node_faults_max = 3;
  Duration node_aside_min = std::chrono::minutes(1);
  Duration node_aside_max = std::chrono::minutes(15);
  /// How long an ops job waits for a node of its own that is not connected.
  Duration absent_node_max = std::chrono::minutes(5);
  /// How long a node that said "not now" is left alone, unless something changes there: the first
  /// time, and at most.
  Duration not_now_delay_min = std::chrono::milliseconds(250);
  Duration not_now_delay_max = std::chrono::seconds(5);
  /// After a restart nodes need time to be heard of again: so long no recovered job fails because
  /// no node suits it. The same holds while no node at all is known.
  Duration discovery = std::chrono::seconds(60);
  /// What is added to a job's execution timeout before the requester, not the node, ends it.
  Duration execution_timeout_grace = std::chrono::minutes(2);
  /// Offers that wait for an answer: in all, per node, and per job.
  std::size_t offers_open_max = 256;
  std::size_t offers_per_node_max = 32;
  std::size_t offers_per_job_max = 64;
  /// Partitions of one job that are offered, awarded or wait for a retry at once; the others are a
  /// number.
  std::size_t partitions_open_max = 4096;
  /// Jobs that have not ended.
  std::size_t live_jobs_max = 1'000'000;
  /// Of the nodes or partitions that refuse or fail a job, how many are named in its state.
  std::size_t reasons_max = 16;
  /// Executions of ended jobs whose late results are still noted as comparisons.
  std::size_t lost_executions_max = 10'000;
  /// What one byte that has to move costs, for the ranking of nodes.
  std::uint64_t bandwidth_bytes_per_second = 12'500'000;
};

}  // namespace skrei::orchestrator
