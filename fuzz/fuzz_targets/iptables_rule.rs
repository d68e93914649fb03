//! See `nl_netfilter::fuzzing::iptables_rule`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nl_netfilter::fuzzing::iptables_rule(data));
