//! Kind `bridge`: a switch.

use nl_core::kind::{Be16, Bytes, Flag, LinkAddr, Struct, U8, U16, U32, U64};
use zerocopy::native_endian::U32 as Ne32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::BridgeId;

/// `struct br_boolopt_multi`: options of one bit each. Source: include/uapi/linux/if_bridge.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct BoolOptions {
    /// The values; bit 0 "no link-local learning", bit 1 "multicast snooping per VLAN", bit 2 "multiple spanning trees".
    pub values: Ne32,
    /// Which bits are meant.
    pub mask: Ne32,
}

nl_core::attrs! {
    /// `IFLA_BR_*`: settings of a bridge. Source: include/uapi/linux/if_link.h; ip-link(8).
    pub table BRIDGE_ATTRS: (), view BridgeView, writer BridgeWriter;
    values {
        /// Time in each of listening and learning, in hundredths of a second.
        IFLA_BR_FORWARD_DELAY = 1, forward_delay: U32;
        /// Time between hello packets, in hundredths of a second.
        IFLA_BR_HELLO_TIME = 2, hello_time: U32;
        /// How long a hello packet is believed, in hundredths of a second.
        IFLA_BR_MAX_AGE = 3, max_age: U32;
        /// How long a learned address is kept, in hundredths of a second.
        IFLA_BR_AGEING_TIME = 4, ageing_time: U32;
        /// 0 spanning tree off, 1 in the kernel, 2 in user space.
        IFLA_BR_STP_STATE = 5, stp_state: U32;
        /// Spanning tree priority: the lowest becomes the root.
        IFLA_BR_PRIORITY = 6, priority: U16;
        /// 1 if VLANs are told apart.
        IFLA_BR_VLAN_FILTERING = 7, vlan_filtering: U8;
        /// EtherType of VLAN tags: 0x8100 or 0x88a8.
        IFLA_BR_VLAN_PROTOCOL = 8, vlan_protocol: Be16;
        /// Which of 01:80:c2:00:00:0X are forwarded, a bit each.
        IFLA_BR_GROUP_FWD_MASK = 9, group_fwd_mask: U16;
        /// The root bridge.
        IFLA_BR_ROOT_ID = 10, root_id: Struct<BridgeId>;
        /// This bridge.
        IFLA_BR_BRIDGE_ID = 11, bridge_id: Struct<BridgeId>;
        /// Number of the port towards the root.
        IFLA_BR_ROOT_PORT = 12, root_port: U16;
        /// Cost of the path to the root.
        IFLA_BR_ROOT_PATH_COST = 13, root_path_cost: U32;
        /// 1 while the topology changes.
        IFLA_BR_TOPOLOGY_CHANGE = 14, topology_change: U8;
        /// 1 if this bridge saw it.
        IFLA_BR_TOPOLOGY_CHANGE_DETECTED = 15, topology_change_detected: U8;
        /// Time left, in hundredths of a second.
        IFLA_BR_HELLO_TIMER = 16, hello_timer: U64;
        /// Time left, in hundredths of a second.
        IFLA_BR_TCN_TIMER = 17, tcn_timer: U64;
        /// Time left, in hundredths of a second.
        IFLA_BR_TOPOLOGY_CHANGE_TIMER = 18, topology_change_timer: U64;
        /// Time left, in hundredths of a second.
        IFLA_BR_GC_TIMER = 19, gc_timer: U64;
        /// Address of spanning tree packets, 01:80:c2:00:00:0X.
        IFLA_BR_GROUP_ADDR = 20, group_addr: LinkAddr;
        /// Request: forget all learned addresses.
        IFLA_BR_FDB_FLUSH = 21, fdb_flush: Flag;
        /// 0 no multicast router, 1 found by queries, 2 always.
        IFLA_BR_MCAST_ROUTER = 22, mcast_router: U8;
        /// 1 if multicast is forwarded to listeners only.
        IFLA_BR_MCAST_SNOOPING = 23, mcast_snooping: U8;
        /// 1 if queries carry the bridge's own address, not 0.0.0.0.
        IFLA_BR_MCAST_QUERY_USE_IFADDR = 24, mcast_query_use_ifaddr: U8;
        /// 1 if the bridge asks for listeners.
        IFLA_BR_MCAST_QUERIER = 25, mcast_querier: U8;
        /// Without effect since Linux 5.1.
        IFLA_BR_MCAST_HASH_ELASTICITY = 26, mcast_hash_elasticity: U32;
        /// Most entries of the multicast table.
        IFLA_BR_MCAST_HASH_MAX = 27, mcast_hash_max: U32;
        /// Queries after the last listener left.
        IFLA_BR_MCAST_LAST_MEMBER_CNT = 28, mcast_last_member_count: U32;
        /// Queries at the start.
        IFLA_BR_MCAST_STARTUP_QUERY_CNT = 29, mcast_startup_query_count: U32;
        /// Hundredths of a second.
        IFLA_BR_MCAST_LAST_MEMBER_INTVL = 30, mcast_last_member_interval: U64;
        /// Hundredths of a second.
        IFLA_BR_MCAST_MEMBERSHIP_INTVL = 31, mcast_membership_interval: U64;
        /// Hundredths of a second.
        IFLA_BR_MCAST_QUERIER_INTVL = 32, mcast_querier_interval: U64;
        /// Hundredths of a second.
        IFLA_BR_MCAST_QUERY_INTVL = 33, mcast_query_interval: U64;
        /// Hundredths of a second.
        IFLA_BR_MCAST_QUERY_RESPONSE_INTVL = 34, mcast_query_response_interval: U64;
        /// Hundredths of a second.
        IFLA_BR_MCAST_STARTUP_QUERY_INTVL = 35, mcast_startup_query_interval: U64;
        /// 1 if IPv4 packets pass netfilter.
        IFLA_BR_NF_CALL_IPTABLES = 36, nf_call_iptables: U8;
        /// 1 if IPv6 packets pass netfilter.
        IFLA_BR_NF_CALL_IP6TABLES = 37, nf_call_ip6tables: U8;
        /// 1 if ARP packets pass netfilter.
        IFLA_BR_NF_CALL_ARPTABLES = 38, nf_call_arptables: U8;
        /// VLAN of untagged packets on new ports; 0 for none.
        IFLA_BR_VLAN_DEFAULT_PVID = 39, vlan_default_pvid: U16;
        /// 1 if VLANs are counted.
        IFLA_BR_VLAN_STATS_ENABLED = 41, vlan_stats_enabled: U8;
        /// 1 if multicast is counted.
        IFLA_BR_MCAST_STATS_ENABLED = 42, mcast_stats_enabled: U8;
        /// 2 or 3.
        IFLA_BR_MCAST_IGMP_VERSION = 43, mcast_igmp_version: U8;
        /// 1 or 2.
        IFLA_BR_MCAST_MLD_VERSION = 44, mcast_mld_version: U8;
        /// 1 if VLANs are counted per port.
        IFLA_BR_VLAN_STATS_PER_PORT = 45, vlan_stats_per_port: U8;
        /// Options of one bit each.
        IFLA_BR_MULTI_BOOLOPT = 46, multi_boolopt: Struct<BoolOptions>;
        /// Who asks for listeners, as attributes.
        IFLA_BR_MCAST_QUERIER_STATE = 47, mcast_querier_state: Bytes;
        /// How many addresses are learned.
        IFLA_BR_FDB_N_LEARNED = 48, fdb_n_learned: U32;
        /// How many may be; 0 for no limit.
        IFLA_BR_FDB_MAX_LEARNED = 49, fdb_max_learned: U32;
        /// Who runs the spanning tree once it is on: 0 a program if there is one, 1 a program, 2 the kernel (kernel 7.0).
        IFLA_BR_STP_MODE = 50, stp_mode: U32;
    }
}
