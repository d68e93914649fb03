//! Routes: `RTM_*ROUTE`.
//!
//! ```text
//! struct rtmsg
//! +------------+------------+------------+------------+
//! | family     | dst len    | src len    | tos        |
//! +------------+------------+------------+------------+
//! | table      | protocol   | scope      | type       |
//! +------------+------------+------------+------------+
//! | flags                                             |
//! +---------------------------------------------------+
//! ```

mod encap;
mod get;
mod metrics;
mod multipath;
mod new;
mod value;
mod via;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nl_core::kind::{Be16, Be32, Bytes, I32, Ip, Struct, U8, U16, U32};
use nl_core::{MessageType, Owned, Writer};
use zerocopy::native_endian::{I32 as NeI32, U32 as Ne32, U64 as Ne64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::prefix::Prefix;
use crate::protocol::{RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE};
use crate::value::Family;

pub(crate) use encap::encap_table;
pub use encap::{
    Encap, EncapIp6View, EncapIp6Writer, EncapIpView, EncapIpWriter, EncapMplsView,
    EncapMplsWriter, LWTUNNEL_IP_ATTRS, LWTUNNEL_IP6_ATTRS, MPLS_IPTUNNEL_ATTRS,
};
pub use get::{GetRoute, GetRoutes};
pub use metrics::*;
pub use multipath::{Hop, Hops, Multipath, NewHop, RtNexthop};
pub use new::{DelRoute, NewRoute, RouteOptions};
pub use value::*;
pub use via::{Via, ViaAddr};

pub(crate) const MESSAGES: &[MessageType] = &[
    MessageType {
        number: RTM_NEWROUTE,
        name: "RTM_NEWROUTE",
        table: &ROUTE_ATTRS,
    },
    MessageType {
        number: RTM_DELROUTE,
        name: "RTM_DELROUTE",
        table: &ROUTE_ATTRS,
    },
    MessageType {
        number: RTM_GETROUTE,
        name: "RTM_GETROUTE",
        table: &ROUTE_ATTRS,
    },
];

/// `struct rtmsg`, the fixed header of `RTM_*ROUTE`. Source: include/uapi/linux/rtnetlink.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RtMsg {
    /// Address family.
    pub family: u8,
    /// Prefix length of the destination.
    pub dst_len: u8,
    /// Prefix length of the source.
    pub src_len: u8,
    /// Type of service.
    pub tos: u8,
    /// Table, if it fits; `RTA_TABLE` says it in any case.
    pub table: u8,
    /// `RTPROT_*`.
    pub protocol: u8,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// `RTN_*`.
    pub route_type: u8,
    /// `RTM_F_*` and `RTNH_F_*`.
    pub flags: Ne32,
}

const _: () = assert!(size_of::<RtMsg>() == 12);

/// `struct rta_cacheinfo`. Source: include/uapi/linux/rtnetlink.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RtaCacheinfo {
    /// How many use it.
    pub clntref: Ne32,
    /// When it was last used, in `USER_HZ` ticks ago.
    pub lastuse: Ne32,
    /// When it expires, in `USER_HZ` ticks (1/100 s) from now; 0 for never.
    pub expires: NeI32,
    /// Errno of an unreachable destination, negative.
    pub error: Ne32,
    /// How often it was used.
    pub used: Ne32,
    /// IP identification.
    pub id: Ne32,
    /// TCP time stamp.
    pub ts: Ne32,
    /// Age of the TCP time stamp.
    pub tsage: Ne32,
}

const _: () = assert!(size_of::<RtaCacheinfo>() == 32);

/// `struct rta_mfc_stats`: counters of a multicast route. Source: include/uapi/linux/rtnetlink.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RtaMfcStats {
    /// Packets forwarded.
    pub packets: Ne64,
    /// Bytes forwarded.
    pub bytes: Ne64,
    /// Packets that came by a wrong interface.
    pub wrong_if: Ne64,
}

