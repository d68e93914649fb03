//! Replays the fuzz corpora of rtnetlink.

use nl_core::fuzzing::replay;
use nl_route::fuzzing;

#[test]
fn the_corpora_have_no_finding() {
    assert!(replay("route_message", fuzzing::message) > 10);
    assert!(replay("prefix", fuzzing::prefix) > 3);
    assert!(replay("watch", fuzzing::watch) > 10);
    assert!(replay("extack", fuzzing::extack) > 4);
}
