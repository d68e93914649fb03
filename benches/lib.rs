//! Benchmarks of the codec (`codec/`), and of bulk work on the running kernel (`kernel/`).
//!
//! ```text
//! cargo bench -p nlctl-benches --features peers        # all of it, as root; half an hour
//! cargo bench -p nlctl-benches --bench codec
//! cargo bench -p nlctl-benches --bench kernel          # needs root, or: nlctl sandbox cargo bench …
//! cargo bench -p nlctl-benches --bench kernel -- --help
//! ```
//!
//! With `--features peers` other libraries take part, which takes minutes to build. `RESULTS.md` has what was measured.

pub mod machine;
pub mod record;
pub mod sys;

/// The median; `None` of nothing.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied();
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        at(middle)
    } else {
        Some(f64::midpoint(at(middle.checked_sub(1)?)?, at(middle)?))
    }
}
