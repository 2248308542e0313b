// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "model/resources.hpp"

namespace skrei::compute {

enum class Locality { Local, Anywhere };

/// Which jobs a node takes (the `serve` flags --job-selection-*, --limit-job-*,
/// --accept-jobs-from).
struct SelectionPolicy {
  /// Kinds in lower case, sorted.
  std::vector<std::string> engines;
  std::vector<std::string> publishers;
  std::vector<std::string> storage_sources;
  /// The most one job may ask for.
  model::Resources job_limit;
  /// Jobs without input data beside their program are refused.
  bool reject_stateless = false;
  /// Local: only jobs all of whose input data is on this machine.
  Locality locality = Locality::Local;
  /// Requesters whose jobs are taken; unset: all.
  std::optional<std::set<NodeId>> accept_from;
};

/// Settings of the compute half.
struct Options {
  model::Resources capacity;
  SelectionPolicy policy;
  /// What a job that asks for none of an amount counts as.
  model::Resources job_default = {.cpu_millis = 100, .memory_bytes = 100'000'000, .gpus = {}};

  Duration reservation = std::chrono::seconds(5);
  /// Offers whose inputs and probes are being looked at; more are refused for now.
  std::size_t assessments_max = 68;
  /// How long the shell may take over one; told to the requester if `probed`.
  Duration assessment_time = std::chrono::seconds(10);
  /// A probe is configured: requesters are told to wait for its answer.
  bool probed = false;
  /// Executions (and reservations) that wait for room; more are refused for now.
  std::size_t queue_max = 32;
  /// Reservations without award that one requester may hold. Halved as it lets them lapse.
  std::size_t reservations_per_requester_max = 32;

  Duration heartbeat = std::chrono::seconds(5);
  /// The term of every lease after the node's own restart, until a heartbeat is answered.
  Duration lease_after_restart = std::chrono::seconds(30);
  /// How long an execution goes on without its requester; none for jobs that refuse late results.
  Duration tolerance = std::chrono::minutes(10);
  /// How long a result is kept for a requester that does not come back.
  Duration outcome_retention = std::chrono::hours(7 * 24);
  /// How long an outcome waits for its acknowledgement before it is said again.
  Duration outcome_repeat = std::chrono::seconds(5);
};

}  // namespace skrei::compute
