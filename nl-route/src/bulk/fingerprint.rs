//! What makes two routes the same: which of them the kernel can tell apart, and what differs.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::net::IpAddr;

use nl_core::{DecodeError, Request, Writer};

use crate::route::{
    EncapType, NewRoute, RTAX_CC_ALGO, RouteFlags, RoutePref, RouteType, RouteView,
};
use crate::value::Family;

/// The metric that the kernel gives an IPv6 route that has none: `IP6_RT_PRIO_USER`.
const IPV6_METRIC: u32 = 1024;

/// A route in 20 bytes, by hashes with a secret key: for comparing millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fingerprint {
    /// Of what tells it apart: table, destination, source, type of service, metric.
    pub(crate) identity: u64,
    /// Of all the rest that a request can say, but not of [`oif`](Self::oif).
    pub(crate) content: u64,
    /// The link that it goes by; 0 if that is not said. A request may leave it to the gateway.
    pub(crate) oif: i32,
}

impl Fingerprint {
    /// Whether a route with the fingerprint `there` is what is wanted with this one.
    pub(crate) fn is_met_by(&self, there: &Self) -> bool {
        self.identity == there.identity
            && self.content == there.content
            && (self.oif == 0 || self.oif == there.oif)
    }
}

/// Makes fingerprints that can be compared with each other.
#[derive(Debug, Default)]
pub(crate) struct Fingerprints {
    key: RandomState,
    out: Writer,
}

impl Fingerprints {
    /// Of a route that is to be made.
    pub(crate) fn of_request(&mut self, route: &NewRoute) -> Result<Fingerprint, DecodeError> {
        self.out.clear();
        route.write(&mut self.out);
        let view = RouteView::parse(self.out.bytes())?;
        Ok(self.of_view(&view))
    }

    /// Of a route that is there.
    pub(crate) fn of_view(&self, route: &RouteView<'_>) -> Fingerprint {
        let v6 = route.family() == Family::INET6;
        let mut oif = route.oif().unwrap_or(0);
        let mut content = self.key.build_hasher();
        (route.route_type(), route.protocol()).hash(&mut content);
        (route.prefsrc(), route.flow()).hash(&mut content);
        if v6 {
            route
                .pref()
                .unwrap_or(RoutePref::MEDIUM.0)
                .hash(&mut content);
        } else {
            route.scope().hash(&mut content);
        }
        self.metrics(route).hash(&mut content);
        let mut hops = route.hops().flatten();
        if let Some(id) = route.nh_id() {
            // The kernel spells the object out beside its id.
            (1u8, id).hash(&mut content);
            oif = 0;
        } else if !is_forwarding(route.route_type()) {
            // IPv6 says that what drops packets goes by `lo`.
            oif = 0;
        } else if let Some(hop) = hops.next()
            && hops.next().is_none()
        {
            // One way is no multipath.
            let onlink = hop.flags().contains(RouteFlags::ONLINK);
            (onlink, hop.gateway()).hash(&mut content);
            (hop.encap_type(), hop.encap(), 0u64).hash(&mut content);
            oif = hop.ifindex();
        } else {
            let onlink = route.flags().contains(RouteFlags::ONLINK);
            (onlink, route.gateway()).hash(&mut content);
            let encap_type = route.encap_type().map(EncapType);
            (encap_type, route.encap(), self.hops(route)).hash(&mut content);
        }
        Fingerprint {
            identity: self.identity(route),
            content: content.finish(),
            oif,
        }
    }

    fn identity(&self, route: &RouteView<'_>) -> u64 {
        let metric = route.priority().unwrap_or(0);
        let metric = match (route.family(), metric) {
            (Family::INET6, 0) => IPV6_METRIC,
            _ => metric,
        };
        let dst = route.dst().map(|dst| (dst.addr, dst.len));
        let src = route.src().map(|src| (src.addr, src.len));
        self.key
            .hash_one((route.table(), dst, src, route.tos(), metric))
    }

    /// Path properties; their order means nothing.
    fn metrics(&self, route: &RouteView<'_>) -> u64 {
        let Some(metrics) = route.metrics() else {
            return 0;
        };
        metrics.attrs().flatten().fold(0, |sum: u64, attr| {
            let payload = match attr.number() {
                RTAX_CC_ALGO => attr.payload.strip_suffix(&[0]).unwrap_or(attr.payload),
                _ => attr.payload,
            };
            sum.wrapping_add(self.key.hash_one((attr.number(), payload)))
        })
    }

    /// The ways of a multipath route; their order means nothing.
    fn hops(&self, route: &RouteView<'_>) -> u64 {
        route.hops().flatten().fold(0, |sum: u64, hop| {
            let gateway: Option<IpAddr> = hop.gateway();
            let onlink = hop.flags().contains(RouteFlags::ONLINK);
            let way = (hop.ifindex(), hop.weight(), onlink, gateway);
            let rest = (hop.flow(), hop.encap());
            sum.wrapping_add(self.key.hash_one((way, rest)))
        })
    }
}

/// Whether the nexthop means something.
fn is_forwarding(route_type: RouteType) -> bool {
    !matches!(
        route_type,
        RouteType::BLACKHOLE | RouteType::UNREACHABLE | RouteType::PROHIBIT | RouteType::THROW
    )
}
