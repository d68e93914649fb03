//! See `nl_route::fuzzing::extack`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nl_route::fuzzing::extack(data));
