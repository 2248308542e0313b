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

/// An order and a place in it, from `next_token` or else from `order_by` and `reverse`.
struct PageOrder {
  jobstore::OrderBy order_by = jobstore::OrderBy::CreateTime;
  jobstore::Direction direction = jobstore::Direction::Ascending;
  std::optional<jobstore::PageKey> after;
};

/// `order_by` is created_at, create_time, modified_at or modify_time. A token overrides both.
Result<PageOrder> page_order(const http::Request& request);

/// The token of the next page; empty when there is none.
std::string token_of(const PageOrder& order, const std::optional<jobstore::PageKey>& next);

/// {"NextToken": "…", "Items": […]}: the first page, as `include=` gives it.
async::Task<Result<json::Value>> executions_of(Shared& shared, const model::Job& job);
async::Task<Result<json::Value>> history_of(Shared& shared, const model::Job& job);

}  // namespace skrei::api
