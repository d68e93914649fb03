//! Replays the fuzz corpora of the command lines, of the files that they read, and of `/proc`.

use nl_core::fuzzing::replay;
use nlctl::{decode, fuzzing, ip};

#[test]
fn the_corpora_of_words_and_files_have_no_finding() {
    assert!(replay("batch_lines", ip::fuzzing::batch) > 4);
    assert!(replay("decode", decode::fuzz) > 10);
    assert!(replay("ip_values", ip::fuzzing::values) > 3);
    assert!(replay("iptables_words", fuzzing::iptables) > 10);
    assert!(replay("name_files", ip::fuzzing::files) > 3);
    assert!(replay("options", fuzzing::options) > 4);
    assert!(replay("ping_packet", fuzzing::ping_packet) > 4);
    assert!(replay("proc", nl_netns::fuzzing::proc) > 4);
    assert!(replay("sysctl_file", fuzzing::sysctl_file) > 1);
}

#[test]
fn the_corpora_that_ask_the_kernel_have_no_finding() {
    nl_netns::isolate!(|| {
        assert!(replay("ip_words", fuzzing::ip) > 20);
        assert!(replay("monitor_file", ip::fuzzing::monitor_file) > 10);
        assert!(replay("route_load", ip::fuzzing::load) > 5);
    });
}
