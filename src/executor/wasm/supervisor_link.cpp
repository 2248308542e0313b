// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/supervisor_link.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "async/deadline.hpp"
#include "async/sleep.hpp"
#include "async/unix_socket.hpp"
#include "base/assert.hpp"
#include "base/scope_guard.hpp"

namespace skrei::executor::wasm {
namespace {

constexpr std::chrono::seconds kAnswerLimit{30};
constexpr std::chrono::seconds kGreetingLimit{5};
constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::size_t kFdsMax = 64;
constexpr std::size_t kRequestsMax = 1024;
constexpr int kAttempts = 1000;
constexpr std::chrono::milliseconds kPause{5};

std::unexpected<Error> broken_link() {
  return fail(Code::Unavailable, "the connection to the WASM supervisor broke");
}

/// sendmsg(2) of the beginning of `bytes` with the descriptors; 0 if the socket is full.
Result<std::size_t> send_with_fds(int socket, ByteView bytes, std::span<const UniqueFd> fds) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kFdsMax * sizeof(int))> control{};
  iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  for (std::size_t i = 0; i < fds.size(); ++i) {
    const int fd = fds[i].get();
    std::memcpy(CMSG_DATA(rights) + i * sizeof(int), &fd, sizeof fd);
  }
  const ssize_t sent = ::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EINTR) return 0;
  return fail_errno("WASM supervisor");
}

}  // namespace

struct SupervisorLink::Pending {
  std::optional<Message> answer;
  async::Event arrived{async::Event::Reset::Manual};
};

SupervisorLink::SupervisorLink(async::Loop& loop, std::unique_ptr<async::FdStream> stream)
    : loop_(loop),
      stream_(std::move(stream)),
      buffer_(kReadBytes),
      outgoing_(kRequestsMax),
      scope_(loop_) {}

SupervisorLink::~SupervisorLink() {
  SKREI_ASSERT(pending_.empty());
}

async::Task<Result<std::unique_ptr<SupervisorLink>>> SupervisorLink::connect(
    async::Loop& loop, std::filesystem::path socket) {
  CO_TRY_ASSIGN(UniqueFd connected, async::connect_unix(socket));
  CO_TRY_ASSIGN(auto stream, async::FdStream::open(loop, std::move(connected)));
  std::unique_ptr<SupervisorLink> link(new SupervisorLink(loop, std::move(stream)));
  CO_TRY(co_await async::with_deadline(link->greet(), kGreetingLimit,
                                       "the greeting of the WASM supervisor"));
  co_return link;
}

async::Task<Result<void>> SupervisorLink::greet() {
  CO_TRY_ASSIGN(const Bytes frame, encode(Hello{.pid = static_cast<std::uint64_t>(::getpid())}));
  CO_TRY(co_await stream_->write_all(frame));
  CO_TRY_ASSIGN(const Message first, co_await next_message());
  const auto* hello = std::get_if<Hello>(&first);
  if (!hello || hello->protocol != kProtocolVersion) {
    co_return fail(Code::FailedPrecondition, "the WASM supervisor speaks another protocol");
  }
  pid_ = static_cast<pid_t>(hello->pid);
  co_return Result<void>();
}

void SupervisorLink::start(OnEnded on_ended, OnBroken on_broken) {
  on_ended_ = std::move(on_ended);
  on_broken_ = std::move(on_broken);
  scope_.spawn("reader of the WASM supervisor", read_messages());
  scope_.spawn("writer to the WASM supervisor", write_messages());
}

async::Task<Result<Message>> SupervisorLink::next_message() {
  while (true) {
    CO_TRY_ASSIGN(const auto body, input_.next());
    if (body) co_return decode(*body);
    CO_TRY_ASSIGN(const std::size_t got, co_await stream_->read_some(buffer_));
    if (got == 0) co_return broken_link();
    input_.append(ByteView(buffer_).first(got));
  }
}

async::Task<void> SupervisorLink::read_messages() {
  while (true) {
    auto message = co_await next_message();
    if (!message) break;
    if (auto* ended = std::get_if<Ended>(&*message)) {
      on_ended_(ended->id, std::move(ended->exit));
    } else if (const auto* reply = std::get_if<Reply>(&*message)) {
      answer(reply->request, *std::move(message));
    } else if (const auto* running = std::get_if<Running>(&*message)) {
      answer(running->request, *std::move(message));
    }
  }
  break_off();
}

