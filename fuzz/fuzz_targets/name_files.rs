//! See `nlctl::ip::fuzzing::files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nlctl::ip::fuzzing::files(data));
