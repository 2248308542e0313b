// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "base/nearest_word.hpp"
#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"

namespace skrei::cli {
namespace {

class CompletionScript final : public Command {
 public:
  CommandText text() const override {
    return {"completion", "Print what a shell needs to complete skrei's words",
            "  source <(skrei completion bash)          # in this shell; in ~/.bashrc for all\n"
            "  source <(skrei completion zsh)\n"
            "  skrei completion fish | source\n",
            "Completes commands, flags, their values, settings, topics, and the ids of jobs and "
            "nodes of the node\nthat answers (within half a second, else none).\n"};
  }

  void declare(Options& options) override {
    options.argument("SHELL", shell_, "bash, zsh or fish");
  }

  int run(Context& context) override {
    const auto shells = completion_shells();
    if (std::ranges::find(shells, shell_) == shells.end()) {
      context.io().complain(
          {Code::InvalidArgument,
           fmt::format("there is no completion for {:?}{}", shell_, did_you_mean(shell_, shells)),
           "bash, zsh and fish have one"});
      return kExitUsage;
    }
    context.io().write(completion_script(shell_));
    return kExitOk;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> make_completion() {
  return std::make_unique<CompletionScript>();
}

}  // namespace skrei::cli
