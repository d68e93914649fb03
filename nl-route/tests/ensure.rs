//! Requests as states against the running kernel: what is sent, and what is there afterwards.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod veth;

use std::net::IpAddr;

use nl_core::{Connection, Errno, Error};
use nl_route::addr::*;
use nl_route::link::kind::Bridge;
use nl_route::link::kind::bridge::BridgeView;
use nl_route::link::{DelLink, NewLink, SetLink};
use nl_route::nexthop::*;
use nl_route::route::*;
use nl_route::rule::{DelRule, GetRules, NewRule};
use nl_route::{Ensure, Ensured, Family, Mode, Prefix, Route, RouteExt};
use veth::{V0, V1, ground};

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// It changes something, and the second time nothing.
fn changes_once(rt: &mut Connection<Route>, request: &(impl Ensure + std::fmt::Debug)) {
    assert_eq!(rt.ensure(request).unwrap(), Ensured::Changed, "{request:?}");
    assert_eq!(
        rt.ensure(request).unwrap(),
        Ensured::Unchanged,
        "{request:?}"
    );
}

fn refused(result: Result<Ensured, Error>) -> Errno {
    result.unwrap_err().errno().unwrap()
}

fn only(rt: &mut Connection<Route>, text: &str) -> Addr {
    let mut all = rt.collect(&GetAddrs::all().ifindex(V0)).unwrap();
    all.retain(|addr| addr.view().prefix() == Some(prefix(text)));
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn a_link_is_made_then_changed_by_what_differs() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let bridge = NewLink::bridge("br0").address([2, 0, 0, 0, 0, 1]);
        changes_once(&mut rt, &bridge);
        let bridge = bridge.mtu(1400).up().alias("a bridge");
        changes_once(&mut rt, &bridge);
        let bridge = bridge.data::<Bridge>(|bridge| {
            bridge.stp_state(1).ageing_time(1000);
        });
        changes_once(&mut rt, &bridge);
        // What is not said stays.
        let ageing = NewLink::bridge("br0").data::<Bridge>(|bridge| {
            bridge.ageing_time(2000);
        });
        changes_once(&mut rt, &ageing);
        let br0 = rt.link("br0").unwrap();
        let view = br0.view();
        assert_eq!((view.mtu(), view.alias()), (Some(1400), Some("a bridge")));
        assert!(view.is_up());
        let data = view
            .link_info()
            .and_then(|info| info.data_of("bridge", BridgeView::parse));
        let data = data.unwrap();
        assert_eq!(
            (data.stp_state(), data.ageing_time()),
            (Some(1), Some(2000))
        );
        // A veth's other end is for making it.
        changes_once(&mut rt, &NewLink::veth("v0", "v1"));
        let other_kind = NewLink::bridge("v0");
        assert_eq!(refused(rt.ensure(&other_kind)), Errno::EEXIST);
        assert_eq!(
            refused(rt.ensure(&NewLink::bridge("br0").ifindex(77))),
            Errno::EEXIST
        );
        changes_once(&mut rt, &DelLink::new("v1"));
        assert!(rt.find_link("v0").unwrap().is_none());
    });
}

#[test]
fn a_link_is_set_by_what_differs() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        rt.call(&NewLink::bridge("br0").ifindex(5)).unwrap();
        changes_once(
            &mut rt,
            &SetLink::new("v0").master(5).mtu(1300).txqueuelen(77),
        );
        changes_once(
            &mut rt,
            &SetLink::new("v0").bridge_port(|port| {
                port.cost(5).isolated(1);
            }),
        );
        let same = SetLink::new("v0").up().group(0).bridge_port(|port| {
            port.isolated(1);
        });
        assert_eq!(rt.ensure(&same).unwrap(), Ensured::Unchanged);
        changes_once(&mut rt, &SetLink::new("v0").nomaster());
        changes_once(&mut rt, &SetLink::new(V0).name("w0"));
        changes_once(&mut rt, &SetLink::new("w0").down().addr_gen_mode(1));
        assert_eq!(
            refused(rt.ensure(&SetLink::new("nope").up())),
            Errno::ENODEV
        );
    });
}

