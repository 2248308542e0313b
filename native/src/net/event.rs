// SPDX-License-Identifier: Apache-2.0

use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};

use libp2p::PeerId;

use crate::abi::common::SkreiStatus;
use crate::abi::p2p::SkreiP2pEventKind as Kind;
use crate::error::Failure;

/// One event; which fields count, the kind's comment in abi/p2p.rs says.
#[derive(Debug)]
pub struct Event {
    pub kind: Kind,
    pub status: SkreiStatus,
    pub request: u64,
    pub count: u64,
    pub peer: String,
    pub text: String,
    pub data: Vec<u8>,
    pub fd: Option<OwnedFd>,
}

impl Event {
    pub fn new(kind: Kind) -> Self {
        Event {
            kind,
            status: SkreiStatus::Ok,
            request: 0,
            count: 0,
            peer: String::new(),
            text: String::new(),
            data: Vec::new(),
            fd: None,
        }
    }

    pub fn done(request: u64, result: Result<(), Failure>) -> Self {
        let mut event = Event { request, ..Event::new(Kind::Done) };
        if let Err(failure) = result {
            event.status = failure.status;
            event.text = failure.text;
        }
        event
    }

    pub fn of_peer(kind: Kind, peer: PeerId, text: impl Into<String>) -> Self {
        Event { peer: peer.to_base58(), text: text.into(), ..Event::new(kind) }
    }

    pub fn with_fd(mut self, fd: OwnedFd) -> Self {
        self.fd = Some(fd);
        self
    }

    pub fn raw_fd(&self) -> i32 {
        self.fd.as_ref().map_or(-1, |fd| fd.as_raw_fd())
    }

    pub fn take_fd(&mut self) -> i32 {
        self.fd.take().map_or(-1, |fd| fd.into_raw_fd())
    }
}
