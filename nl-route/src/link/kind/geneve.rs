//! Kind `geneve`: Ethernet over UDP with options.

use nl_core::kind::{Be16, Be32, Flag, Ip, Struct, U8, U32};

use super::vxlan::PortRange;

nl_core::attrs! {
    /// `IFLA_GENEVE_*`: settings of a Geneve tunnel. Source: include/uapi/linux/if_link.h; ip-link(8).
    pub table GENEVE_ATTRS: (), view GeneveView, writer GeneveWriter;
    values {
        /// Virtual network identifier, below 2^24.
        IFLA_GENEVE_ID = 1, id: U32;
        /// Remote address, IPv4.
        IFLA_GENEVE_REMOTE = 2, remote: Ip;
        /// TTL of outer packets; 0 for the default.
        IFLA_GENEVE_TTL = 3, ttl: U8;
        /// TOS of outer packets; 1 inherits.
        IFLA_GENEVE_TOS = 4, tos: U8;
        /// Destination port; 6081 is the registered one.
        IFLA_GENEVE_PORT = 5, port: Be16;
        /// Routes and traffic control choose the tunnel ("external").
        IFLA_GENEVE_COLLECT_METADATA = 6, collect_metadata: Flag;
        /// Remote address, IPv6.
        IFLA_GENEVE_REMOTE6 = 7, remote6: Ip;
        /// 1 if outer UDP over IPv4 has a checksum.
        IFLA_GENEVE_UDP_CSUM = 8, udp_csum: U8;
        /// 1 if outer UDP over IPv6 is sent without checksum.
        IFLA_GENEVE_UDP_ZERO_CSUM6_TX = 9, udp_zero_csum6_tx: U8;
        /// 1 if it is accepted without checksum.
        IFLA_GENEVE_UDP_ZERO_CSUM6_RX = 10, udp_zero_csum6_rx: U8;
        /// IPv6 flow label.
        IFLA_GENEVE_LABEL = 11, label: Be32;
        /// 1 if the inner TTL is used.
        IFLA_GENEVE_TTL_INHERIT = 12, ttl_inherit: U8;
        /// Don't-fragment bit of outer packets: 0 unset, 1 set, 2 inherited.
        IFLA_GENEVE_DF = 13, df: U8;
        /// Inner packets may be IP without Ethernet.
        IFLA_GENEVE_INNER_PROTO_INHERIT = 14, inner_proto_inherit: Flag;
        /// Source ports (kernel 6.15).
        IFLA_GENEVE_PORT_RANGE = 15, port_range: Struct<PortRange>;
        /// Packets carry a hint for receive offload (kernel 7.0).
        IFLA_GENEVE_GRO_HINT = 16, gro_hint: Flag;
    }
}
