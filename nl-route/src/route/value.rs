//! The numbers of a route: table, protocol, scope, type, preference, flags.

use bitflags::bitflags;

use crate::value::values;

values! {
    /// A routing table's number, `RT_TABLE_*`. Source: include/uapi/linux/rtnetlink.h, rt_tables(5).
    pub struct RouteTable(u32);
    /// None: the kernel's choice in a request, all tables in a dump.
    UNSPEC = 0, "unspec";
    /// The table of last resort.
    DEFAULT = 253, "default";
    /// Where routes go unless said otherwise.
    MAIN = 254, "main";
    /// The kernel's own: local and broadcast addresses.
    LOCAL = 255, "local";
}

impl RouteTable {
    /// What the header's 8 bits say where the number does not fit them (`RT_TABLE_COMPAT`).
    pub const COMPAT: Self = Self(252);

    /// The header's field; 0 if the number needs `RTA_TABLE`.
    pub(crate) fn header(self) -> u8 {
        u8::try_from(self.0).unwrap_or(0)
    }

    /// What `RTA_TABLE` must say, if the header cannot.
    pub(crate) fn attr(self) -> Option<u32> {
        (self.0 > 255).then_some(self.0)
    }
}

values! {
    /// Who made a route, `RTPROT_*`. Source: include/uapi/linux/rtnetlink.h, rt_protos(5).
    pub struct RouteProtocol(u8);
    /// Not said.
    UNSPEC = 0, "unspec";
    /// An ICMP redirect.
    REDIRECT = 1, "redirect";
    /// The kernel.
    KERNEL = 2, "kernel";
    /// A start-up script; what `ip route add` says.
    BOOT = 3, "boot";
    /// An administrator.
    STATIC = 4, "static";
    /// Gated.
    GATED = 8, "gated";
    /// A router advertisement.
    RA = 9, "ra";
    /// Merit MRT.
    MRT = 10, "mrt";
    /// Zebra.
    ZEBRA = 11, "zebra";
    /// BIRD.
    BIRD = 12, "bird";
    /// The DECnet daemon.
    DNROUTED = 13, "dnrouted";
    /// XORP.
    XORP = 14, "xorp";
    /// Netsukuku.
    NTK = 15, "ntk";
    /// A DHCP client.
    DHCP = 16, "dhcp";
    /// keepalived.
    KEEPALIVED = 18, "keepalived";
    /// Babel.
    BABEL = 42, "babel";
    /// Open/R.
    OPENR = 99, "openr";
    /// BGP.
    BGP = 186, "bgp";
    /// IS-IS.
    ISIS = 187, "isis";
    /// OSPF.
    OSPF = 188, "ospf";
    /// RIP.
    RIP = 189, "rip";
    /// EIGRP.
    EIGRP = 192, "eigrp";
}

values! {
    /// How far a destination or an address reaches, `RT_SCOPE_*`. Source: include/uapi/linux/rtnetlink.h,
    /// rt_scopes(5).
    pub struct RouteScope(u8);
    /// Everywhere: `RT_SCOPE_UNIVERSE`.
    GLOBAL = 0, "global";
    /// Interior to the site.
    SITE = 200, "site";
    /// On the attached link.
    LINK = 253, "link";
    /// On this host.
    HOST = 254, "host";
    /// Nowhere. In a delete request: any.
    NOWHERE = 255, "nowhere";
}

values! {
    /// What a route does with a packet, `RTN_*`. Source: include/uapi/linux/rtnetlink.h.
    pub struct RouteType(u8);
    /// Not said; in requests to delete or list: any.
    UNSPEC = 0, "none";
    /// Sends it to a gateway or onto a link.
    UNICAST = 1, "unicast";
    /// Takes it in.
    LOCAL = 2, "local";
    /// Takes it in, sends it as broadcast.
    BROADCAST = 3, "broadcast";
    /// Takes it in as broadcast, sends it as unicast.
    ANYCAST = 4, "anycast";
    /// Multicast.
    MULTICAST = 5, "multicast";
    /// Drops it without a word.
    BLACKHOLE = 6, "blackhole";
    /// Drops it: "host unreachable".
    UNREACHABLE = 7, "unreachable";
    /// Drops it: "administratively prohibited".
    PROHIBIT = 8, "prohibit";
    /// Leaves the table; rules go on.
    THROW = 9, "throw";
    /// Translates the address; no kernel has it any more.
    NAT = 10, "nat";
    /// Asks an external resolver; no kernel has it.
    XRESOLVE = 11, "xresolve";
}

values! {
    /// Preference of an IPv6 router, `ICMPV6_ROUTER_PREF_*`. Source: include/uapi/linux/icmpv6.h, RFC 4191.
    pub struct RoutePref(u8);
    /// Neither.
    MEDIUM = 0, "medium";
    /// Before others.
    HIGH = 1, "high";
    /// After others.
    LOW = 3, "low";
}

bitflags! {
    /// Flags of a route, of its nexthop (`RTNH_F_*`, the low 8 bits), and of a request (`RTM_F_*`).
    /// Source: include/uapi/linux/rtnetlink.h.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct RouteFlags: u32 {
        /// The nexthop cannot be used.
        const DEAD = 1;
        /// The gateway is looked up recursively.
        const PERVASIVE = 2;
        /// The gateway is on the link although no route says so.
        const ONLINK = 4;
        /// In hardware.
        const OFFLOAD = 8;
        /// The link has no carrier.
        const LINKDOWN = 16;
        /// The multicast route is not resolved.
        const UNRESOLVED = 32;
        /// The hardware hands the packets to the kernel.
        const TRAP = 64;
        /// Tell others of a change.
        const NOTIFY = 0x100;
        /// A cached route; in a dump: those, and no others.
        const CLONED = 0x200;
        /// Made by a prefix of a router advertisement.
        const PREFIX = 0x800;
        /// Say in which table the lookup ended.
        const LOOKUP_TABLE = 0x1000;
        /// Answer with the entry of the table, not with a route made from it.
        const FIB_MATCH = 0x2000;
        /// The route is in hardware.
        const RT_OFFLOAD = 0x4000;
        /// The route's hardware entry hands the packets to the kernel.
        const RT_TRAP = 0x8000;
        /// The hardware refused the route.
        const OFFLOAD_FAILED = 0x2000_0000;
        const _ = !0;
    }
}

values! {
    /// Kind of a lightweight tunnel, `LWTUNNEL_ENCAP_*`. Source: include/uapi/linux/lwtunnel.h.
    pub struct EncapType(u16);
    /// None.
    NONE = 0, "none";
    /// MPLS labels.
    MPLS = 1, "mpls";
    /// An IPv4 tunnel.
    IP = 2, "ip";
    /// Identifier-locator addressing.
    ILA = 3, "ila";
    /// An IPv6 tunnel.
    IP6 = 4, "ip6";
    /// Segment routing.
    SEG6 = 5, "seg6";
    /// BPF programs.
    BPF = 6, "bpf";
    /// Segment routing, local actions.
    SEG6_LOCAL = 7, "seg6local";
    /// RPL source routing.
    RPL = 8, "rpl";
    /// In-situ OAM.
    IOAM6 = 9, "ioam6";
    /// IPsec.
    XFRM = 10, "xfrm";
}
