// SPDX-License-Identifier: Apache-2.0

//! The WASM engine: WASI preview 1 commands, compiled in one process, run in another.

use crate::abi::common::{
    SkreiError, SkreiSlice, SkreiStatus, array, borrow, give, guard, take_back,
};
use crate::abi::wasm_convert::{ShapeView, check_size, fill, run_options};
use crate::error::Failure;
use crate::wasm::compile::Artifact;
use crate::wasm::engine::{Engine, EngineOptions};
use crate::wasm::module::Module;
use crate::wasm::program::{ImportModule, Program};
use crate::wasm::run::Run;

/// Bytes of text that a SkreiWasmOutcome carries.
pub const SKREI_WASM_OUTCOME_TEXT_MAX: usize = 4096;

/// Wishes for an engine. Whatever is here changes the machine code, so it is part of the
/// fingerprint.
#[repr(C)]
pub struct SkreiWasmEngineConfig {
    /// sizeof(SkreiWasmEngineConfig) of the caller.
    pub struct_size: u32,
    /// 1: code counts fuel (10 to 30 % slower) and may be run with a fuel limit.
    pub metering: u32,
    /// 1: every NaN that an operation makes has the same bits on every machine.
    pub canonical_nans: u32,
}

/// What an import or export is.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkreiWasmExternKind {
    Function = 0,
    Table = 1,
    Memory = 2,
    Global = 3,
    Tag = 4,
}

/// One import or export. `module` is empty for an export.
#[repr(C)]
pub struct SkreiWasmExtern {
    pub module: SkreiSlice,
    pub name: SkreiSlice,
    pub kind: SkreiWasmExternKind,
    /// Text form of the type: "(i32, i32) -> (i32)" for a function, else empty.
    pub signature: SkreiSlice,
}

/// What a module asks for and offers. Lives as long as the object that it was read from.
#[repr(C)]
pub struct SkreiWasmShape {
    pub imports: *const SkreiWasmExtern,
    pub imports_len: usize,
    pub exports: *const SkreiWasmExtern,
    pub exports_len: usize,
    /// Sum of the memories' initial sizes, imported ones left out.
    pub memory_min_bytes: u64,
}

/// A module under the name by which others import it.
#[repr(C)]
pub struct SkreiWasmImportModule {
    pub name: SkreiSlice,
    pub module: *const SkreiWasmModule,
}

/// One environment variable.
#[repr(C)]
pub struct SkreiWasmEnv {
    pub name: SkreiSlice,
    pub value: SkreiSlice,
}

/// What the guest may do below a SkreiWasmDir.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkreiWasmAccess {
    ReadOnly = 0,
    ReadWrite = 1,
}

/// A folder of the host that the guest sees at `guest_path`.
#[repr(C)]
pub struct SkreiWasmDir {
    pub guest_path: SkreiSlice,
    /// An open folder (it is opened anew through /proc/self/fd; the caller keeps its own), or -1.
    pub fd: i32,
    /// Path of the folder; used when `fd` is -1.
    pub host_path: SkreiSlice,
    /// A SkreiWasmAccess.
    pub access: u32,
}

/// One run. Limits of 0 mean the default that the field names.
#[repr(C)]
pub struct SkreiWasmRunConfig {
    /// sizeof(SkreiWasmRunConfig) of the caller.
    pub struct_size: u32,
    /// Guest's argv, the program's name first.
    pub args: *const SkreiSlice,
    pub args_len: usize,
    pub env: *const SkreiWasmEnv,
    pub env_len: usize,
    pub dirs: *const SkreiWasmDir,
    pub dirs_len: usize,
    /// Blocking file descriptors that the run duplicates; -1: empty input, output thrown away.
    /// The process should ignore SIGPIPE: the guest then sees EPIPE.
    pub stdin_fd: i32,
    pub stdout_fd: i32,
    pub stderr_fd: i32,
    /// All linear memories of the run together, in bytes; 0: 4 GiB.
    pub memory_max_bytes: u64,
    /// Fuel of the whole run; 0: none set. Needs an engine with metering.
    pub fuel_max: u64,
    /// Elements of all tables together; 0: 1,000,000.
    pub table_elements_max: u64,
}

