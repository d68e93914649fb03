//! Kinds other than the bridge.

use nl_route::link::kind::bond::*;
use nl_route::link::kind::ipvlan::*;
use nl_route::link::kind::macvlan::*;
use nl_route::link::kind::vlan::*;
use nl_route::link::kind::vrf::*;
use nl_route::link::kind::vxlan::*;

use super::{KindOption, Take, option};

const VLAN_PROTOCOLS: &[(&str, u32)] = &[
    ("802.1q", u16::to_be(0x8100) as u32),
    ("802.1Q", u16::to_be(0x8100) as u32),
    ("802.1ad", u16::to_be(0x88a8) as u32),
];

pub(super) const VLAN: &[KindOption] = &[
    option(
        "protocol",
        IFLA_VLAN_PROTOCOL,
        Take::Word(VLAN_PROTOCOLS, 2),
        "protocol is invalid",
    ),
    option("id", IFLA_VLAN_ID, Take::U16, "id is invalid"),
    option("reorder_hdr", IFLA_VLAN_FLAGS, Take::VlanFlag(0x1), ""),
    option("gvrp", IFLA_VLAN_FLAGS, Take::VlanFlag(0x2), ""),
    option("mvrp", IFLA_VLAN_FLAGS, Take::VlanFlag(0x8), ""),
    option("loose_binding", IFLA_VLAN_FLAGS, Take::VlanFlag(0x4), ""),
    option("bridge_binding", IFLA_VLAN_FLAGS, Take::VlanFlag(0x10), ""),
    option(
        "ingress-qos-map",
        IFLA_VLAN_INGRESS_QOS,
        Take::QosMap,
        "invalid ingress-qos-map",
    ),
    option(
        "egress-qos-map",
        IFLA_VLAN_EGRESS_QOS,
        Take::QosMap,
        "invalid egress-qos-map",
    ),
];

const DF: &[(&str, u32)] = &[("unset", 0), ("set", 1), ("inherit", 2)];
const TTL: &[(&str, u32)] = &[("auto", 0)];
const TOS: &[(&str, u32)] = &[("inherit", 1)];

pub(super) const VXLAN: &[KindOption] = &[
    option("id", IFLA_VXLAN_ID, Take::U32, "invalid id"),
    option("vni", IFLA_VXLAN_ID, Take::U32, "invalid id"),
    option("group", IFLA_VXLAN_GROUP, Take::Addr(IFLA_VXLAN_GROUP6), ""),
    option(
        "remote",
        IFLA_VXLAN_GROUP,
        Take::Addr(IFLA_VXLAN_GROUP6),
        "",
    ),
    option("local", IFLA_VXLAN_LOCAL, Take::Addr(IFLA_VXLAN_LOCAL6), ""),
    option("dev", IFLA_VXLAN_LINK, Take::Device, ""),
    option("ttl", IFLA_VXLAN_TTL, Take::WordOrU8(TTL), "invalid TTL"),
    option(
        "hoplimit",
        IFLA_VXLAN_TTL,
        Take::WordOrU8(TTL),
        "invalid TTL",
    ),
    option("tos", IFLA_VXLAN_TOS, Take::WordOrU8(TOS), "bad TOS value"),
    option(
        "dsfield",
        IFLA_VXLAN_TOS,
        Take::WordOrU8(TOS),
        "bad TOS value",
    ),
    option(
        "df",
        IFLA_VXLAN_DF,
        Take::Word(DF, 1),
        "DF must be 'unset', 'set' or 'inherit'",
    ),
    option(
        "flowlabel",
        IFLA_VXLAN_LABEL,
        Take::Label,
        "invalid flowlabel",
    ),
    option("ageing", IFLA_VXLAN_AGEING, Take::U32, "ageing timer"),
    option("maxaddress", IFLA_VXLAN_LIMIT, Take::U32, "max addresses"),
    option("port", IFLA_VXLAN_PORT_RANGE, Take::PortRange, ""),
    option("srcport", IFLA_VXLAN_PORT_RANGE, Take::PortRange, ""),
    option("dstport", IFLA_VXLAN_PORT, Take::Be16, "dst port"),
    option("nolearning", IFLA_VXLAN_LEARNING, Take::Is(0), ""),
    option("learning", IFLA_VXLAN_LEARNING, Take::Is(1), ""),
    option("noproxy", IFLA_VXLAN_PROXY, Take::Is(0), ""),
    option("proxy", IFLA_VXLAN_PROXY, Take::Is(1), ""),
    option("norsc", IFLA_VXLAN_RSC, Take::Is(0), ""),
    option("rsc", IFLA_VXLAN_RSC, Take::Is(1), ""),
    option("nol2miss", IFLA_VXLAN_L2MISS, Take::Is(0), ""),
    option("l2miss", IFLA_VXLAN_L2MISS, Take::Is(1), ""),
    option("nol3miss", IFLA_VXLAN_L3MISS, Take::Is(0), ""),
    option("l3miss", IFLA_VXLAN_L3MISS, Take::Is(1), ""),
    option("udpcsum", IFLA_VXLAN_UDP_CSUM, Take::Is(1), ""),
    option("noudpcsum", IFLA_VXLAN_UDP_CSUM, Take::Is(0), ""),
    option(
        "udp6zerocsumtx",
        IFLA_VXLAN_UDP_ZERO_CSUM6_TX,
        Take::Is(1),
        "",
    ),
    option(
        "noudp6zerocsumtx",
        IFLA_VXLAN_UDP_ZERO_CSUM6_TX,
        Take::Is(0),
        "",
    ),
    option(
        "udp6zerocsumrx",
        IFLA_VXLAN_UDP_ZERO_CSUM6_RX,
        Take::Is(1),
        "",
    ),
    option(
        "noudp6zerocsumrx",
        IFLA_VXLAN_UDP_ZERO_CSUM6_RX,
        Take::Is(0),
        "",
    ),
    option("remcsumtx", IFLA_VXLAN_REMCSUM_TX, Take::Is(1), ""),
    option("noremcsumtx", IFLA_VXLAN_REMCSUM_TX, Take::Is(0), ""),
    option("remcsumrx", IFLA_VXLAN_REMCSUM_RX, Take::Is(1), ""),
    option("noremcsumrx", IFLA_VXLAN_REMCSUM_RX, Take::Is(0), ""),
    option("external", IFLA_VXLAN_COLLECT_METADATA, Take::Is(1), ""),
    option("noexternal", IFLA_VXLAN_COLLECT_METADATA, Take::Is(0), ""),
    option("vnifilter", IFLA_VXLAN_VNIFILTER, Take::Is(1), ""),
    option("novnifilter", IFLA_VXLAN_VNIFILTER, Take::Is(0), ""),
    option("gbp", IFLA_VXLAN_GBP, Take::Flag, ""),
    option("gpe", IFLA_VXLAN_GPE, Take::Flag, ""),
];

