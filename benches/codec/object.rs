//! What is written and read, the same for all.

use std::net::Ipv4Addr;

/// Destination of the route, source of the rule.
pub(crate) const NETWORK: Ipv4Addr = Ipv4Addr::new(10, 1, 2, 0);
/// Bits of it.
pub(crate) const BITS: u8 = 24;
/// Gateway of the route.
pub(crate) const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 254);
/// Interface index of the route.
pub(crate) const IFINDEX: i32 = 7;
/// Table of the route and the rule: one that needs an attribute.
pub(crate) const TABLE: u32 = 1000;
/// Priority of the rule.
pub(crate) const PRIORITY: u32 = 32_000;
/// Name of the link.
pub(crate) const NAME: &str = "br0";
/// MTU of the link.
pub(crate) const MTU: u32 = 1400;
/// How many elements a message has.
pub(crate) const ELEMENTS: u32 = 100;

/// A veth as the kernel lists it, with statistics, settings of both address families and its driver.
pub(crate) static LISTED: &[u8] = &Aligned(*include_bytes!("veth.bin")).0;

/// As it is in a receive buffer; nlink refuses others.
#[repr(align(16))]
struct Aligned<T>(T);

/// Key number `index`.
pub(crate) fn key(index: u32) -> [u8; 4] {
    (0x0a00_0000 + index).to_be_bytes()
}
