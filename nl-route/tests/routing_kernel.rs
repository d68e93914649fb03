//! Addresses, routes, nexthops, neighbours and rules against the running kernel, each test in a network of its own.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod veth;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nl_core::{Connection, Errno, Error, Writer};
use nl_route::addr::*;
use nl_route::neigh::*;
use nl_route::nexthop::*;
use nl_route::protocol::{RTM_DELROUTE, RTM_NEWNEXTHOP, RTM_NEWROUTE};
use nl_route::route::*;
use nl_route::rule::*;
use nl_route::{Family, Mode, Prefix, RawRequest, Route, RouteExt};
use veth::{LO, V0, V1, ground};

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn route(dst: &str) -> NewRoute {
    NewRoute::new(prefix(dst))
}

/// [`ground`] with an address of each family on `v0`, ready at once.
fn addressed() -> Connection<Route> {
    let mut rt = ground();
    rt.call(&NewAddr::new(V0, prefix("10.0.0.1/24"))).unwrap();
    let v6 = NewAddr::new(V0, prefix("fd00::1/64")).flags(AddrFlags::NODAD);
    rt.call(&v6).unwrap();
    rt
}

fn errno(result: Result<(), Error>) -> Errno {
    result.unwrap_err().errno().unwrap()
}

fn only_addr(rt: &mut Connection<Route>, ifindex: i32, family: Family) -> Addr {
    let mut all = rt
        .collect(&GetAddrs::all().ifindex(ifindex).family(family))
        .unwrap();
    all.retain(|addr| addr.view().scope() != RouteScope::LINK || family == Family::INET);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn routes(rt: &mut Connection<Route>, request: &GetRoutes) -> Vec<String> {
    let mut found = Vec::new();
    rt.dump(request, |route| {
        found.extend(route.dst().map(|dst| dst.to_string()));
    })
    .unwrap();
    found
}

#[test]
fn an_address_is_added_read_changed_and_deleted() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        let addr = NewAddr::new(V0, prefix("10.0.0.1/24"))
            .broadcast(Broadcast::Last)
            .label("v0:x")
            .metric(77)
            .protocol(AddrProtocol(99))
            .valid(1000)
            .preferred(500);
        rt.call(&addr).unwrap();
        assert_eq!(errno(rt.call(&addr)), Errno::EEXIST);
        let kept = only_addr(&mut rt, V0, Family::INET);
        let view = kept.view();
        assert_eq!(view.prefix(), Some(prefix("10.0.0.1/24")));
        assert_eq!(view.broadcast(), Some(ip("10.0.0.255")));
        assert_eq!((view.label(), view.rt_priority()), (Some("v0:x"), Some(77)));
        assert_eq!(view.protocol(), Some(AddrProtocol(99)));
        assert!((990..=1000).contains(&view.cacheinfo().unwrap().valid.get()));
        assert!(!view.flags().contains(AddrFlags::PERMANENT));

        let forever = NewAddr::new(V0, prefix("10.0.0.1/24")).valid(FOREVER);
        rt.call(&forever.mode(Mode::Change)).unwrap();
        let kept = only_addr(&mut rt, V0, Family::INET);
        assert!(kept.view().flags().contains(AddrFlags::PERMANENT));

        rt.call(&DelAddr::new(V0, prefix("10.0.0.1/24"))).unwrap();
        let gone = rt.call(&DelAddr::new(V0, prefix("10.0.0.1/24")));
        assert_eq!(errno(gone), Errno::EADDRNOTAVAIL);
    });
}

#[test]
fn an_ipv6_address_keeps_its_flags_and_peer() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        let flags = AddrFlags::NODAD | AddrFlags::NOPREFIXROUTE | AddrFlags::HOMEADDRESS;
        let addr = NewAddr::new(V0, prefix("fd00::1")).peer(prefix("fd00::2/128"));
        rt.call(&addr.flags(flags)).unwrap();
        let kept = only_addr(&mut rt, V0, Family::INET6);
        assert!(kept.view().flags().contains(flags));
        assert_eq!(kept.view().peer(), Some(ip("fd00::2")));
        assert_eq!(kept.view().local(), Some(ip("fd00::1")));
        let mode = Mode::Replace;
        rt.call(&NewAddr::new(V0, prefix("fd00::9/64")).mode(mode))
            .unwrap();
        rt.call(&DelAddr::new(V0, prefix("fd00::9/64"))).unwrap();
    });
}

