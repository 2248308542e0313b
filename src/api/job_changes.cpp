// SPDX-License-Identifier: Apache-2.0
// What changes jobs: submission (and with it updates), its dry run, rerun, stop.
#include <optional>
#include <utility>

#include "api/answer.hpp"
#include "api/entity_tag.hpp"
#include "api/handler.hpp"
#include "api/job_pages.hpp"
#include "api/query.hpp"
#include "api/resources.hpp"
#include "base/hash.hpp"
#include "base/nearest_word.hpp"
#include "json/json.hpp"
#include "model/job_diff.hpp"
#include "model/job_json.hpp"
#include "model/validate.hpp"

namespace skrei::api {
namespace {

constexpr int kPreconditionFailed = 412;
constexpr int kUnprocessable = 422;
constexpr std::size_t kKeyBytesMax = 255;

/// Value of a member of the request's object, by a name of any case; null if it is not there.
const json::Value* member(const json::Value& object, std::string_view name) {
  for (auto item = object.begin(); item != object.end(); ++item) {
    if (equal_ignoring_case(item.key(), name)) return &item.value();
  }
  return nullptr;
}

std::string text_member(const json::Value& object, std::string_view name) {
  const json::Value* value = member(object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

Result<bool> bool_member(const json::Value& object, std::string_view name) {
  const json::Value* value = member(object, name);
  if (value == nullptr || value->is_null()) return false;
  if (value->is_boolean()) return value->get<bool>();
  return fail(Code::InvalidArgument, "request body: {}: expected true or false", name);
}

/// A request body that may be left out; it is an object then.
Result<json::Value> object_body(std::string_view text) {
  if (text.empty()) return json::Value::object();
  TRY_ASSIGN(json::Value body, with_context(json::parse(text), "request body"));
  if (!body.is_object()) return fail(Code::InvalidArgument, "request body: expected an object");
  return body;
}

/// The header or the field; both are one thing. Who it belongs to: the client says so itself.
Result<std::optional<protocol::IdempotencyKey>> idempotency_key(const http::Request& request,
                                                                const json::Value& body) {
  std::string key(request.headers.get("Idempotency-Key").value_or(""));
  const std::string field = text_member(body, "idempotencyToken");
  if (!key.empty() && !field.empty() && key != field) {
    return fail(Code::InvalidArgument,
                "Idempotency-Key and idempotencyToken are one thing and differ; send one of them");
  }
  if (key.empty()) key = field;
  if (key.empty()) return std::nullopt;
  if (key.size() > kKeyBytesMax) {
    return fail(Code::InvalidArgument, "idempotency key of {} bytes; at most {} are taken",
                key.size(), kKeyBytesMax);
  }
  const auto client = request.headers.get("X-Bacalhau-InstallationID").value_or("");
  return protocol::IdempotencyKey{.client = std::string(client.substr(0, kKeyBytesMax)),
                                  .key = std::move(key)};
}

/// `asked` holds all that the request asks for, whatever way it came.
Result<orchestrator::Terms> terms_of(const http::Request& request, const json::Value& body,
                                     JobCondition& condition, std::string_view asked) {
  orchestrator::Terms terms;
  TRY_ASSIGN(terms.key, idempotency_key(request, body));
  if (terms.key) terms.request_digest = sha256(as_bytes(asked));
  terms.condition = condition.check();
  return terms;
}

Answer refused(const http::Request& request, const Error& error, const JobCondition& condition) {
  if (condition.failed()) co_return error_answer(request, error, kPreconditionFailed);
  if (error.code == Code::AlreadyExists) co_return error_answer(request, error, kUnprocessable);
  co_return fail(error);
}

json::Value list_of(const std::vector<std::string>& texts) {
  json::Value list = json::Value::array();
  for (const std::string& text : texts)
    list.push_back(text);
  return list;
}

/// Body: {"Job": {…}, "Force": false, "idempotencyToken": "…", "namespace": "…"}; other members are
/// ignored, as v1.9.3's clients send some.
Result<orchestrator::Submission> submission_of(const Shared& shared, const json::Value& body) {
  const json::Value* job = member(body, "Job");
  if (job == nullptr || !job->is_object()) {
    return fail(Error{Code::InvalidArgument, "request body: the member \"Job\" is missing",
                      "send {\"Job\": {\"Type\": \"batch\", \"Tasks\": […]}}"});
  }
  std::vector<std::string> unknown;
  TRY_ASSIGN(model::Job submitted, model::job_from_json(*job, &unknown));
  const std::string name_space = text_member(body, "namespace");
  const json::Value* own = member(*job, "Namespace");
  if (!name_space.empty() && (own == nullptr || !own->is_string() || *own == "")) {
    submitted.namespace_ = name_space;
  }
  TRY_ASSIGN(
      model::AdmittedJob admitted,
      model::admit(std::move(submitted), shared.options.job_defaults, shared.options.job_limits));
  orchestrator::Submission submission;
  submission.job = std::move(admitted.job);
  submission.warnings = std::move(admitted.warnings);
  submission.warnings.insert(submission.warnings.end(), unknown.begin(), unknown.end());
  TRY_ASSIGN(submission.force, bool_member(body, "Force"));
  return submission;
}

Answer put(Shared& shared, http::Request request) {
  CO_TRY(check_may_change(shared, request));
  CO_TRY_ASSIGN(const std::string text, co_await request.read_body());
  CO_TRY_ASSIGN(const json::Value body, object_body(text));
  CO_TRY_ASSIGN(auto submission, submission_of(shared, body));
  JobCondition condition(request);
  CO_TRY_ASSIGN(auto terms, terms_of(request, body, condition, text));
  const auto submitted =
      co_await shared.services.orchestrator.submit(std::move(submission), std::move(terms));
  if (!submitted) co_return co_await refused(request, submitted.error(), condition);
  co_return answer(request, {{"JobID", submitted->job_id.str()},
                             {"JobVersion", submitted->job_version},
                             {"EvaluationID", submitted->evaluation_id},
                             {"Warnings", list_of(submitted->warnings)}});
}

/// Body as of a submission. Says what it would change, and changes nothing.
Answer diff(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const std::string text, co_await request.read_body());
  CO_TRY_ASSIGN(const json::Value body, object_body(text));
  CO_TRY_ASSIGN(auto submission, submission_of(shared, body));
  const model::Job& job = submission.job;
  if (job.name.empty()) {
    co_return fail(Error{Code::InvalidArgument, "Job: Name: is missing",
                         "a job is compared with the one of its name; give it one"});
  }
  CO_TRY_ASSIGN(const auto stored,
                co_await shared.services.store.named_job(job.name, job.namespace_));
  std::string changes;
  if (stored) {
    changes = model::describe_changes(*stored, job);
    if (changes.empty()) {
      submission.warnings.push_back(
          fmt::format("nothing changes in job \"{}\" ({}, version {}): submitting it needs Force",
                      stored->name, stored->id, stored->version));
    }
  } else {
    changes = fmt::format("there is no job \"{}\" in namespace \"{}\": it would be a new one",
                          job.name, job.namespace_);
  }
  co_return answer(request,
                   {{"Diff", std::move(changes)}, {"Warnings", list_of(submission.warnings)}});
}

/// Body: {"JobVersion": 0, "Reason": "…", "idempotencyToken": "…"}; version 0 is the current one.
Answer rerun(Shared& shared, http::Request request) {
  CO_TRY(check_may_change(shared, request));
  CO_TRY_ASSIGN(const model::Job job, co_await current_job_of(shared, request));
  CO_TRY_ASSIGN(const std::string text, co_await request.read_body());
  CO_TRY_ASSIGN(const json::Value body, object_body(text));
  orchestrator::RerunRequest wanted{
      .job = job.id, .version = std::nullopt, .reason = text_member(body, "Reason")};
  const json::Value* version = member(body, "JobVersion");
  if (version != nullptr && !version->is_null()) {
    if (!version->is_number_unsigned()) {
      co_return fail(Code::InvalidArgument,
                     "request body: JobVersion: expected a whole number from 0 on");
    }
    if (*version != 0) wanted.version = version->get<std::uint64_t>();
  }
  JobCondition condition(request);
  CO_TRY_ASSIGN(auto terms, terms_of(request, body, condition,
                                     fmt::format("rerun\n{}\n{}\n{}", job.id,
                                                 wanted.version.value_or(0), wanted.reason)));
  const auto taken =
      co_await shared.services.orchestrator.rerun(std::move(wanted), std::move(terms));
  if (!taken) co_return co_await refused(request, taken.error(), condition);
  co_return answer(request, {{"JobID", taken->job_id.str()},
                             {"JobVersion", taken->job_version},
                             {"EvaluationID", taken->evaluation_id},
                             {"Warnings", list_of(taken->warnings)}});
}

Answer stop(Shared& shared, http::Request request) {
  CO_TRY(check_may_change(shared, request));
  CO_TRY_ASSIGN(const model::Job job, co_await current_job_of(shared, request));
  CO_TRY_ASSIGN(const std::string text, co_await request.read_body());
  CO_TRY_ASSIGN(const json::Value body, object_body(text));
  std::string reason = text_param(request, "reason");
  if (reason.empty()) reason = text_member(body, "reason");
  JobCondition condition(request);
  CO_TRY_ASSIGN(auto terms,
                terms_of(request, body, condition, fmt::format("stop\n{}\n{}", job.id, reason)));
  const auto stopped =
      co_await shared.services.orchestrator.stop_job(job.id, std::move(reason), std::move(terms));
  if (!stopped) co_return co_await refused(request, stopped.error(), condition);
  co_return answer(request, {{"EvaluationID", stopped->evaluation_id}});
}

}  // namespace

void add_job_changes(http::Server& server, Shared& shared) {
  server.route("PUT", "/api/v1/orchestrator/jobs", bind(shared, put));
  server.route("POST", "/api/v1/orchestrator/jobs", bind(shared, put));
  server.route("PUT", "/api/v1/orchestrator/jobs/diff", bind(shared, diff));
  server.route("PUT", "/api/v1/orchestrator/jobs/:id/rerun", bind(shared, rerun));
  server.route("DELETE", "/api/v1/orchestrator/jobs/:id", bind(shared, stop));
}

}  // namespace skrei::api
