//! Routes in bulk against the running kernel, each test in a network of its own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod veth;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use nl_core::{Connection, Errno, Error, Socket};
use nl_route::addr::{AddrFlags, NewAddr};
use nl_route::bulk::*;
use nl_route::link::SetLink;
use nl_route::nexthop::{GetNexthops, NewNexthop, NexthopGrp};
use nl_route::route::*;
use nl_route::{Family, Mode, Prefix, Route};
use veth::{V0, V1, ground};
use zerocopy::IntoBytes;

const T: RouteTable = RouteTable(100);

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// [`ground`] with 10.0.0.1/24 and fd00::1/64 on `v0`.
fn addressed() -> Connection<Route> {
    let mut rt = ground();
    rt.call(&NewAddr::new(V0, prefix("10.0.0.1/24"))).unwrap();
    let v6 = NewAddr::new(V0, prefix("fd00::1/64")).flags(AddrFlags::NODAD);
    rt.call(&v6).unwrap();
    rt
}

fn numbered4(i: u32) -> Prefix {
    Prefix::new(Ipv4Addr::from((20 << 24) + (i << 8)).into(), 24)
}

fn numbered6(i: u32) -> Prefix {
    let base = u128::from(Ipv6Addr::new(0xfd01, 0, 0, 0, 0, 0, 0, 0));
    Prefix::new(Ipv6Addr::from(base + (u128::from(i) << 64)).into(), 64)
}

fn via4(i: u32) -> NewRoute {
    NewRoute::new(numbered4(i)).via(ip("10.0.0.2")).table(T)
}

fn via6(i: u32) -> NewRoute {
    NewRoute::new(numbered6(i)).via(ip("fd00::2")).table(T)
}

fn list(rt: &mut Connection<Route>, request: GetRoutes) -> Vec<RouteEntry> {
    match rt.collect(&request) {
        Err(error) if error.errno() == Some(Errno::ENOENT) => Vec::new(),
        routes => routes.unwrap(),
    }
}

fn table4(rt: &mut Connection<Route>) -> Vec<RouteEntry> {
    list(rt, GetRoutes::ipv4().table(T))
}

fn counts(report: &SyncReport) -> (usize, usize, usize, usize) {
    assert!(report.is_success(), "{report:?}");
    let SyncReport {
        added,
        replaced,
        deleted,
        unchanged,
        ..
    } = *report;
    (added, replaced, deleted, unchanged)
}

#[test]
fn lists_are_added_replaced_and_deleted_and_refusals_have_positions() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        assert!(rt.add_routes((0..5000).map(via4)).unwrap().is_success());
        let again = rt.add_routes((4998..5002).map(via4)).unwrap();
        let refused: Vec<_> = again
            .failures
            .iter()
            .map(|f| (f.index, f.error.errno))
            .collect();
        assert_eq!(refused, [(0, Errno::EEXIST), (1, Errno::EEXIST)]);
        let by_v0 = |i| via4(i).via(ip("10.0.0.3"));
        assert!(
            rt.replace_routes((0..5002).map(by_v0))
                .unwrap()
                .is_success()
        );
        let there = table4(&mut rt);
        assert_eq!(there.len(), 5002);
        assert!(
            there
                .iter()
                .all(|route| route.view().gateway() == Some(ip("10.0.0.3")))
        );
        let gone = rt.delete_routes((1..5003).map(via4).map(|r| DelRoute(r.via(ip("10.0.0.3")))));
        let gone = gone.unwrap();
        assert_eq!(gone.failures.len(), 1);
        let failure = gone.failures.first().unwrap();
        assert_eq!((failure.index, failure.error.errno), (5001, Errno::ESRCH));
        assert_eq!(table4(&mut rt).len(), 1);
    });
}

#[test]
fn a_filter_deletes_what_fits_and_nothing_else() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let bgp = |i| via4(i).protocol(RouteProtocol::BGP);
        assert!(rt.add_routes((0..20_000).map(bgp)).unwrap().is_success());
        assert!(
            rt.add_routes((20_000..20_100).map(via4))
                .unwrap()
                .is_success()
        );
        let filter = GetRoutes::ipv4().table(T).protocol(RouteProtocol::BGP);
        let part = RouteFilter::new(filter).within(prefix("20.0.0.0/16"));
        let report = rt.delete_routes_where(part).unwrap();
        assert!(report.is_success(), "{report:?}");
        assert_eq!(report.deleted, 256);
        let report = rt.delete_routes_where(filter).unwrap();
        assert_eq!((report.deleted, report.is_success()), (20_000 - 256, true));
        assert_eq!(table4(&mut rt).len(), 100);
        let gone = rt.delete_routes_where(filter).unwrap();
        assert_eq!((gone.deleted, gone.is_success()), (0, true));
        let none = rt.delete_routes_where(GetRoutes::ipv4().table(RouteTable(7777)));
        assert_eq!(none.unwrap().deleted, 0);
    });
}

/// A connection whose requests go to a script, not to the kernel; what it opens beside itself goes there.
fn scripted() -> (Connection<Route>, UnixDatagram) {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let mut rt = Connection::from_socket(Socket::from_fd(ours.into()).unwrap());
    rt.set_timeout(Some(Duration::from_millis(20)));
    (rt, theirs)
}

