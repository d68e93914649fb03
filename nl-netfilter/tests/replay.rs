//! Replays the fuzz corpora of nftables.

use nl_core::fuzzing::replay;
use nl_netfilter::fuzzing;

#[test]
fn the_corpora_have_no_finding() {
    assert!(replay("netfilter_message", fuzzing::message) > 10);
    assert!(replay("netfilter_events", fuzzing::events) > 5);
    assert!(replay("expression", fuzzing::expression) > 10);
    assert!(replay("userdata", fuzzing::userdata) > 2);
    assert!(replay("xt", fuzzing::xt) > 20);
    assert!(replay("iptables_rule", fuzzing::iptables_rule) > 20);
}
