//! See `nlctl::fuzzing::sysctl_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nlctl::fuzzing::sysctl_file(data));
