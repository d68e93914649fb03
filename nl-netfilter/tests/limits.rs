//! Transactions at the limits of the socket: send buffers, receive buffers.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../../nl-core/tests/stranger/mod.rs"]
mod stranger;

use std::os::fd::AsFd;

use nix::sys::socket::{SockProtocol, setsockopt, sockopt};
use nl_core::header::NLM_F_ECHO;
use nl_core::{Connection, Errno, Error, Request, Writer};
use nl_netfilter::{
    CommitError, DataType, Element, Family, GetElements, GetRules, GetTables, Netfilter,
    NetfilterExt, NewChain, NewRule, NewSet, NewTable, SetElements, Transaction,
};
use stranger::Stranger;

const F: Family = Family::INET;

/// A connection with the smallest buffers that there can be.
fn least() -> Connection<Netfilter> {
    let nf = Connection::<Netfilter>::open().unwrap();
    setsockopt(&nf.as_fd(), sockopt::RcvBuf, &0).unwrap();
    setsockopt(&nf.as_fd(), sockopt::SndBuf, &0).unwrap();
    assert!(nf.socket().grow_send_buffer(0).unwrap() < 5000);
    nf
}

/// What a datagram may have without privileges over the first user namespace: the kernel doubles
/// what is asked for, and keeps 32 bytes for itself.
fn limit() -> usize {
    let wmem_max = std::fs::read_to_string("/proc/sys/net/core/wmem_max").unwrap();
    2 * wmem_max.trim().parse::<usize>().unwrap() - 32
}

/// Makes the table `t`, with some bytes that the kernel does not look at.
struct Filled(usize);

impl Request for Filled {
    type Protocol = Netfilter;
    fn message_type(&self) -> u16 {
        NewTable::new(F, "t").message_type()
    }
    fn flags(&self) -> u16 {
        Request::flags(&NewTable::new(F, "t"))
    }
    fn write(&self, out: &mut Writer) {
        NewTable::new(F, "t").write(out);
        out.raw(999, &vec![0; self.0]);
    }
}

/// A transaction of some 60,000 bytes less than `len`, or more.
fn filled(len: usize) -> Transaction {
    let mut transaction = Transaction::new();
    for _ in 0..len / 60_000 {
        transaction.push(Filled(60_000 - 36));
    }
    transaction
}

fn tables(nf: &mut Connection<Netfilter>) -> usize {
    nf.collect(&GetTables { family: F }).unwrap().len()
}

#[test]
fn a_transaction_larger_than_what_is_allowed_names_what_to_raise() {
    nl_netns::isolate!(|| {
        let mut nf = least();
        let error = nf.commit(&filled(limit() + 200_000)).unwrap_err();
        let text = error.to_string();
        let CommitError::Connection(Error::TooLarge { len, limit: most }) = error else {
            panic!("{error:?}");
        };
        assert_eq!(most, limit());
        // Exactly so far, and it says which and how far.
        let wanted = format!("raise net.core.wmem_max to {}", (len + 32).div_ceil(2));
        assert!(text.ends_with(&wanted), "{text}");
        assert_eq!(tables(&mut nf), 0);
        // What is allowed goes through, from the smallest buffer.
        nf.commit(&filled(limit() - 100_000)).unwrap();
        assert_eq!(tables(&mut nf), 1);
    });
}

#[test]
fn large_transactions_need_no_large_buffers() {
    nl_netns::isolate!(|| {
        let mut nf = least();
        let set = NewSet::new(F, "t", "s", DataType::IPV4_ADDR);
        let elements = (0..20_000u32).map(|i| Element::new(i.to_be_bytes()));
        let elements = SetElements::add(F, "t", set.reference(), elements);
        let mut transaction = Transaction::new()
            .add(NewTable::new(F, "t"))
            .add(NewChain::new(F, "t", "c"))
            .add(set)
            .elements(elements);
        for _ in 0..5000 {
            transaction.push(NewRule::new(F, "t", "c").accept());
        }
        nf.commit(&transaction).unwrap();
        let mut count = 0;
        nf.dump(&GetElements::new(F, "t", "s"), |list| {
            count += list.elements().count();
        })
        .unwrap();
        assert_eq!(count, 20_000);
    });
}

