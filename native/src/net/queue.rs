// SPDX-License-Identifier: Apache-2.0

use std::collections::VecDeque;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::abi::p2p::SkreiP2pEventKind as Kind;
use crate::error::Failure;
use crate::net::event::Event;

/// The bounded way out, from the host's thread to the caller's.
///
/// Invariants: `room` has as many permits as the queue has free places (until `close`); the eventfd
/// is readable exactly while `next` would give an event.
pub struct EventQueue {
    state: Mutex<State>,
    room: Semaphore,
    eventfd: OwnedFd,
}

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    /// Gossip that found no room since the last Dropped event.
    dropped: u64,
    readable: bool,
    closed: bool,
}

impl EventQueue {
    pub fn new(events_max: usize) -> Result<Self, Failure> {
        // Safe: no pointers.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            let error = std::io::Error::last_os_error();
            return Err(Failure::internal(format!("the eventfd of the libp2p host: {error}")));
        }
        // Safe: the descriptor is new and nobody else's.
        let eventfd = unsafe { OwnedFd::from_raw_fd(fd) };
        let room = Semaphore::new(events_max.min(Semaphore::MAX_PERMITS));
        Ok(EventQueue { state: Mutex::default(), room, eventfd })
    }

    /// Waits for room; lost only once the queue is closed.
    pub async fn push(&self, event: Event) {
        if let Ok(permit) = self.room.acquire().await {
            permit.forget();
            self.append(event);
        }
    }

    /// Dropped and counted where there is no room.
    pub fn push_or_drop(&self, event: Event) {
        match self.room.try_acquire() {
            Ok(permit) => {
                permit.forget();
                self.append(event);
            }
            Err(_) => {
                let mut state = self.lock();
                if !state.closed {
                    state.dropped += 1;
                    self.signal(&mut state);
                }
            }
        }
    }

    /// For the last event of a host that fails: there is always room for it.
    pub fn push_last(&self, event: Event) {
        self.append(event);
    }

    pub fn next(&self) -> Option<Event> {
        let mut state = self.lock();
        let event = if state.dropped > 0 {
            Some(Event { count: std::mem::take(&mut state.dropped), ..Event::new(Kind::Dropped) })
        } else {
            let event = state.events.pop_front();
            if event.is_some() {
                self.room.add_permits(1);
            }
            event
        };
        if state.events.is_empty() && state.dropped == 0 {
            self.quiet(&mut state);
        }
        event
    }

    /// Whoever waits for room gives up; nothing is added any more.
    pub fn close(&self) {
        self.lock().closed = true;
        self.room.close();
    }

    pub fn fd(&self) -> i32 {
        self.eventfd.as_raw_fd()
    }

    fn append(&self, event: Event) {
        let mut state = self.lock();
        if !state.closed {
            state.events.push_back(event);
            self.signal(&mut state);
        }
    }

    fn signal(&self, state: &mut State) {
        if !state.readable {
            let one = 1u64;
            // Safe: eight bytes of ours. It cannot block: the counter is 0.
            unsafe { libc::write(self.fd(), (&raw const one).cast(), 8) };
            state.readable = true;
        }
    }

    fn quiet(&self, state: &mut State) {
        if state.readable {
            let mut count = 0u64;
            // Safe: eight bytes of ours. It cannot block: the counter is 1.
            unsafe { libc::read(self.fd(), (&raw mut count).cast(), 8) };
            state.readable = false;
        }
    }

    /// The state is whole between any two statements, so a panic elsewhere spoils nothing.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readable(queue: &EventQueue) -> bool {
        let mut poll = libc::pollfd { fd: queue.fd(), events: libc::POLLIN, revents: 0 };
        unsafe { libc::poll(&mut poll, 1, 0) == 1 }
    }

    #[test]
    fn gossip_without_room_is_dropped_counted_and_told_once() {
        let queue = EventQueue::new(1).unwrap();
        assert!(!readable(&queue));
        for _ in 0..3 {
            queue.push_or_drop(Event::new(Kind::Gossip));
        }
        assert!(readable(&queue));

        let dropped = queue.next().unwrap();

        assert_eq!((dropped.kind, dropped.count), (Kind::Dropped, 2));
        assert_eq!(queue.next().unwrap().kind, Kind::Gossip);
        assert!(queue.next().is_none());
        assert!(!readable(&queue));
    }

    #[test]
    fn what_matters_waits_for_room_and_gives_up_at_the_end() {
        let queue = EventQueue::new(1).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            queue.push(Event::new(Kind::PeerUp)).await;
            tokio::join!(queue.push(Event::new(Kind::PeerDown)), async { queue.next() });
            tokio::join!(queue.push(Event::new(Kind::PeerUp)), async { queue.close() });
        });

        assert_eq!(queue.next().unwrap().kind, Kind::PeerDown);
        assert!(queue.next().is_none());
    }
}
