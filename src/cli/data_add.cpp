// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/data_command.hpp"
#include "cli/exit_code.hpp"
#include "cli/text.hpp"
#include "cli/transfer_status.hpp"

namespace skrei::cli {
namespace {

class DataAdd final : public DataCommand {
 public:
  CommandText text() const override {
    return {"data add", "Put files and folders into the content store",
            "  skrei data add measurements/            # CID, size and name\n"
            "  cid=$(skrei data add --quiet notes.txt) # the CID alone\n",
            "Works with a node or, where none runs, on the data directory itself. Symbolic links "
            "below a folder are\nkept as links; entries that begin with a dot are left out unless "
            "--hidden asks for them.\n"};
  }

  void declare(Options& options) override {
    options.arguments("PATH", paths_, "Files and folders");
    options.flag("-q,--quiet", quiet_, "Print the CIDs alone");
    options.choice("--profile", profile_, {"unixfs-v1-2025", "unixfs-v0-2015"},
                   "How files become blocks: equal choices give equal CIDs everywhere");
    options.flag("--hidden", hidden_, "Entries that begin with a dot, too");
  }

 protected:
  async::Task<Result<int>> work_on(Session& session, ContentAccess& content) override {
    for (const std::string& path : paths_) {
      AddOptions options{.profile = profile_,
                         .hidden = hidden_ ? content::Hidden::Include : content::Hidden::Skip};
      CO_TRY_ASSIGN(const Added added,
                    co_await add_shown(session, content, path, std::move(options)));
      session.io.line(quiet_
                          ? added.cid
                          : fmt::format("{}  {:>10}  {}", added.cid, size_text(added.size), path));
      session.io.flush();
    }
    co_return kExitOk;
  }

 private:
  std::vector<std::string> paths_;
  bool quiet_ = false;
  std::string profile_ = "unixfs-v1-2025";
  bool hidden_ = false;
};

}  // namespace

std::unique_ptr<Command> make_data_add() {
  return std::make_unique<DataAdd>();
}

}  // namespace skrei::cli