/// How a run ended.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkreiWasmEnding {
    /// The entry function returned (code 0) or the guest called proc_exit(code).
    Exited = 0,
    /// The guest broke a rule of WebAssembly; `trap` says which.
    Trapped = 1,
    /// `fuel_max` is used up.
    OutOfFuel = 2,
    /// The module asks for more memory than `memory_max_bytes` from the start, or it trapped after
    /// a growth past that limit was refused.
    MemoryLimit = 3,
    /// The host failed, not the guest.
    HostError = 4,
}

/// Which rule a trapping guest broke.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkreiWasmTrap {
    None = 0,
    Unreachable = 1,
    StackOverflow = 2,
    MemoryOutOfBounds = 3,
    TableOutOfBounds = 4,
    IndirectCallToNull = 5,
    BadSignature = 6,
    IntegerOverflow = 7,
    IntegerDivisionByZero = 8,
    BadConversionToInteger = 9,
    Other = 10,
}

/// Result of a run: plain data without pointers, so that it can be written to a pipe as it is.
#[repr(C)]
pub struct SkreiWasmOutcome {
    pub ending: SkreiWasmEnding,
    pub trap: SkreiWasmTrap,
    /// Code of proc_exit as the guest gave it; meaningful for SkreiWasmEnding::Exited.
    pub exit_code: u32,
    /// 1: at least one growth of memory was refused because of the limit.
    pub memory_refused: u32,
    /// Largest sum of linear memories, in bytes.
    pub memory_peak_bytes: u64,
    /// 0 without metering.
    pub fuel_used: u64,
    /// Bytes of `text` in use; no terminating NUL.
    pub text_len: u32,
    /// Empty for SkreiWasmEnding::Exited; else a sentence, then the guest's backtrace, cut.
    pub text: [u8; SKREI_WASM_OUTCOME_TEXT_MAX],
}

/// An engine; starts no thread and owns no descriptor. Use from one thread at a time.
pub struct SkreiWasmEngine {
    engine: Engine,
}

/// A compiled module as bytes.
pub struct SkreiWasmArtifact {
    artifact: Artifact,
    shape: ShapeView,
}

/// A compiled module as executable memory.
pub struct SkreiWasmModule {
    module: Module,
    shape: ShapeView,
}

/// An entry module linked with WASI and its import modules, ready to be run many times.
pub struct SkreiWasmProgram {
    program: Program,
}

/// One run of a program.
pub struct SkreiWasmRun {
    run: Option<Run>,
}

/// Makes an engine and installs the process's handlers of SIGSEGV, SIGILL, SIGFPE and SIGBUS
/// (they call the handlers that were there for faults outside of WASM code).
///
/// # Safety
/// Pointers are valid as the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_engine_create(
    config: *const SkreiWasmEngineConfig,
    out: *mut *mut SkreiWasmEngine,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe {
        guard(error, || {
            let config = borrow(config, "the engine's configuration")?;
            check_size(config.struct_size, size_of::<SkreiWasmEngineConfig>(), "engine")?;
            let options = EngineOptions {
                metering: config.metering != 0,
                canonical_nans: config.canonical_nans != 0,
            };
            give(out, SkreiWasmEngine { engine: Engine::new(options)? })
        })
    }
}

/// Destroys an engine; null is allowed. Modules made by it stay usable.
///
/// # Safety
/// `engine` is null or from skrei_wasm_engine_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_engine_destroy(engine: *mut SkreiWasmEngine) {
    unsafe { take_back(engine) }
}

