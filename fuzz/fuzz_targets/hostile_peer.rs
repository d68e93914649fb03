//! See `nl_core::hostile::play`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nl_core::hostile::play(data));
