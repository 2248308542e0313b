// SPDX-License-Identifier: Apache-2.0

use std::time::Duration;

use libp2p::identity::Keypair;
use libp2p::{Multiaddr, StreamProtocol};

use crate::error::Failure;

/// As the caller gave it; numbers of 0 mean the default.
#[derive(Clone, Debug, Default)]
pub struct HostConfig {
    pub secret_key: Vec<u8>,
    pub listen: Vec<String>,
    pub stream_protocols: Vec<String>,
    pub kad_protocol: String,
    pub agent: String,
    pub connections_max: u32,
    pub connections_per_peer_max: u32,
    pub commands_max: usize,
    pub events_max: usize,
    pub inbound_streams_max: usize,
    pub idle_timeout_ms: u32,
    pub dial_timeout_ms: u32,
}

/// Checked and complete.
pub struct Settings {
    pub key: Keypair,
    pub listen: Vec<Multiaddr>,
    pub stream_protocols: Vec<StreamProtocol>,
    pub kad_protocol: Option<StreamProtocol>,
    pub agent: String,
    pub connections_max: u32,
    pub connections_per_peer_max: u32,
    pub commands_max: usize,
    pub events_max: usize,
    pub inbound_streams_max: usize,
    pub idle_timeout: Duration,
    pub dial_timeout: Duration,
}

impl HostConfig {
    pub fn check(self) -> Result<Settings, Failure> {
        let kad_protocol = match self.kad_protocol.as_str() {
            "" => None,
            name => Some(protocol(name)?),
        };
        let agent = if self.agent.is_empty() { "skrei".to_string() } else { self.agent };
        let listen = self.listen.iter().map(|text| address(text)).collect::<Result<_, _>>()?;
        let stream_protocols =
            self.stream_protocols.iter().map(|name| protocol(name)).collect::<Result<_, _>>()?;
        Ok(Settings {
            key: keypair(self.secret_key)?,
            listen,
            stream_protocols,
            kad_protocol,
            agent,
            connections_max: or_default(self.connections_max, 256),
            connections_per_peer_max: or_default(self.connections_per_peer_max, 4),
            commands_max: or_default(self.commands_max, 1024),
            events_max: or_default(self.events_max, 4096),
            inbound_streams_max: or_default(self.inbound_streams_max, 1024),
            idle_timeout: Duration::from_millis(or_default(self.idle_timeout_ms, 600_000).into()),
            dial_timeout: Duration::from_millis(or_default(self.dial_timeout_ms, 10_000).into()),
        })
    }
}

pub fn address(text: &str) -> Result<Multiaddr, Failure> {
    text.parse()
        .map_err(|error| Failure::invalid(format!("\"{text}\" is no multiaddress: {error}")))
}

pub fn protocol(name: &str) -> Result<StreamProtocol, Failure> {
    StreamProtocol::try_from_owned(name.to_string()).map_err(|_| {
        Failure::invalid(format!("\"{name}\" is no protocol name: it has to begin with \"/\""))
    })
}

/// A seed of 32 bytes, libp2p's protobuf, or PKCS#8 of an RSA key, told apart by their form.
fn keypair(mut bytes: Vec<u8>) -> Result<Keypair, Failure> {
    const DER_SEQUENCE: u8 = 0x30;
    let (form, key) = match bytes.first() {
        Some(_) if bytes.len() == 32 => ("Ed25519 seed", Keypair::ed25519_from_bytes(&mut bytes)),
        Some(&DER_SEQUENCE) => ("PKCS#8 RSA key", Keypair::rsa_from_pkcs8(&mut bytes)),
        Some(_) => ("libp2p PrivateKey", Keypair::from_protobuf_encoding(&bytes)),
        None => return Err(Failure::invalid("the secret key of the libp2p host is empty")),
    };
    key.map_err(|error| Failure::invalid(format!("the secret key is no valid {form}: {error}")))
}

fn or_default<T: Default + PartialEq>(value: T, default: T) -> T {
    if value == T::default() { default } else { value }
}
