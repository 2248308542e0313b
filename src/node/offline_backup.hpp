// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "api/services.hpp"
#include "async/blocking.hpp"

namespace skrei::node {

/// A backup of a data directory that no node holds; holds it until destroyed. Errors are those of
/// DataDir::open and of the stores; NotFound if there is no such directory. Blocks; `pool` outlives
/// it.
Result<std::unique_ptr<api::PieceSource>> open_offline_backup(const std::filesystem::path& data_dir,
                                                              async::BlockingPool& pool);

}  // namespace skrei::node
