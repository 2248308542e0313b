// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "base/fd.hpp"
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/manual.hpp"
#include "cli/text.hpp"

namespace skrei::cli {
namespace {

class Manual final : public Command {
 public:
  CommandText text() const override {
    return {"manual", "Write the man pages into a folder",
            "  skrei manual ./man && man -M ./man skrei-job-run\n"
            "  skrei help job run                       # the same in the terminal\n",
            "Pages of commands go to DIR/man1, those of topics to DIR/man7.\n"};
  }

  void declare(Options& options) override {
    options.argument("DIR", folder_, "Where to; made if it is not there");
  }

  int run(Context& context) override {
    if (const auto written = write(context.io()); !written) {
      context.io().complain(written.error());
      return kExitFailure;
    }
    return kExitOk;
  }

 private:
  Result<void> write(Io& io) const {
    const std::filesystem::path folder(folder_);
    for (const char* section : {"man1", "man7"}) {
      std::error_code error;
      std::filesystem::create_directories(folder / section, error);
      if (error) return fail(errno_error(error.value(), folder_));
    }
    const auto commands = all_commands();
    const std::vector<ManPage> pages = man_pages(command_pages(commands));
    for (const ManPage& page : pages)
      TRY(write_file_atomically(folder / page.file_name, as_bytes(page.text), 0644));
    io.say(fmt::format("{} in {}", counted(pages.size(), "page", "pages"), folder_));
    return {};
  }

  std::string folder_;
};

}  // namespace

std::unique_ptr<Command> make_manual() {
  return std::make_unique<Manual>();
}

}  // namespace skrei::cli
