// SPDX-License-Identifier: Apache-2.0
#include "sim/engine.hpp"

#include <utility>

namespace skrei::sim {

void Engine::start(const ExecutionId& id, const model::Resources& resources, Duration runs,
                   protocol::ExecutionResult result) {
  programs_.insert_or_assign(id, Program{resources, std::move(result), false});
  used_ = used_ + resources;
  agenda_.after(runs, [this, id] { end(id); });
}

void Engine::kill(const ExecutionId& id, Duration moment) {
  agenda_.after(moment, [this, id] { end(id); });
}

void Engine::end(const ExecutionId& id) {
  const auto place = programs_.find(id);
  if (place == programs_.end() || place->second.ended) return;
  place->second.ended = true;
  used_ = used_ - place->second.resources;
  on_end_(id);
}

void Engine::forget(const ExecutionId& id) {
  const auto place = programs_.find(id);
  if (place != programs_.end() && place->second.ended) programs_.erase(place);
}

void Engine::power_cut() {
  programs_.clear();
  used_ = {};
}

const Engine::Program* Engine::find(const ExecutionId& id) const {
  const auto place = programs_.find(id);
  return place == programs_.end() ? nullptr : &place->second;
}

}  // namespace skrei::sim
