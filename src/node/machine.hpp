// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "config/settings.hpp"
#include "model/resources.hpp"

namespace skrei::node {

/// What this machine has for this process: cores it may run on, memory (the smaller of the
/// machine's and its cgroup's limit), free disk where `folder` lies.
Result<model::Resources> detect_resources(const std::filesystem::path& folder);

/// A share of what was detected, amount by amount.
model::Resources share_of(const config::CapacitySettings& share, const model::Resources& total);

/// A word that is new with each start of the machine.
Result<std::string> boot_id();

}  // namespace skrei::node
