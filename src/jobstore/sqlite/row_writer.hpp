// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "db/database.hpp"
#include "jobstore/sqlite/newest_rows.hpp"
#include "protocol/rows.hpp"

namespace skrei::jobstore::sqlite {

/// Writes rows into the tables of schema.hpp, within a transaction that the caller began.
class RowWriter {
 public:
  /// `now` becomes the time of the events' rows.
  RowWriter(db::Database& database, WallTime now) : database_(database), now_(now) {}

  /// `newest` knows every row of the transaction.
  Result<void> write(const protocol::Batch& batch, const NewestRows& newest);

  /// Sequence number of the last event written; 0 if there was none.
  std::uint64_t last_event() const { return last_event_; }

 private:
  Result<void> put(const protocol::PutJob& row);
  Result<void> put(const protocol::PutJobVersion& row);
  Result<void> put(const protocol::PutExecution& row);
  Result<void> put(const protocol::AppendEvent& row);
  Result<void> put(const protocol::PutIdempotencyKey& row);
  Result<void> put(const protocol::PutHosted& row);
  Result<void> put(const protocol::RemoveHosted& row);
  Result<void> put(const protocol::RemoveEndedJob& row);

  db::Database& database_;
  WallTime now_;
  std::uint64_t last_event_ = 0;
};

}  // namespace skrei::jobstore::sqlite