void SupervisorLink::answer(std::uint32_t number, Message message) {
  const auto found = pending_.find(number);
  if (found == pending_.end()) return;
  found->second->answer = std::move(message);
  found->second->arrived.set();
}

void SupervisorLink::break_off() {
  if (broken()) return;
  broken_.set();
  for (const auto& [number, pending] : pending_)
    pending->arrived.set();
  outgoing_.close();
  if (on_broken_) on_broken_();
}

async::Task<void> SupervisorLink::write_messages() {
  while (true) {
    const auto outgoing = co_await outgoing_.receive();
    if (!outgoing) co_return;
    if (const auto written = co_await write_one(*outgoing); !written) break;
  }
  break_off();
}

async::Task<Result<void>> SupervisorLink::write_one(const Outgoing& outgoing) {
  std::size_t sent = 0;
  for (int attempt = 0; sent == 0 && !outgoing.fds.empty(); ++attempt) {
    if (attempt == kAttempts) co_return fail(Code::Unavailable, "the WASM supervisor is stuck");
    CO_TRY_ASSIGN(sent, send_with_fds(stream_->fd(), outgoing.frame, outgoing.fds));
    if (sent == 0) CO_TRY(co_await async::sleep_for(kPause));
  }
  co_return co_await stream_->write_all(ByteView(outgoing.frame).subspan(sent));
}

async::Task<Result<Message>> SupervisorLink::request(std::uint32_t number, Message message,
                                                     std::vector<UniqueFd> fds) {
  if (fds.size() > kFdsMax) {
    co_return fail(Code::InvalidArgument, "a WASM program has at most {} modules", kFdsMax);
  }
  CO_TRY_ASSIGN(Bytes frame, encode(message));
  if (broken()) co_return broken_link();
  if (!outgoing_.try_send({std::move(frame), std::move(fds)})) {
    co_return fail(Code::ResourceExhausted, "too many requests wait for the WASM supervisor");
  }
  Pending pending;
  pending_.emplace(number, &pending);
  const ScopeGuard forget([&] { pending_.erase(number); });
  CO_TRY(co_await pending.arrived.wait(kAnswerLimit));
  if (!pending.answer) co_return broken_link();
  co_return *std::move(pending.answer);
}

async::Task<Result<Reply>> SupervisorLink::request_reply(std::uint32_t number, Message message,
                                                         std::vector<UniqueFd> fds) {
  CO_TRY_ASSIGN(Message answer, co_await request(number, std::move(message), std::move(fds)));
  if (auto* reply = std::get_if<Reply>(&answer)) co_return std::move(*reply);
  co_return fail(Code::Internal, "the WASM supervisor answered something else");
}

async::Task<Result<Reply>> SupervisorLink::load(LoadProgram request,
                                                std::vector<UniqueFd> artifacts) {
  const std::uint32_t number = request.request = ++requests_;
  return request_reply(number, std::move(request), std::move(artifacts));
}

async::Task<Result<Reply>> SupervisorLink::run(StartProgram request) {
  const std::uint32_t number = request.request = ++requests_;
  return request_reply(number, std::move(request), {});
}

async::Task<Result<Reply>> SupervisorLink::cancel(CancelProgram request) {
  const std::uint32_t number = request.request = ++requests_;
  return request_reply(number, std::move(request), {});
}

async::Task<Result<Reply>> SupervisorLink::shutdown() {
  const std::uint32_t number = ++requests_;
  return request_reply(number, Shutdown{number}, {});
}

async::Task<Result<std::vector<ExecutionId>>> SupervisorLink::running() {
  const std::uint32_t number = ++requests_;
  CO_TRY_ASSIGN(Message answer, co_await request(number, ListRunning{number}, {}));
  if (auto* running = std::get_if<Running>(&answer)) co_return std::move(running->ids);
  co_return fail(Code::Internal, "the WASM supervisor answered something else");
}

async::Task<void> SupervisorLink::stop() {
  on_broken_ = nullptr;
  break_off();
  co_await scope_.stop();
  stream_->close();
}

}  // namespace skrei::executor::wasm
