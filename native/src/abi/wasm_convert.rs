// SPDX-License-Identifier: Apache-2.0

//! Between the structs of `abi/wasm.rs` and the types of `crate::wasm`.

use crate::abi::common::{SkreiSlice, array};
use crate::abi::wasm::{
    SKREI_WASM_OUTCOME_TEXT_MAX, SkreiWasmAccess, SkreiWasmEnding, SkreiWasmExtern,
    SkreiWasmExternKind, SkreiWasmOutcome, SkreiWasmRunConfig, SkreiWasmShape, SkreiWasmTrap,
};
use crate::error::{Failure, truncate_utf8};
use crate::wasm::outcome::{Ending, Outcome, TrapKind};
use crate::wasm::run::{GuestDir, RunOptions};
use crate::wasm::shape::{Extern, ExternKind, Shape};

/// A Shape and the C arrays that point into it; the boxed slices do not move.
pub struct ShapeView {
    _shape: Box<Shape>,
    _imports: Box<[SkreiWasmExtern]>,
    _exports: Box<[SkreiWasmExtern]>,
    pub view: SkreiWasmShape,
}

impl ShapeView {
    pub fn new(shape: Shape) -> Self {
        let shape = Box::new(shape);
        let convert = |externs: &[Extern]| -> Box<[SkreiWasmExtern]> {
            externs
                .iter()
                .map(|item| SkreiWasmExtern {
                    module: SkreiSlice::of(item.module.as_bytes()),
                    name: SkreiSlice::of(item.name.as_bytes()),
                    kind: item.kind.into(),
                    signature: SkreiSlice::of(item.signature.as_bytes()),
                })
                .collect()
        };
        let (imports, exports) = (convert(&shape.imports), convert(&shape.exports));
        let view = SkreiWasmShape {
            imports: imports.as_ptr(),
            imports_len: imports.len(),
            exports: exports.as_ptr(),
            exports_len: exports.len(),
            memory_min_bytes: shape.memory_min_bytes,
        };
        ShapeView { _shape: shape, _imports: imports, _exports: exports, view }
    }
}

impl From<ExternKind> for SkreiWasmExternKind {
    fn from(kind: ExternKind) -> Self {
        match kind {
            ExternKind::Function => Self::Function,
            ExternKind::Table => Self::Table,
            ExternKind::Memory => Self::Memory,
            ExternKind::Global => Self::Global,
            ExternKind::Tag => Self::Tag,
        }
    }
}

pub fn check_size(given: u32, ours: usize, what: &str) -> Result<(), Failure> {
    if given as usize == ours {
        return Ok(());
    }
    Err(Failure::invalid(format!(
        "the {what} configuration has {given} bytes where this library expects {ours}; \
         rebuild Skrei"
    )))
}

/// # Safety
/// The pointers of `config` are valid.
pub unsafe fn run_options(config: &SkreiWasmRunConfig) -> Result<RunOptions, Failure> {
    let mut options = RunOptions {
        stdin_fd: config.stdin_fd,
        stdout_fd: config.stdout_fd,
        stderr_fd: config.stderr_fd,
        memory_max_bytes: config.memory_max_bytes,
        fuel_max: config.fuel_max,
        table_elements_max: config.table_elements_max,
        ..RunOptions::default()
    };
    for arg in unsafe { array(config.args, config.args_len)? } {
        options.args.push(unsafe { arg.text("an argument of the job")? }.to_string());
    }
    for env in unsafe { array(config.env, config.env_len)? } {
        let name = unsafe { env.name.text("the name of an environment variable")? };
        let value = unsafe { env.value.text(&format!("environment variable {name}"))? };
        options.env.push((name.to_string(), value.to_string()));
    }
    for dir in unsafe { array(config.dirs, config.dirs_len)? } {
        options.dirs.push(GuestDir {
            guest_path: unsafe { dir.guest_path.text("a folder's path in the guest")? }.to_string(),
            fd: dir.fd,
            host_path: unsafe { dir.host_path.bytes()? }.to_vec(),
            writable: match dir.access {
                access if access == SkreiWasmAccess::ReadOnly as u32 => false,
                access if access == SkreiWasmAccess::ReadWrite as u32 => true,
                other => return Err(Failure::invalid(format!("{other} is no SkreiWasmAccess"))),
            },
        });
    }
    Ok(options)
}

pub fn fill(out: &mut SkreiWasmOutcome, outcome: Outcome) {
    let text = truncate_utf8(&outcome.text, SKREI_WASM_OUTCOME_TEXT_MAX).as_bytes();
    *out = SkreiWasmOutcome {
        ending: match outcome.ending {
            Ending::Exited(_) => SkreiWasmEnding::Exited,
            Ending::Trapped(_) => SkreiWasmEnding::Trapped,
            Ending::OutOfFuel => SkreiWasmEnding::OutOfFuel,
            Ending::MemoryLimit => SkreiWasmEnding::MemoryLimit,
            Ending::HostError => SkreiWasmEnding::HostError,
        },
        trap: match outcome.ending {
            Ending::Trapped(kind) => kind.into(),
            _ => SkreiWasmTrap::None,
        },
        exit_code: if let Ending::Exited(code) = outcome.ending { code } else { 0 },
        memory_refused: outcome.memory_refused.into(),
        memory_peak_bytes: outcome.memory_peak_bytes,
        fuel_used: outcome.fuel_used,
        text_len: text.len() as u32,
        text: [0; SKREI_WASM_OUTCOME_TEXT_MAX],
    };
    out.text[..text.len()].copy_from_slice(text);
}

impl From<TrapKind> for SkreiWasmTrap {
    fn from(kind: TrapKind) -> Self {
        match kind {
            TrapKind::Unreachable => Self::Unreachable,
            TrapKind::StackOverflow => Self::StackOverflow,
            TrapKind::MemoryOutOfBounds => Self::MemoryOutOfBounds,
            TrapKind::TableOutOfBounds => Self::TableOutOfBounds,
            TrapKind::IndirectCallToNull => Self::IndirectCallToNull,
            TrapKind::BadSignature => Self::BadSignature,
            TrapKind::IntegerOverflow => Self::IntegerOverflow,
            TrapKind::IntegerDivisionByZero => Self::IntegerDivisionByZero,
            TrapKind::BadConversionToInteger => Self::BadConversionToInteger,
            TrapKind::Other => Self::Other,
        }
    }
}
