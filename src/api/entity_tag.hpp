// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/request.hpp"
#include "model/job.hpp"
#include "orchestrator/service.hpp"

namespace skrei::api {

// Entity tags of jobs and the conditions that requests put on them (RFC 9110, sections 8.8 and 13).

/// `"<version>-<revision>"`, with the quotes: another one after every change of the job's record.
std::string entity_tag(const model::Job& job);

/// Whether the value of If-Match or If-None-Match names `tag`: `*` names every tag, else it is a
/// list of tags. InvalidArgument for anything else.
Result<bool> names_tag(std::string_view header, std::string_view value, std::string_view tag);

/// The If-Match and If-None-Match of a request that changes a job: what the job has to be when the
/// change is decided. Outlives the change.
class JobCondition {
 public:
  explicit JobCondition(const http::Request& request);

  /// Null where the request has neither header. Refers to this.
  orchestrator::Condition check();

  /// Whether check() refused the job: the answer's status is 412.
  bool failed() const { return failed_; }

 private:
  Result<void> decide(const model::Job* current);

  std::string if_match_;
  std::string if_none_match_;
  bool failed_ = false;
};

}  // namespace skrei::api
