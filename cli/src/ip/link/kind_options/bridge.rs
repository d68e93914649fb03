//! Kind `bridge`, and its ports.

use nl_route::link::kind::bridge::*;
use nl_route::link::kind::bridge_port::*;

use super::{KindOption, Take, option};

/// EtherTypes of VLAN tags, as they stand in memory.
const VLAN_PROTOCOLS: &[(&str, u32)] = &[
    ("802.1q", u16::to_be(0x8100) as u32),
    ("802.1Q", u16::to_be(0x8100) as u32),
    ("802.1ad", u16::to_be(0x88a8) as u32),
];

pub(super) const BRIDGE: &[KindOption] = &[
    option(
        "forward_delay",
        IFLA_BR_FORWARD_DELAY,
        Take::U32,
        "invalid forward_delay",
    ),
    option(
        "hello_time",
        IFLA_BR_HELLO_TIME,
        Take::U32,
        "invalid hello_time",
    ),
    option("max_age", IFLA_BR_MAX_AGE, Take::U32, "invalid max_age"),
    option(
        "ageing_time",
        IFLA_BR_AGEING_TIME,
        Take::U32,
        "invalid ageing_time",
    ),
    option(
        "stp_state",
        IFLA_BR_STP_STATE,
        Take::U32,
        "invalid stp_state",
    ),
    option("priority", IFLA_BR_PRIORITY, Take::U16, "invalid priority"),
    option(
        "vlan_filtering",
        IFLA_BR_VLAN_FILTERING,
        Take::U8,
        "invalid vlan_filtering",
    ),
    option(
        "vlan_protocol",
        IFLA_BR_VLAN_PROTOCOL,
        Take::Word(VLAN_PROTOCOLS, 2),
        "invalid vlan_protocol",
    ),
    option(
        "group_fwd_mask",
        IFLA_BR_GROUP_FWD_MASK,
        Take::U16,
        "invalid group_fwd_mask",
    ),
    option(
        "group_address",
        IFLA_BR_GROUP_ADDR,
        Take::Mac,
        "invalid group_address",
    ),
    option(
        "fdb_flush",
        IFLA_BR_FDB_FLUSH,
        Take::Flag,
        "invalid fdb_flush",
    ),
    option(
        "vlan_default_pvid",
        IFLA_BR_VLAN_DEFAULT_PVID,
        Take::U16,
        "invalid vlan_default_pvid",
    ),
    option(
        "vlan_stats_enabled",
        IFLA_BR_VLAN_STATS_ENABLED,
        Take::U8,
        "invalid vlan_stats_enabled",
    ),
    option(
        "vlan_stats_per_port",
        IFLA_BR_VLAN_STATS_PER_PORT,
        Take::U8,
        "invalid vlan_stats_per_port",
    ),
    option(
        "mcast_router",
        IFLA_BR_MCAST_ROUTER,
        Take::U8,
        "invalid mcast_router",
    ),
    option(
        "mcast_snooping",
        IFLA_BR_MCAST_SNOOPING,
        Take::U8,
        "invalid mcast_snooping",
    ),
    option(
        "mcast_vlan_snooping",
        IFLA_BR_MULTI_BOOLOPT,
        Take::BoolOption(2),
        "invalid mcast_vlan_snooping",
    ),
    option(
        "mcast_query_use_ifaddr",
        IFLA_BR_MCAST_QUERY_USE_IFADDR,
        Take::U8,
        "invalid mcast_query_use_ifaddr",
    ),
    option(
        "mcast_querier",
        IFLA_BR_MCAST_QUERIER,
        Take::U8,
        "invalid mcast_querier",
    ),
    option(
        "mcast_hash_elasticity",
        IFLA_BR_MCAST_HASH_ELASTICITY,
        Take::U32,
        "invalid mcast_hash_elasticity",
    ),
    option(
        "mcast_hash_max",
        IFLA_BR_MCAST_HASH_MAX,
        Take::U32,
        "invalid mcast_hash_max",
    ),
    option(
        "mcast_last_member_count",
        IFLA_BR_MCAST_LAST_MEMBER_CNT,
        Take::U32,
        "invalid mcast_last_member_count",
    ),
    option(
        "mcast_startup_query_count",
        IFLA_BR_MCAST_STARTUP_QUERY_CNT,
        Take::U32,
        "invalid mcast_startup_query_count",
    ),
    option(
        "mcast_last_member_interval",
        IFLA_BR_MCAST_LAST_MEMBER_INTVL,
        Take::U64,
        "invalid mcast_last_member_interval",
    ),
    option(
        "mcast_membership_interval",
        IFLA_BR_MCAST_MEMBERSHIP_INTVL,
        Take::U64,
        "invalid mcast_membership_interval",
    ),
    option(
        "mcast_querier_interval",
        IFLA_BR_MCAST_QUERIER_INTVL,
        Take::U64,
        "invalid mcast_querier_interval",
    ),
    option(
        "mcast_query_interval",
        IFLA_BR_MCAST_QUERY_INTVL,
        Take::U64,
        "invalid mcast_query_interval",
    ),
    option(
        "mcast_query_response_interval",
        IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
        Take::U64,
        "invalid mcast_query_response_interval",
    ),
    option(
        "mcast_startup_query_interval",
        IFLA_BR_MCAST_STARTUP_QUERY_INTVL,
        Take::U64,
        "invalid mcast_startup_query_interval",
    ),
    option(
        "mcast_stats_enabled",
        IFLA_BR_MCAST_STATS_ENABLED,
        Take::U8,
        "invalid mcast_stats_enabled",
    ),
    option(
        "mcast_igmp_version",
        IFLA_BR_MCAST_IGMP_VERSION,
        Take::U8,
        "invalid mcast_igmp_version",
    ),
    option(
        "mcast_mld_version",
        IFLA_BR_MCAST_MLD_VERSION,
        Take::U8,
        "invalid mcast_mld_version",
    ),
    option(
        "nf_call_iptables",
        IFLA_BR_NF_CALL_IPTABLES,
        Take::U8,
        "invalid nf_call_iptables",
    ),
    option(
        "nf_call_ip6tables",
        IFLA_BR_NF_CALL_IP6TABLES,
        Take::U8,
        "invalid nf_call_ip6tables",
    ),
    option(
        "nf_call_arptables",
        IFLA_BR_NF_CALL_ARPTABLES,
        Take::U8,
        "invalid nf_call_arptables",
    ),
    option(
        "no_linklocal_learn",
        IFLA_BR_MULTI_BOOLOPT,
        Take::BoolOption(1),
        "invalid no_linklocal_learn",
    ),
];

