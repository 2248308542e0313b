// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include <fmt/format.h>

#include "sim/compute_shell.hpp"
#include "sim/world.hpp"

namespace skrei::sim {
namespace {

using namespace std::chrono_literals;

std::chrono::milliseconds run_time(Dice& dice) {
  const std::size_t kind = dice.below(100);
  Duration time = dice.between(10ms, 1s);
  if (kind >= 50) time = dice.between(1s, 40s);
  if (kind >= 88) time = dice.between(40s, 12min);
  return std::chrono::duration_cast<std::chrono::milliseconds>(time);
}

int count(Dice& dice) {
  if (dice.chance(30)) return 0;
  return dice.chance(50) ? dice.between(8, 20) : dice.between(1, 4);
}

std::chrono::seconds limit(Dice& dice, unsigned thousandths, int low, int high) {
  return std::chrono::seconds(dice.chance(thousandths) ? dice.between(low, high) : 0);
}

}  // namespace

model::Job random_job(Dice& dice) {
  constexpr std::array kCpus = {"0.5", "1", "1", "1.5", "2", "3"};
  model::Job job;
  job.type = model::JobType::Batch;
  job.count = count(dice);
  if (dice.chance(100)) {
    job.type = model::JobType::Ops;
    job.count = 0;
  }
  job.priority = dice.between(-1, 2);
  if (dice.chance(200)) job.late_result = model::LateResult::Refuse;
  if (dice.chance(100)) {
    const char* const parity = dice.chance(450) ? "even" : dice.chance(800) ? "odd" : "neither";
    job.constraints.push_back({"parity", model::LabelOperator::Equals, {parity}});
  }
  job.meta.emplace(kRunsMeta, fmt::to_string(run_time(dice).count()));

  model::Task task;
  task.name = "main";
  task.engine = {.type = dice.chance(10) ? "docker" : "noop", .params = "{}"};
  task.resources.cpu = dice.chance(20) ? "4" : kCpus[dice.below(kCpus.size())];
  task.resources.memory = "100MB";
  task.timeouts.execution = limit(dice, 150, 5, 60);
  task.timeouts.queue = limit(dice, 100, 5, 60);
  task.timeouts.total = limit(dice, 100, 30, 600);
  job.tasks.push_back(std::move(task));
  return job;
}

}  // namespace skrei::sim
