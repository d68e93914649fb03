//! Small nests in a link: XDP programs, alternative names, reasons for being held down.

use nl_core::Kind;
use nl_core::kind::{I32, Str, U8, U32};

nl_core::attrs! {
    /// `IFLA_XDP_*`: attached XDP programs. Source: include/uapi/linux/if_link.h.
    pub table XDP_ATTRS: (), view XdpView, writer XdpWriter;
    values {
        /// Request: the program; -1 detaches.
        IFLA_XDP_FD = 1, fd: I32;
        /// 0 none, 1 driver, 2 generic, 3 hardware, 4 several.
        IFLA_XDP_ATTACHED = 2, attached: U8;
        /// Request: `XDP_FLAGS_*`.
        IFLA_XDP_FLAGS = 3, flags: U32;
        /// Program id.
        IFLA_XDP_PROG_ID = 4, prog_id: U32;
        /// Program id in the driver.
        IFLA_XDP_DRV_PROG_ID = 5, drv_prog_id: U32;
        /// Program id in the generic path.
        IFLA_XDP_SKB_PROG_ID = 6, skb_prog_id: U32;
        /// Program id in hardware.
        IFLA_XDP_HW_PROG_ID = 7, hw_prog_id: U32;
        /// Request: the program that must be attached now.
        IFLA_XDP_EXPECTED_FD = 8, expected_fd: I32;
    }
}

/// `IFLA_ALT_IFNAME` as it stands inside `IFLA_PROP_LIST`.
mod prop {
    use super::Str;

    nl_core::attrs! {
        /// `IFLA_PROP_LIST`: alternative names. Source: include/uapi/linux/if_link.h.
        pub table PROP_LIST_ATTRS: (), view PropListView, writer PropListWriter;
        values {
            /// One alternative name, up to 127 bytes; there may be many, see
            /// [`altnames`](PropListView::altnames).
            IFLA_ALT_IFNAME = 53, altname: Str;
        }
    }
}

pub use prop::{PROP_LIST_ATTRS, PropListView, PropListWriter};

impl<'a> PropListView<'a> {
    /// All alternative names.
    pub fn altnames(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.attrs()
            .flatten()
            .filter(|attr| attr.number() == prop::IFLA_ALT_IFNAME)
            .filter_map(|attr| Str::read(attr.payload))
    }
}

nl_core::attrs! {
    /// `IFLA_PROTO_DOWN_REASON_*`: reasons for being held down. Source: include/uapi/linux/if_link.h.
    pub table PROTO_DOWN_REASON_ATTRS: (), view ProtoDownReasonView, writer ProtoDownReasonWriter;
    values {
        /// Request: which bits are meant.
        IFLA_PROTO_DOWN_REASON_MASK = 1, mask: U32;
        /// A bit per reason.
        IFLA_PROTO_DOWN_REASON_VALUE = 2, value: U32;
    }
}
