//! Events as JSON, one object to a line, with nft's commands and keys. What nft would put into words of its
//! language, expressions and values, stands under `raw`, as bytes in hex.

use std::io::{self, Write};

use nl_core::Message;
use nl_netfilter::chain::ChainView;
use nl_netfilter::element::{Element, ElementFlags};
use nl_netfilter::event::Event;
use nl_netfilter::expr::{Expr, NFTA_EXPR_DATA, NFTA_EXPR_NAME, QuotaFlags};
use nl_netfilter::rule::{NFTA_RULE_EXPRESSIONS, RuleView};
use nl_netfilter::set::{DATA_TYPE_VERDICT, SetFlags, SetView};
use nl_netfilter::table::{TableFlags, TableView};
use nl_netfilter::userdata::{COMMENT, find_str};
use nl_netfilter::{Data, Family, Hook, ObjectData, Policy};

use super::statement;
use super::text::{flag_words, has, hook_word, keyword, object_word, set_exprs, type_words, verb};
use super::value::hex;
use crate::ip::doc::Doc;
use crate::output::Output;

/// Tells that events are lost: what `ip monitor` tells, too.
pub(crate) fn overrun(out: &mut Output) -> io::Result<()> {
    writeln!(out, "{{\"object\":\"overrun\"}}")
}

/// Prints an event.
pub(super) fn print(event: &Event<'_>, message: &Message<'_>, out: &mut Output) -> io::Result<()> {
    let mut line = Doc::new();
    if let Event::Generation(made) = event {
        line.object("generation", |doc| {
            doc.json("id", made.id().unwrap_or_default())
                .json("process", made.process().unwrap_or_default())
                .json("name", made.process_name().unwrap_or_default());
        });
        return line.print_json_line(out);
    }
    line.object(verb(event, message), |doc| match event {
        Event::Table { view, .. } => {
            doc.object("table", |doc| table(view, doc));
        }
        Event::Chain { view, .. } => {
            doc.object("chain", |doc| chain(view, doc));
        }
        Event::Rule { view, .. } => {
            doc.object("rule", |doc| rule(view, doc));
        }
        Event::Set { view, .. } => {
            let kind = match has(view, SetFlags::MAP | SetFlags::OBJECT) {
                true => "map",
                false => "set",
            };
            doc.object(kind, |doc| set(view, doc));
        }
        Event::Elements { view, .. } => {
            doc.object("element", |doc| {
                place(doc, view.header().family(), view.table(), view.set());
                let elements = view.elements().map(Element::read);
                doc.objects("raw", elements.map(|read| element(&read)));
            });
        }
        Event::Object { view, .. } => {
            let kind = view.kind().map_or("object", object_word);
            doc.object(kind, |doc| {
                place(doc, view.header().family(), view.table(), view.name());
                handle(doc, view.handle());
                comment(doc, view.comment());
                match view.to_data() {
                    ObjectData::Counter(counter) => {
                        doc.json("packets", counter.packets.unwrap_or_default())
                            .json("bytes", counter.bytes.unwrap_or_default());
                    }
                    ObjectData::Quota(quota) => {
                        doc.json("bytes", quota.bytes)
                            .json("used", quota.consumed.unwrap_or_default())
                            .json(
                                "inv",
                                quota.flags.unwrap_or_default().contains(QuotaFlags::INV),
                            );
                    }
                    ObjectData::Limit(limit) => statement::limit_json(&limit, doc),
                    _ => {}
                }
            });
        }
        Event::Flowtable { view, .. } => {
            doc.object("flowtable", |doc| {
                place(doc, view.header().family(), view.table(), view.name());
                handle(doc, view.handle());
            });
        }
        _ => {}
    });
    line.print_json_line(out)
}

fn place(doc: &mut Doc, family: Family, table: Option<&str>, name: Option<&str>) {
    doc.json("family", keyword(family))
        .json("name", name.unwrap_or_default())
        .json("table", table.unwrap_or_default());
}

fn handle(doc: &mut Doc, handle: Option<u64>) {
    if let Some(handle) = handle {
        doc.json("handle", handle);
    }
}

fn comment(doc: &mut Doc, comment: Option<&str>) {
    if let Some(comment) = comment {
        doc.json("comment", comment);
    }
}

fn table(view: &TableView<'_>, doc: &mut Doc) {
    doc.json("family", keyword(view.header().family()))
        .json("name", view.name().unwrap_or_default());
    handle(doc, view.handle());
    let flags = view.flags().unwrap_or_default();
    if flags.contains(TableFlags::DORMANT) {
        doc.json("flags", "dormant");
    }
}

