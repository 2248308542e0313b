// SPDX-License-Identifier: Apache-2.0

//! WASI preview 1 commands: compiled in one process, loaded and linked in a second one that has a
//! single thread, run in a third one that is forked from it.

pub mod compile;
pub mod engine;
pub mod limits;
pub mod module;
pub mod outcome;
pub mod program;
pub mod run;
pub mod shape;
#[cfg(test)]
mod tests;
pub mod warm_up;
