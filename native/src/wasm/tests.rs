// SPDX-License-Identifier: Apache-2.0

use std::io::{Read, pipe};
use std::os::fd::AsRawFd;

use crate::abi::common::SkreiStatus;
use crate::error::Failure;
use crate::wasm::compile::Artifact;
use crate::wasm::engine::{Engine, EngineOptions};
use crate::wasm::module::Module;
use crate::wasm::outcome::{Ending, Outcome, TrapKind};
use crate::wasm::program::{ImportModule, Program};
use crate::wasm::run::{GuestDir, Run, RunOptions};
use crate::wasm::shape::{ExternKind, Shape};

fn engine() -> Engine {
    Engine::new(EngineOptions::default()).unwrap()
}

fn module(engine: &Engine, text: &str) -> Module {
    let artifact = Artifact::compile(engine, &wat::parse_str(text).unwrap()).unwrap();
    unsafe { Module::load(engine, &artifact.code).unwrap() }
}

fn program(engine: &Engine, text: &str) -> Result<Program, Failure> {
    Program::link(module(engine, text), Vec::new(), "")
}

fn run(text: &str, options: RunOptions) -> Outcome {
    let program = program(&engine(), text).unwrap();
    Run::prepare(&program, options).unwrap().start()
}

#[test]
fn proc_exit_ends_with_its_code() {
    let outcome = run(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "_start") (call $exit (i32.const 42))))"#,
        RunOptions::default(),
    );

    assert_eq!(outcome.ending, Ending::Exited(42));
    assert_eq!(outcome.text, "");
    assert_eq!(outcome.memory_peak_bytes, 65536);
}

#[test]
fn traps_are_named_with_a_backtrace() {
    let cases = [
        ("unreachable", TrapKind::Unreachable),
        ("(drop (i32.div_s (i32.const 1) (i32.const 0)))", TrapKind::IntegerDivisionByZero),
        ("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", TrapKind::IntegerOverflow),
        ("(drop (i32.load (i32.const 0x10000)))", TrapKind::MemoryOutOfBounds),
        ("(call_indirect (i32.const 0))", TrapKind::IndirectCallToNull),
        ("(call_indirect (i32.const 9))", TrapKind::TableOutOfBounds),
        ("(drop (call_indirect (result i32) (i32.const 1)))", TrapKind::BadSignature),
        ("(drop (i32.trunc_f32_s (f32.const nan)))", TrapKind::BadConversionToInteger),
        ("(call $deep)", TrapKind::StackOverflow),
    ];
    for (body, kind) in cases {
        let outcome = run(
            &format!(
                r#"(module (memory 1) (table 2 funcref) (elem (i32.const 1) $deep)
                    (func $deep (call $deep))
                    (func $main (export "_start") {body}))"#
            ),
            RunOptions::default(),
        );
        assert_eq!(outcome.ending, Ending::Trapped(kind), "{body}: {}", outcome.text);
        let place = if kind == TrapKind::StackOverflow { " deep\n" } else { " main\n" };
        assert!(outcome.text.contains(place), "{}", outcome.text);
    }
}

#[test]
fn a_module_without_name_section_runs_and_traps() {
    let outcome = run(r#"(module (func (export "_start") unreachable))"#, RunOptions::default());

    assert_eq!(outcome.ending, Ending::Trapped(TrapKind::Unreachable));
    assert!(outcome.text.contains("wasm function 0"), "{}", outcome.text);
}

#[test]
fn memory_beyond_the_limit_is_refused_and_named() {
    let limit = RunOptions { memory_max_bytes: 2 << 16, ..RunOptions::default() };

    let at_start = run(r#"(module (memory 3) (func (export "_start")))"#, limit.clone());
    let grown = run(
        r#"(module (memory 1) (func (export "_start")
            (if (i32.eq (memory.grow (i32.const 2)) (i32.const -1)) (then unreachable))))"#,
        limit.clone(),
    );
    let coped = run(
        r#"(module (memory 1) (func (export "_start") (drop (memory.grow (i32.const 2)))))"#,
        limit.clone(),
    );
    let own_maximum = run(
        r#"(module (memory 1 1) (func (export "_start")
            (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))))"#,
        limit,
    );

    assert_eq!(at_start.ending, Ending::MemoryLimit, "{}", at_start.text);
    assert_eq!(grown.ending, Ending::MemoryLimit);
    assert!(grown.text.contains("131072 bytes"), "{}", grown.text);
    assert_eq!((coped.ending, coped.memory_refused), (Ending::Exited(0), true));
    assert_eq!(own_maximum.ending, Ending::Trapped(TrapKind::Unreachable));
}