/// The answer that all of a datagram was done.
fn acknowledgement(datagram: &[u8]) -> Vec<u8> {
    let last = nl_core::Messages::new(datagram).flatten().last().unwrap();
    let mut answer = 36u32.to_ne_bytes().to_vec();
    answer.extend(nl_core::header::NLMSG_ERROR.to_ne_bytes());
    answer.extend(0u16.to_ne_bytes());
    answer.extend(last.header.seq.get().to_ne_bytes());
    answer.extend([0; 8]);
    answer.extend(last.header.as_bytes());
    answer
}

#[test]
fn lost_answers_are_no_success() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        assert!(rt.add_routes((0..100).map(via4)).unwrap().is_success());
        let table = GetRoutes::ipv4().table(T);
        // No answer at all, and nothing is done.
        let (mut silent, _peer) = scripted();
        let report = silent.delete_routes_where(table).unwrap();
        assert_eq!((report.deleted, report.is_success()), (0, false));
        assert!(matches!(report.error, Some(Error::Overrun)), "{report:?}");
        assert_eq!(table4(&mut rt).len(), 100);
        // The first answer is lost, and what was asked is not done; the second time it is.
        let (mut deaf, peer) = scripted();
        peer.set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let script = std::thread::spawn(move || {
            let mut datagram = vec![0; 1 << 20];
            peer.recv(&mut datagram).unwrap();
            let len = peer.recv(&mut datagram).unwrap();
            let done = rt.delete_routes_where(table).unwrap();
            assert!(done.is_success());
            peer.send(&acknowledgement(&datagram[..len])).unwrap();
            rt
        });
        assert!(deaf.delete_routes_where(table).unwrap().is_success());
        assert!(table4(&mut script.join().unwrap()).is_empty());
    });
}

#[test]
fn every_kind_of_route_is_deleted_as_it_is_listed() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let object = NewNexthop::via(ip("10.0.0.9"), V0).id(9);
        rt.call(&object).unwrap();
        let object6 = NewNexthop::via(ip("fd00::9"), V0).id(96);
        rt.call(&object6).unwrap();
        let dst = |text| NewRoute::new(prefix(text)).table(T);
        // While there is carrier: without it the kernel takes nexthop objects and their routes away, in its own time.
        let by_object = [dst("30.0.0.0/8").nh_id(9), dst("fd02::/64").nh_id(96)];
        assert!(rt.batch(&by_object).unwrap().is_success());
        let report = rt
            .delete_routes_where(GetRoutes::default().table(T))
            .unwrap();
        assert_eq!(
            (report.deleted, report.is_success()),
            (2, true),
            "{report:?}"
        );
        let hops = |a, b| {
            [
                NewHop::via(ip(a)).ifindex(V0).weight(3),
                NewHop::via(ip(b)).ifindex(V0),
            ]
        };
        let [a4, b4] = hops("10.0.0.3", "10.0.0.4");
        let [a6, b6] = hops("fd00::3", "fd00::4");
        let odd = [
            dst("0.0.0.0/0").via(ip("10.0.0.2")),
            dst("30.1.0.0/16").hop(a4).hop(b4),
            dst("30.2.0.0/16").route_type(RouteType::BLACKHOLE),
            dst("30.3.0.0/16").route_type(RouteType::PROHIBIT).metric(9),
            dst("30.4.0.0/16").dev(V0).tos(4),
            dst("30.4.0.0/16").dev(V0).metric(5).prefsrc(ip("10.0.0.1")),
            dst("30.4.0.0/16").dev(V1).metric(5).mode(Mode::Append),
            dst("30.5.0.0/16").via(ip("fd00::2")).dev(V0),
            dst("30.6.0.0/16").via(ip("10.99.0.1")).dev(V0).onlink(),
            dst("30.7.0.0/16")
                .dev(V0)
                .metrics(RouteMetrics::default().set(RTAX_MTU, 1300)),
            dst("::/0").via(ip("fd00::2")),
            dst("fd03::/64").hop(a6).hop(b6),
            dst("fd04::/64").route_type(RouteType::UNREACHABLE),
            dst("fd05::/64").dev(V0).expires(1000),
            dst("fd06::/64").dev(V0).metric(7).pref(RoutePref::HIGH),
        ];
        let made = rt.batch(&odd).unwrap();
        assert!(made.is_success(), "{made:?}");
        // Without carrier routes carry flags that no request may have.
        rt.call(&SetLink::new(V1).down()).unwrap();
        let report = rt
            .delete_routes_where(GetRoutes::default().table(T))
            .unwrap();
        assert!(report.is_success(), "{report:?}");
        // One went when v1 did.
        assert_eq!(report.deleted, odd.len() - 1);
        assert!(list(&mut rt, GetRoutes::ipv4().table(T)).is_empty());
        assert!(list(&mut rt, GetRoutes::ipv6().table(T)).is_empty());
    });
}

#[test]
fn ipv6_routes_are_all_found_although_deleting_disturbs_the_list() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        assert!(rt.add_routes((0..20_000).map(via6)).unwrap().is_success());
        let report = rt.delete_routes_where(GetRoutes::ipv6().table(T)).unwrap();
        assert_eq!(
            (report.deleted, report.is_success()),
            (20_000, true),
            "{report:?}"
        );
        assert!(list(&mut rt, GetRoutes::ipv6().table(T)).is_empty());
    });
}

