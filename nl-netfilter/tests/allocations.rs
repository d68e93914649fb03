//! Counts allocations: none per object written, read or listed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../../nl-core/tests/counting/mod.rs"]
mod counting;

use counting::{listing, writing};
use nl_core::{Connection, Request};
use nl_netfilter::build::ip;
use nl_netfilter::expr::Counter;
use nl_netfilter::flowtable::{GetFlowtables, NewFlowtable};
use nl_netfilter::{
    DataType, DelChain, DelRule, DelSet, DelTable, Element, Family, GetChains, GetElements,
    GetObjects, GetRules, GetSets, GetTables, Hook, MapData, Netfilter, NetfilterExt, NewChain,
    NewObject, NewRule, NewSet, NewTable, ObjectData, Policy, SetElements, Transaction, Verdict,
};

const F: Family = Family::INET;

fn table() -> NewTable {
    NewTable::new(F, "t").comment("ours")
}

fn chain(name: &str) -> NewChain {
    NewChain::new(F, "t", name)
        .filter(Hook::INPUT, 7)
        .policy(Policy::DROP)
        .comment("a chain")
}

fn rule() -> NewRule {
    NewRule::new(F, "t", "c0")
        .matching(ip::saddr(([10, 0, 0, 0], 24)))
        .iifname("eth0")
        .counter()
        .jump("target")
        .comment("a rule")
}

fn set(name: &str) -> NewSet {
    NewSet::new(F, "t", name, DataType::IPV4_ADDR)
        .timeout(600_000)
        .comment("a set")
}

fn elements(name: &str) -> SetElements {
    let elements = (0..1000u32).map(|i| Element::new(i.to_be_bytes()).comment("an element"));
    SetElements::add(F, "t", name, elements)
}

fn map() -> NewSet {
    NewSet::new(F, "t", "m", DataType::IPV4_ADDR).map(MapData::Verdict)
}

fn verdicts() -> SetElements {
    let verdict = |i: u32| Element::new(i.to_be_bytes()).verdict(Verdict::Jump("target".into()));
    SetElements::add(F, "t", "m", (0..100).map(verdict))
}

fn object(name: &str) -> NewObject {
    NewObject::new(F, "t", name, ObjectData::Counter(Counter::default()))
}

fn flowtable(name: &str) -> NewFlowtable {
    NewFlowtable {
        family: F,
        table: "t".into(),
        name: name.into(),
        priority: 0,
        devices: vec!["lo".into()],
        flags: 0,
    }
}

#[test]
fn every_request_is_written_without_allocation() {
    let requests: [&dyn Request<Protocol = Netfilter>; 20] = [
        &table(),
        &chain("c0"),
        &rule(),
        &set("s0"),
        &map(),
        &elements("s0"),
        &verdicts(),
        &object("n0"),
        &flowtable("f0"),
        &DelTable::new(F, "t"),
        &DelChain::new(F, "t", "c0"),
        &DelRule::new(F, "t", "c0", 7),
        &DelSet::new(F, "t", "s0"),
        &GetTables { family: F },
        &GetChains { family: F },
        &GetRules::of_chain(F, "t", "c0"),
        &GetElements::new(F, "t", "s0"),
        &GetObjects::default(),
        &GetSets {
            family: F,
            table: None,
        },
        &GetFlowtables {
            family: F,
            table: None,
        },
    ];
    for (i, request) in requests.into_iter().enumerate() {
        assert_eq!(writing(request), 0, "{i}: {}", request.message_type());
    }
}

#[test]
fn every_object_is_listed_without_allocation() {
    nl_netns::isolate!(|| {
        let mut nf = Connection::<Netfilter>::open().unwrap();
        let mut transaction = Transaction::new()
            .add(table())
            .add(NewChain::new(F, "t", "target"))
            .add(map())
            .elements(verdicts());
        for i in 0..20 {
            transaction.push(NewTable::new(F, &format!("t{i}")));
            transaction.push(chain(&format!("c{i}")));
            transaction.push(set(&format!("s{i}")));
            transaction.push(object(&format!("n{i}")));
        }
        for _ in 0..100 {
            transaction.push(rule());
        }
        nf.commit(&transaction.elements(elements("s0"))).unwrap();
        // Not every kernel has them.
        let flowtable = Transaction::new().add(flowtable("f"));
        let flowtables = usize::from(nf.commit(&flowtable).is_ok());

        let listed = listing(&mut nf, &GetTables { family: F }, |table| {
            let _ = (table.name(), table.comment());
        });
        assert_eq!(listed, (21, 0));
        let listed = listing(&mut nf, &GetChains { family: F }, |chain| {
            let _ = (chain.name(), chain.comment());
            let _ = chain.hook().and_then(|hook| hook.priority());
        });
        assert_eq!(listed, (21, 0));
        let listed = listing(&mut nf, &GetRules::of_table(F, "t"), |rule| {
            assert!(rule.exprs().is_some() && rule.comment() == Some("a rule"));
        });
        assert_eq!(listed, (100, 0));
        let request = GetSets {
            family: F,
            table: None,
        };
        let listed = listing(&mut nf, &request, |set| {
            let _ = (set.name(), set.comment(), set.timeout());
        });
        assert_eq!(listed, (21, 0));
        for (name, want) in [("s0", 1000), ("m", 100)] {
            let mut count = 0;
            let (_, allocated) = listing(&mut nf, &GetElements::new(F, "t", name), |list| {
                count += list.elements().filter(|e| e.key().is_some()).count();
            });
            // It was read twice.
            assert_eq!((count, allocated), (2 * want, 0), "{name}");
        }
        let request = GetObjects {
            family: F,
            ..GetObjects::default()
        };
        let listed = listing(&mut nf, &request, |object| {
            let _ = (object.name(), object.comment());
        });
        assert_eq!(listed, (20, 0));
        let request = GetFlowtables {
            family: F,
            table: None,
        };
        let listed = listing(&mut nf, &request, |flowtable| {
            assert_eq!(flowtable.name(), Some("f"));
        });
        assert_eq!(listed, (flowtables, 0));
    });
}
