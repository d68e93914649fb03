//! A link as `ip link show` and `ip address show` print it.

use nl_route::link::LinkView;

use super::kind;
use super::words::{
    ADDR_GEN_MODES, FLAGS, IFF_POINTOPOINT, IFF_UP, LINK_MODES, OPER_STATES, link_type,
};
use super::{stats, words};
use crate::ip::doc::{Color, Doc, Value};
use crate::ip::names::GROUPS;
use crate::ip::options::{AF_PACKET, AF_UNSPEC};
use crate::ip::session::Ip;

/// What a notification is about, by `IFLA_EVENT_*`. Source: include/uapi/linux/if_link.h.
const EVENTS: &[&str] = &[
    "NONE",
    "REBOOT",
    "FEATURE CHANGE",
    "BONDING FAILOVER",
    "NOTIFY PEERS",
    "RESEND IGMP",
    "BONDING OPTION",
];

/// Which command shows the link: they differ in a few fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ip) enum Command {
    /// `ip link`.
    Link,
    /// `ip address`.
    Address,
    /// `ip monitor`.
    Monitor,
}

/// The link in full, up to and including the end of its last line.
pub(in crate::ip) fn full(ip: &mut Ip<'_>, link: &LinkView<'_>, command: Command) -> Doc {
    let mut doc = Doc::new();
    let details = ip.options.details > 0;
    let numeric = ip.options.numeric;
    let is_link = command == Command::Link;
    let ifindex = link.ifindex();
    doc.field("ifindex", ifindex, format_args!("{ifindex}: "));
    let lower_is_down = name(ip, link, &mut doc, |name| format!("{name}: "));
    flags(link, lower_is_down, &mut doc);
    if let Some(mtu) = link.mtu() {
        doc.shown("mtu", "mtu", mtu);
    }
    if let Some(qdisc) = link.qdisc() {
        doc.shown("qdisc", "qdisc", qdisc);
    }
    if let Some(master) = link.master() {
        let master = ip.link_name(master);
        doc.shown("master", "master", master);
    }
    if let Some(state) = link.operstate() {
        doc.text("state ");
        oper_state(state, &mut doc, |state| format!("{state} "));
    }
    if is_link && let Some(mode) = link.linkmode() {
        let mode = words::name(LINK_MODES, mode);
        doc.shown("linkmode", "mode", mode);
    }
    if let Some(group) = link.group() {
        doc.shown("group", "group", GROUPS.show(group, numeric));
    }
    // The lists of a single family do not tell; ip asks elsewhere then, too.
    if command != Command::Monitor
        && let Some(qlen) = link.txqueuelen().or_else(|| ip.queue_length(ifindex))
        && qlen != 0
    {
        let qlen = qlen.cast_signed();
        doc.field("txqlen", qlen, format_args!("qlen {qlen}"));
    }
    if let Some(event) = link.event() {
        let event = match EVENTS.get(event as usize) {
            Some(name) => (*name).to_owned(),
            None => event.to_string(),
        };
        doc.shown("event", "event", event);
    }
    let all = command != Command::Address || details;
    if matches!(ip.options.family, AF_UNSPEC | AF_PACKET) || all {
        addresses(ip, link, &mut doc);
    }
    if details {
        details_of(ip, link, &mut doc, is_link);
    }
    if (is_link || details)
        && let Some(alias) = link.alias()
    {
        doc.newline()
            .field("ifalias", alias, format_args!("    alias {alias}"));
    }
    if is_link && ip.options.statistics > 0 {
        stats::show(&ip.options, link, &mut doc, true);
    }
    let altnames: Vec<&str> = link.altnames().collect();
    if !altnames.is_empty() {
        doc.values("altnames", altnames.iter().copied(), "");
        for altname in altnames {
            doc.newline().text(format_args!("    altname {altname}"));
        }
    }
    doc.text("\n");
    doc
}

