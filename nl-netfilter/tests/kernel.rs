//! Transactions and listings on the real kernel, each in a network of its own.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test code, which clippy does not see as such"
)]

use nl_core::header::NLM_F_ECHO;
use nl_core::{Connection, Errno, Request, Writer};
use nl_netfilter::element::ElementAction;
use nl_netfilter::expr::{Counter, Expr, Quota, QuotaFlags};
use nl_netfilter::{
    CommitError, DataType, DelChain, DelRule, DelSet, DelTable, Element, Family, GetChain,
    GetChains, GetElements, GetObjects, GetRules, GetSet, GetSets, GetTable, GetTables, Hook,
    Netfilter, NetfilterExt, NewChain, NewObject, NewRule, NewSet, NewTable, ObjectData, Place,
    Policy, SetElements, Transaction,
};

const F: Family = Family::INET;

fn open() -> Connection<Netfilter> {
    Connection::open().unwrap()
}

fn base() -> Transaction {
    Transaction::new()
        .add(NewTable::new(F, "t").comment("ours"))
        .add(
            NewChain::new(F, "t", "c")
                .filter(Hook::INPUT, 7)
                .policy(Policy::DROP),
        )
}

#[test]
fn tables_and_chains_come_back() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        nf.commit(&base()).unwrap();
        let table = nf.get(&GetTable::new(F, "t")).unwrap();
        assert_eq!(table.view().comment(), Some("ours"));
        let chain = nf.get(&GetChain::new(F, "t", "c")).unwrap();
        let hook = chain.view().hook().unwrap();
        assert_eq!((hook.hook(), hook.priority()), (Some(Hook::INPUT), Some(7)));
        assert_eq!(chain.view().policy(), Some(Policy::DROP));
        assert_eq!(nf.collect(&GetChains { family: F }).unwrap().len(), 1);
        let delete = Transaction::new()
            .add(DelRule::flush_table(F, "t"))
            .add(DelChain::new(F, "t", "c"))
            .add(DelTable::new(F, "t"))
            .add(DelTable::new(F, "t").if_exists());
        nf.commit(&delete).unwrap();
        let all = GetTables {
            family: Family::UNSPEC,
        };
        assert!(nf.collect(&all).unwrap().is_empty());
    });
}

#[test]
fn a_refused_change_is_named_and_nothing_is_done() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        let bad = base()
            .add(NewRule::new(F, "t", "c").accept())
            .add(NewRule::new(F, "t", "missing").accept())
            .add(NewRule::new(F, "t", "c").jump("nowhere"));
        for commit in [true, false] {
            let error = match commit {
                true => nf.commit(&bad),
                false => nf.check(&bad),
            };
            let Err(CommitError::Refused(refusals)) = error else {
                panic!("{error:?}");
            };
            let indices: Vec<_> = refusals.iter().map(|refusal| refusal.index).collect();
            assert_eq!(indices, [Some(3), Some(4)]);
            assert_eq!(refusals[0].error.errno, Errno(2));
            assert_eq!(refusals[0].error.path, ["NFTA_RULE_CHAIN"]);
        }
        nf.check(&base()).unwrap();
        assert!(nf.collect(&GetTables { family: F }).unwrap().is_empty());
    });
}

#[test]
fn a_stale_transaction_says_so() {
    nl_netns::isolate!(|| {
        let (mut nf, mut other) = (open(), open());
        let generation = nf.generation().unwrap();
        other.commit(&base()).unwrap();
        let table = || Transaction::new().add(NewTable::new(F, "late"));
        let error = nf
            .commit(&table().expect_generation(generation))
            .unwrap_err();
        assert!(matches!(error, CommitError::Stale), "{error:?}");
        let generation = nf.generation().unwrap();
        nf.commit(&table().expect_generation(generation)).unwrap();
    });
}

#[test]
fn rules_are_put_where_they_belong_and_replaced_without_loss() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        let rule = |name: &str| NewRule::new(F, "t", "c").counter().comment(name);
        nf.commit(&base().add(rule("b"))).unwrap();
        let list = GetRules::of_chain(F, "t", "c");
        let handle = nf.collect(&list).unwrap()[0].view().handle().unwrap();
        let more = Transaction::new()
            .add(rule("d"))
            .add(rule("a").at(Place::Start))
            .add(rule("c").at(Place::After(handle)))
            .add(rule("a2").at(Place::Before(handle)));
        nf.commit(&more).unwrap();
        let names = |nf: &mut Connection<Netfilter>| {
            let rules = nf.collect(&list).unwrap();
            let names = rules.iter().map(|r| r.view().comment().unwrap().to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&mut nf), ["a", "a2", "b", "c", "d"]);
        let rules = nf.collect(&list).unwrap();
        let edited = rules[2].view().to_replacement().accept().comment("edited");
        nf.commit(&Transaction::new().add(edited)).unwrap();
        assert_eq!(names(&mut nf), ["a", "a2", "edited", "c", "d"]);
        let rules = nf.collect(&list).unwrap();
        let last = rules[4].view().handle().unwrap();
        nf.commit(&Transaction::new().add(DelRule::new(F, "t", "c", last)))
            .unwrap();
        assert_eq!(names(&mut nf), ["a", "a2", "edited", "c"]);
    });
}

/// A request that wants to see its outcome.
struct Echo(NewRule);

