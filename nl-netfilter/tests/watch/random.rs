//! Random changes that make sense for the ruleset as it is.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "test code, which clippy does not see as such"
)]

use nl_netfilter::chain::DelChain;
use nl_netfilter::expr::{Quota, QuotaFlags};
use nl_netfilter::table::TableFlags;
use nl_netfilter::watch::{Object, Watch};
use nl_netfilter::{
    DataType, DelObject, DelRule, DelSet, DelTable, Element, Family, Hook, NewChain, NewObject,
    NewRule, NewSet, NewTable, ObjectData, Place, Policy, SetElements, Transaction,
};

use crate::{F, port};

/// xorshift64*.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        match from.len() {
            0 => None,
            len => from.get(self.below(len)),
        }
    }
}

pub(crate) const TABLES: [(Family, &str); 3] = [(F, "t"), (F, "u"), (Family::IP, "t")];
pub(crate) const CHAINS: [&str; 4] = ["a", "b", "c", "d"];

/// What there is, for changes that make sense.
#[derive(Default)]
pub(crate) struct Known {
    /// Family, table, chain, handle.
    chains: Vec<(Family, String, String, u64)>,
    rules: Vec<(Family, String, String, u64)>,
}

impl Known {
    pub(crate) fn of(watch: &Watch) -> Self {
        let mut known = Self::default();
        for object in watch.objects() {
            match object {
                Object::Chain(chain) => {
                    let view = chain.view();
                    known.chains.push((
                        view.header().family(),
                        view.table().unwrap().to_owned(),
                        view.name().unwrap().to_owned(),
                        view.handle().unwrap(),
                    ));
                }
                Object::Rule(rule) => {
                    let view = rule.view();
                    known.rules.push((
                        view.header().family(),
                        view.table().unwrap().to_owned(),
                        view.chain().unwrap().to_owned(),
                        view.handle().unwrap(),
                    ));
                }
                _ => {}
            }
        }
        known
    }
}

/// A rule of the same transaction: its id, and what it is in.
pub(crate) type Earlier = Option<(u32, (Family, String, String))>;

/// Adds one random change; whether it refers to another of the transaction.
pub(crate) fn push_random(
    random: &mut Random,
    known: &Known,
    id: u32,
    earlier: &mut Earlier,
    change: &mut Transaction,
) -> bool {
    let &(family, table) = random.pick(&TABLES).unwrap();
    let chain = *random.pick(&CHAINS).unwrap();
    let element = |random: &mut Random| {
        let element = port(random.below(30) as u16);
        match random.below(3) {
            0 => element.comment("x"),
            _ => element,
        }
    };
    match random.below(24) {
        0 => change.push(NewTable {
            flags: match random.below(2) {
                0 => TableFlags::DORMANT,
                _ => TableFlags::empty(),
            },
            ..NewTable::new(family, table)
        }),
        1 => change.push(DelTable::new(family, table).if_exists()),
        2 => change.push(NewChain::new(family, table, chain)),
        3 => change.push(
            NewChain::new(family, table, "base")
                .filter(Hook::INPUT, 5)
                .policy(Policy(random.below(2) as u32)),
        ),
        4 => {
            if let Some((family, table, _, handle)) = random.pick(&known.chains) {
                change.push(NewChain {
                    handle: Some(*handle),
                    ..NewChain::new(*family, table, &format!("r{handle}"))
                });
            }
        }
        5 => {
            if let Some((family, table, chain, _)) = random.pick(&known.chains) {
                change.push(DelRule::flush_chain(*family, table, chain));
                change.push(DelChain::new(*family, table, chain));
            }
        }
        6..=14 => {
            let Some((family, table, chain, _)) = random.pick(&known.chains).cloned() else {
                return false;
            };
            let beside = earlier.clone().filter(|_| random.below(3) == 0);
            let (family, table, chain) = match &beside {
                Some((_, place)) => place.clone(),
                None => (family, table, chain),
            };
            let rule = NewRule::new(family, &table, &chain).comment(&format!("{id}"));
            let mut rule = match random.below(3) {
                0 => rule.counter().accept(),
                1 => rule.jump(CHAINS[random.below(4)]),
                _ => rule.drop(),
            };
            rule.id = Some(id);
            let there: Vec<_> = known
                .rules
                .iter()
                .filter(|known| (known.0, &known.1, &known.2) == (family, &table, &chain))
                .collect();
            let other = random.pick(&there).map(|known| known.3);
            let place = match (&beside, random.below(6), other) {
                (Some((id, _)), n, _) if n % 2 == 0 => Place::AfterId(*id),
                (Some((id, _)), _, _) => Place::BeforeId(*id),
                (_, 2, _) => Place::Start,
                (_, 3, Some(other)) => Place::After(other),
                (_, 4, Some(other)) => Place::Before(other),
                (_, 5, Some(other)) => Place::Replace(other),
                _ => Place::End,
            };
            *earlier = Some((id, (family, table, chain)));
            change.push(rule.at(place));
            return beside.is_some();
        }
        15 => {
            if let Some((family, table, chain, handle)) = random.pick(&known.rules) {
                change.push(DelRule::new(*family, table, chain, *handle));
            }
        }
        16 => {
            if let Some((family, table, chain, _)) = random.pick(&known.rules) {
                change.push(DelRule::flush_chain(*family, table, chain));
            }
        }
        17 => change.push(NewSet {
            id: id + 1,
            ..NewSet::new(family, table, "s", DataType::INET_SERVICE)
        }),
        18 => {
            let set = NewSet::new(family, table, "i", DataType::INET_SERVICE);
            change.push(NewSet {
                id: id + 1,
                ..set.interval()
            });
        }
        19 => {
            let elements: Vec<_> = (0..4).map(|_| element(random)).collect();
            change.push(SetElements::add(family, table, "s", elements));
        }
        20 => {
            let first = random.below(2000) as u16 * 10;
            let interval = Element::interval(&first.to_be_bytes(), &(first + 5).to_be_bytes());
            change.push(match random.below(2) {
                0 => SetElements::add(family, table, "i", interval),
                _ => SetElements::flush(family, table, "i"),
            });
        }
        21 => {
            let element = element(random);
            change.push(SetElements::delete(family, table, "s", [element]));
        }
        22 => change.push(match random.below(2) {
            0 => DelSet::new(family, table, "s"),
            _ => DelSet::new(family, table, "i"),
        }),
        _ => {
            let quota = ObjectData::Quota(Quota {
                bytes: 1000 * (1 + random.below(3) as u64),
                flags: Some(QuotaFlags::empty()),
                consumed: None,
            });
            match random.below(3) {
                0 => change.push(DelObject {
                    family,
                    table: table.into(),
                    name: "q".into(),
                    kind: quota.kind(),
                    if_exists: false,
                }),
                _ => change.push(NewObject::new(family, table, "q", quota)),
            }
        }
    }
    false
}
