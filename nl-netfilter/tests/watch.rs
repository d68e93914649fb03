//! [`Watch`] against the running kernel: what it says is what a fresh list says.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "watch/random.rs"]
mod random;
#[path = "watch/replica.rs"]
mod replica;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nl_core::header::NLM_F_CREATE;
use nl_core::{Connection, Error, MessageType, Protocol, Request, Writer};
use nl_netfilter::chain::{ChainFlags, DelChain};
use nl_netfilter::expr::{Counter, Quota, QuotaFlags};
use nl_netfilter::table::TableFlags;
use nl_netfilter::watch::{Event, Object, Objects, Watch};
use nl_netfilter::{
    DataType, DelRule, DelTable, Element, Family, Hook, MapData, Netfilter, NetfilterExt, NewChain,
    NewObject, NewRule, NewSet, NewTable, ObjectData, Place, Policy, SetElements, SetFlags,
    Transaction,
};

use self::common::nft_file;
use self::random::{CHAINS, Known, Random, TABLES, push_random};
use self::replica::{Replica, generation};

const F: Family = Family::INET;

fn open() -> Connection<Netfilter> {
    Connection::open().unwrap()
}

fn everything() -> Watch {
    Watch::open(Objects::all()).unwrap()
}

/// What was read: the reader's replica, and what happened besides.
#[derive(Default)]
struct Reader {
    replica: Replica,
    /// `+kind`, `-kind`, `=kind`, and marks.
    told: Vec<String>,
    overruns: usize,
    synced: usize,
}

fn kind(object: &Object) -> &'static str {
    match object {
        Object::Table(_) => "table",
        Object::Chain(_) => "chain",
        Object::Rule(_) => "rule",
        Object::Set(_) => "set",
        Object::Element(_) => "element",
        Object::Stateful(_) => "object",
        Object::Flowtable(_) => "flowtable",
        _ => "other",
    }
}

impl Reader {
    fn take(&mut self, event: &Event) {
        self.replica.apply(event);
        match event {
            Event::Added { object, .. } => self.told.push(format!("+{}", kind(object))),
            Event::Changed { new, .. } => self.told.push(format!("={}", kind(new))),
            Event::Removed { object, .. } => self.told.push(format!("-{}", kind(object))),
            Event::Committed { .. } => self.told.push("commit".into()),
            Event::Overrun => self.overruns += 1,
            _ => self.synced += 1,
        }
    }

    /// Reads what there is.
    fn read(&mut self, watch: &mut Watch) -> Vec<String> {
        self.told.clear();
        while let Some(event) = watch.next_within(Duration::ZERO).unwrap() {
            self.take(&event);
        }
        std::mem::take(&mut self.told)
    }

    /// Reads, and compares with the kernel.
    fn check(&mut self, watch: &mut Watch, what: &dyn std::fmt::Debug) -> Vec<String> {
        let told = self.read(watch);
        let mut nf = open();
        self.replica.check(&mut nf, what);
        assert_eq!(watch.generation(), Some(generation(&mut nf)), "{what:?}");
        let known = Replica::from_objects(watch.objects());
        assert!(known == self.replica, "what it knows is what it told");
        told
    }
}

fn base() -> Transaction {
    Transaction::new()
        .add(NewTable::new(F, "t"))
        .add(NewChain::new(F, "t", "c").filter(Hook::INPUT, 0))
        .add(NewRule::new(F, "t", "c").counter().accept())
        .add(NewSet::new(F, "t", "s", DataType::INET_SERVICE))
        .add(SetElements::add(F, "t", "s", (1..4u16).map(port)))
}

fn port(port: u16) -> Element {
    Element::new(port.to_be_bytes())
}

