//! [`Watch`] against the running kernel.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};
use nl_netns::Namespace;
use nl_route::addr::{AddrFlags, DelAddr, GetAddrs, NewAddr};
use nl_route::bulk::Bulk;
use nl_route::link::{NewLink, OperState, SetLink};
use nl_route::neigh::NewNeigh;
use nl_route::nexthop::{DelNexthop, NewNexthop, NexthopGrp};
use nl_route::nsid::{NetnsRef, NewNsid};
use nl_route::route::{DelRoute, GetRoutes, NewHop, NewRoute, RTAX_MTU, RouteMetrics, RouteView};
use nl_route::rule::{DelRule, NewRule};
use nl_route::watch::{Event, Object, Objects, Watch};
use nl_route::{Connection, Family, Mode, Prefix, Route, RouteExt};

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

/// A cable, both ends up, 10.0.0.1/24 and fd00::1/64 on one; its index.
fn furnish(rt: &mut Connection<Route>) -> i32 {
    std::fs::write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1").unwrap();
    rt.call(&NewLink::veth("v0", "v1")).unwrap();
    for link in ["lo", "v0", "v1"] {
        rt.set_up(link).unwrap();
    }
    let v0 = rt.ifindex("v0").unwrap();
    for link in ["v0", "v1"] {
        wait_for_carrier(rt, link);
    }
    for addr in ["10.0.0.1/24", "fd00::1/64"] {
        let addr = NewAddr::new(v0, prefix(addr)).flags(AddrFlags::NODAD);
        rt.call(&addr).unwrap();
    }
    v0
}

/// Carrier comes a little later than the link is up.
fn wait_for_carrier(rt: &mut Connection<Route>, link: &str) {
    while rt.link(link).unwrap().view().oper_state() != Some(OperState::UP) {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn via(dst: &str, gateway: &str) -> NewRoute {
    NewRoute::new(prefix(dst)).via(gateway.parse().unwrap())
}

/// What a route is, in words.
fn said(route: &RouteView<'_>) -> String {
    let mut hops: Vec<_> = route
        .hops()
        .flatten()
        .map(|hop| format!("{:?} {}", hop.gateway(), hop.ifindex()))
        .collect();
    hops.sort();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {hops:?}",
        route.table(),
        route.dst(),
        route.priority(),
        route.route_type(),
        route.protocol(),
        route.nh_id(),
    )
}

/// What a reader of the stream knows who applies it to an empty set.
#[derive(Default)]
struct Reader {
    known: BTreeMap<String, usize>,
    overruns: usize,
    changes: Vec<String>,
}

fn name(object: &Object) -> String {
    match object {
        Object::Link(link) => format!("link {}", link.view().name().unwrap()),
        Object::Addr(addr) => format!("addr {:?}", addr.view().prefix().unwrap()),
        Object::Route(route) => format!("route {}", said(&route.view())),
        Object::Neigh(neigh) => format!("neigh {:?}", neigh.view().dst()),
        Object::Rule(rule) => format!("rule {:?}", rule.view().priority()),
        Object::Nexthop(nexthop) => format!("nexthop {:?}", nexthop.view().id()),
        _ => "other".into(),
    }
}

impl Reader {
    fn add(&mut self, object: &Object) {
        *self.known.entry(name(object)).or_default() += 1;
    }

    fn remove(&mut self, object: &Object) {
        let name = name(object);
        let count = self.known.get_mut(&name);
        let count = count.unwrap_or_else(|| panic!("removed, but never added: {name}"));
        *count -= 1;
        if *count == 0 {
            self.known.remove(&name);
        }
    }

    /// Reads until nothing is told any more.
    fn read(&mut self, watch: &mut Watch) {
        while let Some(event) = watch.next_within(Duration::from_millis(50)).unwrap() {
            match &event {
                Event::Added { object, .. } => {
                    self.add(object);
                    self.changes.push(format!("+{}", name(object)));
                }
                Event::Changed { old, new, .. } => {
                    self.remove(old);
                    self.add(new);
                    self.changes.push(format!("={}", name(new)));
                }
                Event::Removed { object, .. } => {
                    self.remove(object);
                    self.changes.push(format!("-{}", name(object)));
                }
                Event::Overrun => self.overruns += 1,
                _ => {}
            }
        }
    }

    fn routes(&self) -> BTreeSet<String> {
        let routes = self.known.keys();
        routes
            .filter_map(|name| name.strip_prefix("route ").map(str::to_owned))
            .collect()
    }
}

/// Both families' routes, as the kernel lists them now.
fn listed(rt: &mut Connection<Route>) -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for request in [GetRoutes::ipv4(), GetRoutes::ipv6()] {
        routes.extend(
            rt.collect(&request)
                .unwrap()
                .iter()
                .map(|r| said(&r.view())),
        );
    }
    routes
}

