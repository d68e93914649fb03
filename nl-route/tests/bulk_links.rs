//! Links in bulk against the running kernel, each test in a network of its own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nl_core::Errno;
use nl_core::trace::Direction;
use nl_netns::isolate;
use nl_route::addr::NewAddr;
use nl_route::bulk::*;
use nl_route::link::{DelLink, Flags, LinkRef, NewLink, SetLink};
use nl_route::neigh::NewNeigh;
use nl_route::nexthop::NewNexthop;
use nl_route::protocol::{RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK};
use nl_route::route::{GetRoute, NewRoute, RouteTable};
use nl_route::rule::NewRule;
use nl_route::{Connection, Family, Prefix, Route, RouteExt};

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn open() -> Connection<Route> {
    Connection::open().unwrap()
}

/// A namespace that lives as long as the returned file; the caller's thread does not move.
fn other_netns() -> File {
    std::thread::spawn(|| {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
        File::open("/proc/thread-self/ns/net").unwrap()
    })
    .join()
    .unwrap()
}

fn pairs(range: std::ops::Range<u32>, netns: &File) -> impl Iterator<Item = VethPair<'_>> {
    range.map(move |i| VethPair::new(format!("v{i}"), format!("eth{i}")).peer_netns(netns))
}

fn groups(rt: &mut Connection<Route>) -> Vec<(String, u32)> {
    let links = rt.links().unwrap();
    let group = |link: &nl_route::link::Link| {
        let view = link.view();
        (view.name().unwrap().to_owned(), view.group().unwrap())
    };
    links.iter().map(group).collect()
}

#[test]
fn pairs_are_made_between_namespaces_and_set_up_on_both_ends() {
    isolate!(|| {
        let mut rt = open();
        let (blue, red) = (other_netns(), other_netns());
        rt.call(&NewLink::bridge("br0").ifindex(5)).unwrap();
        let pairs = (0..60u8).map(|i| {
            let netns = if i % 2 == 0 { &blue } else { &red };
            VethPair::new(format!("v{i}"), "x")
                .peer_netns(netns)
                .mtu(1400)
                .addresses([2, 0, 0, 0, 0, i], [2, 0, 0, 0, 1, i])
                .master(5)
                .group(7)
                .ifindices(100 + i32::from(i), 300 + i32::from(i))
                .peer(|peer| peer.name = Some(format!("eth{i}")))
        });
        let report = rt.create_veths(pairs).unwrap();
        assert!(report.is_success(), "{report:?}");
        assert_eq!(report.created, 60);
        let mut there = Connection::<Route>::open_in(red.as_fd()).unwrap();
        let peer = there.link("eth59").unwrap();
        let peer = peer.view();
        assert_eq!((peer.ifindex(), peer.peer_ifindex()), (359, Some(159)));
        assert_eq!(peer.address(), Some(&[2, 0, 0, 0, 1, 59][..]));
        assert_eq!((peer.mtu(), peer.num_tx_queues()), (Some(1400), Some(1)));
        assert!(peer.flags().contains(Flags::UP | Flags::LOWER_UP));
        let near = rt.link("v59").unwrap();
        let near = near.view();
        assert_eq!((near.master(), near.group()), (Some(5), Some(7)));
        assert_eq!(
            (near.mtu(), near.address()),
            (Some(1400), Some(&[2, 0, 0, 0, 0, 59][..]))
        );
        assert!(near.flags().contains(Flags::UP | Flags::LOWER_UP));
        assert_eq!(there.links().unwrap().len(), 31);
    });
}

#[test]
fn a_pair_may_be_down_or_stay_in_one_namespace() {
    isolate!(|| {
        let mut rt = open();
        let report = rt.create_veths([VethPair::new("a0", "a1"), VethPair::new("b0", "b1").down()]);
        assert!(report.unwrap().is_success());
        let up: Vec<_> = ["a0", "a1", "b0", "b1"]
            .map(|name| rt.link(name).unwrap().view().is_up())
            .into();
        assert_eq!(up, [true, true, false, false]);
    });
}

