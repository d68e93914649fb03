//! See `nlctl::ip::fuzzing::values`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nlctl::ip::fuzzing::values(data));