#[test]
fn addresses_are_listed_by_family_and_link() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let all = rt.collect(&GetAddrs::all()).unwrap();
        let v0 = rt.collect(&GetAddrs::all().ifindex(V0)).unwrap();
        let v4 = rt.collect(&GetAddrs::all().family(Family::INET)).unwrap();
        assert!(all.len() > v0.len() && all.len() > v4.len());
        assert!(v0.iter().all(|addr| addr.view().ifindex() == V0));
        assert!(v4.iter().all(|addr| addr.view().family() == Family::INET));
        let nowhere = rt.collect(&GetAddrs::all().ifindex(999));
        assert_eq!(nowhere.unwrap_err().errno(), Some(Errno::ENODEV));
    });
}

#[test]
fn routes_of_every_type_are_added_and_listed_by_type() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        for dst in ["10.9.0.0/16", "fd09::/48"] {
            let family = prefix(dst).family();
            for route_type in [
                RouteType::BLACKHOLE,
                RouteType::UNREACHABLE,
                RouteType::PROHIBIT,
                RouteType::THROW,
            ] {
                let route = route(dst).route_type(route_type);
                rt.call(&route).unwrap();
                let request = GetRoutes::new(family).route_type(route_type);
                assert_eq!(routes(&mut rt, &request), [dst]);
                rt.call(&DelRoute(route)).unwrap();
                assert_eq!(routes(&mut rt, &request), [""; 0]);
            }
        }
        let local = route("10.8.0.0/16").route_type(RouteType::LOCAL).dev(LO);
        rt.call(&local).unwrap();
        let request = GetRoutes::ipv4().table(RouteTable::LOCAL).oif(LO);
        assert!(routes(&mut rt, &request).contains(&"10.8.0.0/16".into()));
        rt.call(&DelRoute(local)).unwrap();
    });
}

#[test]
fn the_kernel_filters_routes() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let table = RouteTable(1000);
        for (dst, via) in [("10.1.0.0/16", "10.0.0.9"), ("fd01::/48", "fd00::9")] {
            let first = route(dst).via(ip(via)).protocol(RouteProtocol::STATIC);
            rt.call(&first.clone().table(table)).unwrap();
            rt.call(&first).unwrap();
            let all = GetRoutes::new(prefix(dst).family());
            assert_eq!(routes(&mut rt, &all.table(table)), [dst]);
            let static_ones = all.protocol(RouteProtocol::STATIC);
            assert_eq!(routes(&mut rt, &static_ones), [dst, dst]);
            assert_eq!(routes(&mut rt, &static_ones.oif(V1)), [""; 0]);
            let main = static_ones.table(RouteTable::MAIN).oif(V0);
            assert_eq!(routes(&mut rt, &main), [dst]);
        }
        let missing = rt.collect(&GetRoutes::ipv4().table(RouteTable(4711)));
        let error = missing.unwrap_err();
        assert_eq!(error.errno(), Some(Errno::ENOENT));
        let message = error.kernel().and_then(|error| error.message.clone());
        assert_eq!(message.as_deref(), Some("ipv4: FIB table does not exist"));
        assert_eq!(routes(&mut rt, &GetRoutes::ipv4().cloned()), [""; 0]);
    });
}

#[test]
fn a_route_keeps_what_was_said() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let metrics = RouteMetrics::default()
            .set(RTAX_MTU, 1400)
            .lock(RTAX_MTU)
            .set(RTAX_ADVMSS, 1200)
            .set(RTAX_FEATURES, RTAX_FEATURE_ECN)
            .cc_algo("reno");
        let new = route("10.1.0.0/16")
            .via(ip("fe80::7"))
            .dev(V0)
            .table(RouteTable(70_000))
            .metric(33)
            .prefsrc(ip("10.0.0.1"))
            .metrics(metrics.clone())
            .tos(8);
        rt.call(&new).unwrap();
        let table = GetRoutes::ipv4().table(RouteTable(70_000));
        let kept = rt.collect(&table).unwrap();
        let view = kept[0].view();
        assert_eq!(view.dst(), Some(prefix("10.1.0.0/16")));
        assert_eq!(view.gateway(), Some(ip("fe80::7")));
        assert_eq!((view.table(), view.tos()), (RouteTable(70_000), 8));
        assert_eq!((view.priority(), view.oif()), (Some(33), Some(V0)));
        assert_eq!(view.prefsrc(), Some(ip("10.0.0.1")));
        assert_eq!(RouteMetrics::from(&view.metrics().unwrap()), metrics);
        assert_eq!(view.protocol(), RouteProtocol::BOOT);

        // As `ip route flush` and `ip route restore` do: the bytes that were read, sent back.
        let back = |message_type, flags| RawRequest {
            message_type,
            flags,
            payload: kept[0].payload(),
        };
        rt.call(&back(RTM_DELROUTE, 0)).unwrap();
        assert_eq!(routes(&mut rt, &table), [""; 0]);
        rt.call(&back(RTM_NEWROUTE, Mode::Add.flags())).unwrap();
        assert_eq!(rt.collect(&table).unwrap(), kept);
    });
}

