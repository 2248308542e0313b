// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "model/job.hpp"
#include "multi/cid.hpp"

namespace skrei::storage {

/// What a node can say about an input without moving a byte.
struct Locality {
  bool local = false;
  /// Bytes that would have to be fetched; none: unknown.
  std::optional<std::uint64_t> missing_bytes = {};

  bool operator==(const Locality&) const = default;
};

enum class Access { ReadOnly, ReadWrite };

/// An input as the engine mounts it.
struct PreparedInput {
  std::filesystem::path host_path;  ///< A file or a folder; absolute.
  Access access = Access::ReadOnly;
  /// Of file contents, or of the tree as far as it is known.
  std::uint64_t size_bytes = 0;
  /// What the task key counts: set for ipfs and inline, none for localDirectory.
  std::optional<multi::Cid> cid = {};
};

struct PrepareRequest {
  ExecutionId execution;
  model::SpecConfig source;
  /// At most this many bytes may be written for it.
  std::uint64_t bytes_max = std::uint64_t{64} << 30;
  Duration limit = std::chrono::minutes(5);
};

/// The contract *input source*: one driver a kind, on the loop thread.
///
/// Order: check() any time; then prepare() once per execution and input; then release() once the
/// execution's processes are gone. prepare() is idempotent for the same (execution, source).
/// Prepared inputs belong to the driver: the caller mounts host_path and never changes it.
/// After a restart prepare() again for every execution that goes on (it finds what is there) and
/// release() for the others. A cancelled prepare leaves nothing that release() has to undo, but
/// release() is right at any time and success when there is nothing.
/// Errors: InvalidArgument (parameters), NotFound (content not here and not to be had),
/// PermissionDenied (path not allowed), ResourceExhausted (budget), OutOfSpace (disk),
/// DeadlineExceeded.
class InputSource {
 public:
  virtual ~InputSource() = default;
  /// Parameters make sense for this kind; no look at the world.
  virtual Result<void> validate(const model::SpecConfig& source) const = 0;
  virtual async::Task<Result<Locality>> check(model::SpecConfig source) = 0;
  virtual async::Task<Result<PreparedInput>> prepare(PrepareRequest request) = 0;
  virtual async::Task<Result<void>> release(ExecutionId execution) = 0;
};

/// The drivers of a node by kind, filled by the composition root; kinds without regard to case.
class InputSources {
 public:
  void add(std::string kind, InputSource& driver);

  /// InvalidArgument names the kinds that there are.
  Result<InputSource*> find(std::string_view kind) const;
  /// Sorted, in lower case.
  std::vector<std::string> kinds() const;
  /// release() on every driver; the first error is given after all were tried.
  async::Task<Result<void>> release(ExecutionId execution);

 private:
  std::map<std::string, InputSource*, std::less<>> drivers_;
};

}  // namespace skrei::storage
