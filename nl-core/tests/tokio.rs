//! The asynchronous connection against the running kernel, and against a scripted peer.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;

use std::future::Future;
use std::os::unix::net::UnixDatagram;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use nl_core::tokio::{AsyncConnection, AsyncSubscription};
use nl_core::{BatchOptions, Errno, Error, Notification, OnFailure, Socket, Subscription};
use rtnetlink::*;

fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work);
}

async fn routes(route: &mut AsyncConnection<Route>) -> usize {
    let mut count = 0;
    route.dump(&GetRoutes, |_| count += 1).await.unwrap();
    count
}

#[test]
fn call_get_dump_and_list_agree() {
    nl_netns::isolate!(|| run(async {
        let mut route = AsyncConnection::<Route>::open().unwrap();
        route.call(&NewBridge("br0".into())).await.unwrap();
        let error = route.call(&NewBridge("br0".into())).await.unwrap_err();
        assert_eq!(error.errno(), Some(Errno::EEXIST));
        let link = route.get(&GetLink("br0")).await.unwrap();
        assert_eq!(link.view().name(), Some("br0"));
        let error = route.get(&GetLink("nope")).await.unwrap_err();
        assert_eq!(error.to_string(), "RTM_GETLINK: No such device (ENODEV)");
        let links = route.collect(&GetLinks).await.unwrap();
        assert!(links.iter().any(|link| link.view().name() == Some("br0")));
        let mut echoed = 0;
        let echo = Echo(NewBridge("br1".into()));
        route.call_with(&echo, |_| echoed += 1).await.unwrap();
        assert_eq!(echoed, 1);
    }));
}

#[test]
fn batches_report_as_the_blocking_ones_do() {
    nl_netns::isolate!(|| run(async {
        let mut route = AsyncConnection::<Route>::open().unwrap();
        let number = |i: u32| i - u32::from(i % 97 == 96);
        let requests = (0..20_000).map(|i| NewRoute::numbered(number(i)));
        let report = route.batch(requests).await.unwrap();
        let failed: Vec<_> = report.failures.iter().map(|f| f.index).collect();
        assert_eq!(failed, (96..20_000).step_by(97).collect::<Vec<_>>());
        assert_eq!(routes(&mut route).await, 20_000 - failed.len());

        let mut options = BatchOptions::new().on_failure(OnFailure::Stop);
        let numbers = [20_001, 5, 20_002].map(NewRoute::numbered);
        let report = route.batch_with(numbers, &mut options).await.unwrap();
        assert_eq!((report.sent, report.failures[0].index), (2, 1));

        let mut options = BatchOptions::new().answer_cost(1).datagram(400 << 10);
        let again = (0..10_000).map(|_| NewRoute::numbered(5));
        let report = route.batch_with(again, &mut options).await.unwrap();
        assert!(!report.unknown.is_empty());
        let unknown: usize = report.unknown.iter().map(ExactSizeIterator::len).sum();
        assert_eq!(report.failures.len() + unknown, 10_000);
        assert!(route.get(&GetLink("lo")).await.is_ok());
        let together = [30_000, 5, 30_001].map(NewRoute::numbered);
        let report = route.datagram(together.iter(), |_| ()).await.unwrap();
        assert!(report.acknowledged);
        assert_eq!((report.failures.len(), report.failures[0].index), (1, 1));
    }));
}

#[test]
fn a_dump_that_is_left_does_not_disturb_the_next_request() {
    nl_netns::isolate!(|| run(async {
        let mut route = AsyncConnection::<Route>::open().unwrap();
        for count in [2000, 60_000] {
            let _ = route
                .batch((0..count).map(NewRoute::numbered))
                .await
                .unwrap();
            for _ in 0..3 {
                let mut dump = route.start_dump(&GetRoutes).await.unwrap();
                assert!(dump.next().await.unwrap().is_some());
                assert!(route.get(&GetLink("lo")).await.is_ok());
            }
            assert_eq!(routes(&mut route).await, usize::try_from(count).unwrap());
        }
    }));
}

#[test]
fn a_dump_is_a_stream() {
    nl_netns::isolate!(|| run(async {
        let mut route = AsyncConnection::<Route>::open().unwrap();
        let added = route.batch((0..5000).map(NewRoute::numbered)).await;
        assert!(added.unwrap().is_success());
        let dump = route.start_dump(&GetRoutes).await.unwrap();
        let all: Vec<_> = dump.into_stream().try_collect().await.unwrap();
        assert_eq!(all, route.collect(&GetRoutes).await.unwrap());
        let dump = route.start_dump(&GetRoutes).await.unwrap();
        let some: Vec<_> = dump.into_stream().take(7).try_collect().await.unwrap();
        assert_eq!(some, all[..7]);
        assert!(route.get(&GetLink("lo")).await.is_ok());
    }));
}

