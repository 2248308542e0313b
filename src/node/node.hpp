// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "async/loop.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "config/settings.hpp"

namespace skrei::node {

/// Whether programs and their supervisor outlive the node.
enum class Lifetime {
  Kept,       ///< They go on, and the next node over the data directory finds them.
  Throwaway,  ///< They end with it: `--local` runs, tests.
};

struct NodeOptions {
  config::NodeSettings settings;
  Lifetime lifetime = Lifetime::Kept;
  /// What is executed for the WASM supervisor and compiler.
  std::filesystem::path program = "/proc/self/exe";
  /// Where all parts get their time from; must outlive the node. Null: the machine's clocks.
  const Clock* clock = nullptr;
};

/// A whole node in this process: requester and compute half, content store, engines, REST API. The
/// only place that sees every driver.
///
/// Life: start(); calls over its API; `co_await stop()`; destroy. On the loop thread.
class Node {
 public:
  /// Opens the data directory, recovers, listens. Errors are sentences for the person who starts
  /// it: a directory in use, a newer store, a port in use. Blocks while files are opened.
  static async::Task<Result<std::unique_ptr<Node>>> start(async::Loop& loop, NodeOptions options);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const NodeId& id() const;
  const std::filesystem::path& data_dir() const;
  const std::string& api_host() const;
  /// As bound: never 0.
  std::uint16_t api_port() const;

  /// Sentences that the owner should know at every start: sandbox, who may run jobs, limits.
  std::vector<std::string> notices() const;

  /// Takes nothing new, lets requests finish for `grace`, leaves programs running (Kept) or ends
  /// them (Throwaway), writes what is queued.
  async::Task<void> stop(Duration grace);

 private:
  struct Parts;
  explicit Node(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace skrei::node
