// SPDX-License-Identifier: Apache-2.0

use crate::error::Failure;
use crate::wasm::compile::Artifact;
use crate::wasm::engine::Engine;
use crate::wasm::module::Module;
use crate::wasm::outcome::Ending;
use crate::wasm::program::Program;
use crate::wasm::run::{Run, RunOptions};

/// (module (func (export "_start")))
const EMPTY_COMMAND: &[u8] = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\
    \x07\x0a\x01\x06_start\0\0\x0a\x04\x01\x02\0\x0b";

/// Prepares this thread's signal stack and goes the whole way of a run once.
pub fn warm_up(engine: &Engine) -> Result<(), Failure> {
    wasmtime::Engine::tls_eager_initialize();
    let artifact = Artifact::compile(engine, EMPTY_COMMAND)?;
    // Safe: the bytes are from the line above.
    let module = unsafe { Module::load(engine, &artifact.code)? };
    let program = Program::link(module, Vec::new(), "")?;
    let outcome = Run::prepare(&program, RunOptions::default())?.start();
    match outcome.ending {
        Ending::Exited(0) => Ok(()),
        other => Err(Failure::internal(format!(
            "the WASM engine cannot run an empty module: {other:?} {}",
            outcome.text
        ))),
    }
}
