//! Counts allocations: none per encoded request, per view, per dumped object.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use nl_core::{Connection, Writer};
use rtnetlink::*;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: passes everything on to the system's allocator.
#[allow(unsafe_code, reason = "an allocator cannot be written otherwise")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

#[test]
fn writing_and_reading_allocate_nothing_after_the_first() {
    assert_eq!(
        allocations(|| drop(std::hint::black_box(Box::new(1)))),
        1,
        "the counter counts"
    );
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
}

#[test]
fn a_dump_allocates_nothing_per_object() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let names = (0..50).map(|i| NewBridge(format!("br{i}")));
        assert!(route.batch(names).unwrap().is_success());
        let mut count = 0;
        route.dump(&GetLinks, |_| {}).unwrap();
        let allocated = allocations(|| {
            route
                .dump(&GetLinks, |link| {
                    count += usize::from(link.name().is_some())
                })
                .unwrap();
        });
        assert_eq!((count, allocated), (51, 0));
    });
}

#[test]
fn a_batch_allocates_nothing_per_request() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let mut batch = |numbers: std::ops::Range<u32>| {
            allocations(|| {
                let report = route.batch(numbers.map(NewRoute::numbered)).unwrap();
                assert!(report.is_success());
            })
        };
        batch(0..5000);
        assert_eq!(batch(5000..6000), 0);
        assert_eq!(batch(6000..50_000), 0);
    });
}
