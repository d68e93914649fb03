//! The connection against the running kernel, each test in a network namespace of its own.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;

use std::fs::File;
use std::os::fd::AsFd;

use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use nl_core::{Connection, Errno, Error, Socket};
use rtnetlink::*;

fn names(route: &mut Connection<Route>) -> Vec<String> {
    let mut names = Vec::new();
    route
        .dump(&GetLinks, |link| {
            names.extend(link.name().map(str::to_owned))
        })
        .unwrap();
    names
}

#[test]
fn call_get_and_dump_agree() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        route.call(&NewBridge("br0".into())).unwrap();
        let link = route.get(&GetLink("br0")).unwrap();
        assert_eq!(
            link.view().link_info().and_then(|info| info.driver()),
            Some("bridge")
        );
        assert!(names(&mut route).contains(&"br0".to_owned()));
        let collected = route.collect(&GetLinks).unwrap();
        assert_eq!(
            collected
                .iter()
                .filter(|link| link.view().name() == Some("br0"))
                .count(),
            1
        );
    });
}

#[test]
fn a_refusal_carries_request_errno_and_the_kernels_words() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let error = route.get(&GetLink("nope")).unwrap_err();
        assert_eq!(error.to_string(), "RTM_GETLINK: No such device (ENODEV)");
        route.call(&NewBridge("br0".into())).unwrap();
        let ifindex = route
            .get(&GetLink("br0"))
            .unwrap()
            .view()
            .header()
            .ifindex
            .get();
        let error = route
            .call(&SetMtu {
                ifindex,
                mtu: 70_000,
            })
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "RTM_NEWLINK: mtu greater than device maximum (EINVAL)"
        );
        assert_eq!(error.errno(), Some(Errno::EINVAL));
    });
}

#[test]
fn without_an_acknowledgement_silence_is_success_and_a_refusal_is_seen() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        for name in ["br0", "br1", "br2"] {
            let bridge = || NewBridge(name.into());
            route.call_unacknowledged(&bridge()).unwrap();
            // It was done before that returned, and nothing is left for what follows.
            let link = route.get(&GetLink(name)).unwrap();
            let ifindex = link.view().header().ifindex.get();
            let error = route.call_unacknowledged(&bridge()).unwrap_err();
            assert_eq!(error.errno(), Some(Errno::EEXIST));
            let mtu = 70_000;
            let error = route
                .call_unacknowledged(&SetMtu { ifindex, mtu })
                .unwrap_err();
            assert_eq!(
                error.to_string(),
                "RTM_NEWLINK: mtu greater than device maximum (EINVAL)"
            );
            let mtu = 1400;
            route.call_unacknowledged(&SetMtu { ifindex, mtu }).unwrap();
            assert_eq!(route.get(&GetLink(name)).unwrap().view().mtu(), Some(1400));
        }
        // A list that was left is read to its end first.
        route.start_dump(&GetLinks).unwrap().next().unwrap();
        route.call_unacknowledged(&NewBridge("br3".into())).unwrap();
        assert!(names(&mut route).contains(&"br3".to_owned()));
    });
}

#[test]
fn every_failure_of_a_batch_is_at_its_index_and_the_rest_is_done() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        // Every request about "br0" after the first fails.
        let requests: Vec<_> = (0..300)
            .map(|i| {
                NewBridge(if i % 3 == 0 {
                    "br0".into()
                } else {
                    format!("b{i}")
                })
            })
            .collect();
        let report = route.batch(&requests).unwrap();
        assert_eq!(report.sent, 300);
        let failed: Vec<_> = report
            .failures
            .iter()
            .map(|failure| failure.index)
            .collect();
        assert_eq!(failed, (3..300).step_by(3).collect::<Vec<_>>());
        assert!(
            report
                .failures
                .iter()
                .all(|failure| failure.error.errno == Errno::EEXIST)
        );
        assert!(report.unknown.is_empty());
        assert_eq!(names(&mut route).len(), 202);
    });
}

#[test]
fn a_batch_in_which_everything_fails_loses_no_answer() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let report = route
            .batch((0..20_000).map(|_| SetMtu {
                ifindex: 4242,
                mtu: 1500,
            }))
            .unwrap();
        assert_eq!((report.sent, report.failures.len()), (20_000, 20_000));
        assert!(
            report
                .failures
                .iter()
                .enumerate()
                .all(|(i, failure)| failure.index == i)
        );
        assert!(
            report
                .failures
                .iter()
                .all(|failure| failure.error.errno == Errno::ENODEV)
        );
    });
}