#[test]
fn a_commit_is_told_as_a_whole() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        nf.commit(&base()).unwrap();
        let mut watch = everything();
        let mut reader = Reader::default();
        let told = reader.check(&mut watch, &"listing");
        let want = [
            "+table", "+chain", "+set", "+element", "+element", "+element", "+rule",
        ];
        assert_eq!(told, want);
        let change = Transaction::new()
            .add(NewRule::new(F, "t", "c").at(Place::Start).drop())
            .add(NewChain::new(F, "t", "c").policy(Policy::DROP))
            .add(SetElements::delete(F, "t", "s", [port(2)]))
            .add(NewObject::new(
                F,
                "t",
                "n",
                ObjectData::Counter(Counter::default()),
            ));
        nf.commit(&change).unwrap();
        // Half of it is told only when it is complete: nothing, then all.
        let told = reader.check(&mut watch, &"a change");
        assert_eq!(told, ["+rule", "=chain", "-element", "+object", "commit"]);
        nf.commit(&Transaction::new().add(DelTable::new(F, "t")))
            .unwrap();
        let told = reader.check(&mut watch, &"the table goes");
        assert_eq!(told.last().unwrap(), "commit");
        assert_eq!(reader.replica.len(), 0);
        assert_eq!((reader.overruns, reader.synced), (0, 1));
    });
}

#[test]
fn whose_commits_they_are() {
    nl_netns::isolate!(|| {
        let (mut mine, mut other) = (open(), open());
        let mut watches = [everything(), everything()];
        for watch in &mut watches {
            while watch.next_within(Duration::ZERO).unwrap().is_some() {}
        }
        let first = generation(&mut mine);
        mine.commit(&Transaction::new().add(NewTable::new(F, "mine")))
            .unwrap();
        other
            .commit(&Transaction::new().add(NewTable::new(F, "other")))
            .unwrap();
        for watch in &mut watches {
            let mut seen = Vec::new();
            while let Some(event) = watch.next_within(Duration::ZERO).unwrap() {
                seen.push(match event {
                    Event::Added { port, .. } => (0, port),
                    Event::Committed {
                        generation,
                        process,
                        process_name,
                        port,
                    } => {
                        let thread = std::fs::read_link("/proc/thread-self").unwrap();
                        let name = std::fs::read_to_string("/proc/thread-self/comm").unwrap();
                        assert_eq!(thread.file_name().unwrap(), &*process.to_string());
                        assert_eq!(name.trim_end(), process_name);
                        (generation, port)
                    }
                    other => panic!("{other:?}"),
                });
            }
            let ports = [mine.socket().port(), other.socket().port()];
            let want = [
                (0, ports[0]),
                (first + 1, ports[0]),
                (0, ports[1]),
                (first + 2, ports[1]),
            ];
            assert_eq!(seen, want);
        }
    });
}

