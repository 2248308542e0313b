// SPDX-License-Identifier: Apache-2.0

//! The protocols of a node and the settings under which they talk to go-libp2p.

use std::time::Duration;

use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::gossipsub::{self, MessageAuthenticity, MessageId, ValidationMode};
use libp2p::kad::{self, store::MemoryStore};
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{Swarm, SwarmBuilder, identify, noise, ping, tcp, yamux};

use crate::error::Failure;
use crate::net::config::Settings;

/// Of go-libp2p; the defaults of the Rust implementation are smaller.
const GOSSIP_SIZE_MAX: usize = 1 << 20;
const GOSSIP_DUPLICATES_FOR: Duration = Duration::from_secs(120);
const PENDING_CONNECTIONS_MAX: u32 = 128;
const PROTOCOL_VERSION: &str = "/skrei/1.0.0";

#[derive(NetworkBehaviour)]
pub struct Behaviour {
    pub limits: connection_limits::Behaviour,
    pub ping: ping::Behaviour,
    pub identify: identify::Behaviour,
    pub gossip: gossipsub::Behaviour,
    pub kad: Toggle<kad::Behaviour<MemoryStore>>,
    pub stream: libp2p_stream::Behaviour,
}

/// Runs inside of the runtime that will drive the swarm.
pub fn swarm(settings: &Settings) -> Result<Swarm<Behaviour>, Failure> {
    let wrong = |what: &str, error: String| Failure::internal(format!("libp2p {what}: {error}"));
    let behaviour = behaviour(settings)?;
    let idle_timeout = settings.idle_timeout;
    let swarm = SwarmBuilder::with_existing_identity(settings.key.clone())
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .map_err(|error| wrong("transport", error.to_string()))?
        .with_behaviour(|_| behaviour)
        .map_err(|error| wrong("behaviour", error.to_string()))?
        .with_swarm_config(|config| config.with_idle_connection_timeout(idle_timeout))
        .with_connection_timeout(settings.dial_timeout)
        .build();
    Ok(swarm)
}

fn behaviour(settings: &Settings) -> Result<Behaviour, Failure> {
    let public_key = settings.key.public();
    let peer_id = public_key.to_peer_id();
    let limits = ConnectionLimits::default()
        .with_max_established(Some(settings.connections_max))
        .with_max_established_per_peer(Some(settings.connections_per_peer_max))
        .with_max_pending_incoming(Some(PENDING_CONNECTIONS_MAX))
        .with_max_pending_outgoing(Some(PENDING_CONNECTIONS_MAX));
    let identify = identify::Config::new(PROTOCOL_VERSION.to_string(), public_key)
        .with_agent_version(settings.agent.clone())
        .with_push_listen_addr_updates(true);
    let kad = settings.kad_protocol.clone().map(|protocol| {
        let mut kad = kad::Behaviour::with_config(
            peer_id,
            MemoryStore::new(peer_id),
            kad::Config::new(protocol),
        );
        // Else it would answer nobody until another node has confirmed our address.
        kad.set_mode(Some(kad::Mode::Server));
        kad
    });
    Ok(Behaviour {
        limits: connection_limits::Behaviour::new(limits),
        ping: ping::Behaviour::default(),
        identify: identify::Behaviour::new(identify),
        gossip: gossip(settings)?,
        kad: kad.into(),
        stream: libp2p_stream::Behaviour::new(),
    })
}

fn gossip(settings: &Settings) -> Result<gossipsub::Behaviour, Failure> {
    let config = gossipsub::ConfigBuilder::default()
        .validation_mode(ValidationMode::Strict)
        .message_id_fn(message_id)
        .max_transmit_size(GOSSIP_SIZE_MAX)
        .max_control_message_size(GOSSIP_SIZE_MAX)
        .duplicate_cache_time(GOSSIP_DUPLICATES_FOR)
        .build()
        .map_err(|error| Failure::internal(format!("libp2p gossip settings: {error}")))?;
    gossipsub::Behaviour::new(MessageAuthenticity::Signed(settings.key.clone()), config)
        .map_err(|error| Failure::internal(format!("libp2p gossip: {error}")))
}

/// As go-libp2p does: the bytes of the author's id, then the sequence number, big-endian.
fn message_id(message: &gossipsub::Message) -> MessageId {
    let mut id = message.source.map(|peer| peer.to_bytes()).unwrap_or_default();
    id.extend(message.sequence_number.unwrap_or_default().to_be_bytes());
    MessageId::from(id)
}
