//! Other processes that send to our port: the kernel lets them, where they may administer the network.
#![cfg(target_endian = "little")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;
#[allow(dead_code, reason = "what other tests need of it")]
mod stranger;

use std::net::IpAddr;
use std::time::Duration;

use nix::sys::socket::SockProtocol;
use nl_core::{Connection, Errno, Notification, Socket, Subscription};
use rtnetlink::*;
use stranger::Stranger;

/// Whatever can be said: damage, more than a buffer takes, a lie about request `seq`.
fn send_all(stranger: &Stranger, to: &Socket, seq: u32) {
    let eperm = 1u32.wrapping_neg();
    let lie = [36, 0x0100_0002, seq, to.port(), eperm, 0, 0, 0, 0];
    let lie: Vec<u8> = lie.iter().flat_map(|word| word.to_le_bytes()).collect();
    for datagram in [&[1, 2, 3][..], &[0xff; 40], &[0; 100_000], &lie] {
        assert!(stranger.send(to, datagram));
    }
}

#[test]
fn they_disturb_no_request() {
    nl_netns::isolate!(|| {
        let stranger = Stranger::new(SockProtocol::NetlinkRoute);
        let mut route = Connection::<Route>::open().unwrap();
        send_all(&stranger, route.socket(), 1);
        route.call(&NewRoute::numbered(1)).unwrap();
        send_all(&stranger, route.socket(), 2);
        let error = route.call(&NewRoute::numbered(1)).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::EEXIST));
        send_all(&stranger, route.socket(), 3);
        let lo = route.get(&GetLink("lo")).unwrap();
        assert_eq!(lo.view().name(), Some("lo"));
        send_all(&stranger, route.socket(), 4);
        assert_eq!(route.collect(&GetRoutes).unwrap().len(), 1);
        send_all(&stranger, route.socket(), 5);
        let report = route.batch((2..5).map(NewRoute::numbered)).unwrap();
        assert!(report.is_success(), "{report:?}");
        send_all(&stranger, route.socket(), 8);
        let report = route.datagram((5..8).map(NewRoute::numbered), |_| ());
        let report = report.unwrap();
        assert!(report.acknowledged && !report.overrun && report.failures.is_empty());
        send_all(&stranger, route.socket(), 11);
        route.call_unacknowledged(&NewRoute::numbered(8)).unwrap();
        // A list that is left, and the rest of it thrown away.
        route.start_dump(&GetRoutes).unwrap();
        send_all(&stranger, route.socket(), 13);
        assert_eq!(route.collect(&GetRoutes).unwrap().len(), 8);
    });
}

#[test]
fn they_are_no_news_and_lose_none() {
    nl_netns::isolate!(|| {
        let stranger = Stranger::new(SockProtocol::NetlinkRoute);
        let mut route = Connection::<Route>::open().unwrap();
        let mut events = Subscription::<Route>::open(&[7]).unwrap();
        let mut seen = Vec::new();
        for i in 0..4 {
            if i < 3 {
                send_all(&stranger, events.socket(), 0);
            } else {
                (0..100).for_each(|_| assert!(stranger.send(events.socket(), &[0; 16])));
            }
            route.call(&NewRoute::numbered(i)).unwrap();
            while let Some(event) = events.next_within(Duration::ZERO).unwrap() {
                let Notification::Event { message, .. } = event else {
                    panic!("a loss that was none");
                };
                seen.push(RouteView::parse(message.payload).unwrap().dst().unwrap());
            }
        }
        let want: Vec<_> = (0..4)
            .map(|i| IpAddr::from(NewRoute::numbered(i).0))
            .collect();
        assert_eq!(seen, want);
    });
}
