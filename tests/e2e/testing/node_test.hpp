// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/testing/temp_dir.hpp"
#include "testing/api_calls.hpp"
#include "testing/node_process.hpp"
#include "testing/runner.hpp"

namespace skrei::e2e {

/// A test with one node of its own, started over an empty data directory. Calls fail the test with
/// what went wrong and answer something empty.
class NodeTest : public ::testing::Test {
 protected:
  void SetUp() override { start(); }
  void TearDown() override {
    if (HasFailure()) RecordProperty("node", node_.log());
    if (HasFailure()) std::fprintf(stderr, "-- the node said:\n%s--\n", node_.log().c_str());
  }

  void start() {
    const Result<void> started = runner_.run(node_.start());
    if (!started) FAIL() << started.error().message;
  }

  /// The value, or a failed test and an empty one.
  template <class T>
  T value(Result<T> result) {
    if (result) return *std::move(result);
    ADD_FAILURE() << result.error().message << " " << result.error().hint;
    return T{};
  }

  ApiAnswer call(std::string method, std::string target, std::string body = "",
                 http::Headers headers = {}) {
    return value(runner_.run(
        api_.call(std::move(method), std::move(target), std::move(body), std::move(headers))));
  }
  json::Value get(std::string target) { return value(runner_.run(api_.get(std::move(target)))); }
  std::string add(std::string bytes) { return value(runner_.run(api_.add(std::move(bytes)))); }
  std::string add_module(const std::string& name) { return add(module_bytes(name)); }
  std::string submit(json::Value job) { return value(runner_.run(api_.submit(std::move(job)))); }
  EndedJob ended(std::string id, Duration limit = std::chrono::seconds(30)) {
    return value(runner_.run(api_.ended(std::move(id), limit)));
  }
  /// Submits and waits.
  EndedJob run_job(json::Value job) { return ended(submit(std::move(job))); }
  std::string content(std::string cid, std::string path) {
    return value(runner_.run(api_.content(std::move(cid), std::move(path))));
  }
  std::string raw_log(const EndedJob& job, std::string source) {
    if (job.executions.empty()) return "";
    return value(
        runner_.run(api_.raw_log(job.job["ID"], job.executions[0]["ID"], std::move(source))));
  }
  /// Waits until the job has an execution whose program runs.
  void wait_running(const std::string& id);

  testing::TempDir dir_;
  Runner runner_;
  NodeProcess node_{runner_.loop(), {.data_dir = dir_.path() / "data"}};
  ApiCalls api_{runner_.loop(), [this] {
                  return node_.port();
                }};
};

}  // namespace skrei::e2e
