// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <unordered_map>

#include "protocol/rows.hpp"

namespace skrei::jobstore::sqlite {

/// Which rows of one transaction need not be written, because a later row of it puts the same
/// whole record or takes it away. A job that comes, waits and is placed within one group is encoded
/// and written once instead of three times.
///
/// Refers to the rows that were added: they stay where they are as long as this is asked.
class NewestRows {
 public:
  /// In the order in which they are written.
  void add(const protocol::Batch& batch);

  bool is_replaced(const protocol::Mutation& row) const;

 private:
  using ById = std::unordered_map<std::string_view, const protocol::Mutation*>;

  ById jobs_;
  ById executions_;
  ById hosted_;
  /// RemoveEndedJob looks at what is stored of a job: nothing before it may be left out then.
  bool keep_all_ = false;
};

}  // namespace skrei::jobstore::sqlite
