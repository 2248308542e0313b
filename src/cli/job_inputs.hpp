// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/api_command.hpp"
#include "cli/content_access.hpp"
#include "cli/run_flags.hpp"

namespace skrei::cli {

/// A WASM module as named on a command line: "app.wasm", "ipfs://CID/app.wasm", "CID", each with
/// ":NAME" for an import.
struct ModuleFlag {
  InputFlag source;
  /// By which other modules import it: the file's name without its ending.
  std::string name;

  static Result<ModuleFlag> parse(std::string_view text);
  /// Of a file here: NotFound, or FailedPrecondition if it does not begin as a module does.
  Result<void> check_file() const;
};

enum class Uploads { Send, Skip };

/// Fills a task's input sources. A local folder or file is added to the node's content store and
/// named by its CID. A module of at most 64 KiB travels inline instead: the job then needs nothing
/// but itself, and one request less.
class JobInputs {
 public:
  /// With Uploads::Skip local paths get a placeholder in place of a CID.
  JobInputs(Session& session, ContentAccess& content, Uploads uploads)
      : session_(session), content_(content), uploads_(uploads) {}

  async::Task<Result<void>> add(model::Task& task, InputFlag input);
  async::Task<Result<void>> add_module(model::Task& task, ModuleFlag module, std::string target);

 private:
  async::Task<Result<std::string>> cid_of(InputFlag input);

  Session& session_;
  ContentAccess& content_;
  Uploads uploads_;
};

}  // namespace skrei::cli
