// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"

struct SkreiP2pHost;

namespace skrei::native {

/// Wishes for a libp2p host; limits of 0 mean the default that is named.
struct P2pHostOptions {
  /// 32 bytes: seed of an Ed25519 key; else libp2p's protobuf PrivateKey, or an RSA key as PKCS#8.
  Bytes secret_key;
  /// Multiaddresses, like "/ip4/127.0.0.1/tcp/0".
  std::vector<std::string> listen;
  /// Protocols whose inbound streams are accepted, like "/skrei/jobs/1.0.0".
  std::vector<std::string> stream_protocols;
  /// Protocol name of the Kademlia DHT; empty: none.
  std::string kad_protocol;
  /// What identify tells other nodes; empty: "skrei".
  std::string agent;

  std::uint32_t connections_max = 0;           ///< 256
  std::uint32_t connections_per_peer_max = 0;  ///< 4
  std::uint32_t commands_max = 0;              ///< 1024 without an answer
  std::uint32_t events_max = 0;                ///< 4096 not fetched yet
  std::uint32_t inbound_streams_max = 0;       ///< 1024 open at once
  std::chrono::milliseconds idle_timeout{};    ///< 10 minutes, for connections without streams
  std::chrono::milliseconds dial_timeout{};    ///< 10 seconds, to connect or to open a stream
};

enum class P2pEventKind : std::uint32_t {
  Done = 0,            ///< Command `request` is done: `result`, `peer`; after open_stream `fd`.
  Listening = 1,       ///< On `text`, a multiaddress.
  ListenEnded = 2,     ///< No longer on `text`.
  PeerUp = 3,          ///< First connection with `peer`, whose address is `text`.
  PeerDown = 4,        ///< The last connection with `peer` is gone; `text` says why, if known.
  PeerIdentified = 5,  ///< `peer` says that its agent is `text`.
  InboundStream = 6,   ///< `peer` opened stream `fd` of protocol `text`.
  Gossip = 7,          ///< `peer` signed and published `data` on topic `text`; own ones too.
  Dropped = 8,         ///< `count` gossip messages found no room.
  Failed = 9,          ///< The host has stopped by itself; `text` says why. The last event.
};

struct P2pEvent {
  P2pEventKind kind = P2pEventKind::Failed;
  std::uint64_t request = 0;
  Result<void> result = {};
  std::uint64_t count = 0;
  std::string peer;
  std::string text;
  Bytes data;
  /// A blocking stream socket. shutdown(SHUT_WR) ends one direction, closing both. A stream that
  /// breaks looks like one that ends, so what is spoken on it has frames.
  UniqueFd fd;
};

/// A libp2p host with a thread of its own: TCP, noise, yamux, identify, ping, gossipsub, Kademlia.
///
/// Commands come back at once: InvalidArgument for text that does not parse, ResourceExhausted
/// when commands_max of them wait, Unavailable when the host has failed. Else exactly one Done
/// event with the same request id follows (unless the host is destroyed first). All functions may
/// be called from any thread.
class P2pHost {
 public:
  /// Unavailable names the address that cannot be listened on. A Listening event follows for each
  /// address that really is.
  static Result<P2pHost> start(const P2pHostOptions& options);

  /// Text form, "12D3Koo…"; lives as long as the host.
  std::string_view peer_id() const;

  /// Readable while next_event() would give one. Wait on it, never read it.
  int event_fd() const;
  /// The oldest event; never blocks. Gossip that finds events_max waiting is dropped and counted;
  /// everything else waits for room, and the network with it.
  std::optional<P2pEvent> next_event();

  /// With "/p2p/<id>" at its end the peer must be that one (else FailedPrecondition). Connected
  /// already is success.
  Result<void> dial(std::uint64_t request, std::string_view address);
  /// NotFound when the peer is not connected.
  Result<void> disconnect(std::uint64_t request, std::string_view peer);
  /// Unavailable when the peer is not connected or does not speak the protocol.
  Result<void> open_stream(std::uint64_t request, std::string_view peer, std::string_view protocol);
  Result<void> subscribe(std::uint64_t request, std::string_view topic);
  Result<void> unsubscribe(std::uint64_t request, std::string_view topic);
  /// At most 1 MiB, signed. That nobody else has subscribed is success.
  Result<void> publish(std::uint64_t request, std::string_view topic, ByteView data);

 private:
  /// Closes connections and joins the thread: no event after it, streams see their end.
  struct Closer {
    void operator()(SkreiP2pHost* host) const;
  };

  explicit P2pHost(SkreiP2pHost* host) : handle_(host) {}

  std::unique_ptr<SkreiP2pHost, Closer> handle_;
};

}  // namespace skrei::native