const MACVLAN_MODES: &[(&str, u32)] = &[
    ("private", 1),
    ("vepa", 2),
    ("bridge", 4),
    ("passthru", 8),
    ("source", 16),
];
const MACVLAN_FLAGS: &[(&str, u32)] = &[("null", 0), ("nopromisc", 1), ("nodst", 2)];

pub(super) const MACVLAN: &[KindOption] = &[
    option(
        "mode",
        IFLA_MACVLAN_MODE,
        Take::Word(MACVLAN_MODES, 4),
        "!Error: argument of \"mode\" must be \"private\", \"vepa\", \"bridge\", \"passthru\" or \"source\", not \"{}\"",
    ),
    option(
        "flag",
        IFLA_MACVLAN_FLAGS,
        Take::Word(MACVLAN_FLAGS, 2),
        "!Error: argument of \"flag\" must be \"nopromisc\", \"nodst\" or \"null\", not \"{}\"",
    ),
    option(
        "bcqueuelen",
        IFLA_MACVLAN_BC_QUEUE_LEN,
        Take::U32,
        "!Error: argument of \"bcqueuelen\" must be a positive integer [0-4294967295], not \"{}\"",
    ),
];

const IPVLAN_MODES: &[(&str, u32)] = &[("l2", 0), ("l3", 1), ("l3s", 2)];

pub(super) const IPVLAN: &[KindOption] = &[
    option(
        "mode",
        IFLA_IPVLAN_MODE,
        Take::Word(IPVLAN_MODES, 2),
        "!Error: argument of \"mode\" must be either \"l2\", \"l3\" or \"l3s\"",
    ),
    option("bridge", IFLA_IPVLAN_FLAGS, Take::Fixed16(0), ""),
    option("private", IFLA_IPVLAN_FLAGS, Take::Fixed16(1), ""),
    option("vepa", IFLA_IPVLAN_FLAGS, Take::Fixed16(2), ""),
];

pub(super) const VRF: &[KindOption] = &[option(
    "table",
    IFLA_VRF_TABLE,
    Take::Table,
    "invalid table ID\n",
)];

