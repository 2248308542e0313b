// SPDX-License-Identifier: Apache-2.0
#include "model/job_json.hpp"

#include "base/nearest_word.hpp"
#include "json/reflect.hpp"
#include "json/words.hpp"
#include "json/yaml.hpp"
#include "model/codecs.hpp"

namespace skrei::json {

Result<void> Codec<model::SpecConfig>::decode(const Value& value, const Reader& reader,
                                              model::SpecConfig& out) {
  static constexpr std::array<std::string_view, 2> kNames{"Type", "Params"};
  if (!value.is_object()) return reader.fail_expected("an object with Type and Params", value);
  std::array<bool, 2> seen{};
  for (auto item = value.begin(); item != value.end(); ++item) {
    const std::size_t index = find_name(item.key(), kNames);
    if (index == kNames.size()) {
      TRY(reader.on_unknown(item.key(), kNames));
      continue;
    }
    const Reader at = reader.at_key(kNames[index]);
    if (std::exchange(seen[index], true)) return at.fail("is there twice, in different case");
    if (item.value().is_null()) continue;
    if (index == 0) {
      TRY(Codec<std::string>::decode(item.value(), at, out.type));
    } else {
      if (!item.value().is_object()) return at.fail_expected("an object", item.value());
      out.params = dump(item.value());
    }
  }
  return {};
}

}  // namespace skrei::json

