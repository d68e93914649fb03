//! `ip link`: ip-link(8).

mod add;
mod filter;
mod kind;
mod kind_options;
mod list;
mod options;
mod parse;
mod property;
mod set;
pub(super) mod show;
pub(super) mod stats;
mod usage;
pub(super) mod words;

pub(super) use self::filter::Filter;
pub(super) use self::list::links;
pub(super) use self::parse::{existing, filter as filter_word};
use super::Ip;
use crate::failure::Failure;
use crate::words::{Words, matches};

/// A command: reads the words behind the verb.
type Run = fn(&mut Ip<'_>, Words<'_>) -> Result<(), Failure>;

/// The verbs in the order in which an abbreviation finds them.
const VERBS: &[(&str, Run)] = &[
    ("add", add::add),
    ("set", set::set),
    ("change", set::set),
    ("replace", add::replace),
    ("delete", set::delete),
    ("show", list::list),
    ("lst", list::list),
    ("list", list::list),
    ("property", property::run),
    ("help", usage::help),
];

/// `ip link …`.
pub(super) fn run(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let Some(verb) = words.next() else {
        return list::list(ip, words);
    };
    match VERBS.iter().find(|(name, _)| matches(verb, name)) {
        Some((_, run)) => run(ip, words),
        None => Err(Failure::new(
            255,
            format!("Command \"{verb}\" is unknown, try \"ip link help\"."),
        )),
    }
}
