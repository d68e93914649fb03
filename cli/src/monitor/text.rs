//! Events as nft's monitor prints them.

use std::io::{self, Write};

use nl_core::Message;
use nl_core::header::{NLM_F_APPEND, NLM_F_EXCL};
use nl_netfilter::chain::{ChainFlags, ChainView};
use nl_netfilter::event::Event;
use nl_netfilter::expr::{EXPR_ATTRS, Expr};
use nl_netfilter::object::{ObjectType, ObjectView};
use nl_netfilter::rule::{NFTA_RULE_EXPRESSIONS, RuleView};
use nl_netfilter::set::{DATA_TYPE_VERDICT, SetFlags, SetView};
use nl_netfilter::table::{TableFlags, TableView};
use nl_netfilter::userdata::{SET_MERGE_ELEMENTS, find_u32};
use nl_netfilter::{DataType, Family, Hook, ObjectData, Policy, priority};

use super::Monitor;
use super::element::duration;
use super::statement;
use super::value::concat_types;
use crate::output::Output;

impl Monitor {
    pub(super) fn print(
        &mut self,
        event: &Event<'_>,
        message: &Message<'_>,
        out: &mut Output,
    ) -> io::Result<()> {
        let verb = verb(event, message);
        match event {
            Event::Table { view, removed } => {
                let what = table(view, *removed);
                // Of all that is gone a table alone keeps its handle.
                self.line(out, verb, &what, view.handle())
            }
            Event::Chain { view, removed } => {
                let what = chain(view, *removed);
                self.line(out, verb, &what, view.handle().filter(|_| !removed))
            }
            Event::Rule { view, removed } => self.rule(verb, view, *removed, out),
            Event::Set { view, removed } => self.set(verb, view, *removed, out),
            Event::Elements { view, .. } => {
                let table = view.table().unwrap_or_default();
                let name = view.set().unwrap_or_default();
                let family = view.header().family();
                let key = (family.0, table.to_owned(), name.to_owned());
                let set = self.sets.get(&key).map(|set| set.view());
                for element in view.elements() {
                    if let Some(text) = self.halves.element(&key, set.as_ref(), &element) {
                        let family = keyword(family);
                        writeln!(out, "{verb} element {family} {table} {name} {{ {text} }}")?;
                    }
                }
                Ok(())
            }
            Event::Object { view, removed } => self.object(verb, view, *removed, out),
            Event::Flowtable { view, removed } => {
                let place = place(view.header().family(), view.table(), view.name());
                let handle = view.handle().filter(|_| !removed);
                self.line(out, verb, &format!("flowtable {place}"), handle)
            }
            Event::Generation(made) => {
                self.halves.clear();
                let id = made.id().unwrap_or_default();
                let process = made.process().unwrap_or_default();
                let name = made.process_name().unwrap_or_default();
                writeln!(out, "# new generation {id} by process {process} ({name})")
            }
            _ => Ok(()),
        }
    }

    fn line(
        &self,
        out: &mut Output,
        verb: &str,
        what: &str,
        handle: Option<u64>,
    ) -> io::Result<()> {
        match handle.filter(|_| self.handles) {
            Some(handle) => writeln!(out, "{verb} {what} # handle {handle}"),
            None => writeln!(out, "{verb} {what}"),
        }
    }

    /// What was put: place, comment, and the expressions below it.
    fn rule(
        &self,
        verb: &str,
        view: &RuleView<'_>,
        removed: bool,
        out: &mut Output,
    ) -> io::Result<()> {
        let place = place(view.header().family(), view.table(), view.chain());
        let handle = view.handle().unwrap_or_default();
        if removed {
            return writeln!(out, "{verb} rule {place} handle {handle}");
        }
        let comment = view.comment();
        let comment = comment.map_or_else(String::new, |text| format!(" comment \"{text}\""));
        writeln!(out, "{verb} rule {place}{comment} # handle {handle}")?;
        for attr in view.attrs().flatten() {
            if attr.number() == NFTA_RULE_EXPRESSIONS {
                for expr in attr.attrs().flatten() {
                    writeln!(out, "  [ {:?} ]", EXPR_ATTRS.debug(expr.payload))?;
                }
            }
        }
        Ok(())
    }

    fn set(
        &self,
        verb: &str,
        view: &SetView<'_>,
        removed: bool,
        out: &mut Output,
    ) -> io::Result<()> {
        let place = place(view.header().family(), view.table(), view.name());
        if removed {
            return self.line(out, verb, &format!("set {place}"), None);
        }
        let kind = match has(view, SetFlags::MAP | SetFlags::OBJECT) {
            true => "map",
            false => "set",
        };
        let handle = view.handle().filter(|_| self.handles);
        let handle = handle.map_or_else(String::new, |handle| format!("# handle {handle} "));
        writeln!(
            out,
            "{verb} {kind} {place} {{ {handle}{}}} ",
            declaration(view)
        )
    }

