// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "model/job.hpp"

namespace skrei::cli {

/// What `-i` names: "URI[:TARGET]" or "src=URI,dst=TARGET,opt=KEY=VALUE".
struct InputFlag {
  enum class Kind {
    Local,  ///< A file or folder here; uploaded.
    Ipfs,   ///< A CID and perhaps a path below it.
    Node,   ///< "file:///…": a path of the node, by its allow-list.
  };
  Kind kind = Kind::Local;
  /// A path, or for Ipfs "CID[/path]".
  std::string source;
  std::string target = "/inputs";
  std::map<std::string, std::string> options;

  static Result<InputFlag> parse(std::string_view text);
  bool operator==(const InputFlag&) const = default;
};

/// What `-o` names: "NAME:PATH", or "NAME" for the path "/NAME".
Result<model::ResultPath> parse_output_flag(std::string_view text);

/// "KEY=VALUE".
Result<std::pair<std::string, std::string>> parse_assignment(std::string_view flag,
                                                             std::string_view text);

/// Seconds ("90") or Go's form ("1m30s"), rounded up to whole seconds.
Result<std::chrono::seconds> parse_timeout(std::string_view flag, std::string_view text);

/// "ipfs", "local", …: a kind without parameters.
Result<model::SpecConfig> parse_publisher_flag(std::string_view text);

/// The flags that describe a job and its one task.
struct RunFlags {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> env;
  std::vector<std::string> labels;
  std::vector<std::string> constraints;
  std::string publisher;
  std::string cpu;
  std::string memory;
  std::string disk;
  std::string timeout;
  std::string queue_timeout;
  std::string name;
  std::string name_space = "default";
  std::string target = "any";
  std::int64_t count = 1;
  std::int64_t priority = 0;

  void declare(Options& options);

  /// The job without its engine and its inputs. InvalidArgument names the flag. `-o` implies the
  /// publisher "ipfs".
  Result<model::Job> to_job() const;
  Result<std::vector<InputFlag>> parsed_inputs() const;
};

}  // namespace skrei::cli
