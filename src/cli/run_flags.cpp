// SPDX-License-Identifier: Apache-2.0
#include "cli/run_flags.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "cli/content_access.hpp"
#include "model/labels.hpp"
#include "model/resources.hpp"
#include "model/time_text.hpp"

namespace skrei::cli {
namespace {

constexpr std::string_view kFileScheme = "file://";
constexpr std::string_view kIpfsScheme = "ipfs://";

/// Where ":/target" begins: the last ":/" that is no "://".
std::size_t find_target(std::string_view text) {
  for (std::size_t at = text.rfind(":/"); at != std::string_view::npos;
       at = text.rfind(":/", at - 1)) {
    if (text.substr(at, 3) != "://") return at;
    if (at == 0) break;
  }
  return std::string_view::npos;
}

Result<void> set_source(InputFlag& input, std::string_view uri) {
  std::error_code ignored;
  if (uri.empty()) return fail(Code::InvalidArgument, "names nothing");
  if (uri.starts_with(kFileScheme)) {
    input.kind = InputFlag::Kind::Node;
    input.source = uri.substr(kFileScheme.size());
    return {};
  }
  if (uri.contains("://") && !uri.starts_with(kIpfsScheme)) {
    return fail(Error{Code::InvalidArgument,
                      fmt::format("{:?} is of a kind that is not there", uri),
                      "use a local path, ipfs://CID, or file:///PATH for a path of the node"});
  }
  const auto content = ContentPath::parse(uri);
  if (uri.starts_with(kIpfsScheme) && !content) return fail(content.error());
  // A bare CID, unless there is a file of that name.
  if (content && (uri.starts_with(kIpfsScheme) || !std::filesystem::exists(uri, ignored))) {
    input.kind = InputFlag::Kind::Ipfs;
    input.source = content->to_string();
    return {};
  }
  input.kind = InputFlag::Kind::Local;
  input.source = uri;
  return {};
}

Result<InputFlag> parse_csv(std::string_view text) {
  InputFlag input;
  std::string source;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string_view part = text.substr(at, end - at);
    at = end + 1;
    const std::size_t equals = part.find('=');
    const std::string_view key = part.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    if (key == "src" || key == "source") {
      source = value;
    } else if (key == "dst" || key == "destination" || key == "target") {
      input.target = value;
    } else if (key == "opt" || key == "option") {
      const std::size_t inner = value.find('=');
      input.options[std::string(value.substr(0, inner))] =
          inner == std::string_view::npos ? "true" : std::string(value.substr(inner + 1));
    } else {
      return fail(Code::InvalidArgument, "{:?} is none of src=, dst= and opt=", part);
    }
  }
  TRY(set_source(input, source));
  return input;
}

Result<InputFlag> parse_short(std::string_view text) {
  InputFlag input;
  const std::size_t target = find_target(text);
  if (target != std::string_view::npos) input.target = text.substr(target + 1);
  TRY(set_source(input, text.substr(0, target)));
  return input;
}

/// The job type behind `--target`.
Result<model::JobType> parse_target(std::string_view target, std::int64_t count) {
  if (target == "any") return model::JobType::Batch;
  if (target != "all") {
    return fail(Error{Code::InvalidArgument, fmt::format("--target {}: not known", target),
                      "use any or all"});
  }
  if (count != 1) {
    return fail(Error{Code::InvalidArgument,
                      fmt::format("--count {}: each matching node runs it once", count),
                      "leave --count or --target all out"});
  }
  return model::JobType::Ops;
}

}  // namespace

Result<InputFlag> InputFlag::parse(std::string_view text) {
  const bool is_csv = text.starts_with("src=") || text.contains(",src=") ||
                      text.starts_with("source=") || text.starts_with("dst=");
  TRY_ASSIGN(InputFlag input, with_context(is_csv ? parse_csv(text) : parse_short(text),
                                           fmt::format("-i {}", text)));
  if (!input.target.starts_with('/')) {
    return fail(Code::InvalidArgument, "-i {}: the target {:?} has to begin with /", text,
                input.target);
  }
  for (const auto& [key, value] : input.options) {
    if (key != "rw" || input.kind != Kind::Node) {
      return fail(Code::InvalidArgument, "-i {}: unknown option {:?}; rw goes with file://", text,
                  key);
    }
  }
  return input;
}

Result<model::ResultPath> parse_output_flag(std::string_view text) {
  const std::size_t colon = text.find(':');
  model::ResultPath result{.name = std::string(text.substr(0, colon)), .path = ""};
  result.path =
      colon == std::string_view::npos ? "/" + result.name : std::string(text.substr(colon + 1));
  if (result.name.empty() || result.name.contains('/') || !result.path.starts_with('/')) {
    return fail(Error{Code::InvalidArgument, fmt::format("-o {}: is not NAME:/PATH", text),
                      "-o outputs:/outputs publishes what the program writes there"});
  }
  return result;
}

Result<std::pair<std::string, std::string>> parse_assignment(std::string_view flag,
                                                             std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    return fail(Code::InvalidArgument, "{} {}: is not KEY=VALUE", flag, text);
  }
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

