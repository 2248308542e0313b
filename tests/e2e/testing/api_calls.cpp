// SPDX-License-Identifier: Apache-2.0
#include "testing/api_calls.hpp"

#include <gtest/gtest.h>

#include "archive/tar_writer.hpp"
#include "async/sleep.hpp"
#include "base/fd.hpp"

namespace skrei::e2e {
namespace {

constexpr std::size_t kBodyBytesMax = 256 << 20;
constexpr const char* kJobs = "/api/v1/orchestrator/jobs";

bool is_terminal(const std::string& state) {
  return state == "Completed" || state == "Failed" || state == "Stopped";
}

Result<std::string> make_tar(const std::map<std::string, std::string>& files) {
  std::string tar;
  archive::TarWriter writer([&tar](ByteView bytes) -> Result<void> {
    tar += as_chars(bytes);
    return {};
  });
  for (const auto& [path, bytes] : files) {
    TRY(writer.begin_file(path, bytes.size()));
    TRY(writer.write(as_bytes(bytes)));
  }
  TRY(writer.finish());
  return tar;
}

}  // namespace

json::Value ApiAnswer::json() const {
  const auto parsed = json::parse(body, {.bytes_max = kBodyBytesMax, .values_max = 10'000'000});
  return parsed ? *parsed : json::Value();
}

std::string ApiAnswer::message() const {
  const json::Value value = json();
  return value.is_object() ? value.value("Message", "") : "";
}

std::string EndedJob::text() const {
  return json::dump({{"Job", job}, {"Executions", executions}}, json::Layout::Indented);
}

json::Value EndedJob::completed() const {
  constexpr int kCompleted = 9;
  json::Value found;
  for (const json::Value& execution : executions) {
    if (execution["ComputeState"]["StateType"] == kCompleted) found = execution;
  }
  return found;
}

http::Url ApiCalls::url(const std::string& target) const {
  const std::size_t question = target.find('?');
  http::Url url{.scheme = "http", .host = "127.0.0.1", .port = port_()};
  url.path = target.substr(0, question);
  if (question != std::string::npos) url.query = target.substr(question + 1);
  return url;
}

async::Task<Result<ApiAnswer>> ApiCalls::call(std::string method, std::string target,
                                              std::string body, http::Headers headers) {
  http::ClientRequest request{.method = std::move(method),
                              .url = url(target),
                              .headers = std::move(headers),
                              .body = std::move(body)};
  CO_TRY_ASSIGN(auto response, co_await client_.send(std::move(request)));
  ApiAnswer answer{.status = response.status(), .headers = response.headers(), .body = {}};
  CO_TRY_ASSIGN(answer.body, co_await response.read_body(kBodyBytesMax));
  co_return answer;
}

async::Task<Result<json::Value>> ApiCalls::get(std::string target) {
  CO_TRY_ASSIGN(const ApiAnswer answer, co_await call("GET", target));
  if (answer.status != 200) {
    co_return fail(Code::Internal, "GET {}: {} {}", target, answer.status, answer.body);
  }
  co_return answer.json();
}

async::Task<Result<std::string>> ApiCalls::add(std::string bytes) {
  CO_TRY_ASSIGN(const ApiAnswer answer,
                co_await call("POST", "/api/v1/content?format=raw", std::move(bytes)));
  if (answer.status != 200) {
    co_return fail(Code::Internal, "upload: {} {}", answer.status, answer.body);
  }
  co_return answer.json()["CID"].get<std::string>();
}

async::Task<Result<std::string>> ApiCalls::add_folder(std::map<std::string, std::string> files) {
  CO_TRY_ASSIGN(std::string tar, make_tar(files));
  CO_TRY_ASSIGN(const ApiAnswer answer,
                co_await call("POST", "/api/v1/content?format=tar", std::move(tar)));
  if (answer.status != 200) {
    co_return fail(Code::Internal, "upload: {} {}", answer.status, answer.body);
  }
  co_return answer.json()["CID"].get<std::string>();
}

async::Task<Result<std::string>> ApiCalls::content(std::string cid, std::string path) {
  const std::string target =
      fmt::format("/api/v1/content/{}?path={}", cid, http::percent_encode(path));
  CO_TRY_ASSIGN(const ApiAnswer answer, co_await call("GET", target));
  if (answer.status != 200) {
    co_return fail(Code::NotFound, "{}/{}: {} {}", cid, path, answer.status, answer.body);
  }
  co_return answer.body;
}

async::Task<Result<std::string>> ApiCalls::submit(json::Value job) {
  CO_TRY_ASSIGN(const ApiAnswer answer,
                co_await call("PUT", kJobs, json::dump({{"Job", std::move(job)}})));
  if (answer.status != 200) {
    co_return fail(Code::Internal, "PUT jobs: {} {}", answer.status, answer.body);
  }
  co_return answer.json()["JobID"].get<std::string>();
}

async::Task<Result<std::vector<json::Value>>> ApiCalls::all_items(std::string target) {
  const char separator = target.contains('?') ? '&' : '?';
  std::vector<json::Value> items;
  std::string token;
  do {
    CO_TRY_ASSIGN(const json::Value page,
                  co_await get(fmt::format("{}{}next_token={}", target, separator, token)));
    for (const json::Value& item : page["Items"])
      items.push_back(item);
    token = page["NextToken"].get<std::string>();
  } while (!token.empty());
  co_return items;
}

async::Task<Result<std::vector<json::Value>>> ApiCalls::executions(std::string id) {
  co_return co_await all_items(fmt::format("{}/{}/executions?limit=1000", kJobs, id));
}

async::Task<Result<EndedJob>> ApiCalls::ended(std::string id, Duration limit) {
  const SystemClock clock;
  const BootTime deadline = clock.boot_now() + limit;
  while (true) {
    CO_TRY_ASSIGN(const json::Value body, co_await get(fmt::format("{}/{}", kJobs, id)));
    EndedJob ended{.job = body["Job"], .executions = {}};
    if (is_terminal(ended.state())) {
      CO_TRY_ASSIGN(ended.executions, co_await executions(id));
      co_return ended;
    }
    if (clock.boot_now() >= deadline) {
      co_return fail(Code::DeadlineExceeded, "job {} has not ended: {}", id, json::dump(body));
    }
    CO_TRY(co_await async::sleep_for(std::chrono::milliseconds(15)));
  }
}

async::Task<Result<std::string>> ApiCalls::raw_log(std::string job, std::string execution,
                                                   std::string source) {
  const std::string target =
      fmt::format("{}/{}/logs?format=raw&execution_id={}&source={}", kJobs, job, execution, source);
  CO_TRY_ASSIGN(const ApiAnswer answer, co_await call("GET", target));
  if (answer.status != 200) {
    co_return fail(Code::Internal, "GET {}: {} {}", target, answer.status, answer.body);
  }
  co_return answer.body;
}

json::Value wasm_job(const std::string& module_cid, std::vector<std::string> arguments) {
  json::Value job = {
      {"Type", "batch"},
      {"Count", 1},
      {"Tasks",
       {{{"Name", "main"},
         {"Engine",
          {{"Type", "wasm"},
           {"Params", {{"EntryModule", "/main.wasm"}, {"Parameters", std::move(arguments)}}}}},
         {"Resources", {{"CPU", "100m"}, {"Memory", "32MB"}}},
         {"InputSources", json::Value::array()}}}}};
  add_input(job, module_cid, "/main.wasm");
  return job;
}

void add_input(json::Value& job, const std::string& cid, const std::string& target) {
  job["Tasks"][0]["InputSources"].push_back(
      {{"Source", {{"Type", "ipfs"}, {"Params", {{"CID", cid}}}}}, {"Target", target}});
}

void publish_outputs(json::Value& job) {
  json::Value& task = job["Tasks"][0];
  task["Publisher"] = {{"Type", "ipfs"}};
  task["ResultPaths"] = {{{"Name", "outputs"}, {"Path", "/outputs"}}};
}

std::string module_bytes(const std::string& name) {
  const auto bytes = read_file(std::string(SKREI_TEST_MODULES_DIR "/") + name, 16 << 20);
  if (!bytes) ADD_FAILURE() << bytes.error().message;
  return bytes ? std::string(as_chars(*bytes)) : "";
}

}  // namespace skrei::e2e