#[test]
fn fuel_is_counted_the_same_each_time_and_runs_out() {
    let engine = Engine::new(EngineOptions { metering: true, ..Default::default() }).unwrap();
    let text = r#"(module (func (export "_start") (local i32)
        (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
                                 (i32.const 1000))))))"#;
    let program = program(&engine, text).unwrap();
    let start = |fuel_max| {
        let options = RunOptions { fuel_max, ..RunOptions::default() };
        Run::prepare(&program, options).unwrap().start()
    };

    let (first, second, short) = (start(0), start(100_000), start(1000));

    assert_eq!(first.ending, Ending::Exited(0));
    // Schedule wasmtime-48/1: seven for each turn; a change here is a new schedule.
    assert_eq!(first.fuel_used, 7001);
    assert_eq!(first.fuel_used, second.fuel_used);
    assert_eq!(short.ending, Ending::OutOfFuel);
    assert!(short.text.contains("fuel of 1000"), "{}", short.text);
}

#[test]
fn fuel_without_metering_is_refused() {
    let program = program(&engine(), r#"(module (func (export "_start")))"#).unwrap();

    let refused = Run::prepare(&program, RunOptions { fuel_max: 1, ..RunOptions::default() });

    assert_eq!(refused.err().unwrap().status, SkreiStatus::InvalidArgument);
}

#[test]
fn what_cannot_be_linked_is_said_by_name() {
    let cases = [
        (
            r#"(module (import "env" "foo" (func)) (import "env" "bar" (func))
                (func (export "_start")))"#,
            "the module imports env.foo, env.bar, which Skrei does not provide; \
             there is wasi_snapshot_preview1",
        ),
        (
            r#"(module (import "wasi_unstable" "fd_write" (func)) (func (export "_start")))"#,
            "preview 0",
        ),
        (
            r#"(module (import "wasi_snapshot_preview1" "sched_yield" (func))
                (func (export "_start")))"#,
            "wasi_snapshot_preview1.sched_yield with another type",
        ),
        (
            r#"(module (func (export "a")) (func (export "b")))"#,
            "the module has no function \"_start\" to start with; it exports \"a\", \"b\"",
        ),
        (r#"(module (memory (export "_start") 1))"#, "\"_start\" of the module is not a function"),
        (r#"(module (func (export "_start") (param i32)))"#, "takes 1 and returns 0 values"),
    ];
    for (text, sentence) in cases {
        let failure = program(&engine(), text).err().unwrap();
        assert_eq!(failure.status, SkreiStatus::FailedPrecondition);
        assert!(failure.text.contains(sentence), "{}", failure.text);
    }
}

#[test]
fn what_is_no_module_is_said_with_the_reason() {
    let unknown_opcode =
        b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x04\x01\x02\xff\x0b";
    let cases: [(&[u8], &str); 5] = [
        (b"", "empty"),
        (b"(module)", "wat2wasm"),
        (b"\x7fELF", "00 61 73 6d"),
        (b"\0asm\x0d\0\x01\0", "component"),
        (unknown_opcode, "not valid"),
    ];
    for (bytes, sentence) in cases {
        let failure = Artifact::compile(&engine(), bytes).err().unwrap();
        assert_eq!(failure.status, SkreiStatus::InvalidArgument);
        assert!(failure.text.contains(sentence), "{}", failure.text);
    }
}

#[test]
fn the_shape_is_the_same_before_and_after_compilation() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
        (import "env" "t" (table 1 funcref))
        (memory (export "memory") 2)
        (global (export "g") i32 (i32.const 1))
        (func (export "_start"))
        (func (export "f") (param i32 i64) (result f32) (f32.const 0)))"#;
    let engine = engine();

    let artifact = Artifact::compile(&engine, &wat::parse_str(text).unwrap()).unwrap();
    let loaded = unsafe { Module::load(&engine, &artifact.code).unwrap() };

    assert_eq!(artifact.shape, loaded.shape());
    assert_eq!(artifact.shape.memory_min_bytes, 2 << 16);
    let last = artifact.shape.exports.last().unwrap();
    assert_eq!((last.kind, last.signature.as_str()), (ExternKind::Function, "(i32, i64) -> (f32)"));
    assert!(Shape::of_wasm(b"\0asm\x01\0\0\0\x01").is_err());
}

