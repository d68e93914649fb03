//! Virtual functions: `IFLA_VFINFO_LIST`.

use nl_core::kind::{Bytes, U64};

nl_core::attrs! {
    /// `IFLA_VF_*`: one virtual function; each value starts with its number (`struct ifla_vf_*`).
    /// Source: include/uapi/linux/if_link.h.
    pub table VF_INFO_ATTRS: (), view VfInfoView, writer VfInfoWriter;
    values {
        /// `struct ifla_vf_mac`.
        IFLA_VF_MAC = 1, mac: Bytes;
        /// `struct ifla_vf_vlan`.
        IFLA_VF_VLAN = 2, vlan: Bytes;
        /// `struct ifla_vf_tx_rate`.
        IFLA_VF_TX_RATE = 3, tx_rate: Bytes;
        /// `struct ifla_vf_spoofchk`.
        IFLA_VF_SPOOFCHK = 4, spoofchk: Bytes;
        /// `struct ifla_vf_link_state`.
        IFLA_VF_LINK_STATE = 5, link_state: Bytes;
        /// `struct ifla_vf_rate`.
        IFLA_VF_RATE = 6, rate: Bytes;
        /// `struct ifla_vf_rss_query_en`.
        IFLA_VF_RSS_QUERY_EN = 7, rss_query_en: Bytes;
        /// `struct ifla_vf_trust`.
        IFLA_VF_TRUST = 9, trust: Bytes;
        /// `struct ifla_vf_guid`.
        IFLA_VF_IB_NODE_GUID = 10, ib_node_guid: Bytes;
        /// `struct ifla_vf_guid`.
        IFLA_VF_IB_PORT_GUID = 11, ib_port_guid: Bytes;
        /// VLANs, attributes of `struct ifla_vf_vlan_info`.
        IFLA_VF_VLAN_LIST = 12, vlan_list: Bytes;
        /// `struct ifla_vf_broadcast`.
        IFLA_VF_BROADCAST = 13, broadcast: Bytes;
    }
    nests {
        /// Counters.
        IFLA_VF_STATS = 8, stats: VfStatsView, VfStatsWriter, VF_STATS_ATTRS;
    }
}

nl_core::attrs! {
    /// `IFLA_VF_STATS_*`: counters of a virtual function. Source: include/uapi/linux/if_link.h.
    pub table VF_STATS_ATTRS: (), view VfStatsView, writer VfStatsWriter;
    values {
        /// Packets received.
        IFLA_VF_STATS_RX_PACKETS = 0, rx_packets: U64;
        /// Packets sent.
        IFLA_VF_STATS_TX_PACKETS = 1, tx_packets: U64;
        /// Bytes received.
        IFLA_VF_STATS_RX_BYTES = 2, rx_bytes: U64;
        /// Bytes sent.
        IFLA_VF_STATS_TX_BYTES = 3, tx_bytes: U64;
        /// Broadcast packets received.
        IFLA_VF_STATS_BROADCAST = 4, broadcast: U64;
        /// Multicast packets received.
        IFLA_VF_STATS_MULTICAST = 5, multicast: U64;
        /// Packets dropped on the way in.
        IFLA_VF_STATS_RX_DROPPED = 7, rx_dropped: U64;
        /// Packets dropped on the way out.
        IFLA_VF_STATS_TX_DROPPED = 8, tx_dropped: U64;
    }
}