#[test]
fn a_peers_index_alone_is_not_heard_by_the_kernel_and_the_name_is_used() {
    isolate!(|| {
        let mut rt = open();
        let blue = other_netns();
        let pair = VethPair::new("v0", "eth0").peer_netns(&blue);
        let report = rt.create_veths([pair.link(|link| link.peer_ifindex(77))]);
        assert!(report.unwrap().is_success());
        let mut there = Connection::<Route>::open_in(blue.as_fd()).unwrap();
        let eth0 = there.link("eth0").unwrap();
        assert!(eth0.view().is_up());
        assert_ne!(eth0.view().ifindex(), 77);
    });
}

#[test]
fn pairs_that_fail_are_named_and_the_others_are_made() {
    isolate!(|| {
        let mut rt = open();
        let blue = other_netns();
        rt.call(&NewLink::veth("v3", "w")).unwrap();
        let mut there = Connection::<Route>::open_in(blue.as_fd()).unwrap();
        there.call(&NewLink::bridge("eth5")).unwrap();
        let report = rt.create_veths(pairs(0..8, &blue)).unwrap();
        let mut failures: Vec<_> = report
            .failures
            .iter()
            .map(|f| (f.index, f.created, f.error.errno))
            .collect();
        failures.sort_by_key(|failure| failure.0);
        assert_eq!(
            failures,
            [(3, false, Errno::EEXIST), (5, false, Errno::EEXIST)]
        );
        assert_eq!((report.created, report.is_success()), (6, false));
        assert!(there.link("eth7").unwrap().view().is_up());
        assert!(rt.find_link("v5").unwrap().is_none());
        // Not a namespace: found out before anything is sent for this pair.
        let file = File::open("/proc/self/exe").unwrap();
        let bad = VethPair::new("v9", "eth9").peer_netns(&file);
        let report = rt.create_veths([VethPair::new("v8", "u8"), bad]).unwrap();
        assert_eq!(
            report.failures.first().map(|f| (f.index, f.created)),
            Some((1, false))
        );
        assert!(rt.link("u8").unwrap().view().is_up());
    });
}

#[test]
fn pairs_into_a_namespace_that_cannot_be_entered_are_named_and_the_others_set_up() {
    isolate!(|| {
        let mut rt = open();
        let (blue, red) = (other_netns(), other_netns());
        // Nothing more can be opened once the pairs are being made.
        let files = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&files);
        rt.observe(move |_| {
            let more = std::iter::from_fn(|| File::open("/dev/null").ok());
            kept.lock().unwrap().extend(more);
        });
        let pairs = (0..6).map(|i| {
            let pair = VethPair::new(format!("a{i}"), format!("b{i}"));
            match i % 3 {
                0 => pair.peer_netns(&blue),
                1 => pair.peer_netns(&red),
                _ => pair,
            }
        });
        let mut report = rt.create_veths(pairs).unwrap();
        assert!(!files.lock().unwrap().is_empty());
        files.lock().unwrap().clear();
        report.down.sort_unstable();
        assert_eq!((report.created, report.failures.len()), (6, 0));
        assert_eq!(
            (&report.down[..], report.is_success()),
            (&[0, 1, 3, 4][..], false)
        );
        assert!(report.error.is_some());
        let mut there = Connection::<Route>::open_in(blue.as_fd()).unwrap();
        assert!(!there.link("b3").unwrap().view().is_up());
        let mut rt = open();
        assert!(rt.link("b2").unwrap().view().is_up());
        assert!(rt.link("b5").unwrap().view().is_up());
    });
}

