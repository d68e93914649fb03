//! `ip netns`: names for network namespaces, ip-netns(8).

mod exec;
mod list;
mod monitor;

use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};

use nl_netns::{Error, Namespace, named};
use nl_route::nsid::{NetnsRef, NewNsid};

use super::Ip;
use super::session::refused;
use crate::failure::{Failure, say};
use crate::words::{Words, matches, wrong};

const USAGE: &str = "\
Usage:\tip netns list
\tip netns add NAME
\tip netns attach NAME PID
\tip netns set NAME NETNSID
\tip [-all] netns delete [NAME]
\tip netns identify [PID]
\tip netns pids NAME
\tip [-all] netns exec [NAME] cmd ...
\tip netns monitor
\tip netns list-id [target-nsid POSITIVE-INT] [nsid POSITIVE-INT]
NETNSID := auto | POSITIVE-INT";

type Run = fn(&mut Ip<'_>, Words<'_>) -> Result<(), Failure>;

const VERBS: &[(&str, Run)] = &[
    ("list", list::names),
    ("show", list::names),
    ("lst", list::names),
    ("list-id", list::ids),
    ("help", |_, _| Err(usage())),
    ("add", add),
    ("set", set),
    ("delete", delete),
    ("identify", identify),
    ("pids", pids),
    ("exec", exec::exec),
    ("monitor", monitor::monitor),
    ("attach", attach),
];

pub(super) fn run(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let Some(verb) = words.next() else {
        return list::names(ip, words);
    };
    match VERBS.iter().find(|(name, _)| matches(verb, name)) {
        Some((name @ ("add" | "attach" | "delete" | "exec"), _)) if ip.is_dry_run() => Err(
            Failure::new(2, format!("nlctl: \"ip netns {name}\" knows no dry run")),
        ),
        Some((_, run)) => run(ip, words),
        None => Err(Failure::new(
            255,
            format!("Command \"{verb}\" is unknown, try \"ip netns help\"."),
        )),
    }
}

fn usage() -> Failure {
    Failure::new(255, USAGE)
}

/// The error of an operation on a namespace, in iproute2's words. A bad name is a usage error.
fn failed(code: u8, error: &Error) -> Failure {
    match error {
        Error::InvalidName(_) => Failure::new(255, error.to_string()),
        Error::NotANamespace { name, .. } => Failure::new(
            code,
            format!(
                "setting the network namespace \"{}\" failed: Invalid argument",
                name.display()
            ),
        ),
        _ => Failure::new(code, error.to_string()),
    }
}

fn name<'a>(words: &mut Words<'a>) -> Result<&'a str, Failure> {
    words
        .next()
        .ok_or_else(|| Failure::new(1, "No netns name specified"))
}

/// A name that ip checks before it does anything.
fn valid_name<'a>(words: &mut Words<'a>) -> Result<&'a str, Failure> {
    let name = name(words)?;
    named::path(name).map_err(|error| failed(1, &error))?;
    Ok(name)
}

fn add(_: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let name = name(&mut words)?;
    named::create(name).map_err(|error| failed(1, &error))?;
    Ok(())
}

fn attach(_: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let (Some(name), Some(pid)) = (words.next(), words.next()) else {
        return Err(Failure::new(1, "No netns name and PID specified"));
    };
    named::path(name).map_err(|error| failed(1, &error))?;
    let pid = pid_word(pid).ok_or_else(|| Failure::new(1, format!("Invalid PID: {pid}")))?;
    named::attach(name, pid).map_err(|error| failed(1, &error))?;
    Ok(())
}

fn set(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let name = valid_name(&mut words)?;
    let id = words
        .next()
        .ok_or_else(|| Failure::new(1, "No nsid specified"))?;
    let nsid = match id {
        "auto" => -1,
        _ => match id.parse::<i32>() {
            Ok(nsid) if nsid >= 0 => nsid,
            Ok(_) => return Err(wrong(id, "\"netnsid\" value should be >= 0")),
            Err(_) => return Err(wrong(id, "Invalid \"netnsid\" value")),
        },
    };
    let file = list::open(name).map_err(|error| {
        Failure::new(
            1,
            format!("Cannot open network namespace \"{name}\": {error}"),
        )
    })?;
    let netns = NetnsRef::Fd(file.as_fd().as_raw_fd());
    ip.connection()
        .call(&NewNsid { netns, nsid })
        .map_err(|error| refused(&error))
}

fn delete(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    if ip.options.all {
        // The first that stays is told of, and that is all.
        if let Err(error) = named::delete_all() {
            say(failed(0, &error));
        }
        return Ok(());
    }
    named::delete(name(&mut words)?).map_err(|error| failed(1, &error))
}

fn identify(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    // ip takes the word for a name before it takes it for a number.
    if let Some(word) = words.peek() {
        named::path(word).map_err(|error| failed(1, &error))?;
    }
    let names = match words.next() {
        None => named::identify(std::process::id()),
        Some(_) if words.peek().is_some() => {
            return Err(Failure::new(1, "extra arguments specified"));
        }
        Some(word) => {
            let pid = pid_word(word).ok_or_else(|| {
                Failure::new(1, format!("Specified string '{word}' is not a pid"))
            })?;
            named::identify(pid)
        }
    };
    let names = names.map_err(|error| failed(1, &error))?;
    // Of several names ip prints one, of none an empty line.
    let name = names.last().cloned().unwrap_or_default();
    writeln!(ip.out, "{}", name.display())?;
    Ok(())
}

fn pids(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let name = name(&mut words)?;
    if words.peek().is_some() {
        return Err(Failure::new(1, "extra arguments specified"));
    }
    for pid in named::pids(name).map_err(|error| failed(1, &error))? {
        writeln!(ip.out, "{pid}")?;
    }
    Ok(())
}

fn pid_word(word: &str) -> Option<u32> {
    word.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| word.parse().ok())
        .flatten()
}

/// Opens a namespace by its name, to be entered.
fn namespace(name: &str) -> Result<Namespace, Failure> {
    named::path(name).map_err(|error| failed(255, &error))?;
    Namespace::open(name).map_err(|error| failed(255, &error))
}
