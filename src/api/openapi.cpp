// SPDX-License-Identifier: Apache-2.0
#include "api/openapi.hpp"

#include <string>

#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/resources.hpp"
#include "base/assert.hpp"
#include "json/json.hpp"
#include "model/execution_json.hpp"
#include "model/job_json.hpp"
#include "model/node_json.hpp"

namespace skrei::api {
namespace {

using json::Value;

/// Calls `each` with every word of a list.
template <class Each>
void for_each_word(std::string_view words, char between, Each each) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(between), words.size());
    each(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

Value text_schema() {
  return {{"type", "string"}};
}
Value reference(std::string_view name) {
  return {{"$ref", fmt::format("#/components/schemas/{}", name)}};
}
Value list_of(Value items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}
/// An object with these members, all of them always there.
Value object_of(Value properties) {
  Value required = Value::array();
  for (auto item = properties.begin(); item != properties.end(); ++item)
    required.push_back(item.key());
  return {
      {"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}
Value page_of(std::string_view items, std::string_view name) {
  return object_of({{"NextToken", text_schema()}, {std::string(items), list_of(reference(name))}});
}

/// A schema of answers as one of requests: the server fills in what is left out.
Value as_input(Value schema) {
  if (schema.is_object()) {
    schema.erase("required");
    for (auto& [key, value] : schema.items())
      value = as_input(std::move(value));
  } else if (schema.is_array()) {
    for (Value& value : schema)
      value = as_input(std::move(value));
  }
  return schema;
}

Value job_input() {
  Value job = as_input(model::job_schema());
  for (const char* name : {"ID", "State", "Version", "Revision", "CreateTime", "ModifyTime"})
    job["properties"][name]["readOnly"] = true;
  job["required"] = Value::array({"Type", "Tasks"});
  return job;
}

Value put_job_request() {
  Value request = {{"type", "object"},
                   {"properties",
                    {{"Job", reference("JobInput")},
                     {"Force", {{"type", "boolean"}}},
                     {"idempotencyToken", text_schema()},
                     {"namespace", text_schema()}}},
                   {"required", Value::array({"Job"})}};
  return request;
}

Value rerun_request() {
  return {{"type", "object"},
          {"properties",
           {{"JobVersion", {{"type", "integer"}, {"minimum", 0}}},
            {"Reason", text_schema()},
            {"idempotencyToken", text_schema()}}}};
}

/// Of a submission and of a rerun.
Value version_made() {
  return object_of({{"JobID", text_schema()},
                    {"JobVersion", {{"type", "integer"}, {"minimum", 1}}},
                    {"EvaluationID", text_schema()},
                    {"Warnings", list_of(text_schema())}});
}

/// The envelope of v1.9.3.
Value error_schema() {
  Value schema = object_of({{"Status", {{"type", "integer"}}},
                            {"Message", text_schema()},
                            {"RequestID", text_schema()},
                            {"Code", text_schema()},
                            {"Component", text_schema()}});
  schema["properties"]["Hint"] = text_schema();
  schema["properties"]["Details"] = {{"type", "object"}};
  return schema;
}

/// RFC 9457, for clients that accept it.
Value problem_schema() {
  Value schema = object_of({{"type", text_schema()},
                            {"title", text_schema()},
                            {"status", {{"type", "integer"}}},
                            {"detail", text_schema()}});
  schema["additionalProperties"] = true;
  return schema;
}

/// WatchFrom is the number from which a watch goes on where this list ends; a list of versions has
/// none.
Value job_list() {
  Value list = page_of("Items", "Job");
  list["properties"]["WatchFrom"] = {{"type", "integer"}, {"minimum", 0}};
  return list;
}

Value put_node_request() {
  Value request = object_of(
      {{"Action", {{"type", "string"}, {"enum", Value::array({"approve", "reject", "delete"})}}}});
  request["properties"]["Message"] = text_schema();
  request["properties"]["NodeID"] = text_schema();
  return request;
}

Value agent_config() {
  Value config = object_of({{"config", {{"type", "object"}}}});
  config["properties"]["explain"] = list_of(object_of({{"Key", text_schema()},
                                                       {"Value", text_schema()},
                                                       {"Origin", text_schema()},
                                                       {"Meaning", text_schema()}}));
  return config;
}

Value schemas() {
  const Value evaluation = object_of({{"EvaluationID", text_schema()}});
  Value get_job = object_of({{"Job", reference("Job")}});
  get_job["properties"]["Executions"] = reference("ExecutionList");
  get_job["properties"]["History"] = reference("HistoryList");
  get_job["properties"]["Retention"] =
      object_of({{"RemovedAfter", text_schema()}, {"EndedJobsKept", {{"type", "integer"}}}});
  return {
      {"Job", model::job_schema()},
      {"JobInput", job_input()},
      {"Execution", model::execution_schema()},
      {"JobHistory", model::job_history_schema()},
      {"SpecConfig", model::spec_config_schema()},
      {"NodeInfo", model::node_info_schema()},
      {"NodeState", model::node_state_schema()},
      {"BuildVersion", model::build_version_schema()},
      {"PutJobRequest", put_job_request()},
      {"PutJobResponse", version_made()},
      {"DiffJobResponse",
       object_of({{"Diff", text_schema()}, {"Warnings", list_of(text_schema())}})},
      {"RerunJobRequest", rerun_request()},
      {"RerunJobResponse", version_made()},
      {"GetJobResponse", std::move(get_job)},
      {"StopJobResponse", evaluation},
      {"JobList", job_list()},
      {"ExecutionList", page_of("Items", "Execution")},
      {"HistoryList", page_of("Items", "JobHistory")},
      {"ResultList", page_of("Items", "SpecConfig")},
      {"NodeList", object_of({{"NextToken", text_schema()},
                              {"Nodes", list_of(reference("NodeState"))},
                              {"nodes", list_of(reference("NodeState"))}})},
      {"GetNodeResponse",
       object_of({{"Node", reference("NodeState")}, {"node", reference("NodeState")}})},
      {"PutNodeRequest", put_node_request()},
      {"PutNodeResponse",
       object_of({{"Success", {{"type", "boolean"}}}, {"Error", text_schema()}})},
      {"AgentConfig", agent_config()},
      {"Alive", object_of({{"Status", text_schema()}})},
      {"AddContentResponse",
       object_of({{"CID", text_schema()}, {"Size", {{"type", "integer"}, {"minimum", 0}}}})},
      {"Error", error_schema()},
      {"Problem", problem_schema()},
  };
}

Value parameter_schema(std::string_view type) {
  if (type == "text") return text_schema();
  if (type == "whole") return {{"type", "integer"}, {"minimum", 0}};
  if (type == "bool") return {{"type", "boolean"}};
  if (type == "list") return list_of(text_schema());
  Value words = Value::array();
  for_each_word(type, '|', [&](std::string_view word) { words.push_back(word); });
  return {{"type", "string"}, {"enum", std::move(words)}};
}

Value parameter(std::string_view name, std::string_view place) {
  const ParameterText* text = find_parameter(name);
  SKREI_ASSERT(text != nullptr);  // The tables stand side by side.
  return {{"name", text->name},
          {"in", place},
          {"description", text->about},
          {"schema", parameter_schema(text->type)}};
}

/// Component schemas, and bytes of media types.
Value content_of(std::string_view words) {
  Value content = Value::object();
  for_each_word(words, ' ', [&](std::string_view what) {
    const bool is_media_type = what.find('/') != std::string_view::npos;
    if (is_media_type) {
      content[std::string(what)] = Value::object();
    } else {
      content["application/json"] = {{"schema", reference(what)}};
    }
  });
  return content;
}

Value responses_of(const OperationText& operation) {
  Value good = {{"description", operation.summary}};
  if (!operation.answer.empty()) good["content"] = content_of(operation.answer);
  Value responses = {{std::to_string(operation.status), std::move(good)},
                     {"default", {{"$ref", "#/components/responses/Error"}}}};
  for_each_word(operation.errors, ' ', [&](std::string_view status) {
    responses[std::string(status)] = {{"$ref", "#/components/responses/Error"}};
  });
  return responses;
}

/// "/jobs/:id" is "/jobs/{id}" here; `names` gets the names.
std::string path_of(std::string_view pattern, std::vector<std::string>& names) {
  std::string path;
  for_each_word(pattern.substr(1), '/', [&](std::string_view segment) {
    path += '/';
    if (segment.starts_with(':') || segment.starts_with('*')) {
      names.emplace_back(segment.substr(1));
      path += fmt::format("{{{}}}", names.back());
    } else {
      path += segment;
    }
  });
  return path.empty() ? "/" : path;
}

Value describe(const OperationText& operation, const std::vector<std::string>& path_names) {
  Value parameters = Value::array();
  for (const std::string& name : path_names) {
    parameters.push_back(
        {{"name", name}, {"in", "path"}, {"required", true}, {"schema", text_schema()}});
  }
  for_each_word(operation.parameters, ' ',
                [&](std::string_view name) { parameters.push_back(parameter(name, "query")); });
  for_each_word(operation.headers, ' ',
                [&](std::string_view name) { parameters.push_back(parameter(name, "header")); });
  Value result = {{"operationId", operation.id},
                  {"summary", operation.summary},
                  {"parameters", std::move(parameters)},
                  {"responses", responses_of(operation)}};
  if (!operation.body.empty()) {
    result["requestBody"] = {{"required", true}, {"content", content_of(operation.body)}};
  }
  return result;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

Answer serve(Shared& shared, http::Request request) {
  co_return answer(request, openapi_document(shared.services.node_info().version.git_version));
}

}  // namespace

json::Value openapi_document(std::string_view version) {
  Value paths = Value::object();
  for (const OperationText& operation : operations()) {
    std::vector<std::string> names;
    const std::string path = path_of(operation.pattern, names);
    paths[path][lower_case(operation.method)] = describe(operation, names);
  }
  const Value error = {{"description", "What went wrong, in one sentence"},
                       {"content",
                        {{"application/json", {{"schema", reference("Error")}}},
                         {"application/problem+json", {{"schema", reference("Problem")}}}}}};
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Skrei"},
            {"version", version},
            {"description",
             "A compute-over-data network node. The shapes of Bacalhau v1.9.3, with additions."},
            {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
          {"paths", std::move(paths)},
          {"components", {{"schemas", schemas()}, {"responses", {{"Error", error}}}}}};
}

void add_openapi(http::Server& server, Shared& shared) {
  server.route("GET", "/api/v1/openapi.json", bind(shared, serve));
}

}  // namespace skrei::api
