//! See `nlctl::ip::fuzzing::monitor_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nlctl::ip::fuzzing::monitor_file(data));
