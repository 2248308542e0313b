// SPDX-License-Identifier: Apache-2.0
#include "model/job.hpp"

#include "base/assert.hpp"
#include "model/words.hpp"

namespace skrei::model {
namespace {

constexpr WordTable<JobType, 5> kJobTypes{{{JobType::Batch, "batch"},
                                           {JobType::Ops, "ops"},
                                           {JobType::Service, "service"},
                                           {JobType::Daemon, "daemon"},
                                           {JobType::Unset, ""}}};

constexpr WordTable<JobStateType, 7> kJobStates{{{JobStateType::Undefined, "Undefined"},
                                                 {JobStateType::Pending, "Pending"},
                                                 {JobStateType::Queued, "Queued"},
                                                 {JobStateType::Running, "Running"},
                                                 {JobStateType::Completed, "Completed"},
                                                 {JobStateType::Failed, "Failed"},
                                                 {JobStateType::Stopped, "Stopped"}}};

constexpr WordTable<NetworkType, 6> kNetworkTypes{{{NetworkType::Default, "Default"},
                                                   {NetworkType::None, "None"},
                                                   {NetworkType::Host, "Host"},
                                                   {NetworkType::Full, "Full"},
                                                   {NetworkType::Http, "HTTP"},
                                                   {NetworkType::Bridge, "Bridge"}}};

constexpr WordTable<LateResult, 3> kLateResults{
    {{LateResult::Default, ""}, {LateResult::Accept, "accept"}, {LateResult::Refuse, "refuse"}}};

}  // namespace

std::string_view to_string(JobType type) {
  return print_word(kJobTypes, type);
}
Result<JobType> parse_job_type(std::string_view text) {
  return parse_word(kJobTypes, "job type", text);
}

std::string_view to_string(JobStateType state) {
  return print_word(kJobStates, state);
}
Result<JobStateType> parse_job_state(std::string_view text) {
  if (text.empty()) return JobStateType::Undefined;
  return parse_word(kJobStates, "job state", text);
}
bool is_terminal(JobStateType state) {
  return state == JobStateType::Completed || state == JobStateType::Failed ||
         state == JobStateType::Stopped;
}

bool is_kind(const SpecConfig& spec, std::string_view kind) {
  return equal_ignoring_case(spec.type, kind);
}

std::string_view to_string(NetworkType type) {
  return print_word(kNetworkTypes, type);
}
Result<NetworkType> parse_network_type(std::string_view text) {
  if (text.empty()) return NetworkType::Default;
  return parse_word(kNetworkTypes, "network type", text);
}

std::string_view to_string(LateResult policy) {
  return print_word(kLateResults, policy);
}
Result<LateResult> parse_late_result(std::string_view text) {
  return parse_word(kLateResults, "policy for late results", text);
}

const Task& Job::task() const {
  SKREI_ASSERT(tasks.size() == 1);
  return tasks.front();
}

}  // namespace skrei::model
