//! See `nl_netns::fuzzing::proc`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nl_netns::fuzzing::proc(data));
