// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/job.hpp"

namespace skrei::model {

/// What the publisher "ipfs" (which takes no parameters) leaves in Execution::published_result.
struct IpfsResult {
  /// CIDv1 in text.
  std::string cid;

  bool operator==(const IpfsResult&) const = default;
};

/// InvalidArgument if the kind is another or there are parameters.
Result<void> check_ipfs_publisher(const SpecConfig& publisher);

Result<IpfsResult> ipfs_result(const SpecConfig& published);
SpecConfig to_spec(const IpfsResult& result);

}  // namespace skrei::model
