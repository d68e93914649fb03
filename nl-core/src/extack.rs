//! Extended acknowledgements: the kernel's words, the attribute they point at, what it would accept.
//!
//! ```text
//! NLMSG_ERROR: nlmsghdr | error | request's nlmsghdr | rest of the request (unless NLM_F_CAPPED) | attributes
//! NLMSG_DONE:  nlmsghdr | error | attributes
//! ```
//!
//! Attributes are there if the flags say `NLM_F_ACK_TLVS`. Source: include/uapi/linux/netlink.h.

use std::borrow::Cow;
use std::fmt;

use crate::attr::ATTR_HEADER_LEN;
use crate::errno::Errno;
use crate::error::KernelError;
use crate::header::{ErrorHeader, HEADER_LEN, NLM_F_ACK_TLVS, NLM_F_CAPPED, align};
use crate::kind::{Bytes, I64, Str, U32, U64};
use crate::message::Message;
use crate::request::MessageType;

crate::attrs! {
    /// `NLMSGERR_ATTR_*`: what an extended acknowledgement says.
    pub table NLMSGERR_ATTRS: (), view ExtackView, writer ExtackWriter;
    values {
        /// The kernel's message.
        NLMSGERR_ATTR_MSG = 1, message: Str;
        /// Offset of the attribute that is wrong, from the start of the request's message header.
        NLMSGERR_ATTR_OFFS = 2, offset: U32;
        /// Protocol-specific data on success.
        NLMSGERR_ATTR_COOKIE = 3, cookie: Bytes;
        /// Number of an attribute that is missing.
        NLMSGERR_ATTR_MISS_TYPE = 5, missing_type: U32;
        /// Offset of the nest in which it is missing; absent for the top level.
        NLMSGERR_ATTR_MISS_NEST = 6, missing_nest: U32;
    }
    nests {
        /// What the kernel accepts for the attribute at the offset.
        NLMSGERR_ATTR_POLICY = 4, policy: PolicyView, PolicyWriter, NL_POLICY_TYPE_ATTRS;
    }
}

crate::attrs! {
    /// `NL_POLICY_TYPE_ATTR_*`: what the kernel accepts for an attribute.
    pub table NL_POLICY_TYPE_ATTRS: (), view PolicyView, writer PolicyWriter;
    values {
        /// `NL_ATTR_TYPE_*`.
        NL_POLICY_TYPE_ATTR_TYPE = 1, attr_type: U32;
        /// Smallest signed value.
        NL_POLICY_TYPE_ATTR_MIN_VALUE_S = 2, min_signed: I64;
        /// Largest signed value.
        NL_POLICY_TYPE_ATTR_MAX_VALUE_S = 3, max_signed: I64;
        /// Smallest unsigned value.
        NL_POLICY_TYPE_ATTR_MIN_VALUE_U = 4, min_unsigned: U64;
        /// Largest unsigned value.
        NL_POLICY_TYPE_ATTR_MAX_VALUE_U = 5, max_unsigned: U64;
        /// Shortest payload in bytes.
        NL_POLICY_TYPE_ATTR_MIN_LENGTH = 6, min_length: U32;
        /// Longest payload in bytes.
        NL_POLICY_TYPE_ATTR_MAX_LENGTH = 7, max_length: U32;
        /// Number of the policy inside a nest.
        NL_POLICY_TYPE_ATTR_POLICY_IDX = 8, policy_index: U32;
        /// Largest attribute number inside a nest.
        NL_POLICY_TYPE_ATTR_POLICY_MAXTYPE = 9, policy_maxtype: U32;
        /// Bits that a bitfield may have.
        NL_POLICY_TYPE_ATTR_BITFIELD32_MASK = 10, bitfield_mask: U32;
        /// Alignment of the 64-bit values; says nothing.
        NL_POLICY_TYPE_ATTR_PAD = 11, pad: Bytes;
        /// Bits that an unsigned value may have.
        NL_POLICY_TYPE_ATTR_MASK = 12, mask: U64;
    }
}

/// Names of `NL_ATTR_TYPE_*`, by number.
const ATTR_TYPES: &[&str] = &[
    "nothing",
    "a flag",
    "u8",
    "u16",
    "u32",
    "u64",
    "s8",
    "s16",
    "s32",
    "s64",
    "bytes",
    "a string",
    "a NUL-terminated string",
    "a nest",
    "a list of nests",
    "a bitfield",
    "sint",
    "uint",
];

/// What the kernel accepts for an attribute (`NLMSGERR_ATTR_POLICY`); shown as `u32, 0..=4094`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The payload's type in words.
    pub attr_type: Cow<'static, str>,
    /// Smallest and largest value.
    pub range: Option<(i128, i128)>,
    /// Shortest and longest payload in bytes.
    pub length: (Option<u32>, Option<u32>),
    /// Bits that may be set.
    pub mask: Option<u64>,
}

