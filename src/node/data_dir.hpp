// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "base/fd.hpp"
#include "base/ids.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

namespace skrei::node {

/// The one folder in which a node keeps everything, held by one process at a time.
///
///   VERSION          one line, "skrei 1"; a newer number is refused. It stands for the names and
///                    places of all files, and the form of those without a version of their own
///   lock             locked (flock) while a node runs; holds its process id
///   node_id          who this node is, made once
///   jobs.db content/ materialised/ executions/ wasm/    see ARCHITECTURE.md
class DataDir {
 public:
  /// Makes the folder (0700, following no link at its last part) or takes an existing one.
  /// FailedPrecondition if another node holds it, if a newer Skrei wrote it, or if it holds another
  /// program's data; PermissionDenied if others can write to it or it is another user's.
  static Result<std::unique_ptr<DataDir>> open(const std::filesystem::path& path, Random& random);

  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

  /// Absolute.
  const std::filesystem::path& path() const { return path_; }
  const NodeId& node_id() const { return node_id_; }

  /// A folder below, made 0700 where it is missing.
  Result<std::filesystem::path> folder(const char* name) const;

 private:
  DataDir(std::filesystem::path path, UniqueFd lock, NodeId node_id)
      : path_(std::move(path)), lock_(std::move(lock)), node_id_(std::move(node_id)) {}

  std::filesystem::path path_;
  UniqueFd lock_;
  NodeId node_id_;
};

}  // namespace skrei::node
