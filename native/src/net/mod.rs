// SPDX-License-Identifier: Apache-2.0

//! The libp2p host: one thread with one task that owns the swarm, and a task for each stream.

pub mod behaviour;
pub mod command;
pub mod config;
pub mod event;
pub mod host;
mod node;
mod queue;
mod stream;
#[cfg(test)]
mod tests;