#[test]
fn refusals_that_find_no_room_are_refusals_still() {
    nl_netns::isolate!(|| {
        let mut nf = least();
        for count in [1, 300, 20_000] {
            let mut transaction = Transaction::new().add(NewTable::new(F, "t"));
            for _ in 0..count {
                transaction.push(NewRule::new(F, "t", "missing").accept());
            }
            let Err(CommitError::Refused(refusals)) = nf.commit(&transaction) else {
                panic!("done, or unknown");
            };
            // More than the largest buffer holds are not read by anybody.
            assert!(refusals.len() >= count.min(1600), "{}", refusals.len());
            for (i, refusal) in refusals.iter().enumerate() {
                assert_eq!(refusal.index, Some(i + 1));
                assert_eq!(refusal.error.errno, Errno::ENOENT);
                assert_eq!(refusal.error.path, ["NFTA_RULE_CHAIN"]);
            }
            assert_eq!(tables(&mut nf), 0);
        }
    });
}

#[test]
fn an_answer_that_finds_no_room_leaves_open_what_became_of_a_transaction() {
    nl_netns::isolate!(|| {
        let mut nf = Connection::<Netfilter>::open().unwrap();
        for (i, name) in ["a", "b", "c"].into_iter().enumerate() {
            flood(&nf);
            let table = || Transaction::new().add(NewTable::new(F, name).exclusive());
            let error = nf.commit(&table()).unwrap_err();
            let overrun = matches!(error, CommitError::Connection(Error::Overrun));
            assert!(overrun, "{error:?}");
            // It was done; the next is answered.
            assert_eq!(tables(&mut nf), i + 1);
            let error = nf.commit(&table()).unwrap_err();
            assert_eq!(error.refusal().unwrap().error.errno, Errno::EEXIST);
        }
    });
}

/// A request that wants to see its outcome.
struct Echo<R>(R);

impl<R: Request<Protocol = Netfilter>> Request for Echo<R> {
    type Protocol = Netfilter;
    fn message_type(&self) -> u16 {
        self.0.message_type()
    }
    fn flags(&self) -> u16 {
        self.0.flags() | NLM_F_ECHO
    }
    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }
}

#[test]
fn a_transaction_that_was_done_is_done_though_not_all_that_is_echoed_finds_room() {
    const COUNT: usize = 10_000;
    nl_netns::isolate!(|| {
        let mut nf = least();
        let echoed = || {
            let mut transaction = Transaction::new()
                .add(NewTable::new(F, "t"))
                .add(NewChain::new(F, "t", "c"));
            for _ in 0..COUNT {
                let rule = NewRule::new(F, "t", "c").comment(&"x".repeat(120));
                transaction.push(Echo(rule.counter().accept()));
            }
            transaction
        };
        let rules = |nf: &mut Connection<Netfilter>| {
            let rules = nf.collect(&GetRules::of_table(F, "t")).unwrap();
            rules.len()
        };
        // Of what is refused nothing is echoed.
        let mut seen = 0;
        let refused = echoed().add(NewRule::new(F, "t", "missing").accept());
        let error = nf.commit_with(&refused, |_| seen += 1).unwrap_err();
        assert_eq!(error.refusal().unwrap().error.errno, Errno::ENOENT);
        assert_eq!((seen, rules(&mut nf)), (0, 0));
        // Who listens is told that something is missing, be it so.
        let outcome = nf.commit_with(&echoed(), |_| seen += 1);
        match outcome {
            Ok(()) => assert_eq!(seen, COUNT),
            Err(CommitError::EchoLost) => assert!(seen > 0 && seen < COUNT, "{seen}"),
            Err(error) => panic!("{error:?}"),
        }
        assert_eq!(rules(&mut nf), COUNT);
        // To who does not it is nothing.
        nf.commit(&echoed()).unwrap();
        assert_eq!(rules(&mut nf), 2 * COUNT);
    });
}

/// Has somebody else fill the connection's receive buffer, so that no answer finds room in it.
fn flood(nf: &Connection<Netfilter>) {
    Stranger::new(SockProtocol::NetlinkNetFilter).flood(nf.socket());
}
