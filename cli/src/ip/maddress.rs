//! `ip maddress`: multicast addresses of links, ip-maddress(8).

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv6Addr;

use nl_core::Error;
use nl_netns::Namespace;
use nl_route::link::{add_multicast, del_multicast};

use super::Ip;
use super::doc::{Color, Doc};
use super::inet::{lladdr, show};
use super::options::{AF_INET, AF_INET6, AF_PACKET, AF_UNSPEC};
use super::rule::ifname;
use super::session::open_netns;
use crate::failure::{Failure, strerror};
use crate::words::{Words, duplicate, duplicate_or_garbage, matches};

const USAGE: &str = "\
Usage: ip maddr [ add | del ] MULTIADDR dev STRING
       ip maddr show [ dev STRING ]";

/// Length of the addresses that can be added, in bytes.
const LEN: usize = 6;

/// One address that a link listens to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    ifindex: i32,
    pub(super) ifname: String,
    pub(super) family: u8,
    addr: String,
    users: u32,
    /// Added by hand.
    is_static: bool,
}

pub(super) fn run(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    match words.next() {
        None => list(ip, words),
        Some(verb) if matches(verb, "add") => modify(ip, words, true),
        Some(verb) if matches(verb, "delete") => modify(ip, words, false),
        Some(verb) if ["show", "list", "lst"].iter().any(|v| matches(verb, v)) => list(ip, words),
        Some(verb) if matches(verb, "help") => Err(usage()),
        Some(verb) => Err(Failure::new(
            255,
            format!("Command \"{verb}\" is unknown, try \"ip maddr help\"."),
        )),
    }
}

fn usage() -> Failure {
    Failure::new(255, USAGE)
}

fn modify(ip: &mut Ip<'_>, mut words: Words<'_>, add: bool) -> Result<(), Failure> {
    let (mut device, mut addr) = (None, None);
    while let Some(word) = words.next() {
        if word == "dev" {
            let value = words.required()?;
            if device.is_some() {
                return Err(duplicate("dev", value));
            }
            device = Some(ifname(value, "\"dev\" not a valid ifname")?);
            continue;
        }
        let value = if matches(word, "address") {
            words.required()?
        } else {
            word
        };
        if matches(value, "help") {
            return Err(usage());
        }
        if addr.is_some() {
            return Err(duplicate("address", value));
        }
        let bytes =
            lladdr(value).map_err(|failure| Failure::fatal(failure.code(), failure.text()))?;
        let found: [u8; LEN] = bytes.as_slice().try_into().map_err(|_| {
            let len = bytes.len();
            Failure::fatal(
                1,
                format!("Error: Invalid address length {len} - must be {LEN} bytes"),
            )
        })?;
        addr = Some(found);
    }
    let Some(device) = device else {
        return Err(Failure::new(
            255,
            "Not enough information: \"dev\" is required.",
        ));
    };
    // ip, too, sends zeros if no address is said.
    let addr = addr.unwrap_or_default();
    if ip.is_dry_run() {
        let verb = if add { "add" } else { "del" };
        let text = format!("nlctl: \"ip maddress {verb}\" is no netlink and knows no dry run");
        return Err(Failure::new(2, text));
    }
    let change = if add { add_multicast } else { del_multicast };
    change(ip.connection(), device, addr).map_err(|error| match &error {
        // Here ip leaves at once, a batch or not.
        Error::Io { source, .. } => Failure::fatal(1, format!("ioctl: {}", strerror(source))),
        error => Failure::fatal(1, error.to_string()),
    })
}

fn list(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let mut device = None;
    while let Some(word) = words.next() {
        let name = if word == "dev" {
            words.required()?
        } else {
            word
        };
        if word != "dev" && matches(word, "help") {
            return Err(usage());
        }
        if device.is_some() {
            return Err(duplicate_or_garbage("dev", name));
        }
        device = Some(name);
    }
    let mut links: BTreeMap<i32, Vec<Group>> = BTreeMap::new();
    for (file, family, parse) in FILES {
        if ip.options.family != AF_UNSPEC && ip.options.family != *family {
            continue;
        }
        for group in parse(&read(ip, file)?) {
            if device.is_none_or(|name| name == group.ifname) {
                links.entry(group.ifindex).or_default().push(group);
            }
        }
    }
    let oneline = ip.options.oneline;
    let docs: Vec<Doc> = links.values().map(|groups| doc(groups, oneline)).collect();
    ip.print(&docs)
}

