// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/supervisor_server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.hpp"

namespace skrei::executor::wasm {
namespace {

constexpr std::size_t kClientsMax = 8;
constexpr std::size_t kReceiveBytes = 64 << 10;
constexpr std::size_t kUnsentBytesMax = 16 << 20;
constexpr std::size_t kFdsAtOnce = 64;
constexpr std::size_t kFdsWaitingMax = 256;

/// SIGTERM and SIGINT as a descriptor.
Result<UniqueFd> open_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("signals");
  UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return fail_errno("signals");
  return signals;
}

void take_fds(msghdr& header, std::deque<UniqueFd>& into) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      into.emplace_back(fd);
    }
  }
}

std::unexpected<Error> gone() {
  return fail(Code::Unavailable, "the node has closed the connection");
}

Reply reply_of(std::uint32_t request, const Result<void>& result) {
  if (result) return {.request = request};
  return {.request = request,
          .status = Reply::Status::Failed,
          .code = result.error().code,
          .message = result.error().message};
}

}  // namespace

struct SupervisorServer::Client {
  UniqueFd socket;
  FrameBuffer input;
  std::deque<UniqueFd> fds;
  Bytes unsent;
  bool greeted = false;
};

SupervisorServer::SupervisorServer(const SupervisorOptions& options,
                                   const native::WasmEngine& engine, UniqueFd listener,
                                   UniqueFd signals, Poller poller,
                                   std::optional<SeccompProgram> seccomp,
                                   std::optional<UserSlots> users)
    : options_(options),
      listener_(std::move(listener)),
      signals_(std::move(signals)),
      poller_(std::move(poller)),
      seccomp_(std::move(seccomp)),
      programs_(engine, {}),
      runs_(poller_, clock_, seccomp_ ? &*seccomp_ : nullptr,
            {.executions = options.executions,
             .retention = options.retention,
             .walls = options.walls,
             .users = std::move(users)},
            [this](const ExecutionId& id, const Exit& exit) { tell_ended(id, exit); }) {}

SupervisorServer::~SupervisorServer() = default;

Result<std::unique_ptr<SupervisorServer>> SupervisorServer::open(const SupervisorOptions& options,
                                                                 const native::WasmEngine& engine,
                                                                 UniqueFd listener) {
  TRY_ASSIGN(UniqueFd signals, open_signals());
  TRY_ASSIGN(Poller poller, Poller::create());
  auto built = SeccompProgram::build(SeccompProgram::Profile::Guest);
  if (!built && options.walls != WallsLevel::Weak) return fail(std::move(built).error());
  std::optional<SeccompProgram> seccomp;
  if (built) seccomp = *std::move(built);
  std::optional<UserSlots> users;
  if (options.users) {
    TRY_ASSIGN(users, UserSlots::claim(*options.users));
  }
  std::unique_ptr<SupervisorServer> server(
      new SupervisorServer(options, engine, std::move(listener), std::move(signals),
                           std::move(poller), std::move(seccomp), std::move(users)));
  TRY(server->watch());
  return server;
}

Result<void> SupervisorServer::watch() {
  TRY(poller_.add(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_client(); }));
  return poller_.add(signals_.get(), EPOLLIN, [this](std::uint32_t) {
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) > 0) end_soon("was told to end by a signal");
  });
}

Result<void> SupervisorServer::serve() {
  while (true) {
    check_orphaned();
    if (done()) return {};
    TRY(poller_.wait(time_to_next()));
    runs_.on_time();
  }
}

std::optional<Duration> SupervisorServer::time_to_next() const {
  std::optional<BootTime> next = runs_.next_deadline();
  if (orphan_deadline_ && (!next || *orphan_deadline_ < *next)) next = orphan_deadline_;
  if (!next) return std::nullopt;
  return std::max(Duration(0), *next - clock_.boot_now());
}

void SupervisorServer::check_orphaned() {
  if (!clients_.empty() || ending_) {
    orphan_deadline_.reset();
    return;
  }
  const BootTime now = clock_.boot_now();
  if (!orphan_deadline_) orphan_deadline_ = now + options_.orphan_limit;
  if (*orphan_deadline_ > now) return;
  orphan_deadline_.reset();
  end_soon(fmt::format("had no node for {} s", options_.orphan_limit.count()));
}

void SupervisorServer::end_soon(std::string why) {
  if (ending_) return;
  ending_ = true;
  runs_.stop_all({ExitKind::NodeFault, {}, fmt::format("the WASM supervisor {}", why)});
}

bool SupervisorServer::done() const {
  // What a slow node has not yet taken from its connection, it finds in the exit records.
  return ending_ && runs_.empty();
}

void SupervisorServer::accept_client() {
  UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) return;
  ucred peer{};
  socklen_t length = sizeof peer;
  const bool known = ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0;
  if (!known || peer.uid != ::geteuid() || clients_.size() >= kClientsMax || ending_) return;
  const int fd = socket.get();
  auto client = std::make_unique<Client>();
  client->socket = std::move(socket);
  Client& borrowed = *client;
  const auto added = poller_.add(
      fd, EPOLLIN, [this, &borrowed](std::uint32_t events) { on_client(borrowed, events); });
  if (!added) return;
  clients_.emplace(fd, std::move(client));
  send(borrowed, Hello{.pid = static_cast<std::uint64_t>(::getpid())});
}