impl Policy {
    fn read(view: PolicyView<'_>) -> Self {
        let number = view.attr_type().unwrap_or(0);
        let name = usize::try_from(number)
            .ok()
            .and_then(|at| ATTR_TYPES.get(at));
        let signed = view.min_signed().zip(view.max_signed());
        let unsigned = view.min_unsigned().zip(view.max_unsigned());
        Self {
            attr_type: name.map_or_else(|| format!("type {number}").into(), |&n| Cow::Borrowed(n)),
            range: signed
                .map(|(min, max)| (min.into(), max.into()))
                .or(unsigned.map(|(min, max)| (min.into(), max.into()))),
            length: (view.min_length(), view.max_length()),
            mask: view.mask().or(view.bitfield_mask().map(u64::from)),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.attr_type)?;
        if let Some((min, max)) = self.range {
            write!(f, ", {min}..={max}")?;
        }
        match self.length {
            (Some(min), Some(max)) => write!(f, ", {min} to {max} bytes")?,
            (Some(min), None) => write!(f, ", at least {min} bytes")?,
            (None, Some(max)) => write!(f, ", at most {max} bytes")?,
            (None, None) => {}
        }
        if let Some(mask) = self.mask {
            write!(f, ", bits of {mask:#x}")?;
        }
        Ok(())
    }
}

/// An `NLMSG_ERROR` or the error in an `NLMSG_DONE`, still in the receive buffer.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// The errno; 0 for an acknowledgement.
    pub errno: i32,
    extack: &'a [u8],
}

impl<'a> Failure<'a> {
    /// Reads an `NLMSG_ERROR`. A damaged acknowledgement behind the errno is left out: it never hides the errno.
    #[must_use]
    pub fn from_error(message: &Message<'a>) -> Option<Self> {
        let (header, _) =
            <ErrorHeader as zerocopy::FromBytes>::ref_from_prefix(message.payload).ok()?;
        let echoed = if message.flags() & NLM_F_CAPPED != 0 {
            HEADER_LEN
        } else {
            usize::try_from(header.request.len.get())
                .ok()?
                .max(HEADER_LEN)
        };
        let extack = match message.flags() & NLM_F_ACK_TLVS {
            0 => None,
            _ => message.payload.get(4usize.saturating_add(align(echoed))..),
        };
        Some(Self {
            errno: header.error.get().checked_neg().unwrap_or(i32::MAX),
            extack: extack.unwrap_or(&[]),
        })
    }

    /// Reads an `NLMSG_DONE`, whose errno may be absent.
    #[must_use]
    pub fn from_done(message: &Message<'a>) -> Self {
        let (errno, rest) = match message.payload.split_first_chunk::<4>() {
            Some((errno, rest)) => (i32::from_ne_bytes(*errno), rest),
            None => (0, &[][..]),
        };
        let has_attrs = message.flags() & NLM_F_ACK_TLVS != 0;
        // A dump may end with a positive count (IPv6 routes); only a negative errno is a failure.
        Self {
            errno: errno.min(0).checked_neg().unwrap_or(i32::MAX),
            extack: if has_attrs { rest } else { &[] },
        }
    }

    /// The extended acknowledgement, if there is a valid one.
    #[must_use]
    pub fn extack(&self) -> Option<ExtackView<'a>> {
        if self.extack.is_empty() {
            None
        } else {
            ExtackView::parse(self.extack).ok()
        }
    }

    /// Puts the failure in words: `request` is the message as we sent it, of the given type.
    #[must_use]
    pub fn explain(
        &self,
        request: Option<Message<'_>>,
        message_type: Option<&MessageType>,
    ) -> KernelError {
        let extack = self.extack();
        let table = message_type.map(|t| t.table);
        let number = request.map_or(0, |r| r.message_type());
        let mut error = KernelError {
            request: match message_type {
                Some(message_type) => Cow::Borrowed(message_type.name),
                None => Cow::Owned(format!("message type {number}")),
            },
            errno: Errno(self.errno),
            message: extack.and_then(|e| e.message()).map(str::to_owned),
            path: Vec::new(),
            missing: false,
            policy: extack.and_then(|e| e.policy()).map(Policy::read),
        };
        let (Some(extack), Some(request), Some(table)) = (extack, request, table) else {
            return error;
        };
        let attrs = request.payload.get(table.header_len..).unwrap_or(&[]);
        // Offsets count from the request's message header.
        let in_attrs = |offset: u32| {
            usize::try_from(offset)
                .ok()?
                .checked_sub(HEADER_LEN + table.header_len)
        };
        if let Some(missing) = extack.missing_type().and_then(|n| u16::try_from(n).ok()) {
            error.missing = true;
            let inner = match extack.missing_nest() {
                Some(nest) => {
                    in_attrs(nest).and_then(|offset| table.locate(attrs, offset, &mut error.path))
                }
                None => Some(table),
            };
            error.path.push(match inner {
                Some(inner) => inner.attr_name(missing),
                None => Cow::Owned(format!("attribute {missing}")),
            });
        } else if let Some(offset) = extack.offset().and_then(in_attrs) {
            table.locate(attrs, offset, &mut error.path);
        }
        error
    }
}

const _: () = assert!(ATTR_HEADER_LEN == 4);
