//! Kind `netkit`: a pair like veth, whose ends run BPF programs.

use nl_core::kind::{U8, U16, U32};

use crate::link::{LINK_ATTRS, LinkView};

nl_core::attrs! {
    /// `IFLA_NETKIT_*`: settings of a netkit pair. Source: include/uapi/linux/if_link.h; ip-link(8).
    pub table NETKIT_ATTRS: (), view NetkitView, writer NetkitWriter;
    values {
        /// 1 on the end that manages the pair.
        IFLA_NETKIT_PRIMARY = 2, primary: U8;
        /// Without a program: 0 pass, 2 drop.
        IFLA_NETKIT_POLICY = 3, policy: U32;
        /// The same of the other end.
        IFLA_NETKIT_PEER_POLICY = 4, peer_policy: U32;
        /// 0 L2, 1 L3.
        IFLA_NETKIT_MODE = 5, mode: U32;
        /// 0 keeps mark and priority, 1 clears them (kernel 6.13).
        IFLA_NETKIT_SCRUB = 6, scrub: U32;
        /// The same of the other end (kernel 6.13).
        IFLA_NETKIT_PEER_SCRUB = 7, peer_scrub: U32;
        /// Bytes kept free before packets (kernel 6.14).
        IFLA_NETKIT_HEADROOM = 8, headroom: U16;
        /// Bytes kept free behind packets (kernel 6.14).
        IFLA_NETKIT_TAILROOM = 9, tailroom: U16;
    }
    chosen {
        /// The other end: `struct ifinfomsg` and link attributes, as in a message of its own.
        IFLA_NETKIT_PEER_INFO = 1, peer_bytes: by IFLA_NETKIT_PEER_INFO, |_| Some(&LINK_ATTRS);
    }
}

impl<'a> NetkitView<'a> {
    /// The other end, in a request; the kernel does not send it.
    #[must_use]
    pub fn peer(&self) -> Option<LinkView<'a>> {
        LinkView::parse(self.peer_bytes()?).ok()
    }
}
