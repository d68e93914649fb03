//! neli's router.

use neli::consts::nl::NlmF;
use neli::consts::rtnl::{RtAddrFamily, RtScope, RtTable, Rta, Rtm, Rtn, Rtprot};
use neli::consts::socket::NlFamily;
use neli::nl::{NlPayload, Nlmsghdr};
use neli::router::synchronous::NlRouter;
use neli::rtnl::{Rtattr, RtattrBuilder, Rtmsg, RtmsgBuilder};
use neli::types::{Buffer, RtBuffer};
use neli::utils::Groups;

use crate::data::{BITS4, GATEWAY4, TABLE, dst4};
use crate::sample::Part;
use crate::{Result, network};

fn attr(number: Rta, payload: &[u8]) -> Result<Rtattr<Rta, Buffer>> {
    Ok(RtattrBuilder::default()
        .rta_type(number)
        .rta_payload(Buffer::from(payload))
        .build()?)
}

fn route(index: u32, ifindex: i32, new: bool) -> Result<Rtmsg> {
    let mut attrs = RtBuffer::new();
    attrs.push(attr(Rta::Dst, &dst4(index).octets())?);
    attrs.push(attr(Rta::Gateway, &GATEWAY4.octets())?);
    attrs.push(attr(Rta::Oif, &ifindex.to_ne_bytes())?);
    Ok(RtmsgBuilder::default()
        .rtm_family(RtAddrFamily::Inet)
        .rtm_dst_len(BITS4)
        .rtm_src_len(0)
        .rtm_tos(0)
        .rtm_table(RtTable::from(TABLE as u8))
        .rtm_protocol(if new { Rtprot::Boot } else { Rtprot::Unspec })
        .rtm_scope(if new {
            RtScope::Universe
        } else {
            RtScope::Nowhere
        })
        .rtm_type(if new { Rtn::Unicast } else { Rtn::Unspec })
        .rtattrs(attrs)
        .build()?)
}

fn all(router: &NlRouter, items: u32, ifindex: i32, new: bool) -> Result<()> {
    let (number, flags) = if new {
        (Rtm::Newroute, NlmF::ACK | NlmF::CREATE | NlmF::EXCL)
    } else {
        (Rtm::Delroute, NlmF::ACK)
    };
    for index in 0..items {
        let payload = NlPayload::Payload(route(index, ifindex, new)?);
        for answer in router.send::<_, _, Rtm, Rtmsg>(number, flags, payload)? {
            drop(answer?);
        }
    }
    Ok(())
}

/// Reads destination, gateway and interface index of each route; returns how many have all three.
fn list(router: &NlRouter) -> Result<u32> {
    let request = RtmsgBuilder::default()
        .rtm_family(RtAddrFamily::Inet)
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

pub(crate) fn routes4(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let (router, _) = NlRouter::connect(NlFamily::Route, None, Groups::empty())?;
    let items = part.items;
    part.measure("add", || all(&router, items, ifindex, true))?;
    let count = part.measure("dump", || list(&router))?;
    assert_eq!(count, items);
    part.measure("delete", || all(&router, items, ifindex, false))
}

pub(crate) fn each(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let (router, _) = NlRouter::connect(NlFamily::Route, None, Groups::empty())?;
    let items = part.items;
    part.measure("add", || all(&router, items, ifindex, true))?;
    part.measure("delete", || all(&router, items, ifindex, false))
}