#[test]
fn the_verbs_of_a_route_do_what_they_say() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let first = route("10.1.0.0/16").via(ip("10.0.0.2"));
        let second = route("10.1.0.0/16").via(ip("10.0.0.3"));
        let verb = |route: &NewRoute, mode| route.clone().mode(mode);
        assert_eq!(errno(rt.call(&verb(&first, Mode::Change))), Errno::ENOENT);
        assert_eq!(errno(rt.call(&verb(&first, Mode::Test))), Errno::ENOENT);
        rt.call(&first).unwrap();
        assert_eq!(errno(rt.call(&first)), Errno::EEXIST);
        assert_eq!(errno(rt.call(&verb(&first, Mode::Test))), Errno::EEXIST);
        rt.call(&verb(&second, Mode::Append)).unwrap();
        let third = route("10.1.0.0/16").via(ip("10.0.0.4"));
        rt.call(&verb(&third, Mode::Prepend)).unwrap();
        let gateways = |rt: &mut Connection<Route>| {
            let mut found = Vec::new();
            let boot = GetRoutes::ipv4().protocol(RouteProtocol::BOOT);
            rt.dump(&boot, |route| {
                found.extend(route.gateway().map(|gateway| gateway.to_string()));
            })
            .unwrap();
            found
        };
        assert_eq!(gateways(&mut rt), ["10.0.0.4", "10.0.0.2", "10.0.0.3"]);
        let other = route("10.1.0.0/16").via(ip("10.0.0.5"));
        rt.call(&verb(&other, Mode::Replace)).unwrap();
        assert_eq!(gateways(&mut rt), ["10.0.0.5", "10.0.0.2", "10.0.0.3"]);
        for _ in 0..3 {
            rt.call(&DelRoute::new(prefix("10.1.0.0/16"))).unwrap();
        }
        let gone = rt.call(&DelRoute::new(prefix("10.1.0.0/16")));
        assert_eq!(errno(gone), Errno::ESRCH);
    });
}

#[test]
fn multipath_routes_keep_their_ways() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        rt.call(&NewAddr::new(V1, prefix("10.7.0.1/24"))).unwrap();
        let v4 = route("10.1.0.0/16")
            .hop(NewHop::via(ip("10.0.0.2")).weight(3))
            .hop(NewHop::via(ip("192.168.9.9")).ifindex(V1).onlink())
            .hop(NewHop::via(ip("fe80::9")).ifindex(V1).weight(256));
        let v6 = route("fd01::/48")
            .hop(NewHop::via(ip("fd00::2")).weight(2))
            .hop(NewHop::via(ip("fe80::3")).ifindex(V1));
        rt.call(&v4).unwrap();
        rt.call(&v6).unwrap();
        for route in [&v4, &v6] {
            let request = GetRoutes::new(route.dst.family()).protocol(RouteProtocol::BOOT);
            let kept = rt.collect(&request).unwrap();
            let hops = kept[0].view().hops();
            let got = hops
                .map(Result::unwrap)
                .map(|hop| (hop.gateway(), hop.weight()));
            let want = route.options.as_ref().unwrap().hops.iter();
            let want = want.map(|hop| (hop.gateway, u16::from(hop.weight_less_one) + 1));
            assert_eq!(got.collect::<Vec<_>>(), want.collect::<Vec<_>>());
        }
    });
}

