// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/job_file.hpp"
#include "cli/output.hpp"
#include "cli/run_job.hpp"
#include "json/json.hpp"
#include "model/job_json.hpp"

namespace skrei::cli {
namespace {

class JobRun final : public ApiCommand {
 public:
  CommandText text() const override {
    return {
        "job run", "Run the job that a file describes, and wait for it",
        "  skrei job run job.yaml                  # its output, its exit code\n"
        "  skrei job run --detach job.yaml         # the id; the job goes on\n"
        "  generate-job | skrei job run -          # YAML or JSON from stdin\n"
        "  skrei job run -V day=monday job.yaml    # {{.day}} in the file is monday\n"
        "  skrei job run --dry-run job.yaml        # what would change; nothing does\n",
        "A file may hold templates: `skrei help templates`. Exit codes: `skrei help exit-codes`.\n"
        "A job whose name is there becomes a new version of it.\n"};
  }

  void declare(Options& options) override {
    options.argument("FILE", file_, "A job as YAML or JSON; - is stdin");
    templates_.declare(options);
    options.flag("--dry-run", dry_run_, "Show what would change against the newest version");
    options.flag("--force", force_, "Run it even if nothing differs from the newest version");
    options.value("--idempotency-key", idempotency_key_, "KEY",
                  "A repeat with the same key gets the first job and starts no other");
    options.flag("-f,--follow", follow_, "Accepted for scripts of others: output is always shown");
    wait_.declare(options);
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    std::vector<std::string> unknown;
    CO_TRY_ASSIGN(model::Job job, load_job_file(file_, templates_, unknown));
    for (const std::string& sentence : unknown) {
      if (!wait_.hide_warnings) session.io.say("Warning: " + sentence);
    }
    if (dry_run_) co_return co_await show_change(session, std::move(job));
    co_return co_await run_job(
        session, {.job = std::move(job), .force = force_, .idempotency_key = idempotency_key_},
        wait_, RunPlace::Node);
  }

  int exit_code_for(const Error& error) const override { return exit_code_of_run(error); }

 private:
  async::Task<Result<int>> show_change(Session& session, model::Job job) {
    const std::string yaml = to_yaml_text(model::to_json(job));
    if (job.name.empty()) {
      session.io.say("It would be a new job: without a Name there is none to compare it with.");
      session.io.line(yaml);
      co_return kExitOk;
    }
    const std::string name = job.name;
    const auto diff = co_await session.api.diff(std::move(job));
    if (!diff && diff.error().code != Code::NotFound) co_return fail(diff.error());
    if (!diff) {
      session.io.say(fmt::format("It would be a new job: there is none by the name {}.", name));
      session.io.line(yaml);
    } else if (diff->empty()) {
      session.io.say(fmt::format("Nothing differs from the newest version of {}.", name));
    } else {
      session.io.write(diff->ends_with('\n') ? *diff : *diff + "\n");
    }
    co_return kExitOk;
  }

  std::string file_;
  TemplateFlags templates_;
  bool dry_run_ = false;
  bool force_ = false;
  std::string idempotency_key_;
  bool follow_ = false;
  WaitFlags wait_;
};

}  // namespace

std::unique_ptr<Command> make_job_run() {
  return std::make_unique<JobRun>();
}

}  // namespace skrei::cli
