//! What `ip` sends and what the kernel answers, byte for byte: addresses, routes, nexthops, neighbours, rules.
#![cfg(target_endian = "little")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod vector;

use std::net::IpAddr;

use nl_core::Kind;
use nl_core::kind::Ip;
use nl_route::addr::{AddrFlags, AddrView, Broadcast, DelAddr, GetAddrs, NewAddr};
use nl_route::neigh::{DelNeigh, GetNeigh, GetNeighs, NeighState, NeighView, NewNeigh};
use nl_route::nexthop::{DelNexthop, GetNexthop, GetNexthops, NewNexthop, NexthopGrp, NexthopView};
use nl_route::route::*;
use nl_route::rule::{DelRule, GetRules, NewRule, RuleAction, RuleView};
use nl_route::{Family, Mode, Prefix};
use vector::{assert_rewritten, assert_written, load, message};

/// The capturing namespace's `v0`, `v1` and `lo`.
const V0: i32 = 3;
const LO: i32 = 1;

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn route(dst: &str) -> NewRoute {
    NewRoute::new(prefix(dst))
}

#[test]
fn addresses_are_asked_for_as_ip_does() {
    let addr = |text| NewAddr::new(V0, prefix(text));
    assert_written("addr_add", &addr("10.0.1.1/24"));
    assert_written(
        "addr_add_loopback",
        &NewAddr::new(LO, prefix("127.0.0.3/8")),
    );
    assert_written(
        "addr_add_brd",
        &addr("10.0.2.1/24").broadcast(Broadcast::Last),
    );
    assert_written(
        "addr_add_all",
        &addr("10.0.3.1/24")
            .broadcast(Broadcast::Addr(ip("10.0.3.255")))
            .label("v0:1")
            .metric(7)
            .scope(RouteScope::LINK)
            .valid(100)
            .preferred(50),
    );
    assert_written(
        "addr_add_peer",
        &addr("10.0.4.1").peer(prefix("10.0.4.2/32")),
    );
    let flags = AddrFlags::NODAD
        | AddrFlags::NOPREFIXROUTE
        | AddrFlags::HOMEADDRESS
        | AddrFlags::MANAGETEMPADDR;
    assert_written("addr_add6_flags", &addr("fd00:1::1/64").flags(flags));
    let nodad = addr("fd00:2::1/64").flags(AddrFlags::NODAD);
    assert_written("addr_replace6", &nodad.mode(Mode::Replace));
    assert_written("addr_change", &addr("10.0.1.1/24").mode(Mode::Change));
    assert_written("addr_del", &DelAddr::new(V0, prefix("10.0.1.1/24")));
    assert_written("addr_get", &GetAddrs::all());
    assert_written(
        "addr_get_dev",
        &GetAddrs::all().family(Family::INET).ifindex(V0),
    );
}

#[test]
fn an_address_is_read() {
    let bytes = load("addr_reply");
    let addr = AddrView::parse(message(&bytes).payload).unwrap();
    assert_eq!(addr.prefix(), Some(prefix("10.0.3.1/24")));
    assert_eq!(addr.peer(), None);
    assert_eq!(addr.broadcast(), Some(ip("10.0.3.255")));
    assert_eq!((addr.label(), addr.rt_priority()), (Some("v0:1"), Some(7)));
    assert_eq!((addr.ifindex(), addr.scope()), (V0, RouteScope::LINK));
    assert_eq!(addr.cacheinfo().unwrap().preferred.get(), 50);
    assert_eq!(
        addr.flags().words(Family::INET).collect::<Vec<_>>(),
        ["dynamic"]
    );
    assert_rewritten("addr_reply");

    let bytes = load("addr_reply6");
    let addr = AddrView::parse(message(&bytes).payload).unwrap();
    assert_eq!(addr.prefix(), Some(prefix("fd00:1::1/64")));
    let words = ["nodad", "home", "mngtmpaddr", "noprefixroute"];
    assert_eq!(addr.flags().words(Family::INET6).collect::<Vec<_>>(), words);
    assert_rewritten("addr_reply6");
}

