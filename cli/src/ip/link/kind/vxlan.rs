//! Kind `vxlan`.

use std::net::IpAddr;

use nl_core::Kind;
use nl_core::kind::Ip as IpKind;
use nl_route::link::kind::vxlan::*;

use super::{attr, be16, number};
use crate::ip::doc::{Color, Doc};
use crate::ip::session::Ip;

/// `VXLAN_DF_*` by number.
pub(in crate::ip::link) const DF: &[&str] = &["unset", "set", "inherit"];

pub(super) fn show(ip: &mut Ip<'_>, data: &[u8], doc: &mut Doc) {
    let value = |attribute| attr(data, attribute).and_then(number);
    let is_set = |attribute| value(attribute).is_some_and(|on| on != 0);
    if is_set(IFLA_VXLAN_COLLECT_METADATA) {
        doc.field("external", true, "external ");
    }
    if let Some(id) = value(IFLA_VXLAN_ID) {
        doc.shown("id", "id", id);
    }
    for (v4, v6) in [
        (IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6),
        (IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6),
    ] {
        let Some(addr) = attr(data, v4)
            .or_else(|| attr(data, v6))
            .and_then(IpKind::read)
        else {
            continue;
        };
        let is_local = v4 == IFLA_VXLAN_LOCAL;
        let (key4, key6, word) = match (is_local, addr.is_multicast()) {
            (true, _) => ("local", "local6", "local"),
            (false, true) => ("group", "group6", "group"),
            (false, false) => ("remote", "remote6", "remote"),
        };
        if addr.is_unspecified() {
            continue;
        }
        let (key, color) = match addr {
            IpAddr::V4(_) => (key4, Color::Inet),
            IpAddr::V6(_) => (key6, Color::Inet6),
        };
        doc.text(format_args!("{word} "));
        doc.colored(Some(color), key, addr.to_string(), format_args!("{addr} "));
    }
    if let Some(link) = value(IFLA_VXLAN_LINK).filter(|link| *link != 0) {
        let name = ip.link_name(i32::try_from(link).unwrap_or(0));
        doc.shown("link", "dev", name);
    }
    if let Some((low, high)) =
        attr(data, IFLA_VXLAN_PORT_RANGE).and_then(|range| range.split_at_checked(2))
    {
        let (low, high) = (be16(low).unwrap_or(0), be16(high).unwrap_or(0));
        doc.object("port_range", |doc| {
            doc.field("low", low, format_args!("srcport {low}"));
            doc.field("high", high, format_args!(" {high} "));
        });
    }
    if let Some(port) = attr(data, IFLA_VXLAN_PORT).and_then(be16) {
        doc.shown("port", "dstport", port);
    }
    if let Some(learning) = value(IFLA_VXLAN_LEARNING) {
        doc.field(
            "learning",
            learning != 0,
            if learning == 0 { "nolearning " } else { "" },
        );
    }
    for (attribute, name) in [
        (IFLA_VXLAN_PROXY, "proxy"),
        (IFLA_VXLAN_RSC, "rsc"),
        (IFLA_VXLAN_L2MISS, "l2miss"),
        (IFLA_VXLAN_L3MISS, "l3miss"),
    ] {
        if is_set(attribute) {
            doc.field(name, true, format_args!("{name} "));
        }
    }
    match value(IFLA_VXLAN_TOS) {
        None | Some(0) => {}
        Some(1) => {
            doc.shown("tos", "tos", "inherit");
        }
        Some(tos) => {
            doc.shown("tos", "tos", format!("{tos:#x}"));
        }
    }
    if is_set(IFLA_VXLAN_TTL_INHERIT) {
        doc.shown("ttl", "ttl", "inherit");
    } else {
        match value(IFLA_VXLAN_TTL) {
            None => {}
            Some(0) => {
                doc.field("ttl", 0u8, "ttl auto ");
            }
            Some(ttl) => {
                doc.shown("ttl", "ttl", ttl);
            }
        }
    }
    if let Some(df) = value(IFLA_VXLAN_DF) {
        let name = usize::try_from(df)
            .ok()
            .and_then(|df| DF.get(df))
            .copied()
            .unwrap_or("unknown");
        doc.json("df", name);
        if df != 0 {
            doc.text(format_args!("df {name} "));
        }
    }
    if let Some(label) = attr(data, IFLA_VXLAN_LABEL)
        .and_then(|label| label.try_into().ok())
        .map(u32::from_be_bytes)
        .filter(|label| *label != 0)
    {
        doc.field(
            "label",
            format!("{label:#x}"),
            format_args!("flowlabel {label:#x} "),
        );
    }
    if let Some(seconds) = value(IFLA_VXLAN_AGEING) {
        if seconds == 0 {
            doc.field("ageing", 0u8, "ageing none ");
        } else {
            doc.shown("ageing", "ageing", seconds);
        }
    }
    if let Some(limit) = value(IFLA_VXLAN_LIMIT).filter(|limit| *limit != 0) {
        doc.shown("limit", "maxaddr", limit);
    }
    for (attribute, key, word) in [
        (IFLA_VXLAN_UDP_CSUM, "udp_csum", "udpcsum"),
        (
            IFLA_VXLAN_UDP_ZERO_CSUM6_TX,
            "udp_zero_csum6_tx",
            "udp6zerocsumtx",
        ),
        (
            IFLA_VXLAN_UDP_ZERO_CSUM6_RX,
            "udp_zero_csum6_rx",
            "udp6zerocsumrx",
        ),
    ] {
        if let Some(on) = value(attribute) {
            let no = if on == 0 { "no" } else { "" };
            doc.field(key, on != 0, format_args!("{no}{word} "));
        }
    }
    for (attribute, key, word) in [
        (IFLA_VXLAN_REMCSUM_TX, "remcsum_tx", "remcsumtx"),
        (IFLA_VXLAN_REMCSUM_RX, "remcsum_rx", "remcsumrx"),
    ] {
        if is_set(attribute) {
            doc.field(key, true, format_args!("{word} "));
        }
    }
    for (attribute, name) in [(IFLA_VXLAN_GBP, "gbp"), (IFLA_VXLAN_GPE, "gpe")] {
        if attr(data, attribute).is_some() {
            doc.field(name, true, format_args!("{name} "));
        }
    }
}