const _: () = assert!(size_of::<RtaMfcStats>() == 24);

nl_core::attrs! {
    /// `RTA_*`: attributes of `RTM_*ROUTE`. Source: include/uapi/linux/rtnetlink.h.
    pub table ROUTE_ATTRS: RtMsg, view RouteView, writer RouteWriter;
    values {
        /// Destination; absent from default routes. [`RouteView::dst`] has the prefix length too.
        RTA_DST = 1, dst_addr: Ip;
        /// Source that the route is for. [`RouteView::src`] has the prefix length too.
        RTA_SRC = 2, src_addr: Ip;
        /// Index of the link that packets come in by.
        RTA_IIF = 3, iif: I32;
        /// Index of the link that packets go out by.
        RTA_OIF = 4, oif: I32;
        /// Gateway, of the route's own family.
        RTA_GATEWAY = 5, gateway_addr: Ip;
        /// Metric: the smallest wins.
        RTA_PRIORITY = 6, priority: U32;
        /// Source address that packets get.
        RTA_PREFSRC = 7, prefsrc: Ip;
        /// Several ways with weights.
        RTA_MULTIPATH = 9, multipath: Multipath;
        /// No longer used.
        RTA_PROTOINFO = 10, protoinfo: Bytes;
        /// Realms: source in the upper, destination in the lower 16 bits.
        RTA_FLOW = 11, flow: U32;
        /// Age, expiry and use.
        RTA_CACHEINFO = 12, cacheinfo: Struct<RtaCacheinfo>;
        /// No longer used.
        RTA_SESSION = 13, session: Bytes;
        /// No longer used.
        RTA_MP_ALGO = 14, mp_algo: Bytes;
        /// Table, all 32 bits. [`RouteView::table`] knows where to look.
        RTA_TABLE = 15, table_attr: U32;
        /// Packet mark.
        RTA_MARK = 16, mark: U32;
        /// Counters of a multicast route.
        RTA_MFC_STATS = 17, mfc_stats: Struct<RtaMfcStats>;
        /// Gateway of another family, such as an IPv6 gateway of an IPv4 route.
        RTA_VIA = 18, via: ViaAddr;
        /// Labels that an MPLS route puts in place.
        RTA_NEWDST = 19, newdst: Bytes;
        /// Preference of an IPv6 router; see [`RoutePref`].
        RTA_PREF = 20, pref: U8;
        /// Kind of lightweight tunnel; see [`EncapType`].
        RTA_ENCAP_TYPE = 21, encap_type: U16;
        /// Seconds until an IPv6 route is removed.
        RTA_EXPIRES = 23, expires: U32;
        /// Padding.
        RTA_PAD = 24, pad: Bytes;
        /// User whose packets are meant.
        RTA_UID = 25, uid: U32;
        /// MPLS: whether the TTL goes over to the labels.
        RTA_TTL_PROPAGATE = 26, ttl_propagate: U8;
        /// IP protocol of the lookup.
        RTA_IP_PROTO = 27, ip_proto: U8;
        /// Source port of the lookup.
        RTA_SPORT = 28, sport: Be16;
        /// Destination port of the lookup.
        RTA_DPORT = 29, dport: Be16;
        /// Id of the nexthop object that the route goes by.
        RTA_NH_ID = 30, nh_id: U32;
        /// IPv6 flow label of the lookup (kernel 6.14).
        RTA_FLOWLABEL = 31, flowlabel: Be32;
    }
    nests {
        /// Path properties: MTU, window, congestion control, …
        RTA_METRICS = 8, metrics: MetricsView, MetricsWriter, METRIC_ATTRS;
    }
    chosen {
        /// Attributes of the lightweight tunnel.
        RTA_ENCAP = 22, encap: by RTA_ENCAP_TYPE, encap_table;
    }
}

/// What of a route's and a nexthop's flags a request may say; the rest is state.
const REQUESTED: RouteFlags = RouteFlags::ONLINK.union(RouteFlags::PERVASIVE);

