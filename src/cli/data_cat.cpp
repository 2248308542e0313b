// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/data_command.hpp"
#include "cli/exit_code.hpp"

namespace skrei::cli {
namespace {

class DataCat final : public DataCommand {
 public:
  CommandText text() const override {
    return {"data cat", "Print a file by its CID",
            "  skrei data cat bafk…\n"
            "  skrei data cat bafy…/outputs/table.csv | head\n"};
  }

  void declare(Options& options) override { options.argument("CID[/PATH]", what_, "The file"); }

 protected:
  Result<void> check() const override {
    TRY(ContentPath::parse(what_));
    return {};
  }

  async::Task<Result<int>> work_on(Session& session, ContentAccess& content) override {
    CO_TRY_ASSIGN(ContentPath what, ContentPath::parse(what_));
    Io& io = session.io;
    CO_TRY(co_await content.read(std::move(what),
                                 [&io](ByteView bytes) { return io.write(as_chars(bytes)); }));
    co_return kExitOk;
  }

 private:
  std::string what_;
};

}  // namespace

std::unique_ptr<Command> make_data_cat() {
  return std::make_unique<DataCat>();
}

}  // namespace skrei::cli
