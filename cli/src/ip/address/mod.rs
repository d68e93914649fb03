//! `ip address`: ip-address(8).

mod change;
mod filter;
mod flush;
mod list;
pub(super) mod show;

use nl_route::Mode;

use super::Ip;
use crate::failure::Failure;
use crate::words::{Words, matches};

/// The verbs in the order in which an abbreviation finds them.
const VERBS: &[(&str, super::Run)] = &[
    ("add", |ip, words| change::make(ip, words, Mode::Add)),
    ("change", |ip, words| change::make(ip, words, Mode::Change)),
    ("chg", |ip, words| change::make(ip, words, Mode::Change)),
    ("replace", |ip, words| {
        change::make(ip, words, Mode::Replace)
    }),
    ("delete", change::delete),
    ("show", list::list),
    ("lst", list::list),
    ("list", list::list),
    ("flush", flush::flush),
    ("save", |_, _| Err(missing("save"))),
    ("showdump", |_, _| Err(missing("showdump"))),
    ("restore", |_, _| Err(missing("restore"))),
    ("help", |_, _| Err(usage())),
];

/// `ip address …`.
pub(super) fn run(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let Some(verb) = words.next() else {
        return list::list(ip, words);
    };
    match VERBS.iter().find(|(name, _)| matches(verb, name)) {
        Some((_, run)) => run(ip, words),
        None => Err(Failure::new(
            255,
            format!("Command \"{verb}\" is unknown, try \"ip address help\"."),
        )),
    }
}

fn missing(verb: &str) -> Failure {
    Failure::new(1, format!("nlctl does not have \"ip address {verb}\" yet."))
}

fn usage() -> Failure {
    Failure::new(255, USAGE)
}

const USAGE: &str = "\
Usage: ip address {add|change|replace} IFADDR dev IFNAME [ LIFETIME ]
                                                      [ CONFFLAG-LIST ]
       ip address del IFADDR dev IFNAME
       ip address flush [ dev IFNAME ] [ scope SCOPE-ID ] [ to PREFIX ]
                            [ FLAG-LIST ] [ label LABEL ] [up]
       ip address [ show [ dev IFNAME ] [ scope SCOPE-ID ] [ master DEVICE ]
                         [ nomaster ] [ type TYPE ] [ to PREFIX ] [ FLAG-LIST ]
                         [ label LABEL ] [ group GROUP ] [up] [ vrf NAME ] ]
IFADDR := PREFIX | ADDR peer PREFIX
          [ broadcast ADDR ] [ anycast ADDR ]
          [ label IFNAME ] [ scope SCOPE-ID ] [ metric METRIC ]
SCOPE-ID := [ host | link | global | NUMBER ]
FLAG-LIST := [ FLAG-LIST ] FLAG
FLAG  := [ permanent | dynamic | secondary | primary |
           [-]tentative | [-]deprecated | [-]dadfailed | temporary |
           CONFFLAG-LIST ]
CONFFLAG-LIST := [ CONFFLAG-LIST ] CONFFLAG
CONFFLAG  := [ home | nodad | optimistic | mngtmpaddr | noprefixroute | autojoin ]
LIFETIME := [ valid_lft LFT ] [ preferred_lft LFT ]
LFT := forever | SECONDS";