#[test]
fn ordinary_changes_are_told_as_they_happen() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let v0 = furnish(&mut rt);
        let mut watch = Watch::open(Objects::all()).unwrap();
        let mut reader = Reader::default();
        reader.read(&mut watch);
        for name in ["link lo", "link v0", "link v1"] {
            assert_eq!(reader.known.get(name), Some(&1), "{:?}", reader.known);
        }
        assert_eq!(reader.routes(), listed(&mut rt));
        reader.changes.clear();

        rt.call(&via("10.1.0.0/16", "10.0.0.2")).unwrap();
        rt.call(&via("10.1.0.0/16", "10.0.0.3").mode(Mode::Replace))
            .unwrap();
        rt.call(&via("fd01::/64", "fd00::2")).unwrap();
        rt.call(&NewNeigh::new(v0, [10, 0, 0, 2].into()).lladdr([2, 0, 0, 0, 0, 2]))
            .unwrap();
        rt.call(
            &NewRule::new(Family::INET)
                .priority(7)
                .src(prefix("10.7.0.0/16")),
        )
        .unwrap();
        rt.call(&NewNexthop::via([10, 0, 0, 2].into(), v0).id(1))
            .unwrap();
        rt.call(&SetLink::new("v1").mtu(1400)).unwrap();
        rt.call(&DelRule::from(NewRule::new(Family::INET).priority(7)))
            .unwrap();
        rt.call(&DelRoute::from(via("10.1.0.0/16", "10.0.0.3")))
            .unwrap();
        reader.read(&mut watch);
        let kinds: Vec<_> = reader
            .changes
            .iter()
            .map(|change| change.split_whitespace().next().unwrap())
            .collect();
        let want = [
            "+route", "=route", "+route", "+neigh", "+rule", "+nexthop", "=link", "-rule", "-route",
        ];
        assert_eq!(kinds, want, "{:?}", reader.changes);
        assert_eq!(reader.routes(), listed(&mut rt));
        let known: Vec<_> = watch.objects().map(|object| name(&object)).collect();
        assert_eq!(
            known.iter().cloned().collect::<BTreeSet<_>>(),
            reader.known.keys().cloned().collect()
        );
    });
}

#[test]
fn routes_that_vanish_without_a_word_are_told() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let v0 = furnish(&mut rt);
        let second = NewAddr::new(v0, prefix("10.0.5.1/24"));
        rt.call(&second).unwrap();
        rt.call(&NewNexthop::via([10, 0, 0, 9].into(), v0).id(9))
            .unwrap();
        rt.call(&via("10.1.0.0/16", "10.0.0.2")).unwrap();
        rt.call(&via("10.2.0.0/16", "10.0.0.2").prefsrc([10, 0, 5, 1].into()))
            .unwrap();
        rt.call(&NewRoute::new(prefix("10.3.0.0/16")).nh_id(9))
            .unwrap();
        // Routes alone: what links do is seen nevertheless.
        let mut watch = Watch::open(Objects::ROUTES).unwrap();
        let mut reader = Reader::default();
        reader.read(&mut watch);
        let gone = |reader: &mut Reader, watch: &mut Watch, dst: &str| {
            reader.read(watch);
            assert_eq!(reader.routes(), listed(&mut Connection::open().unwrap()));
            let what = format!("{:?}", prefix(dst));
            assert!(
                !reader.routes().iter().any(|route| route.contains(&what)),
                "{dst}"
            );
        };
        rt.call(&DelAddr::new(v0, prefix("10.0.5.1/24"))).unwrap();
        gone(&mut reader, &mut watch, "10.2.0.0/16");
        rt.call(&DelNexthop { id: 9 }).unwrap();
        gone(&mut reader, &mut watch, "10.3.0.0/16");
        rt.set_down("v0").unwrap();
        gone(&mut reader, &mut watch, "10.1.0.0/16");
        rt.set_up("v0").unwrap();
        reader.read(&mut watch);
        rt.call(&via("10.1.0.0/16", "10.0.0.2")).unwrap();
        rt.delete_link("v0").unwrap();
        gone(&mut reader, &mut watch, "10.1.0.0/16");
    });
}

