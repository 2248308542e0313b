// SPDX-License-Identifier: Apache-2.0
#include "cli/api_client.hpp"

#include <algorithm>

#include "async/loop.hpp"
#include "base/random.hpp"
#include "json/json.hpp"
#include "model/execution_json.hpp"
#include "model/job_json.hpp"
#include "model/time_text.hpp"

namespace skrei::cli {
namespace {

constexpr std::string_view kPrefix = "/api/v1/";
constexpr std::size_t kAnswerBytesMax = 256 << 20;
constexpr std::size_t kPageItems = 100;
constexpr json::ParseLimits kAnswerLimits{.bytes_max = kAnswerBytesMax, .values_max = 50'000'000};

http::ClientLimits limits() {
  http::ClientLimits limits;
  // A node writes to disk before it answers, and an upload is hashed and synced.
  limits.first_byte = std::chrono::minutes(2);
  return limits;
}

Code code_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return Code::PermissionDenied;
    case 404:
      return Code::NotFound;
    case 408:
    case 504:
      return Code::DeadlineExceeded;
    case 409:
      return Code::FailedPrecondition;
    case 422:
      return Code::AlreadyExists;
    case 429:
      return Code::ResourceExhausted;
    case 502:
    case 503:
      return Code::Unavailable;
    case 507:
      return Code::OutOfSpace;
    default:
      return status >= 500 ? Code::Internal : Code::InvalidArgument;
  }
}

std::string text_at(const json::Value& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Error no_answer_error(const std::string& address) {
  return {Code::Internal, fmt::format("{}: the answer is not what Skrei's API gives", address),
          "is another program listening there?"};
}

template <class T>
Result<std::vector<T>> items_of(const json::Value& body, const char* key,
                                Result<T> (*decode)(const json::Value&)) {
  std::vector<T> items;
  const auto page = body.find(key);
  if (page == body.end() || !page->is_object()) return items;
  const auto list = page->find("Items");
  if (list == page->end() || !list->is_array()) return items;
  for (const json::Value& value : *list) {
    TRY_ASSIGN(T item, decode(value));
    items.push_back(std::move(item));
  }
  return items;
}

Result<SubmittedJob> submitted_job(const json::Value& answer, const std::string& address) {
  SubmittedJob submitted{.id = JobId(text_at(answer, "JobID")), .warnings = {}};
  if (submitted.id.empty()) return fail(no_answer_error(address));
  if (const auto version = answer.find("JobVersion");
      version != answer.end() && version->is_number_unsigned()) {
    submitted.version = version->get<std::uint64_t>();
  }
  if (const auto warnings = answer.find("Warnings");
      warnings != answer.end() && warnings->is_array()) {
    for (const json::Value& warning : *warnings) {
      if (warning.is_string()) submitted.warnings.push_back(warning.get<std::string>());
    }
  }
  return submitted;
}

}  // namespace

Result<http::Url> base_url(const ApiAddress& address) {
  std::string text = address.host;
  if (!text.contains("://")) {
    if (text == "0.0.0.0") text = "127.0.0.1";
    if (text == "::") text = "::1";
    if (text.contains(':') && !text.starts_with('[')) text = fmt::format("[{}]", text);
    text = fmt::format("http://{}:{}", text, address.port);
  }
  TRY_ASSIGN(http::Url url, with_context(http::Url::parse(text), "--api-host"));
  while (url.path.ends_with('/'))
    url.path.pop_back();
  return url;
}

Error error_of_answer(int status, std::string_view body) {
  Error error{code_of_status(status), fmt::format("the node answered {}", status)};
  const auto envelope = json::parse(body);
  if (!envelope || !envelope->is_object()) return error;
  if (std::string message = text_at(*envelope, "Message"); !message.empty()) {
    error.message = std::move(message);
  }
  error.hint = text_at(*envelope, "Hint");
  return error;
}

ApiClient::ApiClient(async::Loop& loop, http::Url base)
    : base_(std::move(base)), client_(loop, limits()) {
  address_ = fmt::format("{}://{}{}", base_.scheme, base_.authority(), base_.path);
}

http::Url ApiClient::url(std::string_view path, const http::Query& query) const {
  http::Url url = base_;
  url.path += fmt::format("{}{}", kPrefix, path);
  url.query = query.to_string();
  return url;
}

Error ApiClient::explain(Error error) const {
  if (error.code == Code::Unavailable || error.code == Code::DeadlineExceeded) {
    error.message = fmt::format("no node answers at {} ({})", address_, error.message);
    error.hint = "`skrei serve` starts one; --api-host and --api-port name another";
  }
  return error;
}

async::Task<Result<http::ClientResponse>> ApiClient::send(http::ClientRequest request) {
  Result<http::ClientResponse> response = co_await client_.send(std::move(request));
  if (!response) co_return fail(explain(response.error()));
  if (response->status() >= 200 && response->status() < 300) co_return response;
  CO_TRY_ASSIGN(const std::string body, co_await response->read_body(1 << 20));
  co_return fail(error_of_answer(response->status(), body));
}

async::Task<Result<json::Value>> ApiClient::call(http::ClientRequest request) {
  CO_TRY_ASSIGN(http::ClientResponse response, co_await send(std::move(request)));
  const Result<std::string> body = co_await response.read_body(kAnswerBytesMax);
  if (!body) co_return fail(explain(body.error()));
  Result<json::Value> value = json::parse(*body, kAnswerLimits);
  if (!value || !value->is_object()) co_return fail(no_answer_error(address_));
  co_return value;
}

