//! `nlctl monitor`: what happens, as it happens. `nlctl monitor nft` is nft's monitor, anything else ip's.

mod element;
pub(crate) mod json;
mod statement;
mod text;
mod value;

use std::collections::BTreeMap;
use std::io::Write;
use std::os::fd::AsFd;
use std::process::ExitCode;

use nl_core::{Connection, Error, Message, Notification, Owned, Subscription};
use nl_netfilter::event::{Event, NFNLGRP_NFTABLES};
use nl_netfilter::set::{SetFlags, SetInfo, SetView};
use nl_netfilter::{GetSets, Netfilter};

use self::element::Halves;
use self::text::has;
use crate::applet::Invocation;
use crate::failure::Failure;
use crate::ip::options::takes_value;
use crate::ip::{self, open_netns};
use crate::output::Output;
use crate::words::{Words, utf8};

const USAGE: &str = "\
Usage: nlctl monitor [ OPTIONS ] nft [ new | destroy ] [ OBJECTS ]
       nlctl monitor ...                  is ip monitor

OBJECTS := tables | chains | sets | rules | elements | ruleset

Options:
  -a, --handle   also print handles
  -j, --json     print JSON, one object to a line
  -n, --netns NAME
                 in the network namespace of this name

Prints what nft monitor prints, except that
  rules are printed as the kernel has them: one expression to a line, by the
    names of its attributes; in JSON name and bytes (\"raw\")
  sets made with typeof are printed with their type; a type that is not known
    by name, and elements of it, in hex; indices of links as numbers; elements
    in JSON as bytes (\"raw\")
  objects other than counters, quotas and limits have no settings
  there is no trace";

/// What an event is about: bits of what is wanted.
mod about {
    pub(super) const TABLES: u8 = 1;
    pub(super) const CHAINS: u8 = 2;
    pub(super) const SETS: u8 = 4;
    pub(super) const RULES: u8 = 8;
    pub(super) const ELEMENTS: u8 = 0x10;
    pub(super) const OTHERS: u8 = 0x20;
    pub(super) const GENERATIONS: u8 = 0x40;
}

/// nft's words for them. Generations are told of only to those who want all.
const OBJECTS: &[(&str, u8)] = &[
    ("tables", about::TABLES),
    ("chains", about::CHAINS),
    ("sets", about::SETS),
    ("rules", about::RULES),
    ("elements", about::ELEMENTS),
    ("ruleset", !about::GENERATIONS),
];

/// The receive buffer that is asked for, in bytes.
const RECEIVE_BUFFER: usize = 4 << 20;

/// The applet `monitor`.
pub(crate) fn run(invocation: &Invocation, out: &mut Output) -> Result<ExitCode, Failure> {
    let args = utf8(&invocation.args)?;
    let mut words = Words::new(&args);
    while let Some(option) = words.peek().filter(|word| word.starts_with('-')) {
        words.next();
        if takes_value(option) {
            words.next();
        }
    }
    if words.peek() == Some("nft") {
        return Monitor::read(Words::new(&args))?.run(out);
    }
    ip::run_object(invocation, out)
}

#[derive(Debug, Default)]
struct Monitor {
    json: bool,
    handles: bool,
    /// The name of a network namespace.
    netns: Option<String>,
    /// Whether only what is new, or only what is gone.
    only: Option<bool>,
    wanted: Option<u8>,
    /// The sets that there are: only with them an element means something.
    sets: BTreeMap<(u8, String, String), SetInfo>,
    /// Intervals of which one end was told.
    halves: Halves,
}

impl Monitor {
    fn read(mut words: Words<'_>) -> Result<Self, Failure> {
        let mut monitor = Self::default();
        let mut started = false;
        while let Some(word) = words.next() {
            match word {
                "-j" | "-json" | "--json" => monitor.json = true,
                "-n" | "-netns" | "--netns" => monitor.netns = Some(words.required()?.to_owned()),
                "-a" | "--handle" => monitor.handles = true,
                "-h" | "--help" | "help" => return Err(Failure::new(1, USAGE)),
                "nft" if !started => started = true,
                "new" if monitor.only.is_none() => monitor.only = Some(true),
                "destroy" if monitor.only.is_none() => monitor.only = Some(false),
                "trace" => {
                    let text = "nlctl does not have \"monitor nft trace\" yet.";
                    return Err(Failure::new(1, text));
                }
                _ => match OBJECTS.iter().find(|(name, _)| *name == word) {
                    Some((_, bits)) if monitor.wanted.is_none() => monitor.wanted = Some(*bits),
                    _ => {
                        let text = format!("invalid event {word}, try \"nlctl monitor nft help\".");
                        return Err(Failure::new(1, text));
                    }
                },
            }
        }
        Ok(monitor)
    }

    fn run(mut self, out: &mut Output) -> Result<ExitCode, Failure> {
        const GROUPS: &[u32] = &[NFNLGRP_NFTABLES];

        let (events, nf) = match &self.netns {
            None => (Subscription::open(GROUPS), Connection::open()),
            Some(name) => {
                let netns = open_netns(name)?;
                let netns = netns.as_fd();
                (
                    Subscription::open_in(netns, GROUPS),
                    Connection::open_in(netns),
                )
            }
        };
        let mut events: Subscription<Netfilter> = events.map_err(failed)?;
        let mut nf: Connection<Netfilter> = nf.map_err(failed)?;
        let _ = events.set_receive_buffer(RECEIVE_BUFFER);
        self.list_sets(&mut nf)?;
        loop {
            match events.next() {
                Ok(Notification::Event { message, .. }) => {
                    self.show(&message, out)?;
                    out.flush()?;
                }
                Ok(_) => {
                    match self.json {
                        true => json::overrun(out)?,
                        false => writeln!(out, "# ERROR: We lost some netlink events!")?,
                    }
                    out.flush()?;
                    self.halves.clear();
                    self.list_sets(&mut nf)?;
                }
                // A message that cannot be read is no reason to miss the next.
                Err(Error::Decode(_)) => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Looks which sets there are, at first and when their events are lost. A list that changed meanwhile does: what
    /// changed is told.
    fn list_sets(&mut self, nf: &mut Connection<Netfilter>) -> Result<(), Failure> {
        self.sets.clear();
        for set in nf.list(&GetSets::default()).map_err(failed)?.objects {
            self.remember(set);
        }
        Ok(())
    }

    fn remember(&mut self, set: SetInfo) {
        let key = key(&set.view());
        self.sets.insert(key, set);
    }

    /// Prints an event, if it is wanted.
    fn show(&mut self, message: &Message<'_>, out: &mut Output) -> Result<(), Failure> {
        let Ok(Some(event)) = Event::parse(message) else {
            return Ok(());
        };
        let (about, removed) = subject(&event);
        if let Event::Set { removed: false, .. } = event
            && let Ok(set) = Owned::from_payload(message.payload)
        {
            self.remember(set);
        }
        if self.wants(about, removed) && !self.is_of_a_rule(&event) {
            if self.json {
                json::print(&event, message, out)?;
            } else {
                self.print(&event, message, out)?;
            }
        }
        if let Event::Set {
            view,
            removed: true,
        } = &event
        {
            self.sets.remove(&key(view));
        }
        Ok(())
    }

    /// Whether it is of a set that belongs to a rule, which tells of it.
    fn is_of_a_rule(&self, event: &Event<'_>) -> bool {
        match event {
            Event::Set {
                view,
                removed: false,
            } => has(view, SetFlags::ANONYMOUS),
            Event::Elements { view, .. } => {
                let family = view.header().family;
                let (table, name) = (view.table(), view.set());
                let key = |part: Option<&str>| part.unwrap_or_default().to_owned();
                let set = self.sets.get(&(family, key(table), key(name)));
                set.is_some_and(|set| has(&set.view(), SetFlags::ANONYMOUS))
            }
            _ => false,
        }
    }

    fn wants(&self, about: u8, removed: bool) -> bool {
        let all = match self.only {
            Some(_) => !(about::GENERATIONS | about::OTHERS),
            None => u8::MAX,
        };
        self.wanted.unwrap_or(all) & about != 0 && self.only.is_none_or(|new| new != removed)
    }
}

fn key(set: &SetView<'_>) -> (u8, String, String) {
    (
        set.header().family,
        set.table().unwrap_or_default().to_owned(),
        set.name().unwrap_or_default().to_owned(),
    )
}

fn subject(event: &Event<'_>) -> (u8, bool) {
    match event {
        Event::Table { removed, .. } => (about::TABLES, *removed),
        Event::Chain { removed, .. } => (about::CHAINS, *removed),
        Event::Rule { removed, .. } => (about::RULES, *removed),
        Event::Set { removed, .. } => (about::SETS, *removed),
        Event::Elements { removed, .. } => (about::ELEMENTS, *removed),
        Event::Object { removed, .. } | Event::Flowtable { removed, .. } => {
            (about::OTHERS, *removed)
        }
        _ => (about::GENERATIONS, false),
    }
}

fn failed(error: Error) -> Failure {
    Failure::new(1, format!("nlctl monitor: {error}"))
}