    fn object(
        &self,
        verb: &str,
        view: &ObjectView<'_>,
        removed: bool,
        out: &mut Output,
    ) -> io::Result<()> {
        let place = place(view.header().family(), view.table(), view.name());
        let kind = view.kind().unwrap_or(ObjectType(0));
        let word = object_word(kind);
        if removed {
            return self.line(out, verb, &format!("{word} {place}"), None);
        }
        let handle = view.handle().filter(|_| self.handles);
        let handle = handle.map_or_else(String::new, |handle| format!("# handle {handle} "));
        let settings = match view.to_data() {
            ObjectData::Counter(counter) => Some(Expr::Counter(counter)),
            ObjectData::Quota(quota) => Some(Expr::Quota(quota)),
            ObjectData::Limit(limit) => Some(Expr::Limit(limit)),
            _ => None,
        };
        let comment = view.comment();
        let comment = comment.map(|text| format!("comment \"{text}\""));
        let settings = settings.map(|expr| statement::words(&expr));
        // Without the name, which is the object's, too.
        let settings = settings.as_deref().and_then(|words| words.split_once(' '));
        let settings = settings.map(|(_, settings)| settings.to_owned());
        let inside: Vec<_> = comment.into_iter().chain(settings).collect();
        match inside.is_empty() {
            true => self.line(out, verb, &format!("{word} {place}"), view.handle()),
            false => {
                let inside = inside.join(" ");
                writeln!(out, "{verb} {word} {place} {{ {handle}{inside} }} ")
            }
        }
    }
}

/// nft's command that would have done it.
pub(super) fn verb(event: &Event<'_>, message: &Message<'_>) -> &'static str {
    match event {
        Event::Table { removed: true, .. }
        | Event::Chain { removed: true, .. }
        | Event::Rule { removed: true, .. }
        | Event::Set { removed: true, .. }
        | Event::Elements { removed: true, .. }
        | Event::Object { removed: true, .. }
        | Event::Flowtable { removed: true, .. } => "delete",
        Event::Rule { .. } if message.flags() & NLM_F_APPEND == 0 => "insert",
        _ if message.flags() & NLM_F_EXCL != 0 => "create",
        _ => "add",
    }
}

pub(super) fn keyword(family: Family) -> &'static str {
    family.keyword().unwrap_or("unknown")
}

fn place(family: Family, table: Option<&str>, name: Option<&str>) -> String {
    let (table, name) = (table.unwrap_or_default(), name.unwrap_or_default());
    format!("{} {table} {name}", keyword(family))
}

pub(super) fn has(set: &SetView<'_>, flags: SetFlags) -> bool {
    set.flags().is_some_and(|set| set.intersects(flags))
}

fn table(view: &TableView<'_>, removed: bool) -> String {
    const FLAGS: [(TableFlags, &str); 3] = [
        (TableFlags::DORMANT, "dormant"),
        (TableFlags::OWNER, "owner"),
        (TableFlags::PERSIST, "persist"),
    ];

    let flags = view.flags().unwrap_or_default();
    let flags: Vec<_> = FLAGS
        .iter()
        .filter(|(flag, _)| flags.contains(*flag))
        .map(|(_, name)| *name)
        .collect();
    let family = keyword(view.header().family());
    let name = view.name().unwrap_or_default();
    match flags.is_empty() || removed {
        true => format!("table {family} {name}"),
        false => format!("table {family} {name} {{ flags {}; }}", flags.join(",")),
    }
}

fn chain(view: &ChainView<'_>, removed: bool) -> String {
    let family = view.header().family();
    let mut text = format!("chain {}", place(family, view.table(), view.name()));
    let Some(hook) = view.hook().filter(|_| !removed) else {
        return text;
    };
    let number = hook.hook().unwrap_or(Hook(u32::MAX));
    text += &format!(
        " {{ type {} hook {}",
        view.chain_type().unwrap_or_default(),
        hook_word(family, number)
    );
    let devices: Vec<_> = hook.device_names().collect();
    match devices.as_slice() {
        [] => {}
        [device] => text += &format!(" device \"{device}\""),
        devices => text += &format!(" devices = {{ {} }}", devices.join(", ")),
    }
    let priority = hook.priority().unwrap_or_default();
    text += &format!(" priority {};", priority_words(family, number, priority));
    match view.policy() {
        Some(Policy::ACCEPT) => text += " policy accept;",
        Some(Policy::DROP) => text += " policy drop;",
        _ => {}
    }
    if view
        .flags()
        .is_some_and(|flags| flags.contains(ChainFlags::HW_OFFLOAD))
    {
        text += " flags offload;";
    }
    text + " }"
}

pub(super) fn hook_word(family: Family, hook: Hook) -> &'static str {
    match (family, hook.0) {
        (Family::NETDEV, 0) | (Family::INET, 5) => "ingress",
        (Family::NETDEV, 1) => "egress",
        (Family::ARP, 0) => "input",
        (Family::ARP, 1) => "output",
        (_, 0) => "prerouting",
        (_, 1) => "input",
        (_, 2) => "forward",
        (_, 3) => "output",
        (_, 4) => "postrouting",
        _ => "unknown",
    }
}

