//! See `nl_core::hostile::play_async`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nl_core::hostile::play_async(data));
