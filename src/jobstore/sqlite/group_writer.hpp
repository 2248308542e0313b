// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "db/database.hpp"
#include "protocol/rows.hpp"

namespace skrei::jobstore::sqlite {

/// A batch and who waits for it.
struct Pending {
  protocol::Batch batch;
  std::move_only_function<void()> synced;
};

/// The one writer of a job store's file, on one thread at a time.
///
/// After a group is answered it moves the log into the file: each time that the log has grown by a
/// step, so that the work is bounded, and so is what a start has to replay. Readers of an older
/// state do not stop it, but may keep the log from beginning anew. From max_pages on it waits for
/// them, and again after each further step: longer the longer the log is, but never beyond
/// reader_wait_max. So a log has max_pages and a few steps unless one read takes longer than that.
///
/// After an error it must not be used again: what a failed sync covered may be gone although the
/// next one succeeds.
class GroupWriter {
 public:
  /// Pages have 4 KiB.
  struct LogLimits {
    std::int64_t step_pages = 1000;
    std::int64_t max_pages = 4000;
    std::chrono::milliseconds reader_wait{100};  ///< At max_pages; in proportion beyond.
    std::chrono::milliseconds reader_wait_max{1000};
  };

  /// `database` was opened with auto_checkpoint_pages = 0.
  GroupWriter(std::unique_ptr<db::Database> database, const Clock& clock, LogLimits limits)
      : database_(std::move(database)),
        clock_(clock),
        limits_(limits),
        tidy_at_pages_(limits.step_pages) {}

  /// Step 2 of the commit rule (job_store.hpp): one transaction, one sync. On an error none of it
  /// is kept. Gives the sequence number of the group's newest event; 0 if it has none.
  Result<std::uint64_t> write(const std::vector<Pending>& group);

  /// After the group is answered. Cheap unless the log has grown by a step.
  Result<void> tidy();

 private:
  std::unique_ptr<db::Database> database_;
  const Clock& clock_;
  LogLimits limits_;
  std::int64_t tidy_at_pages_;
};

}  // namespace skrei::jobstore::sqlite
