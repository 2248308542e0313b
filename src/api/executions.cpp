// SPDX-License-Identifier: Apache-2.0
#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/job_pages.hpp"
#include "api/query.hpp"
#include "api/resources.hpp"
#include "json/json.hpp"
#include "model/execution_json.hpp"
#include "model/job_json.hpp"

namespace skrei::api {
namespace {

Answer list(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const model::Job job, co_await job_of(shared, request));
  jobstore::ExecutionQuery query{.job_id = job.id};
  CO_TRY_ASSIGN(query.limit, limit_param(request, 100));
  CO_TRY_ASSIGN(query.job_version, versions_of(request, job));
  CO_TRY_ASSIGN(const PageOrder order,
                page_order(request, executions_list(job.id, query.job_version)));
  query.order_by = order.order_by;
  query.direction = order.direction;
  query.after = order.after;
  CO_TRY_ASSIGN(const auto page, co_await shared.services.store.list_executions(query));
  json::Value items = json::Value::array();
  for (const auto& execution : page.items)
    items.push_back(model::to_json(execution));
  co_return answer(request,
                   {{"NextToken", token_of(order, page.next)}, {"Items", std::move(items)}});
}

/// What the completed executions of one version of the job published, by partition.
Answer results(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const model::Job job, co_await job_of(shared, request));
  if (job.type != model::JobType::Batch && job.type != model::JobType::Ops) {
    co_return fail(Code::FailedPrecondition,
                   "job {}: only batch and ops jobs have results, this is a {} job", job.id,
                   model::to_string(job.type));
  }
  json::Value items = json::Value::array();
  jobstore::ExecutionQuery query{
      .job_id = job.id, .job_version = job.version, .limit = jobstore::kPageSizeMax};
  do {
    CO_TRY_ASSIGN(const auto page, co_await shared.services.store.list_executions(query));
    for (const auto& execution : page.items) {
      const bool completed =
          execution.compute_state.state_type == model::ComputeStateType::Completed;
      if (completed && !execution.published_result.empty()) {
        items.push_back(model::to_json(execution.published_result));
      }
    }
    query.after = page.next;
  } while (query.after);
  co_return answer(request, {{"NextToken", ""}, {"Items", std::move(items)}});
}

}  // namespace

void add_executions(http::Server& server, Shared& shared) {
  server.route("GET", "/api/v1/orchestrator/jobs/:id/executions", bind(shared, list));
  server.route("GET", "/api/v1/orchestrator/jobs/:id/results", bind(shared, results));
}

}  // namespace skrei::api
