//! Lists while others change what is listed, and many threads at once.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nl_core::{DumpRequest, Errno, Owned, trace::Direction};
use nl_route::addr::{AddrFlags, AddrView, DelAddr, GetAddrs, NewAddr};
use nl_route::bulk::Bulk;
use nl_route::link::{GetLinks, LinkView, NewLink, SetLink};
use nl_route::neigh::{DelNeigh, GetNeighs, NeighView, NewNeigh};
use nl_route::nexthop::{DelNexthop, GetNexthops, NewNexthop, NexthopView};
use nl_route::route::{DelRoute, GetRoutes, NewRoute, RouteTable, RouteView};
use nl_route::rule::{DelRule, GetRules, NewRule, RuleView};
use nl_route::{Connection, Error, Family, Prefix, Route, RouteExt};

/// No list takes so long, however busy the machine is; one that never ends is found out.
const LONG: Option<Duration> = Some(Duration::from_secs(20));

fn open() -> Connection<Route> {
    let mut rt = Connection::open().unwrap();
    rt.set_timeout(LONG);
    rt
}

/// A bridge that is up, so that routes can lead there.
fn furnish(rt: &mut Connection<Route>) -> i32 {
    std::fs::write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1").unwrap();
    rt.call(&NewLink::bridge("br0")).unwrap();
    rt.set_up("br0").unwrap();
    let br0 = rt.ifindex("br0").unwrap();
    let network: Prefix = "10.0.0.1/24".parse().unwrap();
    rt.call(&NewAddr::new(br0, network)).unwrap();
    br0
}

/// The address `net.0.0.0` or `net::`, and `n` more.
fn numbered(family: Family, net: u8, n: u32) -> IpAddr {
    if family == Family::INET {
        Ipv4Addr::from((u32::from(net) << 24) + n).into()
    } else {
        Ipv6Addr::from((0xfd00_u128 + u128::from(net)) << 112 | u128::from(n)).into()
    }
}

/// What the readers of a list that others change have seen.
#[derive(Debug, Default)]
struct Seen {
    /// Lists that the kernel did not say were interrupted.
    clean: usize,
    /// Those of them in which something was missing that was there all the time.
    lacking: usize,
}

/// Two threads list, each `lists` times, while a third changes, round after round, what is listed. Every list ends; what
/// it has is what stays or what changes; the last one, when all is quiet, is exact. `stays` and what
/// `name` gives are objects' names; objects without one do not count.
fn read_while<R: DumpRequest<Protocol = Route> + Sync>(
    lists: usize,
    request: &R,
    name: impl Fn(&Owned<R::Reply>) -> Option<u32> + Sync,
    stays: &BTreeSet<u32>,
    change: impl Fn(&mut Connection<Route>, u32) + Sync,
) -> Seen {
    let readers = AtomicUsize::new(2);
    let read = || {
        let (mut rt, mut seen) = (open(), Seen::default());
        for _ in 0..lists {
            let listing = rt.list(request).unwrap();
            let listed: BTreeSet<_> = listing.objects.iter().filter_map(&name).collect();
            // Others come and go from a million on.
            let strange = |n: &u32| *n < 1_000_000 && !stays.contains(n);
            assert!(!listed.iter().any(strange));
            if !listing.interrupted {
                seen.clean += 1;
                seen.lacking += usize::from(!listed.is_superset(stays));
            }
        }
        readers.fetch_sub(1, Ordering::Release);
        seen
    };
    let mut seen = Seen::default();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut rt = open();
            let mut round = 0;
            // Changes come in bursts: lists in between are clean.
            while readers.load(Ordering::Acquire) > 0 {
                change(&mut rt, round % 100);
                round += 1;
                if round % 20 == 0 {
                    thread::sleep(Duration::from_millis(5));
                }
            }
        });
        for reader in [scope.spawn(read), scope.spawn(read)] {
            let one = reader.join().unwrap();
            seen.clean += one.clean;
            seen.lacking += one.lacking;
        }
    });
    let quiet = open().collect(request).unwrap();
    let names: Vec<_> = quiet.iter().filter_map(&name).collect();
    assert_eq!(names.len(), stays.len());
    assert!(names.into_iter().collect::<BTreeSet<_>>() == *stays);
    seen
}

