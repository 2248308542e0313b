// SPDX-License-Identifier: Apache-2.0
#include "native/p2p_host.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace skrei::native {
namespace {

constexpr std::string_view kProtocol = "/skrei/test/1.0.0";
constexpr std::string_view kTopic = "skrei/nodes/1";

/// The code of a failure; nothing for a success.
template <class T>
std::optional<Code> code_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code;
}

P2pHost start(std::uint8_t seed) {
  return *P2pHost::start({.secret_key = Bytes(32, seed),
                          .listen = {"/ip4/127.0.0.1/tcp/0"},
                          .stream_protocols = {std::string(kProtocol)},
                          .kad_protocol = "/skrei/kad/1.0.0",
                          .dial_timeout = std::chrono::seconds(5)});
}

bool wait_readable(int fd, int timeout_ms) {
  pollfd poll{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&poll, 1, timeout_ms) == 1;
}

/// The first event of the kind; others are passed over.
P2pEvent wait_for(P2pHost& host, P2pEventKind kind) {
  while (wait_readable(host.event_fd(), 20'000)) {
    while (auto event = host.next_event()) {
      if (event->kind == kind) return std::move(*event);
    }
  }
  ADD_FAILURE() << "no event of kind " << static_cast<int>(kind) << " within 20 s";
  return {};
}

struct P2pHosts : ::testing::Test {
  P2pHosts() {
    const auto address = wait_for(b, P2pEventKind::Listening).text;
    EXPECT_TRUE(a.dial(1, fmt::format("{}/p2p/{}", address, b.peer_id())));
    EXPECT_EQ(wait_for(a, P2pEventKind::PeerUp).peer, b.peer_id());
    const auto done = wait_for(a, P2pEventKind::Done);
    EXPECT_TRUE(done.result) << done.text;
    EXPECT_EQ(done.request, 1u);
    EXPECT_EQ(wait_for(b, P2pEventKind::PeerUp).peer, a.peer_id());
  }

  P2pHost a = start(1);
  P2pHost b = start(2);
};

std::string read_to_end(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = ::read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

TEST_F(P2pHosts, ExchangeBytesOverAStream) {
  ASSERT_TRUE(a.open_stream(2, b.peer_id(), kProtocol));
  auto near = wait_for(a, P2pEventKind::Done);
  ASSERT_TRUE(near.result) << near.text;
  const auto far = wait_for(b, P2pEventKind::InboundStream);
  EXPECT_EQ(far.peer, a.peer_id());
  EXPECT_EQ(far.text, kProtocol);

  ASSERT_TRUE(write_all(near.fd.get(), as_bytes("question"), "the stream"));
  ::shutdown(near.fd.get(), SHUT_WR);
  const auto question = read_to_end(far.fd.get());
  ASSERT_TRUE(write_all(far.fd.get(), as_bytes("answer"), "the stream"));
  ::shutdown(far.fd.get(), SHUT_WR);

  EXPECT_EQ(question, "question");
  EXPECT_EQ(read_to_end(near.fd.get()), "answer");
}

TEST_F(P2pHosts, GossipComesToBoth) {
  ASSERT_TRUE(a.subscribe(3, kTopic));
  ASSERT_TRUE(b.subscribe(3, kTopic));
  ASSERT_TRUE(wait_for(a, P2pEventKind::Done).result);
  ASSERT_TRUE(wait_for(b, P2pEventKind::Done).result);

  // Subscriptions travel too, so publish anew until one has arrived.
  std::optional<P2pEvent> arrived;
  for (std::uint64_t attempt = 0; attempt < 200 && !arrived; ++attempt) {
    ASSERT_TRUE(a.publish(10 + attempt, kTopic, as_bytes("hello")));
    EXPECT_EQ(wait_for(a, P2pEventKind::Gossip).peer, a.peer_id());
    if (!wait_readable(b.event_fd(), 100)) continue;
    while (auto event = b.next_event()) {
      if (event->kind == P2pEventKind::Gossip) arrived = std::move(event);
    }
  }

  ASSERT_TRUE(arrived);
  EXPECT_EQ(arrived->peer, a.peer_id());
  EXPECT_EQ(arrived->text, kTopic);
  EXPECT_EQ(as_chars(arrived->data), "hello");
}

TEST_F(P2pHosts, WhatFailsIsAnsweredWithItsCode) {
  ASSERT_TRUE(a.open_stream(4, b.peer_id(), "/skrei/other/1"));
  EXPECT_EQ(code_of(wait_for(a, P2pEventKind::Done).result), Code::Unavailable);
  ASSERT_TRUE(a.dial(5, "/ip4/127.0.0.1/tcp/1"));
  EXPECT_EQ(code_of(wait_for(a, P2pEventKind::Done).result), Code::Unavailable);
  ASSERT_TRUE(a.disconnect(6, b.peer_id()));
  EXPECT_TRUE(wait_for(a, P2pEventKind::Done).result);
  EXPECT_EQ(wait_for(b, P2pEventKind::PeerDown).peer, a.peer_id());
  EXPECT_EQ(wait_for(a, P2pEventKind::PeerDown).peer, b.peer_id());
  ASSERT_TRUE(a.disconnect(7, b.peer_id()));
  EXPECT_EQ(code_of(wait_for(a, P2pEventKind::Done).result), Code::NotFound);
}

TEST_F(P2pHosts, EndOfAHostIsSeenByItsPeers) {
  {
    const auto gone = std::move(a);
  }

  EXPECT_EQ(wait_for(b, P2pEventKind::PeerDown).peer.substr(0, 7), "12D3Koo");
}

TEST(P2pHost, RefusesBadWishes) {
  auto host = start(3);

  EXPECT_EQ(code_of(P2pHost::start({})), Code::InvalidArgument);
  EXPECT_EQ(code_of(P2pHost::start({.secret_key = Bytes(32, 1), .listen = {"127.0.0.1"}})),
            Code::InvalidArgument);
  EXPECT_EQ(code_of(host.dial(1, "nowhere")), Code::InvalidArgument);
  EXPECT_EQ(code_of(host.disconnect(1, "12D3")), Code::InvalidArgument);
}

TEST(P2pHost, BoundsWaitingCommands) {
  auto host = *P2pHost::start({.secret_key = Bytes(32, 4), .commands_max = 2, .events_max = 1});

  // The first answers fill the queue of events; nobody fetches, so the next commands wait.
  std::optional<Error> refused;
  for (std::uint64_t request = 0; request < 100 && !refused; ++request) {
    if (auto taken = host.unsubscribe(request, kTopic); !taken) refused = taken.error();
  }

  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, Code::ResourceExhausted);
}

}  // namespace
}  // namespace skrei::native