#[test]
fn routes_are_made_as_ip_does() {
    let v4 = |text| route(text);
    assert_written(
        "route_add_default",
        &NewRoute::new(Prefix::ALL_V4).via(ip("10.0.0.2")),
    );
    assert_written(
        "route_add_default6",
        &NewRoute::new(Prefix::ALL_V6).via(ip("fd00::2")),
    );
    assert_written("route_add_dev", &v4("10.9.0.0/16").dev(V0));
    assert_written("route_add_dev6", &route("2001:db8:1::/48").dev(V0));
    assert_written(
        "route_add_blackhole",
        &v4("10.8.0.0/16").route_type(RouteType::BLACKHOLE),
    );
    assert_written(
        "route_add_unreachable6",
        &route("2001:db8:8::/48").route_type(RouteType::UNREACHABLE),
    );
    assert_written(
        "route_add_onlink",
        &v4("10.6.0.0/16").via(ip("172.16.0.1")).dev(V0).onlink(),
    );
    assert_written(
        "route_add_via6",
        &v4("10.5.0.0/16").via(ip("fe80::1")).dev(V0),
    );
    assert_written(
        "route_add_local",
        &v4("10.3.0.0/16").route_type(RouteType::LOCAL).dev(LO),
    );
    assert_written(
        "route_add_local6",
        &route("fd00:5::1/128").route_type(RouteType::LOCAL).dev(LO),
    );
    assert_written(
        "route_add_broadcast",
        &v4("10.46.0.255").route_type(RouteType::BROADCAST).dev(V0),
    );
    assert_written(
        "route_add_multicast",
        &v4("239.0.0.0/8").route_type(RouteType::MULTICAST).dev(V0),
    );
    assert_written("route_add_nhid", &v4("10.20.0.0/16").nh_id(1));
    assert_written(
        "route_add_pref6",
        &route("2001:db8:2::/48")
            .via(ip("fe80::1"))
            .dev(V0)
            .metric(5)
            .pref(RoutePref::HIGH)
            .expires(100),
    );
    let metrics = RouteMetrics::default()
        .set(RTAX_MTU, 1400)
        .lock(RTAX_MTU)
        .set(RTAX_ADVMSS, 1200)
        .set(RTAX_FEATURES, RTAX_FEATURE_ECN)
        .cc_algo("cubic");
    assert_written(
        "route_add_all",
        &v4("10.4.0.0/16")
            .via(ip("10.0.0.2"))
            .table(RouteTable(1000))
            .metric(50)
            .metrics(metrics)
            .prefsrc(ip("10.0.0.1"))
            .protocol(RouteProtocol::STATIC)
            .tos(4),
    );
    let tunnel = Encap::new(EncapType::IP, |out| {
        EncapIpWriter::new(out, &()).id(5).dst(ip("10.0.0.9"));
    });
    assert_written(
        "route_add_encap",
        &v4("10.45.0.0/16").encap(tunnel).via(ip("10.0.0.2")).dev(V0),
    );
}

#[test]
fn multipath_routes_are_made_as_ip_does() {
    assert_written(
        "route_add_multipath",
        &route("10.7.0.0/16")
            .hop(NewHop::via(ip("10.0.0.2")).weight(2))
            .hop(NewHop::dev(V0)),
    );
    assert_written(
        "route_add_multipath6",
        &route("2001:db8:3::/48")
            .hop(NewHop::via(ip("fe80::1")).ifindex(V0))
            .hop(NewHop::via(ip("fe80::2")).ifindex(V0).weight(3)),
    );
}

#[test]
fn the_verbs_of_a_route_are_those_of_ip() {
    let dev = route("10.2.0.0/16").dev(V0);
    assert_written("route_replace", &dev.clone().mode(Mode::Replace));
    let via = route("10.2.0.0/16").via(ip("10.0.0.7"));
    assert_written("route_append", &via.mode(Mode::Append));
    assert_written("route_prepend", &dev.clone().metric(9).mode(Mode::Prepend));
    assert_written("route_change", &dev.clone().mode(Mode::Change));
    assert_written("route_test", &dev.mode(Mode::Test));
    assert_written("route_del", &DelRoute::new(prefix("10.2.0.0/16")));
    let local = route("10.3.0.0/16").route_type(RouteType::LOCAL).dev(LO);
    assert_written("route_del_local", &DelRoute(local));
    let blackhole = route("10.8.0.0/16").route_type(RouteType::BLACKHOLE);
    assert_written("route_del_blackhole", &DelRoute(blackhole));
    assert_written("route_del6", &DelRoute(route("2001:db8:1::/48").dev(V0)));
}