/// Also those whose list says what a request must not: the ways of a nexthop object, what such an object does,
/// links without carrier.
#[test]
fn a_listed_route_is_deleted_and_made_again() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let table = RouteTable(77);
        rt.set_up(LO).unwrap();
        rt.call(&NewNexthop::via(ip("10.0.0.2"), V0).id(1)).unwrap();
        rt.call(&NewNexthop::via(ip("10.0.0.3"), V0).id(2)).unwrap();
        rt.call(&NewNexthop::blackhole(Family::INET).id(3)).unwrap();
        let group = [NexthopGrp::new(1, 1), NexthopGrp::new(2, 4)];
        rt.call(&NewNexthop::group(group).id(4)).unwrap();
        let hop = |gateway| NewHop::via(ip(gateway)).ifindex(V0);
        for route in [
            route("10.1.0.0/16").nh_id(1),
            route("10.2.0.0/16").nh_id(3),
            route("10.3.0.0/16").nh_id(4).metric(5),
            route("10.4.0.0/16")
                .hop(hop("10.0.0.4").onlink())
                .hop(hop("10.0.0.5").weight(9)),
            route("10.5.0.0/16").via(ip("99.0.0.1")).dev(V0).onlink(),
            route("10.6.0.0/16").route_type(RouteType::UNREACHABLE),
            route("fd00:1::/32").dev(V0).metric(8),
        ] {
            rt.call(&route.table(table)).unwrap();
        }
        made_again(&mut rt, table, 6);
        // Without carrier the kernel removes nexthop objects, and lists what it otherwise must not be told.
        rt.set_down(V1).unwrap();
        let list = GetRoutes::new(Family::INET).table(table);
        let is_down = |route: &RouteEntry| route.view().flags().contains(RouteFlags::LINKDOWN);
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let there = rt.collect(&list).unwrap();
            if there.len() == 4 && there.iter().any(is_down) {
                break;
            }
            assert!(Instant::now() < end, "{there:?}");
            sleep(Duration::from_millis(20));
        }
        made_again(&mut rt, table, 4);
    });
}

/// Deletes the routes of a table, so many of IPv4 and one of IPv6, and makes them again, by what was listed.
fn made_again(rt: &mut Connection<Route>, table: RouteTable, count: usize) {
    for (family, count) in [(Family::INET, count), (Family::INET6, 1)] {
        let list = |rt: &mut Connection<Route>| {
            let list = GetRoutes::new(family).table(table);
            let mut there = match rt.collect(&list) {
                // The table went with its last route.
                Err(error) if error.errno() == Some(Errno::ENOENT) => Vec::new(),
                there => there.unwrap(),
            };
            there.retain(|route| route.view().protocol() == RouteProtocol::BOOT);
            let payloads: BTreeSet<_> = there.iter().map(|r| r.payload().to_vec()).collect();
            (there, payloads)
        };
        let (routes, before) = list(rt);
        assert_eq!(before.len(), count);
        for (message_type, flags) in [(RTM_DELROUTE, 0), (RTM_NEWROUTE, Mode::Add.flags())] {
            for route in &routes {
                let mut out = Writer::new();
                route.view().write_request(&mut out);
                rt.call(&RawRequest {
                    message_type,
                    flags,
                    payload: out.bytes(),
                })
                .unwrap();
            }
            let after = list(rt).1;
            if message_type == RTM_DELROUTE {
                assert!(after.is_empty(), "{after:?}");
            } else {
                assert_eq!(after, before);
            }
        }
    }
}

#[test]
fn the_kernel_says_which_route_a_packet_takes() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        rt.call(&NewRoute::new(Prefix::ALL_V4).via(ip("10.0.0.2")))
            .unwrap();
        rt.call(&NewRoute::new(Prefix::ALL_V6).via(ip("fd00::2")))
            .unwrap();
        let got = rt.get(&GetRoute::new(ip("8.8.8.8")).mark(1)).unwrap();
        let view = got.view();
        assert_eq!(view.dst(), Some(prefix("8.8.8.8/32")));
        assert_eq!(view.gateway(), Some(ip("10.0.0.2")));
        assert_eq!(
            (view.prefsrc(), view.oif()),
            (Some(ip("10.0.0.1")), Some(V0))
        );
        let entry = rt.get(&GetRoute::new(ip("8.8.8.8")).fib_match()).unwrap();
        assert_eq!(entry.view().dst(), Some(Prefix::ALL_V4));
        let got = rt.get(&GetRoute::new(ip("2001:db8::1")).oif(V0)).unwrap();
        assert_eq!(got.view().gateway(), Some(ip("fd00::2")));
        let local = rt.get(&GetRoute::new(ip("10.0.0.1")).uid(0)).unwrap();
        assert_eq!(local.view().route_type(), RouteType::LOCAL);

        let refuse = route("10.66.0.0/16").route_type(RouteType::PROHIBIT);
        rt.call(&refuse).unwrap();
        let refused = rt.get(&GetRoute::new(ip("10.66.0.1")));
        assert_eq!(refused.unwrap_err().errno(), Some(Errno::EACCES));
        rt.call(&DelRoute::new(Prefix::ALL_V4)).unwrap();
        let nowhere = rt.get(&GetRoute::new(ip("8.8.8.8")));
        assert_eq!(nowhere.unwrap_err().errno(), Some(Errno::ENETUNREACH));
    });
}

