//! Benchmarks of the codec and of bulk work on the running kernel
