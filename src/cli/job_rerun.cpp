// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/job_flags.hpp"
#include "cli/run_job.hpp"

namespace skrei::cli {
namespace {

class JobRerun final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"job rerun", "Run a job once more as a new version of it, and wait for it",
            "  skrei job rerun j-1a2b3c4d\n"
            "  skrei job rerun --version 2 my-job           # as its second version was\n"
            "  skrei job rerun --detach --reason \"new data\" my-job\n",
            "Exit codes are those of `skrei wasm run`.\n"};
  }

  void declare(Options& options) override {
    which_.declare(options);
    which_.declare_version(options);
    options.value("--reason", reason_, "TEXT", "Kept in the job's history");
    wait_.declare(options);
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    CO_TRY_ASSIGN(
        const SubmittedJob submitted,
        co_await session.api.rerun(which_.job, which_.name_space, which_.version, reason_));
    if (!wait_.id_only && !wait_.json) {
      session.io.say(fmt::format("Version {} of {}", submitted.version, submitted.id));
    }
    co_return co_await follow_submitted(session, submitted, wait_, RunPlace::Node);
  }

  int exit_code_for(const Error& error) const override {
    // What is not found is the job, not a program.
    return error.code == Code::NotFound ? kExitFailure : exit_code_of_run(error);
  }

 private:
  JobFlags which_;
  std::string reason_;
  WaitFlags wait_;
};

}  // namespace

std::unique_ptr<Command> make_job_rerun() {
  return std::make_unique<JobRerun>();
}

}  // namespace skrei::cli
