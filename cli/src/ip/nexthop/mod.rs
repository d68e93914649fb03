//! `ip nexthop`: nexthop objects, ip-nexthop(8).

mod modify;
mod select;
pub(super) mod show;

use nl_route::Mode;

use self::modify::Change;
pub(super) use self::show::info;
use super::Ip;
use crate::failure::Failure;
use crate::words::{Words, matches};

const USAGE: &str = "\
Usage: ip nexthop { list | flush } [ protocol ID ] SELECTOR
       ip nexthop { add | replace } id ID NH [ protocol ID ]
       ip nexthop { get | del } id ID
       ip nexthop bucket list BUCKET_SELECTOR
       ip nexthop bucket get id ID index INDEX
SELECTOR := [ id ID ] [ dev DEV ] [ vrf NAME ] [ master DEV ]
            [ groups ] [ fdb ]
BUCKET_SELECTOR := SELECTOR | [ nhid ID ]
NH := { blackhole | [ via ADDRESS ] [ dev DEV ] [ onlink ]
        [ encap ENCAPTYPE ENCAPHDR ] |
        group GROUP [ fdb ] [ type TYPE [ TYPE_ARGS ] ] }
GROUP := [ <id[,weight]>/<id[,weight]>/... ]
TYPE := { mpath | resilient }
TYPE_ARGS := [ RESILIENT_ARGS ]
RESILIENT_ARGS := [ buckets BUCKETS ] [ idle_timer IDLE ]
                  [ unbalanced_timer UNBALANCED ]
ENCAPTYPE := [ mpls ]
ENCAPHDR := [ MPLSLABEL ]";

type Run = fn(&mut Ip<'_>, Words<'_>) -> Result<(), Failure>;

const VERBS: &[(&str, Run)] = &[
    ("add", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Add))
    }),
    ("replace", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Replace))
    }),
    ("delete", |ip, words| modify::run(ip, words, Change::Delete)),
    ("list", show::list),
    ("show", show::list),
    ("lst", show::list),
    ("get", show::get),
    ("flush", select::flush),
    ("bucket", |_, _| {
        Err(Failure::new(
            1,
            "nlctl does not have \"ip nexthop bucket\" yet.",
        ))
    }),
    ("help", |_, _| Err(usage())),
];

pub(super) fn run(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let Some(verb) = words.next() else {
        return show::list(ip, words);
    };
    match VERBS.iter().find(|(name, _)| matches(verb, name)) {
        Some((_, run)) => run(ip, words),
        None => Err(Failure::new(
            255,
            format!("Command \"{verb}\" is unknown, try \"ip nexthop help\"."),
        )),
    }
}

fn usage() -> Failure {
    Failure::new(255, USAGE)
}
