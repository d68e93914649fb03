//! `reject`: refusals.

use nl_core::kind::U8;

use crate::value::numbers;

expression! {
    /// Drops the packet and tells its sender.
    pub struct Reject = "reject", table REJECT_ATTRS, view RejectView, writer RejectWriter;
    fields {
        /// What the sender is told with.
        NFTA_REJECT_TYPE = 1, kind: RejectType, required;
        /// The code of the ICMP message, or one of [`IcmpxCode`].
        NFTA_REJECT_ICMP_CODE = 2, code: U8, optional;
    }
}

numbers! {
    /// `NFT_REJECT_*`: what the sender is told with.
    pub struct RejectType: Be32(u32) {
        /// ICMP or ICMPv6 destination unreachable.
        ICMP_UNREACH = 0;
        /// A TCP reset.
        TCP_RST = 1;
        /// ICMP or ICMPv6, whichever fits the packet.
        ICMPX_UNREACH = 2;
    }
}

numbers! {
    /// `NFT_REJECT_ICMPX_*`: codes for both families.
    pub struct IcmpxCode: U8(u8) {
        /// No route.
        NO_ROUTE = 0;
        /// Port unreachable.
        PORT_UNREACH = 1;
        /// Host unreachable.
        HOST_UNREACH = 2;
        /// Prohibited.
        ADMIN_PROHIBITED = 3;
    }
}
