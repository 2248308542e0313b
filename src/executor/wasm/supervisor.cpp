// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/supervisor.hpp"

#include <charconv>
#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "async/unix_socket.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "executor/wasm/supervisor_protocol.hpp"
#include "executor/wasm/supervisor_server.hpp"

namespace skrei::executor::wasm {
namespace {

constexpr off_t kLogBytesMax = 1 << 20;

constexpr WallsLevel kLevels[] = {WallsLevel::Landlock, WallsLevel::Namespaces, WallsLevel::Weak};

Result<std::uint64_t> parse_number(std::string_view name, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(Code::InvalidArgument, "{}: \"{}\" is not a number", name, text);
  }
  return value;
}

Result<void> parse_argument(std::string_view name, const std::string& text,
                            SupervisorOptions& options) {
  if (name == "--folder") {
    options.folder = text;
    return {};
  }
  if (name == "--executions") {
    options.executions = text;
    return {};
  }
  if (name == "--walls") {
    for (const WallsLevel level : kLevels) {
      if (text != to_string(level)) continue;
      options.walls = level;
      return {};
    }
    return fail(Code::InvalidArgument, "--walls: unknown level \"{}\"", text);
  }
  TRY_ASSIGN(const std::uint64_t number, parse_number(name, text));
  if (name == "--output-head") {
    options.retention.head_bytes = number;
  } else if (name == "--output-tail") {
    options.retention.tail_bytes = number;
  } else if (name == "--users-first") {
    if (!options.users) options.users.emplace();
    options.users->first = static_cast<uid_t>(number);
  } else if (name == "--users-count") {
    if (!options.users) options.users.emplace();
    options.users->count = static_cast<unsigned>(number);
  } else if (name == "--orphan-seconds") {
    options.orphan_limit = std::chrono::seconds(number);
  } else {
    return fail(Code::InvalidArgument, "{}: unknown option", name);
  }
  return {};
}

/// The one holder of the place; empty if another process is it. Held until the process ends.
Result<UniqueFd> lock_place(const std::filesystem::path& socket) {
  std::filesystem::path path = socket;
  path += ".lock";
  TRY_ASSIGN(UniqueFd lock, open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return UniqueFd();
  return fail_errno(path.native());
}

/// Parent: ends, since the socket listens. Child: leaves the node's session and terminal.
Result<void> become_daemon(const std::filesystem::path& log_file) {
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("fork of the WASM supervisor");
  if (pid > 0) ::_exit(0);
  ::setsid();
  struct stat info{};
  const bool too_long = ::stat(log_file.c_str(), &info) == 0 && info.st_size > kLogBytesMax;
  const int start_over = too_long ? O_TRUNC : 0;
  TRY_ASSIGN(const UniqueFd log,
             open_file(log_file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | start_over));
  TRY_ASSIGN(const UniqueFd null, open_file("/dev/null", O_RDWR));
  if (::dup2(null.get(), 0) < 0 || ::dup2(null.get(), 1) < 0 || ::dup2(log.get(), 2) < 0 ||
      ::chdir("/") != 0) {
    return fail_errno("the WASM supervisor cannot become a daemon");
  }
  return {};
}

Result<void> supervise(const SupervisorOptions& options) {
  ::umask(077);
  ::signal(SIGPIPE, SIG_IGN);
  TRY_ASSIGN(const auto engine, native::WasmEngine::create());
  const auto socket = options.folder / socket_name(engine.fingerprint());
  TRY_ASSIGN(const UniqueFd lock, lock_place(socket));
  if (!lock) return {};
  TRY_ASSIGN(UniqueFd listener, async::listen_unix(socket));
  TRY(become_daemon(options.folder / "supervisor.log"));
  TRY(engine.warm_up());
  TRY_ASSIGN(const auto server, SupervisorServer::open(options, engine, std::move(listener)));
  const auto served = server->serve();
  ::unlink(socket.c_str());
  return served;
}

}  // namespace

std::vector<std::string> to_arguments(const SupervisorOptions& options) {
  std::vector<std::string> arguments = {std::string(kSupervisorCommand),
                                        "--folder",
                                        options.folder.native(),
                                        "--executions",
                                        options.executions.native(),
                                        "--walls",
                                        std::string(to_string(options.walls)),
                                        "--output-head",
                                        fmt::format("{}", options.retention.head_bytes),
                                        "--output-tail",
                                        fmt::format("{}", options.retention.tail_bytes),
                                        "--orphan-seconds",
                                        fmt::format("{}", options.orphan_limit.count())};
  if (options.users) {
    arguments.insert(arguments.end(), {"--users-first", fmt::format("{}", options.users->first),
                                       "--users-count", fmt::format("{}", options.users->count)});
  }
  return arguments;
}

Result<SupervisorOptions> parse_arguments(std::vector<std::string> arguments) {
  SupervisorOptions options;
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    if (i + 1 == arguments.size()) {
      return fail(Code::InvalidArgument, "{}: a value is missing", arguments[i]);
    }
    TRY(parse_argument(arguments[i], arguments[i + 1], options));
  }
  if (options.folder.empty() || options.executions.empty()) {
    return fail(Code::InvalidArgument,
                "{} is started by the node and needs --folder and --executions",
                kSupervisorCommand);
  }
  if (options.retention.tail_bytes == 0) {
    return fail(Code::InvalidArgument, "--output-tail: at least 1");
  }
  return options;
}

int run_supervisor(int argc, char** argv) {
  const auto options = parse_arguments(std::vector<std::string>(argv + 1, argv + argc));
  const auto served = options ? supervise(*options) : fail(options.error());
  if (served) return 0;
  std::fprintf(stderr, "WASM supervisor: %s\n", served.error().message.c_str());
  return 1;
}

}  // namespace skrei::executor::wasm