fn chain(view: &ChainView<'_>, doc: &mut Doc) {
    let family = view.header().family();
    doc.json("family", keyword(family))
        .json("table", view.table().unwrap_or_default())
        .json("name", view.name().unwrap_or_default());
    handle(doc, view.handle());
    let Some(hook) = view.hook() else {
        return;
    };
    doc.json("type", view.chain_type().unwrap_or_default())
        .json(
            "hook",
            hook_word(family, hook.hook().unwrap_or(Hook(u32::MAX))),
        )
        .json("prio", hook.priority().unwrap_or_default());
    let devices: Vec<_> = hook.device_names().collect();
    match devices.as_slice() {
        [] => {}
        [device] => {
            doc.json("dev", *device);
        }
        _ => {
            doc.values("dev", devices, "");
        }
    }
    match view.policy() {
        Some(Policy::ACCEPT) => {
            doc.json("policy", "accept");
        }
        Some(Policy::DROP) => {
            doc.json("policy", "drop");
        }
        _ => {}
    }
}

fn rule(view: &RuleView<'_>, doc: &mut Doc) {
    doc.json("family", keyword(view.header().family()))
        .json("table", view.table().unwrap_or_default())
        .json("chain", view.chain().unwrap_or_default());
    handle(doc, view.handle());
    if let Some(position) = view.position() {
        doc.json("position", position);
    }
    comment(doc, view.comment());
    let mut exprs = view.attrs().flatten();
    let Some(exprs) = exprs.find(|attr| attr.number() == NFTA_RULE_EXPRESSIONS) else {
        return;
    };
    let exprs = exprs.attrs().flatten().map(|expr| {
        let part = |number| {
            let mut attrs = expr.attrs().flatten();
            attrs.find(|attr| attr.number() == number)
        };
        let name = part(NFTA_EXPR_NAME).map_or(&[][..], |attr| attr.payload);
        let name = name.strip_suffix(&[0]).unwrap_or(name);
        let mut doc = Doc::new();
        doc.json("name", String::from_utf8_lossy(name).into_owned())
            .json(
                "data",
                hex(part(NFTA_EXPR_DATA).map_or(&[], |attr| attr.payload)),
            );
        doc
    });
    doc.objects("raw", exprs);
}

/// One type, or several for a concatenation.
fn types(doc: &mut Doc, key: &'static str, id: u32) {
    let mut words = type_words(id);
    match (words.len(), words.pop()) {
        (1, Some(word)) => {
            doc.json(key, word);
        }
        (_, last) => {
            words.extend(last);
            doc.values(key, words, "");
        }
    }
}

fn set(view: &SetView<'_>, doc: &mut Doc) {
    place(doc, view.header().family(), view.table(), view.name());
    if let Some(id) = view.key_type() {
        types(doc, "type", id);
    }
    handle(doc, view.handle());
    comment(doc, view.comment());
    if let Some(kind) = view.object_type() {
        doc.json("map", object_word(kind));
    } else if let Some(data) = view.data_type() {
        match data {
            DATA_TYPE_VERDICT => {
                doc.json("map", "verdict");
            }
            data => types(doc, "map", data),
        }
    }
    if view.policy() == Some(1) {
        doc.json("policy", "memory");
    }
    if let Some(size) = view.desc().and_then(|desc| desc.size()) {
        doc.json("size", size);
    }
    let flags = flag_words(view);
    if !flags.is_empty() {
        doc.values("flags", flags, "");
    }
    // Of the milliseconds nft shows whole seconds.
    if let Some(timeout) = view.timeout() {
        doc.json("timeout", timeout / 1000);
    }
    if let Some(interval) = view.gc_interval() {
        doc.json("gc-interval", interval / 1000);
    }
    let exprs = set_exprs(view);
    if !exprs.is_empty() {
        doc.objects("stmt", exprs.iter().map(statement::json));
    }
}

fn element(element: &Element) -> Doc {
    let mut doc = Doc::new();
    doc.json("key", hex(&element.key));
    if let Some(end) = &element.key_end {
        doc.json("key_end", hex(end));
    }
    if element.flags.contains(ElementFlags::INTERVAL_END) {
        doc.json("interval_end", true);
    }
    if element.flags.contains(ElementFlags::CATCHALL) {
        doc.json("catchall", true);
    }
    match (&element.data, &element.object) {
        (Some(Data::Verdict(verdict)), _) => {
            doc.json("verdict", super::element::verdict_words(verdict));
        }
        (Some(data), _) => {
            doc.json("data", hex(data.value().unwrap_or_default()));
        }
        (None, Some(object)) => {
            doc.json("object", object.as_str());
        }
        (None, None) => {}
    }
    if let Some(timeout) = element.timeout {
        doc.json("timeout_ms", timeout);
    }
    if let Some(left) = element.expiration {
        doc.json("expires_ms", left);
    }
    if !element.exprs.is_empty() {
        doc.values("exprs", element.exprs.iter().map(Expr::name), "");
    }
    comment(&mut doc, find_str(&element.userdata, COMMENT));
    doc
}
