//! Walking the messages of one datagram.

use zerocopy::FromBytes;

use crate::error::{DecodeError, What};
use crate::header::{HEADER_LEN, Header, align};

/// One message of a datagram: its header and everything behind it.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The message's header.
    pub header: &'a Header,
    /// What follows the header: the fixed header of the message type, then attributes.
    pub payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// The message at the start of `bytes`, and the bytes behind it.
    ///
    /// The padding of the last message of a datagram may be missing.
    ///
    /// # Errors
    ///
    /// A header that is cut off, or a length that is shorter than the header or longer than `bytes`.
    #[inline]
    pub fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), DecodeError> {
        let Ok((header, _)) = Header::ref_from_prefix(bytes) else {
            return Err(DecodeError::new(0, What::TruncatedHeader));
        };
        let len = usize::try_from(header.len.get()).unwrap_or(usize::MAX);
        let payload = bytes
            .get(HEADER_LEN..len)
            .ok_or(DecodeError::new(0, What::BadMessageLength))?;
        let rest = bytes.get(align(len)..).unwrap_or(&[]);
        Ok((Self { header, payload }, rest))
    }

    /// `nlmsg_type`.
    #[must_use]
    #[inline]
    pub fn message_type(&self) -> u16 {
        self.header.message_type.get()
    }

    /// `nlmsg_flags`.
    #[must_use]
    #[inline]
    pub fn flags(&self) -> u16 {
        self.header.flags.get()
    }
}

/// Iterates over the messages of one datagram: at most one error, then the end.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Messages<'a> {
    /// The messages of `datagram`.
    #[must_use]
    pub fn new(datagram: &'a [u8]) -> Self {
        Self {
            rest: datagram,
            offset: 0,
        }
    }

    /// How many bytes of the datagram were walked.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match Message::split(self.rest) {
            Ok((message, rest)) => {
                self.offset += self.rest.len() - rest.len();
                self.rest = rest;
                Some(Ok(message))
            }
            Err(error) => {
                self.rest = &[];
                Some(Err(error.behind(self.offset)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_length_is_an_error_and_ends() {
        let bytes = [0u8; 32];
        let mut messages = Messages::new(&bytes);
        assert!(messages.next().unwrap().is_err());
        assert!(messages.next().is_none());
    }

    #[test]
    fn missing_padding_of_the_last_message_is_accepted() {
        let mut bytes = vec![0u8; 17];
        bytes[..4].copy_from_slice(&17u32.to_ne_bytes());
        let messages: Vec<_> = Messages::new(&bytes).collect();
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].as_ref().unwrap().payload.len(), 1);
    }
}