#[test]
fn sync_sends_only_what_differs() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let scope = SyncScope::ipv4(T);
        let first = rt.sync_routes(scope, (0..1000).map(via4)).unwrap();
        assert_eq!(counts(&first), (1000, 0, 0, 0));
        let same = rt.sync_routes(scope, (0..1000).rev().map(via4)).unwrap();
        assert_eq!(counts(&same), (0, 0, 0, 1000));
        assert!(same.is_unchanged());
        // 10 go, 5 come, 3 change.
        let next = rt.sync_routes(
            scope,
            (10..1005).map(|i| match i {
                500..503 => via4(i).via(ip("10.0.0.7")),
                _ => via4(i),
            }),
        );
        assert_eq!(counts(&next.unwrap()), (5, 3, 10, 987));
        let there = table4(&mut rt);
        let moved = there
            .iter()
            .filter(|r| r.view().gateway() == Some(ip("10.0.0.7")));
        assert_eq!((there.len(), moved.count()), (995, 3));
        let none = rt.sync_routes(scope, []).unwrap();
        assert_eq!(counts(&none), (0, 0, 995, 0));
        assert!(table4(&mut rt).is_empty());
    });
}

#[test]
fn sync_recognises_every_kind_of_route() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        rt.call(&NewNexthop::via(ip("10.0.0.9"), V0).id(9)).unwrap();
        rt.call(&NewNexthop::via(ip("fd00::9"), V0).id(96)).unwrap();
        let dst = |text| NewRoute::new(prefix(text));
        let metrics = RouteMetrics::default()
            .set(RTAX_MTU, 1300)
            .set(RTAX_INITCWND, 20);
        let four = [
            dst("0.0.0.0/0").via(ip("10.0.0.2")),
            dst("30.0.0.0/8").nh_id(9),
            dst("30.1.0.0/16")
                .hop(NewHop::via(ip("10.0.0.3")).ifindex(V0).weight(3))
                .hop(NewHop::via(ip("10.0.0.4")).ifindex(V0)),
            dst("30.2.0.0/16").route_type(RouteType::BLACKHOLE),
            dst("30.3.0.0/16")
                .route_type(RouteType::UNREACHABLE)
                .metric(9),
            dst("30.4.0.0/16").dev(V0).tos(4),
            dst("30.4.0.0/16").dev(V0).metric(5).prefsrc(ip("10.0.0.1")),
            dst("30.4.0.0/16").dev(V1).metric(5),
            dst("30.4.0.0/16").dev(V1).metric(6),
            dst("30.5.0.0/16").via(ip("fd00::2")).dev(V0),
            dst("30.6.0.0/16").via(ip("10.99.0.1")).dev(V0).onlink(),
            dst("30.7.0.0/16")
                .dev(V0)
                .metrics(metrics.clone().cc_algo("reno")),
            dst("30.8.0.0/16").hop(NewHop::via(ip("10.0.0.3")).ifindex(V0)),
        ];
        let first = rt.sync_routes(SyncScope::ipv4(T), four.clone()).unwrap();
        assert_eq!(counts(&first), (four.len(), 0, 0, 0));
        let again = rt.sync_routes(SyncScope::ipv4(T), four.clone()).unwrap();
        assert_eq!(counts(&again), (0, 0, 0, four.len()));
        let six = [
            dst("::/0").via(ip("fd00::2")),
            dst("fd02::/64").nh_id(96),
            dst("fd03::/64")
                .hop(NewHop::via(ip("fd00::3")).ifindex(V0).weight(3))
                .hop(NewHop::via(ip("fd00::4")).ifindex(V0)),
            dst("fd04::/64").route_type(RouteType::UNREACHABLE),
            dst("fd05::/64").dev(V0).expires(1000),
            dst("fd06::/64").dev(V0).metric(7).pref(RoutePref::HIGH),
            dst("fd06::/64").dev(V0).metric(8).metrics(metrics),
        ];
        let first = rt.sync_routes(SyncScope::ipv6(T), six.clone()).unwrap();
        assert_eq!(counts(&first), (six.len(), 0, 0, 0));
        let again = rt.sync_routes(SyncScope::ipv6(T), six.clone()).unwrap();
        assert_eq!(counts(&again), (0, 0, 0, six.len()));
        // Each kind is also told apart from another route to the same place.
        let plain = |route: &NewRoute| {
            let plain = NewRoute::new(route.dst).dev(V1).tos(route.tos);
            NewRoute {
                metric: route.metric,
                ..plain
            }
        };
        let wanted: Vec<_> = six.iter().map(plain).collect();
        let other = rt.sync_routes(SyncScope::ipv6(T), wanted.clone()).unwrap();
        assert_eq!(counts(&other), (0, six.len(), 0, 0));
        let again = rt.sync_routes(SyncScope::ipv6(T), wanted).unwrap();
        assert!(again.is_unchanged(), "{again:?}");
    });
}

/// A list is made so, and the second time nothing is sent.
#[track_caller]
fn is_synced_once(rt: &mut Connection<Route>, scope: SyncScope, wanted: &[NewRoute]) {
    let first = rt.sync_routes(scope, wanted.to_vec()).unwrap();
    assert!(first.is_success(), "{first:?}");
    let again = rt.sync_routes(scope, wanted.to_vec()).unwrap();
    assert!(again.is_unchanged(), "{again:?}");
    assert_eq!(again.unchanged, wanted.len());
}

