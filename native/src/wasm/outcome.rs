// SPDX-License-Identifier: Apache-2.0

//! How a run ended, in words.

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::wasm::limits::Limits;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrapKind {
    Unreachable,
    StackOverflow,
    MemoryOutOfBounds,
    TableOutOfBounds,
    IndirectCallToNull,
    BadSignature,
    IntegerOverflow,
    IntegerDivisionByZero,
    BadConversionToInteger,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Exited(u32),
    Trapped(TrapKind),
    OutOfFuel,
    MemoryLimit,
    HostError,
}

#[derive(Clone, Debug)]
pub struct Outcome {
    pub ending: Ending,
    pub memory_refused: bool,
    pub memory_peak_bytes: u64,
    pub fuel_used: u64,
    pub text: String,
}

/// What the guest was bound to, for the sentence.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub memory_max_bytes: u64,
    pub fuel_max: u64,
}

impl Outcome {
    pub fn new(
        result: wasmtime::Result<()>,
        limits: &Limits,
        bounds: Bounds,
        fuel_used: u64,
    ) -> Self {
        let (ending, text) = match result {
            Ok(()) => (Ending::Exited(0), String::new()),
            Err(error) => classify(&error, limits, bounds),
        };
        Outcome {
            ending,
            memory_refused: limits.memory_refused,
            memory_peak_bytes: limits.memory_peak as u64,
            fuel_used,
            text,
        }
    }
}

fn classify(error: &wasmtime::Error, limits: &Limits, bounds: Bounds) -> (Ending, String) {
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return (Ending::Exited(exit.0 as u32), String::new());
    }
    let backtrace = error.downcast_ref::<WasmBacktrace>().map(backtrace).unwrap_or_default();
    let memory = || {
        format!(
            "the module needs more memory than its limit of {} bytes{backtrace}",
            bounds.memory_max_bytes
        )
    };
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => (
            Ending::OutOfFuel,
            format!("the module used up its fuel of {}{backtrace}", bounds.fuel_max),
        ),
        Some(_) if limits.memory_refused => (Ending::MemoryLimit, memory()),
        Some(trap) => {
            let (kind, what) = describe(*trap);
            (Ending::Trapped(kind), format!("the module {what}{backtrace}"))
        }
        None if limits.memory_refused => (Ending::MemoryLimit, memory()),
        None => (Ending::HostError, format!("the module could not be run: {error:#}")),
    }
}

/// "\nwasm backtrace:\n    0:  0x38 - main\n …", empty without frames.
fn backtrace(trace: &WasmBacktrace) -> String {
    let text = trace.to_string();
    match text.split_once('\n') {
        Some((_, frames)) if !trace.frames().is_empty() => {
            format!("\nwasm backtrace:\n{}\n", frames.trim_end().replace("<unknown>!", ""))
        }
        _ => String::new(),
    }
}

fn describe(trap: Trap) -> (TrapKind, String) {
    let (kind, what) = match trap {
        Trap::UnreachableCodeReached => (
            TrapKind::Unreachable,
            "executed an \"unreachable\" instruction (an abort, a panic or a failed assertion)",
        ),
        Trap::StackOverflow => (TrapKind::StackOverflow, "used up its call stack"),
        Trap::MemoryOutOfBounds => {
            (TrapKind::MemoryOutOfBounds, "accessed memory outside of its bounds")
        }
        Trap::TableOutOfBounds => {
            (TrapKind::TableOutOfBounds, "accessed a table outside of its bounds")
        }
        Trap::IndirectCallToNull => {
            (TrapKind::IndirectCallToNull, "called a function pointer that is null")
        }
        Trap::BadSignature => {
            (TrapKind::BadSignature, "called a function pointer of another signature")
        }
        Trap::IntegerOverflow => (TrapKind::IntegerOverflow, "overflowed an integer division"),
        Trap::IntegerDivisionByZero => {
            (TrapKind::IntegerDivisionByZero, "divided an integer by zero")
        }
        Trap::BadConversionToInteger => (
            TrapKind::BadConversionToInteger,
            "converted a floating-point number to an integer that cannot hold it",
        ),
        other => return (TrapKind::Other, format!("trapped ({other})")),
    };
    (kind, what.to_string())
}
