// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "http/client.hpp"
#include "json/json_fwd.hpp"
#include "model/event.hpp"
#include "model/execution.hpp"
#include "model/job.hpp"

namespace skrei::cli {

/// Where a node is reached. `host` may be a whole URL ("http://node:1234"), which then holds.
struct ApiAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 1234;
};

/// "http://127.0.0.1:1234". 0.0.0.0 and :: are called by loopback.
Result<http::Url> base_url(const ApiAddress& address);

struct SubmittedJob {
  JobId id;
  /// 0 where the node did not say.
  std::uint64_t version = 0;
  std::vector<std::string> warnings;
};

/// How a job is handed in.
struct Submission {
  model::Job job;
  /// Make a new version even if nothing differs from the newest one.
  bool force = false;
  /// A repeat with the same key gets the first answer. Empty: one that nobody else has.
  std::string idempotency_key;
};

/// One job with all that belongs to it, as the node tells it.
struct JobRecord {
  model::Job job;
  std::vector<model::Execution> executions;
  std::vector<model::JobHistory> history;
  /// Of an ended job: when it is removed, or once so many others have ended since.
  std::optional<WallTime> removed_after = {};
  std::uint64_t ended_jobs_kept = 0;
};

/// Which page of a list is wanted; fields of the API's query.
struct ListQuery {
  std::string path;
  http::Query query;
  /// Where the items stand in the answer.
  std::string items_key = "Items";
  /// At most so many items in all.
  std::size_t limit = 10;
  /// Where an earlier list ended; empty: the beginning.
  std::string next_token;
};

/// The node's REST API in types. Every call has a deadline. What the node refuses is an Error with
/// its own sentence and hint; when nobody answers, the Error says where and what to do.
class ApiClient {
 public:
  ApiClient(async::Loop& loop, http::Url base);

  /// "http://127.0.0.1:1234"
  const std::string& address() const { return address_; }

  /// GET below /api/v1: the answer's JSON.
  async::Task<Result<json::Value>> get(std::string path, http::Query query = {});
  /// The same, page after page up to `limit` items: {"Items": […], "NextToken": "…"}.
  async::Task<Result<json::Value>> list(ListQuery query);

  async::Task<Result<SubmittedJob>> submit(Submission submission);
  /// What would change if the job were handed in, for people. NotFound: there is no job of that
  /// name yet, or the node cannot tell.
  async::Task<Result<std::string>> diff(model::Job job);
  /// `version` 0: the newest.
  async::Task<Result<SubmittedJob>> rerun(std::string id, std::string name_space,
                                          std::int64_t version, std::string reason);
  /// `version` 0: the newest.
  async::Task<Result<JobRecord>> job(std::string id, std::string name_space = "",
                                     std::int64_t version = 0);
  /// Succeeds also for a job that has failed or was stopped before.
  async::Task<Result<void>> stop(std::string id, std::string reason, std::string name_space = "");

  /// POST below /api/v1 with a streamed body.
  async::Task<Result<json::Value>> post(std::string path, http::Query query, http::BodyWriter body);
  /// GET below /api/v1, to be read piece by piece.
  async::Task<Result<http::ClientResponse>> open(std::string path, http::Query query);
  async::Task<Result<std::unique_ptr<http::WebSocket>>> open_websocket(std::string path,
                                                                       http::Query query);

 private:
  async::Task<Result<json::Value>> put(std::string path, http::Query query, json::Value body,
                                       http::Headers headers = {});
  http::Url url(std::string_view path, const http::Query& query) const;
  async::Task<Result<http::ClientResponse>> send(http::ClientRequest request);
  async::Task<Result<json::Value>> call(http::ClientRequest request);
  Error explain(Error error) const;

  http::Url base_;
  std::string address_;
  http::Client client_;
};

/// The error that an answer of the API stands for (its envelope, or the status where it is none).
Error error_of_answer(int status, std::string_view body);

}  // namespace skrei::cli