#[test]
fn pairs_whose_making_was_not_answered_are_unknown_and_left_alone() {
    isolate!(|| {
        // Somebody else's, of the same name.
        let blue = other_netns();
        let mut there = Connection::<Route>::open_in(blue.as_fd()).unwrap();
        there.call(&NewLink::bridge("eth1")).unwrap();
        // It takes the requests and does not answer.
        let (ours, _theirs) = std::os::unix::net::UnixDatagram::pair().unwrap();
        let mut deaf = Connection::from_socket(nl_core::Socket::from_fd(ours.into()).unwrap());
        deaf.set_timeout(Some(Duration::from_millis(20)));
        let report = deaf.create_veths(pairs(0..3, &blue)).unwrap();
        assert_eq!((report.created, &report.unknown[..]), (0, &[0, 1, 2][..]));
        assert!(
            report.failures.is_empty() && report.down.is_empty(),
            "{report:?}"
        );
        assert!(!there.link("eth1").unwrap().view().is_up());
    });
}

#[test]
fn many_links_are_deleted_at_once_and_no_others() {
    isolate!(|| {
        let mut rt = open();
        let blue = other_netns();
        assert!(rt.create_veths(pairs(0..200, &blue)).unwrap().is_success());
        let deletions = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&deletions);
        rt.observe(move |traffic| {
            if traffic.direction == Direction::Sent {
                let messages = nl_core::Messages::new(traffic.datagram).flatten();
                let count = messages.filter(|message| message.message_type() == RTM_DELLINK);
                seen.fetch_add(count.count(), Ordering::Relaxed);
            }
        });
        let doomed = (0..190)
            .map(|i| format!("v{i}"))
            .chain(["v0".into(), "nope".into()]);
        let report = rt.delete_links(doomed.collect::<Vec<_>>()).unwrap();
        // One by one they take 17 ms each.
        assert_eq!(deletions.load(Ordering::Relaxed), 1);
        assert_eq!(
            (report.deleted, report.failures.len()),
            (190, 1),
            "{report:?}"
        );
        let absent = report.failures.first().unwrap();
        assert_eq!(absent.index, 191);
        assert!(matches!(absent.reason, LinkFailureReason::Absent));
        let left = groups(&mut rt);
        assert_eq!(left.len(), 11);
        assert!(left.iter().all(|(_, group)| *group == 0));
        let mut there = Connection::<Route>::open_in(blue.as_fd()).unwrap();
        assert_eq!(there.links().unwrap().len(), 11);
        // From the other side, by index.
        let doomed: Vec<LinkRef> = there.links().unwrap().iter().map(LinkRef::from).collect();
        let report = there.delete_links(doomed).unwrap();
        assert_eq!((report.deleted, report.failures.len()), (10, 1));
        assert_eq!(groups(&mut rt).len(), 1);
    });
}

#[test]
fn both_ends_of_a_pair_and_links_of_all_groups_may_be_meant() {
    isolate!(|| {
        let mut rt = open();
        let pairs = (0..20).map(|i| VethPair::new(format!("a{i}"), format!("b{i}")).group(i));
        assert!(rt.create_veths(pairs).unwrap().is_success());
        rt.call(&NewLink::bridge("br0").group(3)).unwrap();
        rt.call(&NewLink::bridge("br1").group(3)).unwrap();
        let both = (0..20).flat_map(|i| [format!("a{i}"), format!("b{i}")]);
        let report = rt.delete_links(both.chain(["br0".into()])).unwrap();
        assert_eq!(
            (report.deleted, report.is_success()),
            (41, true),
            "{report:?}"
        );
        assert_eq!(groups(&mut rt), [("lo".into(), 0), ("br1".into(), 3)]);
        let one = rt.delete_links(["br1"]).unwrap();
        assert_eq!((one.deleted, one.is_success()), (1, true));
    });
}

