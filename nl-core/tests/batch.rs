//! Batches against the running kernel: failures in their places, losses owned up to.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;

use nl_core::{BatchOptions, Connection, Errno, Error, OnFailure, Request, Writer};
use rtnetlink::*;

fn routes(route: &mut Connection<Route>) -> usize {
    let mut count = 0;
    route.dump(&GetRoutes, |_| count += 1).unwrap();
    count
}

#[test]
fn fifty_thousand_with_failures_sprinkled_in_are_all_accounted_for() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        // Each 97th repeats the one before it.
        let number = |i: u32| i - u32::from(i % 97 == 96);
        let requests = (0..50_000).map(|i| NewRoute::numbered(number(i)));
        let mut progress = Vec::new();
        let report = {
            let mut options = BatchOptions::new().progress(|p| progress.push(p));
            route.batch_with(requests, &mut options).unwrap()
        };
        let failed: Vec<_> = report.failures.iter().map(|f| f.index).collect();
        assert_eq!(failed, (96..50_000).step_by(97).collect::<Vec<_>>());
        assert!(
            report
                .failures
                .iter()
                .all(|f| f.error.errno == Errno::EEXIST)
        );
        assert!(report.unknown.is_empty() && report.error.is_none() && report.sent == 50_000);
        assert_eq!(
            (report.is_done(95), report.is_done(96)),
            (Some(true), Some(false))
        );
        assert_eq!(report.is_done(50_000), Some(false));
        assert_eq!(routes(&mut route), 50_000 - failed.len());
        let last = progress.last().unwrap();
        assert_eq!((last.sent, last.failed), (50_000, failed.len()));
        assert!(progress.windows(2).all(|two| two[0].sent < two[1].sent));
    });
}

#[test]
fn stop_tries_nothing_behind_the_first_failure() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let numbers = [1, 2, 3, 2, 4, 5];
        let mut options = BatchOptions::new().on_failure(OnFailure::Stop);
        let report = route
            .batch_with(numbers.map(NewRoute::numbered), &mut options)
            .unwrap();
        assert_eq!((report.sent, report.failures.len()), (4, 1));
        assert_eq!(report.failures[0].index, 3);
        assert_eq!(routes(&mut route), 3);
        let error = report.into_result().unwrap_err();
        assert_eq!(error.errno(), Some(Errno::EEXIST));
    });
}

#[test]
fn stop_after_the_datagram_says_exactly_what_was_done() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let numbers = (0..10_000).map(|i| if i == 700 { 0 } else { i });
        let mut options = BatchOptions::new()
            .on_failure(OnFailure::StopAfterDatagram)
            .datagram(16 * 1024);
        let report = route
            .batch_with(numbers.map(NewRoute::numbered), &mut options)
            .unwrap();
        assert!(report.sent > 700 && report.sent < 2000, "{}", report.sent);
        assert_eq!(report.failures.len(), 1);
        let done = (0..10_000).filter(|&i| report.is_done(i) == Some(true));
        assert_eq!(routes(&mut route), done.count());
    });
}

#[test]
fn all_of_them_failing_loses_nothing_acknowledged_or_not() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        for on in [false, true] {
            let mut options = BatchOptions::new().acknowledge_each(on);
            let requests = (0..5000).map(|_| NewBridge("lo".into()));
            let report = route.batch_with(requests, &mut options).unwrap();
            assert_eq!((report.sent, report.failures.len()), (5000, 5000));
            assert!(report.unknown.is_empty());
        }
    });
}

