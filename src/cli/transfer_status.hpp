// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "async/scope.hpp"
#include "cli/api_command.hpp"
#include "cli/content_access.hpp"

namespace skrei::cli {

/// Shows how far a transfer is while it lasts: a status line on a terminal, else a line every 30 s.
/// Life: construct, hand progress() out, `co_await stop()`, destroy.
class TransferStatus {
 public:
  TransferStatus(Session& session, std::string what);

  TransferProgress progress() const;
  async::Task<void> stop();
  std::uint64_t bytes() const { return *bytes_; }

 private:
  async::Task<void> show();

  Session& session_;
  std::string what_;
  std::shared_ptr<std::atomic<std::uint64_t>> bytes_;  // Counted by another thread.
  async::TaskScope scope_;
};

/// add() and fetch() with their progress shown.
async::Task<Result<Added>> add_shown(Session& session, ContentAccess& content,
                                     std::filesystem::path path, AddOptions options);
async::Task<Result<void>> fetch_shown(Session& session, ContentAccess& content, ContentPath what,
                                      std::filesystem::path target);

}  // namespace skrei::cli
