// SPDX-License-Identifier: Apache-2.0
#include "model/execution_json.hpp"

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/nearest_word.hpp"
#include "json/reflect.hpp"
#include "json/words.hpp"
#include "model/codecs.hpp"

namespace skrei::model {
namespace {

using json::Emit;
using json::field;
using json::Words;

// A state as its number.
template <class E, int Last>
struct StateNumber {
  static json::Value encode(E state) { return static_cast<int>(state); }
  static void write(std::string& out, E state) { json::write(out, static_cast<int>(state)); }
  /// "0 Undefined, 1 New, …": the words stand nowhere else on the wire.
  static json::Value schema() {
    std::string words;
    for (int state = 0; state <= Last; ++state) {
      words += fmt::format("{}{} {}", state == 0 ? "" : ", ", state, to_string(E(state)));
    }
    return {{"type", "integer"}, {"minimum", 0}, {"maximum", Last}, {"description", words}};
  }
  static Result<void> decode(const json::Value& value, const json::Reader& reader, E& out) {
    TRY_ASSIGN(const std::int64_t number,
               json::whole_number(value, reader, std::int64_t{0}, std::int64_t{Last}));
    out = static_cast<E>(number);
    return {};
  }
};
using ComputeNumber = StateNumber<ComputeStateType, 11>;
using DesiredNumber = StateNumber<DesiredStateType, 2>;

constexpr std::string_view kTasksKey = "Tasks";

// {"Tasks": {"main": {"CPU": …}}}
struct TasksResources {
  using Map = std::map<std::string, Resources>;
  static json::Value encode(const Map& tasks) {
    return {{std::string(kTasksKey), json::encode(tasks)}};
  }
  static void write(std::string& out, const Map& tasks) {
    out += '{';
    json::write_string(out, kTasksKey);
    out += ':';
    json::write(out, tasks);
    out += '}';
  }
  static json::Value schema() {
    return {{"type", "object"}, {"properties", {{std::string(kTasksKey), json::schema<Map>()}}}};
  }
  static Result<void> decode(const json::Value& value, const json::Reader& reader, Map& out) {
    if (!value.is_object()) return reader.fail_expected("an object", value);
    for (auto item = value.begin(); item != value.end(); ++item) {
      if (!equal_ignoring_case(item.key(), kTasksKey) || item.value().is_null()) continue;
      TRY(json::Codec<Map>::decode(item.value(), reader.at_key(kTasksKey), out));
    }
    return {};
  }
};

}  // namespace

constexpr auto json_fields(const ComputeState*) {
  return std::tuple{field<ComputeNumber>("StateType", &ComputeState::state_type),
                    field("Message", &ComputeState::message),
                    field("Details", &ComputeState::details)};
}
static_assert(json::kCoversAllMembers<ComputeState>);

constexpr auto json_fields(const DesiredState*) {
  return std::tuple{field<DesiredNumber>("StateType", &DesiredState::state_type),
                    field("Message", &DesiredState::message)};
}
static_assert(json::kCoversAllMembers<DesiredState>);

// "stderr" is lower case in v1.9.3, and only that.
constexpr auto json_fields(const RunOutput*) {
  return std::tuple{field("Stdout", &RunOutput::stdout_text),
                    field("StdoutTruncated", &RunOutput::stdout_truncated),
                    field("stderr", &RunOutput::stderr_text),
                    field("StderrTruncated", &RunOutput::stderr_truncated),
                    field("ExitCode", &RunOutput::exit_code),
                    field("ErrorMsg", &RunOutput::error_message)};
}
static_assert(json::kCoversAllMembers<RunOutput>);

constexpr auto json_fields(const PeakUsage*) {
  return std::tuple{field("MemoryBytes", &PeakUsage::memory_bytes),
                    field("DiskBytes", &PeakUsage::disk_bytes),
                    field("CPUTimeMicros", &PeakUsage::cpu_time)};
}
static_assert(json::kCoversAllMembers<PeakUsage>);

constexpr auto json_fields(const Execution*) {
  return std::tuple{field("ID", &Execution::id),
                    field("Namespace", &Execution::namespace_),
                    field("NodeID", &Execution::node_id),
                    field("JobID", &Execution::job_id),
                    field("JobVersion", &Execution::job_version),
                    field("PartitionIndex", &Execution::partition_index, Emit::IfSet),
                    field<TasksResources>("AllocatedResources", &Execution::allocated_resources),
                    field("DesiredState", &Execution::desired_state),
                    field("ComputeState", &Execution::compute_state),
                    field("PublishedResult", &Execution::published_result),
                    field("RunOutput", &Execution::run_output),
                    field("PreviousExecution", &Execution::previous_execution),
                    field("NextExecution", &Execution::next_execution),
                    field("Revision", &Execution::revision),
                    field("CreateTime", &Execution::create_time),
                    field("ModifyTime", &Execution::modify_time),
                    field("Epoch", &Execution::epoch, Emit::IfSet),
                    field("Attempt", &Execution::attempt, Emit::IfSet),
                    field("TaskKey", &Execution::task_key, Emit::IfSet),
                    field("PeakUsage", &Execution::peak_usage, Emit::IfSet)};
}
static_assert(json::kCoversAllMembers<Execution>);

constexpr auto json_fields(const Event*) {
  return std::tuple{field("Message", &Event::message), field("Topic", &Event::topic),
                    field<Rfc3339>("Timestamp", &Event::timestamp),
                    field("Details", &Event::details)};
}
static_assert(json::kCoversAllMembers<Event>);

constexpr auto json_fields(const JobHistory*) {
  return std::tuple{
      field("SeqNum", &JobHistory::seq_num),
      field<Words<HistoryType, parse_history_type, to_string, HistoryType::ExecutionLevel>>(
          "Type", &JobHistory::type),
      field("JobID", &JobHistory::job_id),
      field("JobVersion", &JobHistory::job_version),
      field("ExecutionID", &JobHistory::execution_id, Emit::IfSet),
      field("Event", &JobHistory::event),
      field<Rfc3339>("Time", &JobHistory::time)};
}
static_assert(json::kCoversAllMembers<JobHistory>);

namespace {

// Bytes that JSON text cannot carry stand beside their readable form in base64.
constexpr std::string_view kStdoutBytes = "StdoutBase64";
constexpr std::string_view kStderrBytes = "StderrBase64";

void put_bytes(json::Value& value, std::string_view key, const std::string& text) {
  if (to_valid_utf8(text) != text) value[std::string(key)] = to_base64(as_bytes(text));
}

Result<void> take_bytes(const json::Value& value, std::string_view key, std::string& out) {
  const auto found = value.find(key);
  if (found == value.end()) return {};
  if (!found->is_string()) return fail(Code::InvalidArgument, "{}: expected base64", key);
  TRY_ASSIGN(const Bytes bytes, from_base64(found->get_ref<const std::string&>()));
  out = as_chars(bytes);
  return {};
}

bool is_text(const RunOutput& output) {
  return to_valid_utf8(output.stdout_text) == output.stdout_text &&
         to_valid_utf8(output.stderr_text) == output.stderr_text;
}

json::Value stored_run_output(const RunOutput& output) {
  json::Value value = json::encode(output);
  put_bytes(value, kStdoutBytes, output.stdout_text);
  put_bytes(value, kStderrBytes, output.stderr_text);
  return value;
}

Result<void> restore_bytes(const json::Value& value, RunOutput& output) {
  TRY(take_bytes(value, kStdoutBytes, output.stdout_text));
  return take_bytes(value, kStderrBytes, output.stderr_text);
}

}  // namespace

json::Value to_json(const Execution& execution) {
  json::Value value = json::encode(execution);
  // Evaluations are an inner matter of v1.9.3; its clients expect the keys.
  value["EvalID"] = "";
  value["Name"] = "";
  value["FollowupEvalID"] = "";
  return value;
}
json::Value execution_schema() {
  json::Value result = json::schema<Execution>();
  for (const char* name : {"EvalID", "Name", "FollowupEvalID"})
    result["properties"][name] = json::schema<std::string>();
  return result;
}
Result<Execution> execution_from_json(const json::Value& value) {
  if (!value.is_object()) return fail(Code::InvalidArgument, "an execution is an object");
  return json::decode<Execution>(value);
}

json::Value to_json(const JobHistory& item) {
  return json::encode(item);
}
json::Value job_history_schema() {
  return json::schema<JobHistory>();
}
Result<JobHistory> job_history_from_json(const json::Value& value) {
  return json::decode<JobHistory>(value);
}

std::string encode_execution(const Execution& execution) {
  if (!execution.run_output || is_text(*execution.run_output)) return json::text_of(execution);
  json::Value value = json::encode(execution);
  value["RunOutput"] = stored_run_output(*execution.run_output);
  return json::dump(value);
}
Result<Execution> decode_execution(std::string_view text) {
  TRY_ASSIGN(const json::Value value, with_context(json::parse(text), "stored execution"));
  TRY_ASSIGN(Execution execution, with_context(execution_from_json(value), "stored execution"));
  if (execution.run_output) TRY(restore_bytes(value["RunOutput"], *execution.run_output));
  return execution;
}

std::string encode_run_output(const RunOutput& output) {
  return is_text(output) ? json::text_of(output) : json::dump(stored_run_output(output));
}
Result<RunOutput> decode_run_output(std::string_view text) {
  TRY_ASSIGN(const json::Value value, with_context(json::parse(text), "stored run output"));
  TRY_ASSIGN(RunOutput output, with_context(json::decode<RunOutput>(value), "stored run output"));
  TRY(restore_bytes(value, output));
  return output;
}

std::string encode_event(const Event& event) {
  return json::text_of(event);
}
Result<Event> decode_event(std::string_view text) {
  return decode_text<Event>("stored event", text);
}

}  // namespace skrei::model
