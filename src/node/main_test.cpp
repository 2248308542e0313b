// SPDX-License-Identifier: Apache-2.0
// main() of this room's tests. Supervisor and compile children are this very program, as they are
// in the binary that users have.
#include <string_view>

#include <gtest/gtest.h>

#include "executor/wasm/compile_child.hpp"
#include "executor/wasm/supervisor.hpp"

int main(int argc, char** argv) {
  using namespace skrei::executor::wasm;
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == kSupervisorCommand) return run_supervisor(argc, argv);
  if (command == kCompileChildCommand) return run_compile_child(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
