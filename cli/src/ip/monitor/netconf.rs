//! A link's IP configuration.

use nl_route::netconf::{NETCONFA_IFINDEX_ALL, NETCONFA_IFINDEX_DEFAULT, NetconfView};

use crate::ip::Ip;
use crate::ip::doc::{Color, Doc};

pub(super) fn doc(ip: &mut Ip<'_>, netconf: &NetconfView<'_>) -> Doc {
    let mut doc = Doc::new();
    let family = netconf.family();
    match family.name() {
        Some(name) => doc.field("family", name, format_args!("{name} ")),
        None => doc.field("family", family.0, format_args!("{} ", family.0)),
    };
    if let Some(ifindex) = netconf.ifindex() {
        let name = match ifindex {
            NETCONFA_IFINDEX_ALL => "all".to_owned(),
            NETCONFA_IFINDEX_DEFAULT => "default".to_owned(),
            _ => ip.link_name(ifindex),
        };
        let text = format!("{name} ");
        doc.colored(Some(Color::Ifname), "interface", name, text);
    }
    switch(&mut doc, "forwarding", netconf.forwarding());
    if let Some(mode) = netconf.rp_filter() {
        let word = match mode {
            0 => "off",
            1 => "strict",
            2 => "loose",
            _ => "unknown mode",
        };
        doc.field("rp_filter", word, format_args!("rp_filter {word} "));
    }
    switch(&mut doc, "mc_forwarding", netconf.mc_forwarding());
    switch(&mut doc, "proxy_neigh", netconf.proxy_neigh());
    let ignore = netconf.ignore_routes_with_linkdown();
    switch(&mut doc, "ignore_routes_with_linkdown", ignore);
    switch(&mut doc, "input", netconf.input());
    doc.text('\n');
    doc
}

fn switch(doc: &mut Doc, key: &'static str, value: Option<i32>) {
    if let Some(value) = value {
        let word = if value != 0 { "on" } else { "off" };
        doc.field(key, value != 0, format_args!("{key} {word} "));
    }
}
