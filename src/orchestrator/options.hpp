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
  /// How long a node that said "not now" is left alone, unless something changes there: the first
  /// time, and at most.
  Duration not_now_delay_min = std::chrono::milliseconds(250);
  Duration not_now_delay_max = std::chrono::seconds(5);
  /// After a restart nodes need time to be heard of again: so long no recovered job fails because
  /// no node suits it. The same holds while no node at all is known.
  Duration discovery = std::chrono::seconds(60);
  /// What is added to a job's execution timeout before the requester, not the node, ends it.
  Duration execution_timeout_grace = std::chrono::minutes(2);
  /// Offers that wait for an answer: in all, and per node.
  std::size_t offers_open_max = 256;
  std::size_t offers_per_node_max = 32;
  /// Jobs that have not ended.
  std::size_t live_jobs_max = 1'000'000;
  /// Of the nodes that refuse a job, how many are named in its state.
  std::size_t reasons_max = 16;
  /// Executions of ended jobs whose late results are still noted as comparisons.
  std::size_t lost_executions_max = 10'000;
  /// What one byte that has to move costs, for the ranking of nodes.
  std::uint64_t bandwidth_bytes_per_second = 12'500'000;
};

}  // namespace skrei::orchestrator
