// SPDX-License-Identifier: Apache-2.0

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, mpsc};

use crate::abi::common::{SkreiStatus, panic_failure};
use crate::abi::p2p::SkreiP2pEventKind as Kind;
use crate::error::Failure;
use crate::net::command::Command;
use crate::net::config::{HostConfig, Settings};
use crate::net::event::Event;
use crate::net::node::{Node, Taken};
use crate::net::queue::EventQueue;

/// How long tasks that do not end by themselves may hold up the end of the host.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// The caller's side of a running host. Dropping it ends the host and joins its thread.
pub struct Host {
    peer_id: String,
    events: Arc<EventQueue>,
    /// Bounds the commands without an answer; each takes its permit along.
    places: Arc<Semaphore>,
    commands_max: usize,
    commands: Option<mpsc::UnboundedSender<Taken>>,
    thread: Option<JoinHandle<()>>,
}

impl Host {
    pub fn start(config: HostConfig) -> Result<Self, Failure> {
        let settings = config.check()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::internal(format!("the libp2p event loop: {error}")))?;
        let peer_id = settings.key.public().to_peer_id().to_base58();
        let events = Arc::new(EventQueue::new(settings.events_max)?);
        let (places, commands_max) = (settings.commands_max, settings.commands_max);
        let (sender, receiver) = mpsc::unbounded_channel();
        let (ready, started) = std_mpsc::channel();
        let queue = events.clone();
        let thread = std::thread::Builder::new()
            .name("skrei-p2p".to_string())
            .spawn(move || run_thread(runtime, settings, queue, receiver, ready))
            .map_err(|error| Failure::internal(format!("the libp2p thread: {error}")))?;
        let host = Host {
            peer_id,
            events,
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            commands_max,
            commands: Some(sender),
            thread: Some(thread),
        };
        match started.recv() {
            Ok(Ok(())) => Ok(host),
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(Failure::internal("the libp2p thread ended before it had started")),
        }
    }

    pub fn peer_id(&self) -> &str {
        &self.peer_id
    }

    pub fn event_fd(&self) -> i32 {
        self.events.fd()
    }

    pub fn next_event(&self) -> Option<Event> {
        self.events.next()
    }

    pub fn submit(&self, command: Command) -> Result<(), Failure> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| {
            Failure::new(
                SkreiStatus::ResourceExhausted,
                format!("{} commands wait for the libp2p host; try later", self.commands_max),
            )
        })?;
        let stopped = || Failure::new(SkreiStatus::Unavailable, "the libp2p host has stopped");
        let commands = self.commands.as_ref().ok_or_else(stopped)?;
        commands.send(Taken { command, place }).map_err(|_| stopped())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.events.close();
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // The thread catches its own panics.
            let _ = thread.join();
        }
    }
}

/// The host's thread: tells `ready` once how the start went, then works until the caller's side of
/// `commands` is gone.
fn run_thread(
    runtime: Runtime,
    settings: Settings,
    events: Arc<EventQueue>,
    commands: mpsc::UnboundedReceiver<Taken>,
    ready: std_mpsc::Sender<Result<(), Failure>>,
) {
    let work = AssertUnwindSafe(|| {
        runtime.block_on(async {
            match Node::start(settings, events.clone()) {
                Ok(node) => {
                    let _ = ready.send(Ok(()));
                    node.run(commands).await;
                }
                Err(failure) => {
                    let _ = ready.send(Err(failure));
                }
            }
        });
    });
    if let Err(payload) = catch_unwind(work) {
        fail(&events, payload.as_ref());
    }
    runtime.shutdown_timeout(SHUTDOWN);
}

fn fail(events: &EventQueue, payload: &(dyn Any + Send)) {
    let failure = panic_failure(payload);
    let event = Event { status: failure.status, text: failure.text, ..Event::new(Kind::Failed) };
    events.push_last(event);
}