#[test]
fn sync_recognises_what_the_kernel_lists_in_other_words() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        rt.call(&NewAddr::new(V1, prefix("10.1.0.1/24"))).unwrap();
        let to = |text| NewRoute::new(prefix(text));
        let (four, six) = (SyncScope::ipv4(T), SyncScope::ipv6(T));
        // Host bits, which IPv6 forgets and IPv4 refuses.
        is_synced_once(
            &mut rt,
            six,
            &[to("2001:db8::1/64").dev(V0), to("fd77::7/0").dev(V0)],
        );
        let refused = rt.sync_routes(four, [to("20.0.0.1/8").dev(V0)]).unwrap();
        let refused: Vec<_> = refused.failures.iter().map(|f| f.error.errno).collect();
        assert_eq!(refused, [Errno::EINVAL]);
        // A source, which IPv4 does not hear of.
        is_synced_once(
            &mut rt,
            four,
            &[to("20.0.0.0/8").src(prefix("30.0.0.0/8")).dev(V0)],
        );
        // Ways without links, and with.
        for (scope, dst, gateways) in [
            (four, "30.0.0.0/8", ["10.0.0.3", "10.1.0.4"]),
            (six, "fd30::/16", ["fd00::3", "fd00::4"]),
        ] {
            let [first, second] = gateways.map(|gateway| NewHop::via(ip(gateway)));
            let open = [to(dst).hop(first.clone()).hop(second.clone())];
            is_synced_once(&mut rt, scope, &open);
            let is_four = scope.family == Family::INET;
            let [v0, other] = [V0, if is_four { V1 } else { V0 }];
            let said = to(dst).hop(first.clone().ifindex(v0));
            let said = [said.hop(second.clone().ifindex(other))];
            let there = rt.sync_routes(scope, said.clone()).unwrap();
            assert!(there.is_unchanged(), "{there:?}");
            // By another link it is another route; IPv6 has no such gateway there.
            if is_four {
                let onlink = |hop: NewHop| hop.ifindex(V1).onlink();
                let moved = [to(dst).hop(onlink(first)).hop(onlink(second))];
                is_synced_once(&mut rt, scope, &moved);
                let back = rt.sync_routes(scope, said).unwrap();
                assert_eq!(counts(&back), (0, 1, 0, 0));
            }
        }
        // What ends and what does not.
        let fd = || to("fd40::/16").dev(V0);
        is_synced_once(&mut rt, six, &[fd().expires(1000)]);
        is_synced_once(&mut rt, six, &[fd()]);
        let listed = list(&mut rt, GetRoutes::ipv6().table(T));
        let expiry = listed[0].view().cacheinfo().map(|info| info.expires.get());
        assert_eq!((listed.len(), expiry), (1, Some(0)));
        is_synced_once(&mut rt, six, &[fd().expires(u32::MAX)]);
        is_synced_once(&mut rt, six, &[fd().expires(500)]);
    });
}

#[test]
fn sync_recognises_routes_into_tunnels() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let ip4 = |last| {
            Encap::new(EncapType::IP, |out| {
                EncapIpWriter::new(out, &())
                    .dst([10, 0, 0, last].into())
                    .id(5);
            })
        };
        let ip6 = |last| {
            Encap::new(EncapType::IP6, |out| {
                EncapIp6Writer::new(out, &())
                    .dst(ip("fd00::9"))
                    .id(last)
                    .hoplimit(7);
            })
        };
        for encaps in [[ip4(9), ip4(8)], [ip6(9), ip6(8)]] {
            for (scope, dst) in [
                (SyncScope::ipv4(T), "30.0.0.0/8"),
                (SyncScope::ipv6(T), "fd30::/16"),
            ] {
                for encap in &encaps {
                    let route = NewRoute::new(prefix(dst)).dev(V0).encap(encap.clone());
                    let made = rt.sync_routes(scope, [route.clone()]).unwrap();
                    let errno = made.failures.first().map(|failure| failure.error.errno);
                    if errno == Some(Errno::EOPNOTSUPP) {
                        eprintln!("skipped: this kernel has no such tunnels");
                        continue;
                    }
                    is_synced_once(&mut rt, scope, &[route]);
                }
            }
        }
    });
}

#[test]
fn sync_keeps_routes_that_only_their_nexthops_tell_apart() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let by = |gateway: &str| {
            NewRoute::new(prefix("40.0.0.0/8"))
                .via(ip(gateway))
                .table(T)
        };
        let gateways = |rt: &mut Connection<Route>| -> BTreeSet<_> {
            table4(rt)
                .iter()
                .filter_map(|route| route.view().gateway())
                .collect()
        };
        rt.call(&by("10.0.0.2")).unwrap();
        rt.call(&by("10.0.0.3").mode(Mode::Append)).unwrap();
        let scope = SyncScope::ipv4(T);
        let report = rt
            .sync_routes(scope, [by("10.0.0.3"), by("10.0.0.4")])
            .unwrap();
        assert_eq!(counts(&report), (1, 0, 1, 1));
        assert_eq!(
            gateways(&mut rt),
            BTreeSet::from([ip("10.0.0.3"), ip("10.0.0.4")])
        );
        let report = rt.sync_routes(scope, [by("10.0.0.5")]).unwrap();
        assert_eq!(counts(&report), (1, 0, 2, 0));
        assert_eq!(gateways(&mut rt), BTreeSet::from([ip("10.0.0.5")]));
        // One takes the place, the other comes beside it.
        let report = rt
            .sync_routes(scope, [by("10.0.0.6"), by("10.0.0.5")])
            .unwrap();
        assert_eq!(counts(&report), (1, 1, 0, 0));
        assert_eq!(
            gateways(&mut rt),
            BTreeSet::from([ip("10.0.0.5"), ip("10.0.0.6")])
        );
        // The same twice is there once, whether it was there before or not.
        let report = rt
            .sync_routes(scope, [by("10.0.0.5"), by("10.0.0.6"), by("10.0.0.5")])
            .unwrap();
        assert!(report.is_success());
        assert_eq!(counts(&report), (0, 0, 0, 3));
        let elsewhere = |gateway: &str| by(gateway).table(RouteTable(7));
        let twice = [
            elsewhere("10.0.0.5"),
            elsewhere("10.0.0.6"),
            elsewhere("10.0.0.5"),
        ];
        let report = rt
            .sync_routes(SyncScope::ipv4(RouteTable(7)), twice)
            .unwrap();
        assert!(report.is_success());
        assert_eq!(counts(&report), (2, 0, 0, 1));
        // In the place of what was wanted before, not beside it.
        let report = rt
            .sync_routes(scope, [by("10.0.0.5"), by("10.0.0.6").mode(Mode::Replace)])
            .unwrap();
        assert_eq!(counts(&report), (0, 0, 1, 2));
        assert_eq!(gateways(&mut rt), BTreeSet::from([ip("10.0.0.6")]));
        let report = rt
            .sync_routes(scope, [by("10.0.0.7"), by("10.0.0.8").mode(Mode::Replace)])
            .unwrap();
        assert!(report.is_success());
        assert_eq!(gateways(&mut rt), BTreeSet::from([ip("10.0.0.8")]));
    });
}

