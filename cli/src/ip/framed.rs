//! Netlink messages in a file, one behind the other.

use std::io::{self, ErrorKind, Read};

use nl_core::Header;

/// Why there is no next message, though the file is not at its end.
#[derive(Debug)]
pub(super) enum Broken {
    Unread(io::Error),
    /// The file ends within it.
    CutOff,
    /// It has a length that none has, which is in the bytes read.
    Length(usize),
}

/// Reads the next message into `bytes`, with its padding, and gives its length; `None` at the end.
///
/// # Errors
///
/// Nothing can be read behind it.
pub(super) fn next(
    input: &mut impl Read,
    bytes: &mut Vec<u8>,
    longest: usize,
) -> Result<Option<usize>, Broken> {
    let header_len = size_of::<Header>();
    bytes.clear();
    let header = input.by_ref().take(header_len as u64).read_to_end(bytes);
    let read = header.map_err(Broken::Unread)?;
    if read == 0 {
        return Ok(None);
    }
    let len = bytes.first_chunk().copied().map(u32::from_ne_bytes);
    let len = len.filter(|_| read == header_len).ok_or(Broken::CutOff)?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if !(header_len..=longest).contains(&len) {
        return Err(Broken::Length(len));
    }
    bytes.resize(len.next_multiple_of(4), 0);
    let rest = bytes.get_mut(header_len..).unwrap_or_default();
    match input.read_exact(rest) {
        Ok(()) => Ok(Some(len)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Broken::CutOff),
        Err(error) => Err(Broken::Unread(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_whole_or_not_at_all() {
        let message = |len: u32, size: usize| {
            let mut bytes = len.to_ne_bytes().to_vec();
            bytes.resize(size, 7);
            bytes
        };
        let next = |file: &[u8]| next(&mut &*file, &mut Vec::new(), 100);
        assert!(matches!(next(&[]), Ok(None)));
        assert!(matches!(next(&message(18, 20)), Ok(Some(18))));
        assert!(matches!(next(&message(100, 100)), Ok(Some(100))));
        for size in [1, 15, 16, 18, 19] {
            assert!(matches!(next(&message(18, size)), Err(Broken::CutOff)));
        }
        for len in [0, 15, 101, u32::MAX] {
            let size = usize::try_from(len).unwrap();
            assert!(matches!(next(&message(len, 200)), Err(Broken::Length(is)) if is == size));
        }
    }
}