#[test]
fn rules_are_told_in_their_place() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        nf.commit(&base()).unwrap();
        let mut watch = everything();
        let mut reader = Reader::default();
        reader.check(&mut watch, &"listing");
        let rule = |comment: &str| NewRule::new(F, "t", "c").comment(comment).accept();
        let id = |comment: &str, id| {
            let mut rule = rule(comment);
            rule.id = Some(id);
            rule
        };
        let handles = |watch: &Watch| -> Vec<u64> {
            let rules = watch.objects().filter_map(|object| match object {
                Object::Rule(rule) => rule.view().handle(),
                _ => None,
            });
            rules.collect()
        };
        // Several at the start: each is before the one that was told earlier.
        let starts = ["a", "b", "c"].map(|name| rule(name).at(Place::Start));
        let mut change = Transaction::new();
        for start in starts {
            change.push(start);
        }
        nf.commit(&change).unwrap();
        reader.check(&mut watch, &change);
        let mut many = Transaction::new();
        for n in 0..2000 {
            many.push(rule(&format!("{n}")).at(Place::Start));
        }
        nf.commit(&many).unwrap();
        reader.check(&mut watch, &"2000 at the start");
        // Behind and before one of the same transaction.
        let change = Transaction::new()
            .add(id("d", 1))
            .add(id("e", 2).at(Place::BeforeId(1)))
            .add(rule("f").at(Place::AfterId(2)))
            .add(rule("g").at(Place::AfterId(1)))
            .add(rule("h").at(Place::BeforeId(2)));
        nf.commit(&change).unwrap();
        reader.check(&mut watch, &change);
        // Replaced: the first, the last, one in the middle, and the only one.
        let known = handles(&watch);
        for handle in [known[0], known[known.len() - 1], known[2]] {
            let change = Transaction::new().add(rule("r").at(Place::Replace(handle)));
            nf.commit(&change).unwrap();
            reader.check(&mut watch, &change);
        }
        let known = handles(&watch);
        let change = Transaction::new()
            .add(rule("x").at(Place::Replace(known[0])))
            .add(rule("y").at(Place::Before(known[1])))
            .add(rule("z").at(Place::Replace(known[1])))
            .add(DelRule::new(F, "t", "c", known[2]))
            .add(rule("last"));
        nf.commit(&change).unwrap();
        reader.check(&mut watch, &change);
        let change = Transaction::new()
            .add(DelRule::flush_chain(F, "t", "c"))
            .add(rule("new"))
            .add(rule("newer"))
            .add(rule("newest"));
        nf.commit(&change).unwrap();
        reader.check(&mut watch, &change);
        assert_eq!((reader.overruns, reader.synced), (0, 1), "without a list");
        // Put next to one that the same commit deletes: only a list tells where that is.
        for after in [true, false] {
            let known = handles(&watch);
            let (gone, place) = match after {
                true => (known[0], Place::After(known[0])),
                false => (known[2], Place::Before(known[2])),
            };
            let change = Transaction::new()
                .add(DelRule::new(F, "t", "c", gone))
                .add(rule("w").at(place));
            nf.commit(&change).unwrap();
            reader.check(&mut watch, &change);
        }
        assert_eq!((reader.overruns, reader.synced), (0, 3));
    });
}

#[test]
fn what_is_not_told_is_listed() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        nf.commit(&base()).unwrap();
        let more = Transaction::new()
            .add(NewChain::new(F, "t", "d"))
            .add(NewRule::new(F, "t", "c").jump("d"))
            .add(NewSet::new(F, "t", "v", DataType::INET_SERVICE).map(MapData::Verdict))
            .add(SetElements::add(
                F,
                "t",
                "v",
                [port(7).verdict(nl_netfilter::Verdict::Jump("d".into()))],
            ));
        nf.commit(&more).unwrap();
        let mut watch = everything();
        let mut reader = Reader::default();
        reader.check(&mut watch, &"listing");
        // A chain's new name stands in all that leads to it.
        let handle = watch.objects().find_map(|object| match object {
            Object::Chain(chain) if chain.view().name() == Some("d") => chain.view().handle(),
            _ => None,
        });
        let rename = NewChain {
            handle,
            ..NewChain::new(F, "t", "renamed")
        };
        nf.commit(&Transaction::new().add(rename)).unwrap();
        let told = reader.check(&mut watch, &"a new name");
        assert_eq!(told, ["=chain", "=element", "=rule"]);
        assert_eq!((reader.overruns, reader.synced), (0, 2));
        // What is in braces goes with its rule, and of its chain nothing is told.
        nft_file("add rule inet t c jump { tcp dport { 1, 2 } accept; }");
        reader.check(&mut watch, &"a chain in braces");
        assert_eq!(reader.synced, 2);
        let last = |watch: &Watch, chain: &str| {
            let rules = watch.objects().filter_map(|object| match object {
                Object::Rule(rule) if rule.view().chain() == Some(chain) => rule.view().handle(),
                _ => None,
            });
            rules.last().unwrap()
        };
        let delete = |handle| DelRule::new(F, "t", "c", handle);
        let handle = last(&watch, "c");
        // One that only has the chain's name in its comment goes alone.
        let braces = watch.objects().find_map(|object| match object {
            Object::Chain(chain) => {
                let flags = chain.view().flags().unwrap_or_default();
                let name = chain.view().name().unwrap().to_owned();
                flags.contains(ChainFlags::BINDING).then_some(name)
            }
            _ => None,
        });
        let names = NewRule::new(F, "t", "c").comment(&braces.unwrap());
        nf.commit(&Transaction::new().add(names)).unwrap();
        reader.check(&mut watch, &"a comment");
        nf.commit(&Transaction::new().add(delete(last(&watch, "c"))))
            .unwrap();
        let told = reader.check(&mut watch, &"the comment goes");
        assert_eq!(told, ["-rule", "commit"]);
        nf.commit(&Transaction::new().add(delete(handle))).unwrap();
        let told = reader.check(&mut watch, &"it goes");
        assert!(told.contains(&"-chain".into()), "{told:?}");
        // A table that goes with its owner is nobody's news.
        let mut owner = open();
        let owned = NewTable::new(F, "owned").flags(TableFlags::OWNER);
        owner.commit(&Transaction::new().add(owned)).unwrap();
        assert_eq!(reader.check(&mut watch, &"an owner"), ["+table", "commit"]);
        drop(owner);
        watch.read_again();
        assert_eq!(reader.check(&mut watch, &"it has gone"), ["-table"]);
    });
}

