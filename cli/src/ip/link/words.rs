//! The words for the kernel's numbers on links.

/// `IFF_UP`.
pub(in crate::ip) const IFF_UP: u32 = 0x1;
/// `IFF_POINTOPOINT`.
pub(in crate::ip) const IFF_POINTOPOINT: u32 = 0x10;

/// `IFF_*` in the order in which they are shown. Source: include/uapi/linux/if.h.
pub(super) const FLAGS: &[(u32, &str)] = &[
    (0x8, "LOOPBACK"),
    (0x2, "BROADCAST"),
    (0x10, "POINTOPOINT"),
    (0x1000, "MULTICAST"),
    (0x80, "NOARP"),
    (0x200, "ALLMULTI"),
    (0x100, "PROMISC"),
    (0x400, "MASTER"),
    (0x800, "SLAVE"),
    (0x4, "DEBUG"),
    (0x8000, "DYNAMIC"),
    (0x4000, "AUTOMEDIA"),
    (0x2000, "PORTSEL"),
    (0x20, "NOTRAILERS"),
    (0x1, "UP"),
    (0x1_0000, "LOWER_UP"),
    (0x2_0000, "DORMANT"),
    (0x4_0000, "ECHO"),
];

/// `IF_OPER_*`, RFC 2863, by number.
pub(super) const OPER_STATES: &[&str] = &[
    "UNKNOWN",
    "NOTPRESENT",
    "DOWN",
    "LOWERLAYERDOWN",
    "TESTING",
    "DORMANT",
    "UP",
];

/// `IF_LINK_MODE_*`.
pub(super) const LINK_MODES: &[(u32, &str)] = &[(0, "DEFAULT"), (1, "DORMANT")];

/// `IN6_ADDR_GEN_MODE_*`.
pub(super) const ADDR_GEN_MODES: &[(u32, &str)] = &[
    (0, "eui64"),
    (1, "none"),
    (2, "stable_secret"),
    (3, "random"),
];

/// `ARPHRD_*`: hardware types. Source: include/uapi/linux/if_arp.h.
const LINK_TYPES: &[(u16, &str)] = &[
    (0, "netrom"),
    (1, "ether"),
    (2, "eether"),
    (3, "ax25"),
    (4, "pronet"),
    (5, "chaos"),
    (6, "ieee802"),
    (7, "arcnet"),
    (8, "atalk"),
    (15, "dlci"),
    (19, "atm"),
    (23, "metricom"),
    (24, "ieee1394"),
    (32, "infiniband"),
    (256, "slip"),
    (257, "cslip"),
    (258, "slip6"),
    (259, "cslip6"),
    (260, "rsrvd"),
    (264, "adapt"),
    (270, "rose"),
    (271, "x25"),
    (280, "can"),
    (512, "ppp"),
    (513, "hdlc"),
    (516, "lapb"),
    (517, "ddcmp"),
    (518, "rawhdlc"),
    (519, "rawip"),
    (768, "ipip"),
    (769, "tunnel6"),
    (770, "frad"),
    (771, "skip"),
    (772, "loopback"),
    (773, "ltalk"),
    (774, "fddi"),
    (775, "bif"),
    (776, "sit"),
    (777, "ip/ddp"),
    (778, "gre"),
    (779, "pimreg"),
    (780, "hippi"),
    (781, "ash"),
    (782, "econet"),
    (783, "irda"),
    (784, "fcpp"),
    (785, "fcal"),
    (786, "fcpl"),
    (787, "fcfb0"),
    (788, "fcfb1"),
    (800, "tr"),
    (801, "ieee802.11"),
    (802, "ieee802.11/prism"),
    (803, "ieee802.11/radiotap"),
    (804, "ieee802.15.4"),
    (805, "ieee802.15.4/monitor"),
    (820, "phonet"),
    (821, "phonet_pipe"),
    (822, "caif"),
    (823, "gre6"),
    (824, "netlink"),
    (825, "6lowpan"),
    (65534, "none"),
    (65535, "void"),
];

/// The name of a hardware type, `[772]` for one without a name or if numbers are wanted.
pub(super) fn link_type(number: u16, numeric: bool) -> String {
    match LINK_TYPES.iter().find(|(known, _)| *known == number) {
        Some((_, name)) if !numeric => (*name).to_owned(),
        _ => format!("[{number}]"),
    }
}

/// The name in a table, or the number.
pub(super) fn name(table: &[(u32, &str)], number: impl Into<u32>) -> String {
    let number = number.into();
    table
        .iter()
        .find(|(known, _)| *known == number)
        .map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned())
}

/// A link-layer address: an IP address for tunnels over IP, bytes with colons otherwise.
pub(in crate::ip) fn link_addr(bytes: &[u8], device_type: u16) -> String {
    match (device_type, bytes) {
        (768 | 776 | 778, &[a, b, c, d]) => std::net::Ipv4Addr::new(a, b, c, d).to_string(),
        (769 | 823, bytes) if let Ok(octets) = <[u8; 16]>::try_from(bytes) => {
            std::net::Ipv6Addr::from(octets).to_string()
        }
        _ => bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .join(":"),
    }
}
