//! Attributes: `struct nlattr`, walked and borrowed.
//!
//! ```text
//! +-------------------------------+---+---+-----------------------+
//! | nla_len (these 4 bytes incl.) | N | O |     nla_type (14 bit) |
//! +-------------------------------+---+---+-----------------------+
//! | payload, then padding to a multiple of 4 …                    |
//! ```
//!
//! N: [`NLA_F_NESTED`], O: [`NLA_F_NET_BYTEORDER`]. Source: include/uapi/linux/netlink.h.

use zerocopy::native_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{DecodeError, What};
use crate::header::align;

/// The attribute's payload is attributes.
pub const NLA_F_NESTED: u16 = 0x8000;
/// The attribute's payload is in network byte order.
pub const NLA_F_NET_BYTEORDER: u16 = 0x4000;
/// The part of `nla_type` that is the attribute's number.
pub const NLA_TYPE_MASK: u16 = 0x3fff;
/// Length of an attribute's header.
pub const ATTR_HEADER_LEN: usize = 4;

/// `struct nlattr` (or `rtattr`): an attribute's header.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct AttrHeader {
    pub(crate) len: U16,
    pub(crate) raw_type: U16,
}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attr<'a> {
    /// `nla_type` as it stands on the wire, flag bits included.
    pub raw_type: u16,
    /// The payload, without padding.
    pub payload: &'a [u8],
}

impl<'a> Attr<'a> {
    /// The attribute's number, flag bits removed.
    #[must_use]
    #[inline]
    pub fn number(&self) -> u16 {
        self.raw_type & NLA_TYPE_MASK
    }

    /// The attributes inside, if this is a nest.
    #[must_use]
    pub fn attrs(&self) -> Attrs<'a> {
        Attrs::new(self.payload)
    }

    /// The attribute at the start of `bytes`.
    #[inline]
    pub(crate) fn first(bytes: &'a [u8]) -> Result<Self, What> {
        let Ok((header, _)) = AttrHeader::ref_from_prefix(bytes) else {
            return Err(What::TruncatedAttr);
        };
        let len = usize::from(header.len.get());
        let payload = bytes.get(ATTR_HEADER_LEN..len).ok_or(What::BadAttrLength)?;
        Ok(Self {
            raw_type: header.raw_type.get(),
            payload,
        })
    }

    /// The attribute at the start of `bytes`, and the bytes behind its padding.
    #[inline]
    pub(crate) fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), What> {
        let attr = Self::first(bytes)?;
        let len = align(ATTR_HEADER_LEN + attr.payload.len());
        Ok((attr, bytes.get(len..).unwrap_or(&[])))
    }
}

/// Iterates over attributes in wire order: at most one error, then the end.
#[derive(Clone, Copy, Debug)]
pub struct Attrs<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Attrs<'a> {
    /// The attributes in `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            offset: 0,
        }
    }

    /// Where the next attribute starts, counted from the start.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl<'a> Iterator for Attrs<'a> {
    type Item = Result<Attr<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match Attr::split(self.rest) {
            Ok((attr, rest)) => {
                self.offset += self.rest.len() - rest.len();
                self.rest = rest;
                Some(Ok(attr))
            }
            Err(what) => {
                self.rest = &[];
                Some(Err(DecodeError::new(self.offset, what)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_below_the_header_is_an_error_and_ends() {
        let mut attrs = Attrs::new(&[3, 0, 1, 0, 9, 9, 9, 9]);
        assert_eq!(
            attrs.next().unwrap().unwrap_err(),
            DecodeError::new(0, What::BadAttrLength)
        );
        assert!(attrs.next().is_none());
    }

    #[test]
    fn the_padding_of_the_last_attribute_may_be_missing() {
        let mut bytes = Vec::new();
        bytes.extend(5u16.to_ne_bytes());
        bytes.extend((7 | NLA_F_NESTED).to_ne_bytes());
        bytes.push(0xab);
        let attrs: Vec<_> = Attrs::new(&bytes).map(Result::unwrap).collect();
        assert_eq!(attrs.len(), 1);
        assert_eq!((attrs[0].number(), attrs[0].payload), (7, &[0xab][..]));
    }
}
