// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "async/loop.hpp"
#include "async/task.hpp"
#include "http/client.hpp"
#include "json/json.hpp"

namespace skrei::e2e {

/// A whole answer of the API.
struct ApiAnswer {
  int status = 0;
  http::Headers headers;
  std::string body;

  /// Null if the body is no JSON.
  json::Value json() const;
  /// "Message" of an error's envelope.
  std::string message() const;
};

/// A job as it stands at its end.
struct EndedJob {
  json::Value job;
  /// Executions of all its partitions.
  std::vector<json::Value> executions;

  std::string state() const { return job["State"]["StateType"]; }
  std::string message() const { return job["State"]["Message"]; }
  /// All that is known, for the message of a failed test.
  std::string text() const;
  /// Of the only execution that completed; null if there is none.
  json::Value completed() const;
};

/// Everything a test asks of a node's API. The port is asked for at each call, since a node that is
/// started again has another.
class ApiCalls {
 public:
  ApiCalls(async::Loop& loop, std::function<std::uint16_t()> port)
      : loop_(loop), client_(loop, {.pool_per_origin = 64}), port_(std::move(port)) {}

  /// Any status is a success.
  async::Task<Result<ApiAnswer>> call(std::string method, std::string target, std::string body = "",
                                      http::Headers headers = {});
  /// Internal, with status and body, for any status but 200.
  async::Task<Result<json::Value>> get(std::string target);

  /// CID of the bytes as a file.
  async::Task<Result<std::string>> add(std::string bytes);
  /// CID of a folder with these files by path.
  async::Task<Result<std::string>> add_folder(std::map<std::string, std::string> files);
  async::Task<Result<std::string>> content(std::string cid, std::string path);

  /// Id of the accepted job.
  async::Task<Result<std::string>> submit(json::Value job);
  async::Task<Result<EndedJob>> ended(std::string id, Duration limit);
  async::Task<Result<std::vector<json::Value>>> executions(std::string id);
  /// Items of all pages of a list.
  async::Task<Result<std::vector<json::Value>>> all_items(std::string target);
  /// Exact bytes of one stream of one execution.
  async::Task<Result<std::string>> raw_log(std::string job, std::string execution,
                                           std::string source);

  http::Client& client() { return client_; }
  http::Url url(const std::string& target) const;

 private:
  async::Loop& loop_;
  http::Client client_;
  std::function<std::uint16_t()> port_;
};

/// A batch job that runs the module with these arguments; tests change what they are about. It has
/// no publisher, no result folders, and half a core less than a machine may have.
json::Value wasm_job(const std::string& module_cid, std::vector<std::string> arguments = {});

/// Adds an input by CID.
void add_input(json::Value& job, const std::string& cid, const std::string& target);
/// Publishes the folder /outputs as "outputs".
void publish_outputs(json::Value& job);

/// The bytes of a test module: "exit_code.wasm".
std::string module_bytes(const std::string& name);

}  // namespace skrei::e2e