#[test]
fn the_kernels_words_and_the_attribute_reach_the_caller() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let told = |result: Result<(), Error>| result.unwrap_err().to_string();
        assert_eq!(
            told(rt.call(&route("10.1.0.0/16").via(ip("172.16.0.1")))),
            "RTM_NEWROUTE: Nexthop has invalid gateway (ENETUNREACH)"
        );
        assert_eq!(
            told(rt.call(&route("10.1.2.3/16").dev(V0))),
            "RTM_NEWROUTE: Invalid prefix for given prefix length (EINVAL)"
        );
        assert_eq!(
            told(rt.call(&route("10.1.0.0/16").dev(999))),
            "RTM_NEWROUTE: No such device (ENODEV)"
        );
        let mut bad = route("fd01::/48").via(ip("fd00::2"));
        bad.pref = Some(RoutePref(2));
        rt.call(&bad).unwrap();
        let metrics = RouteMetrics::default().cc_algo("no-such-algorithm");
        let error = rt.call(&route("10.1.0.0/16").dev(V0).metrics(metrics));
        assert_eq!(
            told(error),
            "RTM_NEWROUTE: Unknown tcp congestion algorithm (EINVAL)"
        );
        let missing = DelRule(NewRule::new(Family::INET).priority(4711));
        assert_eq!(
            told(rt.call(&missing)),
            "RTM_DELRULE: No such file or directory (ENOENT)"
        );
        let bad = NewAddr::new(V0, prefix("10.5.0.1/24"))
            .valid(10)
            .preferred(20);
        assert_eq!(
            told(rt.call(&bad)),
            "RTM_NEWADDR: ipv4: address lifetime invalid (EINVAL)"
        );
    });
}

fn path(error: &Error) -> Vec<String> {
    let error = error.kernel().unwrap();
    error.path.iter().map(ToString::to_string).collect()
}

#[test]
fn an_error_points_at_the_attribute() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        // A gateway of 3 bytes: no request of ours writes it.
        let with = |write: &dyn Fn(&mut Writer)| {
            let mut out = Writer::new();
            let header = RtMsg {
                family: Family::INET.0,
                dst_len: 16,
                table: 254,
                route_type: RouteType::UNICAST.0,
                ..RtMsg::default()
            };
            RouteWriter::new(&mut out, &header).dst_addr(ip("10.1.0.0"));
            write(&mut out);
            out.bytes().to_vec()
        };
        let send = |rt: &mut Connection<Route>, payload: Vec<u8>| {
            rt.call(&RawRequest {
                message_type: RTM_NEWROUTE,
                flags: Mode::Add.flags(),
                payload: &payload,
            })
        };
        let short = with(&|out| out.raw(RTA_GATEWAY, &[10, 0, 0]));
        let error = send(&mut rt, short).unwrap_err();
        assert_eq!(path(&error), ["RTA_GATEWAY"], "{error}");
        let mut range = NewRule::new(Family::INET).ip_proto(6);
        range.sports = Some((9, 5));
        let error = rt.call(&range).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::EINVAL), "{error}");
        let mut nexthop = NewNexthop::via(ip("10.0.0.2"), V0).id(1);
        rt.call(&nexthop).unwrap();
        nexthop = NewNexthop::via(ip("10.0.0.2"), 999).id(2);
        let error = rt.call(&nexthop).unwrap_err();
        let text = "RTM_NEWNEXTHOP: Invalid device index (EINVAL)";
        assert_eq!(error.to_string(), text);
        let group = NewNexthop::group([NexthopGrp::new(77, 1)]).id(3);
        let error = rt.call(&group).unwrap_err();
        let text = "RTM_NEWNEXTHOP: Invalid nexthop id (EINVAL)";
        assert_eq!(error.to_string(), text);

        let mut out = Writer::new();
        NexthopWriter::new(&mut out, &NhMsg::default())
            .group(&[NexthopGrp::new(1, 1)])
            .group_type(GroupType::RESILIENT.0)
            .res_group(|group| {
                group.raw(NHA_RES_GROUP_BUCKETS, &[1]);
            });
        let short = RawRequest {
            message_type: RTM_NEWNEXTHOP,
            flags: Mode::Add.flags(),
            payload: out.bytes(),
        };
        let error = rt.call(&short).unwrap_err();
        let want = ["NHA_RES_GROUP", "NHA_RES_GROUP_BUCKETS"];
        assert_eq!(path(&error), want, "{error}");
    });
}

