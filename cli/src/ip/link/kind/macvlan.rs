//! Kinds `macvlan` and `macvtap`.

use nl_core::Attrs;
use nl_route::link::kind::macvlan::*;

use super::{attr, number};
use crate::ip::doc::{Color, Doc};
use crate::ip::link::words::link_addr;
use crate::ip::session::Ip;

/// `MACVLAN_MODE_*`.
pub(in crate::ip::link) const MODES: &[(u64, &str)] = &[
    (1, "private"),
    (2, "vepa"),
    (4, "bridge"),
    (8, "passthru"),
    (16, "source"),
];

pub(super) fn show(_: &mut Ip<'_>, data: &[u8], doc: &mut Doc) {
    if let Some(mode) = attr(data, IFLA_MACVLAN_MODE).and_then(number) {
        let name = MODES.iter().find(|(known, _)| *known == mode);
        doc.shown("mode", "mode", name.map_or("unknown", |(_, name)| name));
    }
    if let Some(flags) = attr(data, IFLA_MACVLAN_FLAGS).and_then(number) {
        for (flag, name) in [(1, "nopromisc"), (2, "nodst")] {
            if flags & flag != 0 {
                doc.field(name, true, format_args!("{name} "));
            }
        }
    }
    for (attribute, key) in [
        (IFLA_MACVLAN_BC_QUEUE_LEN, "bcqueuelen"),
        (IFLA_MACVLAN_BC_QUEUE_LEN_USED, "usedbcqueuelen"),
    ] {
        if let Some(len) = attr(data, attribute).and_then(number) {
            doc.shown(key, key, len);
        }
    }
    let Some(count) = attr(data, IFLA_MACVLAN_MACADDR_COUNT)
        .and_then(number)
        .filter(|count| *count > 0)
    else {
        return;
    };
    doc.field("macaddr_count", count, format_args!("remotes ({count}) "));
    if let Some(addresses) = attr(data, IFLA_MACVLAN_MACADDR_DATA) {
        let addresses: Vec<String> = Attrs::new(addresses)
            .flatten()
            .filter(|address| address.number() == IFLA_MACVLAN_MACADDR)
            .map(|address| link_addr(address.payload, 1))
            .collect();
        doc.values("macaddr_data", addresses.iter().map(String::as_str), "");
        for address in addresses {
            doc.colored_text(Some(Color::Mac), format_args!("{address} "));
        }
    }
}
