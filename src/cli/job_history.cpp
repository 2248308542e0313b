// SPDX-License-Identifier: Apache-2.0
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/job_flags.hpp"
#include "cli/list_flags.hpp"
#include "cli/output.hpp"
#include "cli/run_flags.hpp"
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
    which_.declare(options);
    which_.declare_version(options);
    list_.declare(options);
    options.choice("--event-type", type_, {"all", "job", "execution"}, "Which events");
    options.value("--execution-id", execution_, "ID", "Only of this execution");
    options.flag("--all-versions", all_versions_, "Those of earlier versions, too");
    options.value("--since", since_, "TIME", "Only the last so long: \"90\" seconds or \"2h\"");
    output_.declare(options);
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    CO_TRY_ASSIGN(const std::chrono::seconds since, parse_timeout("--since", since_));
    ListQuery query{.path = which_.path("/history")};
    which_.add_to(query.query);
    list_.add_to(query);
    if (since.count() > 0) {
      const auto from = std::chrono::floor<std::chrono::seconds>(SystemClock().now()) - since;
      query.query.add("since", std::to_string(from.time_since_epoch().count()));
    }
    query.query.add("event_type", type_);
    if (!execution_.empty()) query.query.add("execution_id", execution_);
    if (all_versions_) query.query.add("all_job_versions", "true");
    CO_TRY_ASSIGN(const json::Value answer, co_await session.api.list(std::move(query)));
    std::vector<Row> rows;
    for (const json::Value& item : answer["Items"]) {
      CO_TRY_ASSIGN(const auto event, model::job_history_from_json(item));
      rows.push_back(
          {.id = std::to_string(event.seq_num),
           .cells = {precise_time_text(event.event.timestamp), std::to_string(event.job_version),
                     short_id(event.execution_id.str()), event.event.topic, event.event.message}});
    }
    print_history_page(session.io, rows, answer);
    co_return kExitOk;
  }

 private:
  /// The history of a job that goes on always has a token for what comes: no word of it.
  void print_history_page(Io& io, const std::vector<Row>& rows, json::Value page) const {
    if (page["Items"].size() < static_cast<std::size_t>(list_.limit)) page["NextToken"] = "";
    print_page(io, output_, {"TIME", "VERSION", "EXECUTION", "TOPIC", "EVENT"}, rows, page);
  }

  JobFlags which_;
  ListFlags list_{.limit = 1000};
  std::string since_;
  std::string type_ = "all";
  std::string execution_;
  bool all_versions_ = false;
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_job_history() {
  return std::make_unique<JobHistory>();
}

}  // namespace skrei::cli
