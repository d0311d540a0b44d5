//! No unwinder in static executables. A panic of ours aborts, and what it could print of the stack is
//! nothing in an executable without symbols; yet the standard library brings what walks the stack, and
//! finds, unpacks and reads debugging data. With these in place of the unwinder's own, all that is left
//! out. Dynamic executables would give these to libraries that do unwind.

use std::ffi::{c_int, c_void};

type Context = *mut c_void;

/// `_URC_END_OF_STACK`.
const NO_MORE: c_int = 5;

#[unsafe(no_mangle)]
extern "C" fn _Unwind_Backtrace(
    _: extern "C" fn(Context, *mut c_void) -> c_int,
    _: *mut c_void,
) -> c_int {
    NO_MORE
}

/// What else the standard library refers to is never called without a stack that is walked.
macro_rules! never {
    ($($name:ident($($word:ty),*) -> $answer:ty;)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $name($(_: $word),*) -> $answer {
                std::process::abort()
            }
        )*
    };
}

never! {
    _Unwind_GetDataRelBase(Context) -> usize;
    _Unwind_GetIP(Context) -> usize;
    _Unwind_GetIPInfo(Context, *mut c_int) -> usize;
    _Unwind_GetLanguageSpecificData(Context) -> *mut c_void;
    _Unwind_GetRegionStart(Context) -> usize;
    _Unwind_GetTextRelBase(Context) -> usize;
    _Unwind_Resume(*mut c_void) -> !;
    _Unwind_SetGR(Context, c_int, usize) -> ();
    _Unwind_SetIP(Context, usize) -> ();
}
