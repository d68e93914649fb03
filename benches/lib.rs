//! Benchmarks of the codec (`codec/`), and of bulk work on the running kernel (`kernel/`).
//!
//! ```text
//! cargo bench -p nlctl-benches --bench codec
//! cargo bench -p nlctl-benches --bench kernel     # needs root, or: nlctl sandbox cargo bench …
//! cargo bench -p nlctl-benches --bench kernel -- --help
//! ```
//!
//! With `--features peers` other libraries take part, which takes minutes to build. `RESULTS.md` has what was measured.

pub mod sys;
