// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "model/event.hpp"
#include "model/job.hpp"
#include "model/labels.hpp"

namespace skrei::jobstore {

/// Bounds of `limit` in queries: a caller's number is coerced into 1…kPageSizeMax.
inline constexpr std::size_t kPageSizeMax = 1000;

enum class OrderBy { CreateTime, ModifyTime };
enum class Direction { Ascending, Descending };

/// Place of an item in an order: its time in nanoseconds, then its id. A page that starts after a
/// key neither repeats nor skips items that existed all along, whatever is inserted meanwhile.
struct PageKey {
  std::int64_t time_ns = 0;
  std::string id;

  bool operator==(const PageKey&) const = default;
};

/// An order and a place in it as one opaque token for clients (URL-safe base64).
struct PageToken {
  OrderBy order_by = OrderBy::CreateTime;
  Direction direction = Direction::Ascending;
  PageKey key;

  std::string to_string() const;
  /// InvalidArgument for anything to_string() did not make.
  static Result<PageToken> parse(std::string_view text);

  bool operator==(const PageToken&) const = default;
};

template <class Item>
struct Page {
  std::vector<Item> items;
  /// Where the next page starts; unset when nothing follows.
  std::optional<PageKey> next;
  /// Jobs: the newest event that this page knows of; what happened later has a greater number.
  std::uint64_t last_event = 0;
};

struct JobQuery {
  std::string namespace_;  ///< Empty or "*": all.
  std::vector<model::Constraint> labels;
  OrderBy order_by = OrderBy::CreateTime;
  Direction direction = Direction::Ascending;
  std::size_t limit = 10;
  std::optional<PageKey> after;
};

/// Versions of one job, ascending.
struct VersionQuery {
  JobId job_id;
  std::uint64_t after_version = 0;
  std::size_t limit = kPageSizeMax;
};

struct ExecutionQuery {
  JobId job_id;
  std::optional<std::uint64_t> job_version;  ///< Unset: all versions.
  OrderBy order_by = OrderBy::CreateTime;
  Direction direction = Direction::Ascending;
  std::size_t limit = 100;
  std::optional<PageKey> after;
};

struct HistoryQuery {
  JobId job_id;
  std::optional<std::uint64_t> job_version;  ///< Unset: all versions.
  std::optional<model::HistoryType> type;
  ExecutionId execution_id;  ///< Empty: all.
  WallTime since{};
  std::uint64_t after_seq = 0;
  std::size_t limit = 100;
};

/// A row of history with its job, both as of one moment: the job may be further than the row.
struct JobEvent {
  model::JobHistory item;
  std::shared_ptr<const model::Job> job;
};

/// Events of all jobs, by their sequence numbers.
struct EventPage {
  std::vector<JobEvent> events;
  /// Rows between the asked place and the end of this page are not kept any more.
  bool has_gap = false;
};

struct StateCount {
  model::JobStateType state = model::JobStateType::Undefined;
  std::uint64_t jobs = 0;
};

/// Which ended jobs retention takes away: those that ended before `ended_before`, and the ones that
/// ended first as long as there are more than `ended_jobs_max`.
struct ExpiryQuery {
  WallTime ended_before{};
  std::uint64_t ended_jobs_max = 0;
  std::size_t limit = 100;  ///< Of jobs, and of executions of one job.
};

struct ExpiredJob {
  JobId id;
  /// At most the query's limit; others come once these are gone.
  std::vector<ExecutionId> executions;
};

}  // namespace skrei::jobstore