/// The number in an address that [`numbered`] made of `net`; other nets, a million further.
fn number(addr: IpAddr) -> Option<u32> {
    let (net, n) = match addr {
        IpAddr::V4(addr) => (addr.octets()[0], u32::from(addr) & 0xff_ffff),
        IpAddr::V6(addr) => (
            addr.octets()[1],
            u32::try_from(u128::from(addr) & 0xff_ffff).ok()?,
        ),
    };
    match net {
        20 => Some(n),
        // In front of them and behind.
        15 | 25 => Some(1_000_000 + n),
        _ => None,
    }
}

const NETS: [u8; 2] = [15, 25];

#[test]
fn links_are_all_in_every_list_while_others_come_and_go() {
    nl_netns::isolate!(|| {
        let mut rt = open();
        let links = (0..150).map(|i| NewLink::bridge(format!("stays{i}")));
        assert!(rt.batch(links).unwrap().is_success());
        let name = |link: &Owned<LinkView<'static>>| {
            let name = link.view().name()?.to_owned();
            match name.strip_prefix("stays") {
                Some(n) => n.parse().ok(),
                None => name.strip_prefix("goes")?.parse().ok(),
            }
        };
        let stays: BTreeSet<u32> = (0..150).collect();
        let seen = read_while(12, &GetLinks::new(), name, &stays, |rt, round| {
            let goes = format!("goes{}", 1_000_000 + round);
            rt.call(&NewLink::bridge(&goes)).unwrap();
            rt.call(&SetLink::new(goes.as_str()).mtu(1400)).unwrap();
            rt.delete_link(goes.as_str()).unwrap();
        });
        assert_eq!(seen.lacking, 0);
        assert!(seen.clean > 0);
    });
}

#[test]
fn ipv4_routes_are_all_in_every_list_while_others_come_and_go() {
    nl_netns::isolate!(|| routes(Family::INET));
}

/// The kernel promises nothing, and says nothing.
#[test]
fn lists_of_ipv6_routes_end_while_others_come_and_go() {
    nl_netns::isolate!(|| routes(Family::INET6));
}

fn routes(family: Family) {
    let mut rt = open();
    let br0 = furnish(&mut rt);
    let route = |net, n| NewRoute::new(Prefix::host(numbered(family, net, n))).dev(br0);
    let report = rt.add_routes((0..1000).map(|n| route(20, n))).unwrap();
    assert!(report.is_success());
    let name = |route: &Owned<RouteView<'static>>| {
        let main = route.view().table() == RouteTable::MAIN;
        number(route.view().dst()?.addr).filter(|_| main)
    };
    let stays: BTreeSet<u32> = (0..1000).collect();
    let request = GetRoutes::new(family);
    let seen = read_while(30, &request, name, &stays, |rt, round| {
        for net in NETS {
            rt.call(&route(net, round)).unwrap();
        }
        for net in NETS {
            rt.call(&DelRoute::from(route(net, round))).unwrap();
        }
    });
    assert!(seen.clean > 0);
    if family == Family::INET {
        assert_eq!(seen.lacking, 0);
    }
}

/// The kernel says when it was interrupted, except between a change and its count of changes.
#[test]
fn lists_of_addresses_end_while_others_come_and_go() {
    nl_netns::isolate!(|| {
        let mut rt = open();
        let br0 = furnish(&mut rt);
        for family in [Family::INET, Family::INET6] {
            let addr = |net, n| {
                NewAddr::new(br0, Prefix::host(numbered(family, net, n))).flags(AddrFlags::NODAD)
            };
            let report = rt.batch((0..500).map(|n| addr(20, n + 1))).unwrap();
            assert!(report.is_success(), "{report:?}");
            let name = |addr: &Owned<AddrView<'static>>| number(addr.view().prefix()?.addr);
            let stays: BTreeSet<u32> = (1..=500).collect();
            let request = GetAddrs::all().family(family);
            read_while(30, &request, name, &stays, |rt, round| {
                for net in NETS {
                    rt.call(&addr(net, round + 1)).unwrap();
                }
                for net in NETS {
                    rt.call(&DelAddr(addr(net, round + 1))).unwrap();
                }
            });
        }
    });
}

