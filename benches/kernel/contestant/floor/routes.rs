//! Routes.

use std::net::IpAddr;

use super::message::{NEW, Prebuilt, REPLACE, attr, for_each_attr};
use super::socket::Socket;
use crate::data::{BITS4, BITS6, GATEWAY4, GATEWAY6, NEXTHOP, OTHER4, TABLE, dst4, dst6};
use crate::sample::Part;
use crate::{Result, network};

// Source: include/uapi/linux/rtnetlink.h.
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_GETROUTE: u16 = 26;
const RTM_NEWNEXTHOP: u16 = 104;
const RTM_DELNEXTHOP: u16 = 105;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_NH_ID: u16 = 30;
const RTPROT_BOOT: u8 = 3;
const RTN_UNICAST: u8 = 1;
const RT_SCOPE_NOWHERE: u8 = 255;
// Source: include/uapi/linux/nexthop.h.
const NHA_ID: u16 = 1;
const NHA_OIF: u16 = 5;
const NHA_GATEWAY: u16 = 6;

/// How packets get there.
#[derive(Clone, Copy)]
enum Way {
    Gateway(IpAddr, i32),
    Nexthop(u32),
}

fn bytes(addr: IpAddr) -> Vec<u8> {
    match addr {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

fn family(addr: IpAddr) -> u8 {
    if addr.is_ipv4() {
        libc::AF_INET as u8
    } else {
        libc::AF_INET6 as u8
    }
}

/// Appends `struct rtmsg` and attributes.
fn route(out: &mut Vec<u8>, dst: IpAddr, way: Way, new: bool) {
    let bits = if dst.is_ipv4() { BITS4 } else { BITS6 };
    let (protocol, route_type) = if new {
        (RTPROT_BOOT, RTN_UNICAST)
    } else {
        (0, 0)
    };
    let scope = if new || dst.is_ipv6() {
        0
    } else {
        RT_SCOPE_NOWHERE
    };
    out.extend_from_slice(&[
        family(dst),
        bits,
        0,
        0,
        TABLE as u8,
        protocol,
        scope,
        route_type,
    ]);
    out.extend_from_slice(&[0; 4]);
    attr(out, RTA_DST, &bytes(dst));
    match way {
        Way::Gateway(gateway, ifindex) => {
            attr(out, RTA_GATEWAY, &bytes(gateway));
            attr(out, RTA_OIF, &ifindex.to_ne_bytes());
        }
        Way::Nexthop(id) => attr(out, RTA_NH_ID, &id.to_ne_bytes()),
    }
}

fn add(dsts: impl Iterator<Item = IpAddr>, way: Way) -> Prebuilt {
    let mut prebuilt = Prebuilt::default();
    dsts.for_each(|dst| prebuilt.push(RTM_NEWROUTE, NEW, |out| route(out, dst, way, true)));
    prebuilt.finish()
}

fn delete(dsts: impl Iterator<Item = IpAddr>, way: Way) -> Prebuilt {
    let mut prebuilt = Prebuilt::default();
    dsts.for_each(|dst| prebuilt.push(RTM_DELROUTE, 0, |out| route(out, dst, way, false)));
    prebuilt.finish()
}

fn all4(items: u32) -> impl Iterator<Item = IpAddr> {
    (0..items).map(|index| dst4(index).into())
}

fn all6(items: u32) -> impl Iterator<Item = IpAddr> {
    (0..items).map(|index| dst6(index).into())
}

/// Reads destination, gateway and interface index of each route; returns how many have all three.
fn list(socket: &mut Socket, family: i32) -> Result<u32> {
    let mut count = 0;
    let header = [family as u8, 0, 0, 0, TABLE as u8, 0, 0, 0, 0, 0, 0, 0];
    socket.dump(
        RTM_GETROUTE,
        |out| out.extend_from_slice(&header),
        |payload| {
            let mut found = 0;
            for_each_attr(&payload[12..], |number, payload| {
                if let RTA_DST | RTA_GATEWAY | RTA_OIF = number {
                    found += std::hint::black_box(payload).len().min(1);
                }
            });
            count += u32::from(found == 3);
        },
    )?;
    Ok(count)
}

pub(crate) fn routes4(part: &mut Part) -> Result<()> {
    let way = Way::Gateway(GATEWAY4.into(), network::link()?);
    let mut socket = Socket::open()?;
    let prebuilt = add(all4(part.items), way);
    part.measure("add", || socket.send(&prebuilt))?;
    drop(prebuilt);
    let count = part.measure("dump", || list(&mut socket, libc::AF_INET))?;
    assert_eq!(count, part.items);
    let prebuilt = delete(all4(part.items), way);
    part.measure("delete", || socket.send(&prebuilt))
}

pub(crate) fn routes6(part: &mut Part) -> Result<()> {
    let way = Way::Gateway(GATEWAY6.into(), network::link()?);
    let mut socket = Socket::open()?;
    let prebuilt = add(all6(part.items), way);
    part.measure("add", || socket.send(&prebuilt))?;
    let count = part.measure("dump", || list(&mut socket, libc::AF_INET6))?;
    assert_eq!(count, part.items);
    let prebuilt = delete(all6(part.items), way);
    part.measure("delete", || socket.send(&prebuilt))
}

pub(crate) fn replace(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let mut socket = Socket::open()?;
    socket.send(&add(
        all4(part.items),
        Way::Gateway(GATEWAY4.into(), ifindex),
    ))?;
    let way = Way::Gateway(OTHER4.into(), ifindex);
    let mut prebuilt = Prebuilt::default();
    for dst in all4(part.items) {
        prebuilt.push(RTM_NEWROUTE, REPLACE, |out| route(out, dst, way, true));
    }
    let prebuilt = prebuilt.finish();
    part.measure("replace", || socket.send(&prebuilt))
}

/// Lists all, then replaces the one route in a hundred of which it knows that it differs.
pub(crate) fn sync(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let (wanted, other) = (
        Way::Gateway(GATEWAY4.into(), ifindex),
        Way::Gateway(OTHER4.into(), ifindex),
    );
    let mut socket = Socket::open()?;
    socket.send(&add(all4(part.items), wanted))?;
    let items = part.items;
    let change = |way| {
        let mut prebuilt = Prebuilt::default();
        for dst in all4(items).step_by(100) {
            prebuilt.push(RTM_NEWROUTE, REPLACE, |out| route(out, dst, way, true));
        }
        prebuilt.finish()
    };
    socket.send(&change(other))?;
    let prebuilt = change(wanted);
    let count = part.measure("sync", || {
        let count = list(&mut socket, libc::AF_INET)?;
        socket.send(&prebuilt)?;
        Ok(count)
    })?;
    assert_eq!(count, part.items);
    Ok(())
}

/// What loading a file takes the kernel.
pub(crate) fn load(part: &mut Part) -> Result<()> {
    let way = Way::Gateway(GATEWAY4.into(), network::link()?);
    let mut socket = Socket::open()?;
    let prebuilt = add(all4(part.items), way);
    part.measure("add", || socket.send(&prebuilt))
}

/// Without a nexthop object.
pub(crate) fn set_by_gateway(part: &mut Part) -> Result<()> {
    let way = Way::Gateway(GATEWAY4.into(), network::link()?);
    let mut socket = Socket::open()?;
    let prebuilt = add(all4(part.items), way);
    part.measure("add", || socket.send(&prebuilt))?;
    let prebuilt = delete(all4(part.items), way);
    part.measure("remove", || socket.send(&prebuilt))
}

pub(crate) fn set_by_nexthop(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let mut socket = Socket::open()?;
    let header = [libc::AF_INET as u8, 0, RTPROT_BOOT, 0, 0, 0, 0, 0];
    let mut nexthop = Prebuilt::default();
    nexthop.push(RTM_NEWNEXTHOP, NEW, |out| {
        out.extend_from_slice(&header);
        attr(out, NHA_ID, &NEXTHOP.to_ne_bytes());
        attr(out, NHA_GATEWAY, &GATEWAY4.octets());
        attr(out, NHA_OIF, &ifindex.to_ne_bytes());
    });
    let nexthop = nexthop.finish();
    let prebuilt = add(all4(part.items), Way::Nexthop(NEXTHOP));
    part.measure("add", || {
        socket.send(&nexthop)?;
        socket.send(&prebuilt)
    })?;
    let mut gone = Prebuilt::default();
    gone.push(RTM_DELNEXTHOP, 0, |out| {
        out.extend_from_slice(&[0; 8]);
        attr(out, NHA_ID, &NEXTHOP.to_ne_bytes());
    });
    let gone = gone.finish();
    part.measure("remove", || socket.send(&gone))
}

pub(crate) fn each(part: &mut Part) -> Result<()> {
    let way = Way::Gateway(GATEWAY4.into(), network::link()?);
    let mut socket = Socket::open()?;
    let mut adds = Prebuilt::default();
    let mut deletes = Prebuilt::default();
    for dst in all4(part.items) {
        adds.push_alone(RTM_NEWROUTE, NEW, |out| route(out, dst, way, true));
        deletes.push_alone(RTM_DELROUTE, 0, |out| route(out, dst, way, false));
    }
    let (adds, deletes) = (adds.finish(), deletes.finish());
    part.measure("add", || socket.send(&adds))?;
    part.measure("delete", || socket.send(&deletes))
}
