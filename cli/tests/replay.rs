//! Replays the fuzz corpora of the command lines.

use nl_core::fuzzing::replay;
use nlctl::fuzzing;

#[test]
fn the_corpora_have_no_finding() {
    nl_netns::isolate!(|| {
        assert!(replay("ip_words", fuzzing::ip) > 20);
        assert!(replay("iptables_words", fuzzing::iptables) > 10);
    });
}
