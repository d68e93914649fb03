//! A connection and a veth pair to try things on.

use nl_core::header::{NLM_F_CREATE, NLM_F_EXCL};
use nl_core::kind::Str;
use nl_core::{Connection, Writer};
use nl_route::link::{IFLA_IFNAME, IfInfoMsg};
use nl_route::protocol::RTM_NEWLINK;
use nl_route::{RawRequest, Route};

pub(crate) const LO: i32 = 1;
/// Index of `v0`.
pub(crate) const V0: i32 = 10;
/// Index of `v1`, the other end of `v0`.
pub(crate) const V1: i32 = 11;

/// A connection in a network where `lo`, `v0` and `v1` are up.
pub(crate) fn ground() -> Connection<Route> {
    let mut route = Connection::open().unwrap();
    let (linkinfo, kind, data, peer) = (18, 1, 2, 1);
    send(&mut route, NLM_F_CREATE | NLM_F_EXCL, |out| {
        out.header(&header(V0));
        out.attr::<Str>(IFLA_IFNAME, "v0");
        out.nest(linkinfo, |out| {
            out.attr::<Str>(kind, "veth");
            out.nest(data, |out| {
                out.nest(peer, |out| {
                    out.header(&header(V1));
                    out.attr::<Str>(IFLA_IFNAME, "v1");
                });
            });
        });
    });
    for ifindex in [LO, V0, V1] {
        send(&mut route, 0, |out| {
            out.header(&IfInfoMsg {
                flags: 1.into(),
                change: 1.into(),
                ..header(ifindex)
            });
        });
    }
    route
}

fn header(ifindex: i32) -> IfInfoMsg {
    IfInfoMsg {
        ifindex: ifindex.into(),
        ..IfInfoMsg::default()
    }
}

fn send(route: &mut Connection<Route>, flags: u16, write: impl FnOnce(&mut Writer)) {
    let mut out = Writer::new();
    write(&mut out);
    let request = RawRequest {
        message_type: RTM_NEWLINK,
        flags,
        payload: out.bytes(),
    };
    route.call(&request).unwrap();
}
