//! [`NewRoute`], [`DelRoute`]: routes to be made and deleted.

use std::net::IpAddr;
use std::sync::Arc;

use nl_core::kind::{I32, U8, U32};
use nl_core::{Request, Writer};

use super::encap::Encap;
use super::metrics::RouteMetrics;
use super::multipath::{NewHop, write_gateway, write_hops};
use super::{
    RTA_DST, RTA_EXPIRES, RTA_FLOW, RTA_NH_ID, RTA_OIF, RTA_PREF, RTA_PREFSRC, RTA_PRIORITY,
    RTA_SRC, RTA_TABLE, RTA_TTL_PROPAGATE, RouteFlags, RoutePref, RouteProtocol, RouteScope,
    RouteTable, RouteType, RtMsg,
};
use crate::prefix::Prefix;
use crate::protocol::{RTM_DELROUTE, RTM_NEWROUTE, Route};
use crate::value::{Family, Mode};

/// Makes a route, as `ip route add PREFIX …`.
///
/// What is not said is sent as `ip` sends it: protocol `boot`, type `unicast`, table `main` (`local` for local,
/// broadcast and anycast routes), and for IPv4 scope `link` where no gateway is given, `host` for local routes.
///
/// It is plain data; writing it allocates nothing, so that millions can go through
/// [`batch`](nl_core::Connection::batch).
///
/// ```
/// use nl_route::route::NewRoute;
///
/// let route = NewRoute::new("10.1.0.0/16".parse().unwrap())
///     .via([10, 0, 0, 254].into())
///     .metric(100);
/// # let _ = route;
/// ```
///
/// # Errors
///
/// `EEXIST` if it is there ([`Mode::Add`]), `ENOENT` if it is not ([`Mode::Change`]), `ENETUNREACH` with "Nexthop
/// has invalid gateway" if the gateway is on no link, `ENODEV` or `ENETDOWN` for the device, `EINVAL` for host bits in
/// the destination.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the setters of the same names say it")]
pub struct NewRoute {
    pub mode: Mode,
    pub dst: Prefix,
    pub src: Option<Prefix>,
    pub tos: u8,
    pub table: Option<RouteTable>,
    pub protocol: Option<RouteProtocol>,
    pub scope: Option<RouteScope>,
    pub route_type: Option<RouteType>,
    pub flags: RouteFlags,
    pub gateway: Option<IpAddr>,
    pub oif: Option<i32>,
    pub metric: Option<u32>,
    pub prefsrc: Option<IpAddr>,
    pub flow: Option<u32>,
    pub pref: Option<RoutePref>,
    pub expires: Option<u32>,
    pub nh_id: Option<u32>,
    pub ttl_propagate: Option<bool>,
    pub options: Option<Arc<RouteOptions>>,
}

/// What few routes have. It is apart so that the others are small, and shared by clones, so that a thousand routes
/// by the same ways keep them once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[allow(
    missing_docs,
    reason = "the setters of the same names of `NewRoute` say it"
)]
pub struct RouteOptions {
    pub metrics: RouteMetrics,
    pub encap: Option<Encap>,
    pub hops: Vec<NewHop>,
}

impl NewRoute {
    /// A route to this destination; [`Prefix::ALL_V4`] or [`Prefix::ALL_V6`] for a default route.
    #[must_use]
    pub const fn new(dst: Prefix) -> Self {
        Self {
            mode: Mode::Add,
            dst,
            src: None,
            tos: 0,
            table: None,
            protocol: None,
            scope: None,
            route_type: None,
            flags: RouteFlags::empty(),
            gateway: None,
            oif: None,
            metric: None,
            prefsrc: None,
            flow: None,
            pref: None,
            expires: None,
            nh_id: None,
            ttl_propagate: None,
            options: None,
        }
    }

    /// What to do if there is such a route: `add`, `replace`, `change`, `append`, `prepend`, `test`.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Only for packets from this source (IPv6): `from`.
    #[must_use]
    pub fn src(mut self, src: Prefix) -> Self {
        self.src = Some(src);
        self
    }

    /// Only for packets of this type of service: `tos`, `dsfield`.
    #[must_use]
    pub fn tos(mut self, tos: u8) -> Self {
        self.tos = tos;
        self
    }

    /// The table: `table`.
    #[must_use]
    pub fn table(mut self, table: RouteTable) -> Self {
        self.table = Some(table);
        self
    }

