// SPDX-License-Identifier: Apache-2.0

//! The C ABI. One file here is one header in `include/` (`tests/headers.rs` generates and
//! compares them); nothing outside this folder touches a raw pointer of the caller.

pub mod common;
pub mod p2p;
#[cfg(test)]
mod tests;
pub mod wasm;
