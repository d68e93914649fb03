//! Which addresses a list or a flush is about.

use nl_route::addr::{AddrFlags, AddrView};

use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::inet::{self, PrefixWord};
use crate::ip::link::{self, filter_word};
use crate::ip::names::SCOPES;
use crate::ip::options::{AF_PACKET, AF_UNSPEC};
use crate::words::{Words, duplicate_or_garbage, wrong};

/// What the words ask for; all of it must hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    /// Of links.
    pub(super) link: link::Filter,
    /// `AF_*`, also from the family of `to`.
    pub(super) family: u8,
    scope: Option<u8>,
    to: Option<PrefixWord>,
    pub(super) label: Option<String>,
    flags: AddrFlags,
    /// Which of the flags are meant.
    mask: AddrFlags,
}

/// Words for flags; `false` for those that mean the flag is not there.
const FLAGS: &[(&str, AddrFlags, bool)] = &[
    ("primary", AddrFlags::SECONDARY, false),
    ("secondary", AddrFlags::SECONDARY, true),
    ("temporary", AddrFlags::SECONDARY, true),
    ("nodad", AddrFlags::NODAD, true),
    ("optimistic", AddrFlags::OPTIMISTIC, true),
    ("dadfailed", AddrFlags::DADFAILED, true),
    ("home", AddrFlags::HOMEADDRESS, true),
    ("deprecated", AddrFlags::DEPRECATED, true),
    ("tentative", AddrFlags::TENTATIVE, true),
    ("permanent", AddrFlags::PERMANENT, true),
    ("dynamic", AddrFlags::PERMANENT, false),
    ("mngtmpaddr", AddrFlags::MANAGETEMPADDR, true),
    ("noprefixroute", AddrFlags::NOPREFIXROUTE, true),
    ("autojoin", AddrFlags::MCAUTOJOIN, true),
    ("stable-privacy", AddrFlags::STABLE_PRIVACY, true),
];

impl Filter {
    /// Reads all words.
    pub(super) fn read(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<Self, Failure> {
        let mut filter = Self {
            family: ip.options.family,
            ..Self::default()
        };
        let mut device = None;
        while let Some(word) = words.next() {
            match word {
                "to" => {
                    let to = inet::prefix(words.required()?, filter.family)?;
                    if filter.family == AF_UNSPEC {
                        filter.family = to.family;
                    }
                    filter.to = Some(to);
                }
                "scope" => {
                    let word = words.required()?;
                    let scope = SCOPES
                        .number(word)
                        .and_then(|scope| u8::try_from(scope).ok());
                    if scope.is_none() && word != "all" {
                        return Err(wrong(word, "invalid \"scope\"\n"));
                    }
                    filter.scope = scope;
                }
                "label" => filter.label = Some(words.required()?.to_owned()),
                _ if filter.flag(word) || filter_word(ip, &mut filter.link, word, &mut words)? => {}
                _ => {
                    let name = if word == "dev" {
                        words.required()?
                    } else {
                        word
                    };
                    if word == "help" {
                        return Err(super::usage());
                    }
                    if device.replace(name).is_some() {
                        return Err(duplicate_or_garbage("dev", name));
                    }
                }
            }
        }
        if let Some(name) = device {
            filter.link.ifindex = Some(link::existing(ip, name)?);
        }
        Ok(filter)
    }

    fn flag(&mut self, word: &str) -> bool {
        let (name, inverted) = match word.strip_prefix('-') {
            Some(name) => (name, true),
            None => (word, false),
        };
        let Some((_, flag, set)) = FLAGS.iter().find(|(known, ..)| *known == name) else {
            return false;
        };
        self.mask |= *flag;
        self.flags.set(*flag, *set != inverted);
        true
    }

    /// Whether it is one of the addresses that are wanted; links are not looked at.
    pub(super) fn admits(&self, addr: &AddrView<'_>, link_name: &str) -> bool {
        let local = addr.local().or_else(|| addr.address());
        (self.family == AF_UNSPEC || self.family == addr.family().0)
            && self.scope.is_none_or(|scope| scope == addr.scope().0)
            && (self.flags ^ addr.flags()) & self.mask == AddrFlags::empty()
            && self
                .to
                .is_none_or(|to| local.is_some_and(|local| to.covers(local, to.len)))
            && self
                .label
                .as_deref()
                .is_none_or(|pattern| fits(pattern, addr.label().unwrap_or(link_name)))
    }

    /// Whether the list is of links alone.
    pub(super) fn links_only(&self) -> bool {
        self.family == AF_PACKET
    }
}

/// Whether a name fits a pattern of the shell: `*`, `?`, `[a-z]`, `[!a]`, `\`.
fn fits(pattern: &str, name: &str) -> bool {
    fits_chars(
        &pattern.chars().collect::<Vec<_>>(),
        &name.chars().collect::<Vec<_>>(),
    )
}

fn fits_chars(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        ([], _) => name.is_empty(),
        (['*', more @ ..], _) => {
            let rest = pattern.iter().skip_while(|c| **c == '*').count();
            let more = more.get(more.len().saturating_sub(rest)..).unwrap_or(&[]);
            (0..=name.len()).any(|skip| fits_chars(more, name.get(skip..).unwrap_or(&[])))
        }
        (['?', more @ ..], [_, rest @ ..]) => fits_chars(more, rest),
        (['[', more @ ..], [c, rest @ ..]) => match class(more, *c) {
            Some((is_in, behind)) => is_in && fits_chars(behind, rest),
            None => *c == '[' && fits_chars(more, rest),
        },
        (['\\', literal, more @ ..], [c, rest @ ..]) => literal == c && fits_chars(more, rest),
        ([literal, more @ ..], [c, rest @ ..]) => literal == c && fits_chars(more, rest),
        (_, []) => false,
    }
}

/// Whether `c` is in the class behind `[`, and what follows the class; `None` if it does not end.
fn class(pattern: &[char], c: char) -> Option<(bool, &[char])> {
    let (negated, mut rest) = match pattern {
        ['!' | '^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    };
    let mut is_in = false;
    let mut first = true;
    loop {
        match rest {
            [']', behind @ ..] if !first => return Some((is_in != negated, behind)),
            [low, '-', high, behind @ ..] if *high != ']' => {
                is_in |= (*low..=*high).contains(&c);
                rest = behind;
            }
            [one, behind @ ..] => {
                is_in |= *one == c;
                rest = behind;
            }
            [] => return None,
        }
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_of_the_shell() {
        for (pattern, name, wanted) in [
            ("v0", "v0", true),
            ("v0", "v01", false),
            ("v*", "v01", true),
            ("*:x", "br0:x", true),
            ("**", "", true),
            ("v?", "v0", true),
            ("v[0-3]", "v2", true),
            ("v[!0-3]", "v2", false),
            ("v[]x]", "v]", true),
            ("v[0", "v[0", true),
            ("v\\*", "v*", true),
            ("v\\*", "vx", false),
            ("", "x", false),
            ("*a*b*c", "xxaxxbxxc", true),
            ("*a*b*c", "xxaxxbxx", false),
        ] {
            assert_eq!(fits(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