impl Request for Echo {
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
fn echo_tells_the_handle() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        let transaction = base().add(Echo(NewRule::new(F, "t", "c").accept()));
        let mut handles = Vec::new();
        nf.commit_with(&transaction, |message| {
            if let Ok(rule) = nl_netfilter::rule::RuleView::parse(message.payload)
                && message.message_type() == nl_netfilter::nfgen::NFT_MSG_NEWRULE
            {
                handles.push(rule.handle().unwrap());
            }
        })
        .unwrap();
        let rules = nf.collect(&GetRules::of_table(F, "t")).unwrap();
        assert_eq!(handles, [rules[0].view().handle().unwrap()]);
    });
}

#[test]
fn a_hundred_thousand_elements_in_one_transaction() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        let set = NewSet::new(F, "t", "s", DataType::IPV4_ADDR);
        let elements = (0..100_000u32).map(|n| Element::new((0x0a00_0000 + n).to_be_bytes()));
        let transaction =
            base()
                .add(set.clone())
                .elements(SetElements::add(F, "t", set.reference(), elements));
        match nf.commit(&transaction) {
            // Without privilege in the first user namespace the system limits a datagram.
            Err(CommitError::Connection(nl_core::Error::TooLarge { len, limit })) => {
                assert!(len > 1_000_000 && limit < len);
                println!("skipped: net.core.wmem_max allows {limit} bytes, {len} are needed");
                return;
            }
            outcome => outcome.unwrap(),
        }
        let mut count = 0;
        nf.dump(&GetElements::new(F, "t", "s"), |list| {
            count += list.elements().count();
        })
        .unwrap();
        assert_eq!(count, 100_000);
    });
}

/// What a difference comes to that is none.
#[test]
fn without_elements_nothing_is_done() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        let set = NewSet::new(F, "t", "s", DataType::INET_SERVICE);
        let ports = (1..4u16).map(|port| Element::new(port.to_be_bytes()));
        let fill = SetElements::add(F, "t", "s", ports);
        nf.commit(&base().add(set).add(fill)).unwrap();
        let count = |nf: &mut Connection<Netfilter>| {
            let lists = nf.collect(&GetElements::new(F, "t", "s")).unwrap();
            let counts = lists.iter().map(|list| list.view().elements().count());
            counts.sum::<usize>()
        };
        let none = |action| SetElements {
            action,
            ..SetElements::add(F, "t", "s", [])
        };
        let actions = [
            ElementAction::Delete,
            ElementAction::Destroy,
            ElementAction::Add,
        ];
        for action in actions {
            nf.commit(&Transaction::new().add(none(action))).unwrap();
            nf.commit(&Transaction::new().elements(none(action)))
                .unwrap();
            assert_eq!(count(&mut nf), 3, "{action:?}");
        }
        let flush = SetElements::flush(F, "t", "s");
        nf.commit(&Transaction::new().elements(flush)).unwrap();
        assert_eq!(count(&mut nf), 0);
        // It names the set nevertheless.
        let missing = Transaction::new().add(SetElements::delete(F, "t", "missing", []));
        let error = nf.commit(&missing).unwrap_err();
        assert_eq!(error.refusal().unwrap().error.errno, Errno::ENOENT);
    });
}

#[test]
fn sets_elements_and_objects_come_back() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        let set = NewSet::new(F, "t", "s", DataType::INET_SERVICE)
            .timeout(60_000)
            .comment("ports");
        let quota = Quota {
            bytes: 1000,
            flags: Some(QuotaFlags::INV),
            consumed: Some(0),
        };
        let counter = Counter {
            bytes: Some(5),
            packets: Some(1),
        };
        let transaction = base()
            .add(set.clone())
            .elements(SetElements::add(
                F,
                "t",
                set.reference(),
                [Element::new([0, 22]).timeout(5000).comment("ssh")],
            ))
            .add(NewObject::new(
                F,
                "t",
                "q",
                ObjectData::Quota(quota.clone()),
            ))
            .add(NewObject::new(
                F,
                "t",
                "n",
                ObjectData::Counter(counter.clone()),
            ))
            .add(NewRule::new(F, "t", "c").counter_named("n"));
        nf.commit(&transaction).unwrap();
        let got = nf.get(&GetSet::new(F, "t", "s")).unwrap();
        assert_eq!(got.view().comment(), Some("ports"));
        assert_eq!(got.view().timeout(), Some(60_000));
        let lists = nf.collect(&GetElements::new(F, "t", "s")).unwrap();
        let element = Element::read(lists[0].view().elements().next().unwrap());
        assert_eq!(
            (element.key.as_slice(), element.timeout),
            (&[0, 22][..], Some(5000))
        );
        let objects = GetObjects {
            family: F,
            ..GetObjects::default()
        };
        let mut data: Vec<_> = nf.collect(&objects).unwrap();
        data.sort_by_key(|object| object.view().name().map(str::to_owned));
        assert_eq!(data[0].view().to_data(), ObjectData::Counter(counter));
        assert_eq!(data[1].view().to_data(), ObjectData::Quota(quota));
        let rules = nf.collect(&GetRules::of_table(F, "t")).unwrap();
        let first = rules[0].view().exprs().unwrap().iter().next();
        assert!(matches!(first, Some(Expr::Objref(_))));
        let delete = Transaction::new()
            .add(SetElements::delete(F, "t", "s", [Element::new([0, 22])]))
            .add(DelSet::new(F, "t", "s"));
        nf.commit(&delete).unwrap();
        let sets = GetSets {
            family: F,
            table: None,
        };
        assert!(nf.collect(&sets).unwrap().is_empty());
    });
}
