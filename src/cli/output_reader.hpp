// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "cli/api_client.hpp"
#include "cli/io.hpp"

namespace skrei::cli {

enum class Stream { Stdout, Stderr };

/// Which output is copied, and how.
struct OutputCopy {
  JobId job;
  ExecutionId execution;
  Stream source = Stream::Stdout;
  /// Go on until the program has closed the stream; else what there is now.
  bool follow = false;
  /// Stands before each line ("[2] "); empty: exactly the program's bytes.
  std::string prefix;
};

/// Copies one stream of one execution to our own stdout or stderr. A cut connection is taken up
/// again where it ended, five times in a row at most without progress. What is not kept any more is
/// said on stderr. Success for an execution that has no output (any more). Unavailable once nobody
/// reads our stdout.
async::Task<Result<void>> copy_output(ApiClient& api, Io& io, OutputCopy copy);

}  // namespace skrei::cli
