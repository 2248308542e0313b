// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/run_job.hpp"
#include "content/import.hpp"
#include "model/job_json.hpp"

namespace skrei::cli {
namespace {

constexpr std::size_t kFileBytesMax = 10 << 20;

Result<std::string> read_all_of(int fd, const std::string& name) {
  const ReadFunction source = content::reading_from(fd, name);
  std::string text;
  Bytes buffer(64 << 10);
  while (true) {
    TRY_ASSIGN(const std::size_t count, source(buffer));
    if (count == 0) return text;
    text += as_chars(ByteView(buffer).first(count));
    if (text.size() > kFileBytesMax) {
      return fail(Code::ResourceExhausted, "{}: is longer than 10 MiB, too long for a job", name);
    }
  }
}

class JobRun final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"job run", "Run the job that a file describes, and wait for it",
            "  skrei job run job.yaml                  # its output, its exit code\n"
            "  skrei job run --detach job.yaml         # the id; the job goes on\n"
            "  generate-job | skrei job run -          # YAML or JSON from stdin\n"
            "  skrei job run --dry-run job.yaml        # what would be handed in\n",
            "Exit codes are those of `skrei wasm run`.\n"};
  }

  void declare(Options& options) override {
    options.argument("FILE", file_, "A job as YAML or JSON; - is stdin");
    options.flag("-f,--follow", follow_, "Accepted for scripts of others: output is always shown");
    wait_.declare(options);
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    CO_TRY_ASSIGN(const std::string text, read());
    std::vector<std::string> unknown;
    CO_TRY_ASSIGN(model::Job job, with_context(model::parse_job_file(text, &unknown), file_));
    for (const std::string& sentence : unknown)
      session.io.say("Warning: " + sentence);
    co_return co_await run_job(session, std::move(job), wait_, RunPlace::Node);
  }

  int exit_code_for(const Error& error) const override { return exit_code_of_run(error); }

 private:
  Result<std::string> read() const {
    if (file_ == "-") return read_all_of(STDIN_FILENO, "stdin");
    TRY_ASSIGN(const UniqueFd fd, open_file(file_, O_RDONLY));
    return read_all_of(fd.get(), file_);
  }

  std::string file_;
  bool follow_ = false;
  WaitFlags wait_;
};

}  // namespace

std::unique_ptr<Command> make_job_run() {
  return std::make_unique<JobRun>();
}

}  // namespace skrei::cli
