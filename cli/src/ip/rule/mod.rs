//! `ip rule`: policy routing rules, ip-rule(8).

mod modify;
pub(super) mod show;

use self::modify::Change;
use super::Ip;
use super::names::number;
use crate::failure::Failure;
use crate::words::{Words, matches, wrong};

const USAGE: &str = "\
Usage: ip rule { add | del } SELECTOR ACTION
       ip rule { flush | save | restore }
       ip rule [ list [ SELECTOR ]]
SELECTOR := [ not ] [ from PREFIX ] [ to PREFIX ] [ tos TOS ]
            [ fwmark FWMARK[/MASK] ]
            [ iif STRING ] [ oif STRING ] [ pref NUMBER ] [ l3mdev ]
            [ uidrange NUMBER-NUMBER ]
            [ ipproto PROTOCOL ]
            [ sport [ NUMBER | NUMBER-NUMBER ]
            [ dport [ NUMBER | NUMBER-NUMBER ] ]
ACTION := [ table TABLE_ID ]
          [ protocol PROTO ]
          [ nat ADDRESS ]
          [ realms [SRCREALM/]DSTREALM ]
          [ goto NUMBER ]
          SUPPRESSOR
SUPPRESSOR := [ suppress_prefixlength NUMBER ]
              [ suppress_ifgroup DEVGROUP ]
TABLE_ID := [ local | main | default | NUMBER ]";

type Run = fn(&mut Ip<'_>, Words<'_>) -> Result<(), Failure>;

const VERBS: &[(&str, Run)] = &[
    ("list", show::show),
    ("lst", show::show),
    ("show", show::show),
    ("add", |ip, words| modify::run(ip, words, Change::Add)),
    ("delete", |ip, words| modify::run(ip, words, Change::Delete)),
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
            format!("Command \"{verb}\" is unknown, try \"ip rule help\"."),
        )),
    }
}

fn usage() -> Failure {
    Failure::new(255, USAGE)
}

/// A packet mark, and which of its bits count.
fn fwmark(word: &str) -> Result<(u32, Option<u32>), Failure> {
    let (mark, mask) = match word.split_once('/') {
        Some((mark, mask)) => (mark, Some(mask)),
        None => (word, None),
    };
    let value = number(mark).ok_or_else(|| wrong(mark, "fwmark value is invalid\n"))?;
    let mask = mask
        .map(|mask| number(mask).ok_or_else(|| wrong(mask, "fwmask value is invalid\n")))
        .transpose()?;
    Ok((value, mask))
}

/// Users, `FIRST-LAST`.
fn uids(word: &str) -> Result<(u32, u32), Failure> {
    word.split_once('-')
        .and_then(|(first, last)| Some((decimal(first)?, decimal(last)?)))
        .ok_or_else(|| wrong(word, "invalid UID range\n"))
}

/// Ports, `FIRST-LAST` or one.
fn ports(word: &str, complaint: &str) -> Result<(u16, u16), Failure> {
    let range = match word.split_once('-') {
        Some((first, last)) => decimal(first).zip(decimal(last)),
        None => decimal(word).map(|port| (port, port)),
    };
    range.ok_or_else(|| wrong(word, complaint))
}

fn decimal<N: std::str::FromStr>(word: &str) -> Option<N> {
    word.starts_with(|c: char| c.is_ascii_digit())
        .then(|| word.parse().ok())
        .flatten()
}

/// The name of a link, which need not be there.
pub(super) fn ifname<'a>(word: &'a str, complaint: &str) -> Result<&'a str, Failure> {
    let valid = (1..16).contains(&word.len())
        && !word.contains('/')
        && !word.contains(|c: char| c.is_ascii_whitespace())
        && !matches!(word, "." | "..");
    if valid {
        Ok(word)
    } else {
        Err(wrong(word, complaint))
    }
}