/// Lower-case hexadecimal name of everything that artifacts depend on besides the module: engine
/// version, settings, target, CPU features. An artifact is loaded only under the same fingerprint.
///
/// # Safety
/// `engine` is valid; the slice lives as long as it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_engine_fingerprint(
    engine: *const SkreiWasmEngine,
) -> SkreiSlice {
    unsafe { engine.as_ref() }
        .map_or(SkreiSlice::EMPTY, |it| SkreiSlice::of(it.engine.fingerprint().as_bytes()))
}

/// Name of the table that says what each instruction costs in fuel; it changes with any cost.
#[unsafe(no_mangle)]
pub extern "C" fn skrei_wasm_fuel_schedule() -> SkreiSlice {
    SkreiSlice::of(crate::wasm::engine::FUEL_SCHEDULE.as_bytes())
}

/// Prepares the calling thread (alternate signal stack) and runs an empty module once, so that
/// nothing is initialised lazily later. Call it in the supervisor before the first fork.
///
/// # Safety
/// Pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_warm_up(
    engine: *const SkreiWasmEngine,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe { guard(error, || crate::wasm::warm_up::warm_up(&borrow(engine, "the engine")?.engine)) }
}

/// Validates and compiles the module in `wasm` on the calling thread. Needs no executable memory.
/// InvalidArgument says what is wrong with the module and where.
///
/// # Safety
/// Pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_compile(
    engine: *const SkreiWasmEngine,
    wasm: SkreiSlice,
    out: *mut *mut SkreiWasmArtifact,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe {
        guard(error, || {
            let engine = borrow(engine, "the engine")?;
            let artifact = Artifact::compile(&engine.engine, wasm.bytes()?)?;
            let shape = ShapeView::new(artifact.shape.clone());
            give(out, SkreiWasmArtifact { artifact, shape })
        })
    }
}

/// The bytes to store; lives as long as the artifact.
///
/// # Safety
/// `artifact` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_artifact_bytes(
    artifact: *const SkreiWasmArtifact,
) -> SkreiSlice {
    unsafe { artifact.as_ref() }.map_or(SkreiSlice::EMPTY, |it| SkreiSlice::of(&it.artifact.code))
}

/// What the compiled module imports and exports; null for a null artifact.
///
/// # Safety
/// `artifact` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_artifact_shape(
    artifact: *const SkreiWasmArtifact,
) -> *const SkreiWasmShape {
    unsafe { artifact.as_ref() }.map_or(std::ptr::null(), |it| &raw const it.shape.view)
}

/// Destroys an artifact; null is allowed.
///
/// # Safety
/// `artifact` is null or from skrei_wasm_compile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_artifact_destroy(artifact: *mut SkreiWasmArtifact) {
    unsafe { take_back(artifact) }
}

/// Copies an artifact into executable memory. **The bytes become machine code**: the caller has
/// verified that an engine of this data directory made them (a MAC). FailedPrecondition when they
/// were made under another fingerprint.
///
/// # Safety
/// Pointers are valid and `code` is an unchanged artifact of skrei_wasm_compile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_module_load(
    engine: *const SkreiWasmEngine,
    code: SkreiSlice,
    out: *mut *mut SkreiWasmModule,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe {
        guard(error, || {
            let module = Module::load(&borrow(engine, "the engine")?.engine, code.bytes()?)?;
            let shape = ShapeView::new(module.shape());
            give(out, SkreiWasmModule { module, shape })
        })
    }
}

/// As skrei_wasm_module_load, but maps the file behind `fd` (which stays the caller's and may be
/// closed afterwards). Nobody may write to that file while the module lives.
///
/// # Safety
/// As skrei_wasm_module_load.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_module_map(
    engine: *const SkreiWasmEngine,
    fd: i32,
    out: *mut *mut SkreiWasmModule,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe {
        guard(error, || {
            let module = Module::map(&borrow(engine, "the engine")?.engine, fd)?;
            let shape = ShapeView::new(module.shape());
            give(out, SkreiWasmModule { module, shape })
        })
    }
}

