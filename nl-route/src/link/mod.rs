//! Links: `RTM_*LINK`.

use nl_core::MessageType;
use nl_core::kind::Str;
use zerocopy::native_endian::{I32, U16, U32 as Ne32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::protocol::{RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK, RTM_SETLINK};

pub(crate) const MESSAGES: &[MessageType] = &[
    MessageType {
        number: RTM_NEWLINK,
        name: "RTM_NEWLINK",
        table: &LINK_ATTRS,
    },
    MessageType {
        number: RTM_DELLINK,
        name: "RTM_DELLINK",
        table: &LINK_ATTRS,
    },
    MessageType {
        number: RTM_GETLINK,
        name: "RTM_GETLINK",
        table: &LINK_ATTRS,
    },
    MessageType {
        number: RTM_SETLINK,
        name: "RTM_SETLINK",
        table: &LINK_ATTRS,
    },
];

/// `struct ifinfomsg`, the fixed header of `RTM_*LINK`. Source: include/uapi/linux/rtnetlink.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct IfInfoMsg {
    /// Address family; `AF_UNSPEC`, or `AF_BRIDGE` for bridge ports.
    pub family: u8,
    /// Zero.
    pub pad: u8,
    /// Hardware type, `ARPHRD_*`.
    pub device_type: U16,
    /// Interface index; 0 in a create request lets the kernel choose.
    pub ifindex: I32,
    /// `IFF_*`.
    pub flags: Ne32,
    /// Which of the flags a request changes.
    pub change: Ne32,
}

const _: () = assert!(size_of::<IfInfoMsg>() == 16);

nl_core::attrs! {
    /// `IFLA_*`: attributes of `RTM_*LINK`. Source: include/uapi/linux/if_link.h.
    pub table LINK_ATTRS: IfInfoMsg, view LinkView, writer LinkWriter;
    values {
        /// Device name: 1 to 15 bytes, no `/`, no whitespace.
        IFLA_IFNAME = 3, name: Str;
    }
}