#[test]
fn lost_answers_are_unknown_and_what_was_heard_is_true() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        route.call(&NewRoute::numbered(7)).unwrap();
        // As if an answer took no room: far more fail in a datagram than can be told. In between
        // is one that succeeds, in the part that gets lost.
        let number = |i| if i == 5000 { 1 } else { 7 };
        let requests = (0..30_000).map(|i| NewRoute::numbered(number(i)));
        let mut options = BatchOptions::new().answer_cost(1).datagram(400 << 10);
        let report = route.batch_with(requests, &mut options).unwrap();
        assert_eq!(report.sent, 30_000);
        assert!(!report.unknown.is_empty() && !report.is_success());
        for i in 0..report.sent {
            match report.is_done(i) {
                Some(done) => assert_eq!(done, i == 5000, "{i}"),
                None => assert!(report.failures.iter().all(|f| f.index != i)),
            }
        }
        // The connection is as good as before.
        assert_eq!(routes(&mut route), 2);
        route.call(&NewRoute::numbered(8)).unwrap();
    });
}

#[test]
fn datagrams_are_cut_to_the_send_buffer() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let limit = route.socket().grow_send_buffer(0).unwrap();
        // Neither fits beside another.
        let lengths = [10, limit - 100, 10, limit - 200, 20];
        let report = route.batch(lengths.map(Long)).unwrap();
        assert_eq!(report.failures.len(), 5, "{report:?}");
        assert!(
            report
                .failures
                .iter()
                .enumerate()
                .all(|(i, f)| f.index == i)
        );
        assert!(
            report
                .failures
                .iter()
                .all(|f| f.error.errno == Errno::ENODEV)
        );
    });
}

#[test]
fn a_request_that_cannot_be_sent_ends_the_batch_at_its_place() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let report = route.batch([10, 20, 64 << 20, 30].map(Long)).unwrap();
        assert_eq!((report.sent, report.failures.len()), (2, 2));
        assert!(
            matches!(report.error, Some(Error::TooLarge { .. })),
            "{report:?}"
        );
        let error = route.batch([64 << 20, 30].map(Long)).unwrap_err();
        assert!(error.to_string().contains("net.core.wmem_max"), "{error}");
    });
}

struct TooLong;

impl Request for TooLong {
    type Protocol = Route;
    fn message_type(&self) -> u16 {
        16
    }
    fn write(&self, out: &mut Writer) {
        out.raw(1, &[0; 70_000]);
    }
}

#[test]
fn a_request_that_cannot_be_written_ends_the_batch_after_those_before() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let requests: [Box<dyn Request<Protocol = Route>>; 3] = [
            Box::new(NewRoute::numbered(1)),
            Box::new(TooLong),
            Box::new(NewRoute::numbered(2)),
        ];
        let report = route.batch(requests).unwrap();
        assert_eq!(report.sent, 1);
        assert!(matches!(report.error, Some(Error::Encode(_))));
        assert_eq!(routes(&mut route), 1);
    });
}

#[test]
fn echoes_come_with_their_index() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let mut names = Vec::new();
        let report = {
            let mut options = BatchOptions::new().replies(|index, message| {
                let link = LinkView::parse(message.payload).unwrap();
                names.push((index, link.name().unwrap().to_owned()));
            });
            let requests = (0..100).map(|i| Echo(NewBridge(format!("b{i}"))));
            route.batch_with(requests, &mut options).unwrap()
        };
        assert!(report.is_success());
        let want: Vec<_> = (0..100).map(|i| (i, format!("b{i}"))).collect();
        assert_eq!(names, want);
    });
}

#[test]
fn sixty_four_threads_have_a_connection_each() {
    nl_netns::isolate!(|| {
        std::thread::scope(|scope| {
            for thread in 0..64 {
                scope.spawn(move || {
                    let mut route = Connection::<Route>::open().unwrap();
                    let requests = (0..200).map(|i| NewRoute::numbered(thread * 1000 + i));
                    assert!(route.batch(requests).unwrap().is_success());
                    let error = route.call(&NewRoute::numbered(thread * 1000)).unwrap_err();
                    assert_eq!(error.errno(), Some(Errno::EEXIST));
                });
            }
        });
        assert_eq!(routes(&mut Connection::open().unwrap()), 64 * 200);
    });
}