#[test]
fn elements_end_when_their_time_is_over() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        let set = NewSet::new(F, "t", "s", DataType::INET_SERVICE).timeout(3_600_000);
        let make = Transaction::new()
            .add(NewTable::new(F, "t"))
            .add(set)
            .add(SetElements::add(
                F,
                "t",
                "s",
                [port(1), port(2).timeout(2000)],
            ));
        nf.commit(&make).unwrap();
        let mut watch = everything();
        let mut reader = Reader::default();
        reader.check(&mut watch, &"listing");
        let later = SetElements::add(F, "t", "s", [port(3).timeout(3000), port(4).timeout(1500)]);
        nf.commit(&Transaction::new().add(later)).unwrap();
        // It is looked at only when some time has passed, and right nevertheless.
        std::thread::sleep(Duration::from_millis(100));
        reader.check(&mut watch, &"two that end");
        let mut ended = 0;
        while ended < 3 {
            let event = watch.next().unwrap();
            reader.take(&event);
            ended += 1;
            // Not before the kernel says so, too.
            let Event::Removed { object, .. } = &event else {
                panic!("{event:?}");
            };
            assert!(!Replica::listed(&mut nf).has(object), "{event:?}");
        }
        assert_eq!(reader.check(&mut watch, &"all have ended"), [""; 0]);
        // Another lifetime, which kernels take since Linux 6.12; before, it stays as it is.
        let again = SetElements::add(F, "t", "s", [port(1).timeout(7_200_000)]);
        nf.commit(&Transaction::new().add(again)).unwrap();
        reader.check(&mut watch, &"another lifetime");
        // One that packets could have prolonged is looked for.
        let eval = NewSet::new(F, "t", "e", DataType::INET_SERVICE)
            .timeout(1500)
            .flags(SetFlags::EVAL);
        let make =
            Transaction::new()
                .add(eval)
                .add(SetElements::add(F, "t", "e", [port(1), port(2)]));
        nf.commit(&make).unwrap();
        reader.check(&mut watch, &"a dynamic set");
        for _ in 0..2 {
            let event = watch.next().unwrap();
            assert!(matches!(event, Event::Removed { .. }), "{event:?}");
            reader.take(&event);
        }
        reader.check(&mut watch, &"both have ended");
    });
}

enum Route {}

impl Protocol for Route {
    const NUMBER: i32 = 0;
    const NAME: &'static str = "rtnetlink";
    const STRICT: bool = false;

    fn message_types() -> &'static [MessageType] {
        &[]
    }
}

/// What tests need of links.
enum Link {
    /// `ip link set lo up`.
    LoopbackUp,
    /// `ip link add type veth`: the kernel names them veth0 and veth1.
    Veth,
}

impl Link {
    fn done(self) {
        Connection::<Route>::open().unwrap().call(&self).unwrap();
    }
}

