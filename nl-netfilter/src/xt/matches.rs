//! iptables' matches. Sources: include/uapi/linux/netfilter/xt_*.h, netfilter_ipv4/ip_tables.h.

use zerocopy::native_endian::{U16, U32};

bitflags::bitflags! {
    /// `XT_CONNTRACK_*`: which fields of a [`Conntrack`] are compared.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ConntrackFlags: u16 {
        /// State.
        const STATE = 1;
        /// Layer 4 protocol.
        const PROTO = 2;
        /// Original source address.
        const ORIGSRC = 4;
        /// Original destination address.
        const ORIGDST = 8;
        /// Source address of replies.
        const REPLSRC = 0x10;
        /// Destination address of replies.
        const REPLDST = 0x20;
        /// Status.
        const STATUS = 0x40;
        /// Time until it expires.
        const EXPIRES = 0x80;
        /// Original source port.
        const ORIGSRC_PORT = 0x100;
        /// Original destination port.
        const ORIGDST_PORT = 0x200;
        /// Source port of replies.
        const REPLSRC_PORT = 0x400;
        /// Destination port of replies.
        const REPLDST_PORT = 0x800;
        /// Direction: set in the inverted flags for replies.
        const DIRECTION = 0x1000;
        /// The state is that of `-m state`, for printing.
        const STATE_ALIAS = 0x2000;
    }

    /// `XT_ADDRTYPE_*`: flags of an [`AddrType`].
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct AddrTypeFlags: u32 {
        /// Any but the source types.
        const INVERT_SOURCE = 1;
        /// Any but the destination types.
        const INVERT_DEST = 2;
        /// Only for the input device.
        const LIMIT_IFACE_IN = 4;
        /// Only for the output device.
        const LIMIT_IFACE_OUT = 8;
    }
}

/// Which ports a [`Multiport`] compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MultiportKind {
    /// `--sports`.
    Source = 0,
    /// `--dports`.
    Destination = 1,
    /// `--ports`.
    Either = 2,
}

