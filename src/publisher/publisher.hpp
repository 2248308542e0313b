// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/budget.hpp"
#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "model/job.hpp"

namespace skrei::publisher {

/// A folder that the program wrote, and the name under which it is published.
struct OutputFolder {
  std::string name;
  std::filesystem::path host_path;
};

/// What an execution left. The layout of a result: files `stdout`, `stderr` and `exitCode`, and one
/// folder for each result path, under its name.
struct PublishRequest {
  JobId job;
  ExecutionId execution;
  model::SpecConfig publisher;
  std::filesystem::path stdout_file;
  std::filesystem::path stderr_file;
  int exit_code = 0;
  std::vector<OutputFolder> outputs;
  Budget budget;
};

/// The contract *result sink*: one driver a kind, on the loop thread.
///
/// publish() is called once the execution's processes are gone, and again after a restart that fell
/// between publish and its record: the same output gives the same result. It reads the output and
/// never changes it; the caller removes it. What it publishes is kept for the job until
/// withdraw(). Cancel: the call runs on and answers.
/// Errors: InvalidArgument (parameters; devices, sockets, FIFOs or mounts in the output, by name),
/// NotFound (an output folder is missing), ResourceExhausted (budget), OutOfSpace (disk), Internal.
class Publisher {
 public:
  virtual ~Publisher() = default;
  virtual Result<void> validate(const model::SpecConfig& publisher) const = 0;
  virtual async::Task<Result<model::SpecConfig>> publish(PublishRequest request) = 0;
  /// Results of these jobs need not be kept any longer. Success when there are none.
  virtual async::Task<Result<void>> withdraw(std::vector<JobId> jobs) = 0;
};

/// The drivers of a node by kind, filled by the composition root; kinds without regard to case.
class Publishers {
 public:
  void add(std::string kind, Publisher& driver);
  /// InvalidArgument names the kinds that there are.
  Result<Publisher*> find(std::string_view kind) const;
  std::vector<std::string> kinds() const;
  std::vector<Publisher*> all() const;

 private:
  std::map<std::string, Publisher*, std::less<>> drivers_;
};

}  // namespace skrei::publisher