void SupervisorServer::on_client(Client& client, std::uint32_t events) {
  auto result = Result<void>();
  if (events & EPOLLOUT) result = flush(client);
  if (result && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) result = receive(client);
  if (!result) drop(client);
}

Result<void> SupervisorServer::receive(Client& client) {
  std::array<std::uint8_t, kReceiveBytes> bytes;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kFdsAtOnce * sizeof(int))> control;
  iovec part{bytes.data(), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(client.socket.get(), &header, MSG_CMSG_CLOEXEC);
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return {};
    return fail_errno("connection of a node");
  }
  take_fds(header, client.fds);
  if (got == 0) return gone();
  if (client.fds.size() > kFdsWaitingMax || (header.msg_flags & MSG_CTRUNC)) {
    return fail(Code::InvalidArgument, "a node sent more descriptors than it announced");
  }
  client.input.append(ByteView(bytes).first(static_cast<std::size_t>(got)));
  while (true) {
    TRY_ASSIGN(const auto body, client.input.next());
    if (!body) return {};
    TRY_ASSIGN(Message message, decode(*body));
    TRY(handle(client, std::move(message)));
  }
}

Result<void> SupervisorServer::handle(Client& client, Message message) {
  if (const auto* hello = std::get_if<Hello>(&message)) {
    client.greeted = hello->protocol == kProtocolVersion;
    if (client.greeted) return {};
  }
  if (!client.greeted) return fail(Code::InvalidArgument, "a node did not say a right hello");
  if (const auto* loaded = std::get_if<LoadProgram>(&message)) {
    send(client, load(client, *loaded));
  } else if (const auto* started = std::get_if<StartProgram>(&message)) {
    send(client, start(*started));
  } else if (auto* cancelled = std::get_if<CancelProgram>(&message)) {
    send(client, Reply{.request = cancelled->request});
    runs_.stop(cancelled->id, {ExitKind::Cancelled, {}, std::move(cancelled->reason)});
  } else if (const auto* listed = std::get_if<ListRunning>(&message)) {
    send(client, Running{.request = listed->request, .ids = runs_.running()});
  } else if (const auto* shutdown = std::get_if<Shutdown>(&message)) {
    send(client, Reply{.request = shutdown->request});
    end_soon("was shut down");
  } else {
    return fail(Code::InvalidArgument, "a node sent a message that is not for a supervisor");
  }
  return {};
}

Reply SupervisorServer::load(Client& client, const LoadProgram& load) {
  const std::size_t wanted = 1 + load.imports.size();
  std::vector<UniqueFd> artifacts;
  while (artifacts.size() < wanted && !client.fds.empty()) {
    artifacts.push_back(std::move(client.fds.front()));
    client.fds.pop_front();
  }
  if (artifacts.size() < wanted) {
    return reply_of(load.request,
                    fail(Code::InvalidArgument, "{} compiled modules came with a program of {}",
                         artifacts.size(), wanted));
  }
  return reply_of(load.request, programs_.load(load, artifacts));
}

Reply SupervisorServer::start(const StartProgram& start) {
  if (ending_) {
    return reply_of(start.request, fail(Code::Unavailable, "the WASM supervisor is ending"));
  }
  const native::WasmProgram* program = programs_.find(start.program);
  if (!program) return {.request = start.request, .status = Reply::Status::NotLoaded};
  return reply_of(start.request, runs_.start(start, *program));
}

void SupervisorServer::send(Client& client, const Message& message) {
  const auto frame = encode(message);
  if (!frame) return log::error(frame.error().message);
  client.unsent.insert(client.unsent.end(), frame->begin(), frame->end());
  if (client.unsent.size() > kUnsentBytesMax) {
    // It does not read. What it misses it finds in the records.
    client.unsent.clear();
    ::shutdown(client.socket.get(), SHUT_RDWR);
    return;
  }
  // An error shows again at the next event, where the client may be dropped.
  if (const auto flushed = flush(client); !flushed) ::shutdown(client.socket.get(), SHUT_RDWR);
}

Result<void> SupervisorServer::flush(Client& client) {
  while (!client.unsent.empty()) {
    const ssize_t sent = ::send(client.socket.get(), client.unsent.data(), client.unsent.size(),
                                MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EAGAIN) break;
      if (errno == EINTR) continue;
      client.unsent.clear();
      return fail_errno("connection of a node");
    }
    client.unsent.erase(client.unsent.begin(), client.unsent.begin() + sent);
  }
  return poller_.change(client.socket.get(), client.unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void SupervisorServer::drop(Client& client) {
  const int fd = client.socket.get();
  poller_.remove(fd);
  clients_.erase(fd);
}

void SupervisorServer::tell_ended(const ExecutionId& id, const Exit& exit) {
  for (const auto& [fd, client] : clients_)
    send(*client, Ended{id, exit});
}

}  // namespace skrei::executor::wasm
