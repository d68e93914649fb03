//! See `nlctl::fuzzing::iptables`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nlctl::fuzzing::iptables(data));
