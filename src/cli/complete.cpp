// SPDX-License-Identifier: Apache-2.0
#include "async/deadline.hpp"
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "json/json.hpp"
#include "model/job_json.hpp"
#include "model/node_json.hpp"

namespace skrei::cli {
namespace {

constexpr Duration kAnswerTime = std::chrono::milliseconds(500);
constexpr std::string_view kIdsMax = "100";

/// Asks the node for ids that begin as the typed word does.
class LiveIds final : public ApiCommand {
 public:
  LiveIds(Completion::More more, std::string typed) : more_(more), typed_(std::move(typed)) {}

  CommandText text() const override { return {}; }
  void declare(Options&) override {}

 protected:
  async::Task<Result<int>> work(Session& session) override {
    const bool jobs = more_ == Completion::More::Jobs;
    http::Query query;
    query.add("limit", std::string(kIdsMax));
    if (jobs) query.add("reverse", "true");
    CO_TRY_ASSIGN(
        const json::Value answer,
        co_await async::with_deadline(
            session.api.get(jobs ? "orchestrator/jobs" : "orchestrator/nodes", std::move(query)),
            kAnswerTime, "asking the node"));
    for (const json::Value& item : answer.value(jobs ? "Items" : "Nodes", json::Value::array()))
      CO_TRY(jobs ? tell_job(session.io, item) : tell_node(session.io, item));
    co_return kExitOk;
  }

 private:
  Result<void> tell_job(Io& io, const json::Value& item) const {
    TRY_ASSIGN(const model::Job job, model::job_from_json(item));
    const std::string name = job.name == job.id.str() ? "" : job.name + ", ";
    tell(io, job.id.str(), fmt::format("{}{}", name, to_string(job.state.state_type)));
    return {};
  }

  Result<void> tell_node(Io& io, const json::Value& item) const {
    TRY_ASSIGN(const model::NodeState node, model::node_state_from_json(item));
    tell(io, node.info.node_id.str(), to_string(node.connection_state.status));
    return {};
  }

  void tell(Io& io, const std::string& id, std::string_view meaning) const {
    const std::string brief = short_id(id);
    const std::string& word = brief.starts_with(typed_) ? brief : id;
    if (word.starts_with(typed_)) io.line(fmt::format("{}\t{}", word, to_valid_utf8(meaning)));
  }

  Completion::More more_;
  std::string typed_;
};

/// The node that the command line at hand names.
Globals globals_of(const std::vector<std::string>& words) {
  Globals globals;
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (auto [flag, target] :
         {std::pair("--api-host", &globals.api_host), std::pair("--api-port", &globals.api_port)}) {
      if (words[i] == flag && i + 1 < words.size()) *target = words[i + 1];
      const std::string prefix = std::string(flag) + "=";
      if (words[i].starts_with(prefix)) *target = words[i].substr(prefix.size());
    }
  }
  return globals;
}

class Complete final : public Command {
 public:
  CommandText text() const override {
    return {.path = "complete",
            .summary = "What may stand at the end of a command line; for the shells' scripts",
            .examples = "  skrei complete -- job logs j-1\n",
            .is_hidden = true};
  }

  void declare(Options& options) override {
    options.program_and_arguments("WORD…", words_, "The words behind skrei; the last is typed");
  }

  int run(Context& context) override {
    Io& io = context.io();
    const auto commands = all_commands();
    const Completion completion = complete(command_pages(commands), words_);
    for (const Candidate& one : completion.candidates)
      io.line(fmt::format("{}\t{}", one.word, one.meaning));
    if (completion.more == Completion::More::Files) io.line(":files");
    if (completion.more != Completion::More::Jobs && completion.more != Completion::More::Nodes) {
      return kExitOk;
    }
    Context inner(io, globals_of(words_));
    // Without a node there are no ids; the words that are known stand already.
    static_cast<void>(LiveIds(completion.more, words_.back()).run(inner));
    return kExitOk;
  }

 private:
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<Command> make_complete() {
  return std::make_unique<Complete>();
}

}  // namespace skrei::cli