#[test]
fn what_cannot_be_deleted_is_named_and_stays_in_its_group() {
    isolate!(|| {
        let mut rt = open();
        rt.call(&SetLink::new("lo").group(9)).unwrap();
        rt.call(&NewLink::veth("a0", "a1").group(4)).unwrap();
        rt.call(&NewLink::veth("b0", "b1")).unwrap();
        let report = rt.delete_links(["a0", "lo", "b0"]).unwrap();
        assert_eq!(report.deleted, 2);
        let failure = report.failures.first().unwrap();
        assert_eq!((failure.index, report.failures.len()), (1, 1));
        let LinkFailureReason::Kernel(error) = &failure.reason else {
            panic!("{failure:?}");
        };
        assert_eq!(error.errno, Errno::EOPNOTSUPP);
        assert_eq!(groups(&mut rt), [("lo".into(), 9)]);
        assert_eq!(rt.delete_links::<&str>([]).unwrap().deleted, 0);
    });
}

#[test]
fn a_topology_is_built_without_waiting_for_answers() {
    isolate!(|| {
        let mut rt = open();
        let netns: Vec<_> = (0..5).map(|_| other_netns()).collect();
        let mut plan = Plan::new();
        let here = plan.here();
        let bridge = plan.ifindex(here).unwrap();
        plan.add(here, NewLink::bridge("br0").ifindex(bridge).up());
        plan.add(here, NewAddr::new(bridge, prefix("10.0.0.254/24")));
        for (i, netns) in (1u8..).zip(&netns) {
            let there = plan.netns(netns);
            let eth0 = plan.ifindex(there).unwrap();
            let port = plan.ifindex(here).unwrap();
            let cable = NewLink::veth(format!("port{i}"), "eth0")
                .ifindex(port)
                .peer_ifindex(eth0);
            plan.add(here, cable.peer_netns(netns).master(bridge).up());
            plan.add(there, SetLink::new("lo").up());
            plan.add(there, SetLink::new(eth0).up());
            plan.add(
                there,
                NewAddr::new(eth0, Prefix::new([10, 0, 0, i].into(), 24)),
            );
            plan.add(
                there,
                NewRoute::new(Prefix::ALL_V4).via([10, 0, 0, 254].into()),
            );
        }
        // Needs the other namespaces' part.
        plan.then().add(here, SetLink::new("port5").alias("ready"));
        assert_eq!(plan.len(), 2 + 5 * 5 + 1);
        let report = plan.run().unwrap();
        assert!(report.is_success(), "{report:?}");
        assert_eq!(rt.ports("br0").unwrap().len(), 5);
        assert_eq!(rt.link("port5").unwrap().view().alias(), Some("ready"));
        let mut there = Connection::<Route>::open_in(netns.last().unwrap().as_fd()).unwrap();
        let route = there.get(&GetRoute::new([9, 9, 9, 9].into())).unwrap();
        assert_eq!(route.view().gateway(), Some([10, 0, 0, 254].into()));
        assert!(
            there
                .link("eth0")
                .unwrap()
                .view()
                .flags()
                .contains(Flags::LOWER_UP)
        );
    });
}

#[test]
fn a_plan_stops_after_the_namespace_in_which_it_fails_or_tries_all() {
    isolate!(|| {
        let mut rt = open();
        let blue = other_netns();
        let plan = |name: &'static str| {
            let mut plan = Plan::new();
            let (here, there) = (plan.here(), plan.netns(&blue));
            assert!(plan.is_empty());
            // Added first, sent second.
            plan.add(there, NewLink::bridge(name));
            plan.add(here, NewLink::bridge(name));
            let bad = plan.add(here, SetLink::new("nope").up());
            plan.add(here, NewLink::bridge(format!("{name}2")));
            (plan, bad)
        };
        let (stops, bad) = plan("a");
        let report = stops.run().unwrap();
        assert_eq!(
            (report.sent, report.planned, report.is_success()),
            (3, 4, false)
        );
        let failure = report.failures.first().unwrap();
        assert_eq!((failure.index, failure.error.errno), (bad, Errno::ENODEV));
        assert_eq!(
            report.into_result().unwrap_err().errno(),
            Some(Errno::ENODEV)
        );
        let mut there = Connection::<Route>::open_in(blue.as_fd()).unwrap();
        assert!(there.find_link("a").unwrap().is_none());
        assert!(rt.find_link("a2").unwrap().is_some());
        let (tries_all, _) = plan("b");
        let report = tries_all.run_all().unwrap();
        assert_eq!((report.sent, report.failures.len()), (4, 1));
        assert!(there.find_link("b").unwrap().is_some());
        // No namespace at all.
        let file = File::open("/proc/self/exe").unwrap();
        let mut plan = Plan::new();
        let nowhere = plan.netns(&file);
        assert_eq!(
            plan.ifindex(nowhere).unwrap_err().errno(),
            Some(Errno::EINVAL)
        );
        plan.add(nowhere, SetLink::new("lo").up());
        assert!(plan.run().is_err());
        assert!(Plan::new().run().unwrap().is_success());
    });
}

