// SPDX-License-Identifier: Apache-2.0

//! The libp2p host: commands in, events out through one bounded queue and an eventfd, stream bytes
//! through socket pairs.

use crate::abi::common::{
    SkreiError, SkreiSlice, SkreiStatus, array, borrow, give, guard, take_back,
};
use crate::error::Failure;
use crate::net::command::Command;
use crate::net::config::HostConfig;
use crate::net::event::Event;
use crate::net::host::Host;

/// Wishes for a host. Numbers of 0 mean the default that the field names.
#[repr(C)]
pub struct SkreiP2pConfig {
    /// sizeof(SkreiP2pConfig) of the caller.
    pub struct_size: u32,
    /// 32 bytes: seed of an Ed25519 key; else libp2p's protobuf PrivateKey (Ed25519 or RSA), else
    /// an RSA key as PKCS#8.
    pub secret_key: SkreiSlice,
    /// Multiaddresses to listen on, like "/ip4/127.0.0.1/tcp/0".
    pub listen: *const SkreiSlice,
    pub listen_len: usize,
    /// Protocols whose inbound streams are accepted, like "/skrei/jobs/1.0.0".
    pub stream_protocols: *const SkreiSlice,
    pub stream_protocols_len: usize,
    /// Protocol name of the Kademlia DHT; empty: no DHT.
    pub kad_protocol: SkreiSlice,
    /// Agent that identify tells other nodes; empty: "skrei".
    pub agent: SkreiSlice,
    /// Connections in both directions; 0: 256.
    pub connections_max: u32,
    /// Connections with one peer; 0: 4.
    pub connections_per_peer_max: u32,
    /// Commands without an answer yet; 0: 1024. More are refused with ResourceExhausted.
    pub commands_max: u32,
    /// Events waiting to be fetched; 0: 4096. Gossip beyond that is dropped and counted; anything
    /// else waits, and the network with it.
    pub events_max: u32,
    /// Inbound streams that are open at once; 0: 1024. More are refused.
    pub inbound_streams_max: u32,
    /// A connection without streams is closed after this time; 0: 10 minutes.
    pub idle_timeout_ms: u32,
    /// Time to connect, or to open a stream; 0: 10 seconds.
    pub dial_timeout_ms: u32,
}

/// What happened.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkreiP2pEventKind {
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
}

/// One event; owned by whoever fetched it.
#[repr(C)]
pub struct SkreiP2pEvent {
    pub kind: SkreiP2pEventKind,
    pub status: SkreiStatus,
    pub request: u64,
    pub count: u64,
    pub peer: SkreiSlice,
    pub text: SkreiSlice,
    pub data: SkreiSlice,
    /// A blocking socket or -1. Taken from the event by skrei_p2p_event_take_fd; else closed with
    /// it.
    pub fd: i32,
}

/// A running host with a thread of its own. All functions may be called from any thread.
pub struct SkreiP2pHost {
    host: Host,
}

/// The event as C sees it, first, and what its slices point into.
#[repr(C)]
struct OwnedEvent {
    view: SkreiP2pEvent,
    event: Event,
}

/// Starts a host. It listens once a Listening event has come.
///
/// # Safety
/// Pointers are valid as the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_start(
    config: *const SkreiP2pConfig,
    out: *mut *mut SkreiP2pHost,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe {
        guard(error, || {
            let config = host_config(borrow(config, "the host's configuration")?)?;
            give(out, SkreiP2pHost { host: Host::start(config)? })
        })
    }
}

/// Closes all connections, joins the host's thread and frees the host; null is allowed. No event
/// is made afterwards; streams that are still open see their end. Waits at most some 5 seconds.
///
/// # Safety
/// `host` is null or from skrei_p2p_start and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_close(host: *mut SkreiP2pHost) {
    unsafe { take_back(host) }
}

/// Own peer id in text form ("12D3Koo…"); lives as long as the host.
///
/// # Safety
/// `host` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_peer_id(host: *const SkreiP2pHost) -> SkreiSlice {
    unsafe { host.as_ref() }
        .map_or(SkreiSlice::EMPTY, |it| SkreiSlice::of(it.host.peer_id().as_bytes()))
}

/// An eventfd that is readable while events wait; owned by the host. Do not read it:
/// skrei_p2p_next_event does.
///
/// # Safety
/// `host` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_event_fd(host: *const SkreiP2pHost) -> i32 {
    unsafe { host.as_ref() }.map_or(-1, |it| it.host.event_fd())
}

/// The oldest waiting event, or null when there is none. Never blocks.
///
/// # Safety
/// `host` is null or valid; the event is given back to skrei_p2p_event_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_next_event(host: *const SkreiP2pHost) -> *mut SkreiP2pEvent {
    let mut out: *mut OwnedEvent = std::ptr::null_mut();
    unsafe {
        guard(std::ptr::null_mut(), || {
            if let Some(event) = borrow(host, "the host")?.host.next_event() {
                give(&mut out, OwnedEvent::new(event))?;
            }
            Ok(())
        });
    }
    out.cast()
}

