//! neli's router.

use std::net::IpAddr;

use neli::consts::nl::NlmF;
use neli::consts::rtnl::{Ifa, RtAddrFamily, RtScope, RtTable, Rta, RtaType, Rtm, Rtn, Rtprot};
use neli::consts::socket::NlFamily;
use neli::nl::{NlPayload, Nlmsghdr};
use neli::router::synchronous::NlRouter;
use neli::rtnl::{Ifaddrmsg, IfaddrmsgBuilder, Rtattr, RtattrBuilder, Rtmsg, RtmsgBuilder};
use neli::types::{Buffer, RtBuffer};
use neli::utils::Groups;

use crate::data::{BITS4, BITS6, GATEWAY4, GATEWAY6, OTHER4, TABLE, address, dst4, dst6};
use crate::sample::Part;
use crate::{Result, network};

fn attr<T: RtaType>(number: T, payload: &[u8]) -> Result<Rtattr<T, Buffer>> {
    Ok(RtattrBuilder::default()
        .rta_type(number)
        .rta_payload(Buffer::from(payload))
        .build()?)
}

/// A destination, its prefix length and its gateway.
type Way = (IpAddr, u8, IpAddr);

fn bytes(addr: IpAddr) -> Vec<u8> {
    match addr {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// What is done.
#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Add,
    Replace,
    Delete,
}

impl Verb {
    fn flags(self) -> NlmF {
        NlmF::ACK
            | match self {
                Self::Add => NlmF::CREATE | NlmF::EXCL,
                Self::Replace => NlmF::CREATE | NlmF::REPLACE,
                Self::Delete => NlmF::empty(),
            }
    }
}

fn route((dst, bits, gateway): Way, ifindex: i32, verb: Verb) -> Result<Rtmsg> {
    let mut attrs = RtBuffer::new();
    attrs.push(attr(Rta::Dst, &bytes(dst))?);
    attrs.push(attr(Rta::Gateway, &bytes(gateway))?);
    attrs.push(attr(Rta::Oif, &ifindex.to_ne_bytes())?);
    let new = verb != Verb::Delete;
    Ok(RtmsgBuilder::default()
        .rtm_family(family(dst))
        .rtm_dst_len(bits)
        .rtm_src_len(0)
        .rtm_tos(0)
        .rtm_table(RtTable::from(TABLE as u8))
        .rtm_protocol(if new { Rtprot::Boot } else { Rtprot::Unspec })
        .rtm_scope(if new || dst.is_ipv6() {
            RtScope::Universe
        } else {
            RtScope::Nowhere
        })
        .rtm_type(if new { Rtn::Unicast } else { Rtn::Unspec })
        .rtattrs(attrs)
        .build()?)
}

fn family(addr: IpAddr) -> RtAddrFamily {
    if addr.is_ipv4() {
        RtAddrFamily::Inet
    } else {
        RtAddrFamily::Inet6
    }
}

fn all(
    router: &NlRouter,
    items: u32,
    ifindex: i32,
    verb: Verb,
    way: impl Fn(u32) -> Way,
) -> Result<()> {
    let number = if verb == Verb::Delete {
        Rtm::Delroute
    } else {
        Rtm::Newroute
    };
    for index in 0..items {
        let payload = NlPayload::Payload(route(way(index), ifindex, verb)?);
        for answer in router.send::<_, _, Rtm, Rtmsg>(number, verb.flags(), payload)? {
            drop(answer?);
        }
    }
    Ok(())
}

/// Reads destination, gateway and interface index of each route; returns how many have all three.
fn list(router: &NlRouter, family: RtAddrFamily) -> Result<u32> {
    let request = RtmsgBuilder::default()
        .rtm_family(family)
        .rtm_dst_len(0)
        .rtm_src_len(0)
        .rtm_tos(0)
        .rtm_table(RtTable::Unspec)
        .rtm_protocol(Rtprot::Unspec)
        .rtm_scope(RtScope::Universe)
        .rtm_type(Rtn::Unspec)
        .build()?;
    let mut count = 0;
    let routes =
        router.send::<_, _, Rtm, Rtmsg>(Rtm::Getroute, NlmF::DUMP, NlPayload::Payload(request))?;
    for message in routes {
        let message: Nlmsghdr<Rtm, Rtmsg> = message?;
        let Some(route) = message.get_payload() else {
            continue;
        };
        if u8::from(route.rtm_table()) != TABLE as u8 {
            continue;
        }
        let wanted = |attr: &&Rtattr<Rta, Buffer>| {
            matches!(attr.rta_type(), Rta::Dst | Rta::Gateway | Rta::Oif)
        };
        count += u32::from(route.rtattrs().iter().filter(wanted).count() == 3);
    }
    Ok(count)
}

fn way4(index: u32) -> Way {
    (dst4(index).into(), BITS4, GATEWAY4.into())
}

fn way6(index: u32) -> Way {
    (dst6(index).into(), BITS6, GATEWAY6.into())
}

fn other4(index: u32) -> Way {
    (dst4(index).into(), BITS4, OTHER4.into())
}

fn connect() -> Result<NlRouter> {
    Ok(NlRouter::connect(NlFamily::Route, None, Groups::empty())?.0)
}

fn routes(part: &mut Part, family: RtAddrFamily, way: fn(u32) -> Way) -> Result<()> {
    let ifindex = network::link()?;
    let router = connect()?;
    let items = part.items;
    part.measure("add", || all(&router, items, ifindex, Verb::Add, way))?;
    let count = part.measure("dump", || list(&router, family))?;
    assert_eq!(count, items);
    part.measure("delete", || all(&router, items, ifindex, Verb::Delete, way))
}

pub(crate) fn routes4(part: &mut Part) -> Result<()> {
    routes(part, RtAddrFamily::Inet, way4)
}

pub(crate) fn routes6(part: &mut Part) -> Result<()> {
    routes(part, RtAddrFamily::Inet6, way6)
}

pub(crate) fn replace(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let router = connect()?;
    let items = part.items;
    all(&router, items, ifindex, Verb::Add, way4)?;
    part.measure("replace", || {
        all(&router, items, ifindex, Verb::Replace, other4)
    })
}

pub(crate) fn each(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let router = connect()?;
    let items = part.items;
    part.measure("add", || all(&router, items, ifindex, Verb::Add, way4))?;
    part.measure("delete", || {
        all(&router, items, ifindex, Verb::Delete, way4)
    })
}

pub(crate) fn addresses(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?.unsigned_abs();
    let router = connect()?;
    let items = part.items;
    let all = |number, verb: Verb| -> Result<()> {
        for index in 0..items {
            let octets = address(index).octets();
            let mut attrs = RtBuffer::new();
            attrs.push(attr(Ifa::Local, &octets)?);
            attrs.push(attr(Ifa::Address, &octets)?);
            let request = IfaddrmsgBuilder::default()
                .ifa_family(RtAddrFamily::Inet)
                .ifa_prefixlen(32)
                .ifa_scope(RtScope::Universe)
                .ifa_index(ifindex)
                .rtattrs(attrs)
                .build()?;
            let payload = NlPayload::Payload(request);
            for answer in router.send::<_, _, Rtm, Ifaddrmsg>(number, verb.flags(), payload)? {
                drop(answer?);
            }
        }
        Ok(())
    };
    part.measure("add", || all(Rtm::Newaddr, Verb::Add))?;
    part.measure("delete", || all(Rtm::Deladdr, Verb::Delete))
}
