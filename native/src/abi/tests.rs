// SPDX-License-Identifier: Apache-2.0

//! The shells: panics, null pointers and wrong sizes end as a status with a sentence.

use crate::abi::common::*;
use crate::abi::p2p::*;
use crate::abi::wasm::*;

fn error() -> SkreiError {
    SkreiError { status: SkreiStatus::Ok, text_len: 0, text: [0; SKREI_ERROR_TEXT_MAX] }
}

fn text(error: &SkreiError) -> &str {
    std::str::from_utf8(&error.text[..error.text_len as usize]).unwrap()
}

#[test]
fn a_panic_becomes_a_status_with_its_place() {
    let mut error = error();

    let status = unsafe { skrei_native_panic_for_test(&mut error) };

    assert_eq!((status, error.status), (SkreiStatus::Internal, SkreiStatus::Internal));
    assert!(text(&error).contains("asked for by a test"), "{}", text(&error));
    assert!(text(&error).contains("common.rs:"), "{}", text(&error));
    assert_eq!(unsafe { skrei_native_panic_for_test(std::ptr::null_mut()) }, SkreiStatus::Internal);
}

#[test]
fn a_long_sentence_is_cut_at_a_character() {
    let mut error = error();
    let long = "é".repeat(SKREI_ERROR_TEXT_MAX);

    unsafe { guard(&mut error, || Err(crate::error::Failure::invalid(format!("a{long}")))) };

    assert_eq!(text(&error).len(), SKREI_ERROR_TEXT_MAX - 1);
}

#[test]
fn null_and_wrong_sizes_are_refused() {
    let mut error = error();
    let mut engine = std::ptr::null_mut();
    let config = SkreiWasmEngineConfig { struct_size: 1, metering: 0, canonical_nans: 0 };

    let statuses = unsafe {
        [
            skrei_wasm_engine_create(std::ptr::null(), &mut engine, &mut error),
            skrei_wasm_engine_create(&config, &mut engine, &mut error),
            skrei_wasm_warm_up(std::ptr::null(), &mut error),
            skrei_wasm_run_start(std::ptr::null_mut(), std::ptr::null_mut(), &mut error),
            skrei_p2p_dial(std::ptr::null(), 1, SkreiSlice::of(b"/ip4/127.0.0.1"), &mut error),
        ]
    };

    assert!(statuses.iter().all(|it| *it == SkreiStatus::InvalidArgument), "{statuses:?}");
    assert!(engine.is_null());
    unsafe {
        skrei_wasm_engine_destroy(std::ptr::null_mut());
        skrei_p2p_close(std::ptr::null_mut());
        assert!(skrei_p2p_next_event(std::ptr::null()).is_null());
        assert_eq!(skrei_p2p_event_take_fd(std::ptr::null_mut()), -1);
    }
}
