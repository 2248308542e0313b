// SPDX-License-Identifier: Apache-2.0

use libp2p::gossipsub::IdentTopic;
use libp2p::{Multiaddr, PeerId, StreamProtocol};

use crate::error::Failure;
use crate::net::config::{address, protocol};

/// What to do, checked; answered by one Done event with `request`.
pub struct Command {
    pub request: u64,
    pub action: Action,
}

pub enum Action {
    Dial(Multiaddr),
    Disconnect(PeerId),
    OpenStream(PeerId, StreamProtocol),
    Subscribe(IdentTopic),
    Unsubscribe(IdentTopic),
    Publish(IdentTopic, Vec<u8>),
}

impl Command {
    pub fn dial(request: u64, text: &str) -> Result<Self, Failure> {
        Ok(Command { request, action: Action::Dial(address(text)?) })
    }

    pub fn disconnect(request: u64, peer: &str) -> Result<Self, Failure> {
        Ok(Command { request, action: Action::Disconnect(peer_id(peer)?) })
    }

    pub fn open_stream(request: u64, peer: &str, name: &str) -> Result<Self, Failure> {
        Ok(Command { request, action: Action::OpenStream(peer_id(peer)?, protocol(name)?) })
    }

    pub fn subscribe(request: u64, topic: &str) -> Self {
        Command { request, action: Action::Subscribe(IdentTopic::new(topic)) }
    }

    pub fn unsubscribe(request: u64, topic: &str) -> Self {
        Command { request, action: Action::Unsubscribe(IdentTopic::new(topic)) }
    }

    pub fn publish(request: u64, topic: &str, data: &[u8]) -> Self {
        Command { request, action: Action::Publish(IdentTopic::new(topic), data.to_vec()) }
    }
}

fn peer_id(text: &str) -> Result<PeerId, Failure> {
    text.parse().map_err(|error| Failure::invalid(format!("\"{text}\" is no peer id: {error}")))
}
