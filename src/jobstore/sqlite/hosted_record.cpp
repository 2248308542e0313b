// SPDX-License-Identifier: Apache-2.0
#include "jobstore/sqlite/hosted_record.hpp"

#include <chrono>
#include <cstdint>
#include <map>

#include "json/reflect.hpp"
#include "json/words.hpp"
#include "model/execution_json.hpp"
#include "model/job_json.hpp"

namespace skrei::jobstore::sqlite {
namespace {

// What is stored, in plain types; the types of model keep their own storage form as text inside.

struct StoredResult {
  protocol::OutcomeKind kind = protocol::OutcomeKind::Completed;
  protocol::Fault fault = protocol::Fault::None;
  std::string message;
  model::StringMap details;
  std::string published;
  std::optional<std::string> run_output;
  std::string task_key;
  std::optional<std::vector<std::uint64_t>> peak;  // Memory and disk bytes, CPU microseconds.
};

struct StoredHosted {
  int partition_index = 0;
  int attempt = 1;
  std::uint64_t epoch = 0;
  std::vector<std::uint64_t> resources;  // CPU thousandths, memory, disk, GPUs.
  protocol::HostedPhase phase = protocol::HostedPhase::Waiting;
  std::uint64_t revision = 0;
  std::optional<StoredResult> stop;
  std::optional<StoredResult> result;
  std::int64_t total_left_ns = 0;
  std::int64_t accept_time_ns = 0;
  std::optional<std::int64_t> start_time_ns;
  std::optional<std::int64_t> finish_time_ns;
};

using KindWords =
    json::Words<protocol::OutcomeKind, protocol::parse_outcome_kind, protocol::to_string>;
using FaultWords = json::Words<protocol::Fault, protocol::parse_fault, protocol::to_string>;
using PhaseWords =
    json::Words<protocol::HostedPhase, protocol::parse_hosted_phase, protocol::to_string>;

constexpr auto json_fields(const StoredResult*) {
  using json::field;
  constexpr auto kIfSet = json::Emit::IfSet;
  return std::tuple{field<KindWords>("kind", &StoredResult::kind),
                    field<FaultWords>("fault", &StoredResult::fault),
                    field("message", &StoredResult::message, kIfSet),
                    field("details", &StoredResult::details, kIfSet),
                    field("published", &StoredResult::published, kIfSet),
                    field("run_output", &StoredResult::run_output, kIfSet),
                    field("task_key", &StoredResult::task_key, kIfSet),
                    field("peak", &StoredResult::peak, kIfSet)};
}

constexpr auto json_fields(const StoredHosted*) {
  using json::field;
  constexpr auto kIfSet = json::Emit::IfSet;
  return std::tuple{field("partition", &StoredHosted::partition_index, kIfSet),
                    field("attempt", &StoredHosted::attempt),
                    field("epoch", &StoredHosted::epoch),
                    field("resources", &StoredHosted::resources),
                    field<PhaseWords>("phase", &StoredHosted::phase),
                    field("revision", &StoredHosted::revision),
                    field("stop", &StoredHosted::stop, kIfSet),
                    field("result", &StoredHosted::result, kIfSet),
                    field("total_left", &StoredHosted::total_left_ns, kIfSet),
                    field("accepted", &StoredHosted::accept_time_ns),
                    field("started", &StoredHosted::start_time_ns, kIfSet),
                    field("finished", &StoredHosted::finish_time_ns, kIfSet)};
}

StoredResult stored(const protocol::ExecutionResult& result) {
  StoredResult form{.kind = result.kind,
                    .fault = result.fault,
                    .message = result.message,
                    .details = result.details,
                    .task_key = result.task_key};
  if (!result.published.empty()) form.published = model::encode_spec_config(result.published);
  if (result.run_output) form.run_output = model::encode_run_output(*result.run_output);
  if (const auto& peak = result.peak_usage) {
    form.peak = {
        {peak->memory_bytes, peak->disk_bytes, static_cast<std::uint64_t>(peak->cpu_time.count())}};
  }
  return form;
}

std::optional<StoredResult> stored(const std::optional<protocol::ExecutionResult>& result) {
  if (!result) return std::nullopt;
  return stored(*result);
}

Result<std::optional<protocol::ExecutionResult>> restored(std::optional<StoredResult> form) {
  if (!form) return std::nullopt;
  protocol::ExecutionResult result{.kind = form->kind,
                                   .fault = form->fault,
                                   .message = std::move(form->message),
                                   .details = std::move(form->details),
                                   .task_key = std::move(form->task_key)};
  if (!form->published.empty()) {
    TRY_ASSIGN(result.published, model::decode_spec_config(form->published));
  }
  if (form->run_output) {
    TRY_ASSIGN(result.run_output, model::decode_run_output(*form->run_output));
  }
  if (form->peak) {
    if (form->peak->size() != 3) return fail(Code::Internal, "a peak of other than 3 numbers");
    result.peak_usage = model::PeakUsage{
        .memory_bytes = (*form->peak)[0],
        .disk_bytes = (*form->peak)[1],
        .cpu_time = std::chrono::microseconds(static_cast<std::int64_t>((*form->peak)[2]))};
  }
  return result;
}

std::int64_t nanoseconds(WallTime time) {
  return time.time_since_epoch().count();
}

std::optional<std::int64_t> nanoseconds(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return nanoseconds(*time);
}

std::optional<WallTime> wall_time(std::optional<std::int64_t> nanoseconds) {
  if (!nanoseconds) return std::nullopt;
  return WallTime(Duration(*nanoseconds));
}

}  // namespace

std::string encode_hosted(const protocol::HostedExecution& hosted) {
  const model::Resources& need = hosted.resources;
  const StoredHosted form{
      .partition_index = hosted.partition_index,
      .attempt = hosted.attempt,
      .epoch = hosted.epoch,
      .resources = {need.cpu_millis, need.memory_bytes, need.disk_bytes, need.gpu},
      .phase = hosted.phase,
      .revision = hosted.revision,
      .stop = stored(hosted.stop),
      .result = stored(hosted.result),
      .total_left_ns = hosted.total_left.count(),
      .accept_time_ns = nanoseconds(hosted.accept_time),
      .start_time_ns = nanoseconds(hosted.start_time),
      .finish_time_ns = nanoseconds(hosted.finish_time)};
  return json::text_of(form);
}

Result<void> decode_hosted(std::string_view text, protocol::HostedExecution& hosted) {
  TRY_ASSIGN(const json::Value value, json::parse(text));
  TRY_ASSIGN(StoredHosted form, json::decode<StoredHosted>(value));
  if (form.resources.size() != 4) return fail(Code::Internal, "resources of other than 4 numbers");
  hosted.partition_index = form.partition_index;
  hosted.attempt = form.attempt;
  hosted.epoch = form.epoch;
  hosted.resources = {.cpu_millis = form.resources[0],
                      .memory_bytes = form.resources[1],
                      .disk_bytes = form.resources[2],
                      .gpu = form.resources[3]};
  hosted.phase = form.phase;
  hosted.revision = form.revision;
  TRY_ASSIGN(hosted.stop, restored(std::move(form.stop)));
  TRY_ASSIGN(hosted.result, restored(std::move(form.result)));
  hosted.total_left = Duration(form.total_left_ns);
  hosted.accept_time = WallTime(Duration(form.accept_time_ns));
  hosted.start_time = wall_time(form.start_time_ns);
  hosted.finish_time = wall_time(form.finish_time_ns);
  return {};
}

}  // namespace skrei::jobstore::sqlite
