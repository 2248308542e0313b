// SPDX-License-Identifier: Apache-2.0
#include "executor/engines.hpp"

#include <fmt/ranges.h>

#include "base/nearest_word.hpp"

namespace skrei::executor {

void Engines::add(Engine& engine) {
  engines_[ascii_lower(engine.name())] = &engine;
}

Result<Engine*> Engines::find(std::string_view name) const {
  const auto found = engines_.find(ascii_lower(name));
  if (found != engines_.end()) return found->second;
  const std::vector<std::string> known = names();
  const std::vector<std::string_view> views(known.begin(), known.end());
  return fail(Code::InvalidArgument, "engine {:?}: this node has none of that name, but {}{}", name,
              fmt::join(known, ", "), did_you_mean(name, views));
}

std::vector<std::string> Engines::names() const {
  std::vector<std::string> result;
  for (const auto& [name, engine] : engines_)
    result.push_back(name);
  return result;
}

std::vector<Engine*> Engines::all() const {
  std::vector<Engine*> result;
  for (const auto& [name, engine] : engines_)
    result.push_back(engine);
  return result;
}

}  // namespace skrei::executor
