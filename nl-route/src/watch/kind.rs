//! What is watched: kinds of objects, what tells two of a kind apart, and what of them is news.

use std::net::IpAddr;

use bitflags::bitflags;
use nl_core::{Attr, Attrs, DecodeError};

use crate::Family;
use crate::addr::{Addr, AddrView, IFA_CACHEINFO};
use crate::link::{
    IFLA_AF_SPEC, IFLA_EVENT, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA,
    IFLA_INFO_SLAVE_KIND, IFLA_INFO_XSTATS, IFLA_LINKINFO, IFLA_STATS, IFLA_STATS64, Link,
    LinkView,
};
use crate::neigh::{NDA_CACHEINFO, NDA_PROBES, Neigh, NeighFlags, NeighView};
use crate::nexthop::{Nexthop, NexthopView};
use crate::prefix::Prefix;
use crate::protocol as rtm;
use crate::route::{RTA_CACHEINFO, RTA_MULTIPATH, RouteEntry, RouteFlags, RouteView};
use crate::rule::{Rule, RuleFlags, RuleView};

bitflags! {
    /// Kinds of objects that a [`Watch`](super::Watch) can be about.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Objects: u8 {
        /// Links.
        const LINKS = 0x01;
        /// Addresses.
        const ADDRS = 0x02;
        /// IPv4 routes of all tables.
        const IPV4_ROUTES = 0x04;
        /// IPv6 routes of all tables.
        const IPV6_ROUTES = 0x08;
        /// IPv4 and IPv6 neighbours.
        const NEIGHS = 0x10;
        /// IPv4 rules.
        const IPV4_RULES = 0x20;
        /// IPv6 rules.
        const IPV6_RULES = 0x40;
        /// Nexthop objects.
        const NEXTHOPS = 0x80;
        /// Routes of both families.
        const ROUTES = Self::IPV4_ROUTES.bits() | Self::IPV6_ROUTES.bits();
        /// Rules of both families.
        const RULES = Self::IPV4_RULES.bits() | Self::IPV6_RULES.bits();
    }
}

/// One object, as the kernel told of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Object {
    /// A link.
    Link(Link),
    /// An address.
    Addr(Addr),
    /// A route.
    Route(RouteEntry),
    /// A neighbour.
    Neigh(Neigh),
    /// A rule.
    Rule(Rule),
    /// A nexthop object.
    Nexthop(Nexthop),
}

impl Object {
    /// Its bytes: fixed header and attributes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        match self {
            Self::Link(object) => object.payload(),
            Self::Addr(object) => object.payload(),
            Self::Route(object) => object.payload(),
            Self::Neigh(object) => object.payload(),
            Self::Rule(object) => object.payload(),
            Self::Nexthop(object) => object.payload(),
        }
    }
}

/// What is listed with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Link,
    Nexthop,
    Addr,
    Ipv4Route,
    Ipv6Route,
    Neigh,
    Ipv4Rule,
    Ipv6Rule,
}

/// Every kind, in the order in which they are listed: links first, which others refer to.
pub(super) const KINDS: [Kind; 8] = [
    Kind::Link,
    Kind::Nexthop,
    Kind::Addr,
    Kind::Ipv4Route,
    Kind::Ipv6Route,
    Kind::Neigh,
    Kind::Ipv4Rule,
    Kind::Ipv6Rule,
];

/// `RTNLGRP_*`. Source: include/uapi/linux/rtnetlink.h.
const LINK_GROUP: u32 = 1;
const NEXTHOP_GROUP: u32 = 32;
const IPV4_ADDR_GROUP: u32 = 5;
const IPV6_ADDR_GROUP: u32 = 9;

impl Kind {
    /// The kind and its bit.
    pub(super) fn objects(self) -> Objects {
        match self {
            Self::Link => Objects::LINKS,
            Self::Addr => Objects::ADDRS,
            Self::Ipv4Route => Objects::IPV4_ROUTES,
            Self::Ipv6Route => Objects::IPV6_ROUTES,
            Self::Neigh => Objects::NEIGHS,
            Self::Ipv4Rule => Objects::IPV4_RULES,
            Self::Ipv6Rule => Objects::IPV6_RULES,
            Self::Nexthop => Objects::NEXTHOPS,
        }
    }