    /// Who makes it: `proto`.
    #[must_use]
    pub fn protocol(mut self, protocol: RouteProtocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// How far the destination is: `scope`.
    #[must_use]
    pub fn scope(mut self, scope: RouteScope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// What it does: `blackhole`, `unreachable`, `local`, ….
    #[must_use]
    pub fn route_type(mut self, route_type: RouteType) -> Self {
        self.route_type = Some(route_type);
        self
    }

    /// Through a gateway: `via`. One of the other family is sent as `RTA_VIA` (`via inet6 …`).
    #[must_use]
    pub fn via(mut self, gateway: IpAddr) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// By the link with this index: `dev`.
    #[must_use]
    pub fn dev(mut self, ifindex: i32) -> Self {
        self.oif = Some(ifindex);
        self
    }

    /// The gateway is on the link although no route says so: `onlink`.
    #[must_use]
    pub fn onlink(mut self) -> Self {
        self.flags |= RouteFlags::ONLINK;
        self
    }

    /// The metric: `metric`, `preference`. The smallest wins.
    #[must_use]
    pub fn metric(mut self, metric: u32) -> Self {
        self.metric = Some(metric);
        self
    }

    /// Source address for packets of this host: `src`.
    #[must_use]
    pub fn prefsrc(mut self, addr: IpAddr) -> Self {
        self.prefsrc = Some(addr);
        self
    }

    /// Realms, source in the upper and destination in the lower 16 bits: `realms`.
    #[must_use]
    pub fn flow(mut self, realms: u32) -> Self {
        self.flow = Some(realms);
        self
    }

    /// Preference of an IPv6 router: `pref`.
    #[must_use]
    pub fn pref(mut self, pref: RoutePref) -> Self {
        self.pref = Some(pref);
        self
    }

    /// Seconds until an IPv6 route is removed: `expires`.
    #[must_use]
    pub fn expires(mut self, seconds: u32) -> Self {
        self.expires = Some(seconds);
        self
    }

    /// By the nexthop object with this id: `nhid`.
    #[must_use]
    pub fn nh_id(mut self, id: u32) -> Self {
        self.nh_id = Some(id);
        self
    }

    /// Whether the TTL goes over to MPLS labels: `ttl-propagate`.
    #[must_use]
    pub fn ttl_propagate(mut self, propagate: bool) -> Self {
        self.ttl_propagate = Some(propagate);
        self
    }

    /// Path properties: `mtu`, `advmss`, `congctl`, …
    #[must_use]
    pub fn metrics(mut self, metrics: RouteMetrics) -> Self {
        self.options_mut().metrics = metrics;
        self
    }

    /// A lightweight tunnel: `encap`.
    #[must_use]
    pub fn encap(mut self, encap: Encap) -> Self {
        self.options_mut().encap = Some(encap);
        self
    }

    /// One more way: `nexthop`.
    #[must_use]
    pub fn hop(mut self, hop: NewHop) -> Self {
        self.options_mut().hops.push(hop);
        self
    }

    /// What few routes have, made if it is not there, and no longer shared.
    pub fn options_mut(&mut self) -> &mut RouteOptions {
        Arc::make_mut(self.options.get_or_insert_default())
    }

    /// Whether there is a nexthop: a gateway, several ways, or a nexthop object.
    fn has_nexthop(&self) -> bool {
        let has_hops = |options: &Arc<RouteOptions>| !options.hops.is_empty();
        self.gateway.is_some()
            || self.nh_id.is_some()
            || self.options.as_ref().is_some_and(has_hops)
    }

    /// The table that it says, or that its type belongs in.
    pub(crate) fn table_or_default(&self) -> RouteTable {
        self.table.unwrap_or(self.default_table())
    }

    fn default_table(&self) -> RouteTable {
        match self.route_type {
            Some(RouteType::LOCAL | RouteType::BROADCAST | RouteType::ANYCAST | RouteType::NAT) => {
                RouteTable::LOCAL
            }
            _ => RouteTable::MAIN,
        }
    }

    /// The scope that fits the type and the nexthops; IPv6 knows none. `otherwise` is for types
    /// without one of their own, `link` for a unicast route without gateway.
    fn default_scope(&self, otherwise: RouteScope, link: RouteScope) -> RouteScope {
        if self.dst.addr.is_ipv6() {
            return RouteScope::GLOBAL;
        }
        match self.route_type.unwrap_or(RouteType::UNICAST) {
            RouteType::LOCAL | RouteType::NAT => RouteScope::HOST,
            RouteType::BROADCAST | RouteType::MULTICAST | RouteType::ANYCAST => RouteScope::LINK,
            RouteType::UNICAST | RouteType::UNSPEC if !self.has_nexthop() => link,
            _ => otherwise,
        }
    }

    #[inline]
    fn write_with(&self, out: &mut Writer, header: RtMsg) {
        let table = self.table_or_default();
        let v6 = self.dst.addr.is_ipv6();
        out.header(&RtMsg {
            family: if v6 { Family::INET6 } else { Family::INET }.0,
            dst_len: self.dst.len,
            src_len: self.src.as_ref().map_or(0, |src| src.len),
            tos: self.tos,
            table: table.header(),
            flags: self.flags.bits().into(),
            ..header
        });
        if !self.dst.is_all() {
            out.addr(RTA_DST, &self.dst.addr);
        }
        if let Some(options) = &self.options
            && let Some(encap) = &options.encap
        {
            encap.write(out);
        }
        if let Some(gateway) = &self.gateway {
            write_gateway(out, gateway, v6);
        }
        out.attr_if::<U32>(RTA_TABLE, table.attr());
        out.attr_if::<U32>(RTA_PRIORITY, self.metric);
        if self.says_more() {
            self.write_more(out);
        }
        out.attr_if::<I32>(RTA_OIF, self.oif);
        if let Some(options) = &self.options {
            options.write_ways(out, v6);
        }
    }

    /// Whether it has what most routes have not.
    #[inline]
    fn says_more(&self) -> bool {
        // One test of them all, not one after the other.
        self.src.is_some()
            | self.prefsrc.is_some()
            | self.pref.is_some()
            | self.ttl_propagate.is_some()
            | self.flow.is_some()
            | self.expires.is_some()
            | self.nh_id.is_some()
    }

    /// Appends what most routes have not; out of line, so that the rest is short enough to be part of what calls it.
    #[inline(never)]
    fn write_more(&self, out: &mut Writer) {
        if let Some(src) = &self.src {
            out.addr(RTA_SRC, &src.addr);
        }
        if let Some(prefsrc) = &self.prefsrc {
            out.addr(RTA_PREFSRC, prefsrc);
        }
        out.attr_if::<U8>(RTA_PREF, self.pref.map(|pref| pref.0));
        out.attr_if::<U8>(RTA_TTL_PROPAGATE, self.ttl_propagate.map(u8::from));
        out.attr_if::<U32>(RTA_FLOW, self.flow);
        out.attr_if::<U32>(RTA_EXPIRES, self.expires);
        out.attr_if::<U32>(RTA_NH_ID, self.nh_id);
    }
}

impl RouteOptions {
    /// Appends metrics and ways of a route of IPv6 (`v6`) or IPv4.
    #[inline(never)]
    fn write_ways(&self, out: &mut Writer, v6: bool) {
        if !self.metrics.is_empty() {
            self.metrics.write(out);
        }
        if !self.hops.is_empty() {
            write_hops(out, &self.hops, v6);
        }
    }
}

impl Request for NewRoute {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_NEWROUTE
    }
    #[inline]
    fn flags(&self) -> u16 {
        self.mode.flags()
    }
    #[inline]
    fn write(&self, out: &mut Writer) {
        let scope = self.default_scope(RouteScope::GLOBAL, RouteScope::LINK);
        let header = RtMsg {
            protocol: self.protocol.unwrap_or(RouteProtocol::BOOT).0,
            scope: self.scope.unwrap_or(scope).0,
            route_type: self.route_type.unwrap_or(RouteType::UNICAST).0,
            ..RtMsg::default()
        };
        self.write_with(out, header);
    }
}

/// Deletes a route, as `ip route del PREFIX …`: the first that fits what is said.
///
/// What is not said is not compared: a protocol, type, scope, metric or gateway. The table is `main`.
///
/// # Errors
///
/// `ESRCH` if no route fits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DelRoute(pub NewRoute);

impl DelRoute {
    /// A route to this destination.
    #[must_use]
    pub const fn new(dst: Prefix) -> Self {
        Self(NewRoute::new(dst))
    }
}

impl From<NewRoute> for DelRoute {
    fn from(route: NewRoute) -> Self {
        Self(route)
    }
}

impl Request for DelRoute {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_DELROUTE
    }
    fn write(&self, out: &mut Writer) {
        let route = &self.0;
        let scope = route.default_scope(RouteScope::NOWHERE, RouteScope::NOWHERE);
        let header = RtMsg {
            protocol: route.protocol.unwrap_or_default().0,
            scope: route.scope.unwrap_or(scope).0,
            route_type: route.route_type.unwrap_or_default().0,
            ..RtMsg::default()
        };
        route.write_with(out, header);
    }
}