Result<std::chrono::seconds> parse_timeout(std::string_view flag, std::string_view text) {
  if (text.empty()) return std::chrono::seconds(0);
  const bool bare = std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c); });
  TRY_ASSIGN(const Duration time,
             with_context(model::parse_duration(bare ? std::string(text) + "s" : std::string(text)),
                          flag));
  if (time < Duration(0)) return fail(Code::InvalidArgument, "{} {}: is below 0", flag, text);
  return std::chrono::ceil<std::chrono::seconds>(time);
}

Result<model::SpecConfig> parse_publisher_flag(std::string_view text) {
  if (text.empty()) return model::SpecConfig{};
  if (text != "ipfs") {
    return fail(Error{Code::InvalidArgument, fmt::format("--publisher {}: there is none", text),
                      "--publisher ipfs keeps the result as a CID"});
  }
  return model::SpecConfig{.type = std::string(text)};
}

void RunFlags::declare(Options& options) {
  options.list("-i,--input", inputs, "PATH|URI[:TARGET]",
               "A folder or file here (./data:/inputs), ipfs://CID, or file:///PATH of the node; "
               "the program sees it, read-only, at TARGET (/inputs)");
  options.list("-o,--output", outputs, "NAME[:PATH]",
               "A folder that the program fills (at /NAME unless PATH says otherwise); published");
  options.list("-e,--env", env, "KEY=VALUE", "A variable of the program's environment");
  options.value("--cpu", cpu, "CORES", "Cores, \"0.5\" or \"500m\"");
  options.value("--memory", memory, "SIZE", "Memory limit, \"512MB\" or \"2GiB\"");
  options.value("--disk", disk, "SIZE", "Limit of what the program writes");
  options.value("--timeout", timeout, "TIME",
                "Time for the whole job, \"90\" seconds or \"1h30m\"");
  options.value("--queue-timeout", queue_timeout, "TIME", "How long to wait for a node");
  options.value("--name", name, "NAME", "Name of the job");
  options.value("--namespace", name_space, "NAME", "Namespace of the job");
  options.list("-l,--labels", labels, "KEY=VALUE", "A label of the job");
  options.list("--constraints", constraints, "SELECTOR", "Only nodes whose labels match");
  options.value("--target", target, "any|all",
                "any: --count runs, wherever there is room; all: one on each node that matches");
  options.number("--count", count, 1, 1'000'000, "Partitions: so many runs, each told its number");
  options.number("--priority", priority, -1'000'000, 1'000'000, "Higher runs first");
  options.value("-p,--publisher", publisher, "KIND", "Where the result goes: ipfs");
}

Result<std::vector<InputFlag>> RunFlags::parsed_inputs() const {
  std::vector<InputFlag> parsed;
  for (const std::string& text : inputs) {
    TRY_ASSIGN(InputFlag input, InputFlag::parse(text));
    const auto same = std::ranges::find(parsed, input.target, &InputFlag::target);
    if (same != parsed.end()) {
      return fail(Error{Code::InvalidArgument,
                        fmt::format("-i {}: another input is at {}", text, input.target),
                        "give each its own target: -i ./a:/inputs/a -i ./b:/inputs/b"});
    }
    parsed.push_back(std::move(input));
  }
  return parsed;
}

Result<model::Job> RunFlags::to_job() const {
  model::Job job;
  job.name = name;
  job.namespace_ = name_space;
  TRY_ASSIGN(job.type, parse_target(target, count));
  job.priority = static_cast<int>(priority);
  job.count = static_cast<int>(count);
  for (const std::string& text : labels) {
    TRY_ASSIGN(auto label, parse_assignment("--labels", text));
    job.labels.insert(std::move(label));
  }
  for (const std::string& text : constraints) {
    TRY_ASSIGN(auto parsed, with_context(model::parse_selector(text), "--constraints"));
    job.constraints.insert(job.constraints.end(), parsed.begin(), parsed.end());
  }
  model::Task task{.name = "main"};
  for (const std::string& text : env) {
    TRY_ASSIGN(auto variable, parse_assignment("--env", text));
    task.env.insert(std::move(variable));
  }
  for (const std::string& text : outputs) {
    TRY_ASSIGN(model::ResultPath result, parse_output_flag(text));
    task.result_paths.push_back(std::move(result));
  }
  TRY_ASSIGN(task.publisher, parse_publisher_flag(publisher));
  if (task.publisher.empty() && !outputs.empty()) task.publisher.type = "ipfs";
  task.resources = {.cpu = cpu, .memory = memory, .disk = disk, .gpu = ""};
  TRY(with_context(model::parse_resources(task.resources), "--cpu, --memory, --disk"));
  TRY_ASSIGN(task.timeouts.total, parse_timeout("--timeout", timeout));
  TRY_ASSIGN(task.timeouts.queue, parse_timeout("--queue-timeout", queue_timeout));
  job.tasks.push_back(std::move(task));
  return job;
}

}  // namespace skrei::cli