/// A link that is up, but whose other end is not, loses its nexthop objects, and they their routes.
#[test]
fn nexthops_that_vanish_with_the_carrier_are_told() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let v0 = furnish(&mut rt);
        // What the other end does is not seen here.
        let elsewhere = Namespace::new().unwrap();
        rt.call(&SetLink::new("v1").netns(&elsewhere)).unwrap();
        let mut there = Connection::<Route>::open_in(elsewhere.as_fd()).unwrap();
        there.set_up("v1").unwrap();
        wait_for_carrier(&mut rt, "v0");
        for objects in [
            Objects::ROUTES,
            Objects::ROUTES | Objects::LINKS,
            Objects::ROUTES | Objects::NEXTHOPS,
        ] {
            for (id, gateway) in [(1, "10.0.0.2"), (2, "fd00::2")] {
                rt.call(&NewNexthop::via(gateway.parse().unwrap(), v0).id(id))
                    .unwrap();
            }
            rt.call(&NewRoute::new(prefix("10.3.0.0/16")).nh_id(1))
                .unwrap();
            rt.call(&NewRoute::new(prefix("fd03::/64")).nh_id(2))
                .unwrap();
            let mut watch = Watch::open(objects).unwrap();
            let mut reader = Reader::default();
            agree(&mut reader, &mut watch, &mut rt, "", "before");
            // The link is told of, up: what it was before is known from here on.
            rt.call(&SetLink::new("v0").mtu(1400)).unwrap();
            rt.call(&SetLink::new("v0").mtu(1500)).unwrap();
            agree(&mut reader, &mut watch, &mut rt, "", "with an event");
            let before = reader.routes().len();
            there.set_down("v1").unwrap();
            while rt.link("v0").unwrap().view().oper_state() == Some(OperState::UP) {
                std::thread::sleep(Duration::from_millis(10));
            }
            assert!(rt.link("v0").unwrap().view().is_up());
            agree(&mut reader, &mut watch, &mut rt, "", "without carrier");
            assert!(reader.routes().len() < before);
            if objects.contains(Objects::NEXTHOPS) {
                assert!(!reader.known.keys().any(|name| name.starts_with("nexthop")));
            }
            there.set_up("v1").unwrap();
            wait_for_carrier(&mut rt, "v0");
        }
    });
}

/// Preferred source and MTU of the IPv6 route to `dst`, as the watch knows it.
fn ipv6_route(watch: &Watch, dst: &str) -> (Option<IpAddr>, Option<u32>) {
    let found = watch.objects().find_map(|object| match object {
        Object::Route(route) if route.view().dst() == Some(prefix(dst)) => Some(route),
        _ => None,
    });
    let route = found.unwrap();
    let mtu = route.view().metrics().and_then(|metrics| metrics.mtu());
    (route.view().prefsrc(), mtu)
}

