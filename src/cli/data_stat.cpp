// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/data_command.hpp"
#include "cli/entry_output.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

class DataStat final : public DataCommand {
 public:
  CommandText text() const override {
    return {"data stat", "What a CID is: its kind, its size, whether all of it is here",
            "  skrei data stat bafy…\n"
            "  skrei data stat bafy…/outputs --output json\n"};
  }

  void declare(Options& options) override {
    options.argument("CID[/PATH]", what_, "A file, folder or link");
    describe_.declare(options);
  }

 protected:
  Result<void> check() const override {
    TRY(ContentPath::parse(what_));
    return {};
  }

  async::Task<Result<int>> work_on(Session& session, ContentAccess& content) override {
    CO_TRY_ASSIGN(ContentPath what, ContentPath::parse(what_));
    CO_TRY_ASSIGN(const ContentEntry entry, co_await content.stat(std::move(what)));
    Io& io = session.io;
    if (describe_.print(io, entry_json(entry))) co_return kExitOk;
    io.line("CID:      " + entry.cid);
    io.line("Type:     " + entry.kind);
    if (entry.kind == "file") {
      io.line(fmt::format("Size:     {} ({} bytes)", size_text(entry.size), entry.size));
    }
    if (entry.kind == "symlink") io.line("Target:   " + to_valid_utf8(entry.link_target));
    const bool complete = entry.complete.value_or(false);
    io.line(fmt::format("Complete: {}", complete ? "yes, all of it is here" : "not known"));
    co_return kExitOk;
  }

 private:
  std::string what_;
  DescribeFlags describe_;
};

}  // namespace

std::unique_ptr<Command> make_data_stat() {
  return std::make_unique<DataStat>();
}

}  // namespace skrei::cli
