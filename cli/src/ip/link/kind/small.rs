//! Kinds with few settings: `vlan`, `vrf`, `ipvlan`.

use nl_core::Attrs;
use nl_route::link::kind::ipvlan::{IFLA_IPVLAN_FLAGS, IFLA_IPVLAN_MODE};
use nl_route::link::kind::vlan::{
    IFLA_VLAN_EGRESS_QOS, IFLA_VLAN_FLAGS, IFLA_VLAN_ID, IFLA_VLAN_INGRESS_QOS, IFLA_VLAN_PROTOCOL,
};
use nl_route::link::kind::vrf::{IFLA_VRF_PORT_TABLE, IFLA_VRF_TABLE};

use super::Look::{Number, Own, VlanProtocol};
use super::{Field, attr, fields, number};
use crate::ip::doc::Doc;
use crate::ip::session::Ip;

const VLAN: &[Field] = &[
    (IFLA_VLAN_PROTOCOL, "protocol", "protocol", VlanProtocol),
    (IFLA_VLAN_ID, "id", "id", Number),
    (IFLA_VLAN_FLAGS, "", "", Own(vlan_flags)),
    (IFLA_VLAN_INGRESS_QOS, "", "", Own(ingress)),
    (IFLA_VLAN_EGRESS_QOS, "", "", Own(egress)),
];

pub(super) fn vlan(ip: &mut Ip<'_>, data: &[u8], doc: &mut Doc) {
    fields(ip, VLAN, data, doc);
}

/// `struct ifla_vlan_flags`: the flags, then which of them are meant.
fn vlan_flags(payload: &[u8], doc: &mut Doc) {
    const FLAGS: [(u64, &str); 5] = [
        (0x1, "REORDER_HDR"),
        (0x2, "GVRP"),
        (0x8, "MVRP"),
        (0x4, "LOOSE_BINDING"),
        (0x10, "BRIDGE_BINDING"),
    ];
    let mut flags = payload.get(..4).and_then(number).unwrap_or(0);
    let mut words: Vec<String> = Vec::new();
    for (flag, name) in FLAGS {
        if flags & flag != 0 {
            words.push(name.to_owned());
            flags &= !flag;
        }
    }
    if flags != 0 {
        words.push(format!("{flags:x}"));
    }
    let text = format!("<{}> ", words.join(","));
    doc.values("flags", words, text);
}

fn ingress(payload: &[u8], doc: &mut Doc) {
    qos_map("ingress_qos", "ingress-qos-map", payload, doc);
}

fn egress(payload: &[u8], doc: &mut Doc) {
    qos_map("egress_qos", "egress-qos-map", payload, doc);
}

/// A list of `struct ifla_vlan_qos_mapping`.
fn qos_map(key: &'static str, word: &str, payload: &[u8], doc: &mut Doc) {
    doc.newline().text(format_args!("      {word} {{ "));
    let pairs = Attrs::new(payload).flatten().filter_map(|pair| {
        let (from, to) = pair.payload.split_at_checked(4)?;
        let (from, to) = (number(from)?, number(to)?);
        let mut doc = Doc::new();
        doc.field("from", from, format_args!("{from}"));
        doc.field("to", to, format_args!(":{to} "));
        Some(doc)
    });
    doc.objects(key, pairs).text("} ");
}

pub(super) fn vrf(ip: &mut Ip<'_>, data: &[u8], doc: &mut Doc) {
    fields(ip, &[(IFLA_VRF_TABLE, "table", "table", Number)], data, doc);
}

pub(super) fn vrf_port(ip: &mut Ip<'_>, data: &[u8], doc: &mut Doc) {
    fields(
        ip,
        &[(IFLA_VRF_PORT_TABLE, "table", "table", Number)],
        data,
        doc,
    );
}

pub(super) fn ipvlan(_: &mut Ip<'_>, data: &[u8], doc: &mut Doc) {
    if let Some(mode) = attr(data, IFLA_IPVLAN_MODE).and_then(number) {
        let mode = match mode {
            0 => "l2",
            1 => "l3",
            2 => "l3s",
            _ => "unknown",
        };
        doc.field("mode", mode, format_args!(" mode {mode} "));
    }
    if let Some(flags) = attr(data, IFLA_IPVLAN_FLAGS).and_then(number) {
        if flags & 1 != 0 {
            doc.field("private", true, "private ");
        } else if flags & 2 != 0 {
            doc.field("vepa", true, "vepa ");
        } else {
            doc.field("bridge", true, "bridge ");
        }
    }
}