impl Request for Link {
    type Protocol = Route;

    /// `RTM_NEWLINK`.
    fn message_type(&self) -> u16 {
        16
    }
    fn flags(&self) -> u16 {
        match self {
            Self::LoopbackUp => 0,
            Self::Veth => NLM_F_CREATE,
        }
    }
    /// `struct ifinfomsg`: index, flags, which flags; `IFLA_LINKINFO`, `IFLA_INFO_KIND`.
    fn write(&self, out: &mut Writer) {
        let word = u32::from(matches!(self, Self::LoopbackUp));
        out.bytes_mut().extend([0; 4]);
        for word in [word; 3] {
            out.bytes_mut().extend(word.to_ne_bytes());
        }
        if let Self::Veth = self {
            out.nest(18, |out| out.raw(1, b"veth"));
        }
    }
}

/// Chains get devices and lose them.
#[test]
fn devices_of_chains_are_listed() {
    nl_netns::isolate!(|| {
        Link::Veth.done();
        let mut nf = open();
        let chain = |devices: &[&str]| {
            let chain = NewChain::new(Family::NETDEV, "n", "c").filter(Hook::NETDEV_INGRESS, 0);
            devices
                .iter()
                .fold(chain, |chain, device| chain.device(device))
        };
        let make = Transaction::new()
            .add(NewTable::new(Family::NETDEV, "n"))
            .add(chain(&["veth0", "lo"]));
        let mut watch = everything();
        let mut reader = Reader::default();
        reader.check(&mut watch, &"nothing");
        nf.commit(&make).unwrap();
        let told = reader.check(&mut watch, &make);
        assert_eq!(told, ["+table", "+chain", "commit"]);
        // Of one more the kernel tells nothing but this one (Linux 6.4).
        let more = Transaction::new().add(chain(&["veth1", "lo"]));
        if nf.commit(&more).is_ok() {
            assert_eq!(reader.check(&mut watch, &more), ["=chain"]);
        }
        let delete = Transaction::new().add(DelChain::new(Family::NETDEV, "n", "c"));
        nf.commit(&delete).unwrap();
        assert_eq!(reader.check(&mut watch, &delete)[0], "-chain");
    });
}

/// The kernel says so when packets use a quota up, and not as part of a commit.
#[test]
fn a_quota_that_is_used_up_is_told() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        let quota = ObjectData::Quota(Quota {
            bytes: 100,
            flags: Some(QuotaFlags::INV),
            consumed: None,
        });
        let uses =
            NewRule::new(F, "t", "c").expr(nl_netfilter::expr::Objref::named(quota.kind(), "q"));
        let make = Transaction::new()
            .add(NewTable::new(F, "t"))
            .add(NewChain::new(F, "t", "c").filter(Hook::OUTPUT, 0))
            .add(NewObject::new(F, "t", "q", quota))
            .add(uses);
        nf.commit(&make).unwrap();
        let mut watch = everything();
        let mut reader = Reader::default();
        reader.check(&mut watch, &"listing");
        Link::LoopbackUp.done();
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = socket.local_addr().unwrap();
        for _ in 0..3 {
            socket.send_to(&[0; 60], to).unwrap();
        }
        assert_eq!(reader.read(&mut watch), ["=object"]);
        let used = watch.objects().find_map(|object| match object {
            Object::Stateful(object) => Some(object),
            _ => None,
        });
        let used = used.unwrap();
        assert_eq!(used.view().header().family(), F, "not the packet's");
        let ObjectData::Quota(quota) = used.view().to_data() else {
            panic!("no quota");
        };
        assert!(quota.flags.unwrap().contains(QuotaFlags::DEPLETED));
        // What follows is applied as ever.
        nf.commit(&Transaction::new().add(NewTable::new(F, "u")))
            .unwrap();
        assert_eq!(reader.read(&mut watch), ["+table", "commit"]);
    });
}