#[test]
fn a_namespace_of_another_plan_is_refused() {
    isolate!(|| {
        let mut rt = open();
        let blue = other_netns();
        let mut other = Plan::new();
        let theirs = [other.here(), other.netns(&blue)];
        for netns in theirs {
            let mut plan = Plan::new();
            let here = plan.here();
            plan.add(here, NewLink::bridge("br0"));
            let error = plan.ifindex(netns).unwrap_err();
            assert!(error.to_string().contains("another plan"), "{error}");
            assert_eq!(plan.add(netns, NewLink::bridge("br1")), 1);
            let error = plan.run().unwrap_err();
            assert!(error.to_string().contains("another plan"), "{error}");
        }
        assert_eq!(rt.links().unwrap().len(), 1);
        // Whatever the reason: what was not sent was not done.
        let report = PlanReport {
            planned: 1,
            ..PlanReport::default()
        };
        assert!(!report.is_success());
        assert!(report.into_result().is_err());
    });
}

#[test]
fn links_are_deleted_while_others_come_go_and_change() {
    isolate!(|| {
        let mut rt = open();
        let blue = other_netns();
        assert!(rt.create_veths(pairs(0..120, &blue)).unwrap().is_success());
        for i in 0..20u32 {
            rt.call(&NewLink::bridge(format!("keep{i}")).group(100 + i))
                .unwrap();
        }
        let doomed = |range: std::ops::Range<u32>| range.map(|i| format!("v{i}"));
        std::thread::scope(|scope| {
            // Two who delete by the group at the same time, of which some are meant by both.
            let first = scope.spawn(|| open().delete_links(doomed(0..70)).unwrap());
            let second = scope.spawn(|| open().delete_links(doomed(50..120)).unwrap());
            // One who deletes some of them one by one, from the other end.
            scope.spawn(|| {
                let mut there = Connection::<Route>::open_in(blue.as_fd()).unwrap();
                for i in (0..120).step_by(17) {
                    let _ = there.delete_link(format!("eth{i}"));
                }
            });
            // One who makes links and changes others' groups.
            scope.spawn(|| {
                let mut rt = open();
                for i in 0..20u32 {
                    rt.call(&NewLink::bridge(format!("new{i}")).group(200 + i))
                        .unwrap();
                    rt.call(&SetLink::new(format!("keep{i}")).group(300 + i))
                        .unwrap();
                }
            });
            for report in [first.join().unwrap(), second.join().unwrap()] {
                let is_absent =
                    |failure: &LinkFailure| matches!(failure.reason, LinkFailureReason::Absent);
                assert!(report.failures.iter().all(is_absent), "{report:?}");
                assert!(
                    report.stranded.is_empty() && report.error.is_none(),
                    "{report:?}"
                );
            }
        });
        let mut left = groups(&mut rt);
        left.sort();
        let mut want: Vec<_> = (0..20u32)
            .flat_map(|i| [(format!("keep{i}"), 300 + i), (format!("new{i}"), 200 + i)])
            .chain([("lo".to_owned(), 0)])
            .collect();
        want.sort();
        assert_eq!(left, want);
        let mut there = Connection::<Route>::open_in(blue.as_fd()).unwrap();
        assert_eq!(there.links().unwrap().len(), 1);
    });
}

