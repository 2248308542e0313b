// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>
#include <limits>

#include "api/answer.hpp"
#include "api/handler.hpp"
#include "api/history_token.hpp"
#include "api/job_pages.hpp"
#include "api/query.hpp"
#include "api/resources.hpp"
#include "base/bytes.hpp"
#include "base/nearest_word.hpp"
#include "json/json.hpp"
#include "model/execution_json.hpp"

namespace skrei::api {

std::string history_token(const model::Job& job, std::uint64_t after_seq,
                          const jobstore::Page<model::JobHistory>& page) {
  if (!page.next && model::is_terminal(job.state.state_type)) return "";
  const std::uint64_t last = page.items.empty() ? after_seq : page.items.back().seq_num;
  return to_base64url(as_bytes(fmt::format("h{}", last)));
}

Result<std::uint64_t> parse_history_token(std::string_view text) {
  const Result<Bytes> bytes = from_base64url(text);
  std::uint64_t seq = 0;
  if (bytes && !bytes->empty() && bytes->front() == 'h') {
    const std::string_view digits = as_chars(*bytes).substr(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seq);
    if (error == std::errc() && end == digits.data() + digits.size()) return seq;
  }
  return fail(Code::InvalidArgument,
              "next_token {:?} is not one that this API gave; start again without it", text);
}

namespace {

Result<std::optional<model::HistoryType>> event_type(const http::Request& request) {
  const std::string word = text_param(request, "event_type");
  if (word.empty() || word == "all") return std::nullopt;
  if (word == "job") return model::HistoryType::JobLevel;
  if (word == "execution") return model::HistoryType::ExecutionLevel;
  constexpr std::array<std::string_view, 3> kWords = {"all", "job", "execution"};
  return fail(Code::InvalidArgument, "event_type={:?}: use all, job or execution{}", word,
              did_you_mean(word, kWords));
}

Answer list(Shared& shared, http::Request request) {
  CO_TRY_ASSIGN(const model::Job job, co_await job_of(shared, request));
  jobstore::HistoryQuery query{.job_id = job.id};
  CO_TRY_ASSIGN(query.limit, limit_param(request, 100));
  CO_TRY_ASSIGN(query.type, event_type(request));
  CO_TRY_ASSIGN(const auto since, number_param(request, "since"));
  constexpr std::uint64_t kLatest = std::numeric_limits<std::int64_t>::max() / 1'000'000'000;
  query.since = WallTime(std::chrono::seconds(std::min(since.value_or(0), kLatest)));
  query.execution_id = ExecutionId(text_param(request, "execution_id"));
  CO_TRY_ASSIGN(query.job_version, versions_of(request, job));
  if (const std::string token = text_param(request, "next_token"); !token.empty()) {
    CO_TRY_ASSIGN(query.after_seq, parse_history_token(token));
  }
  CO_TRY_ASSIGN(const auto page, co_await shared.services.store.history(query));
  json::Value items = json::Value::array();
  for (const model::JobHistory& item : page.items)
    items.push_back(model::to_json(item));
  co_return answer(request, {{"NextToken", history_token(job, query.after_seq, page)},
                             {"Items", std::move(items)}});
}

}  // namespace

void add_history(http::Server& server, Shared& shared) {
  server.route("GET", "/api/v1/orchestrator/jobs/:id/history", bind(shared, list));
}

}  // namespace skrei::api
