// SPDX-License-Identifier: Apache-2.0
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/list_flags.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"
#include "json/json.hpp"
#include "model/job_json.hpp"

namespace skrei::cli {
namespace {

class JobList final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"job list", "The jobs, newest first",
            "  skrei job list                             # the newest ten\n"
            "  skrei job list --all --output id           # the id of every job\n"
            "  skrei job list --labels 'team=sea, !draft' --limit 50\n"
            "  skrei job list --output json | jq '.[].State.StateType'\n"};
  }

  void declare(Options& options) override {
    list_.declare(options);
    options.list("--labels", labels_, "SELECTOR", "Only jobs with these labels");
    options.value("--namespace", namespace_, "NAME", "Only jobs of this namespace");
    options.choice("--order-by", order_by_, {"created_at", "modified_at"},
                   "What the list is sorted by");
    options.flag("--order-reversed", reversed_, "Oldest first");
    output_.declare(options);
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    ListQuery query{.path = "orchestrator/jobs"};
    list_.add_to(query);
    query.query.add("order_by", order_by_);
    query.query.add("reverse", reversed_ ? "false" : "true");
    for (const std::string& selector : labels_)
      query.query.add("labels", selector);
    if (!namespace_.empty()) query.query.add("namespace", namespace_);
    CO_TRY_ASSIGN(const json::Value answer, co_await session.api.list(std::move(query)));
    std::vector<Row> rows;
    for (const json::Value& item : answer["Items"]) {
      CO_TRY_ASSIGN(const model::Job job, model::job_from_json(item));
      rows.push_back(row_of(job));
    }
    print_page(session.io, output_, {"CREATED", "ID", "NAME", "ENGINE", "TYPE", "STATE"}, rows,
               answer);
    co_return kExitOk;
  }

 private:
  Row row_of(const model::Job& job) const {
    const bool whole = output_.chosen() != OutputFormat::Table;
    return {
        .id = job.id.str(),
        .cells = {time_text(job.create_time), whole ? job.id.str() : short_id(job.id.str()),
                  job.name, job.tasks.empty() ? "" : job.tasks.front().engine.type,
                  std::string(to_string(job.type)), std::string(to_string(job.state.state_type))}};
  }

  ListFlags list_;
  std::vector<std::string> labels_;
  std::string namespace_;
  std::string order_by_ = "created_at";
  bool reversed_ = false;
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_job_list() {
  return std::make_unique<JobList>();
}

}  // namespace skrei::cli