#[test]
fn a_dump_that_is_left_early_does_not_disturb_the_next_request() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        assert!(
            route
                .batch((0..200).map(|i| NewBridge(format!("br{i}"))))
                .unwrap()
                .is_success()
        );
        for _ in 0..3 {
            let mut dump = route.start_dump(&GetLinks).unwrap();
            assert!(dump.next().unwrap().is_some());
            assert_eq!(
                route.get(&GetLink("br7")).unwrap().view().name(),
                Some("br7")
            );
        }
        assert_eq!(names(&mut route).len(), 201);
    });
}

#[test]
fn a_connection_opened_in_a_namespace_stays_there() {
    nl_netns::isolate!(|| {
        let other = std::thread::spawn(|| {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
            File::open("/proc/thread-self/ns/net").unwrap()
        })
        .join()
        .unwrap();
        let mut there = Connection::<Route>::open_in(other.as_fd()).unwrap();
        let mut here = Connection::<Route>::open().unwrap();
        there.call(&NewBridge("there".into())).unwrap();
        here.call(&NewBridge("here".into())).unwrap();
        assert!(names(&mut there).contains(&"there".to_owned()));
        assert!(!names(&mut here).contains(&"there".to_owned()));
        let file = File::open("/dev/null").unwrap();
        let error = Connection::<Route>::open_in(file.as_fd()).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error}");
    });
}

#[test]
fn connections_move_between_threads() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        std::thread::spawn(move || route.call(&NewBridge("br0".into())).unwrap())
            .join()
            .unwrap();
    });
}

#[test]
fn a_long_dump_that_is_left_early_costs_the_next_request_little() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let routes = (0..60_000).map(NewRoute::numbered);
        assert!(route.batch(routes).unwrap().is_success());
        let port = route.socket().port();
        assert!(
            route
                .start_dump(&GetRoutes)
                .unwrap()
                .next()
                .unwrap()
                .is_some()
        );
        let lo = route.get(&GetLink("lo")).unwrap();
        assert_eq!(lo.view().name(), Some("lo"));
        // Not read to its end but left with its socket.
        assert_ne!(route.socket().port(), port);
        let mut count = 0;
        route.dump(&GetRoutes, |_| count += 1).unwrap();
        assert_eq!(count, 60_000);
    });
}

#[test]
fn an_echo_is_handed_over() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let mut names = Vec::new();
        route
            .call_with(&Echo(NewBridge("br0".into())), |message| {
                let link = LinkView::parse(message.payload).unwrap();
                names.extend(link.name().map(str::to_owned));
            })
            .unwrap();
        assert_eq!(names, ["br0"]);
    });
}

#[test]
fn a_connection_beside_another_is_in_its_namespace() {
    nl_netns::isolate!(|| {
        let there = std::thread::spawn(|| {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
            File::open("/proc/thread-self/ns/net").unwrap()
        });
        let there = there.join().unwrap();
        let mut route = Connection::<Route>::open_in(there.as_fd()).unwrap();
        route.call(&NewBridge("there".into())).unwrap();
        let mut second = route.beside().unwrap();
        assert!(names(&mut second).contains(&"there".to_owned()));

        let mut here = Connection::<Route>::open().unwrap();
        here.call(&NewBridge("here".into())).unwrap();
        assert!(names(&mut here.beside().unwrap()).contains(&"here".to_owned()));
    });
}

#[test]
fn a_connection_beside_a_dry_run_is_one_too() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let netns = File::open("/proc/thread-self/ns/net").unwrap();
        let shorter = SetMtu {
            ifindex: 1,
            mtu: 1400,
        };
        route.set_dry_run(true);
        for mut beside in [
            route.beside().unwrap(),
            route.beside_in(netns.as_fd()).unwrap(),
        ] {
            assert!(beside.is_dry_run());
            beside.call(&shorter).unwrap();
        }
        let lo = route.get(&GetLink("lo")).unwrap();
        assert_ne!(lo.view().mtu(), Some(1400));
        route.set_dry_run(false);
        route.beside().unwrap().call(&shorter).unwrap();
        let lo = route.get(&GetLink("lo")).unwrap();
        assert_eq!(lo.view().mtu(), Some(1400));
    });
}

/// Without a port every answer would be taken for another's.
#[test]
fn a_socket_that_was_not_bound_gets_a_port() {
    nl_netns::isolate!(|| {
        let fd = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkRoute,
        );
        let socket = Socket::from_fd(fd.unwrap()).unwrap();
        assert_ne!(socket.port(), 0);
        let mut route = Connection::<Route>::from_socket(socket);
        assert_eq!(names(&mut route), ["lo"]);
    });
}

#[test]
fn a_datagram_in_which_a_thousand_fail_names_each() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let requests = (0..1000).map(|_| NewBridge("lo".into()));
        let report = route.datagram(requests, |_| ()).unwrap();
        assert!(!report.overrun);
        let indices: Vec<_> = report.failures.iter().map(|f| f.index).collect();
        assert_eq!(indices, (0..1000).collect::<Vec<_>>());
    });
}
