//! IP protocols by name: `/etc/protocols` where it is there, the usual ones otherwise.

use std::fs;

use crate::failure::Failure;
use crate::words::wrong;

const USUAL: &[(u8, &str)] = &[
    (1, "icmp"),
    (2, "igmp"),
    (4, "ipencap"),
    (6, "tcp"),
    (17, "udp"),
    (33, "dccp"),
    (41, "ipv6"),
    (47, "gre"),
    (50, "esp"),
    (51, "ah"),
    (58, "ipv6-icmp"),
    (89, "ospf"),
    (103, "pim"),
    (112, "vrrp"),
    (115, "l2tp"),
    (132, "sctp"),
    (136, "udplite"),
];

/// Reads a protocol's name, alias or number.
///
/// # Errors
///
/// `Invalid "ipproto" value`, exit code 255.
pub(super) fn number(word: &str) -> Result<u8, Failure> {
    let plain = word.strip_prefix("ipproto-").unwrap_or(word);
    plain
        .parse()
        .ok()
        .filter(|_| plain.starts_with(|c: char| c.is_ascii_digit()))
        .or_else(|| find(|_, names| names.contains(&word)).map(|(number, _)| number))
        .ok_or_else(|| wrong(word, "Invalid \"ipproto\" value\n"))
}

/// A protocol's name, or `ipproto-N`.
pub(super) fn show(number: u8, numeric: bool) -> String {
    (!numeric)
        .then(|| name(number))
        .flatten()
        .unwrap_or_else(|| format!("ipproto-{number}"))
}

/// A protocol's name, if it has one.
pub(crate) fn name(number: u8) -> Option<String> {
    find(|found, _| found == number).map(|(_, name)| name)
}

/// The number and the name of the first protocol that fits.
fn find(fits: impl Fn(u8, &[&str]) -> bool) -> Option<(u8, String)> {
    if let Ok(text) = fs::read_to_string("/etc/protocols") {
        return text.lines().find_map(|line| {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let name = words.next()?;
            let number = words.next()?.parse().ok()?;
            let names: Vec<&str> = std::iter::once(name).chain(words).collect();
            fits(number, &names).then(|| (number, name.to_owned()))
        });
    }
    USUAL
        .iter()
        .find(|(number, name)| fits(*number, &[name]))
        .map(|(number, name)| (*number, (*name).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        assert_eq!(number("tcp"), Ok(6));
        assert_eq!(number("132"), Ok(132));
        assert_eq!(number("ipproto-7"), Ok(7));
        assert_eq!(number("+7").unwrap_err().code(), 255);
        assert_eq!(number("300").unwrap_err().code(), 255);
        assert_eq!(show(6, false), "tcp");
        assert_eq!(show(6, true), "ipproto-6");
        assert_eq!(show(250, false), "ipproto-250");
    }
}