#[test]
fn routes_are_listed_as_ip_does() {
    assert_written("route_get_main", &GetRoutes::ipv4().table(RouteTable::MAIN));
    assert_written("route_get_all", &GetRoutes::default());
    assert_written(
        "route_get_filter",
        &GetRoutes::ipv4()
            .table(RouteTable(1000))
            .oif(V0)
            .protocol(RouteProtocol::STATIC),
    );
    assert_written(
        "route_get_cache",
        &GetRoutes::ipv4().table(RouteTable::MAIN).cloned(),
    );
}

#[test]
fn one_route_is_asked_for_as_ip_does() {
    assert_written(
        "route_get_one",
        &GetRoute::new(ip("10.0.0.2"))
            .src(ip("10.0.0.1"))
            .uid(0)
            .ip_proto(6)
            .sport(1)
            .dport(2)
            .oif(V0)
            .mark(5)
            .tos(4),
    );
    assert_written(
        "route_get_iif",
        &GetRoute::new(ip("10.0.0.1")).src(ip("10.0.0.2")).iif(V0),
    );
    assert_written("route_get_one6", &GetRoute::new(ip("fd00::2")));
    assert_written(
        "route_get_fibmatch",
        &GetRoute::new(ip("10.0.0.2")).fib_match(),
    );
}

#[test]
fn a_route_is_read() {
    let bytes = load("route_reply");
    let route = RouteView::parse(message(&bytes).payload).unwrap();
    assert_eq!(route.dst(), Some(prefix("10.4.0.0/16")));
    assert_eq!(route.table(), RouteTable(1000));
    assert_eq!(route.gateway(), Some(ip("10.0.0.2")));
    assert_eq!(route.prefsrc(), Some(ip("10.0.0.1")));
    assert_eq!((route.oif(), route.priority()), (Some(V0), Some(50)));
    assert_eq!((route.protocol(), route.tos()), (RouteProtocol::STATIC, 4));
    assert_eq!(route.route_type(), RouteType::UNICAST);
    let metrics = route.metrics().unwrap();
    assert_eq!(
        (metrics.mtu(), metrics.lock()),
        (Some(1400), Some(1 << RTAX_MTU))
    );
    assert_eq!(metrics.cc_algo(), Some("cubic"));
    assert_rewritten("route_reply");

    let bytes = load("route_reply6");
    let route = RouteView::parse(message(&bytes).payload).unwrap();
    assert_eq!(route.dst(), Some(prefix("2001:db8:2::/48")));
    assert_eq!(route.pref().map(RoutePref), Some(RoutePref::HIGH));
    assert!((9000..=10_000).contains(&route.cacheinfo().unwrap().expires.get()));
    assert_rewritten("route_reply6");

    let bytes = load("route_reply_get");
    let route = RouteView::parse(message(&bytes).payload).unwrap();
    assert_eq!(route.dst(), Some(prefix("10.0.0.2/32")));
    assert_eq!(
        (route.uid(), route.prefsrc()),
        (Some(0), Some(ip("10.0.0.1")))
    );
    assert!(route.flags().contains(RouteFlags::CLONED));
    assert_rewritten("route_reply_get");
}

#[test]
fn the_ways_of_a_route_are_read() {
    let bytes = load("route_reply_multipath");
    let route = RouteView::parse(message(&bytes).payload).unwrap();
    let hops = route.hops().map(Result::unwrap);
    let hops = hops.map(|hop| (hop.gateway(), hop.ifindex(), hop.weight()));
    let want = [(Some(ip("10.0.0.2")), V0, 2), (None, V0, 1)];
    assert_eq!(hops.collect::<Vec<_>>(), want);
    let text = format!("{route:?}");
    assert!(text.contains("RTA_GATEWAY: 10.0.0.2"), "{text}");
    assert_rewritten("route_reply_multipath");

    let bytes = load("route_reply_via6");
    let route = RouteView::parse(message(&bytes).payload).unwrap();
    assert_eq!(
        (route.gateway(), route.gateway_addr()),
        (Some(ip("fe80::1")), None)
    );
    assert_rewritten("route_reply_via6");

    let bytes = load("route_reply_encap");
    let route = RouteView::parse(message(&bytes).payload).unwrap();
    assert_eq!(route.encap_type().map(EncapType), Some(EncapType::IP));
    let tunnel = EncapIpView::parse(route.encap().unwrap()).unwrap();
    assert_eq!((tunnel.id(), tunnel.dst()), (Some(5), Some(ip("10.0.0.9"))));
    assert!(format!("{route:?}").contains("LWTUNNEL_IP_DST: 10.0.0.9"));
    assert_rewritten("route_reply_encap");
}

