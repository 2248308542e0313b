// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "executor/engine.hpp"

namespace skrei::executor {

/// The engines of a node by name, filled by the composition root; names without regard to case.
class Engines {
 public:
  /// `engine` outlives this.
  void add(Engine& engine);

  /// InvalidArgument names the engines that there are.
  Result<Engine*> find(std::string_view name) const;
  /// Sorted, in lower case.
  std::vector<std::string> names() const;
  std::vector<Engine*> all() const;

 private:
  std::map<std::string, Engine*, std::less<>> engines_;
};

}  // namespace skrei::executor
