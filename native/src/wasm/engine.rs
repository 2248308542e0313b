// SPDX-License-Identifier: Apache-2.0

//! Every setting of the engine that changes machine code or what a guest can see is here.

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;

use sha2::{Digest, Sha256};
use wasmtime::{Config, OperatorCost, OptLevel, WasmBacktraceDetails};

use crate::error::Failure;

/// Costs of wasmtime 48: one for each instruction, none for structure. Pinned with the crate.
pub const FUEL_SCHEDULE: &str = "wasmtime-48/1";

/// Address space of a linear memory, and of the guard behind it that catches what is beyond.
const MEMORY_RESERVATION: u64 = 4 << 30;
const MEMORY_GUARD: u64 = 32 << 20;
const GUEST_STACK: usize = 1 << 20;
const FIBER_STACK: usize = 2 << 20;
const BACKTRACE_FRAMES: NonZeroUsize = NonZeroUsize::new(32).unwrap();

#[derive(Clone, Copy, Debug, Default)]
pub struct EngineOptions {
    pub metering: bool,
    pub canonical_nans: bool,
}

pub struct Engine {
    pub engine: wasmtime::Engine,
    options: EngineOptions,
    fingerprint: String,
}

impl Engine {
    pub fn new(options: EngineOptions) -> Result<Self, Failure> {
        let engine = wasmtime::Engine::new(&config(options))
            .map_err(|error| Failure::internal(format!("the WASM engine: {error:#}")))?;
        let fingerprint = fingerprint(&engine);
        Ok(Engine { engine, options, fingerprint })
    }

    pub fn options(&self) -> EngineOptions {
        self.options
    }

    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

fn config(options: EngineOptions) -> Config {
    let mut config = Config::new();
    // The language: what wasm32-wasi compilers of today emit, and nothing that needs shared
    // memory, a garbage collector or more than 4 GiB.
    config
        .wasm_bulk_memory(true)
        .wasm_multi_value(true)
        .wasm_simd(true)
        .wasm_tail_call(true)
        .wasm_extended_const(true)
        .wasm_relaxed_simd(true)
        .relaxed_simd_deterministic(true)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_component_model(false);
    // Machine code.
    config
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(options.canonical_nans)
        .native_unwind_info(false)
        .consume_fuel(options.metering);
    if options.metering {
        config.operator_cost(OperatorCost::default());
    }
    // Memory. A copy-on-write image would be a memfd that every run child has to keep open.
    config
        .memory_reservation(MEMORY_RESERVATION)
        .memory_guard_size(MEMORY_GUARD)
        .memory_init_cow(false)
        .max_wasm_stack(GUEST_STACK)
        .async_stack_size(FIBER_STACK);
    // What a trap says. Function names come from the name section, never from debug information.
    config
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_backtrace_max_frames(Some(BACKTRACE_FRAMES));
    config
}

fn fingerprint(engine: &wasmtime::Engine) -> String {
    let mut hasher = Sha256Hasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Feeds a `Hash` to SHA-256; the 64 bits of `finish` are not used.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
