// SPDX-License-Identifier: Apache-2.0
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake.hpp"
#include "skrei_p2p.h"

using skrei::native::fake::fail;
using skrei::native::fake::slice_of;
using skrei::native::fake::text_of;

namespace {

struct Event {
  SkreiP2pEvent view{};
  std::string peer;
  std::string text;
  std::string data;
};

/// What a command comes to; `fd` is -1 or a stream, `after` follows the answer.
struct Answer {
  SkreiStatus status = SkreiStatus::Ok;
  std::string text = {};
  std::string peer = {};
  int fd = -1;
  std::function<void()> after = {};
};

struct Command {
  uint64_t request;
  std::function<Answer()> action;
};

/// Guards every host: the fake is for tests of what is above it, not for speed.
std::mutex the_lock;
/// Signalled on every change.
std::condition_variable the_change;

}  // namespace

struct SkreiP2pHost {
  std::string peer_id;
  std::set<std::string> protocols;
  std::set<std::string> topics;
  std::map<std::string, SkreiP2pHost*> peers;
  std::deque<Event*> events;
  std::deque<Command> commands;
  size_t commands_open = 0;
  size_t commands_max = 1024;
  size_t events_max = 4096;
  uint64_t dropped = 0;
  bool closing = false;
  int eventfd = -1;
  std::thread thread;
};

namespace {

/// Hosts by the address that they listen on.
std::map<std::string, SkreiP2pHost*>& listeners() {
  static std::map<std::string, SkreiP2pHost*> hosts;
  return hosts;
}

void signal(SkreiP2pHost& host) {
  ::eventfd_write(host.eventfd, 1);
  the_change.notify_all();
}

Event& push(SkreiP2pHost& host, SkreiP2pEventKind kind, std::string peer, std::string text) {
  auto* event = new Event{.peer = std::move(peer), .text = std::move(text)};
  event->view.kind = kind;
  event->view.fd = -1;
  host.events.push_back(event);
  signal(host);
  return *event;
}

void push_gossip(SkreiP2pHost& host, const std::string& author, const std::string& topic,
                 const std::string& data) {
  if (!host.topics.contains(topic)) return;
  if (host.events.size() >= host.events_max) {
    ++host.dropped;
    signal(host);
    return;
  }
  push(host, SkreiP2pEventKind::Gossip, author, topic).data = data;
}

void part(SkreiP2pHost& one, SkreiP2pHost& other) {
  one.peers.erase(other.peer_id);
  other.peers.erase(one.peer_id);
  push(one, SkreiP2pEventKind::PeerDown, other.peer_id, "");
  push(other, SkreiP2pEventKind::PeerDown, one.peer_id, "");
}

/// The host's thread: a command, then its answer once there is room for it.
void work(SkreiP2pHost& host) {
  std::unique_lock lock(the_lock);
  for (;;) {
    the_change.wait(lock, [&] {
      return host.closing || (!host.commands.empty() && host.events.size() < host.events_max);
    });
    if (host.closing) return;
    const auto command = std::move(host.commands.front());
    host.commands.pop_front();
    auto answer = command.action();
    --host.commands_open;
    auto& event = push(host, SkreiP2pEventKind::Done, answer.peer, answer.text);
    event.view.request = command.request;
    event.view.status = answer.status;
    event.view.fd = answer.fd;
    if (answer.after) answer.after();
  }
}

Answer dial(SkreiP2pHost& host, const std::string& address) {
  constexpr std::string_view kPeerPart = "/p2p/";
  const auto cut = address.find(kPeerPart);
  const auto found = listeners().find(address.substr(0, cut));
  if (found == listeners().end()) {
    return {SkreiStatus::Unavailable, "cannot connect: " + address + " refused the connection"};
  }
  auto& other = *found->second;
  const auto wanted =
      cut == std::string::npos ? other.peer_id : address.substr(cut + kPeerPart.size());
  if (wanted != other.peer_id) {
    return {SkreiStatus::FailedPrecondition, "cannot connect: another peer is at " + address};
  }
  if (&other == &host) return {SkreiStatus::InvalidArgument, "cannot connect to itself"};
  if (host.peers.emplace(other.peer_id, &other).second) {
    other.peers.emplace(host.peer_id, &host);
    push(host, SkreiP2pEventKind::PeerUp, other.peer_id, address);
    push(other, SkreiP2pEventKind::PeerUp, host.peer_id, "/ip4/127.0.0.1/tcp/1");
  }
  return {.peer = other.peer_id};
}

Answer open_stream(SkreiP2pHost& host, const std::string& peer, const std::string& protocol) {
  const auto found = host.peers.find(peer);
  if (found == host.peers.end()) {
    return {SkreiStatus::Unavailable, "peer " + peer + " is not connected"};
  }
  auto& other = *found->second;
  if (!other.protocols.contains(protocol)) {
    return {SkreiStatus::Unavailable, "peer " + peer + " does not speak " + protocol};
  }
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return {SkreiStatus::ResourceExhausted, "no socket pair for a stream"};
  }
  push(other, SkreiP2pEventKind::InboundStream, host.peer_id, protocol).view.fd = ends[1];
  return {.peer = peer, .fd = ends[0]};
}