/// The ways of the routes to a destination in a table, each with who made it.
fn ways(
    rt: &mut Connection<Route>,
    table: RouteTable,
    dst: &str,
) -> Vec<(u8, Option<IpAddr>, Option<i32>)> {
    let dst = prefix(dst);
    let mut routes = list(rt, GetRoutes::new(dst.family()).table(table));
    routes.retain(|route| route.view().dst() == Some(dst));
    let mut ways: Vec<_> = routes
        .iter()
        .map(|route| {
            let route = route.view();
            (route.protocol().0, route.gateway(), route.oif())
        })
        .collect();
    ways.sort();
    ways
}

#[test]
fn sync_replaces_no_route_outside_its_scope() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let main = RouteTable::MAIN;
        let dst = "10.0.0.0/24";
        let by = |gateway| NewRoute::new(prefix(dst)).via(ip(gateway));
        let (kernel, boot) = (RouteProtocol::KERNEL.0, RouteProtocol::BOOT.0);
        let (first, second) = (ip("10.0.0.2"), ip("10.0.0.3"));
        let connected = (kernel, None, Some(V0));
        rt.call(&by("10.0.0.2").mode(Mode::Append)).unwrap();
        assert_eq!(
            ways(&mut rt, main, dst),
            [connected, (boot, Some(first), Some(V0))]
        );
        let scope = SyncScope::ipv4(main);
        let report = rt.sync_routes(scope, [by("10.0.0.3")]).unwrap();
        assert_eq!(counts(&report), (1, 0, 1, 0));
        let there = [connected, (boot, Some(second), Some(V0))];
        assert_eq!(ways(&mut rt, main, dst), there);
        assert!(
            rt.sync_routes(scope, [by("10.0.0.3")])
                .unwrap()
                .is_unchanged()
        );
        // Two protocols side by side, of which the other is first.
        let dst = "50.0.0.0/8";
        let of = |protocol, gateway| {
            let route = NewRoute::new(prefix(dst)).via(ip(gateway)).table(T);
            route.protocol(protocol)
        };
        let (bgp, fixed) = (RouteProtocol::BGP, RouteProtocol::STATIC);
        rt.call(&of(fixed, "10.0.0.2")).unwrap();
        rt.call(&of(bgp, "10.0.0.4").mode(Mode::Append)).unwrap();
        // One alone is replaced as before.
        let alone = |gateway| via4(1).via(ip(gateway)).protocol(bgp);
        rt.call(&alone("10.0.0.2")).unwrap();
        let wanted = [of(bgp, "10.0.0.3"), alone("10.0.0.3")];
        let scope = SyncScope::ipv4(T).protocol(bgp);
        let report = rt.sync_routes(scope, wanted.clone()).unwrap();
        assert_eq!(counts(&report), (1, 1, 1, 0));
        let there = [
            (fixed.0, Some(first), Some(V0)),
            (bgp.0, Some(second), Some(V0)),
        ];
        assert_eq!(ways(&mut rt, T, dst), there);
        assert!(rt.sync_routes(scope, wanted).unwrap().is_unchanged());
        // IPv6 cannot tell them apart: a conflict.
        let dst = "fd00::/64";
        let by = |ifindex| NewRoute::new(prefix(dst)).dev(ifindex).metric(256);
        rt.call(&by(V1).mode(Mode::Append)).unwrap();
        let there = [(kernel, None, Some(V0)), (boot, None, Some(V1))];
        assert_eq!(ways(&mut rt, main, dst), there);
        let scope = SyncScope::ipv6(main);
        let wanted = by(1);
        let report = rt.sync_routes(scope, [wanted]).unwrap();
        let refused: Vec<_> = report.failures.iter().map(|f| f.error.errno).collect();
        assert_eq!((refused, report.deleted), (vec![Errno::EEXIST], 0));
        assert_eq!(ways(&mut rt, main, dst), there);
    });
}

