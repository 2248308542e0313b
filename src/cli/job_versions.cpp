// SPDX-License-Identifier: Apache-2.0
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/job_flags.hpp"
#include "cli/list_flags.hpp"
#include "cli/text.hpp"
#include "json/json.hpp"
#include "model/job_json.hpp"

namespace skrei::cli {
namespace {

class JobVersions final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"job versions", "The versions of a job: each time it was handed in or run again",
            "  skrei job versions my-job\n"
            "  skrei job describe --version 1 my-job        # what the first one was\n"};
  }

  void declare(Options& options) override {
    which_.declare(options);
    list_.declare(options);
    output_.declare(options);
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    ListQuery query{.path = which_.path("/versions")};
    which_.add_to(query.query);
    list_.add_to(query);
    CO_TRY_ASSIGN(const json::Value page, co_await session.api.list(std::move(query)));
    std::vector<Row> rows;
    for (const json::Value& item : page["Items"]) {
      CO_TRY_ASSIGN(const model::Job job, model::job_from_json(item));
      const std::string version = std::to_string(job.version);
      rows.push_back({.id = version, .cells = {time_text(job.create_time), version}});
    }
    print_page(session.io, output_, {"CREATED AT", "JOB VERSION"}, rows, page);
    co_return kExitOk;
  }

 private:
  JobFlags which_;
  ListFlags list_{.limit = 100};
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_job_versions() {
  return std::make_unique<JobVersions>();
}

}  // namespace skrei::cli
