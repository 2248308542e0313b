// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include <sys/types.h>

/// Native code that does what a guest would try if the engine had fallen. Each attempt runs in a
/// child of its own and gives 0 for "it worked" or the errno of what stopped it.
namespace skrei::executor::wasm::testing {

/// What an attempt finds: the job's own folders, and what it must not reach.
struct Scene {
  std::string root;  ///< Folder that holds all others.
  dev_t root_device = 0;
  ino_t root_inode = 0;
  std::string store_file;  ///< A file of the content store.
  std::string cache_dir;   ///< The compile cache.
  std::string input_dir;
  std::string output_dir;
  int input_fd = -1;
  int output_fd = -1;
  int secret_fd = -1;  ///< Open in the parent, not listed as kept.
  pid_t sibling = 0;   ///< A process of the same user that ignores SIGUSR1.
};

/// Whether the attempt works where there are no walls, which proves that it can fail.
enum class Bare {
  Works,      ///< For any user.
  NeedsRoot,  ///< For root with all capabilities; unknown otherwise.
  Unknown,    ///< Depends on the kernel's configuration.
};

struct Attempt {
  const char* name;
  int (*run)(const Scene& scene);
  Bare bare = Bare::Works;
};

/// All must be refused inside the walls.
std::span<const Attempt> hostile_attempts();

/// All must work inside the walls.
std::span<const Attempt> honest_attempts();

}  // namespace skrei::executor::wasm::testing
