// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/data_command.hpp"
#include "cli/exit_code.hpp"
#include "cli/transfer_status.hpp"

namespace skrei::cli {
namespace {

namespace fs = std::filesystem;

class DataGet final : public DataCommand {
 public:
  CommandText text() const override {
    return {"data get", "Fetch a file or folder by its CID",
            "  skrei data get bafy…                          # into ./bafy…\n"
            "  skrei data get bafy…/outputs/table.csv        # ./table.csv\n"
            "  skrei data get bafy… --output-dir result      # a folder's entries into ./result\n",
            "Every block is checked against its CID. Nothing is ever overwritten.\n"};
  }

  void declare(Options& options) override {
    options.argument("CID[/PATH]", what_, "What to fetch");
    options.value("-o,--output-dir", folder_, "DIR", "Where to");
  }

 protected:
  Result<void> check() const override {
    TRY(ContentPath::parse(what_));
    return {};
  }

  async::Task<Result<int>> work_on(Session& session, ContentAccess& content) override {
    CO_TRY_ASSIGN(const ContentPath what, ContentPath::parse(what_));
    CO_TRY_ASSIGN(const ContentEntry entry, co_await content.stat(what));
    const fs::path name = what.path.empty() ? fs::path(what.cid) : fs::path(what.path).filename();
    fs::path target = folder_.empty() ? name : fs::path(folder_);
    if (!folder_.empty() && entry.kind != "folder") target /= name;
    CO_TRY(co_await fetch_shown(session, content, what, target));
    session.io.say(fmt::format("Fetched {} to {}", what.to_string(), target.string()));
    co_return kExitOk;
  }

 private:
  std::string what_;
  std::string folder_;
};

}  // namespace

std::unique_ptr<Command> make_data_get() {
  return std::make_unique<DataGet>();
}

}  // namespace skrei::cli
