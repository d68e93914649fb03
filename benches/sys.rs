//! An allocator that counts, and one socket option: the only unsafe code here.
#![allow(
    unsafe_code,
    reason = "GlobalAlloc is unsafe; nix knows no netlink socket options"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// How many allocations there were so far, and of how many bytes.
pub fn allocated() -> (u64, u64) {
    (COUNT.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed))
}

/// The system's allocator, counted.
#[derive(Debug)]
pub struct Counting;

fn count(bytes: usize) {
    COUNT.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
}

// SAFETY: all is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise about `layout`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise; `place` came from `System`.
        unsafe { System.dealloc(place, layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise about `layout`.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the caller's promise; `place` came from `System`.
        unsafe { System.realloc(place, layout, size) }
    }
}

/// Sets an option of a netlink socket.
///
/// # Errors
///
/// `ENOPROTOOPT` if the kernel does not know it.
pub fn set_netlink_option(fd: BorrowedFd<'_>, option: i32, value: i32) -> io::Result<()> {
    // SAFETY: the pointer is to `value`, which is as long as the length says.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_NETLINK,
            option,
            (&raw const value).cast(),
            4,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