#[test]
fn sync_finds_what_is_shared_in_the_middle_of_a_list() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let (bgp, fixed) = (RouteProtocol::BGP, RouteProtocol::STATIC);
        let of = |i, gateway| via4(i).via(ip(gateway)).protocol(bgp);
        let made = (0..100).map(|i| of(i, "10.0.0.2"));
        assert!(rt.add_routes(made).unwrap().is_success());
        for i in (0..100).step_by(10) {
            // Before ours.
            let other = via4(i).via(ip("10.0.0.9")).protocol(fixed);
            rt.call(&other.mode(Mode::Prepend)).unwrap();
        }
        let wanted = || {
            (0..110).map(|i| match i {
                50..90 => of(i, "10.0.0.3"),
                _ => of(i, "10.0.0.2"),
            })
        };
        let scope = SyncScope::ipv4(T).protocol(bgp);
        let report = rt.sync_routes(scope, wanted()).unwrap();
        assert_eq!(counts(&report), (10 + 4, 36, 4, 60));
        assert!(rt.sync_routes(scope, wanted()).unwrap().is_unchanged());
        let there = table4(&mut rt);
        let others = there.iter().filter(|r| r.view().protocol() == fixed);
        assert_eq!((there.len(), others.count()), (120, 10));
    });
}

#[test]
fn sync_deletes_nothing_whose_successor_was_refused() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        // Several of one identity, and another wanted.
        let by = |gateway| {
            NewRoute::new(prefix("40.0.0.0/8"))
                .via(ip(gateway))
                .table(T)
        };
        rt.call(&by("10.0.0.2")).unwrap();
        rt.call(&by("10.0.0.3").mode(Mode::Append)).unwrap();
        rt.call(&via4(1)).unwrap();
        let scope = SyncScope::ipv4(T);
        let report = rt.sync_routes(scope, [by("99.0.0.1")]).unwrap();
        let refused: Vec<_> = report.failures.iter().map(|f| f.error.errno).collect();
        assert_eq!((refused, report.deleted), (vec![Errno::ENETUNREACH], 1));
        let there = ways(&mut rt, T, "40.0.0.0/8");
        assert_eq!(there.len(), 2, "{there:?}");
        // In parts, one that was spared may still be wanted.
        let mut sync = RouteSync::begin(&mut rt, scope).unwrap();
        sync.want([by("99.0.0.1")]).unwrap();
        sync.want([by("10.0.0.3")]).unwrap();
        let report = sync.finish().unwrap();
        assert_eq!((report.unchanged, report.deleted), (1, 0));
        // IPv6 replaces one of them, and the others go.
        let dst = "fd40::/16";
        let six = |ifindex| NewRoute::new(prefix(dst)).dev(ifindex).table(T);
        rt.call(&six(V0)).unwrap();
        rt.call(&six(V1).mode(Mode::Append)).unwrap();
        assert_eq!(ways(&mut rt, T, dst).len(), 2);
        let scope = SyncScope::ipv6(T);
        let refused = six(V0).via(ip("99::1"));
        let report = rt.sync_routes(scope, [refused]).unwrap();
        assert_eq!((report.failures.len(), report.deleted), (1, 0));
        let report = rt.sync_routes(scope, [six(1)]).unwrap();
        assert_eq!(counts(&report), (0, 1, 1, 0));
        let boot = RouteProtocol::BOOT.0;
        assert_eq!(ways(&mut rt, T, dst), [(boot, None, Some(1))]);
        // One of them is wanted, and the kernel takes no second one: nothing that is wanted is lost.
        rt.call(&six(V1).mode(Mode::Append)).unwrap();
        for wanted in [[six(V1), six(V0)], [six(V0), six(V1)]] {
            let report = rt.sync_routes(scope, wanted).unwrap();
            assert_eq!(report.failures.len(), 1, "{report:?}");
            let there = ways(&mut rt, T, dst);
            assert!(!there.is_empty());
        }
    });
}

#[test]
fn sync_of_the_main_table_leaves_the_kernels_routes_and_other_protocols_alone() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let to = |text| NewRoute::new(prefix(text)).via(ip("10.0.0.2"));
        rt.call(&to("50.0.0.0/8").protocol(RouteProtocol::STATIC))
            .unwrap();
        rt.call(&to("51.0.0.0/8").protocol(RouteProtocol::BGP))
            .unwrap();
        let bgp = SyncScope::ipv4(RouteTable::MAIN).protocol(RouteProtocol::BGP);
        let report = rt.sync_routes(bgp, [to("52.0.0.0/8")]).unwrap();
        assert_eq!(counts(&report), (1, 0, 1, 0));
        let dsts = |rt: &mut Connection<Route>| -> Vec<_> {
            let main = list(rt, GetRoutes::ipv4().table(RouteTable::MAIN));
            main.iter()
                .filter_map(|r| r.view().dst())
                .map(|d| d.to_string())
                .collect()
        };
        assert_eq!(dsts(&mut rt), ["10.0.0.0/24", "50.0.0.0/8", "52.0.0.0/8"]);
        let all = rt
            .sync_routes(SyncScope::ipv4(RouteTable::MAIN), [])
            .unwrap();
        assert_eq!(counts(&all), (0, 0, 2, 0));
        assert_eq!(dsts(&mut rt), ["10.0.0.0/24"]);
    });
}

