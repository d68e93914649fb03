//! Kind `hsr`: two ports that carry everything twice (HSR, PRP).

use nl_core::kind::{LinkAddr, U8, U16, U32};

nl_core::attrs! {
    /// `IFLA_HSR_*`: settings of an HSR device. Source: include/uapi/linux/if_link.h; ip-link(8).
    pub table HSR_ATTRS: (), view HsrView, writer HsrWriter;
    values {
        /// Interface index of the first port.
        IFLA_HSR_SLAVE1 = 1, slave1: U32;
        /// Interface index of the second port.
        IFLA_HSR_SLAVE2 = 2, slave2: U32;
        /// Last byte of the supervision address.
        IFLA_HSR_MULTICAST_SPEC = 3, multicast_spec: U8;
        /// Supervision address.
        IFLA_HSR_SUPERVISION_ADDR = 4, supervision_addr: LinkAddr;
        /// Sequence number of the last packet.
        IFLA_HSR_SEQ_NR = 5, seq_nr: U16;
        /// HSR version: 0 or 1.
        IFLA_HSR_VERSION = 6, version: U8;
        /// 0 HSR, 1 PRP.
        IFLA_HSR_PROTOCOL = 7, protocol: U8;
        /// Interface index of the interlink port (kernel 6.10).
        IFLA_HSR_INTERLINK = 8, interlink: U32;
    }
}