/// What IPv6 routes are like changes with addresses and links that they name.
#[test]
fn ipv6_routes_that_change_without_a_word_are_told() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let v0 = furnish(&mut rt);
        rt.call(&NewNexthop::via("fd00::2".parse().unwrap(), v0).id(2))
            .unwrap();
        let source: IpAddr = "fd00:5::1".parse().unwrap();
        let mtu = |route: NewRoute| route.metrics(RouteMetrics::default().set(RTAX_MTU, 1450));
        let hop = |way: &str| NewHop::via(way.parse().unwrap());
        let to = || NewRoute::new(prefix("fd01::/64"));
        // Each alone: one that is doubtful has all of them listed.
        for route in [
            via("fd01::/64", "fd00::2").prefsrc(source),
            mtu(via("fd01::/64", "fd00::2")),
            mtu(to().nh_id(2)),
            mtu(to().hop(hop("fd00::2")).hop(hop("fd00::3"))),
        ] {
            let second = NewAddr::new(v0, prefix("fd00:5::1/64")).flags(AddrFlags::NODAD);
            rt.call(&second).unwrap();
            rt.call(&route).unwrap();
            let mut watch = Watch::open(Objects::IPV6_ROUTES).unwrap();
            let mut reader = Reader::default();
            reader.read(&mut watch);
            // The first event of a link makes all doubtful; not so the next.
            rt.call(&SetLink::new("v0").alias("near")).unwrap();
            reader.read(&mut watch);
            let before = ipv6_route(&watch, "fd01::/64");
            assert!(
                [(Some(source), None), (None, Some(1450))].contains(&before),
                "{before:?}"
            );
            rt.call(&DelAddr::new(v0, prefix("fd00:5::1/64"))).unwrap();
            rt.call(&SetLink::new("v0").mtu(1400)).unwrap();
            reader.read(&mut watch);
            let after = ipv6_route(&watch, "fd01::/64");
            assert_eq!(after, (None, before.1.map(|_| 1400)));
            rt.call(&DelRoute::from(to())).unwrap();
            rt.call(&SetLink::new("v0").mtu(1500)).unwrap();
        }
    });
}

#[test]
fn routes_of_one_destination_are_told_apart() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        furnish(&mut rt);
        let mut watch = Watch::open(Objects::ROUTES).unwrap();
        let mut reader = Reader::default();
        reader.read(&mut watch);
        // IPv4: three of one metric, the first replaced, the middle one deleted.
        for gateway in ["10.0.0.2", "10.0.0.3", "10.0.0.4"] {
            rt.call(&via("10.1.0.0/16", gateway).mode(Mode::Append))
                .unwrap();
            reader.read(&mut watch);
            assert_eq!(reader.routes(), listed(&mut rt), "{gateway}");
        }
        rt.call(&via("10.1.0.0/16", "10.0.0.5").mode(Mode::Prepend))
            .unwrap();
        rt.call(&via("10.1.0.0/16", "10.0.0.6").mode(Mode::Replace))
            .unwrap();
        rt.call(&DelRoute::from(via("10.1.0.0/16", "10.0.0.3")))
            .unwrap();
        reader.read(&mut watch);
        assert_eq!(reader.routes(), listed(&mut rt));
        // IPv6: ways that join one route, and leave it.
        for gateway in ["fd00::2", "fd00::3", "fd00::4"] {
            rt.call(&via("fd01::/64", gateway).mode(Mode::Append))
                .unwrap();
            reader.read(&mut watch);
            assert_eq!(reader.routes(), listed(&mut rt), "{gateway}");
        }
        rt.call(&DelRoute::from(via("fd01::/64", "fd00::3")))
            .unwrap();
        reader.read(&mut watch);
        assert_eq!(reader.routes(), listed(&mut rt));
        rt.call(&via("fd01::/64", "fd00::9").mode(Mode::Replace))
            .unwrap();
        reader.read(&mut watch);
        assert_eq!(reader.routes(), listed(&mut rt));
    });
}