#[test]
fn nexthop_objects_alone_and_in_groups() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        rt.call(&NewNexthop::via(ip("10.0.0.2"), V0).id(1)).unwrap();
        rt.call(&NewNexthop::dev(Family::INET, V0).id(2)).unwrap();
        rt.call(&NewNexthop::via(ip("fd00::2"), V0).id(3)).unwrap();
        rt.call(&NewNexthop::blackhole(Family::INET).id(4)).unwrap();
        let members = [NexthopGrp::new(1, 300), NexthopGrp::new(2, 1)];
        rt.call(&NewNexthop::group(members).id(10)).unwrap();
        let got = rt.get(&GetNexthop { id: 10 }).unwrap();
        let weights = got.view().group().unwrap().iter().map(NexthopGrp::weight);
        assert_eq!(weights.collect::<Vec<_>>(), [300, 1]);
        let members = [NexthopGrp::new(1, 1), NexthopGrp::new(2, 1)];
        rt.call(&NewNexthop::group(members).id(11).resilient(8))
            .unwrap();
        let got = rt.get(&GetNexthop { id: 11 }).unwrap();
        assert_eq!(got.view().res_group().unwrap().buckets(), Some(8));

        let ids = |rt: &mut Connection<Route>, request: GetNexthops| {
            let mut ids = Vec::new();
            rt.dump(&request, |nexthop| ids.extend(nexthop.id()))
                .unwrap();
            ids
        };
        let all = GetNexthops::default();
        assert_eq!(ids(&mut rt, all), [1, 2, 3, 4, 10, 11]);
        assert_eq!(
            ids(
                &mut rt,
                GetNexthops {
                    groups: true,
                    ..all
                }
            ),
            [10, 11]
        );
        assert_eq!(
            ids(
                &mut rt,
                GetNexthops {
                    oif: Some(V0),
                    ..all
                }
            ),
            [1, 2, 3]
        );

        rt.call(&route("10.1.0.0/16").nh_id(10)).unwrap();
        let kept = rt.get(&GetRoute::new(ip("10.1.0.1")).fib_match()).unwrap();
        assert_eq!(kept.view().nh_id(), Some(10));
        let other = NewNexthop::via(ip("10.0.0.3"), V0).id(1);
        assert_eq!(errno(rt.call(&other)), Errno::EEXIST);
        rt.call(&other.mode(Mode::Replace)).unwrap();
        let got = rt.get(&GetNexthop { id: 1 }).unwrap();
        assert_eq!(got.view().gateway(), Some(ip("10.0.0.3")));
        rt.call(&DelNexthop { id: 10 }).unwrap();
        assert_eq!(errno(rt.call(&DelNexthop { id: 10 })), Errno::ENOENT);
        let boot = GetRoutes::ipv4().protocol(RouteProtocol::BOOT);
        assert_eq!(routes(&mut rt, &boot), [""; 0]);
    });
}

#[test]
fn neighbours_are_added_replaced_listed_and_deleted() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        for dst in [ip("10.0.0.9"), ip("fd00::9")] {
            let neigh = NewNeigh::new(V0, dst).lladdr([2, 0, 0, 0, 0, 9]);
            let changed = neigh.clone().mode(Mode::Change);
            assert_eq!(errno(rt.call(&changed)), Errno::ENOENT);
            rt.call(&neigh).unwrap();
            assert_eq!(errno(rt.call(&neigh)), Errno::EEXIST);
            let got = rt.get(&GetNeigh::new(V0, dst)).unwrap();
            assert_eq!(got.view().state(), NeighState::PERMANENT);
            let stale = neigh.state(NeighState::STALE).mode(Mode::Replace);
            rt.call(&stale.flags(NeighFlags::EXT_LEARNED)).unwrap();
            let family = GetNeighs::all().family(Family::of(dst)).ifindex(V0);
            let mut all = rt.collect(&family).unwrap();
            all.retain(|neigh| neigh.view().state() == NeighState::STALE);
            assert_eq!(all.len(), 1);
            assert_eq!(all[0].view().lladdr(), Some(&[2, 0, 0, 0, 0, 9][..]));
            assert!(all[0].view().flags().contains(NeighFlags::EXT_LEARNED));
            rt.call(&DelNeigh::new(V0, dst)).unwrap();

            rt.call(&NewNeigh::proxy(V0, dst)).unwrap();
            let proxies = GetNeighs::all().proxy().family(Family::of(dst));
            let proxies = rt.collect(&proxies).unwrap();
            assert_eq!(proxies.len(), 1);
            assert_eq!(proxies[0].view().dst(), Some(dst));
            let got = rt.get(&GetNeigh::new(V0, dst).proxy()).unwrap();
            assert!(got.view().flags().contains(NeighFlags::PROXY));
            rt.call(&DelNeigh(NewNeigh::proxy(V0, dst))).unwrap();
            assert!(rt.get(&GetNeigh::new(V0, dst).proxy()).is_err());
        }
        let managed = NewNeigh::new(V0, ip("10.0.0.20")).state(NeighState::empty());
        rt.call(&managed.flags(NeighFlags::MANAGED)).unwrap();
        let got = rt.get(&GetNeigh::new(V0, ip("10.0.0.20"))).unwrap();
        assert!(got.view().flags().contains(NeighFlags::MANAGED));
    });
}