/// A file below `/proc/net`, its family, and how it is read.
pub(super) type File = (&'static str, u8, fn(&str) -> Vec<Group>);

pub(super) const FILES: &[File] = &[
    ("dev_mcast", AF_PACKET, dev_mcast),
    ("igmp", AF_INET, igmp),
    ("igmp6", AF_INET6, igmp6),
];

/// A file of the namespace that the command is about; one that is not there has nothing to tell.
fn read(ip: &Ip<'_>, file: &str) -> Result<String, Failure> {
    let read = || fs::read_to_string(format!("/proc/thread-self/net/{file}")).unwrap_or_default();
    match &ip.options.netns {
        None => Ok(read()),
        Some(name) => Namespace::from_fd(open_netns(name)?.into())
            .and_then(|netns| netns.run(read))
            .map_err(|error| Failure::new(255, error.to_string())),
    }
}

/// `INDEX NAME USERS STATIC ADDRESS`.
fn dev_mcast(text: &str) -> Vec<Group> {
    let group = |line: &str| {
        let mut words = line.split_whitespace();
        let ifindex = words.next()?.parse().ok()?;
        let ifname = words.next()?.to_owned();
        let users = words.next()?.parse().ok()?;
        let is_static = words.next()? != "0";
        let hex = words.next()?.as_bytes();
        let bytes: Vec<&str> = hex.chunks(2).flat_map(std::str::from_utf8).collect();
        Some(Group {
            ifindex,
            ifname,
            family: AF_PACKET,
            addr: bytes.join(":"),
            users,
            is_static,
        })
    };
    text.lines().filter_map(group).collect()
}

/// `INDEX NAME : …` of each link, and below it `ADDRESS USERS …`, the address as the memory of this machine has it.
fn igmp(text: &str) -> Vec<Group> {
    let mut link = None;
    let mut groups = Vec::new();
    // The first line is a heading.
    for line in text.lines().skip(1) {
        let mut words = line.split_whitespace();
        let (Some(first), Some(second)) = (words.next(), words.next()) else {
            continue;
        };
        if !line.starts_with(char::is_whitespace) {
            let name = second.trim_end_matches(':').to_owned();
            link = first.parse().ok().map(|ifindex| (ifindex, name));
        } else if let (Some((ifindex, ifname)), Ok(addr), Ok(users)) =
            (&link, u32::from_str_radix(first, 16), second.parse())
        {
            groups.push(Group {
                ifindex: *ifindex,
                ifname: ifname.clone(),
                family: AF_INET,
                addr: show(addr.to_ne_bytes().into()),
                users,
                is_static: false,
            });
        }
    }
    groups
}

/// `INDEX NAME ADDRESS USERS …`.
fn igmp6(text: &str) -> Vec<Group> {
    let group = |line: &str| {
        let mut words = line.split_whitespace();
        let ifindex = words.next()?.parse().ok()?;
        let ifname = words.next()?.to_owned();
        let addr = u128::from_str_radix(words.next()?, 16).ok()?;
        Some(Group {
            ifindex,
            ifname,
            family: AF_INET6,
            addr: show(Ipv6Addr::from_bits(addr).into()),
            users: words.next()?.parse().ok()?,
            is_static: false,
        })
    };
    text.lines().filter_map(group).collect()
}

fn doc(groups: &[Group], oneline: bool) -> Doc {
    let mut doc = Doc::new();
    let Some(first) = groups.first() else {
        return doc;
    };
    let heading = |doc: &mut Doc| {
        doc.text(format_args!("{}:", first.ifindex));
        doc.colored_text(Some(Color::Ifname), format_args!("\t{}", first.ifname));
        doc.newline();
    };
    doc.json("ifindex", first.ifindex);
    doc.json("ifname", first.ifname.as_str());
    // On one line each address has its link before it.
    if !oneline {
        heading(&mut doc);
    }
    let groups = groups.iter().map(|group| {
        let mut doc = Doc::new();
        if oneline {
            heading(&mut doc);
        }
        let (word, color) = match group.family {
            AF_INET => ("inet", Color::Inet),
            AF_INET6 => ("inet6", Color::Inet6),
            _ => ("link", Color::Mac),
        };
        doc.text(format_args!("\t{word:<5} "));
        let key = if group.family == AF_PACKET {
            "link"
        } else {
            doc.json("family", word);
            "address"
        };
        let addr = group.addr.as_str();
        doc.colored(Some(color), key, addr, addr);
        if group.users != 1 {
            doc.field("users", group.users, format_args!(" users {}", group.users));
        }
        if group.is_static {
            doc.field("features", "static", " static");
        }
        doc.text('\n');
        doc
    });
    doc.objects("maddr", groups);
    doc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_kernel() {
        let all = [
            dev_mcast(
                "2    v1              1     0     333300000001\n3 v0 2 1 01005e000007\nbad\n",
            ),
            igmp(
                "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n\
                 1\tlo        :     1      V3\n\t\t\t\t010000E0     3 0:00000000\t\t0\n",
            ),
            igmp6(
                "1    lo              ff020000000000000000000000000001     1 0000000C 0\n1 lo zz 1\n",
            ),
        ];
        let rows: Vec<_> = all
            .iter()
            .flatten()
            .map(|g| {
                (
                    g.ifindex,
                    g.ifname.as_str(),
                    g.addr.as_str(),
                    g.users,
                    g.is_static,
                )
            })
            .collect();
        let inet = if cfg!(target_endian = "little") {
            "224.0.0.1"
        } else {
            "1.0.0.224"
        };
        assert_eq!(
            rows,
            [
                (2, "v1", "33:33:00:00:00:01", 1, false),
                (3, "v0", "01:00:5e:00:00:07", 2, true),
                (1, "lo", inet, 3, false),
                (1, "lo", "ff02::1", 1, false),
            ]
        );
    }
}
