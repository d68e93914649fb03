//! The running kernel's limits: buffers of every size, answers that do not fit.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;
mod stranger;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use nix::sys::socket::{SockProtocol, setsockopt, sockopt};
use nl_core::{
    BatchOptions, BatchReport, Connection, Errno, Error, Notification, Request, Socket,
    Subscription, Writer,
};
use rtnetlink::*;
use stranger::Stranger;

/// What the kernel makes of the smallest buffers that can be asked for.
const LEAST_RECEIVE: usize = 2304;
const LEAST_SEND: usize = 4608;

/// A connection whose buffers are the smallest that there can be.
fn least(receive: bool, send: bool) -> Connection<Route> {
    let route = Connection::<Route>::open().unwrap();
    if receive {
        setsockopt(&route.as_fd(), sockopt::RcvBuf, &0).unwrap();
        assert_eq!(
            route.socket().grow_receive_buffer(0).unwrap(),
            LEAST_RECEIVE
        );
    }
    if send {
        setsockopt(&route.as_fd(), sockopt::SndBuf, &0).unwrap();
        assert_eq!(route.socket().grow_send_buffer(0).unwrap(), LEAST_SEND - 32);
    }
    route
}

/// A route that is refused with words now and then, and now and then without: its prefix has bits
/// behind its length, or it is there already.
struct Sprinkled(u32);

impl Sprinkled {
    fn errno(&self) -> Option<Errno> {
        match self.0 {
            i if i % 97 == 96 => Some(Errno::EEXIST),
            i if i % 89 == 88 => Some(Errno::EINVAL),
            _ => None,
        }
    }

    fn dst(&self) -> Ipv4Addr {
        let repeats = self.errno() == Some(Errno::EEXIST);
        NewRoute::numbered(if repeats { 0 } else { self.0 }).0
    }
}

impl Request for Sprinkled {
    type Protocol = Route;
    fn message_type(&self) -> u16 {
        24
    }
    fn flags(&self) -> u16 {
        NewRoute(self.dst()).flags()
    }
    fn write(&self, out: &mut Writer) {
        let header = RtMsg {
            family: 2,
            dst_len: if self.errno() == Some(Errno::EINVAL) {
                8
            } else {
                32
            },
            table: 254,
            protocol: 4,
            route_type: 6,
            ..RtMsg::default()
        };
        RouteWriter::new(out, &header).dst(self.dst().into());
    }
}

fn destinations(route: &mut Connection<Route>) -> BTreeSet<IpAddr> {
    let mut found = BTreeSet::new();
    route.dump(&GetRoutes, |r| found.extend(r.dst())).unwrap();
    found
}

fn all_refused(report: &BatchReport, count: usize) {
    assert_eq!((report.sent, report.failures.len()), (count, count));
    assert!(report.unknown.is_empty() && report.error.is_none());
    let mut failures = report.failures.iter().enumerate();
    assert!(failures.all(|(i, failure)| failure.index == i));
}

/// The sizes of the receive and the send buffer.
fn buffers(route: &Connection<Route>) -> (usize, usize) {
    let socket = route.socket();
    let receive = socket.grow_receive_buffer(0).unwrap();
    (receive, socket.grow_send_buffer(0).unwrap() + 32)
}

/// Has somebody else fill the connection's receive buffer, so that no answer finds room in it.
fn flood(route: &Connection<Route>) {
    Stranger::new(SockProtocol::NetlinkRoute).flood(route.socket());
}

fn sprinkled(mut route: Connection<Route>, keep_buffers: bool) {
    let mut options = BatchOptions::new().keep_buffers(keep_buffers);
    let report = route.batch_with((0..50_000).map(Sprinkled), &mut options);
    let report = report.unwrap();
    assert!(report.unknown.is_empty() && report.error.is_none() && report.sent == 50_000);
    let mut refused = (0..50_000u32).filter_map(|i| Some((i, Sprinkled(i).errno()?)));
    for failure in &report.failures {
        let (index, errno) = refused.next().unwrap();
        assert_eq!(failure.index, usize::try_from(index).unwrap());
        assert_eq!(failure.error.errno, errno);
        let words = failure.error.message.as_deref();
        let want = "Invalid prefix for given prefix length";
        assert_eq!(words, (errno == Errno::EINVAL).then_some(want));
    }
    assert_eq!(refused.next(), None);
    let applied = (0..50_000).filter(|&i| Sprinkled(i).errno().is_none());
    let applied: BTreeSet<_> = applied.map(|i| Sprinkled(i).dst().into()).collect();
    assert!(destinations(&mut route) == applied);
}