#[test]
fn who_does_not_read_is_right_again_afterwards() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        nf.commit(&base()).unwrap();
        // 4 MiB are asked for. Where the system gives less, it is over sooner.
        let mut watch = everything();
        let mut reader = Reader::default();
        reader.check(&mut watch, &"listing");
        for n in 0..6000u16 {
            let change = Transaction::new()
                .add(SetElements::add(F, "t", "s", [port(1000 + n)]))
                .add(NewRule::new(F, "t", "c").comment(&format!("{n}")).accept());
            nf.commit(&change).unwrap();
            if n % 1000 == 999 {
                let flush = DelRule::flush_chain(F, "t", "c");
                nf.commit(&Transaction::new().add(flush)).unwrap();
            }
        }
        let delete = SetElements::delete(F, "t", "s", (1000..3000).map(port));
        nf.commit(&Transaction::new().elements(delete)).unwrap();
        let told = reader.check(&mut watch, &"6000 changes");
        assert!(reader.overruns > 0, "the receive buffer held it all");
        // Only the difference is told.
        let added = told.iter().filter(|told| *told == "+element").count();
        let removed = told.iter().filter(|told| *told == "-rule").count();
        assert!(added <= 6000 && removed <= 6000, "{added} {removed}");
        // It goes on as before.
        let change = Transaction::new().add(NewTable::new(F, "u"));
        nf.commit(&change).unwrap();
        assert_eq!(reader.check(&mut watch, &change), ["+table", "commit"]);
    });
}

#[test]
fn lists_that_change_while_they_are_read_come_out_right() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        let mut make = base();
        for n in 0..300 {
            make.push(NewRule::new(F, "t", "c").comment(&format!("{n}")).accept());
        }
        nf.commit(&make).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let busy = std::thread::spawn(move || {
            let mut nf = open();
            let mut random = Random(7);
            let mut commits = 0;
            while !stopped.load(Ordering::Relaxed) {
                let n = random.below(40) as u16;
                let rule = NewRule::new(F, "t", "c").comment(&format!("{n}")).accept();
                let elements = [port(100 + n)];
                let change = Transaction::new()
                    .add(rule.at(Place::Start))
                    .add(match n % 2 {
                        0 => SetElements::add(F, "t", "s", elements),
                        _ => SetElements {
                            action: nl_netfilter::element::ElementAction::Destroy,
                            ..SetElements::delete(F, "t", "s", elements)
                        },
                    });
                nf.commit(&change).unwrap();
                commits += 1;
                if commits % 64 == 0 {
                    let flush = DelRule::flush_chain(F, "t", "c");
                    nf.commit(&Transaction::new().add(flush)).unwrap();
                }
                // Nobody lists while another never stops.
                if commits % 8 == 0 {
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        });
        let mut watch = everything();
        let mut reader = Reader::default();
        let (mut listed, mut events) = (0, 0);
        while reader.synced < 6 {
            match watch.next_within(Duration::from_millis(1)) {
                Ok(Some(event)) => reader.take(&event),
                // It is told, and tried again.
                Ok(None) | Err(Error::Interrupted) => {}
                Err(error) => panic!("{error}"),
            }
            events += 1;
            if reader.synced > listed && events > 50 {
                (listed, events) = (reader.synced, 0);
                watch.read_again();
            }
        }
        stop.store(true, Ordering::Relaxed);
        busy.join().unwrap();
        reader.check(&mut watch, &"it is quiet");
    });
}

