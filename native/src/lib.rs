// SPDX-License-Identifier: Apache-2.0

//! The one Rust library of Skrei: a libp2p host and a WASM engine behind a C ABI.
//!
//! `abi` holds the `extern "C"` shells and is all that C++ sees; `wasm` and `net` do the work and
//! know nothing of pointers. No panic leaves the library: every shell catches it.

pub mod abi;
pub mod error;
pub mod net;
pub mod wasm;