#[test]
fn failures_among_50_000_are_named_whatever_the_buffers() {
    nl_netns::isolate!(|| sprinkled(Connection::open().unwrap(), false));
    nl_netns::isolate!(|| sprinkled(Connection::open().unwrap(), true));
    nl_netns::isolate!(|| sprinkled(least(true, true), false));
    nl_netns::isolate!(|| sprinkled(least(true, false), true));
    nl_netns::isolate!(|| sprinkled(least(false, true), true));
    nl_netns::isolate!(|| sprinkled(least(true, true), true));
}

#[test]
fn fifty_thousand_that_all_fail_are_named_whatever_the_buffers() {
    nl_netns::isolate!(|| {
        for (receive, send) in [(false, false), (true, false), (false, true), (true, true)] {
            for keep_buffers in [false, true] {
                let mut route = least(receive, send);
                let sizes = buffers(&route);
                // What fits into neither buffer goes in more datagrams.
                let mut options = BatchOptions::new().keep_buffers(keep_buffers);
                let requests = (0..50_000).map(|_| Long(0));
                let report = route.batch_with(requests, &mut options).unwrap();
                all_refused(&report, 50_000);
                assert_eq!(buffers(&route) == sizes, keep_buffers);
            }
        }
    });
}

#[test]
fn no_size_of_a_batch_fails_on_a_default_socket() {
    nl_netns::isolate!(|| {
        // About 166 answers by our reckoning and 256 in truth fit into a default receive buffer, and
        // 1638 into a grown one.
        let sizes = [0, 1, 2, 3].into_iter().chain(164..169).chain(254..259);
        for size in sizes
            .chain(275..279)
            .chain(1636..1641)
            .chain([4096, 20_000])
        {
            let mut route = Connection::<Route>::open().unwrap();
            let report = route.batch((0..size).map(|_| Long(0))).unwrap();
            all_refused(&report, size);
            // The last one succeeds.
            let last = size + 1;
            let requests = (0..last).map(|i| NewRoute::numbered(u32::from(i == size)));
            let mut wanted = Vec::new();
            wanted.extend(0..size);
            route.call(&NewRoute::numbered(0)).unwrap();
            let report = route.batch(requests).unwrap();
            let failed: Vec<_> = report.failures.iter().map(|f| f.index).collect();
            assert_eq!((report.sent, failed), (last, wanted));
            assert!(report.unknown.is_empty());
            assert_eq!(destinations(&mut route).len(), 2);
            route.call(&DelRoute(NewRoute::numbered(0).0)).unwrap();
            route.call(&DelRoute(NewRoute::numbered(1).0)).unwrap();
        }
    });
}

#[test]
fn small_batches_leave_the_buffers_alone_and_large_ones_grow_them() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let before = buffers(&route);
        for _ in 0..10 {
            let report = route.batch((0..100).map(|_| Long(0))).unwrap();
            all_refused(&report, 100);
        }
        assert_eq!(buffers(&route), before);
        all_refused(&route.batch((0..1000).map(|_| Long(0))).unwrap(), 1000);
        assert!(buffers(&route).0 > before.0);
    });
}

#[test]
fn an_answer_that_finds_no_room_is_an_overrun_of_a_call_and_the_next_is_heard() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        for i in 0..3 {
            flood(&route);
            let error = route.call(&NewRoute::numbered(i)).unwrap_err();
            assert!(matches!(error, Error::Overrun), "{error:?}");
            // It was done nevertheless, and the connection knows that it may have been.
            let again = route.call(&NewRoute::numbered(i)).unwrap_err();
            assert_eq!(again.errno(), Some(Errno::EEXIST));
            flood(&route);
            let error = route.get(&GetLink("lo")).unwrap_err();
            assert!(matches!(error, Error::Overrun), "{error:?}");
            assert_eq!(route.get(&GetLink("lo")).unwrap().view().name(), Some("lo"));
        }
        assert_eq!(destinations(&mut route).len(), 3);
    });
}

