// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"

namespace skrei::cli {
namespace {

class JobStop final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"job stop", "Stop jobs that have not ended",
            "  skrei job stop j-1a2b3c4d\n"
            "  skrei job stop --yes j-1a2b3c4d j-5e6f7a8b     # without a question\n",
            "On a terminal it asks first; elsewhere it needs --yes. A job that has ended stays as "
            "it is.\n"};
  }

  void declare(Options& options) override {
    options.arguments("JOB", jobs_, "Ids, beginnings of ids, or names");
    options.flag("-y,--yes", yes_, "Do not ask");
    options.value("--reason", reason_, "TEXT", "Kept in the job's history");
    options.value("--namespace", namespace_, "NAME", "The jobs' namespace, to find them by name");
    options.flag("-q,--quiet", quiet_, "Say nothing but errors");
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    Io& io = session.io;
    int code = kExitOk;
    for (const std::string& name : jobs_) {
      const auto record = co_await session.api.job(name, namespace_);
      if (!record) {
        io.complain(record.error());
        code = kExitFailure;
        continue;
      }
      const std::string id = record->job.id.str();
      if (is_terminal(record->job.state.state_type)) {
        if (!quiet_)
          io.say(
              fmt::format("{} had already ended: {}", id, to_string(record->job.state.state_type)));
        continue;
      }
      CO_TRY_ASSIGN(const bool wanted, is_wanted(io, id, record->job.name));
      if (!wanted) continue;
      if (const auto stopped = co_await session.api.stop(id, reason_); !stopped) {
        io.complain(stopped.error());
        code = kExitFailure;
      } else if (!quiet_) {
        io.say(fmt::format("{} stopped", id));
      }
    }
    co_return code;
  }

 private:
  Result<bool> is_wanted(Io& io, const std::string& id, const std::string& name) const {
    if (yes_) return true;
    if (!io.in_is_terminal() || !io.err_is_terminal()) {
      return fail(Error{Code::InvalidArgument, fmt::format("{} was not stopped: nobody to ask", id),
                        "--yes stops without a question"});
    }
    const std::string label = name.empty() || name == id ? id : fmt::format("{} ({})", id, name);
    io.write_err(fmt::format("Stop {}? [y/N] ", label));
    io.flush();
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
  }

  std::vector<std::string> jobs_;
  bool yes_ = false;
  bool quiet_ = false;
  std::string reason_ = "stopped by `skrei job stop`";
  std::string namespace_;
};

}  // namespace

std::unique_ptr<Command> make_job_stop() {
  return std::make_unique<JobStop>();
}

}  // namespace skrei::cli