#[test]
fn who_does_not_read_while_100_000_routes_change_is_right_again_afterwards() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let v0 = furnish(&mut rt);
        let route = |n: u32, gateway: u8| {
            let dst = Ipv4Addr::from((20 << 24) + (n << 8));
            NewRoute::new(Prefix::new(dst.into(), 24))
                .via([10, 0, 0, gateway].into())
                .dev(v0)
        };
        assert!(
            rt.add_routes((0..30_000).map(|n| route(n, 2)))
                .unwrap()
                .is_success()
        );
        let mut watch = Watch::open(Objects::IPV4_ROUTES).unwrap();
        let mut reader = Reader::default();
        reader.read(&mut watch);
        let before = reader.routes().len();
        // 20,000 vanish, 10,000 are changed, 70,000 are new.
        let gone = (0..20_000).map(|n| DelRoute::from(route(n, 2)));
        assert!(rt.delete_routes(gone).unwrap().is_success());
        assert!(
            rt.replace_routes((20_000..30_000).map(|n| route(n, 3)))
                .unwrap()
                .is_success()
        );
        assert!(
            rt.add_routes((30_000..100_000).map(|n| route(n, 2)))
                .unwrap()
                .is_success()
        );
        reader.changes.clear();
        reader.read(&mut watch);
        assert!(reader.overruns > 0, "the receive buffer held it all");
        let kernel: BTreeSet<_> = rt
            .collect(&GetRoutes::ipv4())
            .unwrap()
            .iter()
            .map(|route| said(&route.view()))
            .collect();
        assert_eq!(kernel.len(), before + 50_000);
        assert!(reader.routes() == kernel);
        // Only the difference was told: no route twice.
        assert!(reader.changes.len() <= 100_000, "{}", reader.changes.len());
        // It goes on as before.
        rt.call(&route(100_000, 2)).unwrap();
        reader.changes.clear();
        reader.read(&mut watch);
        assert_eq!(reader.changes.len(), 1);
    });
}

#[test]
fn whose_doing_it_is_and_where() {
    nl_netns::isolate!(|| {
        let mut mine = Connection::<Route>::open().unwrap();
        let mut other = Connection::<Route>::open().unwrap();
        furnish(&mut mine);
        let there = Namespace::new().unwrap();
        mine.call(&NewNsid {
            netns: NetnsRef::Fd(std::os::fd::AsRawFd::as_raw_fd(&there.as_fd())),
            nsid: 77,
        })
        .unwrap();
        let mut watch = Watch::open(Objects::ROUTES | Objects::LINKS).unwrap();
        watch.listen_all_namespaces().unwrap();
        while watch.next_within(Duration::ZERO).unwrap().is_some() {}
        mine.call(&via("10.1.0.0/16", "10.0.0.2")).unwrap();
        other.call(&via("10.2.0.0/16", "10.0.0.2")).unwrap();
        let mut ports = Vec::new();
        while let Some(event) = watch.next_within(Duration::ZERO).unwrap() {
            match event {
                // The kernel's own, of IPv6 on a cable that has just got carrier, comes in between.
                Event::Added { port: 0, .. } => {}
                Event::Added { port, .. } => ports.push(port),
                _ => {}
            }
        }
        assert_eq!(ports, [mine.socket().port(), other.socket().port()]);
        let mut theirs = Connection::<Route>::open_in(there.as_fd()).unwrap();
        theirs.call(&NewLink::bridge("br7")).unwrap();
        // The cable's carrier, and IPv6 behind it, are a matter of time, and told in between.
        let event = loop {
            let event = watch.next_within(Duration::from_secs(5)).unwrap();
            if matches!(event, None | Some(Event::Elsewhere { .. })) {
                break event;
            }
        };
        let Some(Event::Elsewhere {
            nsid: 77,
            object,
            removed: false,
        }) = event
        else {
            panic!("{event:?}");
        };
        assert_eq!(name(&object), "link br7");
        assert!(watch.objects().all(|object| name(&object) != "link br7"));
    });
}

/// While somebody changes addresses and links all the time, the stream goes on, and ends right.
#[test]
fn lists_that_change_while_they_are_read_come_out_right() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let v0 = furnish(&mut rt);
        let end = Instant::now() + Duration::from_secs(1);
        let busy = std::thread::spawn(move || {
            let mut rt = Connection::<Route>::open().unwrap();
            let mut n = 0u8;
            while Instant::now() < end {
                n = n.wrapping_add(1);
                let addr = Prefix::new(IpAddr::from([10, 8, n, 1]), 32);
                rt.call(&NewAddr::new(v0, addr)).unwrap();
                rt.call(&via(&format!("fd0{}::/64", 1 + n % 9), "fd00::2").mode(Mode::Replace))
                    .unwrap();
                rt.call(&DelAddr::new(v0, addr)).unwrap();
            }
        });
        let mut watch = Watch::open(Objects::ADDRS | Objects::ROUTES).unwrap();
        let mut reader = Reader::default();
        reader.read(&mut watch);
        busy.join().unwrap();
        reader.read(&mut watch);
        assert_eq!(reader.routes(), listed(&mut rt));
        let addrs = rt.collect(&GetAddrs::all()).unwrap();
        let addrs: BTreeSet<_> = addrs
            .iter()
            .map(|a| format!("addr {:?}", a.view().prefix().unwrap()))
            .collect();
        let known: BTreeSet<_> = reader
            .known
            .keys()
            .filter(|name| name.starts_with("addr"))
            .cloned()
            .collect();
        assert_eq!(known, addrs);
    });
}

