//! [`Writer`]: appends messages and attributes to one reusable buffer.

use std::net::{IpAddr, Ipv6Addr};

use zerocopy::{Immutable, IntoBytes};

use crate::attr::{ATTR_HEADER_LEN, NLA_F_NESTED};
use crate::error::EncodeError;
use crate::header::{HEADER_LEN, Header, align};
use crate::kind::{Kind, write_array};
use crate::request::Request;

/// A buffer of messages.
///
/// Nests are closures, so none can stay open. An attribute whose length does not fit its 16 bits
/// is remembered and reported by [`message`](Self::message), which then takes the message back:
/// nothing is ever wrapped or sent half.
#[derive(Debug, Default)]
pub struct Writer {
    buffer: Vec<u8>,
    error: Option<EncodeError>,
}

impl Writer {
    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Empties the buffer and keeps its memory.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.error = None;
    }

    /// What was written, for keeping apart from a message: the attributes of a nest.
    ///
    /// # Errors
    ///
    /// As [`message`](Self::message).
    pub fn into_bytes(self) -> Result<Vec<u8>, EncodeError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.buffer),
        }
    }

    /// Gives the message up: [`message`](Self::message) takes it back and returns `error`, or an
    /// earlier one.
    pub fn fail(&mut self, error: EncodeError) {
        self.error.get_or_insert(error);
    }

    /// Appends one message: its header, and what `body` writes.
    ///
    /// # Errors
    ///
    /// An attribute longer than 65535 bytes, a text with a NUL inside, or a message over 4 GiB. The message is then
    /// not in the buffer.
    #[inline]
    pub fn message(
        &mut self,
        message_type: u16,
        flags: u16,
        seq: u32,
        body: impl FnOnce(&mut Self),
    ) -> Result<(), EncodeError> {
        let start = self.buffer.len();
        let header = Header {
            len: 0.into(),
            message_type: message_type.into(),
            flags: flags.into(),
            seq: seq.into(),
            port: 0.into(),
        };
        self.buffer.extend_from_slice(header.as_bytes());
        body(self);
        let error = self.error.take();
        let len = u32::try_from(self.buffer.len().saturating_sub(start))
            .map_err(|_| EncodeError::MessageTooLong);
        match (error, len) {
            (None, Ok(len)) => {
                if let Some(field) = self.buffer.get_mut(start..start + 4) {
                    field.copy_from_slice(&len.to_ne_bytes());
                }
                self.pad();
                Ok(())
            }
            (error, len) => {
                self.buffer.truncate(start);
                Err(error.or(len.err()).unwrap_or(EncodeError::MessageTooLong))
            }
        }
    }

    /// Appends a request as a message. `flags` are those of the exchange (`NLM_F_REQUEST`, at least);
    /// the request's own are added.
    ///
    /// A connection does this by itself; without one it shows what would be sent.
    ///
    /// # Errors
    ///
    /// As [`message`](Self::message).
    #[inline]
    pub fn request<R>(&mut self, request: &R, flags: u16, seq: u32) -> Result<(), EncodeError>
    where
        R: Request + ?Sized,
    {
        let flags = request.flags() | flags;
        self.message(request.message_type(), flags, seq, |out| request.write(out))
    }

    /// Takes back everything from `len` on; the length was read from [`bytes`](Self::bytes) at a message boundary.
    pub fn truncate(&mut self, len: usize) {
        self.buffer.truncate(len);
    }

    /// Appends a fixed header, padded to 4 bytes.
    #[inline]
    pub fn header<H: IntoBytes + Immutable>(&mut self, header: &H) {
        self.buffer.extend_from_slice(header.as_bytes());
        // Known while compiling, where the buffer's length is not.
        if !size_of::<H>().is_multiple_of(4) {
            self.pad();
        }
    }

    /// Appends one attribute.
    #[inline]
    pub fn attr<K: Kind>(&mut self, number: u16, value: K::Value<'_>) {
        K::write_attr(number, value, self);
    }

    /// Appends one attribute if there is a value for it.
    #[inline]
    pub fn attr_if<K: Kind>(&mut self, number: u16, value: Option<K::Value<'_>>) {
        if let Some(value) = value {
            self.attr::<K>(number, value);
        }
    }

    /// Appends an address as [`Ip`](crate::kind::Ip) does, 4 or 16 bytes, read where it stands.
    ///
    /// A copy of an address loads 16 bytes. When only an IPv4 address' 4 have just been stored, that
    /// load waits for the store to be through, which costs as much as all of the writing.
    #[inline]
    pub fn addr(&mut self, number: u16, addr: &IpAddr) {
        match addr {
            IpAddr::V4(v4) => write_array::<4, 8>(number, v4.octets(), self),
            IpAddr::V6(v6) => self.addr_v6(number, v6),
        }
    }

    /// Out of line: else its load is moved before the question whether there are 16 bytes.
    #[inline(never)]
    fn addr_v6(&mut self, number: u16, v6: &Ipv6Addr) {
        write_array::<16, 20>(number, v6.octets(), self);
    }

    /// Appends any attribute; `raw_type` goes out as it is, flag bits included.
    pub fn raw(&mut self, raw_type: u16, payload: &[u8]) {
        self.attr_with(raw_type, |out| out.buffer.extend_from_slice(payload));
    }

    /// Appends a nest: an attribute, marked [`NLA_F_NESTED`], of what `write` appends.
    #[inline]
    pub fn nest(&mut self, number: u16, write: impl FnOnce(&mut Self)) {
        self.attr_with(number | NLA_F_NESTED, write);
    }

    /// Appends an attribute whose payload `write` appends.
    #[inline]
    pub fn attr_with(&mut self, raw_type: u16, write: impl FnOnce(&mut Self)) {
        let start = self.buffer.len();
        let [type_low, type_high] = raw_type.to_ne_bytes();
        self.buffer.extend_from_slice(&[0, 0, type_low, type_high]);
        write(self);
        match u16::try_from(self.buffer.len().saturating_sub(start)) {
            Ok(len) => {
                if let Some(field) = self.buffer.get_mut(start..start + 2) {
                    field.copy_from_slice(&len.to_ne_bytes());
                }
                self.pad();
            }
            Err(_) => self.attr_too_long(start, raw_type & !NLA_F_NESTED),
        }
    }

    /// Appends bytes as they are, for payloads that are not attributes (`struct rtnexthop`). What stands there
    /// already must stay: lengths are counted from it.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Appends zeroes up to the next multiple of 4.
    #[inline]
    pub fn pad(&mut self) {
        let len = self.buffer.len();
        let padding = align(len) - len;
        if padding != 0 {
            self.buffer
                .extend_from_slice([0u8; 3].get(..padding).unwrap_or(&[]));
        }
    }

    #[cold]
    fn attr_too_long(&mut self, start: usize, number: u16) {
        let len = self.buffer.len().saturating_sub(start) - ATTR_HEADER_LEN;
        self.buffer.truncate(start);
        self.error
            .get_or_insert(EncodeError::AttrTooLong { number, len });
    }

    /// Throws away what stands before `start`, a message boundary.
    pub(crate) fn keep_from(&mut self, start: usize) {
        self.buffer.drain(..start.min(self.buffer.len()));
    }

    /// Gives the message that starts at `start` another sequence number.
    pub(crate) fn set_seq(&mut self, start: usize, seq: u32) {
        if let Some(field) = self.buffer.get_mut(start + 8..start + 12) {
            field.copy_from_slice(&seq.to_ne_bytes());
        }
    }

    /// Marks the message that starts at `start` with further flags.
    pub(crate) fn add_flags(&mut self, start: usize, flags: u16) {
        if let Some(header) = self.buffer.get_mut(start..start + HEADER_LEN)
            && let Ok(header) = <Header as zerocopy::FromBytes>::mut_from_bytes(header)
        {
            header.flags.set(header.flags.get() | flags);
        }
    }
}