#[test]
fn forwarding_entries_are_neighbours_of_another_family() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        let mac = [2, 0, 0, 0, 0, 9];
        rt.call(&NewNeigh::fdb(V0, mac)).unwrap();
        let mut entries = rt.collect(&GetNeighs::fdb().ifindex(V0)).unwrap();
        entries.retain(|entry| entry.view().lladdr() == Some(&mac[..]));
        assert_eq!(entries.len(), 1);
        let entry = entries[0].view();
        assert_eq!((entry.family(), entry.ifindex()), (Family::BRIDGE, V0));
        assert_eq!(entry.flags(), NeighFlags::SELF);
        let other = rt.collect(&GetNeighs::fdb().ifindex(V1)).unwrap();
        assert!(other.iter().all(|entry| entry.view().ifindex() == V1));
        rt.call(&DelNeigh(NewNeigh::fdb(V0, mac))).unwrap();
        let gone = rt.call(&DelNeigh(NewNeigh::fdb(V0, mac)));
        assert_eq!(errno(gone), Errno::ENOENT);
    });
}

#[test]
fn an_interrupted_list_is_an_error_and_the_connection_goes_on() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        let nth = |n: u32| Prefix::host(Ipv4Addr::from(0x0b00_0000 + n).into());
        let addrs = (0..3000).map(|n| NewAddr::new(V0, nth(n)));
        assert!(rt.batch(addrs).unwrap().is_success());
        let all = GetAddrs::all().family(Family::INET);
        let mut other = Connection::<Route>::open().unwrap();
        let mut changed = false;
        let result = rt.dump(&all, |_| {
            if !changed {
                other.call(&NewAddr::new(V0, nth(5000))).unwrap();
                changed = true;
            }
        });
        assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
        // `lo` has 127.0.0.1.
        assert_eq!(rt.collect(&all).unwrap().len(), 3002);
    });
}

#[test]
fn rules_are_added_listed_and_deleted() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        for (family, net) in [(Family::INET, "10.0.0.0/24"), (Family::INET6, "fd00::/64")] {
            let rule = NewRule::new(family)
                .src(prefix(net))
                .table(RouteTable(1000))
                .priority(50)
                .fwmark(1)
                .fwmask(0xff)
                .iifname("v0")
                .oifname("not-there")
                .uids(0..=0)
                .ip_proto(6)
                .sports(5..=5)
                .dports(6..=7)
                .suppress_prefixlen(0)
                .suppress_ifgroup(1)
                .invert()
                .protocol(RouteProtocol::STATIC);
            rt.call(&rule).unwrap();
            assert_eq!(errno(rt.call(&rule)), Errno::EEXIST);
            rt.call(&NewRule::new(family).goto(50).priority(40))
                .unwrap();
            let l3mdev = NewRule::new(family).l3mdev().priority(42);
            // Kernels without VRF refuse it; the vector holds its bytes.
            if let Err(error) = rt.call(&l3mdev) {
                assert_eq!(error.errno(), Some(Errno::EOPNOTSUPP), "{error}");
            }
            let mut all = rt.collect(&GetRules::new(family)).unwrap();
            all.retain(|rule| matches!(rule.view().priority(), Some(40 | 50)));
            assert_eq!(all.len(), 2);
            let (goto, kept) = (all[0].view(), all[1].view());
            assert_eq!((goto.action(), goto.goto()), (RuleAction::GOTO, Some(50)));
            assert_eq!((kept.src(), kept.dst()), (Some(prefix(net)), None));
            assert_eq!((kept.fwmark(), kept.fwmask()), (Some(1), Some(0xff)));
            assert_eq!(
                (kept.iifname(), kept.oifname()),
                (Some("v0"), Some("not-there"))
            );
            assert_eq!(kept.uid_range().map(|range| range.end.get()), Some(0));
            assert_eq!(kept.dport_range().map(|range| range.end.get()), Some(7));
            assert_eq!(
                (kept.suppress_prefixlen(), kept.suppress_ifgroup()),
                (Some(0), Some(1))
            );
            assert_eq!(kept.table(), RouteTable(1000));
            assert_eq!(kept.protocol(), Some(RouteProtocol::STATIC));
            assert_eq!(kept.flags(), RuleFlags::INVERT | RuleFlags::OIF_DETACHED);
            rt.call(&DelRule(rule)).unwrap();
            rt.call(&DelRule(NewRule::new(family).priority(40)))
                .unwrap();
            let gone = rt.call(&DelRule(NewRule::new(family).priority(40)));
            assert_eq!(errno(gone), Errno::ENOENT);
        }
    });
}

