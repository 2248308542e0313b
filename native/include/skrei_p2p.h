// SPDX-License-Identifier: Apache-2.0

#pragma once

// Made from native/src/abi by `SKREI_BLESS=1 cargo test --test headers`; do not edit.

#include <cstddef>
#include <cstdint>
#include "skrei_native.h"

/// What happened.
enum class SkreiP2pEventKind : uint32_t {
  /// The command `request` is done: `status`, and `text` says what was wrong. After open_stream
  /// `fd` is the stream. Exactly one for each command that was taken.
  Done = 0,
  /// The host listens on `text`, a multiaddress.
  Listening = 1,
  /// The host no longer listens on `text`.
  ListenEnded = 2,
  /// First connection with `peer`; `text` is its address.
  PeerUp = 3,
  /// Last connection with `peer` is gone; `text` says why where that is known.
  PeerDown = 4,
  /// `peer` has told who it is: `text` is its agent.
  PeerIdentified = 5,
  /// `peer` opened a stream of protocol `text`; `fd` is the stream.
  InboundStream = 6,
  /// `peer` signed and published `data` on topic `text`; own messages come back too.
  Gossip = 7,
  /// `count` gossip messages were dropped since the last such event.
  Dropped = 8,
  /// The host has stopped by itself; `text` says why. Nothing follows, commands are refused.
  Failed = 9,
};

/// A running host with a thread of its own. All functions may be called from any thread.
struct SkreiP2pHost;

/// Wishes for a host. Numbers of 0 mean the default that the field names.
struct SkreiP2pConfig {
  /// sizeof(SkreiP2pConfig) of the caller.
  uint32_t struct_size;
  /// 32 bytes: seed of an Ed25519 key; else libp2p's protobuf PrivateKey (Ed25519 or RSA), else
  /// an RSA key as PKCS#8.
  SkreiSlice secret_key;
  /// Multiaddresses to listen on, like "/ip4/127.0.0.1/tcp/0".
  const SkreiSlice *listen;
  size_t listen_len;
  /// Protocols whose inbound streams are accepted, like "/skrei/jobs/1.0.0".
  const SkreiSlice *stream_protocols;
  size_t stream_protocols_len;
  /// Protocol name of the Kademlia DHT; empty: no DHT.
  SkreiSlice kad_protocol;
  /// Agent that identify tells other nodes; empty: "skrei".
  SkreiSlice agent;
  /// Connections in both directions; 0: 256.
  uint32_t connections_max;
  /// Connections with one peer; 0: 4.
  uint32_t connections_per_peer_max;
  /// Commands without an answer yet; 0: 1024. More are refused with ResourceExhausted.
  uint32_t commands_max;
  /// Events waiting to be fetched; 0: 4096. Gossip beyond that is dropped and counted; anything
  /// else waits, and the network with it.
  uint32_t events_max;
  /// Inbound streams that are open at once; 0: 1024. More are refused.
  uint32_t inbound_streams_max;
  /// A connection without streams is closed after this time; 0: 10 minutes.
  uint32_t idle_timeout_ms;
  /// Time to connect, or to open a stream; 0: 10 seconds.
  uint32_t dial_timeout_ms;
};

/// One event; owned by whoever fetched it.
struct SkreiP2pEvent {
  SkreiP2pEventKind kind;
  SkreiStatus status;
  uint64_t request;
  uint64_t count;
  SkreiSlice peer;
  SkreiSlice text;
  SkreiSlice data;
  /// A blocking socket or -1. Taken from the event by skrei_p2p_event_take_fd; else closed with
  /// it.
  int32_t fd;
};

extern "C" {

/// Starts a host. It listens once a Listening event has come.
SkreiStatus skrei_p2p_start(const SkreiP2pConfig *config, SkreiP2pHost **out, SkreiError *error);

/// Closes all connections, joins the host's thread and frees the host; null is allowed. No event
/// is made afterwards; streams that are still open see their end. Waits at most some 5 seconds.
void skrei_p2p_close(SkreiP2pHost *host);

/// Own peer id in text form ("12D3Koo…"); lives as long as the host.
SkreiSlice skrei_p2p_peer_id(const SkreiP2pHost *host);

/// An eventfd that is readable while events wait; owned by the host. Do not read it:
/// skrei_p2p_next_event does.
int32_t skrei_p2p_event_fd(const SkreiP2pHost *host);

/// The oldest waiting event, or null when there is none. Never blocks.
SkreiP2pEvent *skrei_p2p_next_event(const SkreiP2pHost *host);

/// Takes the descriptor out of an event; the caller closes it. -1 when there is none (any more).
int32_t skrei_p2p_event_take_fd(SkreiP2pEvent *event);

/// Frees an event; null is allowed.
void skrei_p2p_event_free(SkreiP2pEvent *event);

/// Connects to a multiaddress; with "/p2p/<id>" at its end the peer must be that one.
/// InvalidArgument at once for text that is no address, ResourceExhausted when too many commands
/// wait; else one Done event with `request` follows. So for every command below.
SkreiStatus skrei_p2p_dial(const SkreiP2pHost *host,
                           uint64_t request,
                           SkreiSlice address,
                           SkreiError *error);

/// Closes every connection with a peer. NotFound when there is none.
SkreiStatus skrei_p2p_disconnect(const SkreiP2pHost *host,
                                 uint64_t request,
                                 SkreiSlice peer,
                                 SkreiError *error);

/// Opens a stream to a connected peer. Its bytes go through the event's `fd`; shutdown(SHUT_WR)
/// ends one direction, close both. A stream that breaks looks like one that ends, so what is
/// spoken on it has frames. Unavailable when the peer is not connected or does not speak the
/// protocol.
SkreiStatus skrei_p2p_open_stream(const SkreiP2pHost *host,
                                  uint64_t request,
                                  SkreiSlice peer,
                                  SkreiSlice protocol,
                                  SkreiError *error);

/// Subscribes to a gossip topic; doing it twice is no error.
SkreiStatus skrei_p2p_subscribe(const SkreiP2pHost *host,
                                uint64_t request,
                                SkreiSlice topic,
                                SkreiError *error);

/// Leaves a gossip topic; doing it twice is no error.
SkreiStatus skrei_p2p_unsubscribe(const SkreiP2pHost *host,
                                  uint64_t request,
                                  SkreiSlice topic,
                                  SkreiError *error);

/// Signs and publishes at most 1 MiB. It also comes back as an own Gossip event when
/// subscribed. That no other peer is subscribed is no error.
SkreiStatus skrei_p2p_publish(const SkreiP2pHost *host,
                              uint64_t request,
                              SkreiSlice topic,
                              SkreiSlice data,
                              SkreiError *error);

}  // extern "C"
