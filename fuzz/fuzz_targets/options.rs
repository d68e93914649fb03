//! See `nlctl::fuzzing::options`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nlctl::fuzzing::options(data));