layouts! {
    /// `-m conntrack`, `struct xt_conntrack_mtinfo3`. Addresses are in network order and have 16
    /// bytes, IPv4 in the first 4; ports are in host order.
    "conntrack", 3, 164: pub struct Conntrack {
        /// Original source address.
        pub origsrc_addr: [u8; 16],
        /// Its mask.
        pub origsrc_mask: [u8; 16],
        /// Original destination address.
        pub origdst_addr: [u8; 16],
        /// Its mask.
        pub origdst_mask: [u8; 16],
        /// Source address of replies.
        pub replsrc_addr: [u8; 16],
        /// Its mask.
        pub replsrc_mask: [u8; 16],
        /// Destination address of replies.
        pub repldst_addr: [u8; 16],
        /// Its mask.
        pub repldst_mask: [u8; 16],
        /// Shortest time until it expires, in seconds.
        pub expires_min: U32,
        /// Longest.
        pub expires_max: U32,
        /// Layer 4 protocol.
        pub l4proto: U16,
        /// Lowest original source port.
        pub origsrc_port: U16,
        /// Lowest original destination port.
        pub origdst_port: U16,
        /// Lowest source port of replies.
        pub replsrc_port: U16,
        /// Lowest destination port of replies.
        pub repldst_port: U16,
        /// [`ConntrackFlags`]: what is compared.
        pub match_flags: U16,
        /// [`ConntrackFlags`]: what must not hold.
        pub invert_flags: U16,
        /// States: 1 invalid, 2 established, 4 related, 8 new, 0x40 SNAT, 0x80 DNAT, 0x100 untracked.
        pub state_mask: U16,
        /// `IPS_*` bits.
        pub status_mask: U16,
        /// Highest original source port.
        pub origsrc_port_high: U16,
        /// Highest original destination port.
        pub origdst_port_high: U16,
        /// Highest source port of replies.
        pub replsrc_port_high: U16,
        /// Highest destination port of replies.
        pub repldst_port_high: U16,
        /// Nothing.
        pub pad: [u8; 2],
    }

    /// `-m state` of old programs, `struct xt_state_info`; iptables-nft writes [`Conntrack`] with
    /// [`ConntrackFlags::STATE_ALIAS`] instead.
    "state", 0, 4: pub struct State {
        /// States, as in [`Conntrack::state_mask`].
        pub state_mask: U32,
    }

    /// `-m comment`, `struct xt_comment_info`.
    "comment", 0, 256: pub struct Comment {
        /// Text up to its first NUL.
        pub comment: [u8; 256],
    }

    /// `-m multiport`, `struct xt_multiport_v1`. Ports are in host order.
    "multiport", 1, 48: pub struct Multiport {
        /// [`MultiportKind`].
        pub kind: u8,
        /// How many of the ports are used.
        pub count: u8,
        /// Ports; a range takes two.
        pub ports: [U16; 15],
        /// 1 for a port that starts a range.
        pub range_starts: [u8; 15],
        /// 1: none of them.
        pub invert: u8,
    }

    /// `-m addrtype`, `struct xt_addrtype_info_v1`.
    "addrtype", 1, 8: pub struct AddrType {
        /// Source types, `1 << RTN_*`.
        pub source: U16,
        /// Destination types.
        pub dest: U16,
        /// [`AddrTypeFlags`].
        pub flags: U32,
    }

    /// `-m tcp`, `struct xt_tcp`. Ports are in host order.
    "tcp", 0, 12: pub struct Tcp {
        /// Lowest and highest source port.
        pub source_ports: [U16; 2],
        /// Lowest and highest destination port.
        pub dest_ports: [U16; 2],
        /// A TCP option that must be there; 0 for none.
        pub option: u8,
        /// Flags that are looked at.
        pub flag_mask: u8,
        /// Flags of these that are set.
        pub flag_cmp: u8,
        /// What must not hold: 1 source ports, 2 destination ports, 4 flags, 8 option.
        pub invert: u8,
    }

    /// `-m udp`, `struct xt_udp`. Ports are in host order.
    "udp", 0, 10: pub struct Udp {
        /// Lowest and highest source port.
        pub source_ports: [U16; 2],
        /// Lowest and highest destination port.
        pub dest_ports: [U16; 2],
        /// What must not hold: 1 source ports, 2 destination ports.
        pub invert: u8,
        /// Nothing.
        pub pad: u8,
    }

    /// `-m icmp`, `struct ipt_icmp`.
    "icmp", 0, 4: pub struct Icmp {
        /// Type; 0xff for any.
        pub icmp_type: u8,
        /// Lowest and highest code.
        pub codes: [u8; 2],
        /// 1: any but these.
        pub invert: u8,
    }

    /// `-m icmp6`, `struct ip6t_icmp`.
    "icmp6", 0, 4: pub struct Icmp6 {
        /// Type.
        pub icmp_type: u8,
        /// Lowest and highest code.
        pub codes: [u8; 2],
        /// 1: any but these.
        pub invert: u8,
    }

    /// `-m mac`, `struct xt_mac_info`.
    "mac", 0, 12: pub struct Mac {
        /// Source address.
        pub source: [u8; 6],
        /// Nothing.
        pub pad: [u8; 2],
        /// 1: any but this.
        pub invert: U32,
    }

    /// `-m connmark`, `struct xt_connmark_mtinfo1`.
    "connmark", 1, 12: pub struct ConnmarkMatch {
        /// Mark of the connection.
        pub mark: U32,
        /// Bits of it that are looked at.
        pub mask: U32,
        /// 1: any but this.
        pub invert: u8,
        /// Nothing.
        pub pad: [u8; 3],
    }

    /// `-m owner`, `struct xt_owner_match_info`.
    "owner", 1, 20: pub struct Owner {
        /// Lowest user.
        pub uid_min: U32,
        /// Highest user.
        pub uid_max: U32,
        /// Lowest group.
        pub gid_min: U32,
        /// Highest group.
        pub gid_max: U32,
        /// What is looked at: 1 user, 2 group, 4 whether there is a socket, 8 all groups.
        pub matches: u8,
        /// What of that must not hold.
        pub invert: u8,
        /// Nothing.
        pub pad: [u8; 2],
    }

    /// `-m statistic`, `struct xt_statistic_info`.
    "statistic", 0, 24: pub struct Statistic {
        /// 0 random, 1 every nth packet.
        pub mode: U16,
        /// 1: the others.
        pub flags: U16,
        /// Random: probability in units of `1 / 2^31`. Nth: n - 1.
        pub value: U32,
        /// Nth: which of the n packets, from 0.
        pub packet: U32,
        /// Unused; iptables leaves `value - packet` here.
        pub count: U32,
        /// The kernel's.
        pub private: [u8; 8],
    }

    /// `-m iprange`, `struct xt_iprange_mtinfo`. IPv4 addresses are in the first 4 bytes.
    "iprange", 1, 68: pub struct IpRange {
        /// Lowest and highest source.
        pub source: [[u8; 16]; 2],
        /// Lowest and highest destination.
        pub destination: [[u8; 16]; 2],
        /// What is looked at: 1 source, 2 destination; 0x10, 0x20: it must be outside.
        pub flags: u8,
        /// Nothing.
        pub pad: [u8; 3],
    }

    /// `-m pkttype`, `struct xt_pkttype_info`.
    "pkttype", 0, 8: pub struct PktType {
        /// `PACKET_*`.
        pub kind: U32,
        /// 1: any but this.
        pub invert: U32,
    }

    /// `-m length`, `struct xt_length_info`.
    "length", 0, 6: pub struct Length {
        /// Shortest, in bytes.
        pub min: U16,
        /// Longest.
        pub max: U16,
        /// 1: any but these.
        pub invert: u8,
        /// Nothing.
        pub pad: u8,
    }
}

/// All ports.
const ANY_PORT: [U16; 2] = [U16::ZERO, U16::MAX_VALUE];

impl Tcp {
    /// Any TCP packet.
    #[must_use]
    pub fn any() -> Self {
        Self {
            source_ports: ANY_PORT,
            dest_ports: ANY_PORT,
            ..Self::default()
        }
    }
}

impl Udp {
    /// Any UDP packet.
    #[must_use]
    pub fn any() -> Self {
        Self {
            source_ports: ANY_PORT,
            dest_ports: ANY_PORT,
            ..Self::default()
        }
    }
}

impl Conntrack {
    /// `--ctstate`, or with `alias` `--state`.
    #[must_use]
    pub fn state(states: u16, alias: bool) -> Self {
        let mut flags = ConntrackFlags::STATE;
        flags.set(ConntrackFlags::STATE_ALIAS, alias);
        Self {
            match_flags: flags.bits().into(),
            state_mask: states.into(),
            ..Self::default()
        }
    }
}

impl Comment {
    /// A comment; what does not fit into 255 bytes is cut off.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut comment = [0; 256];
        for (to, from) in comment.iter_mut().take(255).zip(text.as_bytes()) {
            *to = *from;
        }
        Self { comment }
    }

    /// The text, if it is UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        let end = self.comment.iter().position(|&b| b == 0).unwrap_or(256);
        std::str::from_utf8(self.comment.get(..end)?).ok()
    }
}
