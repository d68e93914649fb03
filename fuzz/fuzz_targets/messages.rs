//! See `nl_core::fuzzing::messages`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nl_core::fuzzing::messages(data));