/// Does something on another connection when the next message of a type is sent, before it is.
fn before(
    rt: &mut Connection<Route>,
    message_type: u16,
    work: impl FnOnce(&mut Connection<Route>) + Send + 'static,
) {
    let work = Mutex::new(Some((open(), work)));
    rt.observe(move |traffic| {
        let mut messages = nl_core::Messages::new(traffic.datagram).flatten();
        if traffic.direction == Direction::Sent
            && messages.any(|message| message.message_type() == message_type)
            && let Some((mut rt, work)) = work.lock().unwrap().take()
        {
            work(&mut rt);
        }
    });
}

#[test]
fn links_that_are_all_taken_out_of_the_group_are_deleted_all_the_same() {
    isolate!(|| {
        let mut rt = open();
        for name in ["a", "b", "c"] {
            rt.call(&NewLink::bridge(name)).unwrap();
        }
        before(&mut rt, RTM_DELLINK, |rt| {
            for name in ["a", "b"] {
                rt.call(&SetLink::new(name).group(5)).unwrap();
            }
        });
        let report = rt.delete_links(["a", "b"]).unwrap();
        assert_eq!((report.deleted, report.is_success()), (2, true));
        assert_eq!(groups(&mut rt), [("lo".into(), 0), ("c".into(), 0)]);
    });
}

#[test]
fn lists_that_are_always_disturbed_strand_no_links() {
    isolate!(|| {
        let mut rt = open();
        // So many that the kernel lists them in several parts.
        for i in 0..100u32 {
            rt.call(&NewLink::bridge(format!("a{i}")).group(i)).unwrap();
        }
        // From the first regrouping on, each list is disturbed after its first part.
        let (started, armed) = (AtomicBool::new(false), AtomicBool::new(false));
        let other = Mutex::new(open());
        rt.observe(move |traffic| {
            let messages = nl_core::Messages::new(traffic.datagram).flatten();
            let first = messages.map(|message| message.message_type()).next();
            match (traffic.direction, first) {
                (Direction::Sent, Some(RTM_NEWLINK)) => started.store(true, Ordering::Relaxed),
                (Direction::Sent, Some(RTM_GETLINK)) => {
                    armed.store(started.load(Ordering::Relaxed), Ordering::Relaxed);
                }
                (Direction::Received, Some(RTM_NEWLINK))
                    if armed.swap(false, Ordering::Relaxed) =>
                {
                    let mut rt = other.lock().unwrap();
                    rt.call(&NewLink::bridge("churn")).unwrap();
                    rt.call(&DelLink::new("churn")).unwrap();
                }
                _ => {}
            }
        });
        let report = rt.delete_links((0..3).map(|i| format!("a{i}"))).unwrap();
        assert_eq!(
            (report.deleted, report.is_success()),
            (3, true),
            "{report:?}"
        );
        let as_they_were = (3..100u32).map(|i| (format!("a{i}"), i));
        let mut want: Vec<_> = as_they_were.chain([("lo".to_owned(), 0)]).collect();
        let mut left = groups(&mut open());
        want.sort();
        left.sort();
        assert_eq!(left, want);
    });
}

/// Not even what happens to have the name that an other end would get.
#[test]
fn a_dry_run_sets_nothing_up_in_another_namespace() {
    isolate!(|| {
        let mut rt = open();
        let blue = other_netns();
        let mut there = Connection::<Route>::open_in(blue.as_fd()).unwrap();
        there.call(&NewLink::bridge("eth0")).unwrap();
        rt.set_dry_run(true);
        let report = rt.create_veths(pairs(0..2, &blue)).unwrap();
        assert!(report.is_success(), "{report:?}");
        let eth0 = there.link("eth0").unwrap();
        assert!(!eth0.view().flags().contains(Flags::UP));
    });
}

