//! Commits as those who listen are told of them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use nl_core::{Connection, Notification, Subscription};
use nl_netfilter::event::{Event, NFNLGRP_NFTABLES};
use nl_netfilter::{
    DelTable, Family, Hook, Netfilter, NetfilterExt, NewChain, NewTable, Transaction,
};

#[test]
fn a_commit_is_told_object_by_object_and_ends_with_its_generation() {
    nl_netns::isolate!(|| {
        let mut events = Subscription::<Netfilter>::open(&[NFNLGRP_NFTABLES]).unwrap();
        let mut nf = Connection::<Netfilter>::open().unwrap();
        let make = Transaction::new()
            .add(NewTable::new(Family::INET, "t"))
            .add(NewChain::new(Family::INET, "t", "c").filter(Hook::INPUT, 7));
        nf.commit(&make).unwrap();
        let delete = Transaction::new().add(DelTable::new(Family::INET, "t"));
        nf.commit(&delete).unwrap();
        let mut told = Vec::new();
        let mut generations = Vec::new();
        while let Some(told_now) = events.next_within(Duration::ZERO).unwrap() {
            assert!(told_now.is_from(nf.socket().port()));
            let Notification::Event { message, .. } = told_now else {
                panic!("an overrun of so little");
            };
            told.push(match Event::parse(&message).unwrap().unwrap() {
                Event::Table { view, removed } => format!("table {:?} {removed}", view.name()),
                Event::Chain { view, removed } => format!("chain {:?} {removed}", view.name()),
                Event::Generation(made) => {
                    // The thread that asked, which for tests is not the process's first.
                    let thread = std::fs::read_link("/proc/thread-self").unwrap();
                    let thread = thread.file_name().unwrap().to_str().unwrap().parse().ok();
                    assert_eq!(made.process(), thread);
                    generations.extend(made.id());
                    "generation".into()
                }
                other => panic!("{other:?}"),
            });
        }
        let want = [
            "table Some(\"t\") false",
            "chain Some(\"c\") false",
            "generation",
            "chain Some(\"c\") true",
            "table Some(\"t\") true",
            "generation",
        ];
        assert_eq!(told, want);
        assert!(generations.is_sorted() && generations.len() == 2);
    });
}
