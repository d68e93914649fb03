//! Virtual functions: `IFLA_VFINFO_LIST`.

use nl_core::Writer;
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

/// One element of [`IFLA_VFINFO_LIST`](super::IFLA_VFINFO_LIST).
pub const IFLA_VF_INFO: u16 = 1;

/// `IFLA_VF_VLAN_INFO`: one VLAN in `IFLA_VF_VLAN_LIST`.
const IFLA_VF_VLAN_INFO: u16 = 1;

/// `MAX_ADDR_LEN`: every address has this room.
const MAX_ADDR_LEN: usize = 32;

/// Writes settings of one virtual function; see [`SetLink::vf`](super::SetLink::vf).
///
/// A driver answers `EOPNOTSUPP` to what it does not know; most devices have no virtual functions
/// and answer so to all.
#[derive(Debug)]
pub struct VfWriter<'w> {
    out: &'w mut Writer,
    number: u32,
}

impl<'w> VfWriter<'w> {
    pub(super) fn new(out: &'w mut Writer, number: u32) -> Self {
        Self { out, number }
    }

    /// Appends a struct that starts with the function's number and goes on with `fields`.
    fn numbers(&mut self, attr: u16, fields: &[u32]) -> &mut Self {
        let number = self.number;
        self.out.attr_with(attr, |out| {
            for value in std::iter::once(&number).chain(fields) {
                out.bytes_mut().extend_from_slice(&value.to_ne_bytes());
            }
        });
        self
    }

    /// Link-layer address; what is over 32 bytes is cut off. Equivalent to `mac LLADDR`.
    pub fn mac(&mut self, address: &[u8]) -> &mut Self {
        let mut room = [0; MAX_ADDR_LEN];
        for (to, from) in room.iter_mut().zip(address) {
            *to = *from;
        }
        let number = self.number;
        self.out.attr_with(IFLA_VF_MAC, |out| {
            out.bytes_mut().extend_from_slice(&number.to_ne_bytes());
            out.bytes_mut().extend_from_slice(&room);
        });
        self
    }

    /// VLAN, 0 for none, and its priority. Equivalent to `vlan ID qos PRIORITY`.
    pub fn vlan(&mut self, vlan: u32, qos: u32) -> &mut Self {
        self.numbers(IFLA_VF_VLAN, &[vlan, qos])
    }

    /// VLAN with a tag of this EtherType: 0x8100 or 0x88a8. Equivalent to `vlan ID proto PROTOCOL`.
    pub fn vlan_protocol(&mut self, vlan: u32, qos: u32, protocol: u16) -> &mut Self {
        let number = self.number;
        // Without the nest mark, as ip(8).
        self.out.attr_with(IFLA_VF_VLAN_LIST, |out| {
            out.attr_with(IFLA_VF_VLAN_INFO, |out| {
                for value in [number, vlan, qos] {
                    out.bytes_mut().extend_from_slice(&value.to_ne_bytes());
                }
                // The struct ends in two bytes of padding.
                let [high, low] = protocol.to_be_bytes();
                out.bytes_mut().extend_from_slice(&[high, low, 0, 0]);
            });
        });
        self
    }

    /// Least and most that it may send, in Mbit/s; 0 for no limit. Equivalent to
    /// `min_tx_rate RATE max_tx_rate RATE`.
    pub fn rate(&mut self, min: u32, max: u32) -> &mut Self {
        self.numbers(IFLA_VF_RATE, &[min, max])
    }

    /// The old form of the upper limit, in Mbit/s. Equivalent to `rate RATE`.
    pub fn tx_rate(&mut self, rate: u32) -> &mut Self {
        self.numbers(IFLA_VF_TX_RATE, &[rate])
    }

    /// Whether forged source addresses are dropped. Equivalent to `spoofchk on|off`.
    pub fn spoofchk(&mut self, on: bool) -> &mut Self {
        self.numbers(IFLA_VF_SPOOFCHK, &[on.into()])
    }

    /// 0 as the device's, 1 always up, 2 always down. Equivalent to `state auto|enable|disable`.
    pub fn link_state(&mut self, state: u32) -> &mut Self {
        self.numbers(IFLA_VF_LINK_STATE, &[state])
    }

    /// Whether it may change what concerns others. Equivalent to `trust on|off`.
    pub fn trust(&mut self, on: bool) -> &mut Self {
        self.numbers(IFLA_VF_TRUST, &[on.into()])
    }

    /// Whether it may read the receive hash configuration. Equivalent to `query_rss on|off`.
    pub fn query_rss(&mut self, on: bool) -> &mut Self {
        self.numbers(IFLA_VF_RSS_QUERY_EN, &[on.into()])
    }

    /// InfiniBand node identifier. Equivalent to `node_guid GUID`.
    pub fn node_guid(&mut self, guid: u64) -> &mut Self {
        self.guid(IFLA_VF_IB_NODE_GUID, guid)
    }

    /// InfiniBand port identifier. Equivalent to `port_guid GUID`.
    pub fn port_guid(&mut self, guid: u64) -> &mut Self {
        self.guid(IFLA_VF_IB_PORT_GUID, guid)
    }

    /// `struct ifla_vf_guid`: four bytes of padding stand before the identifier.
    fn guid(&mut self, attr: u16, guid: u64) -> &mut Self {
        let number = self.number;
        self.out.attr_with(attr, |out| {
            out.bytes_mut().extend_from_slice(&number.to_ne_bytes());
            out.bytes_mut().extend_from_slice(&[0; 4]);
            out.bytes_mut().extend_from_slice(&guid.to_ne_bytes());
        });
        self
    }
}
