//! [`Route`]: rtnetlink as a protocol, its message types and their tables.

use nl_core::{MessageType, Protocol};

use crate::{addr, link, neigh, netconf, nexthop, nsid, route, rule};

/// rtnetlink (`NETLINK_ROUTE`): what a [`Connection<Route>`](nl_core::Connection) speaks; rtnetlink(7).
#[derive(Debug)]
pub enum Route {}

/// What each file contributes; a message type stands beside its table.
const PARTS: &[&[MessageType]] = &[
    link::MESSAGES,
    addr::MESSAGES,
    route::MESSAGES,
    neigh::MESSAGES,
    rule::MESSAGES,
    nexthop::MESSAGES,
    nsid::MESSAGES,
    netconf::MESSAGES,
];

static MESSAGE_TYPES: [MessageType; count(PARTS)] = concat(PARTS);

impl Protocol for Route {
    const NUMBER: i32 = 0;
    const NAME: &'static str = "rtnetlink";
    const STRICT: bool = true;

    fn message_types() -> &'static [MessageType] {
        &MESSAGE_TYPES
    }
}

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn count(parts: &[&[MessageType]]) -> usize {
    let mut sum = 0;
    let mut i = 0;
    while i < parts.len() {
        sum += parts[i].len();
        i += 1;
    }
    sum
}

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn concat<const N: usize>(parts: &[&[MessageType]]) -> [MessageType; N] {
    let mut all = [parts[0][0]; N];
    let mut at = 0;
    let mut i = 0;
    while i < parts.len() {
        let mut j = 0;
        while j < parts[i].len() {
            all[at] = parts[i][j];
            at += 1;
            j += 1;
        }
        i += 1;
    }
    all
}

// `RTM_*`. Source: include/uapi/linux/rtnetlink.h.

