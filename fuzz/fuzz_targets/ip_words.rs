//! See `nlctl::fuzzing::ip`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nlctl::fuzzing::ip(data));
