//! What can go wrong: in bytes ([`DecodeError`], [`EncodeError`]), at the kernel ([`KernelError`]),
//! on the socket ([`Error`]).

use std::borrow::Cow;
use std::{fmt, io};

use crate::errno::Errno;
use crate::extack::Policy;
use crate::socket::SEND_RESERVE;

/// Bytes that are not a valid message: what is wrong, where, and in which attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Offset in bytes from the start of what was parsed.
    pub offset: usize,
    /// What is wrong.
    pub what: What,
    /// The attribute or table it is in; empty if none.
    pub name: &'static str,
}

/// What is wrong with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// Fewer bytes than the fixed header.
    TruncatedHeader,
    /// `nlmsg_len` is below 16 or beyond the datagram.
    BadMessageLength,
    /// Fewer than 4 bytes where an attribute should start.
    TruncatedAttr,
    /// `nla_len` is below 4 or beyond its container.
    BadAttrLength,
    /// A known attribute whose payload cannot be of its kind.
    BadAttrSize,
    /// Attributes nested deeper than anything the kernel sends.
    TooDeep,
    /// More bytes than a netlink message can have.
    TooLong,
    /// A reply of another type than the request's.
    UnexpectedType,
    /// A value that its type does not have.
    BadValue,
}

impl DecodeError {
    /// An error at `offset`.
    #[must_use]
    pub const fn new(offset: usize, what: What) -> Self {
        Self {
            offset,
            what,
            name: "",
        }
    }

    /// The same, `len` bytes further on: the offset was counted from the start of a part.
    #[must_use]
    pub const fn behind(self, len: usize) -> Self {
        Self {
            offset: self.offset + len,
            ..self
        }
    }

    /// The same, inside `name`, unless a more precise name is known.
    #[must_use]
    pub const fn within(self, name: &'static str) -> Self {
        if self.name.is_empty() {
            Self { name, ..self }
        } else {
            self
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.what {
            What::TruncatedHeader => "header cut off",
            What::BadMessageLength => "impossible message length",
            What::TruncatedAttr => "attribute header cut off",
            What::BadAttrLength => "impossible attribute length",
            What::BadAttrSize => "attribute of a wrong size",
            What::TooDeep => "attributes nested too deep",
            What::TooLong => "message too long",
            What::UnexpectedType => "reply of an unexpected type",
            What::BadValue => "impossible value",
        })?;
        if !self.name.is_empty() {
            write!(f, " in {}", self.name)?;
        }
        write!(f, " at byte {}", self.offset)
    }
}

impl std::error::Error for DecodeError {}

/// A request that no netlink message can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The attribute's length field has 16 bits.
    AttrTooLong {
        /// The attribute's number.
        number: u16,
        /// Its payload in bytes.
        len: usize,
    },
    /// A string that ends with a NUL has one inside.
    NulInside {
        /// The attribute's number.
        number: u16,
    },
    /// The message's length field has 32 bits.
    MessageTooLong,
    /// A value that the kernel would refuse without a word, or misread.
    BadValue {
        /// The attribute's name, `IFLA_IFNAME`.
        attr: &'static str,
        /// What is wrong with it: "longer than 15 bytes".
        what: &'static str,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AttrTooLong { number, len } => {
                write!(
                    f,
                    "attribute {number} is {len} bytes long, at most 65531 fit"
                )
            }
            Self::NulInside { number } => {
                write!(f, "attribute {number} is a text with a NUL inside")
            }
            Self::MessageTooLong => f.write_str("the message is longer than 4 GiB"),
            Self::BadValue { attr, what } => write!(f, "{attr} is {what}"),
        }
    }
}

impl std::error::Error for EncodeError {}