/// Appends the elements of a list: `NFTA_LIST_ELEM` attributes that each hold attributes.
#[derive(Debug)]
pub struct ListWriter<'w> {
    out: &'w mut Writer,
}

impl<'w> ListWriter<'w> {
    /// A list inside a nest that is open in `out`.
    #[doc(hidden)]
    pub fn new(out: &'w mut Writer) -> Self {
        Self { out }
    }

    /// Appends one element with number 1, as `NFTA_LIST_ELEM`.
    pub fn element(&mut self, write: impl FnOnce(&mut Writer)) -> &mut Self {
        self.numbered(1, write)
    }

    /// Appends one element with a number of its own.
    pub fn numbered(&mut self, number: u16, write: impl FnOnce(&mut Writer)) -> &mut Self {
        self.out.nest(number, write);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Bytes, Str, U32};

    #[test]
    fn padding_is_zero_and_only_the_attribute_length_excludes_it() {
        let mut out = Writer::new();
        out.bytes_mut().resize(64, 0xa5);
        out.clear();
        out.message(16, 1, 7, |out| out.attr::<Str>(3, "veth0"))
            .unwrap();
        let mut want = Vec::new();
        want.extend(28u32.to_ne_bytes());
        want.extend(16u16.to_ne_bytes());
        want.extend(1u16.to_ne_bytes());
        want.extend(7u32.to_ne_bytes());
        want.extend([0; 4]);
        want.extend(10u16.to_ne_bytes());
        want.extend(3u16.to_ne_bytes());
        want.extend(b"veth0\0\0\0");
        assert_eq!(out.bytes(), want);
    }

    #[test]
    fn a_text_with_a_nul_inside_takes_the_message_back() {
        let mut out = Writer::new();
        let error = out
            .message(16, 0, 1, |out| out.attr::<Str>(3, "eth0\0x"))
            .unwrap_err();
        assert_eq!(error, EncodeError::NulInside { number: 3 });
        assert!(out.bytes().is_empty());
    }

    #[test]
    fn an_attribute_over_64_kib_takes_the_message_back() {
        let mut out = Writer::new();
        out.message(16, 0, 1, |out| out.attr::<U32>(1, 1)).unwrap();
        let before = out.bytes().to_vec();
        let error = out
            .message(16, 0, 2, |out| {
                out.nest(5, |out| out.attr::<Bytes>(2, &[0; 65_532]))
            })
            .unwrap_err();
        assert_eq!(
            error,
            EncodeError::AttrTooLong {
                number: 2,
                len: 65_532
            }
        );
        assert_eq!(out.bytes(), before);
        let error = out
            .message(16, 0, 2, |out| {
                out.nest(5, |out| out.attr::<Bytes>(2, &[0; 65_530]))
            })
            .unwrap_err();
        assert_eq!(
            error,
            EncodeError::AttrTooLong {
                number: 5,
                len: 65_536
            }
        );
        assert_eq!(out.bytes(), before);
        out.message(16, 0, 2, |out| out.attr::<Bytes>(2, &[0; 65_531]))
            .unwrap();
    }
}
