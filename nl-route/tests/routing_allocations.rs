//! Counts allocations: none per route written or read.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use nl_core::{Request, Writer};
use nl_route::Prefix;
use nl_route::route::{NewHop, NewRoute, RTAX_MTU, RouteMetrics, RouteTable, RouteView};

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
fn a_route_is_made_written_and_read_without_allocation() {
    let counted = allocations(|| drop(black_box(Box::new(1))));
    assert_eq!(counted, 1, "the counter counts");
    let mut out = Writer::new();
    out.bytes_mut().reserve(4096);
    let ways = NewRoute::new(Prefix::ALL_V4)
        .metrics(RouteMetrics::default().set(RTAX_MTU, 1400).cc_algo("reno"))
        .hop(NewHop::via([10, 0, 0, 2].into()))
        .hop(NewHop::via([10, 0, 0, 3].into()).weight(2));
    let counted = allocations(|| {
        for n in 0..100u8 {
            out.clear();
            NewRoute::new(Prefix::host([10, 1, 0, n].into()))
                .via([10, 0, 0, 2].into())
                .table(RouteTable(1000))
                .metric(n.into())
                .write(&mut out);
            let view = RouteView::parse(out.bytes()).unwrap();
            assert_eq!(view.priority(), Some(n.into()));
            out.clear();
            ways.write(&mut out);
            let view = RouteView::parse(out.bytes()).unwrap();
            assert_eq!(view.hops().count(), 2);
        }
    });
    assert_eq!(counted, 0);
}
