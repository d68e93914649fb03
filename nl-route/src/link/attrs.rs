//! `IFLA_*`: the table of link attributes.

use nl_core::kind::{Bytes, I32, LinkAddr, Str, Struct, Text, U8, U16, U32};

use super::af_spec;
use super::header::{IfInfoMsg, IfMap, Stats, Stats64};
use super::info::{LINK_INFO_ATTRS, LinkInfoView, LinkInfoWriter};
use super::nest::{
    PROP_LIST_ATTRS, PROTO_DOWN_REASON_ATTRS, PropListView, PropListWriter, ProtoDownReasonView,
    ProtoDownReasonWriter, XDP_ATTRS, XdpView, XdpWriter,
};
use super::vf::{VF_INFO_ATTRS, VfInfoView};

nl_core::attrs! {
    /// `IFLA_*`: attributes of `RTM_*LINK`. Source: include/uapi/linux/if_link.h.
    pub table LINK_ATTRS: IfInfoMsg, view LinkView, writer LinkWriter;
    values {
        /// Link-layer address: 6 bytes for Ethernet.
        IFLA_ADDRESS = 1, address: LinkAddr;
        /// Link-layer broadcast address; of a point-to-point link, the peer's address.
        IFLA_BROADCAST = 2, broadcast: LinkAddr;
        /// Device name: 1 to 15 bytes, no `/`, no `:`, no whitespace.
        IFLA_IFNAME = 3, name: Str;
        /// Maximum transmission unit in bytes, link-layer header excluded.
        IFLA_MTU = 4, mtu: U32;
        /// Interface index of the device below or beside: a vlan's lower device, a veth's peer. In the namespace [`link_netnsid`](LinkView::link_netnsid).
        IFLA_LINK = 5, link: I32;
        /// Root queueing discipline: "noqueue", "pfifo_fast".
        IFLA_QDISC = 6, qdisc: Str;
        /// Counters of 32 bits; [`stats64`](LinkView::stats64) does not wrap.
        IFLA_STATS = 7, stats: Struct<Stats>;
        /// Unused by the kernel.
        IFLA_COST = 8, cost: Bytes;
        /// Unused by the kernel.
        IFLA_PRIORITY = 9, priority: Bytes;
        /// Interface index of the bridge, bond or VRF that this link is a port of; 0 in a request releases it.
        IFLA_MASTER = 10, master: I32;
        /// Wireless extension event (`struct iw_event`), in notifications.
        IFLA_WIRELESS = 11, wireless: Bytes;
        /// Transmit queue length in packets.
        IFLA_TXQLEN = 13, txqueuelen: U32;
        /// Hardware addresses, `struct rtnl_link_ifmap`.
        IFLA_MAP = 14, map: Struct<IfMap>;
        /// Weight of the old NAPI.
        IFLA_WEIGHT = 15, weight: U32;
        /// RFC 2863 state, see [`OperState`](crate::link::OperState).
        IFLA_OPERSTATE = 16, operstate: U8;
        /// 0 default, 1 dormant, 2 testing: what the operational state may become.
        IFLA_LINKMODE = 17, linkmode: U8;
        /// Request: move the link to the network namespace of this process.
        IFLA_NET_NS_PID = 19, netns_pid: U32;
        /// Description for people, at most 255 bytes; empty in a request removes it.
        IFLA_IFALIAS = 20, alias: Text;
        /// How many virtual functions the device has.
        IFLA_NUM_VF = 21, num_vf: U32;
        /// Counters.
        IFLA_STATS64 = 23, stats64: Struct<Stats64>;
        /// Port profiles of the virtual functions.
        IFLA_VF_PORTS = 24, vf_ports: Bytes;
        /// Port profile of the device itself.
        IFLA_PORT_SELF = 25, port_self: Bytes;
        /// Device group; 0 is the default one.
        IFLA_GROUP = 27, group: U32;
        /// Request: move the link to the network namespace that this file descriptor refers to.
        IFLA_NET_NS_FD = 28, netns_fd: U32;
        /// Request: what to add to or leave out of the answer, [`RTEXT_FILTER_VF`](crate::link::RTEXT_FILTER_VF) and others.
        IFLA_EXT_MASK = 29, ext_mask: U32;
        /// How many users want promiscuous mode.
        IFLA_PROMISCUITY = 30, promiscuity: U32;
        /// Transmit queues.
        IFLA_NUM_TX_QUEUES = 31, num_tx_queues: U32;
        /// Receive queues.
        IFLA_NUM_RX_QUEUES = 32, num_rx_queues: U32;
        /// 1 with carrier, 0 without; drivers without a cable let it be set.
        IFLA_CARRIER = 33, carrier: U8;
        /// Identifies the physical port among devices that share it.
        IFLA_PHYS_PORT_ID = 34, phys_port_id: Bytes;
        /// How often the carrier came or went.
        IFLA_CARRIER_CHANGES = 35, carrier_changes: U32;
        /// Identifies the switch that the port belongs to.
        IFLA_PHYS_SWITCH_ID = 36, phys_switch_id: Bytes;
        /// Namespace id in which [`link`](LinkView::link) is meant, if that is another namespace.
        IFLA_LINK_NETNSID = 37, link_netnsid: I32;
        /// Name of the physical port.
        IFLA_PHYS_PORT_NAME = 38, phys_port_name: Str;
        /// 1 if a protocol holds the port down.
        IFLA_PROTO_DOWN = 39, proto_down: U8;
        /// Most segments of one GSO packet.
        IFLA_GSO_MAX_SEGS = 40, gso_max_segs: U32;
        /// Longest GSO packet in bytes.
        IFLA_GSO_MAX_SIZE = 41, gso_max_size: U32;
        /// What a notification is about, `IFLA_EVENT_*`.
        IFLA_EVENT = 44, event: U32;
        /// Notification: the namespace id that the link was moved to.
        IFLA_NEW_NETNSID = 45, new_netnsid: I32;
        /// Request: the namespace id to act in. Reply: the one it is from.
        IFLA_TARGET_NETNSID = 46, target_netnsid: I32;
        /// How often the carrier came.
        IFLA_CARRIER_UP_COUNT = 47, carrier_up_count: U32;
        /// How often the carrier went.
        IFLA_CARRIER_DOWN_COUNT = 48, carrier_down_count: U32;
        /// Interface index in the namespace that the link is, or was, moved to.
        IFLA_NEW_IFINDEX = 49, new_ifindex: I32;
        /// Smallest MTU that the driver takes, in bytes.
        IFLA_MIN_MTU = 50, min_mtu: U32;
        /// Largest MTU that the driver takes, in bytes; 0 for no limit.
        IFLA_MAX_MTU = 51, max_mtu: U32;
        /// Request: a name of up to 127 bytes to find the link by.
        IFLA_ALT_IFNAME = 53, altname: Str;
        /// The address that the hardware came with.
        IFLA_PERM_ADDRESS = 54, perm_address: LinkAddr;
        /// Name of the bus device, `0000:03:00.0`.
        IFLA_PARENT_DEV_NAME = 56, parent_dev_name: Str;
        /// Its bus: "pci", "virtio".
        IFLA_PARENT_DEV_BUS_NAME = 57, parent_dev_bus_name: Str;
        /// Longest GRO packet in bytes.
        IFLA_GRO_MAX_SIZE = 58, gro_max_size: U32;
        /// Longest packet in bytes that the device segments.
        IFLA_TSO_MAX_SIZE = 59, tso_max_size: U32;
        /// Most segments that the device makes of one packet.
        IFLA_TSO_MAX_SEGS = 60, tso_max_segs: U32;
        /// How many users want all multicast packets.
        IFLA_ALLMULTI = 61, allmulti: U32;
        /// The devlink port behind the link, as attributes.
        IFLA_DEVLINK_PORT = 62, devlink_port: Bytes;
        /// Longest IPv4 GSO packet in bytes.
        IFLA_GSO_IPV4_MAX_SIZE = 63, gso_ipv4_max_size: U32;
        /// Longest IPv4 GRO packet in bytes.
        IFLA_GRO_IPV4_MAX_SIZE = 64, gro_ipv4_max_size: U32;
        /// The clock pin behind the link, as attributes.
        IFLA_DPLL_PIN = 65, dpll_pin: Bytes;
        /// How far ahead the device can pace, in nanoseconds: 4 or 8 bytes.
        IFLA_MAX_PACING_OFFLOAD_HORIZON = 66, max_pacing_offload_horizon: Bytes;
        /// 1 if the link can never leave its namespace.
        IFLA_NETNS_IMMUTABLE = 67, netns_immutable: U8;
        /// Bytes kept free before packets (kernel 6.18).
        IFLA_HEADROOM = 68, headroom: U16;
        /// Bytes kept free behind packets (kernel 6.18).
        IFLA_TAILROOM = 69, tailroom: U16;
    }
    nests {
        /// Driver name and driver-specific settings.
        IFLA_LINKINFO = 18, link_info: LinkInfoView, LinkInfoWriter, LINK_INFO_ATTRS;
        /// Attached XDP programs.
        IFLA_XDP = 43, xdp: XdpView, XdpWriter, XDP_ATTRS;
        /// Alternative names.
        IFLA_PROP_LIST = 52, prop_list: PropListView, PropListWriter, PROP_LIST_ATTRS;
        /// Which reasons hold the port down.
        IFLA_PROTO_DOWN_REASON = 55, proto_down_reason: ProtoDownReasonView, ProtoDownReasonWriter, PROTO_DOWN_REASON_ATTRS;
    }
    lists {
        /// Virtual functions, if the request asked with `RTEXT_FILTER_VF`.
        IFLA_VFINFO_LIST = 22, vf_infos: VfInfoView, VfInfoWriter, VF_INFO_ATTRS;
    }
    chosen {
        /// Protocol-specific attributes in answers to `AF_BRIDGE` and `AF_INET6` requests.
        IFLA_PROTINFO = 12, protinfo: by IFLA_PROTINFO, af_spec::protinfo_table;
        /// Settings per address family; of another kind in answers to `AF_BRIDGE` requests.
        IFLA_AF_SPEC = 26, af_spec_bytes: by IFLA_AF_SPEC, af_spec::af_spec_table;
    }
}
