// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace skrei::jobstore::sqlite {

/// "skrJ": marks a file as a job store of Skrei.
inline constexpr std::int32_t kApplicationId = 0x736b724a;

/// Times are nanoseconds since 1970. `record` columns hold the storage forms of model/*_json.hpp;
/// the other columns repeat what queries need. A released step is never changed: add another.
inline constexpr std::array<std::string_view, 3> kSchemaSteps = {R"sql(
CREATE TABLE jobs (
  id          TEXT PRIMARY KEY NOT NULL,
  namespace   TEXT NOT NULL,
  name        TEXT NOT NULL,
  state       INTEGER NOT NULL,
  live        INTEGER NOT NULL,     -- 1: not in a terminal state
  create_time INTEGER NOT NULL,
  modify_time INTEGER NOT NULL,
  record      TEXT NOT NULL
);
CREATE INDEX jobs_by_create_time ON jobs (create_time, id);
CREATE INDEX jobs_by_modify_time ON jobs (modify_time, id);
CREATE INDEX jobs_by_name ON jobs (name, namespace);
CREATE INDEX jobs_live ON jobs (create_time, id) WHERE live = 1;

CREATE TABLE executions (
  id          TEXT PRIMARY KEY NOT NULL,
  job_id      TEXT NOT NULL,
  job_version INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  modify_time INTEGER NOT NULL,
  record      TEXT NOT NULL
);
CREATE INDEX executions_by_job ON executions (job_id, create_time, id);

CREATE TABLE events (
  seq          INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice
  job_id       TEXT NOT NULL,
  job_version  INTEGER NOT NULL,
  execution_id TEXT NOT NULL,                      -- empty: of the job as a whole
  time         INTEGER NOT NULL,
  event        TEXT NOT NULL
);
CREATE INDEX events_by_job ON events (job_id, seq);

CREATE TABLE idempotency_keys (
  client      TEXT NOT NULL,
  key         TEXT NOT NULL,
  body_digest BLOB NOT NULL,
  job_id      TEXT NOT NULL,
  evaluation  TEXT NOT NULL,
  warnings    TEXT NOT NULL,        -- joined by newlines
  time        INTEGER NOT NULL,
  PRIMARY KEY (client, key)
) WITHOUT ROWID;

CREATE TABLE hosted (
  id        TEXT PRIMARY KEY NOT NULL,
  requester TEXT NOT NULL,
  job       TEXT NOT NULL,
  record    TEXT NOT NULL
);
)sql",
                                                                 // Retention finds what goes first.
                                                                 R"sql(
CREATE INDEX jobs_ended ON jobs (modify_time, id) WHERE live = 0;
CREATE INDEX idempotency_keys_by_job ON idempotency_keys (job_id);
)sql",
                                                                 R"sql(
ALTER TABLE jobs ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE idempotency_keys ADD COLUMN job_version INTEGER NOT NULL DEFAULT 1;

CREATE TABLE job_versions (           -- superseded ones; the current one is in jobs
  job_id  TEXT NOT NULL,
  version INTEGER NOT NULL,
  record  TEXT NOT NULL,
  PRIMARY KEY (job_id, version)
);
)sql"};

}  // namespace skrei::jobstore::sqlite
