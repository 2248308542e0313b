// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "executor/engine.hpp"
#include "executor/wasm/supervisor_protocol.hpp"

namespace skrei::executor::wasm {

/// The folders that a guest sees. WASI gives folders only, so an input that is a single file gets a
/// folder of its own below `scratch` that stands for its target's parent and holds a hard link to
/// it (a copy where that is not possible); single files with one parent share it. Such a folder
/// can be read only. Blocks.
///
/// InvalidArgument if a target is not an absolute path without "..", if two are the same, or if a
/// single file's parent is also an input or result folder.
Result<std::vector<GuestFolder>> lay_out(const std::vector<InputMount>& inputs,
                                         const std::vector<ResultMount>& results,
                                         const std::filesystem::path& scratch);

}  // namespace skrei::executor::wasm
