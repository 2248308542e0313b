// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "model/event.hpp"
#include "model/execution.hpp"
#include "model/job.hpp"
#include "protocol/outcome.hpp"

/// What a requester and a compute node say to each other, also when they are one node.
///
/// No message is durable and none is numbered: each may be lost with its connection, and each may
/// come twice. What must be said follows from rows (an award or cancel not confirmed, a result not
/// acknowledged) and is said again; the receiver's state decides what a repeat means
/// (docs/job-lifecycle.md). Durations, never times, cross between nodes.
namespace skrei::protocol {

// -- Requester to compute ---------------------------------------------------------------------

/// "Would you run this partition?" Not an execution; no rows.
struct Offer {
  OfferId id;
  std::shared_ptr<const model::Job> job;
  int partition_index = 0;
  int attempt = 1;
};

/// "It is yours." Idempotent by (execution, epoch). Synced at the requester before it is sent.
/// It counts in one run of the node's program only: a late double of it, which comes after the
/// execution has ended and the node has restarted, must not start the execution again.
struct Award {
  /// The offer whose bid is taken; the node looks its reservation up by it.
  OfferId offer;
  /// The run of the node that made the bid or, later, whose heartbeat answered the last hello.
  std::string node_run_id;
  ExecutionId execution;
  std::uint64_t epoch = 0;
  std::shared_ptr<const model::Job> job;
  int partition_index = 0;
  int attempt = 1;
  Duration lease{0};
  /// What is left of the job's total timeout; 0: no limit.
  Duration total_left{0};
};

struct Cancel {
  ExecutionId execution;
  std::uint64_t epoch = 0;
  std::string reason;
};

/// "Your result is recorded (or no longer wanted): forget it."
struct OutcomeAck {
  ExecutionId execution;
  std::uint64_t epoch = 0;
};

/// Renews the lease of everything the heartbeat with this sequence listed, except what is
/// cancelled.
struct HeartbeatAnswer {
  std::uint64_t sequence = 0;
  Duration lease{0};
};

/// One execution as one of both sides knows it.
struct KnownExecution {
  ExecutionId execution;
  std::uint64_t epoch = 0;
  std::uint64_t revision = 0;
  model::ComputeStateType state = model::ComputeStateType::Undefined;

  bool operator==(const KnownExecution&) const = default;
};

/// A requester's first word on each connection. The node answers with a heartbeat and repeats the
/// outcomes that are not acknowledged. Awards that are not confirmed follow that heartbeat, since
/// it names the run of the node; until it comes the hello is repeated in their place.
struct Hello {
  std::string boot_id;
  std::string run_id;
  std::vector<KnownExecution> awarded;
};

// -- Compute to requester ---------------------------------------------------------------------

/// "A probe is asked; my answer comes by then."
struct Considering {
  OfferId offer;
  Duration deadline{0};
};

struct Bid {
  OfferId offer;
  std::string run_id;
  /// How long capacity stays reserved. A later award is taken if there is room.
  Duration time_to_live{0};
  /// Bytes of input the node would have to fetch; unset: unknown.
  std::optional<std::uint64_t> missing_bytes;
  /// Bytes of program to fetch or compile first.
  std::uint64_t cold_bytes = 0;
  /// Estimated wait until there is room.
  Duration queue_wait{0};
};

/// Whether asking again can help while job and node stay as they are.
enum class RefusalKind { Never, NotNow };

std::string_view to_string(RefusalKind kind);

/// Why a node does not take a job, as data: `clause` is the rule ("engine", "memory", "locality"),
/// `sentence` what people read ("memory: asked 4GiB, at most 2GiB").
struct Reason {
  std::string clause;
  std::string sentence;
  RefusalKind kind = RefusalKind::Never;

  bool operator==(const Reason&) const = default;
};

/// The sentences, joined by "; ".
std::string join_sentences(const std::vector<Reason>& reasons);
/// NotNow if each reason is; one Never makes it Never.
RefusalKind kind_of(const std::vector<Reason>& reasons);

struct Refusal {
  OfferId offer;
  std::vector<Reason> reasons;
};

struct AwardRefused {
  ExecutionId execution;
  std::uint64_t epoch = 0;
  std::vector<Reason> reasons;
};

/// A step on the way; the first one (BidAccepted) confirms the award. Sent once: what gets lost is
/// made good by `state` in the next heartbeat.
struct Report {
  ExecutionId execution;
  std::uint64_t epoch = 0;
  std::uint64_t revision = 0;
  model::ComputeStateType state = model::ComputeStateType::Undefined;
  model::Event event;
};

/// How it ended. Repeated until acknowledged.
struct Outcome {
  ExecutionId execution;
  std::uint64_t epoch = 0;
  std::uint64_t revision = 0;
  ExecutionResult result;
};

/// Lists everything the node holds for this requester, and so renews the leases between the two.
/// `run_id` is new with each start of the program, `boot_id` with each start of the machine.
struct Heartbeat {
  std::string boot_id;
  std::string run_id;
  /// Ascending from 1 within one run.
  std::uint64_t sequence = 0;
  std::vector<KnownExecution> held;
};

using Message = std::variant<Offer, Award, Cancel, OutcomeAck, HeartbeatAnswer, Hello, Considering,
                             Bid, Refusal, AwardRefused, Report, Outcome, Heartbeat>;

/// "Offer", "Award", …
std::string_view name_of(const Message& message);

enum class Half { Requester, Compute };

/// Which half of the receiving node a message is for.
Half addressee(const Message& message);

}  // namespace skrei::protocol
