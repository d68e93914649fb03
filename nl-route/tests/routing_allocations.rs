//! Counts allocations: none per object written, read or listed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../../nl-core/tests/counting/mod.rs"]
mod counting;

use std::net::IpAddr;

use counting::{allocations, listing, writing};
use nl_core::{Request, Writer};
use nl_netns::Namespace;
use nl_route::addr::{AddrFlags, DelAddr, GetAddrs, NewAddr};
use nl_route::link::kind::{Vlan, Vxlan};
use nl_route::link::{DelLink, GetLink, GetLinks, NewLink, SetLink};
use nl_route::neigh::{DelNeigh, GetNeighs, NewNeigh};
use nl_route::nexthop::{DelNexthop, GetNexthops, NewNexthop, NexthopGrp};
use nl_route::nsid::{GetNsid, GetNsids, NetnsRef, NewNsid};
use nl_route::route::{
    DelRoute, GetRoute, GetRoutes, NewHop, NewRoute, RTAX_MTU, RouteMetrics, RouteTable, RouteView,
};
use nl_route::rule::{DelRule, GetRules, NewRule};
use nl_route::{Connection, Family, Prefix, Route, RouteExt};

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn multipath(dst: &str, ways: [&str; 2]) -> NewRoute {
    NewRoute::new(prefix(dst))
        .metrics(RouteMetrics::default().set(RTAX_MTU, 1400).cc_algo("reno"))
        .hop(NewHop::via(ip(ways[0])))
        .hop(NewHop::via(ip(ways[1])).weight(2))
}

#[test]
fn a_route_is_made_written_and_read_without_allocation() {
    let mut out = Writer::new();
    out.bytes_mut().reserve(4096);
    let ways = multipath("0.0.0.0/0", ["10.0.0.2", "10.0.0.3"]);
    let counted = allocations(|| {
        for n in 0..100u8 {
            out.clear();
            NewRoute::new(Prefix::host([10, 1, 0, n].into()))
                .via([10, 0, 0, 2].into())
                .table(RouteTable(1000))
                .metric(n.into())
                .write(&mut out);
            let view = RouteView::parse(out.bytes()).unwrap();
            assert_eq!(view.priority(), Some(n.into()));
            out.clear();
            ways.write(&mut out);
            let view = RouteView::parse(out.bytes()).unwrap();
            assert_eq!(view.hops().count(), 2);
        }
    });
    assert_eq!(counted, 0);
}

#[test]
fn every_request_is_written_without_allocation() {
    let rule = || {
        NewRule::new(Family::INET)
            .priority(7)
            .src(prefix("10.7.0.0/16"))
            .iifname("eth0")
            .uids(1..=5)
            .sports(1..=1023)
    };
    let neigh = || NewNeigh::new(1, ip("10.0.0.2")).lladdr([2, 0, 0, 0, 0, 2]);
    let addr = || {
        NewAddr::new(1, prefix("10.0.0.1/24"))
            .label("eth0:1")
            .flags(AddrFlags::NODAD)
    };
    let netns = NetnsRef::Fd(3);
    let vxlan = NewLink::of_kind("vxlan", "x0").data::<Vxlan>(|data| {
        data.id(7);
    });
    let vlan = NewLink::of_kind("vlan", "x1").data::<Vlan>(|data| {
        data.id(7);
    });
    let pair = NewLink::veth("v0", "v1").peer(|peer| peer.mtu = Some(1400));
    let group = NewNexthop::group([NexthopGrp::new(1, 1), NexthopGrp::new(2, 3)]).id(3);
    let requests: [&dyn Request<Protocol = Route>; 32] = [
        &vxlan,
        &vlan,
        &pair,
        &NewLink::bridge("br0"),
        &SetLink::new("v0").mtu(1400),
        &SetLink::new(1).mtu(1400),
        &DelLink::new("v0"),
        &GetLink::new("v0"),
        &GetLinks::new(),
        &addr(),
        &DelAddr(addr()),
        &GetAddrs::all(),
        &NewRoute::new(prefix("10.1.0.0/16")).via(ip("10.0.0.2")),
        &NewRoute::new(prefix("fd01::/64")).via(ip("fd00::2")),
        &NewRoute::new(prefix("10.1.0.0/16")).nh_id(7),
        &multipath("10.2.0.0/16", ["10.0.0.2", "10.0.0.3"]),
        &multipath("fd02::/64", ["fd00::2", "fd00::3"]),
        &DelRoute::from(multipath("fd02::/64", ["fd00::2", "fd00::3"])),
        &GetRoute::new(ip("10.0.0.2")),
        &GetRoutes::ipv4().table(RouteTable(1000)).oif(1),
        &neigh(),
        &DelNeigh(neigh()),
        &GetNeighs::all(),
        &rule(),
        &DelRule::from(rule()),
        &GetRules::new(Family::INET),
        &NewNexthop::via(ip("10.0.0.2"), 1).id(1),
        &group,
        &DelNexthop { id: 1 },
        &GetNexthops::default(),
        &NewNsid { netns, nsid: 7 },
        &GetNsid::of_fd(3),
    ];
    for (i, request) in requests.into_iter().enumerate() {
        assert_eq!(writing(request), 0, "{i}: {}", request.message_type());
    }
}