/// Takes the descriptor out of an event; the caller closes it. -1 when there is none (any more).
///
/// # Safety
/// `event` is null or from skrei_p2p_next_event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_event_take_fd(event: *mut SkreiP2pEvent) -> i32 {
    match unsafe { event.cast::<OwnedEvent>().as_mut() } {
        Some(owned) => {
            owned.view.fd = -1;
            owned.event.take_fd()
        }
        None => -1,
    }
}

/// Frees an event; null is allowed.
///
/// # Safety
/// `event` is null or from skrei_p2p_next_event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_event_free(event: *mut SkreiP2pEvent) {
    unsafe { take_back(event.cast::<OwnedEvent>()) }
}

/// Connects to a multiaddress; with "/p2p/<id>" at its end the peer must be that one.
/// InvalidArgument at once for text that is no address, ResourceExhausted when too many commands
/// wait; else one Done event with `request` follows. So for every command below.
///
/// # Safety
/// Pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_dial(
    host: *const SkreiP2pHost,
    request: u64,
    address: SkreiSlice,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe { submit(host, error, || Command::dial(request, address.text("the address")?)) }
}

/// Closes every connection with a peer. NotFound when there is none.
///
/// # Safety
/// Pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_disconnect(
    host: *const SkreiP2pHost,
    request: u64,
    peer: SkreiSlice,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe { submit(host, error, || Command::disconnect(request, peer.text("the peer id")?)) }
}

/// Opens a stream to a connected peer. Its bytes go through the event's `fd`; shutdown(SHUT_WR)
/// ends one direction, close both. A stream that breaks looks like one that ends, so what is
/// spoken on it has frames. Unavailable when the peer is not connected or does not speak the
/// protocol.
///
/// # Safety
/// Pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_open_stream(
    host: *const SkreiP2pHost,
    request: u64,
    peer: SkreiSlice,
    protocol: SkreiSlice,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe {
        submit(host, error, || {
            Command::open_stream(request, peer.text("the peer id")?, protocol.text("the protocol")?)
        })
    }
}

/// Subscribes to a gossip topic; doing it twice is no error.
///
/// # Safety
/// Pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_subscribe(
    host: *const SkreiP2pHost,
    request: u64,
    topic: SkreiSlice,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe { submit(host, error, || Ok(Command::subscribe(request, topic.text("the topic")?))) }
}

/// Leaves a gossip topic; doing it twice is no error.
///
/// # Safety
/// Pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_unsubscribe(
    host: *const SkreiP2pHost,
    request: u64,
    topic: SkreiSlice,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe { submit(host, error, || Ok(Command::unsubscribe(request, topic.text("the topic")?))) }
}

/// Signs and publishes at most 1 MiB. It also comes back as an own Gossip event when
/// subscribed. That no other peer is subscribed is no error.
///
/// # Safety
/// Pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_p2p_publish(
    host: *const SkreiP2pHost,
    request: u64,
    topic: SkreiSlice,
    data: SkreiSlice,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe {
        submit(host, error, || {
            Ok(Command::publish(request, topic.text("the topic")?, data.bytes()?))
        })
    }
}

unsafe fn submit(
    host: *const SkreiP2pHost,
    error: *mut SkreiError,
    make: impl FnOnce() -> Result<Command, Failure>,
) -> SkreiStatus {
    unsafe { guard(error, || borrow(host, "the host")?.host.submit(make()?)) }
}

unsafe fn texts(data: *const SkreiSlice, len: usize, what: &str) -> Result<Vec<String>, Failure> {
    unsafe { array(data, len)?.iter().map(|it| Ok(it.text(what)?.to_string())).collect() }
}

unsafe fn host_config(config: &SkreiP2pConfig) -> Result<HostConfig, Failure> {
    let (given, ours) = (config.struct_size as usize, size_of::<SkreiP2pConfig>());
    if given != ours {
        return Err(Failure::invalid(format!(
            "the host configuration has {given} bytes where this library expects {ours}; \
             rebuild Skrei"
        )));
    }
    unsafe {
        Ok(HostConfig {
            secret_key: config.secret_key.bytes()?.to_vec(),
            listen: texts(config.listen, config.listen_len, "a listen address")?,
            stream_protocols: texts(
                config.stream_protocols,
                config.stream_protocols_len,
                "a stream protocol",
            )?,
            kad_protocol: config.kad_protocol.text("the DHT's protocol")?.to_string(),
            agent: config.agent.text("the agent")?.to_string(),
            connections_max: config.connections_max,
            connections_per_peer_max: config.connections_per_peer_max,
            commands_max: config.commands_max as usize,
            events_max: config.events_max as usize,
            inbound_streams_max: config.inbound_streams_max as usize,
            idle_timeout_ms: config.idle_timeout_ms,
            dial_timeout_ms: config.dial_timeout_ms,
        })
    }
}

impl OwnedEvent {
    fn new(event: Event) -> Self {
        let view = SkreiP2pEvent {
            kind: event.kind,
            status: event.status,
            request: event.request,
            count: event.count,
            peer: SkreiSlice::of(event.peer.as_bytes()),
            text: SkreiSlice::of(event.text.as_bytes()),
            data: SkreiSlice::of(&event.data),
            fd: event.raw_fd(),
        };
        OwnedEvent { view, event }
    }
}
