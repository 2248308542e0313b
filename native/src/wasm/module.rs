// SPDX-License-Identifier: Apache-2.0

use std::fs::File;
use std::os::fd::BorrowedFd;

use crate::abi::common::SkreiStatus;
use crate::error::Failure;
use crate::wasm::engine::{Engine, EngineOptions};
use crate::wasm::shape::Shape;

/// A compiled module in executable memory. Clones share it.
#[derive(Clone)]
pub struct Module {
    pub module: wasmtime::Module,
    pub options: EngineOptions,
}

impl Module {
    /// # Safety
    /// `code` is unchanged output of `Artifact::compile`; it becomes machine code.
    pub unsafe fn load(engine: &Engine, code: &[u8]) -> Result<Self, Failure> {
        let module = unsafe { wasmtime::Module::deserialize(&engine.engine, code) };
        Self::from(engine, module)
    }

    /// # Safety
    /// As `load`, and nobody writes to the file while the module lives.
    pub unsafe fn map(engine: &Engine, fd: i32) -> Result<Self, Failure> {
        if fd < 0 {
            return Err(Failure::invalid(format!("{fd} is no file descriptor of an artifact")));
        }
        let file =
            unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned().map(File::from).map_err(
                |error| Failure::invalid(format!("descriptor {fd} of an artifact: {error}")),
            )?;
        let module = unsafe { wasmtime::Module::deserialize_open_file(&engine.engine, file) };
        Self::from(engine, module)
    }

    pub fn shape(&self) -> Shape {
        Shape::of_module(&self.module)
    }

    fn from(engine: &Engine, module: wasmtime::Result<wasmtime::Module>) -> Result<Self, Failure> {
        let module = module.map_err(|error| {
            Failure::new(
                SkreiStatus::FailedPrecondition,
                format!("the compiled module does not fit this engine: {error:#}; compile it anew"),
            )
        })?;
        Ok(Module { module, options: engine.options() })
    }
}