pub(super) const PORT: &[KindOption] = &[
    option("fdb_flush", IFLA_BRPORT_FLUSH, Take::Flag, ""),
    option("state", IFLA_BRPORT_STATE, Take::U8, "state is invalid"),
    option(
        "priority",
        IFLA_BRPORT_PRIORITY,
        Take::U16,
        "priority is invalid",
    ),
    option("cost", IFLA_BRPORT_COST, Take::U32, "cost is invalid"),
    option("hairpin", IFLA_BRPORT_MODE, Take::OnOff, ""),
    option("guard", IFLA_BRPORT_GUARD, Take::OnOff, ""),
    option("root_block", IFLA_BRPORT_PROTECT, Take::OnOff, ""),
    option("fastleave", IFLA_BRPORT_FAST_LEAVE, Take::OnOff, ""),
    option("learning", IFLA_BRPORT_LEARNING, Take::OnOff, ""),
    option("flood", IFLA_BRPORT_UNICAST_FLOOD, Take::OnOff, ""),
    option("mcast_flood", IFLA_BRPORT_MCAST_FLOOD, Take::OnOff, ""),
    option("bcast_flood", IFLA_BRPORT_BCAST_FLOOD, Take::OnOff, ""),
    option(
        "mcast_to_unicast",
        IFLA_BRPORT_MCAST_TO_UCAST,
        Take::OnOff,
        "",
    ),
    option("proxy_arp", IFLA_BRPORT_PROXYARP, Take::OnOff, ""),
    option("proxy_arp_wifi", IFLA_BRPORT_PROXYARP_WIFI, Take::OnOff, ""),
    option(
        "mcast_router",
        IFLA_BRPORT_MULTICAST_ROUTER,
        Take::U8,
        "invalid mcast_router",
    ),
    option("mcast_fast_leave", IFLA_BRPORT_FAST_LEAVE, Take::OnOff, ""),
    option(
        "group_fwd_mask",
        IFLA_BRPORT_GROUP_FWD_MASK,
        Take::U16,
        "invalid group_fwd_mask",
    ),
    option(
        "neigh_suppress",
        IFLA_BRPORT_NEIGH_SUPPRESS,
        Take::OnOff,
        "",
    ),
    option("vlan_tunnel", IFLA_BRPORT_VLAN_TUNNEL, Take::OnOff, ""),
    option("isolated", IFLA_BRPORT_ISOLATED, Take::OnOff, ""),
    option("locked", IFLA_BRPORT_LOCKED, Take::OnOff, ""),
    option(
        "backup_port",
        IFLA_BRPORT_BACKUP_PORT,
        Take::Device,
        "Device does not exist\n",
    ),
    option("nobackup_port", IFLA_BRPORT_BACKUP_PORT, Take::NoDevice, ""),
];
