//! `IFLA_AF_SPEC`: settings per address family, and those of a bridge.
//!
//! The same attribute number holds attributes of different tables, by the message's family. The
//! tables are told apart by what fits, so that nothing depends on the fixed header.

use nl_core::kind::{Bytes, Ip, U8, U16, U32};
use nl_core::{Kind, Table};

use super::attrs::LinkView;
use super::kind::bridge_port::{BRIDGE_PORT_ATTRS, BridgePortView};

nl_core::attrs! {
    /// `IFLA_AF_SPEC`: a nest per address family.
    pub table AF_SPEC_ATTRS: (), view AfSpecView, writer AfSpecWriter;
    values {
        /// MCTP, as attributes.
        AF_MCTP = 45, mctp: Bytes;
    }
    nests {
        /// IPv4.
        AF_INET = 2, inet: InetView, InetWriter, INET_ATTRS;
        /// IPv6.
        AF_INET6 = 10, inet6: Inet6View, Inet6Writer, INET6_ATTRS;
    }
}

nl_core::attrs! {
    /// `IFLA_INET_*`: IPv4 on a link. Source: include/uapi/linux/if_link.h.
    pub table INET_ATTRS: (), view InetView, writer InetWriter;
    values {
        /// Settings, 32 bits each, in the order of `IPV4_DEVCONF_*` (include/uapi/linux/ip.h), whose
        /// first is 1.
        IFLA_INET_CONF = 1, conf: Conf;
    }
}

nl_core::attrs! {
    /// `IFLA_INET6_*`: IPv6 on a link. Source: include/uapi/linux/if_link.h.
    pub table INET6_ATTRS: (), view Inet6View, writer Inet6Writer;
    values {
        /// `IF_RA_*`, `IF_READY` of include/net/if_inet6.h.
        IFLA_INET6_FLAGS = 1, flags: U32;
        /// Settings, 32 bits each, in the order of `DEVCONF_*` (include/uapi/linux/ipv6.h).
        IFLA_INET6_CONF = 2, conf: Conf;
        /// Counters, 64 bits each.
        IFLA_INET6_STATS = 3, stats: Bytes;
        /// Unused by the kernel.
        IFLA_INET6_MCAST = 4, mcast: Bytes;
        /// `struct ifla_cacheinfo`.
        IFLA_INET6_CACHEINFO = 5, cacheinfo: Bytes;
        /// ICMPv6 counters, 64 bits each.
        IFLA_INET6_ICMP6STATS = 6, icmp6_stats: Bytes;
        /// Fixed interface identifier for autoconfigured addresses.
        IFLA_INET6_TOKEN = 7, token: Ip;
        /// How link-local addresses are made: 0 EUI-64, 1 none, 2 stable privacy, 3 random.
        IFLA_INET6_ADDR_GEN_MODE = 8, addr_gen_mode: U8;
        /// MTU that a router announced, in bytes.
        IFLA_INET6_RA_MTU = 9, ra_mtu: U32;
    }
}

nl_core::attrs! {
    /// `IFLA_BRIDGE_*`: `IFLA_AF_SPEC` in `AF_BRIDGE` messages. Source: include/uapi/linux/if_bridge.h.
    pub table BRIDGE_AF_SPEC_ATTRS: (), view BridgeAfSpecView, writer BridgeAfSpecWriter;
    values {
        /// 1 master: act on the bridge; 2 self: act on the device.
        IFLA_BRIDGE_FLAGS = 0, flags: U16;
        /// 0 VEB, 1 VEPA.
        IFLA_BRIDGE_MODE = 1, mode: U16;
        /// One `struct bridge_vlan_info`: flags and identifier, 16 bits each; there may be many.
        IFLA_BRIDGE_VLAN_INFO = 2, vlan_info: Bytes;
        /// One VLAN's tunnel, as attributes; there may be many.
        IFLA_BRIDGE_VLAN_TUNNEL_INFO = 3, vlan_tunnel_info: Bytes;
        /// Media redundancy, as attributes.
        IFLA_BRIDGE_MRP = 4, mrp: Bytes;
        /// Connectivity fault management, as attributes.
        IFLA_BRIDGE_CFM = 5, cfm: Bytes;
        /// Multiple spanning trees, as attributes.
        IFLA_BRIDGE_MST = 6, mst: Bytes;
    }
}

/// An array of 32-bit settings.
#[derive(Clone, Copy, Debug)]
pub enum Conf {}

impl Kind for Conf {
    type Value<'a> = &'a [u8];
    const FORMAT: nl_core::Format = nl_core::Format::Bytes;
    const MIN: usize = 4;
    const MAX: usize = usize::MAX;

    fn read(payload: &[u8]) -> Option<&[u8]> {
        Some(payload)
    }
    fn write(value: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(value);
    }
}

/// The table that the payload of `IFLA_AF_SPEC` fits.
pub(super) fn af_spec_table(payload: &[u8]) -> Option<&'static Table> {
    first_that_fits(payload, [&AF_SPEC_ATTRS, &BRIDGE_AF_SPEC_ATTRS])
}

/// The table that the payload of `IFLA_PROTINFO` fits.
pub(super) fn protinfo_table(payload: &[u8]) -> Option<&'static Table> {
    first_that_fits(payload, [&INET6_ATTRS, &BRIDGE_PORT_ATTRS])
}

fn first_that_fits(payload: &[u8], tables: [&'static Table; 2]) -> Option<&'static Table> {
    tables
        .into_iter()
        .find(|table| table.check(payload).is_ok())
}

/// `AF_BRIDGE`.
const FAMILY_BRIDGE: u8 = 7;

impl<'a> LinkView<'a> {
    /// Settings per address family; `None` in answers to `AF_BRIDGE` requests.
    #[must_use]
    pub fn af_spec(&self) -> Option<AfSpecView<'a>> {
        let bytes = self.af_spec_bytes().filter(|_| !self.is_bridge_family())?;
        AfSpecView::parse(bytes).ok()
    }

    /// VLANs and modes of a bridge or its port, in answers to `AF_BRIDGE` requests.
    #[must_use]
    pub fn bridge_af_spec(&self) -> Option<BridgeAfSpecView<'a>> {
        let bytes = self.af_spec_bytes().filter(|_| self.is_bridge_family())?;
        BridgeAfSpecView::parse(bytes).ok()
    }

    /// Settings as a port of a bridge, from whichever attribute the kernel uses in this message.
    #[must_use]
    pub fn bridge_port(&self) -> Option<BridgePortView<'a>> {
        let bytes = if self.is_bridge_family() {
            self.protinfo()?
        } else {
            let info = self.link_info()?;
            info.slave_data()
                .filter(|_| info.slave_kind() == Some("bridge"))?
        };
        BridgePortView::parse(bytes).ok()
    }

    fn is_bridge_family(&self) -> bool {
        self.header().family == FAMILY_BRIDGE
    }
}
