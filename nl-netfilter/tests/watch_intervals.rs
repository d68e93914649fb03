//! [`Watch`] against the running kernel: intervals whose time is over.
//!
//! In a set of intervals each has two elements, and only the first has a lifetime. When that is over the kernel lists
//! the end still; it goes, silently, when elements are put into the set later.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "watch/replica.rs"]
mod replica;

use std::time::{Duration, Instant};

use nl_core::Connection;
use nl_netfilter::element::ElementFlags;
use nl_netfilter::watch::{Object, Objects, Watch};
use nl_netfilter::{
    DataType, Element, Family, Netfilter, NetfilterExt, NewSet, NewTable, SetElements, Transaction,
};

use self::replica::Replica;

const F: Family = Family::INET;
const HOUR: u64 = 3_600_000;

/// A watch, and what a reader of it knows.
struct Followed {
    watch: Watch,
    replica: Replica,
}

impl Followed {
    fn new() -> Self {
        let mut followed = Self {
            watch: Watch::open(Objects::all()).unwrap(),
            replica: Replica::default(),
        };
        followed.read();
        followed
    }

    fn read(&mut self) {
        while let Some(event) = self.watch.next_within(Duration::ZERO).unwrap() {
            self.replica.apply(&event);
        }
    }

    /// That it says what the kernel lists.
    fn check(&mut self, what: &str) {
        self.read();
        self.replica.check(&mut open(), &what);
        let known = Replica::from_objects(self.watch.objects());
        assert!(known == self.replica, "what it knows is what it told");
    }

    /// The elements that are known: starts as they are, ends negative.
    fn elements(&self) -> Vec<i32> {
        let elements = self.watch.objects().filter_map(|object| match object {
            Object::Element(element) => Some(element.to_element()),
            _ => None,
        });
        let signed = elements.map(|element| {
            let port = i32::from(u16::from_be_bytes([element.key[0], element.key[1]]));
            match element.flags.contains(ElementFlags::INTERVAL_END) {
                true => -port,
                false => port,
            }
        });
        signed.collect()
    }

    /// Commits what is told at once: what lies there for long is listed, whatever it is.
    fn follow(&mut self, change: &Transaction) {
        self.read();
        open().commit(change).unwrap();
        self.read();
    }

    /// Follows until these are the elements that are known.
    fn until(&mut self, elements: &[i32]) {
        let start = Instant::now();
        while self.elements() != elements {
            assert!(start.elapsed().as_secs() < 20, "{:?}", self.elements());
            if let Some(event) = self.watch.next_within(Duration::from_millis(5)).unwrap() {
                self.replica.apply(&event);
            }
        }
    }
}

fn open() -> Connection<Netfilter> {
    Connection::open().unwrap()
}

/// `first`-`last`, for so many milliseconds.
fn interval(first: u16, last: u16, timeout: u64) -> Vec<Element> {
    let mut elements = Element::interval(&first.to_be_bytes(), &last.to_be_bytes());
    elements[0].timeout = Some(timeout);
    elements
}

fn add(elements: Vec<Element>) -> Transaction {
    Transaction::new().add(SetElements::add(F, "t", "s", elements))
}

/// Makes a set of intervals with lifetimes.
fn make() -> Transaction {
    let set = NewSet::new(F, "t", "s", DataType::INET_SERVICE).interval();
    Transaction::new()
        .add(NewTable::new(F, "t"))
        .add(set.timeout(HOUR))
}

#[test]
fn the_end_of_an_interval_goes_when_the_kernel_lets_it_go() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        nf.commit(&make()).unwrap();
        let touching = [interval(10, 20, 500), interval(21, 25, HOUR)];
        nf.commit(&add(touching.concat())).unwrap();
        let mut early = Followed::new();
        // Its time is over: the kernel lists the end still.
        early.until(&[21, -21, -26]);
        early.check("one has ended");
        let mut late = Followed::new();
        assert_eq!(late.elements(), [21, -21, -26]);
        // What comes in its place takes it along.
        late.read();
        early.follow(&add(interval(12, 13, HOUR)));
        late.check("another comes, where a list had no start");
        early.check("another comes");
        // Several end, and one that has no end.
        let several = [
            interval(30, 40, 500),
            interval(41, 45, 500),
            interval(60_000, 65_535, 500),
        ];
        early.follow(&add(several.concat()));
        early.until(&[12, -14, 21, -26, -41, -46]);
        early.check("several have ended");
        early.follow(&add(interval(41, 42, HOUR)));
        early.check("another comes");
        let delete = SetElements::delete(F, "t", "s", interval(12, 13, HOUR));
        early.follow(&Transaction::new().add(delete));
        early.check("one is deleted");
        late.check("all that");
    });
}

/// The kernel lets the end go with a commit that is told before the watch sees that the time is over.
#[test]
fn a_commit_at_the_very_end_takes_it_along() {
    nl_netns::isolate!(|| {
        let mut nf = open();
        nf.commit(&make()).unwrap();
        let mut followed = Followed::new();
        for n in 0..8u16 {
            let first = 1000 * (n + 1);
            let begun = Instant::now();
            nf.commit(&add(interval(first, first + 99, 200))).unwrap();
            followed.read();
            // One inside of it is refused until then.
            let within = add(interval(first + 10, first + 19, HOUR));
            while nf.commit(&within).is_err() {
                assert!(begun.elapsed().as_secs() < 20);
                followed.read();
            }
            followed.read();
            std::thread::sleep(Duration::from_millis(50));
            followed.check(&format!("round {n}"));
        }
    });
}
