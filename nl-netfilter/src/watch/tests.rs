//! What a reader does not see: how lists begin.

use std::time::Instant;

use nix::sys::socket::SockProtocol;

use super::*;

#[path = "../../../nl-core/tests/stranger/mod.rs"]
mod stranger;

use stranger::Stranger;

/// A commit could be under way still.
#[test]
fn an_empty_batch_whose_answer_is_lost_is_sent_again() {
    nl_netns::isolate!(|| {
        let mut watch = Watch::open(Objects::all()).unwrap();
        loop {
            match watch.state.step(Instant::now()).unwrap() {
                Step::Drain => watch.state.drained(),
                step @ Step::Barrier(_) => {
                    Stranger::new(SockProtocol::NetlinkNetFilter).flood(watch.lists.socket());
                    watch.ask(step).unwrap();
                    break;
                }
                step => watch.ask(step).unwrap(),
            }
        }
        let next = watch.state.step(Instant::now()).unwrap();
        assert!(matches!(next, Step::Drain), "{next:?}");
        let event = watch.next().unwrap();
        assert!(matches!(event, Event::Synced { .. }), "{event:?}");
    });
}
