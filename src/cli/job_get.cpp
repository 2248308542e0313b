// SPDX-License-Identifier: Apache-2.0
#include "async/deadline.hpp"
#include "cli/commands.hpp"
#include "cli/content_access.hpp"
#include "cli/exit_code.hpp"
#include "cli/job_ending.hpp"
#include "cli/output.hpp"
#include "cli/transfer_status.hpp"

namespace skrei::cli {
namespace {

namespace fs = std::filesystem;

class JobGet final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"job get", "Fetch the results of a job",
            "  skrei job get j-1a2b3c4d                          # into ./job-1a2b3c4d\n"
            "  skrei job get j-1a2b3c4d/outputs/table.csv        # one file or folder of it\n"
            "  skrei job get --output-dir result my-job\n",
            "A result holds stdout, stderr, exitCode and a folder per -o. With several partitions, "
            "and with --raw,\neach lies in a folder of its own, partition-0 and so on. Nothing is "
            "ever overwritten.\n"};
  }

  void declare(Options& options) override {
    options.argument("JOB[/PATH]", job_, "Id, beginning of an id, or name");
    options.value("-o,--output-dir", folder_, "DIR", "Where to (./job-ID)");
    options.flag("--raw", raw_, "A folder for each partition even if there is only one");
    options.value("--namespace", namespace_, "NAME", "The job's namespace, to find it by name");
    options.number("--download-timeout-secs", timeout_secs_, 0, 365LL * 24 * 3600,
                   "Give up after so long (exit code 124); 0 is never");
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    if (timeout_secs_ == 0) co_return co_await fetch(session);
    co_return co_await async::with_deadline(fetch(session), std::chrono::seconds(timeout_secs_),
                                            "fetching the result");
  }

 private:
  async::Task<Result<int>> fetch(Session& session) {
    const std::size_t slash = std::min(job_.find('/'), job_.size());
    const std::string path = job_.substr(std::min(slash + 1, job_.size()));
    CO_TRY_ASSIGN(const JobRecord record,
                  co_await session.api.job(job_.substr(0, slash), namespace_));
    const JobEnding ending = ending_of(record);
    const std::string id = short_id(record.job.id.str());
    if (ending.results.empty()) co_return fail(no_result(record, id));
    const fs::path folder =
        folder_.empty() ? fs::path("job-" + id.substr(id.find('-') + 1)) : fs::path(folder_);
    const auto content = api_content(session.loop, session.pool, session.api);
    CO_TRY(prepare_empty_folder(folder));
    for (const PublishedResult& result : ending.results) {
      const bool apart = raw_ || ending.results.size() > 1;
      fs::path target = apart ? folder / fmt::format("partition-{}", result.partition) : folder;
      const ContentPath what{.cid = result.cid, .path = path};
      if (!path.empty()) {
        CO_TRY_ASSIGN(const ContentEntry entry, co_await content->stat(what));
        if (entry.kind != "folder") target /= fs::path(path).filename();
      }
      CO_TRY(co_await fetch_shown(session, *content, what, target));
    }
    session.io.say(
        fmt::format("{} is in {}",
                    ending.results.size() == 1
                        ? "The result"
                        : fmt::format("The results of {} partitions", ending.results.size()),
                    folder.string()));
    co_return kExitOk;
  }

  static Error no_result(const JobRecord& record, const std::string& id) {
    if (!is_terminal(record.job.state.state_type)) {
      return {
          Code::FailedPrecondition,
          fmt::format("{} has no result yet: it is {}", id, to_string(record.job.state.state_type)),
          fmt::format("`skrei job wait {}` waits for its end", id)};
    }
    return {Code::NotFound, fmt::format("{} published no result", id),
            "-o NAME:/PATH, or --publisher ipfs, publishes one; `skrei job logs` shows its output"};
  }

  std::string job_;
  std::string folder_;
  bool raw_ = false;
  std::string namespace_;
  std::int64_t timeout_secs_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_job_get() {
  return std::make_unique<JobGet>();
}

}  // namespace skrei::cli