#[test]
fn a_dry_run_shows_one_group() {
    isolate!(|| {
        let mut rt = open();
        let names: Vec<_> = (0..10).map(|i| format!("a{i}")).collect();
        for name in &names {
            rt.call(&NewLink::bridge(name)).unwrap();
        }
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&shown);
        rt.observe(move |traffic| {
            if traffic.direction == Direction::Withheld {
                let messages = nl_core::Messages::new(traffic.datagram).flatten();
                let types = messages.map(|message| message.message_type());
                seen.lock().unwrap().extend(types);
            }
        });
        rt.set_dry_run(true);
        let report = rt.delete_links(&names).unwrap();
        assert_eq!((report.deleted, report.is_success()), (10, true));
        let mut want = vec![RTM_NEWLINK; 10];
        want.push(RTM_DELLINK);
        assert_eq!(*shown.lock().unwrap(), want);
        assert_eq!(groups(&mut open()).len(), 11);
    });
}

#[test]
fn links_of_a_namespace_that_goes_away_are_gone() {
    isolate!(|| {
        let mut rt = open();
        let blue = other_netns();
        assert!(rt.create_veths(pairs(0..60, &blue)).unwrap().is_success());
        // The namespace ends with its last file; the kernel takes its links away meanwhile.
        drop(blue);
        let names: Vec<_> = (0..60).map(|i| format!("v{i}")).collect();
        let report = rt.delete_links(&names).unwrap();
        let others = report
            .failures
            .iter()
            .filter(|failure| !matches!(failure.reason, LinkFailureReason::Absent));
        assert_eq!(others.count(), 0, "{report:?}");
        assert!(
            report.stranded.is_empty() && report.error.is_none(),
            "{report:?}"
        );
        assert_eq!(groups(&mut rt), [("lo".to_owned(), 0)]);
    });
}

/// Sends a datagram from one namespace to another, and says what came.
fn datagram(from: &File, to: &File, addr: [u8; 4]) -> std::io::Result<String> {
    fn inside<T: Send>(netns: &File, run: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    nix::sched::setns(netns, nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
                    run()
                })
                .join()
                .unwrap()
        })
    }
    let receiver = inside(to, || std::net::UdpSocket::bind("0.0.0.0:7777"))?;
    receiver.set_read_timeout(Some(Duration::from_millis(50)))?;
    let sender = inside(from, || std::net::UdpSocket::bind("0.0.0.0:0"))?;
    let mut buffer = [0; 5];
    let deadline = Instant::now() + Duration::from_secs(10);
    // The bridge forwards once it has heard of the ports' carrier, in its own time.
    loop {
        sender.send_to(b"hello", (std::net::Ipv4Addr::from(addr), 7777))?;
        match receiver.recv(&mut buffer) {
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => {}
            Ok(_) => return Ok(String::from_utf8_lossy(&buffer).into_owned()),
        }
    }
}

