// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/job_file.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "config/settings.hpp"
#include "json/json.hpp"
#include "model/validate.hpp"

namespace skrei::cli {
namespace {

class JobValidate final : public Command {
 public:
  CommandText text() const override {
    return {
        "job validate", "Say what is wrong in a job file, without any node",
        "  skrei job validate job.yaml\n"
        "  skrei job validate -V name=x job.yaml        # a template, filled in\n"
        "  generate-job | skrei job validate -          # from stdin\n",
        "Checks what a node checks when the job is handed in, with the defaults and limits of "
        "the settings here.\nPrints OK (exit code 0), or every error with its place (2). Whether "
        "a node can run the job is another\nquestion.\n"};
  }

  void declare(Options& options) override {
    options.argument("FILE", file_, "A job as YAML or JSON; - is stdin");
    templates_.declare(options);
    describe_.declare(options);
  }

  int run(Context& context) override {
    Io& io = context.io();
    const auto config = load_config(io, context.globals());
    const auto settings = config ? config::node_settings(*config, home_folder())
                                 : Result<config::NodeSettings>(fail(config.error()));
    if (!settings) {
      io.complain(settings.error());
      return kExitUsage;
    }
    std::vector<std::string> warnings;
    const auto admitted = admit(settings->orchestrator, warnings);
    if (admitted) {
      warnings.insert(warnings.end(), admitted->warnings.begin(), admitted->warnings.end());
    }
    for (const std::string& warning : warnings) {
      if (describe_.is_text()) io.say("Warning: " + to_valid_utf8(warning));
    }
    const std::string wrong = admitted ? "" : admitted.error().message;
    if (!describe_.is_text()) {
      describe_.print(
          io, {{"Valid", wrong.empty()}, {"Errors", lines_of(wrong)}, {"Warnings", warnings}});
    } else if (admitted) {
      io.line("OK");
    } else {
      io.complain(admitted.error());
    }
    return admitted ? kExitOk : kExitUsage;
  }

 private:
  Result<model::AdmittedJob> admit(const config::OrchestratorSettings& settings,
                                   std::vector<std::string>& warnings) const {
    TRY_ASSIGN(model::Job job, load_job_file(file_, templates_, warnings));
    return model::admit(std::move(job), settings.job_defaults, settings.job_limits);
  }

  static std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      lines.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
  }

  std::string file_;
  TemplateFlags templates_;
  DescribeFlags describe_;
};

}  // namespace

std::unique_ptr<Command> make_job_validate() {
  return std::make_unique<JobValidate>();
}

}  // namespace skrei::cli
