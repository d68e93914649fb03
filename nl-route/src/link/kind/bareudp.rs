//! Kind `bareudp`: packets of one protocol over UDP.

use nl_core::kind::{Be16, Flag, U16};

nl_core::attrs! {
    /// `IFLA_BAREUDP_*`: settings of a bareudp tunnel. Source: include/uapi/linux/if_link.h; ip-link(8).
    pub table BAREUDP_ATTRS: (), view BareudpView, writer BareudpWriter;
    values {
        /// Destination port.
        IFLA_BAREUDP_PORT = 1, port: Be16;
        /// EtherType of inner packets: 0x8847 MPLS, 0x0800 IPv4…
        IFLA_BAREUDP_ETHERTYPE = 2, ethertype: Be16;
        /// Lowest source port, host order.
        IFLA_BAREUDP_SRCPORT_MIN = 3, srcport_min: U16;
        /// Related protocols too: IPv6 beside IPv4, MPLS multicast beside unicast.
        IFLA_BAREUDP_MULTIPROTO_MODE = 4, multiproto_mode: Flag;
    }
}