#[test]
fn a_stream_waits_and_ends_with_the_deadline() {
    run(async {
        let (mut connection, peer) = pair();
        let mut dump = connection
            .start_dump(&GetLinks)
            .await
            .unwrap()
            .into_stream();
        let late = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            peer.send(&done(1)).unwrap();
        };
        let all = async { assert!(dump.next().await.is_none()) };
        both(late, all).await;
        assert!(dump.next().await.is_none());
        drop(dump);

        connection.set_timeout(Some(Duration::from_millis(50)));
        let mut dump = connection
            .start_dump(&GetLinks)
            .await
            .unwrap()
            .into_stream();
        let silent = dump.next().await.unwrap();
        assert!(matches!(silent, Err(Error::NoAnswer)), "{silent:?}");
        assert!(dump.next().await.is_none());
    });
}

#[test]
fn events_wake_their_task() {
    nl_netns::isolate!(|| run(async {
        let links = Subscription::<Route>::open(&[1]).unwrap();
        let mut links = AsyncSubscription::new(links).unwrap();
        let quiet = tokio::time::timeout(Duration::from_millis(30), links.next()).await;
        assert!(quiet.is_err());
        let late = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            let mut route = AsyncConnection::<Route>::open().unwrap();
            route.call(&NewBridge("br0".into())).await.unwrap();
        };
        let told = async {
            let Notification::Event { message, .. } = links.next().await.unwrap() else {
                panic!("an overrun of so little");
            };
            let link = LinkView::parse(message.payload).unwrap();
            assert_eq!(link.name(), Some("br0"));
        };
        both(late, told).await;
    }));
}

/// A task that has used up its turn is told to wait; what is queued is there all the same.
#[test]
fn what_is_queued_is_found_whatever_the_task_has_done() {
    nl_netns::isolate!(|| run(async {
        let links = Subscription::<Route>::open(&[1]).unwrap();
        let mut links = AsyncSubscription::new(links).unwrap();
        assert!(links.try_next().unwrap().is_none());
        let mut route = AsyncConnection::<Route>::open().unwrap();
        route.call(&NewBridge("br0".into())).await.unwrap();
        std::future::poll_fn(|cx| {
            while let Poll::Ready(turn) = tokio::task::coop::poll_proceed(cx) {
                turn.made_progress();
            }
            assert!(pin!(links.next()).poll(cx).is_pending());
            assert!(links.try_next().unwrap().is_some());
            Poll::Ready(())
        })
        .await;
    }));
}

/// Runs two futures together.
async fn both(a: impl Future<Output = ()>, b: impl Future<Output = ()>) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut a_done, mut b_done) = (false, false);
    std::future::poll_fn(|cx| {
        a_done = a_done || a.as_mut().poll(cx).is_ready();
        b_done = b_done || b.as_mut().poll(cx).is_ready();
        if a_done && b_done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// A connection whose peer is the test.
fn pair() -> (AsyncConnection<Route>, UnixDatagram) {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let mut connection =
        AsyncConnection::from_socket(Socket::from_fd(ours.into()).unwrap()).unwrap();
    connection.set_timeout(Some(Duration::from_secs(20)));
    (connection, theirs)
}

fn errno(seq: u32, errno: i32) -> Vec<u8> {
    let mut out = nl_core::Writer::new();
    out.message(2, 0x100, seq, |out| {
        out.bytes_mut().extend((-errno).to_ne_bytes());
        out.bytes_mut().extend([0; 16]);
    })
    .unwrap();
    out.bytes().to_vec()
}

/// The end of a list.
fn done(seq: u32) -> Vec<u8> {
    let mut out = nl_core::Writer::new();
    out.message(3, 2, seq, |out| out.bytes_mut().extend([0; 4]))
        .unwrap();
    out.bytes().to_vec()
}

const SET: SetMtu = SetMtu {
    ifindex: 1,
    mtu: 1500,
};

#[test]
fn a_dropped_future_leaves_nothing_behind() {
    run(async {
        let (mut connection, peer) = pair();
        for seq in [1, 3, 5] {
            {
                let call = pin!(connection.call(&SET));
                let mut context = Context::from_waker(Waker::noop());
                assert!(call.poll(&mut context).is_pending());
            }
            // The refusal comes when nobody waits for it any more.
            peer.send(&errno(seq, 1)).unwrap();
            let answered = async {
                tokio::task::yield_now().await;
                peer.send(&errno(seq + 1, 0)).unwrap();
            };
            both(async { connection.call(&SET).await.unwrap() }, answered).await;
        }
    });
}

#[test]
fn silence_ends_with_the_deadline() {
    run(async {
        let (mut connection, peer) = pair();
        connection.set_timeout(Some(Duration::from_millis(100)));
        let error = connection.call(&SET).await.unwrap_err();
        assert!(matches!(error, Error::NoAnswer), "{error}");
        connection.set_timeout(Some(Duration::from_secs(20)));
        let answered = async { assert_eq!(peer.send(&errno(2, 0)).unwrap(), 36) };
        both(async { connection.call(&SET).await.unwrap() }, answered).await;
    });
}

#[test]
fn futures_are_send() {
    fn is_send(_: impl Send) {}
    run(async {
        let (mut connection, _peer) = pair();
        is_send(connection.call(&SET));
        is_send(connection.batch([SET.clone()]));
        is_send(connection.collect(&GetLinks));
        is_send(connection.dump(&GetLinks, |_| ()));
    });
}
