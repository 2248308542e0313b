// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "cli/io.hpp"
#include "cli/program.hpp"
#include "executor/wasm/compile_child.hpp"
#include "executor/wasm/supervisor.hpp"

int main(int argc, char** argv) {
  // The programs that the node starts of itself; both must be the first to run in their process.
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == skrei::executor::wasm::kSupervisorCommand) {
    return skrei::executor::wasm::run_supervisor(argc, argv);
  }
  if (command == skrei::executor::wasm::kCompileChildCommand) {
    return skrei::executor::wasm::run_compile_child(argc, argv);
  }
  // A closed pipe and a limit on the length of files are errors with a sentence, not sudden deaths.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  skrei::cli::Io io = skrei::cli::Io::standard();
  const std::string program = argc > 0 ? argv[0] : "skrei";
  const std::size_t slash = program.rfind('/');
  return skrei::cli::run_program(slash == std::string::npos ? program : program.substr(slash + 1),
                                 std::vector<std::string>(argv + std::min(argc, 1), argv + argc),
                                 io);
}
