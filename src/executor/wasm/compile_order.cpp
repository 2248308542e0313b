// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/compile_order.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace skrei::executor::wasm {
namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool set_digest(CompileOrder& order, std::string_view value) {
  const auto bytes = from_hex(value);
  Sha256Digest digest{};
  if (!bytes || bytes->size() != digest.size()) return false;
  std::ranges::copy(*bytes, digest.begin());
  order.digest = digest;
  return true;
}

bool set_number(CompileOrder& order, std::string_view name, std::uint64_t value) {
  using Metering = native::WasmEngineOptions::Metering;
  using Nans = native::WasmEngineOptions::Nans;
  if (name == "metering") {
    order.engine.metering = value == 0 ? Metering::Off : Metering::On;
  } else if (name == "nans") {
    order.engine.nans = value == 0 ? Nans::AsTheCpuMakesThem : Nans::Canonical;
  } else if (name == "module-bytes") {
    order.limits.module_bytes_max = value;
  } else if (name == "artifact-bytes") {
    order.limits.artifact_bytes_max = value;
  } else if (name == "memory-bytes") {
    order.limits.memory_bytes_max = value;
  } else if (name == "cpu-seconds") {
    order.limits.cpu_max = std::chrono::seconds(value);
  } else if (name == "level" && value <= std::to_underlying(WallsLevel::Weak)) {
    order.level = static_cast<WallsLevel>(value);
  } else if (name == "uid") {
    if (!order.user) order.user.emplace();
    order.user->uid = static_cast<uid_t>(value);
  } else if (name == "gid") {
    if (!order.user) order.user.emplace();
    order.user->gid = static_cast<gid_t>(value);
  } else if (name == "parent") {
    order.parent = static_cast<pid_t>(value);
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::vector<std::string> CompileOrder::to_arguments() const {
  std::vector<std::string> arguments;
  const auto add = [&arguments](std::string_view name, std::uint64_t value) {
    arguments.push_back(fmt::format("{}={}", name, value));
  };
  if (digest) arguments.push_back("digest=" + to_hex(*digest));
  add("metering", std::to_underlying(engine.metering));
  add("nans", std::to_underlying(engine.nans));
  add("module-bytes", limits.module_bytes_max);
  add("artifact-bytes", limits.artifact_bytes_max);
  add("memory-bytes", limits.memory_bytes_max);
  add("cpu-seconds", static_cast<std::uint64_t>(limits.cpu_max.count()));
  add("level", static_cast<std::uint64_t>(level));
  if (user) {
    add("uid", user->uid);
    add("gid", user->gid);
  }
  add("parent", static_cast<std::uint64_t>(parent));
  return arguments;
}

Result<CompileOrder> CompileOrder::parse(std::span<char* const> arguments) {
  CompileOrder order;
  for (const std::string_view argument : arguments) {
    const std::size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : argument.substr(equals + 1);
    const auto number = parse_number(value);
    const bool known =
        name == "digest" ? set_digest(order, value) : number && set_number(order, name, *number);
    if (!known) {
      return fail(Code::InvalidArgument, "{}: \"{}\" is not understood", kCompileChildCommand,
                  argument);
    }
  }
  return order;
}

std::string to_report(const Error& error) {
  return fmt::format("{}\n{}", std::to_underlying(error.code), error.message);
}

Error parse_report(std::string_view text) {
  const std::size_t end = text.find('\n');
  const auto code = parse_number(text.substr(0, end));
  if (end == std::string_view::npos || !code || *code > std::to_underlying(Code::Internal)) {
    return {Code::Internal, fmt::format("the compiler failed: {}", to_valid_utf8(text))};
  }
  return {static_cast<Code>(*code), to_valid_utf8(text.substr(end + 1))};
}

}  // namespace skrei::executor::wasm
