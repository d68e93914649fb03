//! Kinds `ipip`, `sit`, `ip6tnl`: IP over IP.

use nl_core::kind::{Be16, Be32, Bytes, Flag, Ip, U8, U16, U32};

nl_core::attrs! {
    /// `IFLA_IPTUN_*`: settings of an IP tunnel. Source: include/uapi/linux/if_tunnel.h; ip-link(8).
    pub table IPTUN_ATTRS: (), view IptunView, writer IptunWriter;
    values {
        /// Interface index of the device that sends the tunnelled packets; 0 for any.
        IFLA_IPTUN_LINK = 1, link: U32;
        /// Local address.
        IFLA_IPTUN_LOCAL = 2, local: Ip;
        /// Remote address.
        IFLA_IPTUN_REMOTE = 3, remote: Ip;
        /// TTL or hop limit of outer packets; 0 inherits.
        IFLA_IPTUN_TTL = 4, ttl: U8;
        /// TOS of outer packets; 1 inherits. IPv4 only.
        IFLA_IPTUN_TOS = 5, tos: U8;
        /// Further encapsulations allowed. `ip6tnl` only.
        IFLA_IPTUN_ENCAP_LIMIT = 6, encap_limit: U8;
        /// Traffic class and flow label of outer packets. `ip6tnl` only.
        IFLA_IPTUN_FLOWINFO = 7, flowinfo: Be32;
        /// Flags: 16 bits with `sit`, 32 bits with `ip6tnl`; see [`flags`](IptunView::flags).
        IFLA_IPTUN_FLAGS = 8, flags_bytes: Bytes;
        /// IP protocol of inner packets: 4 IPv4, 41 IPv6, 137 MPLS, 0 any.
        IFLA_IPTUN_PROTO = 9, proto: U8;
        /// 1 if the path MTU is discovered. IPv4 only.
        IFLA_IPTUN_PMTUDISC = 10, pmtudisc: U8;
        /// 6rd: prefix, IPv6. `sit` only.
        IFLA_IPTUN_6RD_PREFIX = 11, sixrd_prefix: Ip;
        /// 6rd: relay prefix, IPv4.
        IFLA_IPTUN_6RD_RELAY_PREFIX = 12, sixrd_relay_prefix: Ip;
        /// 6rd: length of the prefix.
        IFLA_IPTUN_6RD_PREFIXLEN = 13, sixrd_prefixlen: U16;
        /// 6rd: length of the relay prefix.
        IFLA_IPTUN_6RD_RELAY_PREFIXLEN = 14, sixrd_relay_prefixlen: U16;
        /// Encapsulation in UDP: 0 none, 1 FOU, 2 GUE, 3 MPLS.
        IFLA_IPTUN_ENCAP_TYPE = 15, encap_type: U16;
        /// Of it: 1 checksum, 2 IPv6 checksum, 4 remote checksum offload.
        IFLA_IPTUN_ENCAP_FLAGS = 16, encap_flags: U16;
        /// Its source port; 0 chooses by flow.
        IFLA_IPTUN_ENCAP_SPORT = 17, encap_sport: Be16;
        /// Its destination port.
        IFLA_IPTUN_ENCAP_DPORT = 18, encap_dport: Be16;
        /// Routes and traffic control choose the tunnel ("external").
        IFLA_IPTUN_COLLECT_METADATA = 19, collect_metadata: Flag;
        /// Mark of outer packets.
        IFLA_IPTUN_FWMARK = 20, fwmark: U32;
    }
}

/// `SIT_ISATAP`: the tunnel is an ISATAP interface. Source: include/uapi/linux/if_tunnel.h.
pub const SIT_ISATAP: u32 = 1;

impl IptunView<'_> {
    /// Flags, whichever size the driver gives them: [`SIT_ISATAP`], or `IP6_TNL_F_*`
    /// (include/uapi/linux/ip6_tunnel.h).
    #[must_use]
    pub fn flags(&self) -> Option<u32> {
        let bytes = self.flags_bytes()?;
        if let Ok(flags) = <[u8; 2]>::try_from(bytes) {
            return Some(u16::from_ne_bytes(flags).into());
        }
        bytes.try_into().ok().map(u32::from_ne_bytes)
    }
}

impl IptunWriter<'_> {
    /// Flags of a `sit`. In host order: the kernel calls them big-endian and compares them as they are.
    pub fn sit_flags(&mut self, flags: u16) -> &mut Self {
        self.flags_bytes(&flags.to_ne_bytes())
    }

    /// Flags of an `ip6tnl`, `IP6_TNL_F_*`.
    pub fn ip6_flags(&mut self, flags: u32) -> &mut Self {
        self.flags_bytes(&flags.to_ne_bytes())
    }
}