#[test]
fn every_object_is_listed_without_allocation() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        rt.call(&NewLink::veth("v0", "v1")).unwrap();
        let links = (0..20).map(|i| NewLink::bridge(format!("br{i}")));
        assert!(rt.batch(links).unwrap().is_success());
        for link in ["v0", "v1"] {
            rt.set_up(link).unwrap();
        }
        let v0 = rt.ifindex("v0").unwrap();
        for addr in ["10.0.0.1/24", "fd00::1/64"] {
            rt.call(&NewAddr::new(v0, prefix(addr)).flags(AddrFlags::NODAD))
                .unwrap();
        }
        for n in 1..50 {
            let addr = NewAddr::new(v0, Prefix::new([10, 1, 0, n].into(), 32));
            rt.call(&addr).unwrap();
            let number = u32::from(n);
            rt.call(&NewRoute::new(Prefix::host([10, 2, 0, n].into())).via(ip("10.0.0.2")))
                .unwrap();
            rt.call(&NewRoute::new(prefix(&format!("fd01:{n}::/64"))).via(ip("fd00::2")))
                .unwrap();
            let ways = ["10.0.0.2", "10.0.0.3"];
            rt.call(&multipath(&format!("10.3.{n}.0/24"), ways))
                .unwrap();
            let ways = ["fd00::2", "fd00::3"];
            rt.call(&multipath(&format!("fd02:{n}::/64"), ways))
                .unwrap();
            let neigh = NewNeigh::new(v0, IpAddr::from([10, 0, 0, 100 + n]));
            rt.call(&neigh.lladdr([2, 0, 0, 0, 0, n])).unwrap();
            let rule = NewRule::new(Family::INET).priority(number).iifname("v0");
            rt.call(&rule).unwrap();
            let nexthop = NewNexthop::via(ip("10.0.0.2"), v0).id(number);
            rt.call(&nexthop).unwrap();
        }
        let group = [NexthopGrp::new(1, 1), NexthopGrp::new(2, 3)];
        rt.call(&NewNexthop::group(group).id(100)).unwrap();
        let there: Vec<_> = (0..10).map(|_| Namespace::new().unwrap()).collect();
        for (netns, nsid) in there.iter().zip(0..) {
            use std::os::fd::{AsFd, AsRawFd};
            let netns = NetnsRef::Fd(netns.as_fd().as_raw_fd());
            rt.call(&NewNsid { netns, nsid }).unwrap();
        }

        let none = |(count, allocated): (usize, usize), least: usize| {
            assert!(count >= least, "{count}");
            assert_eq!(allocated, 0);
        };
        let listed = listing(&mut rt, &GetLinks::new(), |link| {
            assert!(link.name().is_some() && link.mtu().is_some());
            let _ = link.link_info().and_then(|info| info.kind());
        });
        none(listed, 23);
        let listed = listing(&mut rt, &GetAddrs::all(), |addr| {
            assert!(addr.prefix().is_some());
            let _ = addr.flags();
        });
        none(listed, 51);
        let mut ways = 0;
        for request in [GetRoutes::ipv4(), GetRoutes::ipv6()] {
            let listed = listing(&mut rt, &request, |route| {
                let _ = (route.dst(), route.table(), route.priority());
                ways += route
                    .hops()
                    .flatten()
                    .filter(|h| h.gateway().is_some())
                    .count();
            });
            none(listed, 98);
        }
        assert_eq!(ways, 2 * 2 * 2 * 49);
        let listed = listing(&mut rt, &GetNeighs::all(), |neigh| {
            let _ = (neigh.dst(), neigh.lladdr(), neigh.state());
        });
        none(listed, 49);
        let listed = listing(&mut rt, &GetRules::new(Family::INET), |rule| {
            let _ = (rule.priority(), rule.src(), rule.iifname());
        });
        none(listed, 49);
        let listed = listing(&mut rt, &GetNexthops::default(), |nexthop| {
            let _ = (nexthop.id(), nexthop.gateway(), nexthop.group());
        });
        none(listed, 50);
        let listed = listing(&mut rt, &GetNsids::default(), |nsid| {
            assert!(nsid.nsid().is_some());
        });
        none(listed, 10);
    });
}