/// What somebody does.
type Step<'a> = dyn Fn(&mut Connection<Route>) + 'a;

/// What else takes routes away without a word, or with too few.
#[test]
fn whatever_takes_routes_away_the_stream_ends_with_the_kernels_own() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let v0 = furnish(&mut rt);
        rt.call(&NewLink::veth("w0", "w1")).unwrap();
        for link in ["w0", "w1"] {
            rt.set_up(link).unwrap();
        }
        wait_for_carrier(&mut rt, "w0");
        let w0 = rt.ifindex("w0").unwrap();
        let routes = |rt: &mut Connection<Route>| {
            let two = |dst: &str, ways: [&str; 2]| {
                let hop = |way: &str| NewHop::via(way.parse().unwrap());
                NewRoute::new(prefix(dst))
                    .hop(hop(ways[0]))
                    .hop(hop(ways[1]))
            };
            // What is there still is left alone, and what cannot be any more is not made.
            for addr in ["10.0.1.1/24", "fd00:1::1/64"] {
                let addr = NewAddr::new(w0, prefix(addr)).flags(AddrFlags::NODAD);
                let _ = rt.call(&addr);
            }
            for (id, gateway, link) in [(1, [10, 0, 0, 2], v0), (2, [10, 0, 1, 2], w0)] {
                let _ = rt.call(&NewNexthop::via(gateway.into(), link).id(id));
            }
            let group = [NexthopGrp::new(1, 1), NexthopGrp::new(2, 1)];
            let _ = rt.call(&NewNexthop::group(group).id(3));
            for route in [
                via("10.1.0.0/16", "10.0.0.2"),
                via("fd01::/64", "fd00::2"),
                two("10.2.0.0/16", ["10.0.0.2", "10.0.1.2"]),
                two("fd02::/64", ["fd00::2", "fd00:1::2"]),
                NewRoute::new(prefix("10.3.0.0/16")).nh_id(3),
                NewRoute::new(prefix("10.4.0.0/16")).dev(w0),
                NewRoute::new(prefix("fd04::/64")).dev(w0),
            ] {
                let _ = rt.call(&route);
            }
        };
        let elsewhere = Namespace::new().unwrap();
        let mut watch = Watch::open(Objects::ROUTES).unwrap();
        let mut reader = Reader::default();
        let steps: [(&str, &Step<'_>); 11] = [
            ("one of two links down", &|rt| rt.set_down("w0").unwrap()),
            ("up", &|rt| {
                rt.set_up("w0").unwrap();
                wait_for_carrier(rt, "w0");
            }),
            ("both down", &|rt| {
                rt.set_down("w0").unwrap();
                rt.set_down("v0").unwrap();
            }),
            ("both up", &|rt| {
                for link in ["v0", "w0"] {
                    rt.set_up(link).unwrap();
                    wait_for_carrier(rt, link);
                }
            }),
            ("a nexthop of a group", &|rt| {
                rt.call(&DelNexthop { id: 2 }).unwrap()
            }),
            ("the other end down", &|rt| rt.set_down("w1").unwrap()),
            ("the only address", &|rt| {
                rt.call(&DelAddr::new(w0, prefix("10.0.1.1/24"))).unwrap();
            }),
            ("IPv6 off", &|_| {
                std::fs::write("/proc/sys/net/ipv6/conf/w0/disable_ipv6", "1").unwrap()
            }),
            ("quietly down", &|rt| {
                // Only the first user namespace has this one.
                let quiet = "/proc/sys/net/ipv6/route/skip_notify_on_dev_down";
                let _ = std::fs::write(quiet, "1");
                rt.set_down("v0").unwrap();
                rt.set_up("v0").unwrap();
            }),
            ("moved", &|rt| {
                rt.call(&SetLink::new("v0").netns(&elsewhere)).unwrap();
            }),
            ("lo down", &|rt| rt.set_down("lo").unwrap()),
        ];
        for (what, step) in steps {
            routes(&mut rt);
            agree(&mut reader, &mut watch, &mut rt, "before: ", what);
            step(&mut rt);
            agree(&mut reader, &mut watch, &mut rt, "", what);
        }
    });
}

