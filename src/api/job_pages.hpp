// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "api/resources.hpp"
#include "http/request.hpp"
#include "jobstore/query.hpp"
#include "json/json_fwd.hpp"
#include "model/job.hpp"

namespace skrei::api {

// What the routes below /orchestrator/jobs share.

/// The job that the path's ":id" and the query's `namespace` name (JobStore::find_job), in the
/// version that `job_version` says; else the current one.
async::Task<Result<model::Job>> job_of(Shared& shared, const http::Request& request);
async::Task<Result<model::Job>> current_job_of(Shared& shared, const http::Request& request);

/// `all_job_versions`: unset, or the version of `job`, which came from job_of().
Result<std::optional<std::uint64_t>> versions_of(const http::Request& request,
                                                 const model::Job& job);

/// {"RemovedAfter": time, "EndedJobsKept": number}: when an ended job is removed.
json::Value retention_of(const Shared& shared, const model::Job& job);

/// An order and a place in it, from `next_token` or else from `order_by` and `reverse`; a token
/// overrides both, as in v1.9.3.
struct PageOrder {
  jobstore::OrderBy order_by = jobstore::OrderBy::CreateTime;
  jobstore::Direction direction = jobstore::Direction::Ascending;
  std::optional<jobstore::PageKey> after;
  /// Digest of what the list holds: tokens of another list are refused.
  std::string scope;
};

/// `order_by` is created_at, create_time, modified_at or modify_time. `what` tells the list from
/// others: filters, but neither order nor limit.
Result<PageOrder> page_order(const http::Request& request, std::string_view what);

/// `what` of a job's executions; all versions without one.
std::string executions_list(const JobId& job, std::optional<std::uint64_t> version);

/// The token of the next page; empty when there is none.
std::string token_of(const PageOrder& order, const std::optional<jobstore::PageKey>& next);

/// {"NextToken": "…", "Items": […]}: the first page, as `include=` gives it.
async::Task<Result<json::Value>> executions_of(Shared& shared, const model::Job& job);
async::Task<Result<json::Value>> history_of(Shared& shared, const model::Job& job);

}  // namespace skrei::api