    /// Where the kernel tells of it, and of what takes it away or changes it without a word.
    pub(super) fn groups(self) -> &'static [u32] {
        match self {
            Self::Link => &[LINK_GROUP],
            Self::Addr => &[IPV4_ADDR_GROUP, IPV6_ADDR_GROUP],
            Self::Ipv4Route => &[7, LINK_GROUP, NEXTHOP_GROUP, IPV4_ADDR_GROUP],
            Self::Ipv6Route => &[11, LINK_GROUP, NEXTHOP_GROUP, IPV6_ADDR_GROUP],
            Self::Neigh => &[3],
            Self::Ipv4Rule => &[8],
            Self::Ipv6Rule => &[19],
            Self::Nexthop => &[NEXTHOP_GROUP, LINK_GROUP],
        }
    }

    /// Whether several objects may have the same key: they then differ in their contents.
    pub(super) fn is_crowded(self) -> bool {
        matches!(
            self,
            Self::Ipv4Route | Self::Ipv6Route | Self::Ipv4Rule | Self::Ipv6Rule
        )
    }

    pub(super) fn is_rule(self) -> bool {
        matches!(self, Self::Ipv4Rule | Self::Ipv6Rule)
    }

    /// Whether the kernel says so when it changes while it is listed, or such a list is right
    /// nevertheless: it goes through IPv4 routes by destination.
    pub(super) fn tells_interruption(self) -> bool {
        matches!(
            self,
            Self::Link | Self::Addr | Self::Nexthop | Self::Ipv4Route
        )
    }

    /// What a message is about: the kind, and whether the object is gone. `None` for what is none of
    /// ours: parts of links, entries of bridges, cached routes.
    pub(super) fn of(
        message_type: u16,
        payload: &[u8],
    ) -> Result<Option<(Self, bool)>, DecodeError> {
        let family = Family(payload.first().copied().unwrap_or(0));
        let is_ip = matches!(family, Family::INET | Family::INET6);
        let either = |ipv4, ipv6| {
            let kind = if family == Family::INET { ipv4 } else { ipv6 };
            is_ip.then_some(kind)
        };
        let kind = match message_type {
            // Bridges tell of their ports, drivers of wireless scans, in messages of the same type.
            rtm::RTM_NEWLINK | rtm::RTM_DELLINK if family == Family::UNSPEC => {
                let link = LinkView::parse(payload)?;
                link.mtu().is_some().then_some(Self::Link)
            }
            rtm::RTM_NEWADDR | rtm::RTM_DELADDR => Some(Self::Addr),
            rtm::RTM_NEWROUTE | rtm::RTM_DELROUTE if is_ip => {
                let flags = RouteView::parse(payload)?.flags();
                let kind = either(Self::Ipv4Route, Self::Ipv6Route);
                kind.filter(|_| !flags.contains(RouteFlags::CLONED))
            }
            rtm::RTM_NEWNEIGH | rtm::RTM_DELNEIGH if is_ip => {
                let flags = NeighView::parse(payload)?.flags();
                (!flags.contains(NeighFlags::PROXY)).then_some(Self::Neigh)
            }
            rtm::RTM_NEWRULE | rtm::RTM_DELRULE => either(Self::Ipv4Rule, Self::Ipv6Rule),
            rtm::RTM_NEWNEXTHOP | rtm::RTM_DELNEXTHOP => Some(Self::Nexthop),
            _ => None,
        };
        let gone = message_type & 1 != 0;
        Ok(kind.map(|kind| (kind, gone)))
    }

    /// The object, owned.
    pub(super) fn object(self, payload: &[u8]) -> Result<Object, DecodeError> {
        Ok(match self {
            Self::Link => Object::Link(Link::from_payload(payload)?),
            Self::Addr => Object::Addr(Addr::from_payload(payload)?),
            Self::Ipv4Route | Self::Ipv6Route => Object::Route(RouteEntry::from_payload(payload)?),
            Self::Neigh => Object::Neigh(Neigh::from_payload(payload)?),
            Self::Ipv4Rule | Self::Ipv6Rule => Object::Rule(Rule::from_payload(payload)?),
            Self::Nexthop => Object::Nexthop(Nexthop::from_payload(payload)?),
        })
    }

    /// Writes what the kernel finds the object by. Keys sort as people expect: big-endian numbers.
    pub(super) fn key(self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        out.clear();
        match self {
            Self::Link => {
                let link = LinkView::parse(payload)?;
                out.extend(link.ifindex().to_be_bytes());
            }
            Self::Nexthop => {
                let nexthop = NexthopView::parse(payload)?;
                out.extend(nexthop.id().unwrap_or(0).to_be_bytes());
            }
            Self::Addr => {
                let addr = AddrView::parse(payload)?;
                out.extend(addr.ifindex().to_be_bytes());
                out.push(addr.family().0);
                ip(addr.local().or_else(|| addr.address()), out);
                // IPv4 has an address once per network that it is in; IPv6 once.
                if addr.family() == Family::INET {
                    out.push(addr.prefix_len());
                    let network = addr
                        .address()
                        .map(|address| Prefix::new(address, addr.prefix_len()).network().addr);
                    ip(network, out);
                }
            }
            Self::Ipv4Route | Self::Ipv6Route => {
                let route = RouteView::parse(payload)?;
                out.extend(route.table().0.to_be_bytes());
                prefix(route.dst(), out);
                prefix(route.src(), out);
                out.push(route.tos());
                out.extend(route.priority().unwrap_or(0).to_be_bytes());
            }
            Self::Neigh => {
                let neigh = NeighView::parse(payload)?;
                out.extend(neigh.ifindex().to_be_bytes());
                out.push(neigh.family().0);
                ip(neigh.dst(), out);
            }
            Self::Ipv4Rule | Self::Ipv6Rule => {
                let rule = RuleView::parse(payload)?;
                out.extend(rule.priority().unwrap_or(0).to_be_bytes());
            }
        }
        Ok(())
    }

    /// Writes what of the object is news if it changes: not counters, timers, nor what follows from
    /// the state of links without being told.
    pub(super) fn content(self, payload: &[u8], out: &mut Vec<u8>) {
        out.clear();
        let (header_len, flags, keep): (usize, Option<usize>, u32) = match self {
            Self::Link => (16, None, 0),
            Self::Addr => (8, None, 0),
            Self::Ipv4Route | Self::Ipv6Route => {
                let keep = RouteFlags::ONLINK | RouteFlags::PERVASIVE;
                (12, Some(8), keep.bits())
            }
            Self::Neigh => (12, None, 0),
            Self::Ipv4Rule | Self::Ipv6Rule => {
                let drop =
                    RuleFlags::UNRESOLVED | RuleFlags::IIF_DETACHED | RuleFlags::OIF_DETACHED;
                (12, Some(8), !drop.bits())
            }
            Self::Nexthop => (
                8,
                Some(4),
                (RouteFlags::ONLINK | RouteFlags::PERVASIVE).bits(),
            ),
        };
        let Some((header, attrs)) = payload.split_at_checked(header_len) else {
            out.extend_from_slice(payload);
            return;
        };
        out.extend_from_slice(header);
        if self == Self::Link {
            // ifi_change: which flags the event is about.
            out.truncate(12);
        }
        if let Some(flags) = flags
            && let Some(field) = out.get_mut(flags..flags + 4)
        {
            for (byte, keep) in field.iter_mut().zip(keep.to_ne_bytes()) {
                *byte &= keep;
            }
        }
        for attr in Attrs::new(attrs).flatten() {
            self.attribute(&attr, out);
        }
    }

    fn attribute(self, attr: &Attr<'_>, out: &mut Vec<u8>) {
        let number = attr.number();
        match (self, number) {
            (Self::Link, IFLA_STATS | IFLA_STATS64 | IFLA_EVENT)
            | (Self::Ipv4Route | Self::Ipv6Route, RTA_CACHEINFO)
            | (Self::Neigh, NDA_CACHEINFO | NDA_PROBES) => {}
            (Self::Link, IFLA_AF_SPEC) => family_settings(attr, out),
            (Self::Link, IFLA_LINKINFO) => link_info(attr, out),
            // The lifetimes run down; when they were set stands behind them.
            (Self::Addr, IFA_CACHEINFO) => part(number, attr.payload.get(8..).unwrap_or(&[]), out),
            (Self::Ipv4Route | Self::Ipv6Route, RTA_MULTIPATH) => hops(attr.payload, out),
            _ => part(number, attr.payload, out),
        }
    }
}

