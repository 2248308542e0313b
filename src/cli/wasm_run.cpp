// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <filesystem>

#include "base/fd.hpp"
#include "cli/commands.hpp"
#include "cli/content_access.hpp"
#include "cli/exit_code.hpp"
#include "cli/job_inputs.hpp"
#include "cli/local_node.hpp"
#include "cli/output.hpp"
#include "cli/run_flags.hpp"
#include "cli/run_job.hpp"
#include "json/json.hpp"
#include "model/engine_params.hpp"
#include "model/job_json.hpp"

namespace skrei::cli {
namespace {

class WasmRun final : public ApiCommand {
 public:
  CommandText text() const override {
    return {
        "wasm run", "Run a WebAssembly module where its data is, and wait for it",
        "  skrei wasm run app.wasm -- --verbose               # its output, its exit code\n"
        "  skrei wasm run -i ./data:/inputs -o outputs app.wasm /inputs\n"
        "                                                     # a folder in, a result CID out\n"
        "  skrei wasm run -i ipfs://bafy…:/inputs app.wasm    # data that a node has already\n"
        "  skrei wasm run --local -i ./data app.wasm          # here, without any node\n"
        "  skrei wasm run --json app.wasm | jq .exit_code     # for scripts\n",
        "MODULE is a file here, a CID, or ipfs://CID/PATH: a WASI preview 1 command. Flags "
        "of skrei may stand\nanywhere before `--`; what follows `--` belongs to the program.\n\n"
        "The exit code is the program's own, or: 124 a time limit, 125 Skrei or a limit ended "
        "it, 126 not a module\nthat can be run, 127 not found, 130/143 stopped by a signal, 2 "
        "wrong usage, 3 no node takes it.\nOn a terminal Ctrl-C asks: again within 3 s stops "
        "the job, d and Enter leaves it running.\n"};
  }

  void declare(Options& options) override {
    run_.declare(options);
    options.value("--entry-point", entry_point_, "NAME", "The exported function that is called");
    options.list("-I,--import-modules", imports_, "PATH|URI[:NAME]",
                 "A module that MODULE imports from");
    options.flag("--local", local_, "Run it here, on a node that lives for this job only");
    options.flag("--dry-run", dry_run_, "Print the job as YAML and do nothing");
    wait_.declare(options);
    options.program_and_arguments("MODULE [ARGUMENT…]", words_,
                                  "The module and what it is given as arguments");
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    CO_TRY(check());
    if (!local_ || dry_run_) co_return co_await run_on(session, nullptr);
    co_return co_await with_local_node(session, [this](Session& local, async::Signals& signals) {
      return run_on(local, &signals);
    });
  }

  int exit_code_for(const Error& error) const override {
    return is_bad_module_ ? kExitNotRunnable : exit_code_of_run(error);
  }

 private:
  /// What can be said before anything is sent anywhere.
  Result<void> check() {
    if (local_ && (wait_.detach || wait_.id_only || !wait_.wait)) {
      return fail(Code::InvalidArgument,
                  "--local ends with its job, so --detach, --id-only and --no-wait do not go with "
                  "it");
    }
    TRY(run_.to_job());
    TRY(run_.parsed_inputs());
    TRY_ASSIGN(const ModuleFlag module, ModuleFlag::parse(words_.front()));
    if (const auto fine = module.check_file(); !fine) {
      is_bad_module_ = fine.error().code == Code::FailedPrecondition;
      return fine;
    }
    return {};
  }

  async::Task<Result<int>> run_on(Session& session, async::Signals* signals) {
    CO_TRY_ASSIGN(model::Job job, run_.to_job());
    model::Task& task = job.tasks.front();
    const auto content = api_content(session.loop, session.pool, session.api);
    JobInputs inputs(session, *content, dry_run_ ? Uploads::Skip : Uploads::Send);

    model::WasmParams params{.entry_module = "/main.wasm", .entrypoint = entry_point_};
    params.parameters.assign(words_.begin() + 1, words_.end());
    CO_TRY_ASSIGN(const ModuleFlag module, ModuleFlag::parse(words_.front()));
    CO_TRY(co_await inputs.add_module(task, module, params.entry_module));
    for (const std::string& text : imports_) {
      CO_TRY_ASSIGN(const ModuleFlag import, ModuleFlag::parse(text));
      CO_TRY(import.check_file());
      params.import_modules.push_back("/" + import.name + ".wasm");
      CO_TRY(co_await inputs.add_module(task, import, params.import_modules.back()));
    }
    task.engine = model::to_spec(params);
    CO_TRY_ASSIGN(const auto flags, run_.parsed_inputs());
    for (const InputFlag& input : flags)
      CO_TRY(co_await inputs.add(task, input));
    if (dry_run_) {
      session.io.line(to_yaml_text(model::to_json(job)));
      co_return kExitOk;
    }
    co_return co_await run_job(session, {.job = std::move(job)}, wait_,
                               local_ ? RunPlace::Local : RunPlace::Node, signals);
  }

  RunFlags run_;
  WaitFlags wait_;
  std::string entry_point_ = "_start";
  std::vector<std::string> imports_;
  std::vector<std::string> words_;
  bool local_ = false;
  bool dry_run_ = false;
  bool is_bad_module_ = false;
};

}  // namespace

std::unique_ptr<Command> make_wasm_run() {
  return std::make_unique<WasmRun>();
}

}  // namespace skrei::cli
