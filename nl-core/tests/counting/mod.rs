//! Counts the allocations of a thread. Included by the tests of all crates that write and read messages.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(
    clippy::unwrap_used,
    reason = "test code, which clippy does not see as such"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use nl_core::{Connection, DumpRequest, Protocol, Request, View, Writer};

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

/// How many allocations this thread makes while it does `work`.
pub(crate) fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

/// How many are made while a request is written a hundred times, into a buffer that has room for it.
pub(crate) fn writing<R: Request + ?Sized>(request: &R) -> usize {
    let mut out = Writer::new();
    let mut write = |count| {
        for seq in 0..count {
            out.clear();
            out.message(request.message_type(), request.flags(), seq, |out| {
                request.write(out);
            })
            .unwrap();
        }
    };
    write(1);
    allocations(|| write(100))
}

/// How many objects are listed, and how many allocations are made meanwhile, when the list is read for
/// the second time.
pub(crate) fn listing<R: DumpRequest<Protocol = P>, P: Protocol>(
    connection: &mut Connection<P>,
    request: &R,
    mut each: impl FnMut(<R::Reply as View>::At<'_>),
) -> (usize, usize) {
    connection.dump(request, &mut each).unwrap();
    let mut count = 0;
    let allocated = allocations(|| {
        connection
            .dump(request, |object| {
                count += 1;
                each(object);
            })
            .unwrap();
    });
    (count, allocated)
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}
