//! Names for numbers: protocols, services, hosts, networks, users, from the files under /etc.
//!
//! No name server is asked: it would be out of reach in most namespaces, and a listing must not wait.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

/// Protocols that iptables knows without /etc/protocols.
const PROTOCOLS: &[(&str, u8)] = &[
    ("tcp", 6),
    ("sctp", 132),
    ("udp", 17),
    ("udplite", 136),
    ("icmp", 1),
    ("icmpv6", 58),
    ("ipv6-icmp", 58),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-mh", 135),
    ("mh", 135),
    ("all", 0),
];

/// The lines of a file of names, as words without comments.
fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .map(|line| {
            line.split('#')
                .next()
                .unwrap_or("")
                .split_whitespace()
                .collect()
        })
        .filter(|words: &Vec<&str>| words.len() >= 2)
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The number of a protocol's name; any case for the well-known ones.
pub(super) fn protocol_number(name: &str) -> Option<u8> {
    let lower = name.to_ascii_lowercase();
    let known = PROTOCOLS.iter().find(|(known, _)| *known == lower);
    if let Some((_, number)) = known {
        return Some(*number);
    }
    let text = read("/etc/protocols");
    let found = lines(&text).find(|words| {
        words
            .iter()
            .enumerate()
            .any(|(at, word)| at != 1 && *word == lower)
    })?;
    found.get(1)?.parse().ok()
}

/// The name of a protocol.
pub(super) fn protocol_name(number: u8) -> Option<String> {
    let text = read("/etc/protocols");
    let found =
        lines(&text).find(|words| words.get(1).and_then(|n| n.parse().ok()) == Some(number));
    match found.and_then(|words| words.first().map(|name| (*name).to_owned())) {
        Some(name) => Some(name),
        None => PROTOCOLS
            .iter()
            .find(|(_, known)| *known == number)
            .map(|(name, _)| (*name).to_owned()),
    }
}

/// The port of a service's name; `protocol` is `tcp`, `udp`, …, or `None` for any.
pub(super) fn service_port(name: &str, protocol: Option<&str>) -> Option<u16> {
    let text = read("/etc/services");
    lines(&text).find_map(|words| {
        let (port, of) = words.get(1)?.split_once('/')?;
        let named = words
            .iter()
            .enumerate()
            .any(|(at, word)| at != 1 && *word == name);
        (named && protocol.is_none_or(|wanted| wanted == of)).then(|| port.parse().ok())?
    })
}

/// The name of a port.
pub(super) fn service_name(port: u16, protocol: Option<&str>) -> Option<String> {
    let text = read("/etc/services");
    lines(&text).find_map(|words| {
        let (number, of) = words.get(1)?.split_once('/')?;
        let fits = number.parse() == Ok(port) && protocol.is_none_or(|wanted| wanted == of);
        words
            .first()
            .filter(|_| fits)
            .map(|name| (*name).to_owned())
    })
}

/// The first name that /etc/hosts has for an address, or /etc/networks.
pub(super) fn host_name(addr: IpAddr) -> Option<String> {
    let text = read("/etc/hosts");
    let host = lines(&text).find_map(|words| {
        let found = words.first()?.parse::<IpAddr>().ok()? == addr;
        words
            .get(1)
            .filter(|_| found)
            .map(|name| (*name).to_owned())
    });
    host.or_else(|| match addr {
        IpAddr::V4(addr) => network_name(addr),
        IpAddr::V6(_) => None,
    })
}

fn network_name(addr: Ipv4Addr) -> Option<String> {
    let text = read("/etc/networks");
    lines(&text).find_map(|words| {
        // Trailing zeroes may be left out.
        let mut octets = [0u8; 4];
        for (octet, part) in octets.iter_mut().zip(words.get(1)?.split('.')) {
            *octet = part.parse().ok()?;
        }
        let fits = Ipv4Addr::from(octets) == addr;
        words
            .first()
            .filter(|_| fits)
            .map(|name| (*name).to_owned())
    })
}

/// The addresses of one family that /etc/hosts has for a name.
pub(super) fn host_addresses(name: &str, v6: bool) -> Vec<IpAddr> {
    let text = read("/etc/hosts");
    let mut found: Vec<IpAddr> = Vec::new();
    for words in lines(&text) {
        let addr = words.first().and_then(|word| word.parse::<IpAddr>().ok());
        if let Some(addr) = addr
            && addr.is_ipv6() == v6
            && words
                .iter()
                .skip(1)
                .any(|word| word.eq_ignore_ascii_case(name))
            && !found.contains(&addr)
        {
            found.push(addr);
        }
    }
    found
}

/// The name of a user or group, by its number: the first and third field of a line of `path`.
pub(super) fn account_name(path: &str, id: u32) -> Option<String> {
    let text = read(path);
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number = fields.nth(1)?.parse::<u32>().ok()?;
        (number == id).then(|| name.to_owned())
    })
}

/// The number of a user's or group's name.
pub(super) fn account_id(path: &str, name: &str) -> Option<u32> {
    let text = read(path);
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then(|| fields.nth(1)?.parse().ok())?
    })
}