#[test]
fn sync_reports_refusals_by_position_and_deletes_nothing_on_a_bad_list() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let scope = SyncScope::ipv4(T);
        rt.sync_routes(scope, (0..10).map(via4)).unwrap();
        let unreachable = |i| match i {
            3 | 12 => via4(i).via(ip("99.9.9.9")),
            _ => via4(i),
        };
        let report = rt.sync_routes(scope, (2..14).map(unreachable)).unwrap();
        let refused: Vec<_> = report
            .failures
            .iter()
            .map(|f| (f.index, f.error.errno))
            .collect();
        assert_eq!(refused, [(1, Errno::ENETUNREACH), (10, Errno::ENETUNREACH)]);
        assert_eq!((report.added, report.deleted, report.unchanged), (3, 2, 7));
        // What was refused did not take the old one's place.
        let before = table4(&mut rt).len();
        assert_eq!(before, 11);
        let elsewhere = via4(0).table(RouteTable(101));
        let error = rt.sync_routes(scope, [elsewhere]).unwrap_err();
        assert!(matches!(error, Error::Encode(_)), "{error}");
        let error = rt.sync_routes(scope, [via4(90), via6(0)]).unwrap_err();
        assert!(matches!(error, Error::Encode(_)), "{error}");
        assert_eq!(table4(&mut rt).len(), before + 1);
        // Begun and dropped.
        RouteSync::begin(&mut rt, scope)
            .unwrap()
            .want([via4(91)])
            .unwrap();
        assert_eq!(table4(&mut rt).len(), before + 2);
    });
}

#[test]
fn a_table_is_made_equal_to_what_it_once_listed() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let scope = SyncScope::ipv4(T);
        rt.sync_routes(scope, (0..10).map(via4)).unwrap();
        let listed = table4(&mut rt);
        let changed = (3..12).map(|i| via4(i).metric(i));
        rt.sync_routes(scope, changed).unwrap();
        for (added, deleted, unchanged) in [(10, 9, 0), (0, 0, 10)] {
            let mut sync = RouteSync::begin(&mut rt, scope).unwrap();
            for half in listed.chunks(5) {
                sync.want_listed(half.iter().map(RouteEntry::view)).unwrap();
            }
            let report = sync.finish().unwrap();
            assert!(report.is_success(), "{report:?}");
            assert_eq!(
                (report.added, report.deleted, report.unchanged),
                (added, deleted, unchanged)
            );
            assert_eq!(table4(&mut rt), listed);
        }
        let elsewhere = SyncScope::ipv4(RouteTable(101));
        let mut sync = RouteSync::begin(&mut rt, elsewhere).unwrap();
        let error = sync.want_listed(listed.iter().map(RouteEntry::view));
        assert!(matches!(error, Err(Error::Encode(_))), "{error:?}");
        let foreign = scope.protocol(RouteProtocol::BGP);
        let mut sync = RouteSync::begin(&mut rt, foreign).unwrap();
        let error = sync.want_listed(listed.iter().map(RouteEntry::view));
        assert!(matches!(error, Err(Error::Encode(_))), "{error:?}");
        assert_eq!(sync.found(), 0);
    });
}

#[test]
fn a_route_set_is_added_repointed_and_removed_as_a_whole() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let set = RouteSet::create(&mut rt, NewNexthop::via(ip("10.0.0.2"), V0)).unwrap();
        assert_ne!(set.id(), 0);
        let set = set.table(T).metric(50).protocol(RouteProtocol::BGP);
        assert!(
            set.add(&mut rt, (0..1000).map(numbered4))
                .unwrap()
                .is_success()
        );
        let twice = set.add(&mut rt, (999..1001).map(numbered4)).unwrap();
        assert_eq!(twice.failures.len(), 1);
        let gateways = |rt: &mut Connection<Route>| -> BTreeSet<_> {
            table4(rt)
                .iter()
                .map(|route| (route.view().nh_id(), route.view().gateway()))
                .collect()
        };
        let id = Some(set.id());
        assert_eq!(
            gateways(&mut rt),
            BTreeSet::from([(id, Some(ip("10.0.0.2")))])
        );
        set.repoint(&mut rt, NewNexthop::via(ip("10.0.0.3"), V0))
            .unwrap();
        assert_eq!(
            gateways(&mut rt),
            BTreeSet::from([(id, Some(ip("10.0.0.3")))])
        );
        // Refused: all stays as it was.
        let bad = set
            .repoint(&mut rt, NewNexthop::via(ip("99.0.0.1"), V0))
            .unwrap_err();
        assert!(bad.errno().is_some(), "{bad}");
        let group = NewNexthop::group([NexthopGrp::new(set.id(), 1)]);
        assert!(set.repoint(&mut rt, group).is_err());
        assert_eq!(
            gateways(&mut rt),
            BTreeSet::from([(id, Some(ip("10.0.0.3")))])
        );
        assert!(set.delete(&mut rt, [numbered4(0)]).unwrap().is_success());
        assert!(!set.delete(&mut rt, [numbered4(0)]).unwrap().is_success());
        let same = RouteSet::open(&mut rt, set.id()).unwrap();
        assert_eq!(table4(&mut rt).len(), 1000);
        same.remove(&mut rt).unwrap();
        assert!(table4(&mut rt).is_empty());
        assert_eq!(
            set.remove(&mut rt).unwrap_err().errno(),
            Some(Errno::ENOENT)
        );
        assert_eq!(
            RouteSet::open(&mut rt, set.id()).unwrap_err().errno(),
            Some(Errno::ENOENT)
        );
        let taken = RouteSet::create(&mut rt, NewNexthop::blackhole(Family::INET6).id(5)).unwrap();
        let error = RouteSet::create(&mut rt, NewNexthop::dev(Family::INET, V0).id(5)).unwrap_err();
        assert_eq!((error.errno(), taken.id()), (Some(Errno::EEXIST), 5));
        assert_eq!(rt.collect(&GetNexthops::default()).unwrap().len(), 1);
    });
}

