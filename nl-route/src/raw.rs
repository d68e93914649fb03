//! [`RawRequest`]: an object as it was read, sent back.

use nl_core::{Request, Writer};

use crate::protocol::Route;

/// Any message: its type, its flags, and its payload as bytes.
///
/// What a dump gave is written back without loss, attributes included that have no name here:
/// with `RTM_DELROUTE` to delete exactly this route, with `RTM_NEWROUTE` to restore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawRequest<'a> {
    /// `nlmsg_type`.
    pub message_type: u16,
    /// `nlmsg_flags` beside those of the exchange.
    pub flags: u16,
    /// Fixed header and attributes.
    pub payload: &'a [u8],
}

impl Request for RawRequest<'_> {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        self.message_type
    }
    fn flags(&self) -> u16 {
        self.flags
    }
    fn write(&self, out: &mut Writer) {
        out.bytes_mut().extend_from_slice(self.payload);
    }
}
