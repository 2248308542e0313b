// SPDX-License-Identifier: Apache-2.0
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/job_flags.hpp"
#include "cli/list_flags.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"
#include "json/json.hpp"
#include "model/execution_json.hpp"

namespace skrei::cli {
namespace {

class JobExecutions final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"job executions", "The runs of a job: where, in what state, with which exit code",
            "  skrei job executions j-1a2b3c4d\n"
            "  skrei job executions my-job --output json | jq '.[].PublishedResult.Params.CID'\n"};
  }

  void declare(Options& options) override {
    which_.declare(options);
    which_.declare_version(options);
    list_.declare(options);
    options.flag("--all-versions", all_versions_, "Those of earlier versions, too");
    options.choice("--order-by", order_by_, {"created_at", "modified_at"},
                   "What the list is sorted by");
    options.flag("--order-reversed", reversed_, "Newest first");
    output_.declare(options);
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    ListQuery query{.path = which_.path("/executions")};
    which_.add_to(query.query);
    list_.add_to(query);
    query.query.add("order_by", order_by_);
    query.query.add("reverse", reversed_ ? "true" : "false");
    if (all_versions_) query.query.add("all_job_versions", "true");
    CO_TRY_ASSIGN(const json::Value answer, co_await session.api.list(std::move(query)));
    std::vector<Row> rows;
    for (const json::Value& item : answer["Items"]) {
      CO_TRY_ASSIGN(const auto execution, model::execution_from_json(item));
      rows.push_back(row_of(execution));
    }
    print_page(session.io, output_,
               {"CREATED", "ID", "VERSION", "NODE", "PART", "STATE", "EXIT CODE", "MESSAGE"}, rows,
               answer);
    co_return kExitOk;
  }

 private:
  Row row_of(const model::Execution& execution) const {
    const bool whole = output_.chosen() != OutputFormat::Table;
    const std::string& id = execution.id.str();
    const std::string& node = execution.node_id.str();
    const bool exited = execution.run_output && execution.run_output->error_message.empty();
    return {.id = id,
            .cells = {time_text(execution.create_time), whole ? id : short_id(id),
                      std::to_string(execution.job_version), whole ? node : short_id(node),
                      std::to_string(execution.partition_index),
                      std::string(to_string(execution.compute_state.state_type)),
                      exited ? std::to_string(execution.run_output->exit_code) : "",
                      execution.compute_state.message}};
  }

  JobFlags which_;
  ListFlags list_{.limit = 100};
  bool all_versions_ = false;
  std::string order_by_ = "created_at";
  bool reversed_ = false;
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_job_executions() {
  return std::make_unique<JobExecutions>();
}

}  // namespace skrei::cli
