//! See `nlctl::decode::fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nlctl::decode::fuzz(data));
