// SPDX-License-Identifier: Apache-2.0

//! The C ABI. `common`, `p2p` and `wasm` are one header each in `include/`, which
//! `tests/headers.rs` makes and compares; nothing outside this folder touches a raw pointer of the
//! caller.

pub mod common;
pub mod p2p;
#[cfg(test)]
mod tests;
pub mod wasm;
pub mod wasm_convert;
