//! `ip neigh`: neighbours, ip-neighbour(8).

mod modify;
pub(super) mod show;

use nl_route::Mode;
use nl_route::neigh::NeighState;

use self::modify::Change;
use super::Ip;
use super::names::number;
use crate::failure::Failure;
use crate::words::{Words, matches};

const USAGE: &str = "\
Usage: ip neigh { add | del | change | replace }
                { ADDR [ lladdr LLADDR ] [ nud STATE ] proxy ADDR }
                [ dev DEV ] [ router ] [ use ] [ managed ] [ extern_learn ]
                [ protocol PROTO ]

\tip neigh { show | flush } [ proxy ] [ to PREFIX ] [ dev DEV ] [ nud STATE ]
\t\t\t\t  [ vrf NAME ] [ nomaster ]
\tip neigh get { ADDR | proxy ADDR } dev DEV

STATE := { delay | failed | incomplete | noarp | none |
           permanent | probe | reachable | stale }";

type Run = fn(&mut Ip<'_>, Words<'_>) -> Result<(), Failure>;

const VERBS: &[(&str, Run)] = &[
    ("add", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Add))
    }),
    ("change", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Change))
    }),
    ("chg", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Change))
    }),
    ("replace", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Replace))
    }),
    ("delete", |ip, words| modify::run(ip, words, Change::Delete)),
    ("get", modify::get),
    ("show", show::show),
    ("lst", show::show),
    ("list", show::show),
    ("flush", show::flush),
    ("help", |_, _| Err(usage())),
];

pub(super) fn run(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let Some(verb) = words.next() else {
        return show::show(ip, words);
    };
    match VERBS.iter().find(|(name, _)| matches(verb, name)) {
        Some((_, run)) => run(ip, words),
        None => Err(Failure::new(
            255,
            format!("Command \"{verb}\" is unknown, try \"ip neigh help\"."),
        )),
    }
}

fn usage() -> Failure {
    Failure::new(255, USAGE)
}

/// One state: its name, or its number.
fn state(word: &str) -> Option<NeighState> {
    let named = NeighState::WORDS
        .iter()
        .find(|(name, _)| matches(word, name))
        .map(|(_, state)| *state);
    named.or_else(|| {
        number::<u16>(word)
            .filter(|state| *state < 0x100 && state.count_ones() <= 1)
            .map(NeighState::from_bits_retain)
    })
}
