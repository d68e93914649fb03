//! Replays the fuzz corpus of the core.

#[test]
fn the_corpus_of_messages_has_no_finding() {
    assert!(nl_core::fuzzing::replay("messages", nl_core::fuzzing::messages) > 10);
}

#[test]
fn the_corpus_of_scripts_has_no_finding() {
    assert!(nl_core::fuzzing::replay("hostile_peer", nl_core::hostile::play) > 10);
    #[cfg(feature = "tokio")]
    assert!(nl_core::fuzzing::replay("hostile_peer_async", nl_core::hostile::play_async) > 10);
}
