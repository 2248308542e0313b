// SPDX-License-Identifier: Apache-2.0
#include "cli/job_file.hpp"

#include <regex>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/run_flags.hpp"
#include "cli/settings.hpp"
#include "content/import.hpp"
#include "model/job_json.hpp"
#include "text_template/template.hpp"

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
      return fail(Code::InvalidArgument, "{}: is longer than 10 MiB, too long for a job", name);
    }
  }
}

/// "APP_*" as the regular expression "APP_.*"; a * that repeats something stays.
std::string without_globs(const std::string& pattern) {
  std::string regex;
  for (const char c : pattern) {
    const bool repeats = !regex.empty() && std::string_view(".)]}\\").contains(regex.back());
    if (c == '*' && !repeats) regex += '.';
    regex += c;
  }
  return regex;
}

}  // namespace

void TemplateFlags::declare(Options& options) {
  options.list("-V,--template-vars", values, "NAME=VALUE", "A value for {{.NAME}} in the file");
  options.value("-E,--template-envs", environment, "REGEX",
                "Environment variables whose whole name matches are values, too");
  options.flag("--no-template", off, "Take the file as it is, {{ and all");
}

Result<model::StringMap> matching_variables(const std::string& pattern,
                                            const model::StringMap& variables) {
  model::StringMap matching;
  try {
    const std::regex regex(without_globs(pattern), std::regex::ECMAScript);
    for (const auto& [name, value] : variables) {
      if (std::regex_match(name, regex)) matching[name] = value;
    }
  } catch (const std::regex_error& error) {
    return fail(Error{Code::InvalidArgument,
                      fmt::format("--template-envs {}: is no regular expression", pattern),
                      "'APP_.*' matches all names that begin with APP_"});
  }
  return matching;
}

Result<std::string> TemplateFlags::apply(const std::string& name, std::string text) const {
  if (off) {
    if (values.empty() && environment.empty()) return text;
    return fail(Code::InvalidArgument,
                "--no-template takes no values, so -V and -E do not go with it");
  }
  text_template::Values all;
  if (!environment.empty()) {
    TRY_ASSIGN(all, matching_variables(environment, environment_variables()));
  }
  for (const std::string& assignment : values) {
    TRY_ASSIGN(const auto value, parse_assignment("--template-vars", assignment));
    all[value.first] = value.second;
  }
  Result<std::string> filled = text_template::render(name, text, all);
  if (!filled) {
    filled.error().code = Code::InvalidArgument;
    filled.error().hint =
        "-V NAME=VALUE gives a value, --no-template leaves {{ as it is; see `skrei help templates`";
  }
  return filled;
}

Result<std::string> read_job_file(const std::string& name) {
  if (name == "-") return read_all_of(STDIN_FILENO, "stdin");
  TRY_ASSIGN(const UniqueFd fd, open_file(name, O_RDONLY));
  return read_all_of(fd.get(), name);
}

Result<model::Job> load_job_file(const std::string& name, const TemplateFlags& templates,
                                 std::vector<std::string>& unknown) {
  const std::string shown = name == "-" ? "stdin" : name;
  TRY_ASSIGN(std::string text, read_job_file(name));
  TRY_ASSIGN(text, templates.apply(shown, std::move(text)));
  return with_context(model::parse_job_file(text, &unknown), shown);
}

}  // namespace skrei::cli
