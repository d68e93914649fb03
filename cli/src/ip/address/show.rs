//! An address as `ip address show` prints it.

use nl_route::Family;
use nl_route::addr::{AddrView, FOREVER};

use crate::ip::Ip;
use crate::ip::doc::{Color, Doc};
use crate::ip::inet;
use crate::ip::names::SCOPES;

/// The address; with the link's index and name in front if it stands without its link.
pub(in crate::ip) fn full(ip: &mut Ip<'_>, addr: &AddrView<'_>, alone: bool) -> Doc {
    let mut doc = Doc::new();
    if alone {
        let name = ip.link_name(addr.ifindex());
        doc.field(
            "index",
            addr.ifindex(),
            format_args!("{}: ", addr.ifindex()),
        );
        doc.field("dev", name.as_str(), name.as_str());
    }
    match addr.family() {
        family @ (Family::INET | Family::INET6) => {
            let name = family.name().unwrap_or_default();
            doc.field("family", name, format_args!("    {name} "));
        }
        family => {
            doc.field(
                "family_index",
                family.0,
                format_args!("    family {} ", family.0),
            );
        }
    }
    addresses(addr, &mut doc);
    for (key, word, value) in [
        ("broadcast", "brd", addr.broadcast()),
        ("anycast", "any", addr.anycast()),
    ] {
        if let Some(value) = value {
            let value = inet::show(value);
            doc.text(format_args!("{word} "));
            doc.colored(color(addr), key, value.as_str(), format_args!("{value} "));
        }
    }
    doc.shown(
        "scope",
        "scope",
        SCOPES.show(addr.scope().0.into(), ip.options.numeric),
    );
    for word in addr.flags().words(addr.family()) {
        doc.field(word, true, format_args!("{word} "));
    }
    let unnamed = addr.flags().unnamed();
    if unnamed != 0 {
        doc.field(
            "ifa_flags",
            format!("{unnamed:02x}"),
            format_args!("flags {unnamed:02x} "),
        );
    }
    if let Some(label) = addr.label() {
        doc.field("label", label, label);
    }
    if let Some(times) = addr.cacheinfo() {
        doc.newline();
        for (key, word, seconds) in [
            ("valid_life_time", "       valid_lft", times.valid.get()),
            (
                "preferred_life_time",
                " preferred_lft",
                times.preferred.get(),
            ),
        ] {
            if seconds == FOREVER {
                doc.field(key, seconds, format_args!("{word} forever"));
            } else {
                doc.field(key, seconds, format_args!("{word} {seconds}sec"));
            }
        }
    }
    doc.text("\n");
    doc
}

/// The address as a word of a `-brief` line.
pub(in crate::ip) fn brief(addr: &AddrView<'_>) -> Doc {
    let mut doc = Doc::new();
    addresses(addr, &mut doc);
    doc
}

/// The address, its peer, the length of the prefix, the metric.
fn addresses(addr: &AddrView<'_>, doc: &mut Doc) {
    if let Some(local) = addr.local().or_else(|| addr.address()) {
        let local = inet::show(local);
        doc.colored(color(addr), "local", local.as_str(), local.as_str());
        if let Some(peer) = addr.peer() {
            let peer = inet::show(peer);
            doc.text(" peer ");
            doc.colored(color(addr), "address", peer.as_str(), peer.as_str());
        }
        doc.field(
            "prefixlen",
            addr.prefix_len(),
            format_args!("/{} ", addr.prefix_len()),
        );
        if let Some(metric) = addr.rt_priority() {
            doc.shown("metric", "metric", metric);
        }
    }
}

fn color(addr: &AddrView<'_>) -> Option<Color> {
    match addr.family() {
        Family::INET => Some(Color::Inet),
        Family::INET6 => Some(Color::Inet6),
        _ => None,
    }
}
