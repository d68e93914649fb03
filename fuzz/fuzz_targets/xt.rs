//! See `nl_netfilter::fuzzing::xt`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nl_netfilter::fuzzing::xt(data));