/// What the module imports and exports; null for a null module.
///
/// # Safety
/// `module` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_module_shape(
    module: *const SkreiWasmModule,
) -> *const SkreiWasmShape {
    unsafe { module.as_ref() }.map_or(std::ptr::null(), |it| &raw const it.shape.view)
}

/// Destroys a module; null is allowed. Programs linked from it stay usable.
///
/// # Safety
/// `module` is null or from skrei_wasm_module_load or _map.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_module_destroy(module: *mut SkreiWasmModule) {
    unsafe { take_back(module) }
}

/// Links `module` with WASI preview 1 and the import modules, and finds its entry function, which
/// takes and returns nothing ("_start" unless `entry` says otherwise; an exported "_initialize" is
/// called before any other entry than "_start"). FailedPrecondition names each import that is not
/// there, or what the module exports where the entry is missing.
///
/// # Safety
/// Pointers are valid; the modules are of one engine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_program_link(
    module: *const SkreiWasmModule,
    imports: *const SkreiWasmImportModule,
    imports_len: usize,
    entry: SkreiSlice,
    out: *mut *mut SkreiWasmProgram,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe {
        guard(error, || {
            let module = borrow(module, "the module")?;
            let mut import_modules = Vec::new();
            for import in array(imports, imports_len)? {
                import_modules.push(ImportModule {
                    name: import.name.text("the name of an import module")?.to_string(),
                    module: borrow(import.module, "an import module")?.module.clone(),
                });
            }
            let entry = entry.text("the name of the entry function")?;
            let program = Program::link(module.module.clone(), import_modules, entry)?;
            give(out, SkreiWasmProgram { program })
        })
    }
}

/// Destroys a program; null is allowed.
///
/// # Safety
/// `program` is null or from skrei_wasm_program_link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_program_destroy(program: *mut SkreiWasmProgram) {
    unsafe { take_back(program) }
}

/// Everything of a run that needs the outside: opens the folders, duplicates the descriptors,
/// builds the store. After it, starting the run opens nothing by an absolute path, makes no
/// thread, socket, process or executable memory, and needs only descriptors opened here.
/// No limit on address space (RLIMIT_AS) below 16 GiB: each memory reserves 4 GiB of it.
///
/// # Safety
/// Pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_run_prepare(
    program: *const SkreiWasmProgram,
    config: *const SkreiWasmRunConfig,
    out: *mut *mut SkreiWasmRun,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe {
        guard(error, || {
            let program = borrow(program, "the program")?;
            let config = borrow(config, "the run's configuration")?;
            check_size(config.struct_size, size_of::<SkreiWasmRunConfig>(), "run")?;
            let run = Run::prepare(&program.program, run_options(config)?)?;
            give(out, SkreiWasmRun { run: Some(run) })
        })
    }
}

/// Runs to the end and fills `outcome`. OK whatever the guest did; FailedPrecondition when the
/// run was started before.
///
/// # Safety
/// Pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_run_start(
    run: *mut SkreiWasmRun,
    outcome: *mut SkreiWasmOutcome,
    error: *mut SkreiError,
) -> SkreiStatus {
    unsafe {
        guard(error, || {
            let run = run.as_mut().ok_or_else(|| Failure::invalid("the run is null"))?;
            let out = outcome.as_mut().ok_or_else(|| Failure::invalid("the outcome is null"))?;
            let run = run.run.take().ok_or_else(|| {
                Failure::new(SkreiStatus::FailedPrecondition, "the run was started before")
            })?;
            fill(out, run.start());
            Ok(())
        })
    }
}

/// Destroys a run; null is allowed.
///
/// # Safety
/// `run` is null or from skrei_wasm_run_prepare.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_wasm_run_destroy(run: *mut SkreiWasmRun) {
    unsafe { take_back(run) }
}
