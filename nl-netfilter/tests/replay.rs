//! Replays the fuzz corpora of nftables.

use nl_core::fuzzing::replay;
use nl_netfilter::fuzzing;

#[test]
fn the_corpora_have_no_finding() {
    assert!(replay("netfilter_message", fuzzing::message) > 10);
    assert!(replay("expression", fuzzing::expression) > 10);
}
