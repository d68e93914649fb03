//! A port of a bridge.

use nl_route::link::kind::bridge_port::*;

use super::Look::{BridgeId, Device, Hex, Number, OnOff, OnOffText, Own, Timer};
use super::{Field, fields, hex_or_zero, number};
use crate::ip::doc::Doc;
use crate::ip::session::Ip;

/// `BR_STATE_*` by number.
pub(in crate::ip::link) const STATES: &[&str] = &[
    "disabled",
    "listening",
    "learning",
    "forwarding",
    "blocking",
];

const FIELDS: &[Field] = &[
    (IFLA_BRPORT_STATE, "state", "state", Own(state)),
    (IFLA_BRPORT_PRIORITY, "priority", "priority", Number),
    (IFLA_BRPORT_COST, "cost", "cost", Number),
    (IFLA_BRPORT_MODE, "hairpin", "hairpin", OnOff),
    (IFLA_BRPORT_GUARD, "guard", "guard", OnOff),
    (IFLA_BRPORT_PROTECT, "root_block", "root_block", OnOff),
    (IFLA_BRPORT_FAST_LEAVE, "fastleave", "fastleave", OnOff),
    (IFLA_BRPORT_LEARNING, "learning", "learning", OnOff),
    (IFLA_BRPORT_UNICAST_FLOOD, "flood", "flood", OnOff),
    (IFLA_BRPORT_ID, "id", "port_id", Hex),
    (IFLA_BRPORT_NO, "no", "port_no", Hex),
    (
        IFLA_BRPORT_DESIGNATED_PORT,
        "designated_port",
        "designated_port",
        Number,
    ),
    (
        IFLA_BRPORT_DESIGNATED_COST,
        "designated_cost",
        "designated_cost",
        Number,
    ),
    (
        IFLA_BRPORT_BRIDGE_ID,
        "bridge_id",
        "designated_bridge",
        BridgeId,
    ),
    (IFLA_BRPORT_ROOT_ID, "root_id", "designated_root", BridgeId),
    (IFLA_BRPORT_HOLD_TIMER, "hold_timer", "hold_timer", Timer),
    (
        IFLA_BRPORT_MESSAGE_AGE_TIMER,
        "message_age_timer",
        "message_age_timer",
        Timer,
    ),
    (
        IFLA_BRPORT_FORWARD_DELAY_TIMER,
        "forward_delay_timer",
        "forward_delay_timer",
        Timer,
    ),
    (
        IFLA_BRPORT_TOPOLOGY_CHANGE_ACK,
        "topology_change_ack",
        "topology_change_ack",
        Number,
    ),
    (
        IFLA_BRPORT_CONFIG_PENDING,
        "config_pending",
        "config_pending",
        Number,
    ),
    (IFLA_BRPORT_PROXYARP, "proxy_arp", "proxy_arp", OnOff),
    (
        IFLA_BRPORT_PROXYARP_WIFI,
        "proxy_arp_wifi",
        "proxy_arp_wifi",
        OnOff,
    ),
    (
        IFLA_BRPORT_MULTICAST_ROUTER,
        "multicast_router",
        "mcast_router",
        Number,
    ),
    // A second time, for text alone.
    (IFLA_BRPORT_FAST_LEAVE, "", "mcast_fast_leave", OnOffText),
    (IFLA_BRPORT_MCAST_FLOOD, "mcast_flood", "mcast_flood", OnOff),
    (IFLA_BRPORT_BCAST_FLOOD, "bcast_flood", "bcast_flood", OnOff),
    (
        IFLA_BRPORT_MCAST_TO_UCAST,
        "mcast_to_unicast",
        "mcast_to_unicast",
        OnOff,
    ),
    (
        IFLA_BRPORT_NEIGH_SUPPRESS,
        "neigh_suppress",
        "neigh_suppress",
        OnOff,
    ),
    (IFLA_BRPORT_GROUP_FWD_MASK, "", "", Own(group_fwd_mask)),
    (IFLA_BRPORT_VLAN_TUNNEL, "vlan_tunnel", "vlan_tunnel", OnOff),
    (IFLA_BRPORT_ISOLATED, "isolated", "isolated", OnOff),
    (IFLA_BRPORT_LOCKED, "locked", "locked", OnOff),
    (
        IFLA_BRPORT_BACKUP_PORT,
        "backup_port",
        "backup_port",
        Device,
    ),
];

pub(super) fn show(ip: &mut Ip<'_>, data: &[u8], doc: &mut Doc) {
    fields(ip, FIELDS, data, doc);
}

fn state(payload: &[u8], doc: &mut Doc) {
    let state = number(payload).unwrap_or(0);
    match usize::try_from(state)
        .ok()
        .and_then(|state| STATES.get(state))
    {
        Some(name) => doc.shown("state", "state", *name),
        None => doc.field("state_index", state, format_args!("state ({state}) ")),
    };
}

/// The mask, and which protocols its bits stand for.
fn group_fwd_mask(payload: &[u8], doc: &mut Doc) {
    const BITS: [(u64, &str); 3] = [(0x1, "stp"), (0x4, "lacp"), (0x4000, "lldp")];
    let mask = number(payload).unwrap_or(0);
    doc.shown("group_fwd_mask", "group_fwd_mask", hex_or_zero(mask));
    let mut words: Vec<String> = Vec::new();
    let mut rest = mask;
    for (bit, name) in BITS {
        if rest & bit != 0 {
            words.push(name.to_owned());
            rest &= !bit;
        }
    }
    if rest != 0 || mask == 0 {
        words.insert(0, format!("{rest:#x}"));
    }
    doc.shown("group_fwd_mask_str", "group_fwd_mask_str", words.join(","));
}