#[test]
fn an_acknowledgement_behind_a_long_echo_may_not_fit() {
    nl_netns::isolate!(|| {
        let mut route = least(true, true);
        route.call(&NewBridge("first".into())).unwrap();
        let error = route.call(&Echo(NewBridge("br0".into()))).unwrap_err();
        assert!(matches!(error, Error::Overrun), "{error:?}");
        assert!(route.get(&GetLink("br0")).is_ok());
        // In a batch, what became of it is unknown: neither success nor failure.
        let names = ["br0", "br1", "br2"];
        let requests = names.map(|name| Echo(NewBridge(name.into())));
        let mut options = BatchOptions::new().keep_buffers(true);
        let report = route.batch_with(requests, &mut options).unwrap();
        assert_eq!(report.failures.len(), 1);
        let done: Vec<_> = (0..3).map(|i| report.is_done(i)).collect();
        assert_eq!(done, [Some(false), None, None]);
        for name in names {
            assert!(route.get(&GetLink(name)).is_ok(), "{name}");
        }
    });
}

#[test]
fn a_dump_that_finds_no_room_is_an_overrun_and_the_next_is_complete() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let routes = (0..5000).map(NewRoute::numbered);
        assert!(route.batch(routes).unwrap().is_success());
        for _ in 0..3 {
            flood(&route);
            let error = route.dump(&GetRoutes, |_| {}).unwrap_err();
            assert!(matches!(error, Error::Overrun), "{error:?}");
            assert_eq!(destinations(&mut route).len(), 5000);
            // A dump that was left, and no room to read its rest in.
            assert!(
                route
                    .start_dump(&GetRoutes)
                    .unwrap()
                    .next()
                    .unwrap()
                    .is_some()
            );
            flood(&route);
            let lo = route.get(&GetLink("lo")).unwrap();
            assert_eq!(lo.view().name(), Some("lo"));
        }
    });
}

#[test]
fn answers_that_find_no_room_leave_a_span_of_a_batch_unknown() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let count = 10_000;
        for acknowledge_each in [false, true] {
            flood(&route);
            // All are refused but one.
            let requests = (0..count).map(|i| Long(if i == 3 { 1 } else { 0 }));
            // Grown buffers would have room.
            let mut options = BatchOptions::new()
                .acknowledge_each(acknowledge_each)
                .keep_buffers(true);
            let report = route.batch_with(requests, &mut options).unwrap();
            assert_eq!(report.sent, count);
            assert!(!report.unknown.is_empty() && !report.is_success());
            let unknown: usize = report.unknown.iter().map(ExactSizeIterator::len).sum();
            assert_eq!(unknown + report.failures.len(), count);
            // Only what was sent while there was no room.
            assert!(unknown < count / 2, "{unknown}");
            assert!(matches!(
                report.into_result(),
                Err(Error::Kernel(_) | Error::Overrun)
            ));
            let requests = (0..count).map(|_| Long(0));
            all_refused(&route.batch(requests).unwrap(), count);
        }
    });
}

/// `RTNLGRP_IPV4_ROUTE`.
const IPV4_ROUTE: u32 = 7;

#[test]
fn a_subscription_holds_as_much_as_its_receive_buffer_was_made_to() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let mut small = Subscription::<Route>::open(&[IPV4_ROUTE]).unwrap();
        let mut large = Subscription::<Route>::open(&[IPV4_ROUTE]).unwrap();
        assert!(large.set_receive_buffer(2 << 20).unwrap() >= 2 << 20);
        let report = route.batch((0..1000).map(NewRoute::numbered)).unwrap();
        assert!(report.is_success());
        let read = |events: &mut Subscription<Route>| {
            let (mut told, mut overruns) = (0, 0);
            while let Some(event) = events.next_within(Duration::ZERO).unwrap() {
                match event {
                    Notification::Event { .. } => told += 1,
                    _ => overruns += 1,
                }
            }
            (told, overruns)
        };
        assert_eq!(read(&mut large), (1000, 0));
        // What was queued before the loss is part of what is read again, and what came after it was dropped, too.
        assert!(
            route
                .batch([NewRoute::numbered(1000)])
                .unwrap()
                .is_success()
        );
        assert!(matches!(
            small.next_within(Duration::ZERO).unwrap(),
            Some(Notification::Overrun)
        ));
        // A state that is read from now on misses nothing.
        assert!(
            route
                .batch([NewRoute::numbered(1001)])
                .unwrap()
                .is_success()
        );
        assert_eq!(read(&mut small), (1, 0));
        assert_eq!(read(&mut large), (2, 0));
    });
}

