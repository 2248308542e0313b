// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/api_command.hpp"
#include "cli/content_access.hpp"

namespace skrei::cli {

/// A command over content: that of the node at the address, or, where none answers and the address
/// is this machine, the store of the data directory itself.
class DataCommand : public ApiCommand {
 protected:
  /// What can be said of the command line before a store is looked for.
  virtual Result<void> check() const { return {}; }
  async::Task<Result<int>> work(Session& session) final;
  virtual async::Task<Result<int>> work_on(Session& session, ContentAccess& content) = 0;
};

}  // namespace skrei::cli
