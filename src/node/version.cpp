// SPDX-License-Identifier: Apache-2.0
#include "node/version.hpp"

namespace skrei::node {

model::BuildVersion build_version() {
  // Clients of Bacalhau read the version whose API this is; what comes after "+" is build metadata
  // to them (Semantic Versioning 2.0.0) and says what really answers.
  return {.major = "1",
          .minor = "9",
          .git_version = "v1.9.3+skrei.0.1.0",
          .goos = "linux",
#if defined(__x86_64__)
          .goarch = "amd64"
#elif defined(__aarch64__)
          .goarch = "arm64"
#else
#error "Skrei is built for x86-64 and AArch64"
#endif
  };
}

}  // namespace skrei::node