#[test]
fn neighbours_are_asked_for_as_ip_does() {
    let mac = |last| [2, 0, 0, 0, 0, last];
    let dst = ip("10.0.0.9");
    let neigh = NewNeigh::new(V0, dst);
    assert_written("neigh_add", &neigh.clone().lladdr(mac(9)));
    assert_written(
        "neigh_replace6",
        &NewNeigh::new(V0, ip("fd00::9"))
            .lladdr(mac(10))
            .state(NeighState::REACHABLE)
            .mode(Mode::Replace),
    );
    assert_written("neigh_change", &neigh.lladdr(mac(11)).mode(Mode::Change));
    assert_written("neigh_add_proxy", &NewNeigh::proxy(V0, ip("10.0.0.10")));
    assert_written("neigh_del", &DelNeigh::new(V0, dst));
    assert_written("neigh_get_one", &GetNeigh::new(V0, dst));
    assert_written("neigh_get", &GetNeighs::all());
    assert_written("neigh_get_dev", &GetNeighs::all().ifindex(V0));
    assert_written("neigh_get_proxy", &GetNeighs::all().proxy());
}

#[test]
fn a_neighbour_is_read() {
    let bytes = load("neigh_reply");
    let neigh = NeighView::parse(message(&bytes).payload).unwrap();
    assert_eq!(neigh.dst(), Some(ip("10.0.0.9")));
    assert_eq!(neigh.lladdr(), Some(&[2, 0, 0, 0, 0, 11][..]));
    assert_eq!(
        (neigh.ifindex(), neigh.state()),
        (V0, NeighState::PERMANENT)
    );
    assert_eq!(neigh.neigh_type(), RouteType::UNICAST);
    assert!(neigh.flags().is_empty());
    assert_rewritten("neigh_reply");
}

#[test]
fn rules_are_asked_for_as_ip_does() {
    let v4 = || NewRule::new(Family::INET);
    let from = v4().src(prefix("10.0.0.0/24")).table(RouteTable(100));
    assert_written("rule_add", &from);
    assert_written("rule_del_table", &DelRule(from));
    assert_written(
        "rule_add_all",
        &v4()
            .dst(prefix("10.0.0.0/24"))
            .table(RouteTable(1000))
            .priority(50)
            .fwmark(1)
            .fwmask(255)
            .iifname("v0")
            .oifname("v1")
            .uids(5..=10)
            .ip_proto(6)
            .sports(5..=5)
            .dports(6..=7)
            .tos(4),
    );
    assert_written("rule_add_goto", &v4().goto(32766).priority(40));
    assert_written(
        "rule_add_not",
        &v4()
            .invert()
            .dst(prefix("10.1.0.0/16"))
            .action(RuleAction::BLACKHOLE)
            .priority(41),
    );
    assert_written("rule_add_l3mdev", &v4().l3mdev().priority(42));
    assert_written(
        "rule_add_suppress",
        &v4()
            .table(RouteTable::MAIN)
            .suppress_prefixlen(0)
            .suppress_ifgroup(1)
            .priority(43)
            .protocol(RouteProtocol(99)),
    );
    let v6 = NewRule::new(Family::INET6);
    assert_written(
        "rule_add6",
        &v6.src(prefix("fd00::/64")).table(RouteTable(100)),
    );
    assert_written(
        "rule_add_tun",
        &v4().tun_id(5).action(RuleAction::NOP).priority(47),
    );
    let realms = v4().src(prefix("10.0.0.0/24")).flow(5).priority(48);
    assert_written("rule_add_realms", &realms);
    assert_written("rule_del", &DelRule(v4().priority(41)));
    assert_written("rule_get", &GetRules::new(Family::INET));
}

