// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/job_flags.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"
#include "json/json.hpp"
#include "model/publisher_params.hpp"

namespace skrei::cli {
namespace {

constexpr std::string_view kWaits = "Waits.";
constexpr std::size_t kWidth = 100;

std::string state_text(const model::Execution& execution) {
  std::string text(to_string(execution.compute_state.state_type));
  if (execution.run_output && execution.run_output->error_message.empty()) {
    text += fmt::format(", exit code {}", execution.run_output->exit_code);
  }
  return text;
}

std::string usage_text(const model::Execution& execution) {
  if (!execution.peak_usage) return "";
  const model::PeakUsage& peak = *execution.peak_usage;
  return fmt::format("memory {}, CPU {}", size_text(peak.memory_bytes), span_text(peak.cpu_time));
}

/// The page about one job.
class JobPage {
 public:
  JobPage(Io& io, const JobRecord& record) : io_(io), record_(record) {}

  void print() {
    print_head();
    print_waiting();
    print_executions();
    print_history();
    for (const model::Execution& execution : record_.executions)
      print_output(execution);
  }

 private:
  void field(std::string_view name, std::string_view value) {
    if (!value.empty()) io_.line(fmt::format("{:<12}{}", fmt::format("{}:", name), value));
  }

  void print_head() {
    const model::Job& job = record_.job;
    field("ID", job.id.str());
    field("Name", job.name);
    field("Namespace", job.namespace_);
    field("Type", to_string(job.type));
    if (!job.tasks.empty()) field("Engine", job.tasks.front().engine.type);
    if (job.count > 1) field("Count", std::to_string(job.count));
    field("State", to_string(job.state.state_type));
    field("Message", to_valid_utf8(job.state.message));
    field("Created", time_text(job.create_time));
    field("Modified", time_text(job.modify_time));
    if (record_.removed_after) {
      field("Kept until", fmt::format("{}, or until {} others have ended since",
                                      time_text(*record_.removed_after), record_.ended_jobs_kept));
    }
    if (job.version > 1) field("Version", std::to_string(job.version));
    std::map<std::string, std::size_t> states;
    for (const model::Execution& execution : record_.executions)
      ++states[std::string(to_string(execution.compute_state.state_type))];
    std::string summary;
    for (const auto& [state, count] : states)
      summary += fmt::format("{}{} = {}", summary.empty() ? "" : ", ", state, count);
    field("Executions", summary);
  }

  void heading(std::string_view text) { io_.line(fmt::format("\n{}", text)); }

  /// Why the job waits: what each node said.
  void print_waiting() {
    if (is_terminal(record_.job.state.state_type)) return;
    std::vector<Row> rows;
    for (const auto& [key, sentence] : record_.job.state.details) {
      if (!key.starts_with(kWaits)) continue;
      rows.push_back({.id = key, .cells = {key.substr(kWaits.size()), sentence}});
    }
    if (rows.empty()) return;
    heading("Why it waits");
    io_.write(render_table({"NODE", "REASON"}, rows, kWidth, true));
  }

  void print_executions() {
    if (record_.executions.empty()) return;
    std::vector<Row> rows;
    for (const model::Execution& execution : record_.executions) {
      std::string result;
      if (const auto published = model::ipfs_result(execution.published_result)) {
        result = published->cid;
      }
      rows.push_back({.id = execution.id.str(),
                      .cells = {short_id(execution.id.str()), short_id(execution.node_id.str()),
                                std::to_string(execution.partition_index), state_text(execution),
                                usage_text(execution), result, execution.compute_state.message}});
    }
    heading("Executions");
    io_.write(render_table({"ID", "NODE", "PART", "STATE", "PEAK USE", "RESULT", "MESSAGE"}, rows,
                           kWidth, true));
  }

  void print_history() {
    std::vector<Row> rows;
    for (const model::JobHistory& item : record_.history) {
      rows.push_back(
          {.id = std::to_string(item.seq_num),
           .cells = {precise_time_text(item.event.timestamp), short_id(item.execution_id.str()),
                     item.event.topic, item.event.message}});
    }
    if (rows.empty()) return;
    heading("History");
    io_.write(render_table({"TIME", "EXECUTION", "TOPIC", "EVENT"}, rows, kWidth, true));
  }

  void print_stream(std::string_view name, const model::Execution& execution,
                    const std::string& bytes, bool truncated) {
    if (bytes.empty()) return;
    heading(fmt::format("{} of {}", name, short_id(execution.id.str())));
    std::string text = to_valid_utf8(bytes);
    while (text.ends_with('\n'))
      text.pop_back();
    io_.line(text);
    if (truncated) io_.line("… (the whole: `skrei job logs " + record_.job.id.str() + "`)");
  }

  void print_output(const model::Execution& execution) {
    if (!execution.run_output) return;
    const model::RunOutput& output = *execution.run_output;
    print_stream("Standard output", execution, output.stdout_text, output.stdout_truncated);
    print_stream("Standard error", execution, output.stderr_text, output.stderr_truncated);
  }

  Io& io_;
  const JobRecord& record_;
};

class JobDescribe final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"job describe", "Everything about one job: state, why it waits, runs, history, output",
            "  skrei job describe j-1a2b3c4d\n"
            "  skrei job describe my-job --version 1 --output yaml\n"};
  }

  void declare(Options& options) override {
    which_.declare(options);
    which_.declare_version(options);
    describe_.declare(options);
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    if (!describe_.is_text()) {
      http::Query query;
      query.add("include", "executions,history");
      which_.add_to(query);
      CO_TRY_ASSIGN(const json::Value body,
                    co_await session.api.get(which_.path(""), std::move(query)));
      describe_.print(session.io, body);
      co_return kExitOk;
    }
    CO_TRY_ASSIGN(const JobRecord record,
                  co_await session.api.job(which_.job, which_.name_space, which_.version));
    JobPage(session.io, record).print();
    co_return kExitOk;
  }

 private:
  JobFlags which_;
  DescribeFlags describe_;
};

}  // namespace

std::unique_ptr<Command> make_job_describe() {
  return std::make_unique<JobDescribe>();
}

}  // namespace skrei::cli
