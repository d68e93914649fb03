//! Counts allocations: none per encoded request, per view, per dumped object.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod counting;
mod rtnetlink;

use counting::{allocations, listing, writing};
use nl_core::{BatchOptions, Connection, Writer};
use rtnetlink::*;

#[test]
fn writing_and_reading_allocate_nothing_after_the_first() {
    let mut out = Writer::new();
    let mut work = || {
        out.clear();
        for seq in 0..100 {
            out.message(16, 1, seq, |out| {
                LinkWriter::new(out, &IfInfoMsg::default())
                    .name("veth0")
                    .mtu(1400)
                    .link_info(|info| {
                        info.driver("veth");
                    });
            })
            .unwrap();
        }
        for message in nl_core::Messages::new(out.bytes()) {
            let view = LinkView::parse(message.unwrap().payload).unwrap();
            assert_eq!(
                view.link_info().and_then(|info| info.driver()),
                Some("veth")
            );
        }
    };
    work();
    assert_eq!(allocations(work), 0);
    assert_eq!(writing(&NewRoute::numbered(1)), 0);
}

#[test]
fn a_dump_allocates_nothing_per_object() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let names = (0..50).map(|i| NewBridge(format!("br{i}")));
        assert!(route.batch(names).unwrap().is_success());
        let listed = listing(&mut route, &GetLinks, |link| {
            assert!(link.name().is_some());
        });
        assert_eq!(listed, (51, 0));
    });
}

#[test]
fn a_call_and_its_acknowledgement_allocate_nothing() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let mut calls = |numbers: std::ops::Range<u32>| {
            for number in numbers {
                route.call(&NewRoute::numbered(number)).unwrap();
            }
        };
        calls(0..1);
        assert_eq!(allocations(|| calls(1..100)), 0);
    });
}

#[test]
fn a_batch_allocates_nothing_per_request() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        for keep_buffers in [false, true] {
            let start = u32::from(keep_buffers) * 100_000;
            let mut batch = |numbers: std::ops::Range<u32>| {
                let numbers = start + numbers.start..start + numbers.end;
                allocations(|| {
                    let mut options = BatchOptions::new().keep_buffers(keep_buffers);
                    let requests = numbers.map(NewRoute::numbered);
                    let report = route.batch_with(requests, &mut options).unwrap();
                    assert!(report.is_success());
                })
            };
            batch(0..5000);
            assert_eq!(batch(5000..6000), 0);
            assert_eq!(batch(6000..50_000), 0);
        }
    });
}
