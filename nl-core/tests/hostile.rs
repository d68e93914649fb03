//! Answers of a peer that keeps to no protocol.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use nl_core::hostile::play;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]
    #[test]
    fn any_script_ends_and_nothing_of_it_is_taken_for_what_it_is_not(
        what in any::<[u8; 2]>(),
        steps in prop::collection::vec((0u8..24, any::<u8>(), any::<u8>()), 0..16),
    ) {
        let mut script = what.to_vec();
        script.extend(steps.iter().flat_map(|&(kind, arg, number)| [kind, arg, number]));
        play(&script);
        #[cfg(feature = "tokio")]
        nl_core::hostile::play_async(&script);
    }
}