/// A refusal by the kernel.
///
/// Shown as `RTM_NEWLINK: VXLAN ID must be lower than 16777216 (ERANGE) at IFLA_LINKINFO >
/// IFLA_INFO_DATA > IFLA_VXLAN_ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelError {
    /// The request's name, `RTM_NEWLINK`.
    pub request: Cow<'static, str>,
    /// What the kernel answered.
    pub errno: Errno,
    /// The kernel's own words, if it had any.
    pub message: Option<String>,
    /// The attribute it points at, outermost nest first; empty if none.
    pub path: Vec<Cow<'static, str>>,
    /// Whether `path` names an attribute that is missing, not one that is wrong.
    pub missing: bool,
    /// What the kernel would have accepted there.
    pub policy: Option<Policy>,
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.request)?;
        match &self.message {
            Some(message) => f.write_str(message)?,
            None => f.write_str(self.errno.description())?,
        }
        write!(f, " ({})", self.errno)?;
        if !self.path.is_empty() {
            f.write_str(if self.missing { ", missing " } else { " at " })?;
            for (i, name) in self.path.iter().enumerate() {
                if i > 0 {
                    f.write_str(" > ")?;
                }
                f.write_str(name)?;
            }
        }
        if let Some(policy) = &self.policy {
            write!(f, ", expects {policy}")?;
        }
        Ok(())
    }
}

impl std::error::Error for KernelError {}

/// Everything a connection can fail with.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The kernel refused the request.
    Kernel(Box<KernelError>),
    /// A system call failed.
    Io {
        /// What was being done: "open a netlink socket".
        operation: &'static str,
        /// How it failed.
        source: io::Error,
    },
    /// The kernel's answer could not be read.
    Decode(DecodeError),
    /// The request cannot be written.
    Encode(EncodeError),
    /// What was listed changed while it was listed (`NLM_F_DUMP_INTR`): the answer may be
    /// incomplete. Ask again.
    Interrupted,
    /// The receive buffer overran and answers were lost (`ENOBUFS`); what was asked was done or
    /// not, and nobody knows.
    Overrun,
    /// The kernel did not answer within the connection's timeout.
    NoAnswer,
    /// The kernel answered a request for an object, and not with one.
    NoObject,
    /// A datagram was longer than the receive buffer, which has grown: ask again.
    Truncated {
        /// The datagram's length in bytes.
        len: usize,
    },
    /// A request that must go out in one datagram is larger than the socket's send buffer.
    TooLarge {
        /// The datagram's length in bytes.
        len: usize,
        /// The longest that the socket takes, in bytes.
        limit: usize,
    },
}

impl Error {
    /// A system call that failed while doing `operation`.
    pub fn io(operation: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, source }
    }

    /// The kernel's refusal, if this is one.
    #[must_use]
    pub fn kernel(&self) -> Option<&KernelError> {
        match self {
            Self::Kernel(error) => Some(error),
            _ => None,
        }
    }

    /// The errno of a refusal or of a failed system call.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Kernel(error) => Some(error.errno),
            Self::Io { source, .. } => source.raw_os_error().map(Errno),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(error) => fmt::Display::fmt(error, f),
            Self::Io { operation, source } => write!(f, "cannot {operation}: {source}"),
            Self::Decode(error) => write!(f, "cannot read the kernel's answer: {error}"),
            Self::Encode(error) => write!(f, "cannot write the request: {error}"),
            Self::Interrupted => {
                f.write_str("the list changed while it was read, it may be incomplete")
            }
            Self::Overrun => f.write_str("the receive buffer overran, answers were lost"),
            Self::NoAnswer => f.write_str("the kernel did not answer in time"),
            Self::NoObject => f.write_str("the kernel's answer has no object in it"),
            Self::Truncated { len } => {
                write!(
                    f,
                    "a datagram of {len} bytes was longer than the receive buffer"
                )
            }
            Self::TooLarge { len, limit } => write!(
                f,
                "a request of {len} bytes is larger than the socket's send buffer takes \
                 ({limit} bytes); raise net.core.wmem_max to {}",
                wmem_max(*len)
            ),
        }
    }
}

/// What `net.core.wmem_max` must be for a datagram of `len` bytes: the kernel doubles what it is given,
/// and keeps 32 bytes free.
fn wmem_max(len: usize) -> usize {
    len.saturating_add(SEND_RESERVE).div_ceil(2)
}

// Without a source: what is inside is part of what is shown, and would be shown twice.
impl std::error::Error for Error {}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}
