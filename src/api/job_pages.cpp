// SPDX-License-Identifier: Apache-2.0
#include "api/job_pages.hpp"

#include <array>

#include "api/history_token.hpp"
#include "api/query.hpp"
#include "base/hash.hpp"
#include "base/nearest_word.hpp"
#include "json/json.hpp"
#include "model/execution_json.hpp"
#include "model/time_text.hpp"

namespace skrei::api {

async::Task<Result<model::Job>> job_of(Shared& shared, const http::Request& request) {
  CO_TRY_ASSIGN(const auto version, version_param(request));
  CO_TRY_ASSIGN(model::Job job, co_await current_job_of(shared, request));
  if (!version || *version == job.version) co_return job;
  co_return co_await shared.services.store.get_job(job.id, version);
}

Result<std::optional<std::uint64_t>> versions_of(const http::Request& request,
                                                 const model::Job& job) {
  TRY_ASSIGN(const bool all_versions, bool_param(request, "all_job_versions", false));
  return all_versions ? std::nullopt : std::optional(job.version);
}

async::Task<Result<model::Job>> current_job_of(Shared& shared, const http::Request& request) {
  auto job = co_await shared.services.store.find_job(request.param("id"),
                                                     text_param(request, "namespace"));
  if (!job && job.error().code == Code::NotFound) {
    const RetentionRule& rule = shared.options.retention;
    job.error().hint =
        fmt::format("{}; ended jobs are removed after {}, or once {} others have ended since",
                    job.error().hint, model::format_duration(rule.age), rule.jobs_max);
  }
  co_return job;
}

namespace {

constexpr std::size_t kScopeDigits = 8;

/// "<place>.<scope>".
Result<PageOrder> order_of_token(std::string_view token, PageOrder order) {
  const std::size_t dot = token.rfind('.');
  const bool has_scope = dot != std::string_view::npos && token.size() - dot - 1 == kScopeDigits;
  TRY_ASSIGN(const auto place,
             jobstore::PageToken::parse(has_scope ? token.substr(0, dot) : token));
  if (!has_scope || token.substr(dot + 1) != order.scope) {
    return fail(Code::InvalidArgument,
                "next_token {:?} belongs to a list with other filters; send those again, or start "
                "again without it",
                token);
  }
  order.order_by = place.order_by;
  order.direction = place.direction;
  order.after = place.key;
  return order;
}

}  // namespace

std::string executions_list(const JobId& job, std::optional<std::uint64_t> version) {
  return fmt::format("executions {} {}", job, version.value_or(0));
}

Result<PageOrder> page_order(const http::Request& request, std::string_view what) {
  PageOrder order;
  order.scope = to_hex(sha256(as_bytes(what))).substr(0, kScopeDigits);
  if (const std::string token = text_param(request, "next_token"); !token.empty()) {
    return order_of_token(token, std::move(order));
  }
  const std::string word = text_param(request, "order_by");
  if (word == "modified_at" || word == "modify_time") {
    order.order_by = jobstore::OrderBy::ModifyTime;
  } else if (!word.empty() && word != "created_at" && word != "create_time") {
    constexpr std::array<std::string_view, 2> kWords = {"created_at", "modified_at"};
    return fail(Code::InvalidArgument, "order_by={:?}: use created_at or modified_at{}", word,
                did_you_mean(word, kWords));
  }
  TRY_ASSIGN(const bool reverse, bool_param(request, "reverse", false));
  if (reverse) order.direction = jobstore::Direction::Descending;
  return order;
}

std::string token_of(const PageOrder& order, const std::optional<jobstore::PageKey>& next) {
  if (!next) return "";
  return fmt::format("{}.{}",
                     jobstore::PageToken{order.order_by, order.direction, *next}.to_string(),
                     order.scope);
}

json::Value retention_of(const Shared& shared, const model::Job& job) {
  const RetentionRule& rule = shared.options.retention;
  return {{"RemovedAfter", model::format_time(job.modify_time + rule.age)},
          {"EndedJobsKept", rule.jobs_max}};
}

async::Task<Result<json::Value>> executions_of(Shared& shared, const model::Job& job) {
  const jobstore::ExecutionQuery query{
      .job_id = job.id, .job_version = job.version, .limit = jobstore::kPageSizeMax};
  CO_TRY_ASSIGN(const auto page, co_await shared.services.store.list_executions(query));
  json::Value items = json::Value::array();
  for (const auto& execution : page.items)
    items.push_back(model::to_json(execution));
  CO_TRY_ASSIGN(const PageOrder order, page_order({}, executions_list(job.id, job.version)));
  co_return json::Value{{"NextToken", token_of(order, page.next)}, {"Items", std::move(items)}};
}

async::Task<Result<json::Value>> history_of(Shared& shared, const model::Job& job) {
  const jobstore::HistoryQuery query{
      .job_id = job.id, .job_version = job.version, .limit = jobstore::kPageSizeMax};
  CO_TRY_ASSIGN(const auto page, co_await shared.services.store.history(query));
  json::Value items = json::Value::array();
  for (const auto& item : page.items)
    items.push_back(model::to_json(item));
  co_return json::Value{{"NextToken", history_token(job, query.after_seq, page)},
                        {"Items", std::move(items)}};
}

}  // namespace skrei::api
