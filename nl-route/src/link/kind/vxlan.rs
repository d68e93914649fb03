//! Kind `vxlan`: Ethernet over UDP.

use nl_core::kind::{Be16, Be32, Be64, Flag, Ip, Struct, U8, U32};
use zerocopy::network_endian::U16 as Be16Field;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// `struct ifla_vxlan_port_range`. Source: include/uapi/linux/if_link.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct PortRange {
    /// First port.
    pub low: Be16Field,
    /// Last port.
    pub high: Be16Field,
}

nl_core::attrs! {
    /// `IFLA_VXLAN_*`: settings of a VXLAN tunnel. Source: include/uapi/linux/if_link.h; ip-link(8).
    pub table VXLAN_ATTRS: (), view VxlanView, writer VxlanWriter;
    values {
        /// VXLAN network identifier, below 2^24.
        IFLA_VXLAN_ID = 1, id: U32;
        /// Multicast group or remote address, IPv4.
        IFLA_VXLAN_GROUP = 2, group: Ip;
        /// Interface index of the device that sends the tunnelled packets.
        IFLA_VXLAN_LINK = 3, link: U32;
        /// Local address, IPv4.
        IFLA_VXLAN_LOCAL = 4, local: Ip;
        /// TTL of outer packets; 0 for the default.
        IFLA_VXLAN_TTL = 5, ttl: U8;
        /// TOS of outer packets; 1 inherits.
        IFLA_VXLAN_TOS = 6, tos: U8;
        /// 1 if remote addresses are learned.
        IFLA_VXLAN_LEARNING = 7, learning: U8;
        /// How long they are kept, in seconds.
        IFLA_VXLAN_AGEING = 8, ageing: U32;
        /// How many are kept; 0 for no limit.
        IFLA_VXLAN_LIMIT = 9, limit: U32;
        /// Source ports.
        IFLA_VXLAN_PORT_RANGE = 10, port_range: Struct<PortRange>;
        /// 1 if ARP is answered locally.
        IFLA_VXLAN_PROXY = 11, proxy: U8;
        /// 1 if routes are short-cut.
        IFLA_VXLAN_RSC = 12, rsc: U8;
        /// 1 if unknown link-layer addresses are reported.
        IFLA_VXLAN_L2MISS = 13, l2miss: U8;
        /// 1 if unknown IP addresses are reported.
        IFLA_VXLAN_L3MISS = 14, l3miss: U8;
        /// Destination port; 4789 is the registered one.
        IFLA_VXLAN_PORT = 15, port: Be16;
        /// Multicast group or remote address, IPv6.
        IFLA_VXLAN_GROUP6 = 16, group6: Ip;
        /// Local address, IPv6.
        IFLA_VXLAN_LOCAL6 = 17, local6: Ip;
        /// 1 if outer UDP over IPv4 has a checksum.
        IFLA_VXLAN_UDP_CSUM = 18, udp_csum: U8;
        /// 1 if outer UDP over IPv6 is sent without checksum.
        IFLA_VXLAN_UDP_ZERO_CSUM6_TX = 19, udp_zero_csum6_tx: U8;
        /// 1 if it is accepted without checksum.
        IFLA_VXLAN_UDP_ZERO_CSUM6_RX = 20, udp_zero_csum6_rx: U8;
        /// 1 if remote checksum offload is sent.
        IFLA_VXLAN_REMCSUM_TX = 21, remcsum_tx: U8;
        /// 1 if remote checksum offload is accepted.
        IFLA_VXLAN_REMCSUM_RX = 22, remcsum_rx: U8;
        /// Group policy extension.
        IFLA_VXLAN_GBP = 23, gbp: Flag;
        /// No partial remote checksum offload.
        IFLA_VXLAN_REMCSUM_NOPARTIAL = 24, remcsum_nopartial: Flag;
        /// 1 if routes and traffic control choose the tunnel ("external").
        IFLA_VXLAN_COLLECT_METADATA = 25, collect_metadata: U8;
        /// IPv6 flow label.
        IFLA_VXLAN_LABEL = 26, label: Be32;
        /// Generic protocol extension.
        IFLA_VXLAN_GPE = 27, gpe: Flag;
        /// 1 if the inner TTL is used.
        IFLA_VXLAN_TTL_INHERIT = 28, ttl_inherit: U8;
        /// Don't-fragment bit of outer packets: 0 unset, 1 set, 2 inherited.
        IFLA_VXLAN_DF = 29, df: U8;
        /// 1 if network identifiers are filtered; with `collect_metadata` only.
        IFLA_VXLAN_VNIFILTER = 30, vnifilter: U8;
        /// 1 if packets to this host skip the network.
        IFLA_VXLAN_LOCALBYPASS = 31, localbypass: U8;
        /// 0 fixed flow label, 1 inherited.
        IFLA_VXLAN_LABEL_POLICY = 32, label_policy: U32;
        /// Header bits that must be zero, a mask of the 8 bytes of the VXLAN header (kernel 6.14).
        IFLA_VXLAN_RESERVED_BITS = 33, reserved_bits: Be64;
        /// 1 if multicast routes choose where outer multicast goes (kernel 6.17).
        IFLA_VXLAN_MC_ROUTE = 34, mc_route: U8;
    }
}
