//! What the fuzz target calls, and the test that replays its corpus.

/// A file of `/proc` or `/etc/passwd`: read by each of the readers.
pub fn proc(data: &[u8]) {
    crate::proc::read_all(data);
}
