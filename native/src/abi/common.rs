// SPDX-License-Identifier: Apache-2.0

//! Status, error and byte slices: what every function of the ABI shares.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::error::{Failure, truncate_utf8};

/// Bytes of text that a SkreiError carries.
pub const SKREI_ERROR_TEXT_MAX: usize = 2048;

/// Result of a call. The names are those of `skrei::Code`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkreiStatus {
    Ok = 0,
    /// The caller's input is wrong, whatever the state of the system.
    InvalidArgument = 1,
    /// The named thing does not exist.
    NotFound = 2,
    /// The thing to be created exists already.
    AlreadyExists = 3,
    /// Right input, wrong state; retrying alone does not help.
    FailedPrecondition = 4,
    /// Known, and not allowed.
    PermissionDenied = 5,
    /// A limit, queue or budget is full.
    ResourceExhausted = 6,
    /// The time given ran out.
    DeadlineExceeded = 7,
    /// Somebody asked to stop.
    Cancelled = 8,
    /// Not now; the same call may succeed later.
    Unavailable = 9,
    /// A fault of this library or of the machine below it; a caught panic ends here too.
    Internal = 10,
    /// The function is not part of this build (the fake library of the sanitizer lane).
    NotInBuild = 11,
}

/// Borrowed bytes. `data` may be null when `len` is 0. Text is UTF-8 unless said otherwise.
/// A slice that is handed in is read during the call only; one that is handed out lives as long
/// as the object it came from.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SkreiSlice {
    pub data: *const u8,
    pub len: usize,
}

/// Filled by a call that does not return SkreiStatus::Ok. The caller owns it (the stack will do);
/// a null pointer in its place is allowed where the text is not wanted.
#[repr(C)]
pub struct SkreiError {
    pub status: SkreiStatus,
    /// Bytes of `text` in use; no terminating NUL.
    pub text_len: u32,
    /// A sentence that names the thing, valid UTF-8, cut at a character boundary.
    pub text: [u8; SKREI_ERROR_TEXT_MAX],
}

impl SkreiSlice {
    pub const EMPTY: SkreiSlice = SkreiSlice { data: std::ptr::null(), len: 0 };

    pub fn of(bytes: &[u8]) -> Self {
        SkreiSlice { data: bytes.as_ptr(), len: bytes.len() }
    }

    /// # Safety
    /// `data` points at `len` readable bytes (or `len` is 0) that outlive `'a`.
    pub unsafe fn bytes<'a>(self) -> Result<&'a [u8], Failure> {
        if self.len == 0 {
            return Ok(&[]);
        }
        if self.data.is_null() {
            return Err(Failure::invalid("a slice of the call has a length but no address"));
        }
        Ok(unsafe { std::slice::from_raw_parts(self.data, self.len) })
    }

    /// # Safety
    /// As `bytes`.
    pub unsafe fn text<'a>(self, what: &str) -> Result<&'a str, Failure> {
        std::str::from_utf8(unsafe { self.bytes()? })
            .map_err(|_| Failure::invalid(format!("{what} is not valid UTF-8")))
    }
}

/// # Safety
/// `data` points at `len` readable values (or `len` is 0) that outlive `'a`.
pub unsafe fn array<'a, T>(data: *const T, len: usize) -> Result<&'a [T], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Failure::invalid("an array of the call has a length but no address"));
    }
    Ok(unsafe { std::slice::from_raw_parts(data, len) })
}

/// # Safety
/// `pointer` is null or points at a `T` that outlives `'a`.
pub unsafe fn borrow<'a, T>(pointer: *const T, what: &str) -> Result<&'a T, Failure> {
    unsafe { pointer.as_ref() }.ok_or_else(|| Failure::invalid(format!("{what} is null")))
}

/// Hands `value` to the caller through `out`.
///
/// # Safety
/// `out` is null or points at a writable pointer.
pub unsafe fn give<T>(out: *mut *mut T, value: T) -> Result<(), Failure> {
    if out.is_null() {
        return Err(Failure::invalid("the address for the result is null"));
    }
    unsafe { *out = Box::into_raw(Box::new(value)) };
    Ok(())
}

/// Drops what `give` handed out; a panic of the drop is caught.
///
/// # Safety
/// `pointer` is null or came from `give` and is not used again.
pub unsafe fn take_back<T>(pointer: *mut T) {
    if !pointer.is_null() {
        let value = unsafe { Box::from_raw(pointer) };
        let _ = catch_unwind(AssertUnwindSafe(move || drop(value)));
    }
}

/// The shell around every function: runs `body`, turns its failure or panic into a status, and
/// writes the sentence to `error`.
///
/// # Safety
/// `error` is null or points at a writable SkreiError.
pub unsafe fn guard(
    error: *mut SkreiError,
    body: impl FnOnce() -> Result<(), Failure>,
) -> SkreiStatus {
    quiet_panics();
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return SkreiStatus::Ok,
        Ok(Err(failure)) => failure,
        Err(payload) => panic_failure(payload.as_ref()),
    };
    if !error.is_null() {
        let text = truncate_utf8(&failure.text, SKREI_ERROR_TEXT_MAX).as_bytes();
        unsafe {
            (&raw mut (*error).status).write(failure.status);
            (&raw mut (*error).text_len).write(text.len() as u32);
            std::ptr::copy_nonoverlapping(
                text.as_ptr(),
                (&raw mut (*error).text).cast(),
                text.len(),
            );
        }
    }
    failure.status
}

thread_local! {
    static PANIC_PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Rust prints panics on fd 2, which in a run child belongs to the job. So the place of a panic is
/// kept for the error text instead.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
            let _ = PANIC_PLACE.try_with(|cell| cell.replace(place.unwrap_or_default()));
        }));
    });
}

/// What a caught panic says as an error.
pub fn panic_failure(payload: &(dyn Any + Send)) -> Failure {
    let what = payload
        .downcast_ref::<&str>()
        .map(|text| text.to_string())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_string());
    let place = PANIC_PLACE.with(|cell| cell.take());
    Failure::internal(format!(
        "the native library panicked at {place}: {what}; this is a bug of Skrei"
    ))
}

/// Version of the ABI: raised by every change that an older caller would notice.
#[unsafe(no_mangle)]
pub extern "C" fn skrei_native_abi_version() -> u32 {
    1
}

/// Panics inside the library, for tests of the shell: answers SkreiStatus::Internal and the text.
///
/// # Safety
/// `error` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skrei_native_panic_for_test(error: *mut SkreiError) -> SkreiStatus {
    unsafe { guard(error, || panic!("asked for by a test")) }
}
