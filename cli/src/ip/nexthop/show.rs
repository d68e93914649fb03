//! `ip nexthop show` and `ip nexthop get`: a nexthop as text and JSON.

use nl_route::nexthop::{GetNexthop, GroupType, NexthopView, ResGroupView};
use nl_route::route::{RouteProtocol, RouteScope};

use super::select::{Select, collect, id};
use super::usage;
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::doc::{Doc, Value};
use crate::ip::names::{PROTOCOLS, SCOPES};
use crate::ip::route::{device, flags, gateway, show_encap};
use crate::ip::session::refused;
use crate::words::Words;

pub(super) fn list(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    match Select::parse(ip, words)? {
        Select::One(id) => one(ip, id),
        Select::Some { request, protocol } => {
            let found = collect(ip, &request, protocol)?;
            let docs: Vec<Doc> = found.iter().map(|one| line(ip, &one.view())).collect();
            ip.print(&docs)
        }
    }
}

pub(super) fn get(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let mut wanted = None;
    while let Some(word) = words.next() {
        match word {
            "id" => wanted = Some(id(words.required()?)?),
            _ => return Err(usage()),
        }
    }
    one(ip, wanted.ok_or_else(usage)?)
}

fn one(ip: &mut Ip<'_>, id: u32) -> Result<(), Failure> {
    let found = ip
        .connection()
        .get(&GetNexthop { id })
        .map_err(|error| refused(&error))?;
    let doc = line(ip, &found.view());
    ip.print(&[doc])
}

/// A nexthop on its line.
pub(in crate::ip) fn line(ip: &mut Ip<'_>, nexthop: &NexthopView<'_>) -> Doc {
    let mut doc = Doc::new();
    fields(ip, &mut doc, nexthop);
    doc.text('\n');
    doc
}

/// What `ip -details route` tells of a route's nexthop; nothing of one that is gone.
pub(in crate::ip) fn info(ip: &mut Ip<'_>, doc: &mut Doc, id: u32) {
    if let Ok(found) = ip.connection().get(&GetNexthop { id }) {
        // Not even -oneline keeps this on the line.
        doc.text("\n\tnh_info ");
        doc.object("nh_info", |doc| fields(ip, doc, &found.view()));
    }
}

fn fields(ip: &mut Ip<'_>, doc: &mut Doc, nexthop: &NexthopView<'_>) {
    let (numeric, details) = (ip.options.numeric, ip.options.details > 0);
    if let Some(id) = nexthop.id() {
        doc.shown("id", "id", id);
    }
    group(doc, nexthop);
    if nexthop.encap().is_some() {
        show_encap(doc, nexthop.encap_type().map(nl_route::route::EncapType));
    }
    if let Some(addr) = nexthop.gateway() {
        gateway(doc, addr);
    }
    if let Some(oif) = nexthop.oif() {
        device(doc, "dev", ip.link_name(oif));
    }
    if nexthop.scope() != RouteScope::GLOBAL || details {
        let scope = SCOPES.show(nexthop.scope().0.into(), numeric);
        doc.shown("scope", "scope", scope);
    }
    if nexthop.blackhole().is_some() {
        doc.field("blackhole", Value::Null, "blackhole ");
    }
    if nexthop.protocol() != RouteProtocol::UNSPEC || details {
        let protocol = PROTOCOLS.show(nexthop.protocol().0.into(), numeric);
        doc.shown("protocol", "proto", protocol);
    }
    flags(doc, nexthop.flags());
    if nexthop.fdb().is_some() {
        doc.field("fdb", Value::Null, "fdb");
    }
}

/// Members, type, and what a resilient group has beside.
fn group(doc: &mut Doc, nexthop: &NexthopView<'_>) {
    let Some(members) = nexthop.group() else {
        return;
    };
    doc.text("group ");
    let members = members.iter().enumerate().map(|(n, member)| {
        let mut doc = Doc::new();
        let (id, weight) = (member.id.get(), member.weight());
        doc.field(
            "id",
            id,
            format_args!("{}{id}", if n > 0 { "/" } else { "" }),
        );
        if weight > 1 {
            doc.field("weight", weight, format_args!(",{weight}"));
        }
        doc
    });
    doc.objects("group", members).text(' ');
    let group_type = nexthop.group_type().map_or(GroupType::default(), GroupType);
    if group_type != GroupType::MPATH {
        let name = group_type
            .name()
            .map_or_else(|| group_type.0.to_string(), str::to_owned);
        doc.shown("type", "type", name);
    }
    if let Some(resilient) = nexthop.res_group() {
        doc.object("resilient_args", |doc| resilient_args(doc, &resilient));
    }
}

fn resilient_args(doc: &mut Doc, group: &ResGroupView<'_>) {
    if let Some(count) = group.buckets() {
        doc.shown("buckets", "buckets", count);
    }
    for (key, ticks) in [
        ("idle_timer", group.idle_timer().map(u64::from)),
        ("unbalanced_timer", group.unbalanced_timer().map(u64::from)),
        ("unbalanced_time", group.unbalanced_time()),
    ] {
        if let Some(ticks) = ticks {
            let seconds = Value::Ticks(ticks);
            let text = format!("{key} {seconds} ");
            doc.field(key, seconds, text);
        }
    }
}
