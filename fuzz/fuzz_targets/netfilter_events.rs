//! See `nl_netfilter::fuzzing::events`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nl_netfilter::fuzzing::events(data));
