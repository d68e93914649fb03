//! What is to be made, the same for all contestants.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The table that routes go into.
pub(crate) const TABLE: u32 = 100;
/// Bits of the prefixes.
pub(crate) const BITS4: u8 = 24;
/// Bits of the prefixes.
pub(crate) const BITS6: u8 = 64;
/// On the link of [`network`](crate::network).
pub(crate) const GATEWAY4: Ipv4Addr = Ipv4Addr::new(10, 255, 0, 2);
/// Another one.
pub(crate) const OTHER4: Ipv4Addr = Ipv4Addr::new(10, 255, 0, 3);
/// On the link of [`network`](crate::network).
pub(crate) const GATEWAY6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xff, 0, 0, 0, 0, 0, 2);
/// Id of a nexthop object.
pub(crate) const NEXTHOP: u32 = 77;

/// Destination number `index` of up to a million. There are gaps, as in any table: for adjoining /24 networks that are
/// deleted in order the kernel searches the same large node again and again (`update_suffix`), 20 µs a route.
pub(crate) fn dst4(index: u32) -> Ipv4Addr {
    Ipv4Addr::from((20 << 24) + (index << 10))
}

/// Destination number `index`.
pub(crate) fn dst6(index: u32) -> Ipv6Addr {
    Ipv6Addr::from((0x2a00 << 112) | (u128::from(index) << 64))
}

/// Address number `index` of up to 65,536.
pub(crate) fn address(index: u32) -> Ipv4Addr {
    Ipv4Addr::from((172 << 24) + (16 << 16) + index)
}

/// Names of pair number `index`.
pub(crate) fn pair(index: u32) -> (String, String) {
    (format!("va{index}"), format!("vb{index}"))
}