/// The columns of `-brief`, without the end of the line.
pub(in crate::ip) fn brief(ip: &mut Ip<'_>, link: &LinkView<'_>, command: Command) -> Doc {
    let mut doc = Doc::new();
    let lower_is_down = name(ip, link, &mut doc, |name| format!("{name:<16} "));
    if let Some(state) = link.operstate() {
        oper_state(state, &mut doc, |state| format!("{state:<14} "));
    }
    if command == Command::Link {
        if let Some(address) = link.address() {
            let address = words::link_addr(address, link.header().device_type.get());
            doc.colored(
                Some(Color::Mac),
                "address",
                address.as_str(),
                format_args!("{address} "),
            );
        }
        flags(link, lower_is_down, &mut doc);
        doc.text("\n");
    }
    doc
}

/// `NAME` or `NAME@LOWER`; whether the lower link is known to be down.
fn name(
    ip: &mut Ip<'_>,
    link: &LinkView<'_>,
    doc: &mut Doc,
    text: impl FnOnce(&str) -> String,
) -> bool {
    let own = link.name().unwrap_or("<nil>");
    let mut lower_is_down = false;
    let shown = match link.link() {
        None => own.to_owned(),
        Some(0) => {
            doc.json("link", Value::Null);
            format!("{own}@NONE")
        }
        Some(lower) if link.link_netnsid().is_some() => {
            doc.json("link_index", lower);
            format!("{own}@if{lower}")
        }
        Some(lower) => {
            let name = ip.link_name(lower);
            lower_is_down = ip
                .link_flags(lower)
                .is_some_and(|flags| flags & IFF_UP == 0);
            doc.json("link", name.as_str());
            format!("{own}@{name}")
        }
    };
    doc.colored(Some(Color::Ifname), "ifname", own, text(&shown));
    lower_is_down
}

fn flags(link: &LinkView<'_>, lower_is_down: bool, doc: &mut Doc) {
    const RUNNING: u32 = 0x40;
    let mut bits = link.header().flags.get();
    let mut shown: Vec<String> = Vec::new();
    if bits & IFF_UP != 0 && bits & RUNNING == 0 {
        shown.push("NO-CARRIER".to_owned());
    }
    bits &= !RUNNING;
    for (flag, name) in FLAGS {
        if bits & flag != 0 {
            shown.push((*name).to_owned());
            bits &= !flag;
        }
    }
    if bits != 0 {
        shown.push(format!("{bits:x}"));
    }
    if lower_is_down {
        shown.push("M-DOWN".to_owned());
    }
    let text = format!("<{}> ", shown.join(","));
    doc.values("flags", shown, text);
}

fn oper_state(state: u8, doc: &mut Doc, text: impl FnOnce(&str) -> String) {
    match OPER_STATES.get(usize::from(state)) {
        Some(name) => {
            let color = match *name {
                "UP" => Some(Color::Up),
                "DOWN" => Some(Color::Down),
                _ => None,
            };
            doc.colored(color, "operstate", *name, text(name));
        }
        None => {
            doc.json("operstate_index", state)
                .text(text(&format!("{state:#x}")));
        }
    }
}

