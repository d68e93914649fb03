//! The port of a bridge: `IFLA_INFO_SLAVE_DATA` of slave kind `bridge`.

use nl_core::kind::{Flag, Struct, U8, U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// `struct ifla_bridge_id`: priority and address. Source: include/uapi/linux/if_link.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct BridgeId {
    /// Priority, most significant byte first.
    pub priority: [u8; 2],
    /// Ethernet address.
    pub address: [u8; 6],
}

nl_core::attrs! {
    /// `IFLA_BRPORT_*`: settings of a bridge port. Source: include/uapi/linux/if_link.h; bridge(8).
    pub table BRIDGE_PORT_ATTRS: (), view BridgePortView, writer BridgePortWriter;
    values {
        /// 0 disabled, 1 listening, 2 learning, 3 forwarding, 4 blocking.
        IFLA_BRPORT_STATE = 1, state: U8;
        /// Spanning tree priority, 0 to 63.
        IFLA_BRPORT_PRIORITY = 2, priority: U16;
        /// Spanning tree path cost.
        IFLA_BRPORT_COST = 3, cost: U32;
        /// 1 if packets may leave where they came in.
        IFLA_BRPORT_MODE = 4, hairpin: U8;
        /// 1 if spanning tree packets are dropped.
        IFLA_BRPORT_GUARD = 5, guard: U8;
        /// 1 if the port may not become the root port.
        IFLA_BRPORT_PROTECT = 6, root_block: U8;
        /// 1 if a multicast listener's leave takes effect at once.
        IFLA_BRPORT_FAST_LEAVE = 7, fast_leave: U8;
        /// 1 if addresses are learned.
        IFLA_BRPORT_LEARNING = 8, learning: U8;
        /// 1 if packets to unknown addresses are sent here.
        IFLA_BRPORT_UNICAST_FLOOD = 9, flood: U8;
        /// 1 if the bridge answers ARP for others.
        IFLA_BRPORT_PROXYARP = 10, proxy_arp: U8;
        /// 1 if addresses learned by hardware are taken over.
        IFLA_BRPORT_LEARNING_SYNC = 11, learning_sync: U8;
        /// 1 if it does so by the rules for Wi-Fi.
        IFLA_BRPORT_PROXYARP_WIFI = 12, proxy_arp_wifi: U8;
        /// Designated root.
        IFLA_BRPORT_ROOT_ID = 13, root_id: Struct<BridgeId>;
        /// Designated bridge.
        IFLA_BRPORT_BRIDGE_ID = 14, bridge_id: Struct<BridgeId>;
        /// Designated port.
        IFLA_BRPORT_DESIGNATED_PORT = 15, designated_port: U16;
        /// Designated cost.
        IFLA_BRPORT_DESIGNATED_COST = 16, designated_cost: U16;
        /// Port identifier: priority and number.
        IFLA_BRPORT_ID = 17, id: U16;
        /// Port number.
        IFLA_BRPORT_NO = 18, number: U16;
        /// 1 if a topology change is to be acknowledged.
        IFLA_BRPORT_TOPOLOGY_CHANGE_ACK = 19, topology_change_ack: U8;
        /// 1 if a configuration packet is to be sent.
        IFLA_BRPORT_CONFIG_PENDING = 20, config_pending: U8;
        /// Time left, in hundredths of a second.
        IFLA_BRPORT_MESSAGE_AGE_TIMER = 21, message_age_timer: U64;
        /// Time left, in hundredths of a second.
        IFLA_BRPORT_FORWARD_DELAY_TIMER = 22, forward_delay_timer: U64;
        /// Time left, in hundredths of a second.
        IFLA_BRPORT_HOLD_TIMER = 23, hold_timer: U64;
        /// Request: forget the addresses learned here.
        IFLA_BRPORT_FLUSH = 24, flush: Flag;
        /// 0 no multicast router behind it, 1 found by queries, 2 always, 3 for now.
        IFLA_BRPORT_MULTICAST_ROUTER = 25, multicast_router: U8;
        /// 1 if multicast without known listeners is sent here.
        IFLA_BRPORT_MCAST_FLOOD = 27, mcast_flood: U8;
        /// 1 if multicast is sent to each listener by unicast.
        IFLA_BRPORT_MCAST_TO_UCAST = 28, mcast_to_unicast: U8;
        /// 1 if VLANs are mapped to tunnels.
        IFLA_BRPORT_VLAN_TUNNEL = 29, vlan_tunnel: U8;
        /// 1 if broadcast is sent here.
        IFLA_BRPORT_BCAST_FLOOD = 30, bcast_flood: U8;
        /// Which of 01:80:c2:00:00:0X are forwarded, a bit each.
        IFLA_BRPORT_GROUP_FWD_MASK = 31, group_fwd_mask: U16;
        /// 1 if the bridge answers ARP and neighbour discovery itself.
        IFLA_BRPORT_NEIGH_SUPPRESS = 32, neigh_suppress: U8;
        /// 1 if isolated ports cannot reach this one.
        IFLA_BRPORT_ISOLATED = 33, isolated: U8;
        /// Interface index of the port that takes over without carrier.
        IFLA_BRPORT_BACKUP_PORT = 34, backup_port: U32;
        /// 1 if the media redundancy ring is open.
        IFLA_BRPORT_MRP_RING_OPEN = 35, mrp_ring_open: U8;
        /// 1 if the interconnect ring is open.
        IFLA_BRPORT_MRP_IN_OPEN = 36, mrp_in_open: U8;
        /// Most tracked multicast hosts.
        IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT = 37, mcast_eht_hosts_limit: U32;
        /// How many are tracked.
        IFLA_BRPORT_MCAST_EHT_HOSTS_CNT = 38, mcast_eht_hosts_count: U32;
        /// 1 if only known addresses may send.
        IFLA_BRPORT_LOCKED = 39, locked: U8;
        /// 1 if locked addresses are learned as locked (MAC authentication bypass).
        IFLA_BRPORT_MAB = 40, mab: U8;
        /// How many multicast groups there are.
        IFLA_BRPORT_MCAST_N_GROUPS = 41, mcast_n_groups: U32;
        /// How many there may be; 0 for no limit.
        IFLA_BRPORT_MCAST_MAX_GROUPS = 42, mcast_max_groups: U32;
        /// 1 if suppression is set per VLAN.
        IFLA_BRPORT_NEIGH_VLAN_SUPPRESS = 43, neigh_vlan_suppress: U8;
        /// Nexthop id for packets to the backup port.
        IFLA_BRPORT_BACKUP_NHID = 44, backup_nhid: U32;
    }
}
