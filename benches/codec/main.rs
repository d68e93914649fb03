//! Writing and reading a route, a link, a rule and set elements: ours, by hand, and other libraries in one run.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a benchmark that cannot run must stop; its data is its own"
)]

mod contest;
mod floor;
mod object;
mod ours;
#[cfg(feature = "peers")]
mod peers;

use nlctl_benches::sys::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let mut contest = contest::Contest::new();
    floor::route(&mut contest);
    ours::route(&mut contest);
    #[cfg(feature = "peers")]
    peers::route(&mut contest);
    ours::link(&mut contest);
    #[cfg(feature = "peers")]
    peers::link(&mut contest);
    ours::rule(&mut contest);
    #[cfg(feature = "peers")]
    peers::rule(&mut contest);
    ours::elements(&mut contest);
    #[cfg(feature = "peers")]
    peers::elements(&mut contest);
    contest.finish();
}