/// The kernel says `ENOBUFS` and goes on if it has no memory for an answer. That cannot be made to
/// happen, so the peer is a script; `NLMSG_OVERRUN` means the same.
#[test]
fn an_answer_lost_in_between_is_not_taken_for_success() {
    let (ours, peer) = UnixDatagram::pair().unwrap();
    let socket = Socket::from_fd(ours.into()).unwrap();
    let mut route = Connection::<Route>::from_socket(socket);
    let answer = |message_type: u16, seq: u32, errno: i32| {
        let mut out = Writer::new();
        out.message(message_type, 0x100, seq, |out| {
            out.bytes_mut().extend((-errno).to_ne_bytes());
            out.bytes_mut().extend([0; 16]);
        })
        .unwrap();
        peer.send(out.bytes()).unwrap();
    };
    answer(4, 1, 0);
    answer(2, 3, 17);
    answer(2, 6, 0);
    let report = route.batch((0..6).map(NewRoute::numbered)).unwrap();
    assert_eq!((report.sent, report.failures.len()), (6, 1));
    assert_eq!(report.unknown, [0..2, 3..6]);
    assert_eq!(report.is_done(2), Some(false));
}

#[test]
fn a_request_larger_than_the_send_buffer_grows_it_or_says_what_to_raise() {
    nl_netns::isolate!(|| {
        let wmem_max = std::fs::read_to_string("/proc/sys/net/core/wmem_max").unwrap();
        let wmem_max: usize = wmem_max.trim().parse().unwrap();
        // The kernel doubles it, and keeps 32 bytes for itself.
        let limit = 2 * wmem_max - 32;
        let mut route = least(true, true);
        for len in [4500, 4600, 5000, 100_000, limit - 1000] {
            let error = route.call(&Long(len)).unwrap_err();
            assert_eq!(error.errno(), Some(Errno::ENODEV), "{len}");
            let mut fresh = least(true, true);
            let report = fresh.batch([10, len, 20].map(Long)).unwrap();
            all_refused(&report, 3);
        }
        let Err(Error::TooLarge { len, limit: most }) = route.call(&Long(limit + 1000)) else {
            panic!("sent more than the system allows");
        };
        assert_eq!(most, limit);
        let error = Error::TooLarge { len, limit }.to_string();
        let (_, raise) = error.split_once("net.core.wmem_max to ").unwrap();
        let raise: usize = raise.parse().unwrap();
        assert!(2 * raise - 32 >= len && 2 * (raise - 1) - 32 < len);
        let lo = route.get(&GetLink("lo")).unwrap();
        assert_eq!(lo.view().name(), Some("lo"));
    });
}

/// Needs root of the first user namespace, which `isolate!` gives up: so the network is a thread's.
#[test]
fn who_is_privileged_sends_more_than_the_system_allows_others() {
    let thread = std::thread::spawn(|| {
        if nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).is_err() {
            return;
        }
        let mut route = least(true, true);
        let forced = setsockopt(&route.as_fd(), sockopt::SndBufForce, &0);
        let wmem_max = std::fs::read_to_string("/proc/sys/net/core/wmem_max").unwrap();
        let len = 2 * wmem_max.trim().parse::<usize>().unwrap() + 1000;
        let result = route.batch([10, len, 20].map(Long)).unwrap();
        if forced.is_ok() {
            all_refused(&result, 3);
        } else {
            assert!(matches!(result.error, Some(Error::TooLarge { .. })));
        }
    });
    thread.join().unwrap();
}