async::Task<Result<json::Value>> ApiClient::get(std::string path, http::Query query) {
  http::ClientRequest request;
  request.url = url(path, query);
  co_return co_await call(std::move(request));
}

async::Task<Result<json::Value>> ApiClient::list(ListQuery query) {
  json::Value items = json::Value::array();
  std::string next = query.next_token;
  do {
    http::Query page = query.query;
    page.add("limit", std::to_string(std::min(query.limit - items.size(), kPageItems)));
    if (!next.empty()) page.add("next_token", next);
    CO_TRY_ASSIGN(json::Value answer, co_await get(query.path, std::move(page)));
    const auto found = answer.find(query.items_key);
    if (found == answer.end() || !found->is_array()) co_return fail(no_answer_error(address_));
    if (found->empty()) {
      next.clear();
      break;
    }
    for (json::Value& item : *found)
      items.push_back(std::move(item));
    next = text_at(answer, "NextToken");
  } while (!next.empty() && items.size() < query.limit);
  co_return json::Value{{"Items", std::move(items)}, {"NextToken", next}};
}

async::Task<Result<json::Value>> ApiClient::put(std::string path, http::Query query,
                                                json::Value body, http::Headers headers) {
  http::ClientRequest request;
  request.method = "PUT";
  request.url = url(path, query);
  request.headers = std::move(headers);
  request.headers.add("Content-Type", "application/json");
  request.body = json::dump(body);
  co_return co_await call(std::move(request));
}

async::Task<Result<SubmittedJob>> ApiClient::submit(Submission submission) {
  if (submission.idempotency_key.empty()) {
    SystemRandom random;
    submission.idempotency_key = random.uuid();
  }
  json::Value body = {{"Job", model::to_json(submission.job)}};
  if (submission.force) body["Force"] = true;
  CO_TRY_ASSIGN(const json::Value answer,
                co_await put("orchestrator/jobs", {}, std::move(body),
                             {{"Idempotency-Key", submission.idempotency_key}}));
  co_return submitted_job(answer, address_);
}

async::Task<Result<std::string>> ApiClient::diff(model::Job job) {
  json::Value body = {{"Job", model::to_json(job)}};
  CO_TRY_ASSIGN(const json::Value answer,
                co_await put("orchestrator/jobs/diff", {}, std::move(body)));
  co_return text_at(answer, "Diff");
}

async::Task<Result<SubmittedJob>> ApiClient::rerun(std::string id, std::string name_space,
                                                   std::int64_t version, std::string reason) {
  http::Query query;
  if (!name_space.empty()) query.add("namespace", std::move(name_space));
  json::Value body = {{"JobVersion", version}, {"Reason", std::move(reason)}};
  CO_TRY_ASSIGN(const json::Value answer,
                co_await put(fmt::format("orchestrator/jobs/{}/rerun", http::percent_encode(id)),
                             std::move(query), std::move(body)));
  co_return submitted_job(answer, address_);
}

async::Task<Result<JobRecord>> ApiClient::job(std::string id, std::string name_space,
                                              std::int64_t version) {
  http::Query query;
  query.add("include", "executions,history");
  if (version > 0) query.add("job_version", std::to_string(version));
  if (!name_space.empty()) query.add("namespace", std::move(name_space));
  CO_TRY_ASSIGN(const json::Value body,
                co_await get("orchestrator/jobs/" + http::percent_encode(id), std::move(query)));
  JobRecord record;
  const auto job = body.find("Job");
  if (job == body.end()) co_return fail(no_answer_error(address_));
  CO_TRY_ASSIGN(record.job, model::job_from_json(*job));
  CO_TRY_ASSIGN(record.executions, items_of(body, "Executions", model::execution_from_json));
  CO_TRY_ASSIGN(record.history, items_of(body, "History", model::job_history_from_json));
  if (const auto retention = body.find("Retention"); retention != body.end()) {
    CO_TRY_ASSIGN(record.removed_after,
                  model::parse_time(retention->value("RemovedAfter", std::string())));
    record.ended_jobs_kept = retention->value("EndedJobsKept", std::uint64_t{0});
  }
  co_return record;
}

async::Task<Result<void>> ApiClient::stop(std::string id, std::string reason,
                                          std::string name_space) {
  http::Query query;
  query.add("reason", std::move(reason));
  if (!name_space.empty()) query.add("namespace", std::move(name_space));
  http::ClientRequest request;
  request.method = "DELETE";
  request.url = url("orchestrator/jobs/" + http::percent_encode(id), query);
  CO_TRY(co_await call(std::move(request)));
  co_return Result<void>();
}

async::Task<Result<json::Value>> ApiClient::post(std::string path, http::Query query,
                                                 http::BodyWriter body) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = url(path, query);
  request.body = http::ClientRequest::Upload{.writer = std::move(body), .length = std::nullopt};
  co_return co_await call(std::move(request));
}

async::Task<Result<http::ClientResponse>> ApiClient::open(std::string path, http::Query query) {
  http::ClientRequest request;
  request.url = url(path, query);
  co_return co_await send(std::move(request));
}

async::Task<Result<std::unique_ptr<http::WebSocket>>> ApiClient::open_websocket(std::string path,
                                                                                http::Query query) {
  auto socket = co_await client_.open_websocket(url(path, query));
  if (!socket) co_return fail(explain(socket.error()));
  co_return socket;
}

}  // namespace skrei::cli