#[test]
fn import_modules_are_linked_in_the_order_they_need() {
    let engine = engine();
    let import = |name: &str, text: &str| ImportModule {
        name: name.to_string(),
        module: module(&engine, text),
    };
    let main = r#"(module (import "outer" "f" (func $f (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start") (call $exit (call $f))))"#;
    let outer = r#"(module (import "inner" "g" (func $g (result i32)))
        (func (export "f") (result i32) (i32.add (call $g) (i32.const 1))))"#;
    let inner = r#"(module (func (export "g") (result i32) (i32.const 6)))"#;
    let circle = r#"(module (import "outer" "f" (func (result i32)))
        (func (export "g") (result i32) (i32.const 6)))"#;

    let imports = vec![import("outer", outer), import("inner", inner)];
    let program = Program::link(module(&engine, main), imports, "").unwrap();
    let outcome = Run::prepare(&program, RunOptions::default()).unwrap().start();
    let imports = vec![import("outer", outer), import("inner", circle)];
    let refused = Program::link(module(&engine, main), imports, "").err().unwrap();

    assert_eq!(outcome.ending, Ending::Exited(7), "{}", outcome.text);
    assert!(refused.text.contains("outer, inner import each other"), "{}", refused.text);
}

#[test]
fn another_entry_is_called_after_initialize() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (global $g (mut i32) (i32.const 1))
        (func (export "_initialize") (global.set $g (i32.const 9)))
        (func (export "main") (call $exit (global.get $g))))"#;

    let program = Program::link(module(&engine(), text), Vec::new(), "main").unwrap();
    let outcome = Run::prepare(&program, RunOptions::default()).unwrap().start();

    assert_eq!(outcome.ending, Ending::Exited(9), "{}", outcome.text);
}

#[test]
fn output_keeps_every_byte() {
    let (mut reader, writer) = pipe().unwrap();
    let all: String = (0..=255).map(|byte| format!("\\{byte:02x}")).collect();
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write"
                (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\00\01\00\00\00\01\00\00") (data (i32.const 256) "{all}")
            (func (export "_start")
                (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
                    (then unreachable))))"#
    );

    let outcome = run(&text, RunOptions { stdout_fd: writer.as_raw_fd(), ..RunOptions::default() });
    drop(writer);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();

    assert_eq!(outcome.ending, Ending::Exited(0), "{}", outcome.text);
    assert_eq!(bytes, (0..=255).collect::<Vec<u8>>());
}

#[test]
fn a_read_only_folder_refuses_a_new_file() {
    // path_open(3, 0, "x", O_CREAT, FD_WRITE …) and proc_exit with its errno.
    let text = r#"(module
        (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (data (i32.const 0) "x")
        (func (export "_start") (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 0)
            (i32.const 1) (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0)
            (i32.const 8)))))"#;
    let folder = std::env::temp_dir().join(format!("skrei-native-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let open = |writable| {
        let dir = GuestDir {
            guest_path: "/data".to_string(),
            fd: -1,
            host_path: folder.as_os_str().as_encoded_bytes().to_vec(),
            writable,
        };
        run(text, RunOptions { dirs: vec![dir], ..RunOptions::default() }).ending
    };

    let (read_only, made, writable) = (open(false), folder.join("x").exists(), open(true));
    std::fs::remove_dir_all(&folder).unwrap();

    // 63 is EPERM of WASI.
    assert_eq!((read_only, made), (Ending::Exited(63), false));
    assert_eq!(writable, Ending::Exited(0));
}

#[test]
fn an_artifact_of_another_engine_is_refused() {
    let metering = Engine::new(EngineOptions { metering: true, ..Default::default() }).unwrap();
    let wasm = wat::parse_str(r#"(module (func (export "_start")))"#).unwrap();
    let artifact = Artifact::compile(&metering, &wasm).unwrap();

    let refused = unsafe { Module::load(&engine(), &artifact.code) }.err().unwrap();

    assert_eq!(refused.status, SkreiStatus::FailedPrecondition);
    assert_ne!(metering.fingerprint(), engine().fingerprint());
    assert_eq!(engine().fingerprint(), engine().fingerprint());
    assert_eq!(engine().fingerprint().len(), 64);
}

#[test]
fn warm_up_runs() {
    super::warm_up::warm_up(&engine()).unwrap();
}
