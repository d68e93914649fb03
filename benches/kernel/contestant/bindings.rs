//! netlink-bindings with netlink-socket2: generated code, requests chained in one buffer.

use std::net::IpAddr;

use netlink_bindings::{rt_addr, rt_route as rt};
use netlink_socket2::NetlinkSocket;

use crate::data::{BITS4, BITS6, GATEWAY4, GATEWAY6, OTHER4, TABLE, address, dst4, dst6};
use crate::sample::Part;
use crate::{Result, network};

/// How many requests go into one buffer; more than 276 answers do not fit a default socket.
const CHAIN: u32 = 200;

/// What is done to a route.
#[derive(Clone, Copy)]
enum Verb {
    Add,
    Replace,
    Delete,
}

/// A destination, its prefix length and its gateway.
type Route = (IpAddr, u8, IpAddr);

fn header((dst, bits, _): Route, verb: Verb) -> rt::Rtmsg {
    let new = !matches!(verb, Verb::Delete);
    rt::Rtmsg {
        rtm_family: if dst.is_ipv4() {
            libc::AF_INET as u8
        } else {
            libc::AF_INET6 as u8
        },
        rtm_dst_len: bits,
        rtm_table: TABLE as u8,
        rtm_protocol: if new { 3 } else { 0 },
        rtm_scope: if new || dst.is_ipv6() { 0 } else { 255 },
        rtm_type: u8::from(new),
        ..rt::Rtmsg::default()
    }
}

/// Appends a request to a chain or a buffer.
macro_rules! request {
    ($request:expr, $route:expr, $verb:expr, $ifindex:expr, |$done:ident| $use:expr) => {{
        let (dst, _, gateway) = $route;
        let header = header($route, $verb);
        let request = match $verb {
            Verb::Add => $request.set_create().set_excl(),
            Verb::Replace => $request.set_create().set_replace(),
            Verb::Delete => $request,
        };
        if let Verb::Delete = $verb {
            let mut $done = request.op_delroute_do(&header);
            $done
                .encode()
                .push_dst(dst)
                .push_gateway(gateway)
                .push_oif($ifindex);
            $use
        } else {
            let mut $done = request.op_newroute_do(&header);
            $done
                .encode()
                .push_dst(dst)
                .push_gateway(gateway)
                .push_oif($ifindex);
            $use
        }
    }};
}

fn chained(
    socket: &mut NetlinkSocket,
    items: u32,
    ifindex: u32,
    verb: Verb,
    route: impl Fn(u32) -> Route,
) -> Result<()> {
    let mut buffer = Vec::new();
    for start in (0..items).step_by(CHAIN as usize) {
        let end = (start + CHAIN).min(items);
        let mut chain = rt::Chained::new_from_buf(buffer, socket.reserve_seq(end - start));
        for index in start..end {
            request!(chain.request(), route(index), verb, ifindex, |done| drop(
                done
            ));
        }
        let chain = chain.finalize();
        socket
            .request_chained(&chain)?
            .recv_all()
            .map_err(|error| error.to_string())?;
        buffer = chain.into_chained().into_buf();
    }
    Ok(())
}

/// Reads destination, gateway and interface index of each route; returns how many have all three.
fn list(socket: &mut NetlinkSocket, family: i32) -> Result<u32> {
    let header = rt::Rtmsg {
        rtm_family: family as u8,
        ..rt::Rtmsg::default()
    };
    let request = rt::Request::new().op_getroute_dump(&header);
    let mut count = 0;
    let mut reply = socket.request(&request)?;
    while let Some(route) = reply.recv() {
        let (header, attrs) = route.map_err(|error| error.to_string())?;
        if u32::from(header.rtm_table) != TABLE {
            continue;
        }
        let mut found = 0;
        for attr in attrs {
            match attr.map_err(|error| error.to_string())? {
                rt::RouteAttrs::Dst(addr) | rt::RouteAttrs::Gateway(addr) => {
                    std::hint::black_box(addr);
                    found += 1;
                }
                rt::RouteAttrs::Oif(ifindex) => {
                    std::hint::black_box(ifindex);
                    found += 1;
                }
                _ => {}
            }
        }
        count += u32::from(found == 3);
    }
    Ok(count)
}

fn routes(part: &mut Part, family: i32, route: impl Fn(u32) -> Route) -> Result<()> {
    let ifindex = network::link()?.unsigned_abs();
    let mut socket = NetlinkSocket::new();
    let items = part.items;
    part.measure("add", || {
        chained(&mut socket, items, ifindex, Verb::Add, &route)
    })?;
    let count = part.measure("dump", || list(&mut socket, family))?;
    assert_eq!(count, items);
    part.measure("delete", || {
        chained(&mut socket, items, ifindex, Verb::Delete, &route)
    })
}

fn route4(index: u32) -> Route {
    (dst4(index).into(), BITS4, GATEWAY4.into())
}

pub(crate) fn routes4(part: &mut Part) -> Result<()> {
    routes(part, libc::AF_INET, route4)
}

pub(crate) fn routes6(part: &mut Part) -> Result<()> {
    routes(part, libc::AF_INET6, |index| {
        (dst6(index).into(), BITS6, GATEWAY6.into())
    })
}

pub(crate) fn replace(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?.unsigned_abs();
    let mut socket = NetlinkSocket::new();
    let items = part.items;
    chained(&mut socket, items, ifindex, Verb::Add, route4)?;
    let other = |index| (dst4(index).into(), BITS4, OTHER4.into());
    part.measure("replace", || {
        chained(&mut socket, items, ifindex, Verb::Replace, other)
    })
}

pub(crate) fn each(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?.unsigned_abs();
    let mut socket = NetlinkSocket::new();
    let items = part.items;
    let mut all = |verb| -> Result<()> {
        let mut buffer = Vec::new();
        for index in 0..items {
            let request = rt::Request::new_with_buf(&mut buffer);
            request!(request, route4(index), verb, ifindex, |done| {
                socket
                    .request(&done)?
                    .recv_ack()
                    .map_err(|error| error.to_string())?;
            });
        }
        Ok(())
    };
    part.measure("add", || all(Verb::Add))?;
    part.measure("delete", || all(Verb::Delete))
}

pub(crate) fn addresses(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?.unsigned_abs();
    let mut socket = NetlinkSocket::new();
    let items = part.items;
    let header = rt_addr::Ifaddrmsg {
        ifa_family: libc::AF_INET as u8,
        ifa_prefixlen: 32,
        ifa_index: ifindex,
        ..rt_addr::Ifaddrmsg::default()
    };
    let mut all = |add: bool| -> Result<()> {
        let mut buffer = Vec::new();
        for start in (0..items).step_by(CHAIN as usize) {
            let end = (start + CHAIN).min(items);
            let mut chain = rt_addr::Chained::new_from_buf(buffer, socket.reserve_seq(end - start));
            for index in start..end {
                let address = address(index).into();
                if add {
                    let request = chain.request().set_create().set_excl();
                    let mut request = request.op_newaddr_do(&header);
                    request.encode().push_local(address).push_address(address);
                } else {
                    let mut request = chain.request().op_deladdr_do(&header);
                    request.encode().push_local(address).push_address(address);
                }
            }
            let chain = chain.finalize();
            socket
                .request_chained(&chain)?
                .recv_all()
                .map_err(|error| error.to_string())?;
            buffer = chain.into_chained().into_buf();
        }
        Ok(())
    };
    part.measure("add", || all(true))?;
    part.measure("delete", || all(false))
}
