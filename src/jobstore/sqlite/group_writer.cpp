// SPDX-License-Identifier: Apache-2.0
#include "jobstore/sqlite/group_writer.hpp"

#include <algorithm>

#include "jobstore/sqlite/row_writer.hpp"

namespace skrei::jobstore::sqlite {

Result<std::uint64_t> GroupWriter::write(const std::vector<Pending>& group) {
  TRY_ASSIGN(auto transaction, db::Transaction::begin(*database_));
  RowWriter writer(*database_, clock_.now());
  NewestRows newest;
  for (const Pending& pending : group)
    newest.add(pending.batch);
  for (const Pending& pending : group)
    TRY(writer.write(pending.batch, newest));
  TRY(transaction.commit());
  return writer.last_event();
}

Result<void> GroupWriter::tidy() {
  const std::int64_t pages = database_->log_pages();
  // A log that began anew lies far below where the next step was.
  tidy_at_pages_ = std::min(tidy_at_pages_, pages + limits_.step_pages);
  tidy_at_pages_ = std::max(tidy_at_pages_, limits_.step_pages);
  if (pages < tidy_at_pages_) return {};
  if (pages < limits_.max_pages) {
    TRY(database_->checkpoint());
  } else {
    const auto wait = limits_.reader_wait * (pages / limits_.max_pages);
    TRY(database_->checkpoint(db::CheckpointMode::Restart,
                              std::min(wait, limits_.reader_wait_max)));
  }
  tidy_at_pages_ = pages + limits_.step_pages;
  return {};
}

}  // namespace skrei::jobstore::sqlite
