// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "model/labels.hpp"

namespace skrei::model {

/// `Unset` stands only in a job that was read and not yet validated.
enum class JobType { Unset, Batch, Ops, Service, Daemon };

/// "batch", "ops", "service", "daemon"; Unset is "".
std::string_view to_string(JobType type);
/// Any case. InvalidArgument names the nearest right word.
Result<JobType> parse_job_type(std::string_view text);

enum class JobStateType { Undefined, Pending, Queued, Running, Completed, Failed, Stopped };

/// "Pending", "Running", …: a string on the wire, unlike the states of executions.
std::string_view to_string(JobStateType state);
Result<JobStateType> parse_job_state(std::string_view text);
/// Completed, Failed and Stopped: nothing leaves these but an update or rerun of the job.
bool is_terminal(JobStateType state);

struct JobState {
  JobStateType state_type = JobStateType::Undefined;
  std::string message;
  StringMap details;

  bool operator==(const JobState&) const = default;
};

/// An engine, a publisher, an input source or a published result: a kind and its parameters.
struct SpecConfig {
  /// As written by the user; kinds are compared without regard to case (`is_kind`). Empty: none.
  std::string type;
  /// The text of a JSON object in canonical form: sorted keys, no spaces, "{}" when there are none.
  /// Decoded where they are used (engine_params.hpp, storage_params.hpp, publisher_params.hpp).
  std::string params = "{}";

  bool empty() const { return type.empty(); }
  bool operator==(const SpecConfig&) const = default;
};

/// Whether `spec` is of the kind, whatever case it is written in: is_kind(engine, "wasm").
bool is_kind(const SpecConfig& spec, std::string_view kind);

struct InputSource {
  SpecConfig source;
  /// Unique within the task where given.
  std::string alias;
  /// Absolute path at which the program sees the input; unique within the task.
  std::string target;

  bool operator==(const InputSource&) const = default;
};

/// A folder the program writes; published under `name`.
struct ResultPath {
  std::string name;
  std::string path;

  bool operator==(const ResultPath&) const = default;
};

/// Quantities as the user wrote them ("500m", "512Mb", "1"); empty means "the default".
/// Parsed by parse_resources (resources.hpp).
struct ResourcesSpec {
  std::string cpu;
  std::string memory;
  std::string disk;
  std::string gpu;

  bool operator==(const ResourcesSpec&) const = default;
};

enum class NetworkType { Default, None, Host, Full, Http, Bridge };

/// "Default", "None", "Host", "Full", "HTTP", "Bridge".
std::string_view to_string(NetworkType type);
/// Any case; empty is Default.
Result<NetworkType> parse_network_type(std::string_view text);

struct PortMapping {
  std::string name;
  /// Port on the host, 1024–65535; 0: one is chosen.
  int static_port = 0;
  /// Port inside the job; 0: the host's port. Not in Host mode.
  int target = 0;
  /// Address on the host to bind; empty: 0.0.0.0.
  std::string host_network;

  bool operator==(const PortMapping&) const = default;
};

struct Network {
  NetworkType type = NetworkType::Default;
  /// With HTTP only.
  std::vector<std::string> domains;
  /// With Host and Bridge only.
  std::vector<PortMapping> ports;

  bool operator==(const Network&) const = default;
};

/// 0 means no limit. `queue` + `execution` never exceed `total` where that is set.
struct Timeouts {
  std::chrono::seconds execution{0};
  std::chrono::seconds queue{0};
  std::chrono::seconds total{0};

  bool operator==(const Timeouts&) const = default;
};

struct Task {
  std::string name;
  SpecConfig engine;
  SpecConfig publisher;
  StringMap env;
  StringMap meta;
  std::vector<InputSource> input_sources;
  std::vector<ResultPath> result_paths;
  ResourcesSpec resources;
  Network network;
  Timeouts timeouts;

  bool operator==(const Task&) const = default;
};

/// What happens to a result that comes after its lease was lost. `Default` is Refuse for service
/// and daemon jobs and for jobs with a network or writable host paths, else Accept.
enum class LateResult { Default, Accept, Refuse };

std::string_view to_string(LateResult policy);
Result<LateResult> parse_late_result(std::string_view text);

/// A job as stored and as on the wire (job_json.hpp). The user's part runs to `tasks`; the rest
/// belongs to the requester.
struct Job {
  JobId id;
  std::string name;
  std::string namespace_ = "default";
  JobType type = JobType::Unset;
  /// Higher runs first among the jobs of one requester.
  int priority = 0;
  /// Partitions of a batch or service job; 0 means none. Stored as 0 for ops and daemon jobs,
  /// which run once on every match.
  int count = 1;
  std::vector<Constraint> constraints;
  StringMap meta;
  StringMap labels;
  /// Exactly one once validated.
  std::vector<Task> tasks;
  LateResult late_result = LateResult::Default;

  JobState state;
  /// Counts from 1; one more with every update or rerun.
  std::uint64_t version = 0;
  /// One more with every change of the record.
  std::uint64_t revision = 0;
  WallTime create_time;
  WallTime modify_time;

  /// The one task of a validated job.
  const Task& task() const;

  bool operator==(const Job&) const = default;
};

}  // namespace skrei::model