#[test]
fn a_batch_of_routes_reports_each_failure_by_its_position() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let nth = |n: u32| Prefix::host(Ipv4Addr::from(0x0b00_0000 + n).into());
        let bad = |n: u32| n % 37 == 5 || n == 999;
        let requests = (0..1000).map(|n| {
            let gateway = if bad(n) {
                ip("172.16.0.1")
            } else {
                ip("10.0.0.2")
            };
            NewRoute::new(nth(n)).via(gateway)
        });
        let report = rt.batch(requests).unwrap();
        assert_eq!(report.sent, 1000);
        assert!(report.unknown.is_empty());
        let failed = report.failures.iter().map(|failure| failure.index);
        let want = (0..1000u32).filter(|&n| bad(n)).map(|n| n as usize);
        assert_eq!(failed.collect::<Vec<_>>(), want.collect::<Vec<_>>());
        for failure in &report.failures {
            let text = "RTM_NEWROUTE: Nexthop has invalid gateway (ENETUNREACH)";
            assert_eq!(failure.error.to_string(), text);
        }
        let boot = GetRoutes::ipv4().protocol(RouteProtocol::BOOT);
        let want = (0..1000).filter(|&n| !bad(n)).map(|n| nth(n).to_string());
        assert_eq!(routes(&mut rt, &boot), want.collect::<Vec<_>>());
        let report = rt.batch((0..1000).map(|n| DelRoute::new(nth(n)))).unwrap();
        assert_eq!(report.failures.len(), 28);
        assert!(
            report
                .failures
                .iter()
                .all(|f| f.error.errno == Errno::ESRCH)
        );
    });
}

#[test]
fn a_dump_that_is_left_early_does_not_disturb_the_next_request() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let nth = |n: u32| Prefix::host(Ipv4Addr::from(0x0b00_0000 + n).into());
        let report = rt
            .batch((0..10_000).map(|n| NewRoute::new(nth(n)).dev(V0)))
            .unwrap();
        assert!(report.is_success(), "{:?}", report.failures.first());
        let all = GetRoutes::ipv4()
            .table(RouteTable::MAIN)
            .protocol(RouteProtocol::BOOT);
        for taken in [0, 1, 77, 500, 5000, 9999] {
            {
                let mut dump = rt.start_dump(&all).unwrap();
                for _ in 0..taken {
                    assert!(dump.next().unwrap().is_some());
                }
            }
            let got = rt.get(&GetRoute::new(nth(taken).addr).fib_match()).unwrap();
            assert_eq!(got.view().dst(), Some(nth(taken)));
            rt.call(&NewRoute::new(prefix("10.77.0.0/16")).dev(V0))
                .unwrap();
            rt.call(&DelRoute::new(prefix("10.77.0.0/16"))).unwrap();
        }
        // Others change the table while it is listed: routes that stay are listed all the same, once.
        let mut other = Connection::<Route>::open().unwrap();
        let mut dump = rt.start_dump(&all).unwrap();
        let mut seen = BTreeSet::new();
        let mut count = 0;
        while let Some(route) = dump.next().unwrap() {
            seen.insert(route.dst().unwrap());
            count += 1;
            if count % 1000 == 0 && count < 9000 {
                other.call(&DelRoute::new(nth(count + 500))).unwrap();
            }
        }
        assert!(count <= 10_000 && seen.len() == count as usize);
        assert!(seen.contains(&nth(0)) && seen.contains(&nth(9999)));
        let listed = routes(&mut rt, &all).len();
        assert_eq!(listed, 10_000 - 8);
    });
}