#[test]
fn a_rule_is_read() {
    let bytes = load("rule_reply");
    let rule = RuleView::parse(message(&bytes).payload).unwrap();
    assert_eq!(
        (rule.table(), rule.priority()),
        (RouteTable(1000), Some(50))
    );
    assert_eq!(
        (rule.dst(), rule.src()),
        (Some(prefix("10.0.0.0/24")), None)
    );
    assert_eq!((rule.fwmark(), rule.fwmask()), (Some(1), Some(255)));
    assert_eq!((rule.iifname(), rule.oifname()), (Some("v0"), Some("v1")));
    let ports = rule.dport_range().unwrap();
    assert_eq!((ports.start.get(), ports.end.get()), (6, 7));
    let users = rule.uid_range().unwrap();
    assert_eq!((users.start.get(), users.end.get()), (5, 10));
    assert_eq!((rule.ip_proto(), rule.tos()), (Some(6), 4));
    assert_eq!(rule.action(), RuleAction::TO_TABLE);
    assert_rewritten("rule_reply");
}

#[test]
fn nexthops_are_asked_for_as_ip_does() {
    let via = NewNexthop::via(ip("10.0.0.2"), V0).id(1);
    assert_written("nexthop_add", &via);
    assert_written(
        "nexthop_add_blackhole",
        &NewNexthop::blackhole(Family::INET).id(2),
    );
    assert_written("nexthop_add6", &NewNexthop::via(ip("fe80::1"), V0).id(3));
    assert_written("nexthop_add_dev", &NewNexthop::dev(Family::INET, V0).id(4));
    let members = [NexthopGrp::new(1, 1), NexthopGrp::new(4, 5)];
    let group = |members: &[NexthopGrp]| NewNexthop::group(members);
    let plain = [NexthopGrp::new(1, 2), NexthopGrp::new(4, 1)];
    assert_written("nexthop_add_group", &group(&plain).id(10));
    assert_written(
        "nexthop_add_resilient",
        &group(&members).id(11).resilient(8).idle_timer(6000),
    );
    let onlink = NewNexthop::via(ip("10.0.0.3"), V0).id(1).onlink();
    assert_written("nexthop_replace", &onlink.mode(Mode::Replace));
    assert_written("nexthop_get_one", &GetNexthop { id: 1 });
    assert_written("nexthop_get", &GetNexthops::default());
    let groups = GetNexthops {
        groups: true,
        ..GetNexthops::default()
    };
    assert_written("nexthop_get_groups", &groups);
    assert_written("nexthop_del", &DelNexthop { id: 3 });
}

#[test]
fn a_nexthop_is_read() {
    let bytes = load("nexthop_reply");
    let nexthop = NexthopView::parse(message(&bytes).payload).unwrap();
    assert_eq!((nexthop.id(), nexthop.oif()), (Some(1), Some(V0)));
    assert_eq!(nexthop.gateway(), Some(ip("10.0.0.3")));
    assert!(nexthop.flags().contains(RouteFlags::ONLINK));
    assert_rewritten("nexthop_reply");

    let bytes = load("nexthop_reply_group");
    let group = NexthopView::parse(message(&bytes).payload).unwrap();
    let members = group.group().unwrap().iter();
    let members = members
        .map(|m| (m.id.get(), m.weight()))
        .collect::<Vec<_>>();
    assert_eq!(members, [(1, 2), (4, 1)]);
    assert_rewritten("nexthop_reply_group");

    let bytes = load("nexthop_reply_resilient");
    let group = NexthopView::parse(message(&bytes).payload).unwrap();
    let buckets = group.res_group().unwrap();
    assert_eq!(
        (buckets.buckets(), buckets.idle_timer()),
        (Some(8), Some(6000))
    );
    assert_rewritten("nexthop_reply_resilient");
}

#[test]
fn every_vector_is_printed_without_unknown_attributes() {
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let families = ["addr", "route", "neigh", "rule", "nexthop"];
        if !families
            .iter()
            .any(|family| name.starts_with(&format!("{family}_")))
        {
            continue;
        }
        let bytes = load(name);
        let message = message(&bytes);
        let table = <nl_route::Route as nl_core::Protocol>::message_type(message.message_type());
        let text = format!("{:?}", table.unwrap().table.debug_payload(message.payload));
        assert!(!text.contains("attribute "), "{name}: {text}");
    }
}

#[test]
fn an_ip_attribute_of_an_odd_length_is_absent_not_wrong() {
    assert_eq!(Ip::read(&[1, 2, 3]), None);
}
