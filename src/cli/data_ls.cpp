// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/data_command.hpp"
#include "cli/entry_output.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

class DataLs final : public DataCommand {
 public:
  CommandText text() const override {
    return {"data ls", "List a folder by its CID",
            "  skrei data ls bafy…\n"
            "  skrei data ls bafy…/outputs --output json\n"};
  }

  void declare(Options& options) override {
    options.argument("CID[/PATH]", what_, "The folder");
    output_.declare(options);
  }

 protected:
  Result<void> check() const override {
    TRY(ContentPath::parse(what_));
    return {};
  }

  async::Task<Result<int>> work_on(Session& session, ContentAccess& content) override {
    CO_TRY_ASSIGN(ContentPath what, ContentPath::parse(what_));
    CO_TRY_ASSIGN(const auto entries, co_await content.list(std::move(what)));
    std::vector<Row> rows;
    json::Value items = json::Value::array();
    for (const ContentEntry& entry : entries) {
      rows.push_back(entry_row(entry, output_.chosen()));
      items.push_back(entry_json(entry));
    }
    print_list(session.io, output_, {"TYPE", "SIZE", "CID", "NAME"}, rows, items);
    co_return kExitOk;
  }

 private:
  std::string what_;
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_data_ls() {
  return std::make_unique<DataLs>();
}

}  // namespace skrei::cli