/// Here, too, it says nothing.
#[test]
fn lists_of_rules_and_neighbours_end_while_others_come_and_go() {
    nl_netns::isolate!(|| {
        let mut rt = open();
        let br0 = furnish(&mut rt);
        let rule = |priority| NewRule::new(Family::INET).priority(priority);
        let report = rt.batch((1..=400).map(|n| rule(1000 + 2 * n))).unwrap();
        assert!(report.is_success());
        let name = |rule: &Owned<RuleView<'static>>| match rule.view().priority()? {
            n @ (1000..32_000 | 1_000_000..) => Some(n),
            _ => None,
        };
        let stays: BTreeSet<u32> = (1..=400).map(|n| 1000 + 2 * n).collect();
        let request = GetRules::new(Family::INET);
        read_while(30, &request, name, &stays, |rt, round| {
            for priority in [500, 1_000_000] {
                rt.call(&rule(priority + round)).unwrap();
                rt.call(&DelRule::from(rule(priority + round))).unwrap();
            }
        });

        let neigh =
            |net, n| NewNeigh::new(br0, numbered(Family::INET, net, n)).lladdr([2, 0, 0, 0, 0, 2]);
        let report = rt.batch((0..500).map(|n| neigh(20, n))).unwrap();
        assert!(report.is_success());
        let name = |neigh: &Owned<NeighView<'static>>| number(neigh.view().dst()?);
        let stays: BTreeSet<u32> = (0..500).collect();
        let request = GetNeighs::all().family(Family::INET);
        read_while(30, &request, name, &stays, |rt, round| {
            for net in NETS {
                rt.call(&neigh(net, round)).unwrap();
            }
            for net in NETS {
                rt.call(&DelNeigh(neigh(net, round))).unwrap();
            }
        });
    });
}

#[test]
fn nexthops_are_all_in_every_list_while_others_come_and_go() {
    nl_netns::isolate!(|| {
        let mut rt = open();
        let br0 = furnish(&mut rt);
        let nexthop = |id| NewNexthop::via([10, 0, 0, 2].into(), br0).id(id);
        let report = rt.batch((1001..=2000).map(nexthop)).unwrap();
        assert!(report.is_success());
        let name = |nexthop: &Owned<NexthopView<'static>>| {
            let id = nexthop.view().id()?;
            // In front of those that stay, and behind.
            Some(if id <= 1000 { 1_000_000 } else { id })
        };
        let stays: BTreeSet<u32> = (1001..=2000).collect();
        let request = GetNexthops::default();
        let seen = read_while(30, &request, name, &stays, |rt, round| {
            for id in [1 + round, 1_000_000 + round] {
                rt.call(&nexthop(id)).unwrap();
                rt.call(&DelNexthop { id }).unwrap();
            }
        });
        assert_eq!(seen.lacking, 0);
        assert!(seen.clean > 0);
    });
}