/// Reads until the reader has the kernel's routes. What it was not told of would be missing for ever; what
/// the kernel does by itself when a carrier comes may happen between its list and ours.
fn agree(
    reader: &mut Reader,
    watch: &mut Watch,
    rt: &mut Connection<Route>,
    when: &str,
    what: &str,
) {
    let mut kernel = BTreeSet::new();
    for _ in 0..50 {
        reader.read(watch);
        kernel = listed(rt);
        if reader.routes() == kernel {
            return;
        }
    }
    assert_eq!(reader.routes(), kernel, "{when}{what}");
}

/// Most events of each burst are lost, of every kind.
#[test]
fn with_the_smallest_buffer_the_stream_is_right_in_the_end() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let v0 = furnish(&mut rt);
        let mut watch = Watch::open(Objects::all()).unwrap();
        setsockopt(&watch.as_fd(), sockopt::RcvBuf, &0).unwrap();
        let mut reader = Reader::default();
        reader.read(&mut watch);
        for round in 0..3u8 {
            for n in 0..30 {
                let host = |net| Prefix::host([10, net, round, n].into());
                rt.call(&NewAddr::new(v0, host(8))).unwrap();
                rt.call(&NewRoute::new(host(9)).dev(v0)).unwrap();
                let number = 1 + u32::from(round) * 30 + u32::from(n);
                rt.call(&NewRule::new(Family::INET).priority(number))
                    .unwrap();
                rt.call(&NewNexthop::via([10, 0, 0, 2].into(), v0).id(number))
                    .unwrap();
                let neigh = NewNeigh::new(v0, [10, 0, 0, 10 + 30 * round + n].into());
                rt.call(&neigh.lladdr([2, 0, 0, 0, 0, n])).unwrap();
                // And of those of the round before, every other one is gone.
                if round > 0 && n % 2 == 0 {
                    let host = |net| Prefix::host([10, net, round - 1, n].into());
                    rt.call(&DelAddr(NewAddr::new(v0, host(8)))).unwrap();
                    rt.call(&DelRoute::from(NewRoute::new(host(9)).dev(v0)))
                        .unwrap();
                    let rule = NewRule::new(Family::INET).priority(number - 30);
                    rt.call(&DelRule::from(rule)).unwrap();
                    rt.call(&DelNexthop { id: number - 30 }).unwrap();
                }
            }
            rt.call(&NewLink::bridge(format!("br{round}"))).unwrap();
            let overruns = reader.overruns;
            reader.read(&mut watch);
            assert!(reader.overruns > overruns);
            agree(&mut reader, &mut watch, &mut rt, "", "in the end");
            // Multicast neighbours are made in silence, and whenever the kernel likes.
            let told = |name: &String| {
                !["neigh Some(ff", "neigh Some(224"]
                    .iter()
                    .any(|silent| name.starts_with(silent))
            };
            let kernel: BTreeSet<_> = fresh().iter().map(name).filter(told).collect();
            let known = reader.known.keys().filter(|name| told(name)).cloned();
            assert_eq!(known.collect::<BTreeSet<_>>(), kernel);
        }
    });
}

/// All objects, as somebody knows them who begins to watch now.
fn fresh() -> Vec<Object> {
    let mut watch = Watch::open(Objects::all()).unwrap();
    while !matches!(watch.next().unwrap(), Event::Synced) {}
    watch.objects().collect()
}
