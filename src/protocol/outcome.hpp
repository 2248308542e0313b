// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/execution.hpp"
#include "model/job.hpp"
#include "model/labels.hpp"

namespace skrei::protocol {

/// A program that ran and exited, with whatever code, is Completed. Failed means that Skrei, the
/// node or a limit ended it; Cancelled that somebody asked to stop.
enum class OutcomeKind { Completed, Failed, Cancelled };

/// "completed", "failed", "cancelled".
std::string_view to_string(OutcomeKind kind);
Result<OutcomeKind> parse_outcome_kind(std::string_view text);

/// Whether another start may end better: Node blames the machine (crash, lost process, full disk),
/// Job the job itself (bad module, timeout, memory limit). Unstarted blames nobody: the node
/// restarted before the program had begun, so that nothing of it happened. A fault of the job is
/// never retried; the others are.
enum class Fault { None, Node, Job, Unstarted };

std::string_view to_string(Fault fault);
Result<Fault> parse_fault(std::string_view text);

/// How one execution ended: what the node keeps until the requester has recorded it.
struct ExecutionResult {
  OutcomeKind kind = OutcomeKind::Completed;
  /// Set for Failed only.
  Fault fault = Fault::None;
  /// A sentence for people; empty for Completed.
  std::string message;
  /// Keys of model/event.hpp (ErrorCode, Hint, …).
  model::StringMap details;
  model::SpecConfig published;
  std::optional<model::RunOutput> run_output;
  std::string task_key;
  std::optional<model::PeakUsage> peak_usage;

  bool operator==(const ExecutionResult&) const = default;
};

}  // namespace skrei::protocol
