//! `struct nlmsghdr`, the flags it carries, and `struct nlmsgerr`.
//!
//! ```text
//!  0               1               2               3
//! +---------------------------------------------------------------+
//! |                nlmsg_len (header included)                    |
//! +-------------------------------+-------------------------------+
//! |           nlmsg_type          |          nlmsg_flags          |
//! +-------------------------------+-------------------------------+
//! |                           nlmsg_seq                           |
//! +---------------------------------------------------------------+
//! |                           nlmsg_pid (a port, not a process)   |
//! +---------------------------------------------------------------+
//! ```
//!
//! All fields are in host byte order. Source: include/uapi/linux/netlink.h; netlink(7).

use zerocopy::native_endian::{I32, U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// `struct nlmsghdr`: the header of every netlink message.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Length of the message in bytes, this header included, padding behind it excluded.
    pub len: U32,
    /// Message type: a control type below [`NLMSG_MIN_TYPE`], else one of the protocol's.
    pub message_type: U16,
    /// `NLM_F_*`.
    pub flags: U16,
    /// Sequence number: a reply carries that of its request.
    pub seq: U32,
    /// Port of the sender; 0 is the kernel. In a reply: the port of who asked.
    pub port: U32,
}

const _: () = assert!(size_of::<Header>() == 16);

/// Length of [`Header`], `NLMSG_HDRLEN`.
pub const HEADER_LEN: usize = size_of::<Header>();

/// The first part of an `NLMSG_ERROR`: `struct nlmsgerr`, whose second part is the request's header.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ErrorHeader {
    /// Negative errno, or 0 for an acknowledgement.
    pub error: I32,
    /// The header of the message that is answered.
    pub request: Header,
}

const _: () = assert!(size_of::<ErrorHeader>() == 20);

/// Nothing; to be ignored.
pub const NLMSG_NOOP: u16 = 1;
/// An error, or with errno 0 an acknowledgement.
pub const NLMSG_ERROR: u16 = 2;
/// End of a multipart reply; the payload holds an errno.
pub const NLMSG_DONE: u16 = 3;
/// Data was lost.
pub const NLMSG_OVERRUN: u16 = 4;
/// Types below this are control messages, the same for all protocols.
pub const NLMSG_MIN_TYPE: u16 = 16;

/// The message asks something of the kernel.
pub const NLM_F_REQUEST: u16 = 0x01;
/// Part of a reply of several messages, ended by [`NLMSG_DONE`].
pub const NLM_F_MULTI: u16 = 0x02;
/// Answer with an acknowledgement even on success.
pub const NLM_F_ACK: u16 = 0x04;
/// Send the resulting notification to the requester too.
pub const NLM_F_ECHO: u16 = 0x08;
/// The dump was inconsistent: the listed objects changed while it ran.
pub const NLM_F_DUMP_INTR: u16 = 0x10;
/// The kernel applied the request's dump filter.
pub const NLM_F_DUMP_FILTERED: u16 = 0x20;
/// Get: the whole table.
pub const NLM_F_ROOT: u16 = 0x100;
/// Get: all entries that match.
pub const NLM_F_MATCH: u16 = 0x200;
/// Get: list all objects, `NLM_F_ROOT | NLM_F_MATCH`.
pub const NLM_F_DUMP: u16 = NLM_F_ROOT | NLM_F_MATCH;
/// New: replace what exists.
pub const NLM_F_REPLACE: u16 = 0x100;
/// New: fail if it exists.
pub const NLM_F_EXCL: u16 = 0x200;
/// New: create it if it does not exist.
pub const NLM_F_CREATE: u16 = 0x400;
/// New: put it at the end of the list.
pub const NLM_F_APPEND: u16 = 0x800;
/// Delete: only exactly what was named, no wildcards.
pub const NLM_F_NONREC: u16 = 0x100;
/// Delete: several objects at once.
pub const NLM_F_BULK: u16 = 0x200;
/// Error: the echoed request is its header only.
pub const NLM_F_CAPPED: u16 = 0x100;
/// Error or done: extended acknowledgement attributes follow.
pub const NLM_F_ACK_TLVS: u16 = 0x200;

/// Rounds a length up to the netlink alignment of 4 bytes (`NLMSG_ALIGN`, `NLA_ALIGN`).
#[must_use]
pub const fn align(len: usize) -> usize {
    len.saturating_add(3) & !3
}
