// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/labels.hpp"
#include "multi/cid.hpp"

namespace skrei::model {

/// All that decides what a deterministic task computes. Two executions with equal fields may stand
/// for each other; anything that could make results differ has its place here.
struct TaskKeyFields {
  struct Input {
    std::string target;
    multi::Cid cid;
  };
  struct Output {
    std::string name;
    std::string path;
  };
  /// Which partition of how many; set only if there are more than one.
  struct Partition {
    std::uint64_t index = 0;
    std::uint64_t count = 0;
  };
  /// Limits that can change a result; 0 = none.
  struct Limits {
    /// With the name of the schedule that prices instructions; 0 with an empty name where the
    /// engine does not meter.
    std::uint64_t fuel = 0;
    std::string fuel_schedule;
    std::uint64_t time_seconds = 0;
    std::uint64_t guest_memory_bytes = 0;
  };

  /// "wasm", and the version of what the engine promises its programs: "wasi-preview1/1".
  std::string engine;
  std::string abi;
  /// The module's digest, or that of the platform's image manifest; never a name or tag.
  multi::Cid program;
  /// Modules linked to it, in order.
  std::vector<multi::Cid> imports;
  std::string entrypoint;
  std::vector<std::string> args;
  std::string working_directory;
  /// As declared in the job; ids and trace context that the node adds stay out.
  StringMap env;
  std::optional<Partition> partition;
  /// In any order; targets are unique.
  std::vector<Input> inputs;
  /// In any order; names are unique.
  std::vector<Output> outputs;
  Limits limits;
  /// Set by those who want their work kept apart from that of others.
  std::string salt;
  /// Random where the result may depend on the world outside (network, writable host paths, `env:`
  /// values), so that the key is never met twice; else empty.
  Bytes nonce;
};

/// The task key: CIDv1, dag-cbor, sha2-256 of the fields as canonical DAG-CBOR with "v": 1.
/// InvalidArgument if a target or an output name stands there twice, or text is not UTF-8.
Result<multi::Cid> task_key(const TaskKeyFields& fields);

}  // namespace skrei::model
