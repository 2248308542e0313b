// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// Small WebAssembly modules in hexadecimal, each below its text; made with the `wat` crate.
namespace skrei::native::testing {

// (module (func (export "_start")))
inline constexpr std::string_view kEmpty =
    "0061736d0100000001040160000003020100070a01065f737461727400000a040102000b";

// (module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
//   (memory (export "memory") 1)
//   (func (export "_start") (call $exit (i32.const 42))))
inline constexpr std::string_view kExit42 =
    "0061736d0100000001080260017f0060000002240116776173695f736e617073686f745f7072657669657731"
    "0970726f635f657869740000030201010503010001071302066d656d6f72790200065f737461727400010a08"
    "010600412a10000b000e046e616d65010701000465786974";

// (module (func (export "_start") unreachable))
inline constexpr std::string_view kTrap =
    "0061736d0100000001040160000003020100070a01065f737461727400000a05010300000b";

// (module (func (export "_start") (loop (br 0))))
inline constexpr std::string_view kSpin =
    "0061736d0100000001040160000003020100070a01065f737461727400000a0901070003400c000b0b";

// (module (memory 1) (func (export "_start")
//   (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable))
inline constexpr std::string_view kHog =
    "0061736d01000000010401600000030201000503010001070a01065f737461727400000a11010f0003404101"
    "4000417f470d000b000b";

// (module (import "env" "foo" (func)) (func (export "_start")))
inline constexpr std::string_view kForeign =
    "0061736d01000000010401600000020b0103656e7603666f6f000003020100070a01065f737461727400010a"
    "040102000b";

// (module
//   (import "wasi_snapshot_preview1" "path_open"
//     (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
//   (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
//   (memory (export "memory") 1) (data (i32.const 0) "x")
//   (func (export "_start") (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 0)
//     (i32.const 1) (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 8)))))
inline constexpr std::string_view kCreate =
    "0061736d0100000001150360097f7f7f7f7f7e7e7f7f017f60017f0060000002470216776173695f736e6170"
    "73686f745f707265766965773109706174685f6f70656e000016776173695f736e617073686f745f70726576"
    "696577310970726f635f657869740001030201020503010001071302066d656d6f72790200065f7374617274"
    "00020a1b0119004103410041004101410142c000420041004108100010010b0b07010041000b01780014046e"
    "616d65010d0200046f70656e010465786974";

// (module
//   (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
//   (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
//   (memory (export "memory") 1) (data (i32.const 0) "\10\00\00\00\10\00\00\00")
//   (func (export "_start") (drop (call $random (i32.const 16) (i32.const 16)))
//     (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
inline constexpr std::string_view kRandom =
    "0061736d0100000001120360027f7f017f60047f7f7f7f017f60000002470216776173695f736e617073686f"
    "745f70726576696577310a72616e646f6d5f676574000016776173695f736e617073686f745f707265766965"
    "77310866645f77726974650001030201020503010001071302066d656d6f72790200065f737461727400020a"
    "160114004110411010001a410141004101410810011a0b0b0e010041000b0810000000100000000017046e61"
    "6d65011002000672616e646f6d01057772697465";

// (module
//   (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
//   (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
//   (memory (export "memory") 1) (data (i32.const 0) "\10\00\00\00\00\10\00\00")
//   (func (export "_start") (loop
//     (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
//     (i32.store (i32.const 4) (i32.load (i32.const 8)))
//     (if (i32.load (i32.const 8)) (then
//       (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then
//       unreachable)) (i32.store (i32.const 4) (i32.const 4096)) (br 1))))))
inline constexpr std::string_view kEcho =
    "0061736d01000000010c0260047f7f7f7f017f60000002440216776173695f736e617073686f745f70726576"
    "696577310766645f72656164000016776173695f736e617073686f745f70726576696577310866645f777269"
    "74650000030201010503010001071302066d656d6f72790200065f737461727400020a3f013d000340410041"
    "004101410810000440000b4104410828020036020041082802000440410141004101410810010440000b4104"
    "4180203602000c010b0b0b0b0e010041000b0810000000001000000015046e616d65010e0200047265616401"
    "057772697465";

}  // namespace skrei::native::testing