fn part(number: u16, payload: &[u8], out: &mut Vec<u8>) {
    out.extend(number.to_ne_bytes());
    out.extend(payload.len().to_ne_bytes());
    out.extend_from_slice(payload);
}

/// Without the counters and timers of IPv6: `IFLA_INET6_STATS`, `_CACHEINFO`, `_ICMP6STATS`.
fn family_settings(attr: &Attr<'_>, out: &mut Vec<u8>) {
    const INET6: u16 = Family::INET6.0 as u16;
    for family in attr.attrs().flatten() {
        for setting in family.attrs().flatten() {
            let number = setting.number();
            if family.number() != INET6 || !matches!(number, 3 | 5 | 6) {
                part(family.number() << 8 | number, setting.payload, out);
            }
        }
    }
}

/// Without a bridge's timers and the statistics of drivers.
fn link_info(attr: &Attr<'_>, out: &mut Vec<u8>) {
    let is_bridge = |kind: u16| {
        let found = attr.attrs().flatten().find(|attr| attr.number() == kind);
        found.is_some_and(|attr| attr.payload.starts_with(b"bridge"))
    };
    for info in attr.attrs().flatten() {
        let timers = match info.number() {
            IFLA_INFO_XSTATS => continue,
            // IFLA_BR_HELLO_TIMER to _GC_TIMER.
            IFLA_INFO_DATA if is_bridge(IFLA_INFO_KIND) => 16..=19,
            // IFLA_BRPORT_MESSAGE_AGE_TIMER to _HOLD_TIMER.
            IFLA_INFO_SLAVE_DATA if is_bridge(IFLA_INFO_SLAVE_KIND) => 21..=23,
            number => {
                part(number, info.payload, out);
                continue;
            }
        };
        for setting in info.attrs().flatten() {
            if !timers.contains(&setting.number()) {
                part(setting.number(), setting.payload, out);
            }
        }
    }
}

/// `struct rtnexthop` one behind the other, without the flags that follow from the state of links.
fn hops(payload: &[u8], out: &mut Vec<u8>) {
    const KEEP: u8 = 0x02 | 0x04;
    let mut rest = payload;
    while let [low, high, flags, tail @ ..] = rest {
        let len = usize::from(u16::from_ne_bytes([*low, *high]));
        out.push(flags & KEEP);
        out.extend_from_slice(tail.get(..len.saturating_sub(3)).unwrap_or(tail));
        let Some(behind) = rest.get(len.next_multiple_of(4).max(4)..) else {
            return;
        };
        rest = behind;
    }
}

fn ip(addr: Option<IpAddr>, out: &mut Vec<u8>) {
    match addr {
        Some(IpAddr::V4(addr)) => out.extend(addr.octets()),
        Some(IpAddr::V6(addr)) => out.extend(addr.octets()),
        None => {}
    }
}

fn prefix(prefix: Option<Prefix>, out: &mut Vec<u8>) {
    ip(prefix.map(|prefix| prefix.addr), out);
    out.push(prefix.map_or(0, |prefix| prefix.len));
}
