// SPDX-License-Identifier: Apache-2.0

//! The task that owns the swarm: takes commands, turns what the swarm says into events.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use libp2p::gossipsub::{self, IdentTopic, PublishError};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm, identify, ping};
use libp2p_stream::{Control, IncomingStreams, OpenStreamError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{Id, JoinSet};

use crate::abi::common::{SkreiStatus, panic_failure};
use crate::abi::p2p::SkreiP2pEventKind as Kind;
use crate::error::Failure;
use crate::net::behaviour::{Behaviour, BehaviourEvent, swarm};
use crate::net::command::{Action, Command};
use crate::net::config::Settings;
use crate::net::event::Event;
use crate::net::queue::EventQueue;
use crate::net::stream::bridge;

/// A command that the host has taken, with its place among those that may wait.
pub struct Taken {
    pub command: Command,
    pub place: OwnedSemaphorePermit,
}

/// A command whose answer comes later.
struct Waiting {
    request: u64,
    _place: OwnedSemaphorePermit,
}

pub struct Node {
    swarm: Swarm<Behaviour>,
    streams: Control,
    events: Arc<EventQueue>,
    open_timeout: Duration,
    dialing: HashMap<ConnectionId, Waiting>,
    opening: JoinSet<Event>,
    opening_requests: HashMap<Id, Waiting>,
}

impl Node {
    /// Listens on every address or fails.
    pub fn start(settings: Settings, events: Arc<EventQueue>) -> Result<Self, Failure> {
        let mut swarm = swarm(&settings)?;
        let mut streams = swarm.behaviour().stream.new_control();
        for address in settings.listen {
            swarm.listen_on(address.clone()).map_err(|error| {
                Failure::new(
                    SkreiStatus::Unavailable,
                    format!("cannot listen on {address}: {error}"),
                )
            })?;
        }
        let places =
            Arc::new(Semaphore::new(settings.inbound_streams_max.min(Semaphore::MAX_PERMITS)));
        for protocol in settings.stream_protocols {
            let incoming = streams.accept(protocol.clone()).map_err(|_| {
                Failure::invalid(format!("stream protocol {protocol} is named twice"))
            })?;
            tokio::spawn(accept(incoming, protocol, places.clone(), events.clone()));
        }
        Ok(Node {
            swarm,
            streams,
            events,
            open_timeout: settings.dial_timeout,
            dialing: HashMap::new(),
            opening: JoinSet::new(),
            opening_requests: HashMap::new(),
        })
    }

    /// Until the caller's side of `commands` is gone.
    pub async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Taken>) {
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(taken) => self.execute(taken).await,
                    None => return,
                },
                event = self.swarm.select_next_some() => self.on_swarm(event).await,
                Some(opened) = self.opening.join_next_with_id() => {
                    let (id, event) = match opened {
                        Ok((id, event)) => (id, Ok(event)),
                        Err(error) => (error.id(), Err(error)),
                    };
                    let Some(waiting) = self.opening_requests.remove(&id) else { continue };
                    let event = event.unwrap_or_else(|error| {
                        let failure = match error.try_into_panic() {
                            Ok(payload) => panic_failure(payload.as_ref()),
                            Err(_) => Failure::new(SkreiStatus::Cancelled, "cancelled"),
                        };
                        Event::done(waiting.request, Err(failure))
                    });
                    self.events.push(event).await;
                }
            }
        }
    }

    async fn execute(&mut self, taken: Taken) {
        let Command { request, action } = taken.command;
        let waiting = Waiting { request, _place: taken.place };
        let result = match action {
            Action::Dial(address) => return self.dial(waiting, address).await,
            Action::OpenStream(peer, protocol) => {
                return self.open_stream(waiting, peer, protocol).await;
            }
            Action::Disconnect(peer) => self.swarm.disconnect_peer_id(peer).map_err(|()| {
                Failure::new(SkreiStatus::NotFound, format!("peer {peer} is not connected"))
            }),
            Action::Subscribe(topic) => {
                self.swarm.behaviour_mut().gossip.subscribe(&topic).map(|_| ()).map_err(|error| {
                    Failure::internal(format!("cannot subscribe to topic {topic}: {error}"))
                })
            }
            Action::Unsubscribe(topic) => {
                self.swarm.behaviour_mut().gossip.unsubscribe(&topic);
                Ok(())
            }
            Action::Publish(topic, data) => self.publish(&topic, data),
        };
        self.events.push(Event::done(request, result)).await;
    }

    async fn dial(&mut self, waiting: Waiting, address: Multiaddr) {
        if let Some(peer) = peer_of(&address).filter(|peer| self.swarm.is_connected(peer)) {
            let event = Event { peer: peer.to_base58(), ..Event::done(waiting.request, Ok(())) };
            return self.events.push(event).await;
        }
        let opts = dial_opts(address);
        let connection = opts.connection_id();
        match self.swarm.dial(opts) {
            Ok(()) => {
                self.dialing.insert(connection, waiting);
            }
            Err(error) => {
                self.events.push(Event::done(waiting.request, Err(dial_failure(&error)))).await;
            }
        }
    }

    async fn open_stream(&mut self, waiting: Waiting, peer: PeerId, protocol: StreamProtocol) {
        let request = waiting.request;
        if !self.swarm.is_connected(&peer) {
            let text = format!("peer {peer} is not connected");
            let failure = Failure::new(SkreiStatus::Unavailable, text);
            return self.events.push(Event::done(request, Err(failure))).await;
        }
        let (streams, limit) = (self.streams.clone(), self.open_timeout);
        let task = self.opening.spawn(async move {
            match open(streams, peer, protocol, limit).await {
                Ok(fd) => {
                    Event { peer: peer.to_base58(), ..Event::done(request, Ok(())) }.with_fd(fd)
                }
                Err(failure) => Event::done(request, Err(failure)),
            }
        });
        self.opening_requests.insert(task.id(), waiting);
    }

    fn publish(&mut self, topic: &IdentTopic, data: Vec<u8>) -> Result<(), Failure> {
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        let subscribed = gossip.topics().any(|it| *it == topic.hash());
        match gossip.publish(topic.clone(), data.clone()) {
            // Our own subscription is a subscriber too, and a repetition has been delivered.
            Ok(_) | Err(PublishError::NoPeersSubscribedToTopic) => {}
            Err(PublishError::Duplicate) => return Ok(()),
            Err(PublishError::MessageTooLarge) => {
                return Err(Failure::invalid(format!(
                    "a gossip message of {} bytes on topic {topic} is too large (1 MiB)",
                    data.len()
                )));
            }
            Err(error) => {
                return Err(Failure::new(
                    SkreiStatus::Unavailable,
                    format!("cannot publish on topic {topic}: {error}"),
                ));
            }
        }
        if subscribed {
            let event =
                Event::of_peer(Kind::Gossip, *self.swarm.local_peer_id(), topic.to_string());
            self.events.push_or_drop(Event { data, ..event });
        }
        Ok(())
    }

    async fn on_swarm(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.on_behaviour(event).await,
            SwarmEvent::NewListenAddr { address, .. } => {
                self.tell(Kind::Listening, address.to_string()).await;
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.tell(Kind::ListenEnded, address.to_string()).await;
            }
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                num_established,
                ..
            } => {
                if num_established.get() == 1 {
                    let address = endpoint.get_remote_address().to_string();
                    self.events.push(Event::of_peer(Kind::PeerUp, peer_id, address)).await;
                }
                if let Some(waiting) = self.dialing.remove(&connection_id) {
                    let done = Event::done(waiting.request, Ok(()));
                    self.events.push(Event { peer: peer_id.to_base58(), ..done }).await;
                }
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                if let Some(waiting) = self.dialing.remove(&connection_id) {
                    let failure = dial_failure(&error);
                    self.events.push(Event::done(waiting.request, Err(failure))).await;
                }
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, cause, .. } => {
                let why = cause.map(|error| error.to_string()).unwrap_or_default();
                self.events.push(Event::of_peer(Kind::PeerDown, peer_id, why)).await;
            }
            _ => {}
        }
    }

    async fn on_behaviour(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Gossip(gossipsub::Event::Message { message, .. }) => {
                // Strict validation lets no message without an author through.
                if let Some(author) = message.source {
                    let event = Event::of_peer(Kind::Gossip, author, message.topic.into_string());
                    self.events.push_or_drop(Event { data: message.data, ..event });
                }
            }
            BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. }) => {
                if let Some(kad) = self.swarm.behaviour_mut().kad.as_mut() {
                    for address in info.listen_addrs {
                        kad.add_address(&peer_id, address);
                    }
                }
                let event = Event::of_peer(Kind::PeerIdentified, peer_id, info.agent_version);
                self.events.push(event).await;
            }
            // A cut cable is noticed here: nothing else speaks regularly on an idle connection.
            BehaviourEvent::Ping(ping::Event { connection, result: Err(failure), .. })
                if !matches!(failure, ping::Failure::Unsupported) =>
            {
                self.swarm.close_connection(connection);
            }
            _ => {}
        }
    }

    async fn tell(&self, kind: Kind, text: String) {
        self.events.push(Event { text, ..Event::new(kind) }).await;
    }
}