/// A route, owned.
pub type RouteEntry = Owned<RouteView<'static>>;

impl<'a> RouteView<'a> {
    /// Address family.
    #[must_use]
    pub fn family(&self) -> Family {
        Family(self.header().family)
    }

    /// Destination; [`Prefix::ALL_V4`] or [`Prefix::ALL_V6`] for a default route. `None` for other families.
    #[must_use]
    pub fn dst(&self) -> Option<Prefix> {
        let addr = match self.dst_addr() {
            Some(addr) => addr,
            None => self.unspecified()?,
        };
        Some(Prefix::new(addr, self.header().dst_len))
    }

    /// Source that the route is for, if it is not for all.
    #[must_use]
    pub fn src(&self) -> Option<Prefix> {
        Some(Prefix::new(self.src_addr()?, self.header().src_len))
    }

    fn unspecified(&self) -> Option<IpAddr> {
        match self.family() {
            Family::INET => Some(Ipv4Addr::UNSPECIFIED.into()),
            Family::INET6 => Some(Ipv6Addr::UNSPECIFIED.into()),
            _ => None,
        }
    }

    /// The table it is in.
    #[must_use]
    pub fn table(&self) -> RouteTable {
        RouteTable(self.table_attr().unwrap_or(self.header().table.into()))
    }

    /// Who made it.
    #[must_use]
    pub fn protocol(&self) -> RouteProtocol {
        RouteProtocol(self.header().protocol)
    }

    /// How far the destination is.
    #[must_use]
    pub fn scope(&self) -> RouteScope {
        RouteScope(self.header().scope)
    }

    /// What it does.
    #[must_use]
    pub fn route_type(&self) -> RouteType {
        RouteType(self.header().route_type)
    }

    /// Type of service.
    #[must_use]
    pub fn tos(&self) -> u8 {
        self.header().tos
    }

    /// Flags of the route and, if it has one way only, of its nexthop.
    #[must_use]
    pub fn flags(&self) -> RouteFlags {
        RouteFlags::from_bits_retain(self.header().flags.get())
    }

    /// The gateway: `RTA_GATEWAY`, or of the other family `RTA_VIA`.
    #[must_use]
    pub fn gateway(&self) -> Option<IpAddr> {
        self.gateway_addr().or_else(|| self.via()?.ip())
    }

    /// The ways of a multipath route; none for a route with one way.
    #[must_use]
    pub fn hops(&self) -> Hops<'a> {
        self.multipath().unwrap_or_default()
    }

    /// Appends the payload of a request about exactly this route: `RTM_NEWROUTE` makes it again, `RTM_DELROUTE`
    /// deletes it. Attributes that are not known here stay; what a list says and a request must not is left
    /// out: the state, the time that is left, and the ways beside the id of a nexthop object.
    pub fn write_request(&self, out: &mut Writer) {
        let by_object = self.nh_id().is_some();
        let route_type = match self.route_type() {
            // What a nexthop object does is shown as the route's own doing.
            RouteType::BLACKHOLE if by_object => RouteType::UNICAST,
            other => other,
        };
        out.header(&RtMsg {
            route_type: route_type.0,
            flags: (self.flags() & REQUESTED).bits().into(),
            ..*self.header()
        });
        for attr in self.attrs().flatten() {
            let skip = match attr.number() {
                RTA_CACHEINFO => true,
                // The kernel spells a nexthop object out, but takes only its id.
                RTA_OIF | RTA_GATEWAY | RTA_VIA | RTA_MULTIPATH | RTA_ENCAP | RTA_ENCAP_TYPE => {
                    by_object
                }
                _ => false,
            };
            match attr.number() {
                _ if skip => {}
                RTA_MULTIPATH => multipath::write_listed(out, self.hops()),
                _ => out.raw(attr.raw_type, attr.payload),
            }
        }
    }
}