/// The line of link-layer addresses.
fn addresses(ip: &mut Ip<'_>, link: &LinkView<'_>, doc: &mut Doc) {
    let device_type = link.header().device_type.get();
    let kind = link_type(device_type, ip.options.numeric);
    doc.newline()
        .field("link_type", kind.as_str(), format_args!("    link/{kind} "));
    if let Some(address) = link.address() {
        let address = words::link_addr(address, device_type);
        doc.colored(
            Some(Color::Mac),
            "address",
            address.as_str(),
            address.as_str(),
        );
    }
    if let Some(broadcast) = link.broadcast() {
        let broadcast = words::link_addr(broadcast, device_type);
        if link.header().flags.get() & IFF_POINTOPOINT != 0 {
            doc.field("link_pointtopoint", true, " peer ");
        } else {
            doc.text(" brd ");
        }
        doc.colored(
            Some(Color::Mac),
            "broadcast",
            broadcast.as_str(),
            broadcast.as_str(),
        );
    }
    if let Some(permanent) = link.perm_address()
        && link.address() != Some(permanent)
    {
        let permanent = words::link_addr(permanent, device_type);
        doc.text(" permaddr ");
        doc.colored(
            Some(Color::Mac),
            "permaddr",
            permanent.as_str(),
            permanent.as_str(),
        );
    }
    if let Some(nsid) = link.link_netnsid() {
        if nsid < 0 {
            doc.field("link_netnsid", Value::Null, " link-netnsid unknown");
        } else {
            doc.json("link_netnsid", nsid);
            match ip.netns_name(nsid) {
                Some(name) => doc.text(format_args!(" link-netns {name}")),
                None => doc.text(format_args!(" link-netnsid {nsid}")),
            };
        }
    }
    if let Some(nsid) = link.new_netnsid() {
        if nsid < 0 {
            doc.field("new_netnsid", Value::Null, " new-netnsid unknown");
        } else {
            doc.json("new_netnsid", nsid);
            match ip.netns_name(nsid) {
                Some(name) => doc.text(format_args!(" new-netns {name}")),
                None => doc.text(format_args!(" new-netnsid {nsid}")),
            };
        }
    }
    if let Some(ifindex) = link.new_ifindex() {
        let text = format!(" new-ifindex {ifindex}");
        doc.field("new_ifindex", ifindex, text);
    }
    if link.proto_down().is_some_and(|on| on != 0) {
        doc.field("proto_down", true, " protodown on ");
    }
}

/// What `-details` adds.
fn details_of(ip: &mut Ip<'_>, link: &LinkView<'_>, doc: &mut Doc, is_link: bool) {
    if let Some(count) = link.promiscuity() {
        doc.field("promiscuity", count, format_args!(" promiscuity {count} "));
    }
    if let Some(count) = link.allmulti() {
        doc.field("allmulti", count, format_args!(" allmulti {count} "));
    }
    if let Some(mtu) = link.min_mtu() {
        doc.shown("min_mtu", "minmtu", mtu);
    }
    if let Some(mtu) = link.max_mtu() {
        doc.shown("max_mtu", "maxmtu", mtu);
    }
    kind::show(ip, link, doc);
    if is_link
        && let Some(mode) = link
            .af_spec()
            .and_then(|spec| spec.inet6())
            .and_then(|inet6| inet6.addr_gen_mode())
    {
        let mode = words::name(ADDR_GEN_MODES, mode);
        doc.shown("inet6_addr_gen_mode", "addrgenmode", mode);
    }
    let numbers = [
        ("num_tx_queues", "numtxqueues", link.num_tx_queues()),
        ("num_rx_queues", "numrxqueues", link.num_rx_queues()),
        ("gso_max_size", "gso_max_size", link.gso_max_size()),
        ("gso_max_segs", "gso_max_segs", link.gso_max_segs()),
        ("tso_max_size", "tso_max_size", link.tso_max_size()),
        ("tso_max_segs", "tso_max_segs", link.tso_max_segs()),
        ("gro_max_size", "gro_max_size", link.gro_max_size()),
    ];
    for (key, word, number) in numbers {
        if let Some(number) = number {
            doc.shown(key, word, number);
        }
    }
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let texts = [
        (
            "phys_port_name",
            "portname",
            link.phys_port_name().map(str::to_owned),
        ),
        ("phys_port_id", "portid", link.phys_port_id().map(hex)),
        ("phys_switch_id", "switchid", link.phys_switch_id().map(hex)),
        (
            "parentbus",
            "parentbus",
            link.parent_dev_bus_name().map(str::to_owned),
        ),
        (
            "parentdev",
            "parentdev",
            link.parent_dev_name().map(str::to_owned),
        ),
    ];
    for (key, word, text) in texts {
        if let Some(text) = text {
            doc.shown(key, word, text);
        }
    }
}
