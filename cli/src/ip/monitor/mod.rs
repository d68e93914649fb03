//! `ip monitor`: what happens, as it happens; ip-monitor(8).

pub(super) mod file;
mod netconf;
pub(super) mod print;
mod stamp;

use std::io::Write;
use std::os::fd::AsFd;

use nl_core::{Error, Message, Notification, Subscription};
use nl_route::Route;
use nl_route::link::{GetLinks, RTEXT_FILTER_SKIP_STATS};

use self::print::Printer;
use super::options::{AF_INET, AF_INET6, AF_MPLS, AF_UNSPEC};
use super::session::open_netns;
use super::{Ip, dump_failed, refused};
use crate::failure::{Failure, say, strerror};
use crate::monitor::json;
use crate::words::{Words, matches, wrong};

const USAGE: &str = "\
Usage: ip monitor [ all | OBJECTS ] [ FILE ] [ label ] [ all-nsid ]
                  [ dev DEVICE ]
OBJECTS :=  address | link | mroute | neigh | netconf |
            nexthop | nsid | prefix | route | rule | stats
FILE := file FILENAME";

/// What a word on the command line means.
#[derive(Clone, Copy)]
enum Word {
    File,
    Label,
    /// Groups that tell of an object, each with the family that it is about: `RTNLGRP_*`.
    /// Source: include/uapi/linux/rtnetlink.h.
    Object(&'static [(u8, u32)]),
    All,
    AllNsid,
    Dev,
    Help,
}

/// The words in the order in which an abbreviation finds them.
const WORDS: &[(&str, Word)] = &[
    ("file", Word::File),
    ("label", Word::Label),
    ("link", Word::Object(&[(AF_UNSPEC, 1)])),
    ("address", Word::Object(&[(AF_INET, 5), (AF_INET6, 9)])),
    (
        "route",
        Word::Object(&[(AF_INET, 7), (AF_INET6, 11), (AF_MPLS, 27)]),
    ),
    ("mroute", Word::Object(&[(AF_INET, 6), (AF_INET6, 10)])),
    ("prefix", Word::Object(&[(AF_INET6, 18)])),
    ("neigh", Word::Object(&[(AF_UNSPEC, 3)])),
    (
        "netconf",
        Word::Object(&[(AF_INET, 24), (AF_INET6, 25), (AF_MPLS, 29)]),
    ),
    ("rule", Word::Object(&[(AF_INET, 8), (AF_INET6, 19)])),
    ("nsid", Word::Object(&[(AF_UNSPEC, NSID_GROUP)])),
    ("nexthop", Word::Object(&[(AF_UNSPEC, 32)])),
    ("stats", Word::Object(&[(AF_UNSPEC, STATS_GROUP)])),
    ("all", Word::All),
    ("all-nsid", Word::AllNsid),
    ("help", Word::Help),
    ("dev", Word::Dev),
];

/// `RTNLGRP_NSID`.
const NSID_GROUP: u32 = 28;
/// `RTNLGRP_STATS` (Linux 5.18).
const STATS_GROUP: u32 = 36;

/// The receive buffer that iproute2 asks for, in bytes.
const RECEIVE_BUFFER: usize = 1 << 20;

/// What the words ask for.
#[derive(Default)]
struct Wanted<'a> {
    file: Option<&'a str>,
    labels: bool,
    all_nsid: bool,
    ifindex: Option<i32>,
    groups: Vec<&'static [(u8, u32)]>,
}

impl<'a> Wanted<'a> {
    fn read(ip: &mut Ip<'_>, mut words: Words<'a>) -> Result<Self, Failure> {
        let mut wanted = Self::default();
        while let Some(word) = words.next() {
            // These are not abbreviated.
            let fits = |name: &str| match name {
                "all" | "stats" | "dev" => word == name,
                _ => matches(word, name),
            };
            match WORDS.iter().find(|(name, _)| fits(name)) {
                Some((_, Word::File)) => wanted.file = Some(words.required()?),
                Some((_, Word::Label | Word::All)) => wanted.labels = true,
                Some((_, Word::Object(groups))) => wanted.groups.push(groups),
                Some((_, Word::AllNsid)) => wanted.all_nsid = true,
                Some((_, Word::Help)) => return Err(Failure::new(255, USAGE)),
                Some((_, Word::Dev)) => {
                    let name = words.required()?;
                    let ifindex = ip.ifindex(name);
                    wanted.ifindex =
                        Some(ifindex.ok_or_else(|| wrong(name, "Device does not exist\n"))?);
                }
                None => {
                    let text = format!("Argument \"{word}\" is unknown, try \"ip monitor help\".");
                    return Err(Failure::new(255, text));
                }
            }
        }
        if wanted.groups.is_empty() {
            let objects = WORDS.iter().filter_map(|(_, word)| match word {
                Word::Object(groups) => Some(*groups),
                _ => None,
            });
            wanted.groups.extend(objects);
        }
        Ok(wanted)
    }

