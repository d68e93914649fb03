//! Kinds `gre`, `gretap`, `erspan`, `ip6gre`, `ip6gretap`, `ip6erspan`: packets or Ethernet over GRE.

use nl_core::kind::{Be16, Be32, Flag, Ip, U8, U16, U32};

nl_core::attrs! {
    /// `IFLA_GRE_*`: settings of a GRE tunnel. Source: include/uapi/linux/if_tunnel.h; ip-link(8).
    pub table GRE_ATTRS: (), view GreView, writer GreWriter;
    values {
        /// Interface index of the device that sends the tunnelled packets; 0 for any.
        IFLA_GRE_LINK = 1, link: U32;
        /// What received packets have: 0x8000 checksum, 0x2000 key, 0x1000 sequence numbers.
        IFLA_GRE_IFLAGS = 2, iflags: Be16;
        /// What sent packets get, as in `iflags`.
        IFLA_GRE_OFLAGS = 3, oflags: Be16;
        /// Key of received packets; the session of ERSPAN.
        IFLA_GRE_IKEY = 4, ikey: Be32;
        /// Key of sent packets.
        IFLA_GRE_OKEY = 5, okey: Be32;
        /// Local address.
        IFLA_GRE_LOCAL = 6, local: Ip;
        /// Remote address.
        IFLA_GRE_REMOTE = 7, remote: Ip;
        /// TTL or hop limit of outer packets; 0 inherits.
        IFLA_GRE_TTL = 8, ttl: U8;
        /// TOS of outer packets; 1 inherits. IPv4 only.
        IFLA_GRE_TOS = 9, tos: U8;
        /// 1 if the path MTU is discovered. IPv4 only.
        IFLA_GRE_PMTUDISC = 10, pmtudisc: U8;
        /// Further encapsulations allowed. IPv6 only.
        IFLA_GRE_ENCAP_LIMIT = 11, encap_limit: U8;
        /// Traffic class and flow label of outer packets. IPv6 only.
        IFLA_GRE_FLOWINFO = 12, flowinfo: Be32;
        /// `IP6_TNL_F_*` (include/uapi/linux/ip6_tunnel.h). IPv6 only.
        IFLA_GRE_FLAGS = 13, flags: U32;
        /// Encapsulation in UDP: 0 none, 1 FOU, 2 GUE, 3 MPLS.
        IFLA_GRE_ENCAP_TYPE = 14, encap_type: U16;
        /// Of it: 1 checksum, 2 IPv6 checksum, 4 remote checksum offload.
        IFLA_GRE_ENCAP_FLAGS = 15, encap_flags: U16;
        /// Its source port; 0 chooses by flow.
        IFLA_GRE_ENCAP_SPORT = 16, encap_sport: Be16;
        /// Its destination port.
        IFLA_GRE_ENCAP_DPORT = 17, encap_dport: Be16;
        /// Routes and traffic control choose the tunnel ("external").
        IFLA_GRE_COLLECT_METADATA = 18, collect_metadata: Flag;
        /// 1 if outer packets are fragmented although inner ones say don't.
        IFLA_GRE_IGNORE_DF = 19, ignore_df: U8;
        /// Mark of outer packets.
        IFLA_GRE_FWMARK = 20, fwmark: U32;
        /// ERSPAN version 1: port of the mirrored traffic, below 2^20.
        IFLA_GRE_ERSPAN_INDEX = 21, erspan_index: U32;
        /// ERSPAN version: 0, 1 or 2.
        IFLA_GRE_ERSPAN_VER = 22, erspan_ver: U8;
        /// ERSPAN version 2: 0 ingress, 1 egress.
        IFLA_GRE_ERSPAN_DIR = 23, erspan_dir: U8;
        /// ERSPAN version 2: engine that mirrors, below 64.
        IFLA_GRE_ERSPAN_HWID = 24, erspan_hwid: U16;
    }
}
