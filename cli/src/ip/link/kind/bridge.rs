//! Kind `bridge`.

use nl_route::link::kind::bridge::*;

use super::Look::{BridgeId, HexOrZero, Mac, Number, Own, Timer, VlanProtocol};
use super::{Field, fields};
use crate::ip::doc::Doc;
use crate::ip::session::Ip;

const FIELDS: &[Field] = &[
    (
        IFLA_BR_FORWARD_DELAY,
        "forward_delay",
        "forward_delay",
        Number,
    ),
    (IFLA_BR_HELLO_TIME, "hello_time", "hello_time", Number),
    (IFLA_BR_MAX_AGE, "max_age", "max_age", Number),
    (IFLA_BR_AGEING_TIME, "ageing_time", "ageing_time", Number),
    (IFLA_BR_STP_STATE, "stp_state", "stp_state", Number),
    (IFLA_BR_PRIORITY, "priority", "priority", Number),
    (
        IFLA_BR_VLAN_FILTERING,
        "vlan_filtering",
        "vlan_filtering",
        Number,
    ),
    (
        IFLA_BR_VLAN_PROTOCOL,
        "vlan_protocol",
        "vlan_protocol",
        VlanProtocol,
    ),
    (IFLA_BR_BRIDGE_ID, "bridge_id", "bridge_id", BridgeId),
    (IFLA_BR_ROOT_ID, "root_id", "designated_root", BridgeId),
    (IFLA_BR_ROOT_PORT, "root_port", "root_port", Number),
    (
        IFLA_BR_ROOT_PATH_COST,
        "root_path_cost",
        "root_path_cost",
        Number,
    ),
    (
        IFLA_BR_TOPOLOGY_CHANGE,
        "topology_change",
        "topology_change",
        Number,
    ),
    (
        IFLA_BR_TOPOLOGY_CHANGE_DETECTED,
        "topology_change_detected",
        "topology_change_detected",
        Number,
    ),
    (IFLA_BR_HELLO_TIMER, "hello_timer", "hello_timer", Timer),
    (IFLA_BR_TCN_TIMER, "tcn_timer", "tcn_timer", Timer),
    (
        IFLA_BR_TOPOLOGY_CHANGE_TIMER,
        "topology_change_timer",
        "topology_change_timer",
        Timer,
    ),
    (IFLA_BR_GC_TIMER, "gc_timer", "gc_timer", Timer),
    (
        IFLA_BR_VLAN_DEFAULT_PVID,
        "vlan_default_pvid",
        "vlan_default_pvid",
        Number,
    ),
    (
        IFLA_BR_VLAN_STATS_ENABLED,
        "vlan_stats_enabled",
        "vlan_stats_enabled",
        Number,
    ),
    (
        IFLA_BR_VLAN_STATS_PER_PORT,
        "vlan_stats_per_port",
        "vlan_stats_per_port",
        Number,
    ),
    (
        IFLA_BR_GROUP_FWD_MASK,
        "group_fwd_mask",
        "group_fwd_mask",
        HexOrZero,
    ),
    (IFLA_BR_GROUP_ADDR, "group_addr", "group_address", Mac),
    (
        IFLA_BR_MCAST_SNOOPING,
        "mcast_snooping",
        "mcast_snooping",
        Number,
    ),
    (IFLA_BR_MULTI_BOOLOPT, "", "", Own(bool_options)),
    (IFLA_BR_MCAST_ROUTER, "mcast_router", "mcast_router", Number),
    (
        IFLA_BR_MCAST_QUERY_USE_IFADDR,
        "mcast_query_use_ifaddr",
        "mcast_query_use_ifaddr",
        Number,
    ),
    (
        IFLA_BR_MCAST_QUERIER,
        "mcast_querier",
        "mcast_querier",
        Number,
    ),
    (
        IFLA_BR_MCAST_HASH_ELASTICITY,
        "mcast_hash_elasticity",
        "mcast_hash_elasticity",
        Number,
    ),
    (
        IFLA_BR_MCAST_HASH_MAX,
        "mcast_hash_max",
        "mcast_hash_max",
        Number,
    ),
    (
        IFLA_BR_MCAST_LAST_MEMBER_CNT,
        "mcast_last_member_cnt",
        "mcast_last_member_count",
        Number,
    ),
    (
        IFLA_BR_MCAST_STARTUP_QUERY_CNT,
        "mcast_startup_query_cnt",
        "mcast_startup_query_count",
        Number,
    ),
    (
        IFLA_BR_MCAST_LAST_MEMBER_INTVL,
        "mcast_last_member_intvl",
        "mcast_last_member_interval",
        Number,
    ),
    (
        IFLA_BR_MCAST_MEMBERSHIP_INTVL,
        "mcast_membership_intvl",
        "mcast_membership_interval",
        Number,
    ),
    (
        IFLA_BR_MCAST_QUERIER_INTVL,
        "mcast_querier_intvl",
        "mcast_querier_interval",
        Number,
    ),
    (
        IFLA_BR_MCAST_QUERY_INTVL,
        "mcast_query_intvl",
        "mcast_query_interval",
        Number,
    ),
    (
        IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
        "mcast_query_response_intvl",
        "mcast_query_response_interval",
        Number,
    ),
    (
        IFLA_BR_MCAST_STARTUP_QUERY_INTVL,
        "mcast_startup_query_intvl",
        "mcast_startup_query_interval",
        Number,
    ),
    (
        IFLA_BR_MCAST_STATS_ENABLED,
        "mcast_stats_enabled",
        "mcast_stats_enabled",
        Number,
    ),
    (
        IFLA_BR_MCAST_IGMP_VERSION,
        "mcast_igmp_version",
        "mcast_igmp_version",
        Number,
    ),
    (
        IFLA_BR_MCAST_MLD_VERSION,
        "mcast_mld_version",
        "mcast_mld_version",
        Number,
    ),
    (
        IFLA_BR_NF_CALL_IPTABLES,
        "nf_call_iptables",
        "nf_call_iptables",
        Number,
    ),
    (
        IFLA_BR_NF_CALL_IP6TABLES,
        "nf_call_ip6tables",
        "nf_call_ip6tables",
        Number,
    ),
    (
        IFLA_BR_NF_CALL_ARPTABLES,
        "nf_call_arptables",
        "nf_call_arptables",
        Number,
    ),
];

pub(super) fn show(ip: &mut Ip<'_>, data: &[u8], doc: &mut Doc) {
    fields(ip, FIELDS, data, doc);
}

/// Options of one bit each: the values, then which of them the kernel knows.
fn bool_options(payload: &[u8], doc: &mut Doc) {
    let Some((values, mask)) = payload.split_at_checked(4) else {
        return;
    };
    let (values, mask) = (
        super::number(values).unwrap_or(0),
        super::number(mask).unwrap_or(0),
    );
    for (bit, name) in [(1, "no_linklocal_learn"), (2, "mcast_vlan_snooping")] {
        if mask & bit != 0 {
            doc.shown(name, name, u8::from(values & bit != 0));
        }
    }
}
