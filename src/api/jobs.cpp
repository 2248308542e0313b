// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/job_pages.hpp"
#include "api/query.hpp"
#include "api/resources.hpp"
#include "base/hash.hpp"
#include "base/nearest_word.hpp"
#include "json/json.hpp"
#include "model/job_json.hpp"
#include "model/validate.hpp"

namespace skrei::api {
namespace {

constexpr int kUnprocessable = 422;

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

/// The header or the field; both are one thing. Who it belongs to: the client says so itself.
std::optional<protocol::IdempotencyKey> idempotency_key(const http::Request& request,
                                                        const json::Value& body) {
  std::string key(request.headers.get("Idempotency-Key").value_or(""));
  if (key.empty()) key = text_member(body, "idempotencyToken");
  if (key.empty()) return std::nullopt;
  const auto client = request.headers.get("X-Bacalhau-InstallationID").value_or("");
  return protocol::IdempotencyKey{.client = std::string(client), .key = std::move(key)};
}

/// Body: {"Job": {…}, "idempotencyToken": "…", "namespace": "…"}; other members are ignored, as
/// v1.9.3's clients send some.
Result<orchestrator::Submission> submission_of(const Shared& shared, const http::Request& request,
                                               std::string_view text) {
  TRY_ASSIGN(const json::Value body, with_context(json::parse(text), "request body"));
  if (!body.is_object()) return fail(Code::InvalidArgument, "request body: expected an object");
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
  submission.key = idempotency_key(request, body);
  submission.body_digest = sha256(as_bytes(text));
  return submission;
}

Answer put(Shared& shared, http::Request request) {
  CO_TRY(check_may_change(shared, request));
  CO_TRY_ASSIGN(const std::string text, co_await request.read_body());
  CO_TRY_ASSIGN(auto submission, submission_of(shared, request, text));
  const auto submitted = co_await shared.services.orchestrator.submit(std::move(submission));
  if (!submitted && submitted.error().code == Code::AlreadyExists) {
    co_return error_answer(request, submitted.error(), kUnprocessable);
  }
  if (!submitted) co_return fail(submitted.error());
  json::Value warnings = json::Value::array();
  for (const std::string& warning : submitted->warnings)
    warnings.push_back(warning);
  co_return answer(request, {{"JobID", submitted->job_id.str()},
                             {"EvaluationID", submitted->evaluation_id},
                             {"Warnings", std::move(warnings)}});
}

Answer list(Shared& shared, http::Request request) {
  jobstore::JobQuery query;
  query.namespace_ = text_param(request, "namespace");
  CO_TRY_ASSIGN(query.labels, labels_param(request));
  CO_TRY_ASSIGN(query.limit, limit_param(request, 10));
  CO_TRY_ASSIGN(const PageOrder order, page_order(request));
  query.order_by = order.order_by;
  query.direction = order.direction;
  query.after = order.after;
  CO_TRY_ASSIGN(const auto page, co_await shared.services.store.list_jobs(query));
  json::Value items = json::Value::array();
  for (const model::Job& job : page.items)
    items.push_back(model::to_json(job));
  co_return answer(request,
                   {{"NextToken", token_of(order, page.next)}, {"Items", std::move(items)}});
}

Answer get(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const model::Job job, co_await job_of(shared, request));
  json::Value body = {{"Job", model::to_json(job)}};
  const std::string include = text_param(request, "include");
  for (std::size_t at = 0; at < include.size();) {
    const std::size_t end = std::min(include.find(',', at), include.size());
    const std::string word = include.substr(at, end - at);
    at = end + 1;
    if (word == "executions") {
      CO_TRY_ASSIGN(body["Executions"], co_await executions_of(shared, job));
    } else if (word == "history") {
      CO_TRY_ASSIGN(body["History"], co_await history_of(shared, job));
    } else {
      constexpr std::array<std::string_view, 2> kWords = {"executions", "history"};
      co_return fail(Code::InvalidArgument, "include={:?}: use executions, history or both{}", word,
                     did_you_mean(word, kWords));
    }
  }
  co_return answer(request, body);
}

Answer stop(Shared& shared, http::Request request) {
  CO_TRY(check_may_change(shared, request));
  CO_TRY_ASSIGN(const model::Job job, co_await job_of(shared, request));
  std::string reason = text_param(request, "reason");
  CO_TRY_ASSIGN(const std::string text, co_await request.read_body());
  if (reason.empty() && !text.empty()) {
    CO_TRY_ASSIGN(const json::Value body, with_context(json::parse(text), "request body"));
    if (body.is_object()) reason = text_member(body, "reason");
  }
  CO_TRY_ASSIGN(const auto stopped,
                co_await shared.services.orchestrator.stop_job(job.id, std::move(reason)));
  co_return answer(request, {{"EvaluationID", stopped.evaluation_id}});
}

}  // namespace

void add_jobs(http::Server& server, Shared& shared) {
  server.route("PUT", "/api/v1/orchestrator/jobs", bind(shared, put));
  server.route("POST", "/api/v1/orchestrator/jobs", bind(shared, put));
  server.route("GET", "/api/v1/orchestrator/jobs", bind(shared, list));
  server.route("GET", "/api/v1/orchestrator/jobs/:id", bind(shared, get));
  server.route("DELETE", "/api/v1/orchestrator/jobs/:id", bind(shared, stop));
}

}  // namespace skrei::api
