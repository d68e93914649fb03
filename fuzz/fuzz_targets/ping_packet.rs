//! See `nlctl::fuzzing::ping_packet`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nlctl::fuzzing::ping_packet(data));