/// Priorities with a name in nft(8), and the only hook at which it is used.
const PRIORITIES: &[(&str, i32, Option<Hook>)] = &[
    ("raw", priority::RAW, None),
    ("mangle", priority::MANGLE, None),
    ("dstnat", priority::DSTNAT, Some(Hook::PREROUTING)),
    ("filter", priority::FILTER, None),
    ("security", priority::SECURITY, None),
    ("srcnat", priority::SRCNAT, Some(Hook::POSTROUTING)),
];
/// The same for family bridge.
const BRIDGE_PRIORITIES: &[(&str, i32, Option<Hook>)] = &[
    ("dstnat", -300, Some(Hook::PREROUTING)),
    ("filter", -200, None),
    ("out", 100, Some(Hook::OUTPUT)),
    ("srcnat", 300, Some(Hook::POSTROUTING)),
];

/// `filter`, `mangle + 10`, or the number.
fn priority_words(family: Family, hook: Hook, value: i32) -> String {
    /// How far from a name nft still uses it.
    const REACH: u32 = 10;

    let names = match family {
        Family::BRIDGE => BRIDGE_PRIORITIES,
        _ => PRIORITIES,
    };
    let near = names.iter().find(|(_, of, _)| value.abs_diff(*of) <= REACH);
    let near = near.filter(|(name, _, only)| {
        only.is_none_or(|only| only == hook)
            && (!matches!(family, Family::ARP | Family::NETDEV) || *name == "filter")
    });
    match near {
        Some((name, of, _)) if value == *of => (*name).to_owned(),
        Some((name, of, _)) if value > *of => format!("{name} + {}", value.abs_diff(*of)),
        Some((name, of, _)) => format!("{name} - {}", value.abs_diff(*of)),
        None => value.to_string(),
    }
}

pub(super) fn object_word(kind: ObjectType) -> &'static str {
    match kind {
        ObjectType::COUNTER => "counter",
        ObjectType::QUOTA => "quota",
        ObjectType::CT_HELPER => "ct helper",
        ObjectType::LIMIT => "limit",
        ObjectType::CT_TIMEOUT => "ct timeout",
        ObjectType::SECMARK => "secmark",
        ObjectType::CT_EXPECT => "ct expectation",
        ObjectType::SYNPROXY => "synproxy",
        _ => "object",
    }
}

/// The words of a type of keys or data, one for each part of a concatenation.
pub(super) fn type_words(id: u32) -> Vec<String> {
    let one = |id: u32| match DataType::by_id(id) {
        Some(known) => known.name.to_owned(),
        None => format!("{id:#x}"),
    };
    concat_types(id).into_iter().map(one).collect()
}

/// The flags of sets that have a word, in nft's order.
const SET_FLAGS: [(SetFlags, &str); 4] = [
    (SetFlags::CONSTANT, "constant"),
    (SetFlags::EVAL, "dynamic"),
    (SetFlags::INTERVAL, "interval"),
    (SetFlags::TIMEOUT, "timeout"),
];

/// The words of a set's flags.
pub(super) fn flag_words(view: &SetView<'_>) -> Vec<&'static str> {
    let set = SET_FLAGS.iter().filter(|(flag, _)| has(view, *flag));
    set.map(|(_, name)| *name).collect()
}

/// The statements that each element of a set gets.
pub(super) fn set_exprs(view: &SetView<'_>) -> Vec<Expr> {
    let several = view.exprs();
    let several = several.iter().flat_map(|exprs| exprs.iter());
    several.chain(view.expr().map(Expr::read)).collect()
}

/// What stands between a set's braces.
fn declaration(view: &SetView<'_>) -> String {
    let mut text = format!(
        "type {}",
        type_words(view.key_type().unwrap_or(0)).join(" . ")
    );
    if let Some(kind) = view.object_type() {
        text += &format!(" : {}", object_word(kind));
    } else if let Some(data) = view.data_type() {
        match data {
            DATA_TYPE_VERDICT => text += " : verdict",
            data => text += &format!(" : {}", type_words(data).join(" . ")),
        }
    }
    text += "; ";
    if view.policy() == Some(1) {
        text += "policy memory; ";
    }
    if let Some(size) = view.desc().and_then(|desc| desc.size()) {
        text += &format!("size {size}; ");
    }
    let flags = view.flags().unwrap_or_default();
    let mut telling = flags;
    // That follows from the timeout.
    if view.timeout().is_some() {
        telling.remove(SetFlags::TIMEOUT);
    }
    if SET_FLAGS.iter().any(|(flag, _)| telling.contains(*flag)) {
        text += &format!("flags {}; ", flag_words(view).join(","));
    }
    let exprs: Vec<_> = set_exprs(view).iter().map(statement::declared).collect();
    if !exprs.is_empty() {
        text += &format!("{}; ", exprs.join(" "));
    }
    if let Some(timeout) = view.timeout() {
        text += &format!("timeout {}; ", duration(timeout));
    }
    if let Some(interval) = view.gc_interval() {
        text += &format!("gc-interval {}; ", duration(interval.into()));
    }
    if find_u32(view.userdata().unwrap_or_default(), SET_MERGE_ELEMENTS) == Some(1) {
        text += "auto-merge; ";
    }
    if let Some(comment) = view.comment() {
        text += &format!("comment \"{comment}\"; ");
    }
    text
}