const BOND_MODES: &[(&str, u32)] = &[
    ("balance-rr", 0),
    ("active-backup", 1),
    ("balance-xor", 2),
    ("broadcast", 3),
    ("802.3ad", 4),
    ("balance-tlb", 5),
    ("balance-alb", 6),
];
const HASH_POLICIES: &[(&str, u32)] = &[
    ("layer2", 0),
    ("layer3+4", 1),
    ("layer2+3", 2),
    ("encap2+3", 3),
    ("encap3+4", 4),
    ("vlan+srcmac", 5),
];
const LACP_RATES: &[(&str, u32)] = &[("slow", 0), ("fast", 1)];
const FAIL_OVER_MAC: &[(&str, u32)] = &[("none", 0), ("active", 1), ("follow", 2)];
const RESELECT: &[(&str, u32)] = &[("always", 0), ("better", 1), ("failure", 2)];
const AD_SELECT: &[(&str, u32)] = &[("stable", 0), ("bandwidth", 1), ("count", 2)];

pub(super) const BOND: &[KindOption] = &[
    option(
        "mode",
        IFLA_BOND_MODE,
        Take::WordOrU8(BOND_MODES),
        "invalid mode",
    ),
    option(
        "active_slave",
        IFLA_BOND_ACTIVE_SLAVE,
        Take::Device,
        "Device does not exist\n",
    ),
    option(
        "clear_active_slave",
        IFLA_BOND_ACTIVE_SLAVE,
        Take::NoDevice,
        "",
    ),
    option("miimon", IFLA_BOND_MIIMON, Take::U32, "invalid miimon"),
    option("updelay", IFLA_BOND_UPDELAY, Take::U32, "invalid updelay"),
    option(
        "downdelay",
        IFLA_BOND_DOWNDELAY,
        Take::U32,
        "invalid downdelay",
    ),
    option(
        "peer_notify_delay",
        IFLA_BOND_PEER_NOTIF_DELAY,
        Take::U32,
        "invalid peer_notify_delay",
    ),
    option(
        "use_carrier",
        IFLA_BOND_USE_CARRIER,
        Take::U8,
        "invalid use_carrier",
    ),
    option(
        "arp_interval",
        IFLA_BOND_ARP_INTERVAL,
        Take::U32,
        "invalid arp_interval",
    ),
    option(
        "primary",
        IFLA_BOND_PRIMARY,
        Take::Device,
        "Device does not exist\n",
    ),
    option(
        "primary_reselect",
        IFLA_BOND_PRIMARY_RESELECT,
        Take::WordOrU8(RESELECT),
        "invalid primary_reselect",
    ),
    option(
        "fail_over_mac",
        IFLA_BOND_FAIL_OVER_MAC,
        Take::WordOrU8(FAIL_OVER_MAC),
        "invalid fail_over_mac",
    ),
    option(
        "xmit_hash_policy",
        IFLA_BOND_XMIT_HASH_POLICY,
        Take::WordOrU8(HASH_POLICIES),
        "invalid xmit_hash_policy",
    ),
    option(
        "resend_igmp",
        IFLA_BOND_RESEND_IGMP,
        Take::U32,
        "invalid resend_igmp",
    ),
    option(
        "num_grat_arp",
        IFLA_BOND_NUM_PEER_NOTIF,
        Take::U8,
        "invalid num_grat_arp",
    ),
    option(
        "num_unsol_na",
        IFLA_BOND_NUM_PEER_NOTIF,
        Take::U8,
        "invalid num_grat_arp",
    ),
    option(
        "all_slaves_active",
        IFLA_BOND_ALL_SLAVES_ACTIVE,
        Take::U8,
        "invalid all_slaves_active",
    ),
    option(
        "min_links",
        IFLA_BOND_MIN_LINKS,
        Take::U32,
        "invalid min_links",
    ),
    option(
        "lp_interval",
        IFLA_BOND_LP_INTERVAL,
        Take::U32,
        "invalid lp_interval",
    ),
    option(
        "packets_per_slave",
        IFLA_BOND_PACKETS_PER_SLAVE,
        Take::U32,
        "invalid packets_per_slave",
    ),
    option(
        "lacp_rate",
        IFLA_BOND_AD_LACP_RATE,
        Take::WordOrU8(LACP_RATES),
        "invalid lacp_rate",
    ),
    option(
        "ad_select",
        IFLA_BOND_AD_SELECT,
        Take::WordOrU8(AD_SELECT),
        "invalid ad_select",
    ),
    option(
        "ad_user_port_key",
        IFLA_BOND_AD_USER_PORT_KEY,
        Take::U16,
        "invalid ad_user_port_key",
    ),
    option(
        "ad_actor_sys_prio",
        IFLA_BOND_AD_ACTOR_SYS_PRIO,
        Take::U16,
        "invalid ad_actor_sys_prio",
    ),
    option("ad_actor_system", IFLA_BOND_AD_ACTOR_SYSTEM, Take::Mac, ""),
    option(
        "tlb_dynamic_lb",
        IFLA_BOND_TLB_DYNAMIC_LB,
        Take::U8,
        "invalid tlb_dynamic_lb",
    ),
];
