// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/job.hpp"

namespace skrei::model {

/// What a requester fills in where a job says nothing, for one job type (settings JobDefaults.*).
struct TypeDefaults {
  int priority = 0;
  ResourcesSpec resources{.cpu = "500m", .memory = "512Mb"};
  /// Batch and ops jobs only.
  SpecConfig publisher;
  Timeouts timeouts;

  bool operator==(const TypeDefaults&) const = default;
};

struct JobDefaults {
  TypeDefaults batch;
  TypeDefaults ops;
  TypeDefaults service;
  TypeDefaults daemon;

  bool operator==(const JobDefaults&) const = default;
};

/// Bounds on what one job may ask a requester to keep.
struct JobLimits {
  int count_max = 10'000;
  std::size_t list_items_max = 1'000;
  std::size_t name_bytes_max = 256;

  bool operator==(const JobLimits&) const = default;
};

/// Meta keys with this prefix are the server's.
inline constexpr std::string_view kReservedMetaPrefix = "bacalhau.org/";

/// A job that may be stored, and what the submitter should know about it.
struct AdmittedJob {
  Job job;
  std::vector<std::string> warnings;
};

/// The whole way of a submitted job: normalise, sanitise, apply defaults, validate. The caller then
/// gives id, version, times, and a name where there is none. InvalidArgument lists everything that
/// is wrong, one line each.
Result<AdmittedJob> admit(Job submitted, const JobDefaults& defaults, const JobLimits& limits = {});

/// Makes equal what means the same: namespace, kinds and domains in lower case and trimmed, counts
/// of ops and daemon jobs.
void normalise(Job& job);

/// Drops what only the server may set, surplus tasks and reserved Meta keys; one warning for each.
std::vector<std::string> sanitise(Job& job);

void apply_defaults(Job& job, const JobDefaults& defaults);

/// Every rule a stored job keeps. Never changes the job.
Result<void> validate(const Job& job, const JobLimits& limits = {});

}  // namespace skrei::model
