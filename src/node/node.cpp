// SPDX-License-Identifier: Apache-2.0
#include "node/node.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/scope_guard.hpp"
#include "node/backup.hpp"
#include "node/machine.hpp"
#include "node/parts.hpp"

namespace skrei::node {
namespace {

constexpr const char* kRunFile = "skrei.run";

/// Lines for `source`: how clients find this node.
Result<void> write_run_file(const DataDir& data_dir, const std::string& host, std::uint16_t port) {
  const std::string text = fmt::format(
      "export SKREI_API_HOST={0}\nexport SKREI_API_PORT={1}\n"
      "export BACALHAU_API_HOST={0}\nexport BACALHAU_API_PORT={1}\n",
      host, port);
  return write_file_atomically(data_dir.path() / kRunFile, as_bytes(text));
}

}  // namespace

async::Task<Result<std::unique_ptr<Node>>> Node::start(async::Loop& loop, NodeOptions options) {
  // Nothing that a node writes is for others.
  ::umask(077);
  auto parts = std::make_unique<Parts>(loop, std::move(options));
  CO_TRY(parts->open_data());
  CO_TRY(parts->open_engines());
  CO_TRY(parts->open_services());
  Parts& borrowed = *parts;
  auto node = std::unique_ptr<Node>(new Node(std::move(parts)));
  Result<void> ready = co_await borrowed.recover();
  if (ready) ready = borrowed.listen();
  if (ready) {
    ready = write_run_file(*borrowed.data_dir, borrowed.options.settings.api.host, borrowed.port);
  }
  if (!ready) {
    co_await node->stop(Duration(0));
    co_return fail(std::move(ready).error());
  }
  co_return node;
}

async::Task<Result<void>> Node::Parts::recover() {
  CO_TRY_ASSIGN(auto recovered, co_await store->recover());
  CO_TRY(co_await work->recover(recovered.hosted));
  log::info("recovered", {{"jobs", recovered.jobs.size()},
                          {"executions", recovered.executions.size()},
                          {"hosted", recovered.hosted.size()}});
  clean_cgroups(recovered.hosted);
  orchestrator->start(std::move(recovered.jobs), std::move(recovered.executions));
  compute->start(std::move(recovered.hosted));
  retention->start();
  peers->start({.message =
                    [this](const NodeId& from, const protocol::Message& message) {
                      if (protocol::addressee(message) == protocol::Half::Requester) {
                        orchestrator->on_message(from, message);
                      } else {
                        compute->on_message(from, message);
                      }
                    },
                .peer =
                    [this](const swarm::PeerEvent& event) {
                      orchestrator->on_peer(event);
                      compute->on_peer(event);
                    }});
  peers->announce(describe());
  co_return Result<void>();
}

/// The copies are made while retention pauses; from then on what they name is held open.
async::Task<Result<std::shared_ptr<api::PieceSource>>> Node::Parts::start_backup() {
  CO_TRY(co_await retention->pause());
  const ScopeGuard resume([this] { retention->resume(); });
  CO_TRY_ASSIGN(const auto folder, co_await async::blocking(
                                       pool, [this] { return BackupStream::prepare(*data_dir); }));
  CO_TRY(co_await store->copy_to(folder / "jobs.db"));
  const BackupStream::Sources sources{
      .data_dir = *data_dir, .content = *content, .work = folder, .now = clock.now()};
  CO_TRY_ASSIGN(auto stream,
                co_await async::blocking(pool, [&] { return BackupStream::open(sources); }));
  co_return std::shared_ptr<api::PieceSource>(std::move(stream));
}

/// Takes away what a crash left of executions that are not held any more.
void Node::Parts::clean_cgroups(const std::vector<protocol::HostedExecution>& hosted) const {
  if (!cgroups) return;
  std::vector<std::string> held;
  for (const protocol::HostedExecution& execution : hosted)
    held.push_back(execution.id.str());
  for (const std::string& id : cgroups->remove_all_except(held))
    log::info("removed the cgroup of an earlier execution", {{"execution", id}});
}

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Node::~Node() = default;

const NodeId& Node::id() const {
  return parts_->data_dir->node_id();
}

const std::filesystem::path& Node::data_dir() const {
  return parts_->data_dir->path();
}

const std::string& Node::api_host() const {
  return parts_->options.settings.api.host;
}

std::uint16_t Node::api_port() const {
  return parts_->port;
}

std::vector<std::string> Node::notices() const {
  return parts_->notices();
}

async::Task<void> Node::stop(Duration grace) {
  Parts& parts = *parts_;
  parts.api->begin_shutdown();
  co_await parts.server->stop(grace);
  co_await parts.api->stop();
  co_await parts.retention->stop();
  // Programs go on; from here on nothing is decided any more.
  co_await parts.compute->stop();
  co_await parts.work->stop_all();
  co_await parts.orchestrator->stop();
  parts.peers->stop();
  // A supervisor without programs has nothing to outlive the node for.
  if (parts.options.lifetime == Lifetime::Throwaway || parts.compute->running() == 0) {
    if (const auto ended = co_await parts.wasm->shut_down(); !ended) {
      log::warn("the WASM supervisor did not end", {{"why", ended.error().message}});
    }
    if (parts.cgroups) parts.cgroups->remove_tree();
  }
  for (executor::Engine* engine : parts.engines.all())
    co_await engine->stop();
  co_await parts.store->stop();
  ::unlink((parts.data_dir->path() / kRunFile).c_str());
}

}  // namespace skrei::node