/// Addresses on `br0`, more than fit into one datagram; and a connection that is told of each datagram
/// of a list before it is read, and changes an address each time, `times` times.
fn disturbed(times: usize) -> (Connection<Route>, Arc<AtomicUsize>) {
    let mut rt = open();
    let br0 = furnish(&mut rt);
    let addr = move |n| NewAddr::new(br0, Prefix::host(numbered(Family::INET, 20, n)));
    assert!(rt.batch((0..1000).map(addr)).unwrap().is_success());
    let asked = Arc::new(AtomicUsize::new(0));
    let (counted, other) = (Arc::clone(&asked), Mutex::new((open(), 0)));
    let mut rt = open();
    rt.observe(move |traffic| match traffic.direction {
        Direction::Received => {
            let mut other = other.lock().unwrap();
            if other.1 < times {
                other.1 += 1;
                let goes = addr(1_000_000);
                other.0.call(&goes).unwrap();
                other.0.call(&DelAddr(goes)).unwrap();
            }
        }
        _ => {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (rt, asked)
}

#[test]
fn an_interrupted_list_is_tried_again_eight_times_and_says_so() {
    nl_netns::isolate!(|| {
        let (mut rt, asked) = disturbed(usize::MAX);
        let listing = rt.list(&GetAddrs::all()).unwrap();
        assert!(listing.interrupted);
        // The data and the fact.
        assert!(listing.objects.len() >= 1000);
        assert_eq!(asked.swap(0, Ordering::Relaxed), 8);
        let error = rt.collect(&GetAddrs::all()).unwrap_err();
        assert!(matches!(error, Error::Interrupted), "{error:?}");
        assert_eq!(asked.swap(0, Ordering::Relaxed), 8);
        let mut count = 0;
        let error = rt.dump(&GetAddrs::all(), |_| count += 1).unwrap_err();
        assert!(matches!(error, Error::Interrupted), "{error:?}");
        assert!(count >= 1000);
        assert_eq!(asked.swap(0, Ordering::Relaxed), 1);
        let mut dump = rt.start_dump(&GetAddrs::all()).unwrap();
        while dump.next().unwrap().is_some() {}
        assert!(dump.interrupted());
    });
}

#[test]
fn a_list_that_was_interrupted_once_is_right_the_second_time() {
    nl_netns::isolate!(|| {
        let (mut rt, asked) = disturbed(1);
        // The one of the bridge, and those that were added.
        assert_eq!(rt.collect(&GetAddrs::all()).unwrap().len(), 1001);
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    });
}

/// Each does all sorts of things with a connection that another thread opened, and gives it back.
#[test]
fn sixty_four_threads_do_mixed_work_with_a_connection_each() {
    nl_netns::isolate!(|| {
        let mut rt = open();
        let br0 = furnish(&mut rt);
        let work = move |mut rt: Connection<Route>, i: u32| {
            let me = u8::try_from(i).unwrap();
            let name = format!("link{i}");
            rt.call(&NewLink::bridge(&name)).unwrap();
            assert_eq!(rt.link(name.as_str()).unwrap().view().name(), Some(&*name));
            let addr = Prefix::new([10, 1, me, 1].into(), 32);
            rt.call(&NewAddr::new(br0, addr)).unwrap();
            let host = |n: u32| numbered(Family::INET, 20 + me, n);
            let route = |n| NewRoute::new(Prefix::host(host(n))).dev(br0);
            let report = rt.add_routes((0..300).map(|n| route(n % 299))).unwrap();
            let failed: Vec<_> = report.failures.iter().map(|f| f.index).collect();
            assert_eq!((report.sent, failed), (300, vec![299]));
            let rule = NewRule::new(Family::INET).priority(1000 + i);
            rt.call(&rule).unwrap();
            let nexthop = NewNexthop::via([10, 0, 0, 2].into(), br0).id(i + 1);
            rt.call(&nexthop).unwrap();
            rt.call(&NewNeigh::new(br0, host(0)).lladdr([2, 0, 0, 0, 0, me]))
                .unwrap();
            // A list that is left, and an error behind it.
            let request = GetRoutes::ipv4();
            let mut dump = rt.start_dump(&request).unwrap();
            assert!(dump.next().unwrap().is_some());
            let error = rt.call(&route(0)).unwrap_err();
            assert_eq!(error.errno(), Some(Errno::EEXIST));
            let mut mine = 0;
            for listed in rt.list(&request).unwrap().objects {
                let dst = listed.view().dst();
                mine +=
                    usize::from(dst.is_some_and(|dst| dst.addr >= host(0) && dst.addr < host(299)));
            }
            assert_eq!(mine, 299);
            let deleted = rt.delete_routes((100..299).map(|n| DelRoute::from(route(n))));
            assert!(deleted.unwrap().is_success());
            rt
        };
        let mut back: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..64)
                .map(|i| {
                    let rt = open();
                    scope.spawn(move || work(rt, i))
                })
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        for rt in &mut back {
            assert_eq!(rt.ifindex("br0").unwrap(), br0);
        }
        let count = |table: RouteTable| {
            let request = GetRoutes::ipv4().table(table);
            open().collect(&request).unwrap().len()
        };
        // And the network of the bridge itself.
        assert_eq!(count(RouteTable::MAIN), 64 * 100 + 1);
        assert_eq!(rt.links().unwrap().len(), 64 + 2);
        assert_eq!(
            rt.collect(&GetAddrs::all().ifindex(br0)).unwrap().len(),
            64 + 1
        );
        assert_eq!(rt.collect(&GetNexthops::default()).unwrap().len(), 64);
        assert_eq!(
            rt.collect(&GetRules::new(Family::INET)).unwrap().len(),
            64 + 3
        );
        // The kernel makes some itself, for multicast.
        let neighs = rt.collect(&GetNeighs::all().family(Family::INET).ifindex(br0));
        let neighs = neighs.unwrap();
        let made = neighs.iter().filter(|neigh| {
            let addr = neigh.view().dst();
            addr.is_some_and(|addr| addr < IpAddr::from([224, 0, 0, 0]))
        });
        assert_eq!(made.count(), 64);
    });
}
