//! See `nlctl::ip::fuzzing::load`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nlctl::ip::fuzzing::load(data));