    /// The groups of the family that is asked for, and those that are of no family.
    fn groups(&self, family: u8) -> Vec<u32> {
        let fits = |of: u8| of == AF_UNSPEC || family == AF_UNSPEC || of == family;
        let groups = self.groups.iter().flat_map(|groups| groups.iter());
        groups
            .filter(|(of, _)| fits(*of))
            .map(|(_, group)| *group)
            .collect()
    }
}

/// `ip monitor …`.
pub(super) fn run(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    let wanted = Wanted::read(ip, words)?;
    let printer = Printer {
        labels: wanted.labels,
        all_nsid: wanted.all_nsid,
        nsids: wanted.file.is_some() || wanted.groups(ip.options.family).contains(&NSID_GROUP),
        ifindex: wanted.ifindex,
    };
    if let Some(name) = wanted.file {
        return file::replay(ip, &printer, name);
    }
    let mut events = subscribe(ip, &wanted)?;
    // Who they are is known before they go.
    let links = GetLinks::new().ext_mask(RTEXT_FILTER_SKIP_STATS);
    let links = ip
        .connection()
        .list(&links)
        .map_err(|error| dump_failed(&error))?;
    ip.remember(&links.objects);
    // As with ip, names that namespaces get later are looked for when they get an id.
    let _ = ip.netns_name(0);
    loop {
        match events.next() {
            Ok(Notification::Event { message, nsid }) => {
                show(ip, &printer, &message, nsid)?;
            }
            Ok(_) => overrun(ip)?,
            // A message that cannot be read is no reason to miss the next.
            Err(Error::Decode(_)) => {}
            Err(error) => return Err(refused(&error)),
        }
    }
}

fn subscribe(ip: &Ip<'_>, wanted: &Wanted<'_>) -> Result<Subscription<Route>, Failure> {
    let opened = match &ip.options.netns {
        None => Subscription::open(&[]),
        Some(name) => Subscription::open_in(open_netns(name)?.as_fd(), &[]),
    };
    let mut events = opened.map_err(|error| refused(&error))?;
    let size = ip
        .options
        .rcvbuf
        .and_then(|size| usize::try_from(size).ok());
    let _ = events.set_receive_buffer(size.unwrap_or(RECEIVE_BUFFER));
    for group in wanted.groups(ip.options.family) {
        match events.join(group) {
            // A kernel that does not have it tells of all the rest.
            Err(_) if group == STATS_GROUP => {}
            joined => joined.map_err(|error| refused(&error))?,
        }
    }
    if wanted.all_nsid {
        // An id may become another namespace's, with other links.
        events.join(NSID_GROUP).map_err(|error| refused(&error))?;
        let listens = events.listen_all_namespaces();
        listens.map_err(|error| refused(&error))?;
    }
    Ok(events)
}

/// Prints an event at once: whoever reads wants it now.
fn show(
    ip: &mut Ip<'_>,
    printer: &Printer,
    message: &Message<'_>,
    nsid: Option<i32>,
) -> Result<(), Failure> {
    printer.print(ip, message, nsid)?;
    Ok(ip.out.flush()?)
}

/// Events are lost; what comes later is told as before.
fn overrun(ip: &mut Ip<'_>) -> Result<(), Failure> {
    let errno = nix::errno::Errno::ENOBUFS;
    let text = strerror(&errno.into());
    say(format_args!(
        "netlink receive error {text} ({})",
        errno as i32
    ));
    if ip.options.json {
        json::overrun(ip.out)?;
        ip.out.flush()?;
    }
    Ok(())
}
