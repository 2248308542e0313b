// SPDX-License-Identifier: Apache-2.0

use crate::error::Failure;
use crate::wasm::engine::Engine;
use crate::wasm::shape::Shape;

const MAGIC: &[u8] = b"\0asm";
const VERSION_MODULE: &[u8] = &[1, 0, 0, 0];

/// A compiled module: an ELF image that only an engine of the same fingerprint loads.
pub struct Artifact {
    pub code: Vec<u8>,
    pub shape: Shape,
}

impl Artifact {
    pub fn compile(engine: &Engine, wasm: &[u8]) -> Result<Self, Failure> {
        check_header(wasm)?;
        let code = engine
            .engine
            .precompile_module(wasm)
            .map_err(|error| Failure::invalid(format!("the module is not valid: {error:#}")))?;
        let shape = Shape::of_wasm(wasm)
            .map_err(|error| Failure::invalid(format!("the module is not valid: {error}")))?;
        Ok(Artifact { code, shape })
    }
}

/// The common mistakes, by their first bytes.
fn check_header(wasm: &[u8]) -> Result<(), Failure> {
    if wasm.is_empty() {
        return Err(Failure::invalid("the module is empty"));
    }
    if !wasm.starts_with(MAGIC) {
        let text = wasm.trim_ascii_start();
        let hint = if text.starts_with(b"(module") || text.starts_with(b";;") {
            "it is WebAssembly text; translate it first, for instance with wat2wasm"
        } else {
            "a binary module begins with 00 61 73 6d"
        };
        return Err(Failure::invalid(format!("the file is not a WebAssembly module: {hint}")));
    }
    match wasm.get(4..8) {
        Some(VERSION_MODULE) => Ok(()),
        Some([_, 0, 1, 0]) => Err(Failure::invalid(
            "the file is a WebAssembly component; Skrei runs core modules: \
             build for wasm32-wasi (preview 1)",
        )),
        _ => Err(Failure::invalid("the module has an unknown version of the binary format")),
    }
}
