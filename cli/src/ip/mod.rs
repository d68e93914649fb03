//! `ip`: iproute2's front door. The options, the objects, and what they share.
//!
//! `ip [ OPTIONS ] OBJECT COMMAND`: [`options`] reads what stands before the object, the table of objects finds the
//! first one that the word abbreviates, and its module reads the rest. What a command shows is a list of [`doc::Doc`]s.

mod address;
mod backlog;
mod batch;
pub mod doc;
mod flush;
mod framed;
#[doc(hidden)]
pub mod fuzzing;
pub mod inet;
mod link;
mod maddress;
mod monitor;
pub mod names;
mod neigh;
mod netns;
mod nexthop;
pub mod options;
pub(crate) mod protocols;
mod route;
mod rule;
mod session;
mod usage;

use std::io::Write;
use std::process::ExitCode;

use self::options::{Options, Start};
pub(crate) use self::session::open_netns;
pub use self::session::{Ip, dump_failed, refused};
use crate::applet::Invocation;
use crate::failure::Failure;
use crate::output::Output;
use crate::words::{Words, matches, utf8};

/// A command of an object: reads the words behind the object's name and does what they say.
type Run = fn(&mut Ip<'_>, Words<'_>) -> Result<(), Failure>;

/// The objects in the order in which an abbreviation finds them; those without a function are not here yet.
///
/// `ip n` is `neighbor`, `ip ne` too, `ip net` is `netns`: the order is iproute2's.
const OBJECTS: &[(&str, Option<Run>)] = &[
    ("address", Some(address::run)),
    ("addrlabel", None),
    ("maddress", Some(maddress::run)),
    ("route", Some(route::run)),
    ("rule", Some(rule::run)),
    ("neighbor", Some(neigh::run)),
    ("neighbour", Some(neigh::run)),
    ("ntable", None),
    ("ntbl", None),
    ("link", Some(link::run)),
    ("l2tp", None),
    ("fou", None),
    ("ila", None),
    ("macsec", None),
    ("tunnel", None),
    ("tunl", None),
    ("tuntap", None),
    ("tap", None),
    ("token", None),
    ("tcpmetrics", None),
    ("tcp_metrics", None),
    ("monitor", Some(monitor::run)),
    ("xfrm", None),
    ("mroute", None),
    ("mrule", None),
    ("netns", Some(netns::run)),
    ("netconf", None),
    ("vrf", None),
    ("sr", None),
    ("nexthop", Some(nexthop::run)),
    ("mptcp", None),
    ("ioam", None),
    ("help", Some(|_, _| Err(Failure::new(255, usage::IP)))),
    ("stats", None),
];

/// The objects whose requests may wait for those of the lines behind.
const POSTING: &[&str] = &[
    "address",
    "route",
    "rule",
    "neighbor",
    "neighbour",
    "link",
    "nexthop",
];

/// The applet `ip`.
pub(crate) fn run(invocation: &Invocation, out: &mut Output) -> Result<ExitCode, Failure> {
    let args = utf8(&invocation.args)?;
    start(Words::new(&args), out)
}

/// The applet `link`, `address`, …: `nlctl link -br show` is `nlctl ip -br link show`.
pub(crate) fn run_object(invocation: &Invocation, out: &mut Output) -> Result<ExitCode, Failure> {
    let mut args = utf8(&invocation.args)?;
    let mut words = Words::new(&args);
    let (_, wanted) = Options::parse(&mut words, usage::IP)?;
    if wanted == Start::Help {
        args = vec![invocation.name, "help"];
    } else {
        // Behind the options, where `ip` has it.
        let options = args.len().saturating_sub(words.rest().len());
        args.insert(options, invocation.name);
    }
    start(Words::new(&args), out)
}

fn start(mut words: Words<'_>, out: &mut Output) -> Result<ExitCode, Failure> {
    let (options, start) = Options::parse(&mut words, usage::IP)?;
    match start {
        Start::Command => {}
        Start::Version => {
            // Scripts look for the release whose grammar and output this is.
            writeln!(
                out,
                "ip utility, iproute2-6.1.0, nlctl {}",
                env!("CARGO_PKG_VERSION")
            )?;
            return Ok(ExitCode::SUCCESS);
        }
        Start::Help => return Err(Failure::new(255, usage::IP)),
    }
    let batch = options.batch.clone();
    let mut ip = Ip::new(options, out)?;
    match batch {
        Some(file) => batch::run(&mut ip, &file)?,
        None if words.is_empty() => return Err(Failure::new(255, usage::IP)),
        None => command(&mut ip, words)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs one command line, from the object on.
fn command(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let word = words.next().unwrap_or_default();
    match OBJECTS.iter().find(|(name, _)| matches(word, name)) {
        Some((name, Some(run))) => {
            if !POSTING.contains(name) {
                // They reach the system by other ways than the connection.
                ip.settle();
            }
            let result = run(ip, words);
            if *name == "netns" {
                // A program may have made or renamed any link.
                ip.forget();
                ip.forget_netns_names();
            }
            result
        }
        Some((name, None)) => Err(Failure::new(
            1,
            format!("nlctl does not have \"ip {name}\" yet."),
        )),
        None => Err(Failure::new(
            1,
            format!("Object \"{word}\" is unknown, try \"ip help\"."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(word: &str) -> Option<&'static str> {
        OBJECTS
            .iter()
            .find(|(name, _)| matches(word, name))
            .map(|(name, _)| *name)
    }

    #[test]
    fn objects_are_found_in_iproute2s_order() {
        for (word, name) in [
            ("a", "address"),
            ("r", "route"),
            ("ru", "rule"),
            ("n", "neighbor"),
            ("neighb", "neighbor"),
            ("net", "netns"),
            ("netc", "netconf"),
            ("nex", "nexthop"),
            ("l", "link"),
            ("m", "maddress"),
            ("t", "tunnel"),
            ("h", "help"),
        ] {
            assert_eq!(object(word), Some(name), "{word}");
        }
        assert_eq!(object(""), None);
        assert_eq!(object("links"), None);
    }
}