/// Hands inbound streams of one protocol out. libp2p-stream refuses what is not taken from it soon,
/// so this waits for nothing but room for the event.
async fn accept(
    mut incoming: IncomingStreams,
    protocol: StreamProtocol,
    places: Arc<Semaphore>,
    events: Arc<EventQueue>,
) {
    while let Some((peer, stream)) = incoming.next().await {
        // Without a place, or without descriptors left, the stream is dropped: the peer sees a
        // reset and may try again.
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let Ok(fd) = bridge(stream, place) else { continue };
        let event = Event::of_peer(Kind::InboundStream, peer, protocol.as_ref());
        events.push(event.with_fd(fd)).await;
    }
}

async fn open(
    mut streams: Control,
    peer: PeerId,
    protocol: StreamProtocol,
    limit: Duration,
) -> Result<std::os::fd::OwnedFd, Failure> {
    let name = protocol.clone();
    let stream = tokio::time::timeout(limit, streams.open_stream(peer, protocol))
        .await
        .map_err(|_| {
            Failure::new(
                SkreiStatus::DeadlineExceeded,
                format!("peer {peer} did not answer to a stream of {name} within {limit:?}"),
            )
        })?
        .map_err(|error| {
            let text = match error {
                OpenStreamError::UnsupportedProtocol(_) => {
                    format!("peer {peer} does not speak {name}")
                }
                other => format!("cannot open a stream of {name} to peer {peer}: {other}"),
            };
            Failure::new(SkreiStatus::Unavailable, text)
        })?;
    bridge(stream, ()).map_err(|error| {
        Failure::new(SkreiStatus::ResourceExhausted, format!("a socket pair for a stream: {error}"))
    })
}

/// The peer that an address ends with.
fn peer_of(address: &Multiaddr) -> Option<PeerId> {
    match address.iter().last() {
        Some(Protocol::P2p(peer)) => Some(peer),
        _ => None,
    }
}

/// A dial that was asked for is made, whatever other dials are under way.
fn dial_opts(address: Multiaddr) -> DialOpts {
    match peer_of(&address) {
        Some(peer) => DialOpts::peer_id(peer)
            .condition(PeerCondition::Always)
            .addresses(vec![address])
            .build(),
        None => address.into(),
    }
}

fn dial_failure(error: &DialError) -> Failure {
    let status = match error {
        DialError::LocalPeerId { .. } => SkreiStatus::InvalidArgument,
        DialError::WrongPeerId { .. } => SkreiStatus::FailedPrecondition,
        DialError::Denied { .. } => SkreiStatus::ResourceExhausted,
        _ => SkreiStatus::Unavailable,
    };
    Failure::new(status, format!("cannot connect: {}", flat(error)))
}

/// The error and its causes in one line.
fn flat(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string().replace('\n', " ");
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}
