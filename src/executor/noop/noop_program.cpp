// SPDX-License-Identifier: Apache-2.0
#include "executor/noop/noop_program.hpp"

#include <fcntl.h>
#include <nlohmann/json.hpp>

#include "base/fd.hpp"

namespace skrei::executor::noop {
namespace {

using nlohmann::json;

constexpr std::size_t kCatBytesMax = 64 << 20;

template <class T>
Result<void> decode(const std::string& name, const json& value, T& into) {
  try {
    value.get_to(into);
    return {};
  } catch (const json::exception&) {
    return fail(Code::InvalidArgument, "noop: parameter {} has a value of the wrong type", name);
  }
}

Result<void> decode_base64(const std::string& name, const json& value, std::string& into) {
  std::string text;
  TRY(decode(name, value, text));
  TRY_ASSIGN(const Bytes bytes, with_context(from_base64(text), "noop: parameter " + name));
  into = as_chars(bytes);
  return {};
}

Result<void> decode_parameter(const std::string& name, const json& value, NoopProgram& program) {
  if (name == "ExitCode") return decode(name, value, program.exit_code);
  if (name == "DurationMillis") {
    std::uint32_t millis = 0;
    TRY(decode(name, value, millis));
    program.duration = std::chrono::milliseconds(millis);
    return {};
  }
  if (name == "Stdout") return decode(name, value, program.stdout_bytes);
  if (name == "Stderr") return decode(name, value, program.stderr_bytes);
  if (name == "StdoutBase64") return decode_base64(name, value, program.stdout_bytes);
  if (name == "StderrBase64") return decode_base64(name, value, program.stderr_bytes);
  if (name == "Repeat") return decode(name, value, program.repeat);
  if (name == "PrintEnvironment") return decode(name, value, program.print_environment);
  if (name == "Parameters") return decode(name, value, program.parameters);
  if (name == "Cat") return decode(name, value, program.cat);
  if (name == "Write") return decode(name, value, program.write);
  return fail(Code::InvalidArgument, "noop: unknown parameter \"{}\"", to_valid_utf8(name));
}

/// What the program calls `path`, as a path of the host: the mount with the longest target wins.
template <class Mount>
Result<std::filesystem::path> host_path(const std::vector<Mount>& mounts,
                                        std::filesystem::path Mount::* host,
                                        const std::string& path) {
  const Mount* best = nullptr;
  for (const Mount& mount : mounts) {
    const bool below = path == mount.target || path.starts_with(mount.target + "/");
    if (below && (!best || mount.target.size() > best->target.size())) best = &mount;
  }
  if (!best || path.find("..") != std::string::npos) {
    return fail(Code::InvalidArgument, "noop: {} is not below any path of the job", path);
  }
  if (path == best->target) return best->*host;
  return best->*host / path.substr(best->target.size() + 1);
}

std::string environment_text(const NoopProgram& program, const ExecutionSpec& spec) {
  std::string text = "arg 0 noop\n";
  for (std::size_t i = 0; i < program.parameters.size(); ++i)
    text += fmt::format("arg {} {}\n", i + 1, program.parameters[i]);
  for (const auto& [name, value] : spec.env)
    text += fmt::format("env {}={}\n", name, value);
  return text;
}

Result<void> write_stdout(const NoopProgram& program, const ExecutionSpec& spec,
                          OutputWriter& out) {
  for (std::uint64_t i = 0; i < program.repeat; ++i)
    TRY(out.append(as_bytes(program.stdout_bytes)));
  if (program.print_environment) TRY(out.append(as_bytes(environment_text(program, spec))));
  for (const std::string& path : program.cat) {
    TRY_ASSIGN(const auto file, host_path(spec.inputs, &InputMount::host_path, path));
    TRY_ASSIGN(const Bytes bytes, read_file(file, kCatBytesMax));
    TRY(out.append(bytes));
  }
  return out.close();
}

}  // namespace

Result<NoopProgram> parse_program(const model::SpecConfig& engine) {
  const json params = json::parse(engine.params.empty() ? "{}" : engine.params, nullptr, false);
  if (!params.is_object()) {
    return fail(Code::InvalidArgument, "noop: the parameters are not a JSON object");
  }
  NoopProgram program;
  for (const auto& [name, value] : params.items())
    TRY(decode_parameter(name, value, program));
  return program;
}

Result<void> perform(const NoopProgram& program, const ExecutionSpec& spec,
                     const ExecutionFile& file, OutputRetention retention) {
  OutputWriter out = file.writer(OutputSource::Stdout, retention);
  OutputWriter err = file.writer(OutputSource::Stderr, retention);
  TRY(write_stdout(program, spec, out));
  TRY(err.append(as_bytes(program.stderr_bytes)));
  TRY(err.close());
  for (const auto& [path, text] : program.write) {
    TRY_ASSIGN(const auto target, host_path(spec.results, &ResultMount::host_folder, path));
    TRY_ASSIGN(const UniqueFd fd,
               open_file(target, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644));
    TRY(write_all(fd.get(), as_bytes(text), path));
  }
  return {};
}

}  // namespace skrei::executor::noop
