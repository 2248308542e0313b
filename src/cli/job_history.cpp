// SPDX-License-Identifier: Apache-2.0
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"
#include "json/json.hpp"
#include "model/execution_json.hpp"
#include "model/job.hpp"

namespace skrei::cli {
namespace {

class JobHistory final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"job history", "What happened to a job, in order",
            "  skrei job history j-1a2b3c4d\n"
            "  skrei job history my-job --event-type execution --wide\n"};
  }

  void declare(Options& options) override {
    options.argument("JOB", job_, "Id, beginning of an id, or name");
    options.number("-n,--limit", limit_, 1, 1'000'000, "At most so many");
    options.choice("--event-type", type_, {"all", "job", "execution"}, "Which events");
    options.value("--execution-id", execution_, "ID", "Only of this execution");
    options.flag("--all-versions", all_versions_, "Those of earlier versions, too");
    options.value("--namespace", namespace_, "NAME", "The job's namespace, to find it by name");
    output_.declare(options);
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    ListQuery query{.path = fmt::format("orchestrator/jobs/{}/history", http::percent_encode(job_)),
                    .limit = static_cast<std::size_t>(limit_)};
    query.query.add("event_type", type_);
    if (!execution_.empty()) query.query.add("execution_id", execution_);
    if (all_versions_) query.query.add("all_job_versions", "true");
    if (!namespace_.empty()) query.query.add("namespace", namespace_);
    CO_TRY_ASSIGN(const json::Value answer, co_await session.api.list(std::move(query)));
    std::vector<Row> rows;
    for (const json::Value& item : answer["Items"]) {
      CO_TRY_ASSIGN(const auto event, model::job_history_from_json(item));
      rows.push_back(
          {.id = std::to_string(event.seq_num),
           .cells = {precise_time_text(event.event.timestamp), short_id(event.execution_id.str()),
                     event.event.topic, event.event.message}});
    }
    print_list(session.io, output_, {"TIME", "EXECUTION", "TOPIC", "EVENT"}, rows, answer["Items"]);
    co_return kExitOk;
  }

 private:
  std::string job_;
  std::int64_t limit_ = 1000;
  std::string type_ = "all";
  std::string execution_;
  bool all_versions_ = false;
  std::string namespace_;
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_job_history() {
  return std::make_unique<JobHistory>();
}

}  // namespace skrei::cli
