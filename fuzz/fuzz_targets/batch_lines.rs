//! See `nlctl::ip::fuzzing::batch`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nlctl::ip::fuzzing::batch(data));
