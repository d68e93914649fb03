//! See `nl_netfilter::fuzzing::expression`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nl_netfilter::fuzzing::expression(data));
