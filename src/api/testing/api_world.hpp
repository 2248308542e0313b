// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "api/api.hpp"
#include "base/testing/manual_clock.hpp"
#include "base/testing/temp_dir.hpp"
#include "content/testing/memory_store.hpp"
#include "executor/noop/noop_executor.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "jobstore/memory/memory_job_store.hpp"
#include "json/json.hpp"
#include "swarm/inprocess/network.hpp"

namespace skrei::api::testing {

/// What came back for one request.
struct Reply {
  int status = 0;
  std::string text;
  http::Headers headers;

  json::Value json() const {
    auto value = json::parse(text);
    EXPECT_TRUE(value) << status << " " << text;
    return value ? *std::move(value) : json::Value::object();
  }
  /// Of the error envelope.
  std::string message() const { return json().value("Message", ""); }
};

/// The API on a real server, over a requester whose network has one node and no compute half: jobs
/// wait until they are stopped. Stores are in memory, the engine is "noop".
class ApiWorld : public ::testing::Test {
 protected:
  ApiWorld() {
    std::filesystem::create_directories(executions);
    engines.add(noop);
    peers->start({.message =
                      [this](const NodeId& from, const protocol::Message& message) {
                        if (addressee(message) == protocol::Half::Requester) {
                          orchestrator.on_message(from, message);
                        }
                      },
                  .peer =
                      [this](const swarm::PeerEvent& event) {
                        orchestrator.on_peer(event);
                      }});
    orchestrator.start({}, {});
    node.node_id = NodeId("n-self");
    node.labels = {{"zone", "a"}};
    node.version.git_version = "v1.9.3+test";
    peers->announce(node);
    api.install(server);
    port = server.listen("127.0.0.1", 0).value();
  }
  ~ApiWorld() override {
    loop.run_task([](ApiWorld& world) -> async::Task<void> {
      co_await world.server.stop(Duration(0));
      co_await world.api.stop();
      co_await world.orchestrator.stop();
      co_await world.noop.stop();
    }(*this));
    peers->stop();
  }

  Services services() {
    return {.loop = loop,
            .clock = clock,
            .pool = pool,
            .orchestrator = orchestrator,
            .store = store,
            .content = content,
            .engines = engines,
            .node_info = [this] { return node; },
            .readiness =
                [] {
                  return std::vector<std::string>{"the sandbox is strong"};
                }};
  }
  static Options options() {
    return {.version = {.git_version = "v1.9.3+test"},
            .settings = {},
            .job_defaults = {},
            .job_limits = {},
            .upload_bytes_max = 1 << 20,
            .allowed_hosts = {"node.example"},
            .allowed_origins = {"http://ui.example"}};
  }

  Reply call(std::string method, std::string target, std::string body = "",
             http::Headers headers = {}) {
    Reply reply;
    loop.run_task(
        send(*this,
             {.method = std::move(method),
              .url = http::Url::parse(fmt::format("http://127.0.0.1:{}{}", port, target)).value(),
              .headers = std::move(headers),
              .body = std::move(body)},
             reply));
    return reply;
  }
  Reply get(std::string target, http::Headers headers = {}) {
    return call("GET", std::move(target), "", std::move(headers));
  }
  static async::Task<void> send(ApiWorld& world, http::ClientRequest request, Reply& reply) {
    auto response = co_await world.client.send(std::move(request));
    EXPECT_TRUE(response) << response.error().message;
    if (!response) co_return;
    reply.status = response->status();
    reply.headers = response->headers();
    auto text = co_await response->read_body(4 << 20);
    EXPECT_TRUE(text) << text.error().message;
    if (text) reply.text = *std::move(text);
  }

  /// Rows as the requester would have written them.
  void commit(protocol::Batch rows) {
    store.commit(std::move(rows), [] {});
  }
  static std::shared_ptr<model::Job> stored_job(const std::string& id, model::JobStateType state) {
    auto job = std::make_shared<model::Job>();
    job->id = JobId(id);
    job->name = "name-of-" + id;
    job->type = model::JobType::Batch;
    job->version = 1;
    job->state.state_type = state;
    model::Task& task = job->tasks.emplace_back();
    task.name = "main";
    task.engine = {.type = "noop", .params = "{}"};
    return job;
  }
  static model::Execution stored_execution(const std::string& id, const std::string& job) {
    model::Execution execution;
    execution.id = ExecutionId(id);
    execution.job_id = JobId(job);
    execution.job_version = 1;
    execution.node_id = NodeId("n-self");
    execution.compute_state.state_type = model::ComputeStateType::Completed;
    execution.published_result = {.type = "ipfs", .params = R"({"CID":"bafy"})"};
    execution.task_key = "bafyreikey";
    return execution;
  }

  skrei::testing::TempDir dir;
  const std::filesystem::path executions = dir.path() / "executions";
  async::Loop loop;
  async::BlockingPool pool{{.threads = 2}};
  skrei::testing::ManualClock clock;
  SeededRandom random{1};
  jobstore::memory::MemoryJobStore store{loop, clock};
  swarm::inprocess::Network network{loop};
  std::unique_ptr<swarm::Peers> peers = network.join(NodeId("n-self"));
  orchestrator::Service orchestrator{
      loop, clock, random, store, *peers, {NodeId("n-self"), "boot", "run"}, {}};
  content::testing::MemoryStore content;
  executor::noop::NoopExecutor noop{loop, pool, clock, {.executions = executions, .retention = {}}};
  executor::Engines engines;
  model::NodeInfo node;
  Api api{services(), options()};
  http::Server server{loop, {.body_bytes = 8192}, api.hooks()};
  http::Client client{loop};
  std::uint16_t port = 0;
};

}  // namespace skrei::api::testing