/// A link: to be made, or as it is now.
pub const RTM_NEWLINK: u16 = 16;
/// A link: to be deleted, or deleted.
pub const RTM_DELLINK: u16 = 17;
/// A link: asked for, one or all.
pub const RTM_GETLINK: u16 = 18;
/// A link: to be changed.
pub const RTM_SETLINK: u16 = 19;
/// An address: to be made, or as it is now.
pub const RTM_NEWADDR: u16 = 20;
/// An address: to be deleted, or deleted.
pub const RTM_DELADDR: u16 = 21;
/// An address: asked for, one or all.
pub const RTM_GETADDR: u16 = 22;
/// A route: to be made, or as it is now.
pub const RTM_NEWROUTE: u16 = 24;
/// A route: to be deleted, or deleted.
pub const RTM_DELROUTE: u16 = 25;
/// A route: asked for, one or all.
pub const RTM_GETROUTE: u16 = 26;
/// A neighbour: to be made, or as it is now.
pub const RTM_NEWNEIGH: u16 = 28;
/// A neighbour: to be deleted, or deleted.
pub const RTM_DELNEIGH: u16 = 29;
/// A neighbour: asked for, one or all.
pub const RTM_GETNEIGH: u16 = 30;
/// A policy rule: to be made, or as it is now.
pub const RTM_NEWRULE: u16 = 32;
/// A policy rule: to be deleted, or deleted.
pub const RTM_DELRULE: u16 = 33;
/// A policy rule: asked for, one or all.
pub const RTM_GETRULE: u16 = 34;
/// A queueing discipline: to be made, or as it is now.
pub const RTM_NEWQDISC: u16 = 36;
/// A queueing discipline: to be deleted, or deleted.
pub const RTM_DELQDISC: u16 = 37;
/// A queueing discipline: asked for, one or all.
pub const RTM_GETQDISC: u16 = 38;
/// A traffic class: to be made, or as it is now.
pub const RTM_NEWTCLASS: u16 = 40;
/// A traffic class: to be deleted, or deleted.
pub const RTM_DELTCLASS: u16 = 41;
/// A traffic class: asked for, one or all.
pub const RTM_GETTCLASS: u16 = 42;
/// A traffic filter: to be made, or as it is now.
pub const RTM_NEWTFILTER: u16 = 44;
/// A traffic filter: to be deleted, or deleted.
pub const RTM_DELTFILTER: u16 = 45;
/// A traffic filter: asked for, one or all.
pub const RTM_GETTFILTER: u16 = 46;
/// A traffic action: to be made, or as it is now.
pub const RTM_NEWACTION: u16 = 48;
/// A traffic action: to be deleted, or deleted.
pub const RTM_DELACTION: u16 = 49;
/// A traffic action: asked for, one or all.
pub const RTM_GETACTION: u16 = 50;
/// A IPv6 prefix (notification).
pub const RTM_NEWPREFIX: u16 = 52;
/// A multicast address: asked for, one or all.
pub const RTM_GETMULTICAST: u16 = 58;
/// An anycast address: asked for, one or all.
pub const RTM_GETANYCAST: u16 = 62;
/// A neighbour table: to be made, or as it is now.
pub const RTM_NEWNEIGHTBL: u16 = 64;
/// A neighbour table: asked for, one or all.
pub const RTM_GETNEIGHTBL: u16 = 66;
/// A neighbour table: to be changed.
pub const RTM_SETNEIGHTBL: u16 = 67;
/// A neighbour discovery option (notification).
pub const RTM_NEWNDUSEROPT: u16 = 68;
/// A IPv6 address label: to be made, or as it is now.
pub const RTM_NEWADDRLABEL: u16 = 72;
/// A IPv6 address label: to be deleted, or deleted.
pub const RTM_DELADDRLABEL: u16 = 73;
/// A IPv6 address label: asked for, one or all.
pub const RTM_GETADDRLABEL: u16 = 74;
/// A IP configuration of a link: to be made, or as it is now.
pub const RTM_NEWNETCONF: u16 = 80;
/// A IP configuration of a link: to be deleted, or deleted.
pub const RTM_DELNETCONF: u16 = 81;
/// A IP configuration of a link: asked for, one or all.
pub const RTM_GETNETCONF: u16 = 82;
/// A multicast database entry: to be made, or as it is now.
pub const RTM_NEWMDB: u16 = 84;
/// A multicast database entry: to be deleted, or deleted.
pub const RTM_DELMDB: u16 = 85;
/// A multicast database entry: asked for, one or all.
pub const RTM_GETMDB: u16 = 86;
/// A network namespace id: to be made, or as it is now.
pub const RTM_NEWNSID: u16 = 88;
/// A network namespace id: to be deleted, or deleted.
pub const RTM_DELNSID: u16 = 89;
/// A network namespace id: asked for, one or all.
pub const RTM_GETNSID: u16 = 90;
/// Link statistics: to be made, or as it is now.
pub const RTM_NEWSTATS: u16 = 92;
/// Link statistics: asked for, one or all.
pub const RTM_GETSTATS: u16 = 94;
/// Link statistics: to be changed.
pub const RTM_SETSTATS: u16 = 95;
/// A multicast cache report (notification).
pub const RTM_NEWCACHEREPORT: u16 = 96;
/// A traffic filter chain: to be made, or as it is now.
pub const RTM_NEWCHAIN: u16 = 100;
/// A traffic filter chain: to be deleted, or deleted.
pub const RTM_DELCHAIN: u16 = 101;
/// A traffic filter chain: asked for, one or all.
pub const RTM_GETCHAIN: u16 = 102;
/// A nexthop object: to be made, or as it is now.
pub const RTM_NEWNEXTHOP: u16 = 104;
/// A nexthop object: to be deleted, or deleted.
pub const RTM_DELNEXTHOP: u16 = 105;
/// A nexthop object: asked for, one or all.
pub const RTM_GETNEXTHOP: u16 = 106;
/// An alternative name of a link: to be made, or as it is now.
pub const RTM_NEWLINKPROP: u16 = 108;
/// An alternative name of a link: to be deleted, or deleted.
pub const RTM_DELLINKPROP: u16 = 109;
/// An alternative name of a link: asked for, one or all.
pub const RTM_GETLINKPROP: u16 = 110;
/// A bridge VLAN: to be made, or as it is now.
pub const RTM_NEWVLAN: u16 = 112;
/// A bridge VLAN: to be deleted, or deleted.
pub const RTM_DELVLAN: u16 = 113;
/// A bridge VLAN: asked for, one or all.
pub const RTM_GETVLAN: u16 = 114;
/// A bucket of a resilient nexthop group: to be made, or as it is now.
pub const RTM_NEWNEXTHOPBUCKET: u16 = 116;
/// A bucket of a resilient nexthop group: to be deleted, or deleted.
pub const RTM_DELNEXTHOPBUCKET: u16 = 117;
/// A bucket of a resilient nexthop group: asked for, one or all.
pub const RTM_GETNEXTHOPBUCKET: u16 = 118;
/// A tunnel metadata entry: to be made, or as it is now.
pub const RTM_NEWTUNNEL: u16 = 120;
/// A tunnel metadata entry: to be deleted, or deleted.
pub const RTM_DELTUNNEL: u16 = 121;
/// A tunnel metadata entry: asked for, one or all.
pub const RTM_GETTUNNEL: u16 = 122;