#[test]
fn an_address_is_given_changed_in_place_or_refused() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        let addr = NewAddr::new(V0, prefix("10.0.0.1/24"))
            .broadcast(Broadcast::Last)
            .label("v0:x");
        changes_once(&mut rt, &addr);
        changes_once(&mut rt, &addr.clone().metric(77));
        changes_once(&mut rt, &addr.clone().protocol(AddrProtocol(99)));
        assert!(
            rt.ensure(&addr.clone().valid(1000).preferred(500))
                .unwrap()
                .is_changed()
        );
        // Less by now, or meant to be counted anew.
        assert!(
            rt.ensure(&addr.clone().valid(1000).preferred(500))
                .unwrap()
                .is_changed()
        );
        changes_once(&mut rt, &addr.clone().valid(FOREVER).preferred(FOREVER));
        assert_eq!(
            refused(rt.ensure(&addr.clone().label("v0:y"))),
            Errno::EEXIST
        );
        let broadcast = addr.clone().broadcast(Broadcast::First);
        assert_eq!(refused(rt.ensure(&broadcast)), Errno::EEXIST);
        // Another network is another address.
        changes_once(&mut rt, &NewAddr::new(V0, prefix("10.0.0.1/16")));
        changes_once(
            &mut rt,
            &NewAddr::new(V0, prefix("10.1.0.1")).peer(prefix("10.1.0.2/32")),
        );
        // What is not said stays.
        let first = only(&mut rt, "10.0.0.1/24");
        let first = first.view();
        assert_eq!(
            (first.rt_priority(), first.label()),
            (Some(77), Some("v0:x"))
        );
        assert_eq!(first.protocol(), Some(AddrProtocol(99)));
        let six = NewAddr::new(V0, prefix("fd00::1/64")).flags(AddrFlags::NODAD);
        changes_once(&mut rt, &six);
        changes_once(
            &mut rt,
            &NewAddr::new(V0, prefix("fd00::1/64")).flags(AddrFlags::HOMEADDRESS),
        );
        assert_eq!(
            refused(rt.ensure(&NewAddr::new(V0, prefix("fd00::1/60")))),
            Errno::EEXIST
        );
        changes_once(&mut rt, &DelAddr::new(V0, prefix("fd00::1/64")));
        changes_once(&mut rt, &DelAddr::new(V0, prefix("10.0.0.1/24")));
        assert_eq!(
            refused(rt.ensure(&NewAddr::new(99, prefix("10.0.0.1/24")))),
            Errno::ENODEV
        );
    });
}

#[test]
fn a_route_is_made_replaced_and_found_wherever_it_is() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        rt.call(&NewAddr::new(V0, prefix("10.0.0.1/24"))).unwrap();
        rt.call(&NewAddr::new(V0, prefix("fd00::1/64")).flags(AddrFlags::NODAD))
            .unwrap();
        let to = |text| NewRoute::new(prefix(text));
        for dst in ["0.0.0.0/0", "20.0.0.0/8", "20.1.2.3"] {
            changes_once(&mut rt, &to(dst).via(ip("10.0.0.2")));
            changes_once(&mut rt, &to(dst).via(ip("10.0.0.3")));
        }
        for dst in ["::/0", "fd01::/64", "fd01::1"] {
            changes_once(&mut rt, &to(dst).via(ip("fd00::2")));
            changes_once(&mut rt, &to(dst).via(ip("fd00::3")));
        }
        // Where no packet goes by it: another table, a worse metric, a longer prefix before it.
        let table = to("20.0.0.0/8").via(ip("10.0.0.2")).table(RouteTable(100));
        changes_once(&mut rt, &table);
        changes_once(&mut rt, &table.clone().via(ip("10.0.0.4")));
        changes_once(&mut rt, &to("20.0.0.0/8").via(ip("10.0.0.2")).metric(9));
        changes_once(&mut rt, &to("20.1.2.2/31").dev(V1));
        changes_once(&mut rt, &to("30.0.0.0/8").route_type(RouteType::BLACKHOLE));
        changes_once(&mut rt, &to("fd0b::/64").route_type(RouteType::UNREACHABLE));
        changes_once(&mut rt, &DelRoute(table.via(ip("10.0.0.4"))));
        assert_eq!(
            refused(rt.ensure(&to("40.0.0.0/8").via(ip("99.0.0.1")))),
            Errno::ENETUNREACH
        );
    });
}

#[test]
fn nexthops_and_rules_are_made_once() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        rt.call(&NewAddr::new(V0, prefix("10.0.0.1/24"))).unwrap();
        let by = |gateway| NewNexthop::via(ip(gateway), V0);
        changes_once(&mut rt, &by("10.0.0.2").id(2));
        changes_once(&mut rt, &by("10.0.0.3").id(2));
        assert_eq!(rt.ensure(&by("10.0.0.3")).unwrap(), Ensured::Unchanged);
        changes_once(&mut rt, &by("10.0.0.4"));
        changes_once(&mut rt, &NewNexthop::group([NexthopGrp::new(2, 1)]).id(8));
        changes_once(&mut rt, &NewNexthop::group([NexthopGrp::new(2, 5)]).id(8));
        changes_once(&mut rt, &NewNexthop::blackhole(Family::INET6).id(9));
        assert_eq!(rt.collect(&GetNexthops::default()).unwrap().len(), 4);
        changes_once(&mut rt, &DelNexthop { id: 8 });
        let rule = NewRule::new(Family::INET)
            .src(prefix("10.0.0.0/8"))
            .table(RouteTable(100))
            .priority(50);
        changes_once(&mut rt, &rule.clone().mode(Mode::Prepend));
        changes_once(&mut rt, &rule.clone().priority(51));
        assert_eq!(rt.collect(&GetRules::new(Family::INET)).unwrap().len(), 5);
        changes_once(&mut rt, &DelRule(rule));
    });
}
