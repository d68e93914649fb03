//! The `nlctl` binary.

fn main() {}