SkreiStatus submit(const SkreiP2pHost* const_host, uint64_t request, SkreiError* error,
                   std::function<Answer()> action) {
  auto& host = *const_cast<SkreiP2pHost*>(const_host);
  const std::scoped_lock lock(the_lock);
  if (host.commands_open >= host.commands_max) {
    return fail(error, SkreiStatus::ResourceExhausted, "too many commands wait");
  }
  ++host.commands_open;
  host.commands.push_back({request, std::move(action)});
  the_change.notify_all();
  return SkreiStatus::Ok;
}

SkreiP2pHost& of(const SkreiP2pHost* host) {
  return *const_cast<SkreiP2pHost*>(host);
}

bool is_peer_id(std::string_view text) {
  return text.starts_with("12D3Koo") && text.size() > 7;
}

SkreiStatus no_peer_id(SkreiError* error) {
  return fail(error, SkreiStatus::InvalidArgument, "that is no peer id");
}

}  // namespace

extern "C" {

SkreiStatus skrei_p2p_start(const SkreiP2pConfig* config, SkreiP2pHost** out, SkreiError* error) {
  if (config->secret_key.len == 0) {
    return fail(error, SkreiStatus::InvalidArgument, "the secret key of the host is empty");
  }
  for (size_t i = 0; i < config->listen_len; ++i) {
    if (!text_of(config->listen[i]).starts_with('/')) {
      return fail(error, SkreiStatus::InvalidArgument, "that is no multiaddress");
    }
  }
  auto* host = new SkreiP2pHost;
  host->peer_id =
      "12D3KooFake" + std::to_string(std::hash<std::string_view>{}(text_of(config->secret_key)));
  host->eventfd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (config->commands_max != 0) host->commands_max = config->commands_max;
  if (config->events_max != 0) host->events_max = config->events_max;
  for (size_t i = 0; i < config->stream_protocols_len; ++i) {
    host->protocols.emplace(text_of(config->stream_protocols[i]));
  }
  {
    const std::scoped_lock lock(the_lock);
    static unsigned next_port = 20000;
    for (size_t i = 0; i < config->listen_len; ++i) {
      const auto address = "/ip4/127.0.0.1/tcp/" + std::to_string(next_port++);
      listeners().emplace(address, host);
      push(*host, SkreiP2pEventKind::Listening, "", address);
    }
  }
  host->thread = std::thread([host] { work(*host); });
  *out = host;
  return SkreiStatus::Ok;
}

void skrei_p2p_close(SkreiP2pHost* host) {
  if (host == nullptr) return;
  {
    const std::scoped_lock lock(the_lock);
    host->closing = true;
    std::erase_if(listeners(), [&](const auto& item) { return item.second == host; });
    while (!host->peers.empty())
      part(*host, *host->peers.begin()->second);
    the_change.notify_all();
  }
  host->thread.join();
  for (auto* event : host->events)
    skrei_p2p_event_free(&event->view);
  ::close(host->eventfd);
  delete host;
}

SkreiSlice skrei_p2p_peer_id(const SkreiP2pHost* host) {
  return slice_of(host->peer_id);
}

int32_t skrei_p2p_event_fd(const SkreiP2pHost* host) {
  return host->eventfd;
}

SkreiP2pEvent* skrei_p2p_next_event(const SkreiP2pHost* const_host) {
  auto& host = of(const_host);
  const std::scoped_lock lock(the_lock);
  Event* event = nullptr;
  if (host.dropped > 0) {
    event = new Event;
    event->view.kind = SkreiP2pEventKind::Dropped;
    event->view.count = std::exchange(host.dropped, 0);
    event->view.fd = -1;
  } else if (!host.events.empty()) {
    event = host.events.front();
    host.events.pop_front();
    the_change.notify_all();
  }
  if (host.events.empty()) {
    eventfd_t count = 0;
    ::eventfd_read(host.eventfd, &count);
  }
  if (event == nullptr) return nullptr;
  event->view.peer = slice_of(event->peer);
  event->view.text = slice_of(event->text);
  event->view.data = slice_of(event->data);
  return &event->view;
}

int32_t skrei_p2p_event_take_fd(SkreiP2pEvent* event) {
  return event == nullptr ? -1 : std::exchange(event->fd, -1);
}

void skrei_p2p_event_free(SkreiP2pEvent* event) {
  if (event == nullptr) return;
  if (event->fd >= 0) ::close(event->fd);
  // The view is the first member of a standard-layout struct.
  delete reinterpret_cast<Event*>(event);
}

SkreiStatus skrei_p2p_dial(const SkreiP2pHost* host, uint64_t request, SkreiSlice address,
                           SkreiError* error) {
  if (!text_of(address).starts_with('/')) {
    return fail(error, SkreiStatus::InvalidArgument, "that is no multiaddress");
  }
  return submit(host, request, error, [&host = of(host), address = std::string(text_of(address))] {
    return dial(host, address);
  });
}

SkreiStatus skrei_p2p_disconnect(const SkreiP2pHost* host, uint64_t request, SkreiSlice peer,
                                 SkreiError* error) {
  if (!is_peer_id(text_of(peer))) return no_peer_id(error);
  return submit(host, request, error,
                [&host = of(host), peer = std::string(text_of(peer))]() -> Answer {
                  const auto found = host.peers.find(peer);
                  if (found == host.peers.end()) {
                    return {SkreiStatus::NotFound, "peer " + peer + " is not connected"};
                  }
                  return {.after = [&host, &other = *found->second] {
                    part(host, other);
                  }};
                });
}

SkreiStatus skrei_p2p_open_stream(const SkreiP2pHost* host, uint64_t request, SkreiSlice peer,
                                  SkreiSlice protocol, SkreiError* error) {
  if (!is_peer_id(text_of(peer))) return no_peer_id(error);
  return submit(
      host, request, error,
      [&host = of(host), peer = std::string(text_of(peer)),
       protocol = std::string(text_of(protocol))] { return open_stream(host, peer, protocol); });
}

SkreiStatus skrei_p2p_subscribe(const SkreiP2pHost* host, uint64_t request, SkreiSlice topic,
                                SkreiError* error) {
  return submit(host, request, error, [&host = of(host), topic = std::string(text_of(topic))] {
    host.topics.insert(topic);
    return Answer{};
  });
}

SkreiStatus skrei_p2p_unsubscribe(const SkreiP2pHost* host, uint64_t request, SkreiSlice topic,
                                  SkreiError* error) {
  return submit(host, request, error, [&host = of(host), topic = std::string(text_of(topic))] {
    host.topics.erase(topic);
    return Answer{};
  });
}

SkreiStatus skrei_p2p_publish(const SkreiP2pHost* host, uint64_t request, SkreiSlice topic,
                              SkreiSlice data, SkreiError* error) {
  return submit(
      host, request, error,
      [&host = of(host), topic = std::string(text_of(topic)), data = std::string(text_of(data))] {
        push_gossip(host, host.peer_id, topic, data);
        for (const auto& [id, peer] : host.peers) {
          push_gossip(*peer, host.peer_id, topic, data);
        }
        return Answer{};
      });
}

}  // extern "C"
