//! Benchmarks of the codec (`codec.rs`), and of bulk work on the running kernel (`routes.rs`).
//!
//! ```text
//! cargo bench -p nlctl-benches --bench codec
//! cargo bench -p nlctl-benches --bench routes     # needs root, or: nlctl sandbox cargo bench …
//! ```