#[test]
fn a_route_set_of_ipv6_and_ipv4_prefixes_moves_and_goes_as_a_whole() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let by = |gateway| NewNexthop::via(ip(gateway), V0);
        let set = RouteSet::create(&mut rt, by("fd00::2")).unwrap().table(T);
        let both = || (0..1000).map(numbered6).chain((0..500).map(numbered4));
        assert!(set.add(&mut rt, both()).unwrap().is_success());
        // Another set beside it stays as it is.
        let other = RouteSet::create(&mut rt, by("fd00::9").id(77)).unwrap();
        let other = other.table(T);
        let others = || (1000..1100).map(numbered6);
        assert!(other.add(&mut rt, others()).unwrap().is_success());
        let counts = |rt: &mut Connection<Route>, id: u32, gateway: &str| {
            let routes = [GetRoutes::ipv6().table(T), GetRoutes::ipv4().table(T)]
                .into_iter()
                .flat_map(|request| list(rt, request))
                .filter(|route| route.view().nh_id() == Some(id));
            routes
                .filter(|route| route.view().gateway() == Some(ip(gateway)))
                .count()
        };
        assert_eq!(counts(&mut rt, set.id(), "fd00::2"), 1500);
        set.repoint(&mut rt, by("fd00::3")).unwrap();
        assert_eq!(counts(&mut rt, set.id(), "fd00::3"), 1500);
        assert_eq!(counts(&mut rt, 77, "fd00::9"), 100);
        // Prefixes change sets.
        let moved = set.replace(&mut rt, (1000..1010).map(numbered6)).unwrap();
        assert!(moved.is_success(), "{moved:?}");
        assert_eq!(counts(&mut rt, set.id(), "fd00::3"), 1510);
        assert_eq!(counts(&mut rt, 77, "fd00::9"), 90);
        // By a filter, from one of the two.
        let filter = RouteFilter::new(GetRoutes::ipv6().table(T)).nh_id(77);
        let report = rt.delete_routes_where(filter).unwrap();
        assert_eq!((report.deleted, report.is_success()), (90, true));
        set.remove(&mut rt).unwrap();
        assert!(table4(&mut rt).is_empty());
        assert!(list(&mut rt, GetRoutes::ipv6().table(T)).is_empty());
        // What is gone is not made anew, without its routes.
        let error = set.repoint(&mut rt, by("fd00::3")).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::ENOENT));
        other.remove(&mut rt).unwrap();
        assert!(rt.collect(&GetNexthops::default()).unwrap().is_empty());
    });
}

#[test]
fn each_part_of_a_filter_counts_in_both_families() {
    nl_netns::isolate!(|| {
        let mut rt = addressed();
        let make: [fn(u32) -> NewRoute; 2] = [via4, via6];
        for (family, via) in [Family::INET, Family::INET6].into_iter().zip(make) {
            let gateway = via(0).gateway.unwrap();
            let other = if gateway.is_ipv4() {
                "10.0.0.3"
            } else {
                "fd00::3"
            };
            let by_link = |i| NewRoute::new(via(i).dst).table(T).dev(V1);
            let routes = (0..10)
                .map(via)
                .chain((10..20).map(by_link))
                .chain((20..30).map(|i| via(i).protocol(RouteProtocol::BGP)))
                .chain((30..40).map(|i| via(i).metric(7)))
                .chain((40..50).map(|i| via(i).via(ip(other))))
                .chain((50..60).map(|i| {
                    let drop = NewRoute::new(via(i).dst).table(T);
                    drop.route_type(RouteType::BLACKHOLE)
                }))
                .chain((60..70).map(|i| via(i).table(RouteTable(101))));
            assert!(rt.add_routes(routes).unwrap().is_success());
            let all = || GetRoutes::new(family).table(T);
            let filter = || RouteFilter::new(all());
            for filter in [
                RouteFilter::new(all().oif(V1)),
                RouteFilter::new(all().protocol(RouteProtocol::BGP)),
                filter().metric(7),
                filter().gateway(ip(other)),
                RouteFilter::new(all().route_type(RouteType::BLACKHOLE)),
                RouteFilter::new(GetRoutes::new(family).table(RouteTable(101))),
            ] {
                let report = rt.delete_routes_where(filter).unwrap();
                assert_eq!(
                    (report.deleted, report.is_success()),
                    (10, true),
                    "{filter:?}"
                );
            }
            let left = list(&mut rt, all());
            let dsts: BTreeSet<_> = left.iter().filter_map(|r| r.view().dst()).collect();
            assert_eq!(dsts, (0..10).map(|i| via(i).dst).collect());
            // By the list: one of them twice, one that is not there.
            let gone = [0, 1, 1, 99].map(|i| DelRoute(via(i)));
            let report = rt.delete_routes(gone).unwrap();
            let refused: Vec<_> = report.failures.iter().map(|f| f.index).collect();
            assert_eq!(refused, [2, 3]);
            assert_eq!(list(&mut rt, all()).len(), 8);
            let again = rt.replace_routes((0..10).map(|i| via(i).via(ip(other))));
            assert!(again.unwrap().is_success());
            let by_other = rt.delete_routes_where(filter().gateway(ip(other)));
            assert_eq!(by_other.unwrap().deleted, 10);
            assert!(list(&mut rt, all()).is_empty());
        }
    });
}