/// Every commit moves all elements of a set and the comment of a rule on by one: whoever sees some of it
/// moved and some not has seen half a commit.
#[test]
fn no_list_is_made_in_the_middle_of_a_commit() {
    const COUNT: u16 = 150;
    nl_netns::isolate!(|| {
        let elements = |n: u16| {
            (0..COUNT).map(move |k| {
                let (low, high) = ((4 * k).to_be_bytes(), (4 * k + 2).to_be_bytes());
                let first = n.to_be_bytes();
                Element::concat([&first[..], &low]).up_to([&first[..], &high])
            })
        };
        let mut nf = open();
        let set = NewSet::new(F, "t", "s", DataType::INET_SERVICE)
            .concat(DataType::INET_SERVICE)
            .interval();
        let make = Transaction::new()
            .add(NewTable::new(F, "t"))
            .add(NewChain::new(F, "t", "c"))
            .add(NewRule::new(F, "t", "c").comment("0"))
            .add(set)
            .add(SetElements::add(F, "t", "s", elements(0)));
        nf.commit(&make).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let busy = std::thread::spawn(move || {
            let mut nf = open();
            for n in 0..u16::MAX {
                let change = Transaction::new()
                    .add(DelRule::flush_chain(F, "t", "c"))
                    .add(SetElements::delete(F, "t", "s", elements(n)))
                    .add(SetElements::add(F, "t", "s", elements(n + 1)))
                    .add(NewRule::new(F, "t", "c").comment(&format!("{}", n + 1)));
                nf.commit(&change).unwrap();
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                if n % 8 == 7 {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        });
        let mut watch = everything();
        let (mut synced, mut commits) = (0, 0);
        let mut keys = std::collections::BTreeMap::<u16, u16>::new();
        let mut rules = Vec::new();
        while synced < 40 {
            let event = match watch.next() {
                Err(Error::Interrupted) => continue,
                event => event.unwrap(),
            };
            match event {
                Event::Added { object, .. } => match object {
                    Object::Element(element) => {
                        let key = element.to_element().key;
                        let n = u16::from_be_bytes([key[0], key[1]]);
                        *keys.entry(n).or_default() += 1;
                    }
                    Object::Rule(rule) => rules.push(rule.view().comment().unwrap().to_owned()),
                    _ => {}
                },
                Event::Removed { object, .. } => match object {
                    Object::Element(element) => {
                        let key = element.to_element().key;
                        let n = u16::from_be_bytes([key[0], key[1]]);
                        *keys.get_mut(&n).unwrap() -= 1;
                        keys.retain(|_, count| *count > 0);
                    }
                    Object::Rule(rule) => {
                        rules.retain(|known| Some(&**known) != rule.view().comment());
                    }
                    _ => {}
                },
                Event::Synced { .. } | Event::Committed { .. } => {
                    let is_list = matches!(event, Event::Synced { .. });
                    assert_eq!(keys.len(), 1, "list: {is_list}, {keys:?} {rules:?}");
                    let (n, count) = keys.iter().next().unwrap();
                    assert_eq!(*count, COUNT, "list: {is_list}");
                    assert_eq!(rules, [n.to_string()], "list: {is_list}");
                    synced += usize::from(is_list);
                    commits += usize::from(!is_list);
                    if commits % 3 == 2 || is_list {
                        commits += 1;
                        watch.read_again();
                    }
                }
                _ => {}
            }
        }
        stop.store(true, Ordering::Relaxed);
        busy.join().unwrap();
    });
}

fn random_transactions(seed: u64, rounds: usize) {
    let mut random = Random(seed);
    let mut nf = open();
    let mut setup = Transaction::new();
    for (family, table) in TABLES {
        setup.push(NewTable::new(family, table));
        for chain in CHAINS {
            setup.push(NewChain::new(family, table, chain));
        }
    }
    let mut watch = everything();
    let mut late = everything();
    let (mut reader, mut late_reader) = (Reader::default(), Reader::default());
    late_reader.read(&mut late);
    let mut done = 0;
    for round in 0..rounds {
        if reader.replica.len() < 5 {
            nf.commit(&setup).unwrap();
        }
        reader.read(&mut watch);
        let known = Known::of(&watch);
        let mut change = Transaction::new();
        let mut earlier = None;
        for n in 0..1 + random.below(7) as u32 {
            // What is refused by itself would take all others with it.
            let (mut alone, mut trial) = (Transaction::new(), Random(random.0));
            let mut last = earlier.clone();
            let beside = push_random(&mut trial, &known, 10 * n, &mut last, &mut alone);
            if beside || nf.check(&alone).is_ok() {
                push_random(&mut random, &known, 10 * n, &mut earlier, &mut change);
            } else {
                random = trial;
            }
        }
        if nf.commit(&change).is_ok() {
            done += 1;
        }
        let what = format!("seed {seed} round {round}: {change:?}");
        reader.check(&mut watch, &what);
        if round % 16 == 15 {
            late_reader.check(&mut late, &format!("16 rounds up to {what}"));
        }
    }
    assert!(done > rounds / 2, "{done} of {rounds} were done");
    assert_eq!((reader.overruns, late_reader.overruns), (0, 0));
    nft_file("flush ruleset");
    reader.check(&mut watch, &"flush ruleset");
    assert_eq!(reader.replica.len(), 0);
}

#[test]
fn after_random_transactions_it_says_what_a_list_says() {
    nl_netns::isolate!(|| {
        for seed in 1..=3 {
            random_transactions(seed, 50);
        }
    });
}

/// Scripts of nft, one commit each.
const SCRIPTS: &[&str] = &[
    "table inet t { set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 11.0.0.1-11.0.0.9 } }
     chain c { type filter hook input priority 0; ip saddr @s drop; tcp dport { 22, 80 } accept; }\n}",
    "add element inet t s { 12.0.0.0/8 comment \"twelve\" }",
    "delete element inet t s { 10.0.0.0/8 }",
    "add map inet t m { type ipv4_addr . inet_service : verdict; flags interval; }
     add element inet t m { 10.0.0.0/8 . 80 : drop, 11.0.0.1-11.0.0.7 . 1-90 : accept }",
    "add rule inet t c ip saddr . tcp dport vmap @m; insert rule inet t c counter; add rule inet t c limit rate 5/second",
    "add map inet t o { type ipv4_addr : counter; }; add counter inet t n; add element inet t o { 1.2.3.4 : \"n\", * : \"n\" }",
    "add chain inet t e; add rule inet t c jump e; add rule inet t e tcp dport vmap { 1 : accept, 2 : drop }",
    "rename chain inet t e f",
    "flush chain inet t f",
    "delete element inet t m { 10.0.0.0/8 . 80 }",
    "add quota inet t q { over 10 mbytes }; add rule inet t c quota name \"q\"; add limit inet t l { rate 10/second }",
    "add table ip n; add chain ip n post { type nat hook postrouting priority 100; }; add rule ip n post masquerade",
    "delete table inet t\ntable inet t {\nchain c { type filter hook input priority 0; policy drop; }\n}",
    "add rule inet t c goto { udp dport { 1, 2 } accept; drop; }",
    "add table inet u { flags dormant; }; add table inet t { flags dormant; }",
    "delete chain ip n post; delete table ip n",
    "flush chain inet t c",
    "flush ruleset\ntable ip6 x {\nchain y { }\n}",
    "flush ruleset",
];

#[test]
fn what_nft_does_is_followed() {
    nl_netns::isolate!(|| {
        let mut watch = everything();
        let mut reader = Reader::default();
        reader.check(&mut watch, &"nothing");
        for script in SCRIPTS {
            nft_file(script);
            reader.check(&mut watch, script);
        }
        assert_eq!(reader.overruns, 0);
        assert_eq!(reader.replica.len(), 0);
    });
}

#[test]
fn only_what_is_wanted_is_told() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        let mut watch = Watch::open(Objects::CHAINS | Objects::RULES).unwrap();
        let mut reader = Reader::default();
        reader.read(&mut watch);
        nf.commit(&base()).unwrap();
        assert_eq!(reader.read(&mut watch), ["+chain", "+rule", "commit"]);
        let objects: Vec<_> = watch.objects().map(|object| kind(&object)).collect();
        assert_eq!(objects, ["chain", "rule"]);
        nft_file("flush ruleset");
        assert_eq!(reader.read(&mut watch), ["-rule", "-chain", "commit"]);
    });
}
