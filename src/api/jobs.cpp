// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include <fmt/ranges.h>

#include "api/answer.hpp"
#include "api/entity_tag.hpp"
#include "api/handler.hpp"
#include "api/job_pages.hpp"
#include "api/query.hpp"
#include "api/resources.hpp"
#include "base/nearest_word.hpp"
#include "jobstore/find.hpp"
#include "json/json.hpp"
#include "model/job_json.hpp"

namespace skrei::api {
namespace {

constexpr int kNotModified = 304;

/// What page_order() tells this list by.
std::string jobs_list(const http::Request& request) {
  const std::string name_space = text_param(request, "namespace");
  return fmt::format("jobs {} {}", jobstore::is_any_namespace(name_space) ? "" : name_space,
                     fmt::join(request.query.get_all("labels"), "\n"));
}

Answer list(Shared& shared, http::Request request) {
  jobstore::JobQuery query;
  query.namespace_ = text_param(request, "namespace");
  CO_TRY_ASSIGN(query.labels, labels_param(request));
  CO_TRY_ASSIGN(query.limit, limit_param(request, 10));
  CO_TRY_ASSIGN(const PageOrder order, page_order(request, jobs_list(request)));
  query.order_by = order.order_by;
  query.direction = order.direction;
  query.after = order.after;
  CO_TRY_ASSIGN(const auto page, co_await shared.services.store.list_jobs(query));
  json::Value items = json::Value::array();
  for (const model::Job& job : page.items)
    items.push_back(model::to_json(job));
  co_return answer(request, {{"NextToken", token_of(order, page.next)},
                             {"Items", std::move(items)},
                             {"WatchFrom", page.last_event}});
}

Answer get(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const model::Job job, co_await job_of(shared, request));
  const std::string tag = entity_tag(job);
  const std::string include = text_param(request, "include");
  const auto known = request.headers.get("If-None-Match");
  if (known && include.empty()) {
    CO_TRY_ASSIGN(const bool is_known, names_tag("If-None-Match", *known, tag));
    if (is_known) {
      auto unchanged = http::Response::bytes("", "application/json", kNotModified);
      unchanged.headers.set("ETag", tag);
      co_return unchanged;
    }
  }
  json::Value body = {{"Job", model::to_json(job)}};
  // An older version goes with the current one.
  if (model::is_terminal(job.state.state_type) && !request.query.contains("job_version")) {
    body["Retention"] = retention_of(shared, job);
  }
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
  http::Response response = answer(request, body);
  // Executions and history change without the job's record.
  if (include.empty()) response.headers.set("ETag", tag);
  co_return response;
}

/// Every version, the current one last.
Answer versions(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const model::Job job, co_await current_job_of(shared, request));
  jobstore::VersionQuery query{.job_id = job.id};
  CO_TRY_ASSIGN(query.limit, limit_param(request, jobstore::kPageSizeMax));
  CO_TRY_ASSIGN(const PageOrder order, page_order(request, fmt::format("versions {}", job.id)));
  if (order.after) query.after_version = static_cast<std::uint64_t>(order.after->time_ns);
  CO_TRY_ASSIGN(const auto page, co_await shared.services.store.job_versions(std::move(query)));
  json::Value items = json::Value::array();
  for (const model::Job& version : page.items)
    items.push_back(model::to_json(version));
  co_return answer(request,
                   {{"NextToken", token_of(order, page.next)}, {"Items", std::move(items)}});
}

}  // namespace

void add_jobs(http::Server& server, Shared& shared) {
  server.route("GET", "/api/v1/orchestrator/jobs", bind(shared, list));
  server.route("GET", "/api/v1/orchestrator/jobs/:id", bind(shared, get));
  server.route("GET", "/api/v1/orchestrator/jobs/:id/versions", bind(shared, versions));
}

}  // namespace skrei::api