#[test]
fn a_topology_of_all_kinds_of_objects_carries_packets() {
    isolate!(|| {
        let mut rt = open();
        let (blue, red) = (other_netns(), other_netns());
        let mut plan = Plan::new();
        let here = plan.here();
        let bridge = plan.ifindex(here).unwrap();
        plan.add(here, NewLink::bridge("br0").ifindex(bridge).up());
        let mac = |i| [2, 0, 0, 0, 0, i];
        let ends = [(1u8, &blue), (2, &red)];
        let mut indices = Vec::new();
        for (i, netns) in ends {
            let there = plan.netns(netns);
            let eth0 = plan.ifindex(there).unwrap();
            let cable = NewLink::veth(format!("port{i}"), "eth0")
                .ifindex(plan.ifindex(here).unwrap())
                .peer_ifindex(eth0)
                .peer_netns(netns)
                .peer(|peer| peer.address = Some(mac(i).into()));
            plan.add(here, cable.master(bridge).up());
            plan.add(there, SetLink::new(eth0).up());
            let addr = Prefix::new([10, 0, i, 1].into(), 24);
            plan.add(there, NewAddr::new(eth0, addr));
            // By a nexthop object, a table and a rule of its own, to a neighbour that needs no asking.
            let other = 3 - i;
            let gateway = [10, 0, i, 9].into();
            plan.add(there, NewNexthop::via(gateway, eth0).id(7));
            let table = RouteTable(100);
            let route = NewRoute::new(Prefix::new([10, 0, other, 0].into(), 24));
            plan.add(there, route.nh_id(7).table(table));
            let rule = NewRule::new(Family::INET).table(table).priority(50);
            plan.add(there, rule);
            plan.add(there, NewNeigh::new(eth0, gateway).lladdr(mac(other)));
            indices.push((there, eth0));
        }
        assert_eq!(plan.len(), 1 + 2 * 7);
        let report = plan.run().unwrap();
        assert!(report.is_success(), "{report:?}");
        assert_eq!(rt.ports("br0").unwrap().len(), 2);
        assert_ne!(indices[0], indices[1]);
        assert_eq!(datagram(&blue, &red, [10, 0, 2, 1]).unwrap(), "hello");
        assert_eq!(datagram(&red, &blue, [10, 0, 1, 1]).unwrap(), "hello");
    });
}

#[test]
fn a_namespace_is_the_same_by_whatever_file_and_its_indices_do_not_collide() {
    isolate!(|| {
        let blue = other_netns();
        let again = blue.try_clone().unwrap();
        let own = File::open("/proc/thread-self/ns/net").unwrap();
        let mut plan = Plan::new();
        let there = plan.netns(&blue);
        assert_eq!(plan.netns(&again), there);
        let here = plan.here();
        assert_eq!((plan.here(), plan.netns(&own)), (here, here));
        // Two plans that were made before either was run.
        let mut other = Plan::new();
        let other_there = other.netns(&blue);
        for (plan, there, name) in [(&mut plan, there, "a"), (&mut other, other_there, "b")] {
            for i in 0..20 {
                let ifindex = plan.ifindex(there).unwrap();
                assert!(ifindex >= 1 << 20);
                plan.add(
                    there,
                    NewLink::bridge(format!("{name}{i}")).ifindex(ifindex),
                );
            }
        }
        assert!(plan.run().unwrap().is_success());
        assert!(other.run().unwrap().is_success());
        let mut rt = Connection::<Route>::open_in(blue.as_fd()).unwrap();
        assert_eq!(rt.links().unwrap().len(), 41);
    });
}

#[test]
fn an_index_that_was_taken_meanwhile_is_named_with_its_namespace() {
    isolate!(|| {
        let blue = other_netns();
        let mut plan = Plan::new();
        let (here, there) = (plan.here(), plan.netns(&blue));
        let taken = plan.ifindex(there).unwrap();
        plan.add(here, NewLink::bridge("br0"));
        let bad = plan.add(there, NewLink::bridge("br0").ifindex(taken));
        let route = plan.add(there, NewRoute::new(prefix("10.0.0.0/8")).dev(taken));
        plan.add(there, NewAddr::new(taken, prefix("10.1.0.1/24")));
        let mut rt = Connection::<Route>::open_in(blue.as_fd()).unwrap();
        rt.call(&NewLink::bridge("thief").ifindex(taken)).unwrap();
        let report = plan.run().unwrap();
        let failures: Vec<_> = report
            .failures
            .iter()
            .map(|failure| (failure.index, failure.netns, failure.error.errno))
            .collect();
        assert_eq!(
            failures,
            [(bad, there, Errno::EEXIST), (route, there, Errno::ENETDOWN)]
        );
        assert!(open().find_link("br0").unwrap().is_some());
    });
}
