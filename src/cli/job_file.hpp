// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/options.hpp"
#include "model/job.hpp"

namespace skrei::cli {

/// How a job file is filled in before it is read (room text_template).
struct TemplateFlags {
  bool off = false;
  /// "NAME=VALUE"
  std::vector<std::string> values;
  /// Regular expression of names of environment variables; empty: none.
  std::string environment;

  void declare(Options& options);

  /// The text with its actions carried out; `name` is what errors call it.
  Result<std::string> apply(const std::string& name, std::string text) const;
};

/// Which of `variables` -E asks for: those whose whole name matches `pattern`, in which * alone
/// ("APP_*") stands for any characters. InvalidArgument for what is no regular expression.
Result<model::StringMap> matching_variables(const std::string& pattern,
                                            const model::StringMap& variables);

/// The text of a job file, of stdin for "-", at most 10 MiB.
Result<std::string> read_job_file(const std::string& name);

/// Reads a job file with its templates. `unknown` gets a sentence for each key that is no field.
Result<model::Job> load_job_file(const std::string& name, const TemplateFlags& templates,
                                 std::vector<std::string>& unknown);

}  // namespace skrei::cli
