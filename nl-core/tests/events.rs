//! Subscriptions against the running kernel.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nl_core::{Connection, Error, Notification, Subscription};
use rtnetlink::*;

const LINK: u32 = 1;
const IPV4_ROUTE: u32 = 7;
/// `RTNLGRP_NSID`: 28; `RTNLGRP_MCTP_IFADDR`: 34, beyond the bit mask of an address.
const BEYOND_THE_MASK: u32 = 34;

fn name(notification: &Notification<'_>) -> String {
    match notification {
        Notification::Event { message, .. } => {
            let link = LinkView::parse(message.payload).unwrap();
            link.name().unwrap().to_owned()
        }
        _ => "overrun".into(),
    }
}

#[test]
fn a_new_link_is_told_and_whose_doing_it_is() {
    nl_netns::isolate!(|| {
        let mut events = Subscription::<Route>::open(&[LINK]).unwrap();
        let mut mine = Connection::<Route>::open().unwrap();
        let mut other = Connection::<Route>::open().unwrap();
        // The kernel keeps quiet about who made a link, unless an echo was asked for.
        mine.call(&Echo(NewBridge("mine".into()))).unwrap();
        other.call(&Echo(NewBridge("other".into()))).unwrap();
        mine.call(&NewBridge("quiet".into())).unwrap();
        let port = mine.socket().port();
        let mut seen = Vec::new();
        while let Some(event) = events.next_within(Duration::ZERO).unwrap() {
            seen.push((name(&event), event.is_from(port)));
        }
        let want = [("mine", true), ("other", false), ("quiet", false)];
        assert_eq!(seen, want.map(|(name, mine)| (name.to_owned(), mine)));

        let mut events = Subscription::<Route>::open(&[IPV4_ROUTE]).unwrap();
        mine.call(&NewRoute::numbered(1)).unwrap();
        other.call(&NewRoute::numbered(2)).unwrap();
        assert!(events.next().unwrap().is_from(port));
        assert!(!events.next().unwrap().is_from(port));
    });
}

#[test]
fn waiting_ends_with_an_event_or_in_time() {
    nl_netns::isolate!(|| {
        let mut events = Subscription::<Route>::open(&[]).unwrap();
        events.join(LINK).unwrap();
        let start = Instant::now();
        assert!(
            events
                .next_within(Duration::from_millis(60))
                .unwrap()
                .is_none()
        );
        assert!(start.elapsed() >= Duration::from_millis(60));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                let mut route = Connection::<Route>::open().unwrap();
                route.call(&NewBridge("late".into())).unwrap();
            });
            assert_eq!(name(&events.next().unwrap()), "late");
        });
        events.leave(LINK).unwrap();
        assert_eq!(events.groups().count(), 0);
        while events.next_within(Duration::ZERO).unwrap().is_some() {}
        let mut route = Connection::<Route>::open().unwrap();
        route.call(&NewBridge("unheard".into())).unwrap();
        assert!(events.next_within(Duration::ZERO).unwrap().is_none());
    });
}

#[test]
fn groups_beyond_the_mask_can_be_joined_and_wrong_ones_are_refused() {
    nl_netns::isolate!(|| {
        Subscription::<Route>::open(&[LINK, BEYOND_THE_MASK]).unwrap();
        let error = Subscription::<Route>::open(&[4000]).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error}");
    });
}

#[test]
fn events_of_other_namespaces_carry_their_number() {
    nl_netns::isolate!(|| {
        let there = std::thread::spawn(|| {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
            std::fs::File::open("/proc/thread-self/ns/net").unwrap()
        })
        .join()
        .unwrap();
        let mut here = Connection::<Route>::open().unwrap();
        here.call(&SetNsid(&there, 77)).unwrap();
        let mut events = Subscription::<Route>::open(&[LINK]).unwrap();
        events.listen_all_namespaces().unwrap();
        let mut other = Connection::<Route>::open_in(there.as_fd()).unwrap();
        other.call(&NewBridge("there".into())).unwrap();
        here.call(&NewBridge("here".into())).unwrap();
        let mut seen = BTreeSet::new();
        while let Some(event) = events.next_within(Duration::ZERO).unwrap() {
            let Notification::Event { nsid, .. } = event else {
                panic!("an overrun of so little");
            };
            seen.insert((name(&event), nsid));
        }
        let want = [("there".to_owned(), Some(77)), ("here".to_owned(), None)];
        assert_eq!(seen, BTreeSet::from(want));
    });
}

#[test]
fn who_does_not_read_is_told_of_the_loss_and_finds_the_truth_by_reading_again() {
    nl_netns::isolate!(|| {
        let mut events = Subscription::<Route>::open(&[IPV4_ROUTE]).unwrap();
        let mut route = Connection::<Route>::open().unwrap();
        let report = route.batch((0..100_000).map(NewRoute::numbered)).unwrap();
        assert!(report.is_success());
        let mut known = BTreeSet::<IpAddr>::new();
        let mut overruns = 0;
        let mut take = |events: &mut Subscription<Route>, known: &mut BTreeSet<IpAddr>| {
            while let Some(event) = events.next_within(Duration::ZERO).unwrap() {
                match event {
                    Notification::Event { message, .. } => {
                        known.extend(RouteView::parse(message.payload).unwrap().dst());
                    }
                    _ => overruns += 1,
                }
            }
        };
        take(&mut events, &mut known);
        assert!(known.len() < 100_000);
        route
            .dump(&GetRoutes, |route| known.extend(route.dst()))
            .unwrap();
        assert_eq!(known.len(), 100_000);
        // It goes on after the loss.
        route.call(&NewRoute::numbered(100_000)).unwrap();
        take(&mut events, &mut known);
        assert_eq!((known.len(), overruns), (100_001, 1));
    });
}
