//! See `nl_route::fuzzing::prefix`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nl_route::fuzzing::prefix(data));
