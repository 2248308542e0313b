// SPDX-License-Identifier: Apache-2.0

//! One run of a program, in two steps: `prepare` needs the outside, `start` needs nothing more.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rand::TryRng as _;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use wasmtime::Store;
use wasmtime_wasi::cli::{InputFile, OutputFile};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use crate::error::Failure;
use crate::wasm::limits::Limits;
use crate::wasm::outcome::{Bounds, Outcome};
use crate::wasm::program::{Linkage, Program};

const MEMORY_MAX_DEFAULT: u64 = 4 << 30;
const TABLE_ELEMENTS_MAX_DEFAULT: u64 = 1_000_000;
/// Bytes that one host call may take from the guest where its memory is smaller.
const HOST_CALL_BYTES_MIN: usize = 128 << 20;

/// A folder of the host for the guest; `host_path` counts where `fd` is -1.
#[derive(Clone, Debug)]
pub struct GuestDir {
    pub guest_path: String,
    pub fd: i32,
    pub host_path: Vec<u8>,
    pub writable: bool,
}

/// Limits of 0 mean their default; descriptors of -1 mean empty input and discarded output.
#[derive(Clone, Debug)]
pub struct RunOptions {
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub dirs: Vec<GuestDir>,
    pub stdin_fd: i32,
    pub stdout_fd: i32,
    pub stderr_fd: i32,
    pub memory_max_bytes: u64,
    pub fuel_max: u64,
    pub table_elements_max: u64,
}

impl Default for RunOptions {
    fn default() -> Self {
        RunOptions {
            args: Vec::new(),
            env: Vec::new(),
            dirs: Vec::new(),
            stdin_fd: -1,
            stdout_fd: -1,
            stderr_fd: -1,
            memory_max_bytes: 0,
            fuel_max: 0,
            table_elements_max: 0,
        }
    }
}

/// What host functions reach through the store.
pub struct State {
    pub wasi: WasiP1Ctx,
    pub limits: Limits,
}

pub struct Run {
    store: Store<State>,
    linkage: Linkage,
    calls: Vec<String>,
    runtime: tokio::runtime::Runtime,
    bounds: Bounds,
    metering: bool,
}

impl Run {
    pub fn prepare(program: &Program, options: RunOptions) -> Result<Self, Failure> {
        let metering = program.options.metering;
        if options.fuel_max != 0 && !metering {
            return Err(Failure::invalid("a fuel limit needs an engine with metering"));
        }
        let bounds = Bounds {
            memory_max_bytes: or_default(options.memory_max_bytes, MEMORY_MAX_DEFAULT),
            fuel_max: or_default(options.fuel_max, u64::MAX),
        };
        let table_elements = or_default(options.table_elements_max, TABLE_ELEMENTS_MAX_DEFAULT);
        let limits = Limits::new(bounds.memory_max_bytes, table_elements);
        let state = State { wasi: wasi_context(&options)?, limits };
        let mut store = Store::new(&program.engine, state);
        store.limiter(|state| &mut state.limits);
        let host_call_bytes = usize::try_from(bounds.memory_max_bytes).unwrap_or(usize::MAX);
        store.set_hostcall_fuel(host_call_bytes.max(HOST_CALL_BYTES_MIN));
        if metering {
            store
                .set_fuel(bounds.fuel_max)
                .map_err(|error| Failure::internal(error.to_string()))?;
        }
        // Timers only: without I/O the runtime owns no descriptor, with one thread it makes none.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| Failure::internal(format!("the run's event loop: {error}")))?;
        let (linkage, calls) = (program.linkage.clone(), program.calls.clone());
        Ok(Run { store, linkage, calls, runtime, bounds, metering })
    }

    pub fn start(mut self) -> Outcome {
        let result = self.runtime.block_on(run_to_end(&mut self.store, &self.linkage, &self.calls));
        let fuel_used = if self.metering {
            self.bounds.fuel_max - self.store.get_fuel().unwrap_or(0)
        } else {
            0
        };
        Outcome::new(result, &self.store.data().limits, self.bounds, fuel_used)
    }
}

async fn run_to_end(
    store: &mut Store<State>,
    linkage: &Linkage,
    calls: &[String],
) -> wasmtime::Result<()> {
    let instance = match linkage {
        Linkage::Alone(pre) => pre.instantiate_async(&mut *store).await?,
        Linkage::WithImports { linker, imports, entry } => {
            let mut linker = linker.clone();
            for (name, module) in imports {
                let instance = linker.instantiate_async(&mut *store, module).await?;
                linker.instance(&mut *store, name, instance)?;
            }
            linker.instantiate_async(&mut *store, entry).await?
        }
    };
    for call in calls {
        let function = instance.get_typed_func::<(), ()>(&mut *store, call)?;
        function.call_async(&mut *store, ()).await?;
    }
    Ok(())
}

fn or_default(value: u64, default: u64) -> u64 {
    if value == 0 { default } else { value }
}

fn wasi_context(options: &RunOptions) -> Result<WasiP1Ctx, Failure> {
    let mut builder = WasiCtxBuilder::new();
    // File operations run on this thread; folders copy this choice, so it comes first.
    builder.allow_blocking_current_thread(true);
    builder.args(&options.args).envs(&options.env);
    // The default generator lives in the thread, so all children of one parent would draw the same
    // numbers from it. The kernel's does not.
    let mut seed = [0u8; 16];
    SysRng
        .try_fill_bytes(&mut seed)
        .map_err(|error| Failure::internal(format!("the system's random numbers: {error}")))?;
    builder
        .secure_random(UnwrapErr(SysRng))
        .insecure_random(UnwrapErr(SysRng))
        .insecure_random_seed(u128::from_ne_bytes(seed));
    if let Some(file) = duplicate(options.stdin_fd, "input")? {
        builder.stdin(InputFile::new(file));
    }
    if let Some(file) = duplicate(options.stdout_fd, "output")? {
        builder.stdout(OutputFile::new(file));
    }
    if let Some(file) = duplicate(options.stderr_fd, "error output")? {
        builder.stderr(OutputFile::new(file));
    }
    for dir in &options.dirs {
        let path = match dir.fd {
            -1 => PathBuf::from(OsStr::from_bytes(&dir.host_path)),
            fd => PathBuf::from(format!("/proc/self/fd/{fd}")),
        };
        let perms = if dir.writable { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
        builder.preopened_dir(&path, &dir.guest_path, perms).map_err(|error| {
            Failure::invalid(format!(
                "folder {} for the guest's \"{}\": {error:#}",
                path.display(),
                dir.guest_path
            ))
        })?;
    }
    Ok(builder.build_p1())
}

fn duplicate(fd: i32, what: &str) -> Result<Option<File>, Failure> {
    if fd == -1 {
        return Ok(None);
    }
    if fd < 0 {
        return Err(Failure::invalid(format!("{fd} is no file descriptor for the {what}")));
    }
    // Safe: only borrowed for the duplication, which fails on a descriptor that is not open.
    unsafe { BorrowedFd::borrow_raw(fd) }
        .try_clone_to_owned()
        .map(|fd| Some(File::from(fd)))
        .map_err(|error| Failure::invalid(format!("descriptor {fd} for the {what}: {error}")))
}
