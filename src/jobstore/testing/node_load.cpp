// SPDX-License-Identifier: Apache-2.0
#include "jobstore/testing/node_load.hpp"

#include <memory>
#include <string>
#include <utility>

namespace skrei::jobstore::testing {
namespace {

constexpr std::size_t kLivesMax = 6;
constexpr int kSteps = 7;

WallTime at(std::uint64_t second) {
  return WallTime(std::chrono::seconds(1'760'000'000 + second));
}

protocol::PutJob put(const model::Job& job) {
  return {std::make_shared<const model::Job>(job)};
}

protocol::AppendEvent event(const model::Job& job, std::string message, ExecutionId execution) {
  return {.job_id = job.id,
          .job_version = job.version,
          .execution_id = std::move(execution),
          .event = {.message = std::move(message),
                    .topic = std::string(model::topic::kStateUpdate),
                    .timestamp = job.modify_time}};
}

}  // namespace

protocol::Batch NodeLoad::next() {
  if (lives_.empty() || (lives_.size() < kLivesMax && pick(3) == 0)) {
    lives_.push_back(submit());
    return advance(lives_.back());
  }
  const auto life = lives_.begin() + static_cast<std::ptrdiff_t>(pick(lives_.size()));
  protocol::Batch rows = advance(*life);
  if (life->step == kSteps) lives_.erase(life);
  return rows;
}

NodeLoad::Life NodeLoad::submit() {
  const std::uint64_t number = ++jobs_;
  Life life;
  model::Job& job = life.job;
  job.id = JobId(fmt::format("j-{:08x}-{:04x}", random_.next_u64() >> 32, number));
  job.name = fmt::format("load-{}", number);
  job.type = model::JobType::Batch;
  job.version = 1;
  job.labels = {{"colour", pick(2) == 0 ? "red" : "blue"}};
  job.tasks.push_back({.name = "main",
                       .engine = {.type = "wasm", .params = R"({"EntryModule":"app.wasm"})"},
                       .env = {{"PADDING", std::string(pick(6000), 'x')}}});
  job.create_time = job.modify_time = at(number);
  life.execution.id = ExecutionId(fmt::format("e-{:08x}-{:04x}", random_.next_u64() >> 32, number));
  life.execution.job_id = job.id;
  life.execution.job_version = 1;
  life.execution.node_id = NodeId("n-1");
  life.execution.create_time = at(number);
  return life;
}

protocol::Batch NodeLoad::advance(Life& life) {
  model::Job& job = life.job;
  ++job.revision;
  protocol::HostedExecution& hosted = life.hosted;
  switch (life.step++) {
    case 0:
      job.state.state_type = model::JobStateType::Pending;
      return {put(job), event(job, "Job submitted", ExecutionId()),
              protocol::PutIdempotencyKey{.key = {"client", job.name},
                                          .body_digest = sha256(as_bytes(job.name)),
                                          .answer = {.job_id = job.id},
                                          .time = job.create_time}};
    case 1:
      job.state.state_type = model::JobStateType::Running;
      life.execution.epoch = 1;
      return {put(job), protocol::PutExecution{life.execution},
              event(job, "Requested execution on n-1", life.execution.id)};
    case 2:
      hosted.id = life.execution.id;
      hosted.requester = NodeId("n-1");
      hosted.job = std::make_shared<const model::Job>(job);
      hosted.phase = protocol::HostedPhase::Preparing;
      return {protocol::PutHosted{hosted}};
    case 3:
      hosted.phase = protocol::HostedPhase::Running;
      ++hosted.revision;
      return {protocol::PutHosted{hosted}, protocol::PutExecution{life.execution},
              event(job, "Running execution", life.execution.id)};
    default:
      return end(life);
  }
}

protocol::Batch NodeLoad::end(Life& life) {
  model::Job& job = life.job;
  switch (life.step) {
    case 5:
      life.execution.run_output =
          model::RunOutput{.stdout_text = std::string(pick(3000), 'o'), .exit_code = 0};
      job.state.state_type = model::JobStateType::Completed;
      return {put(job), protocol::PutExecution{life.execution},
              event(job, "Accepted results", life.execution.id),
              event(job, "Job completed", ExecutionId())};
    case 6:
      return {protocol::RemoveHosted{life.hosted.id}};
    default:
      // Most jobs stay; retention takes the others away.
      if (pick(3) > 0) return {};
      return {protocol::RemoveEndedJob{job.id}};
  }
}

}  // namespace skrei::jobstore::testing