namespace skrei::model {
namespace {

using json::Emit;
using json::field;
using json::Words;

// People write `CPU: 2` as often as `CPU: "2"`.
struct QuantityText {
  static json::Value encode(const std::string& text) { return text; }
  static json::Value schema() { return json::schema<std::string>(); }
  static Result<void> decode(const json::Value& value, const json::Reader& reader,
                             std::string& out) {
    if (value.is_number()) {
      out = json::dump(value);
      return {};
    }
    return json::Codec<std::string>::decode(value, reader, out);
  }
};

}  // namespace

constexpr auto json_fields(const Constraint*) {
  return std::tuple{
      field("Key", &Constraint::key),
      field<Words<LabelOperator, parse_label_operator, to_string, LabelOperator::LessThan>>(
          "Operator", &Constraint::op),
      field("Values", &Constraint::values)};
}
static_assert(json::kCoversAllMembers<Constraint>);

constexpr auto json_fields(const JobState*) {
  return std::tuple{field<Words<JobStateType, parse_job_state, to_string, JobStateType::Stopped>>(
                        "StateType", &JobState::state_type),
                    field("Message", &JobState::message), field("Details", &JobState::details)};
}
static_assert(json::kCoversAllMembers<JobState>);

constexpr auto json_fields(const InputSource*) {
  return std::tuple{field("Source", &InputSource::source), field("Alias", &InputSource::alias),
                    field("Target", &InputSource::target)};
}
static_assert(json::kCoversAllMembers<InputSource>);

constexpr auto json_fields(const ResultPath*) {
  return std::tuple{field("Name", &ResultPath::name), field("Path", &ResultPath::path)};
}
static_assert(json::kCoversAllMembers<ResultPath>);

constexpr auto json_fields(const ResourcesSpec*) {
  return std::tuple{field<QuantityText>("CPU", &ResourcesSpec::cpu, Emit::IfSet),
                    field<QuantityText>("Memory", &ResourcesSpec::memory, Emit::IfSet),
                    field<QuantityText>("Disk", &ResourcesSpec::disk, Emit::IfSet),
                    field<QuantityText>("GPU", &ResourcesSpec::gpu, Emit::IfSet)};
}
static_assert(json::kCoversAllMembers<ResourcesSpec>);

constexpr auto json_fields(const PortMapping*) {
  return std::tuple{field("Name", &PortMapping::name),
                    field("Static", &PortMapping::static_port, Emit::IfSet),
                    field("Target", &PortMapping::target, Emit::IfSet),
                    field("HostNetwork", &PortMapping::host_network, Emit::IfSet)};
}
static_assert(json::kCoversAllMembers<PortMapping>);

constexpr auto json_fields(const Network*) {
  return std::tuple{field<Words<NetworkType, parse_network_type, to_string, NetworkType::Bridge>>(
                        "Type", &Network::type),
                    field("Domains", &Network::domains, Emit::IfSet),
                    field("Ports", &Network::ports, Emit::IfSet)};
}
static_assert(json::kCoversAllMembers<Network>);

constexpr auto json_fields(const Timeouts*) {
  return std::tuple{field("ExecutionTimeout", &Timeouts::execution, Emit::IfSet),
                    field("QueueTimeout", &Timeouts::queue, Emit::IfSet),
                    field("TotalTimeout", &Timeouts::total, Emit::IfSet)};
}
static_assert(json::kCoversAllMembers<Timeouts>);

constexpr auto json_fields(const Task*) {
  return std::tuple{field("Name", &Task::name),
                    field("Engine", &Task::engine),
                    field("Publisher", &Task::publisher),
                    field("Env", &Task::env),
                    field("Meta", &Task::meta),
                    field("InputSources", &Task::input_sources),
                    field("ResultPaths", &Task::result_paths),
                    field("Resources", &Task::resources),
                    field("Network", &Task::network),
                    field("Timeouts", &Task::timeouts)};
}
static_assert(json::kCoversAllMembers<Task>);

constexpr auto json_fields(const Job*) {
  return std::tuple{
      field("ID", &Job::id),
      field("Name", &Job::name),
      field("Namespace", &Job::namespace_),
      field<Words<JobType, parse_job_type, to_string, JobType::Daemon>>("Type", &Job::type),
      field("Priority", &Job::priority),
      field("Count", &Job::count),
      field("Constraints", &Job::constraints),
      field("Meta", &Job::meta),
      field("Labels", &Job::labels),
      field("Tasks", &Job::tasks),
      field<Words<LateResult, parse_late_result, to_string, LateResult::Refuse>>(
          "LateResult", &Job::late_result, Emit::IfSet),
      field("State", &Job::state),
      field("Version", &Job::version),
      field("Revision", &Job::revision),
      field("CreateTime", &Job::create_time),
      field("ModifyTime", &Job::modify_time)};
}
static_assert(json::kCoversAllMembers<Job>);

json::Value to_json(const Job& job) {
  return json::encode(job);
}
json::Value job_schema() {
  return json::schema<Job>();
}
json::Value to_json(const SpecConfig& spec) {
  return json::encode(spec);
}

json::Value spec_config_schema() {
  return json::schema<SpecConfig>();
}

Result<Job> job_from_json(const json::Value& value, std::vector<std::string>* unknown) {
  if (!value.is_object()) return fail(Code::InvalidArgument, "a job is an object");
  return json::decode<Job>(value, json::Reader(json::UnknownKeys::Ignore, unknown));
}
Result<SpecConfig> spec_config_from_json(const json::Value& value) {
  return json::decode<SpecConfig>(value);
}

std::string encode_job(const Job& job) {
  return json::text_of(job);
}
Result<Job> decode_job(std::string_view text) {
  return decode_text<Job>("stored job", text);
}
std::string encode_spec_config(const SpecConfig& spec) {
  return json::text_of(spec);
}
Result<SpecConfig> decode_spec_config(std::string_view text) {
  return decode_text<SpecConfig>("stored spec", text);
}

Result<Job> parse_job_file(std::string_view text, std::vector<std::string>* unknown) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && text[first] == '{';
  // A YAML flow map begins like JSON; what is not JSON may still be that.
  Result<json::Value> value = is_json ? json::parse(text) : json::parse_yaml(text);
  if (!value && is_json) {
    if (auto yaml = json::parse_yaml(text)) value = std::move(yaml);
  }
  if (!value) return fail(value.error());
  if (!value->is_object()) {
    return fail(Code::InvalidArgument, "a job file holds one job, as a map with Type and Tasks");
  }
  if (value->size() == 1 && equal_ignoring_case(value->begin().key(), "Job")) {
    return job_from_json(value->begin().value(), unknown);
  }
  return job_from_json(*value, unknown);
}

}  // namespace skrei::model
