//! Routes by the list and by the filter: what may be said of those that are meant, and what became
//! of them.

use std::net::IpAddr;

use nl_core::{Connection, Error, KernelError};

use super::listed;
use crate::prefix::Prefix;
use crate::protocol::Route;
use crate::route::{
    GetRoutes, RouteEntry, RouteProtocol, RouteScope, RouteTable, RouteType, RouteView,
};
use crate::value::Family;

/// Which routes are meant: all that is said must fit.
///
/// Family, table, protocol, type and link are compared by the kernel while it lists, the rest here.
///
/// ```
/// use nl_route::bulk::RouteFilter;
/// use nl_route::route::{GetRoutes, RouteProtocol, RouteTable};
///
/// let bgp = GetRoutes::ipv4().table(RouteTable(100)).protocol(RouteProtocol::BGP);
/// let filter = RouteFilter::new(bgp).within("10.0.0.0/8".parse()?);
/// # Ok::<(), nl_route::BadPrefix>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteFilter {
    /// What the kernel compares. Without a family both IPv4 and IPv6 are meant.
    pub list: GetRoutes,
    /// With this scope.
    pub scope: Option<RouteScope>,
    /// With this metric.
    pub metric: Option<u32>,
    /// Through this gateway alone.
    pub gateway: Option<IpAddr>,
    /// By this nexthop object.
    pub nh_id: Option<u32>,
    /// To this prefix or a part of it: `root PREFIX`.
    pub within: Option<Prefix>,
}

impl RouteFilter {
    /// What the kernel compares, and nothing else.
    #[must_use]
    pub fn new(list: GetRoutes) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }

    /// With this scope: `scope`.
    #[must_use]
    pub fn scope(mut self, scope: RouteScope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// With this metric: `metric`.
    #[must_use]
    pub fn metric(mut self, metric: u32) -> Self {
        self.metric = Some(metric);
        self
    }

    /// Through this gateway alone, not as one of several: `via`.
    #[must_use]
    pub fn gateway(mut self, gateway: IpAddr) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// By this nexthop object: `nhid`.
    #[must_use]
    pub fn nh_id(mut self, id: u32) -> Self {
        self.nh_id = Some(id);
        self
    }

    /// To this prefix or a part of it: `root`.
    #[must_use]
    pub fn within(mut self, prefix: Prefix) -> Self {
        self.within = Some(prefix);
        self
    }

    /// Whether a route is meant. Kernels before 4.20 filter nothing, so everything is compared.
    #[must_use]
    pub fn fits(&self, route: &RouteView<'_>) -> bool {
        fn fits<T: PartialEq>(wanted: Option<T>, is: impl FnOnce() -> Option<T>) -> bool {
            wanted.is_none() || wanted == is()
        }
        let family = (self.list.family != Family::UNSPEC).then_some(self.list.family);
        let table = self.list.table.filter(|&table| table != RouteTable::UNSPEC);
        let protocol = self.list.protocol;
        let protocol = protocol.filter(|&protocol| protocol != RouteProtocol::UNSPEC);
        let route_type = self.list.route_type;
        let route_type = route_type.filter(|&route_type| route_type != RouteType::UNSPEC);
        let within = |prefix: Prefix| {
            let dst = route.dst();
            dst.is_some_and(|dst| dst.len >= prefix.len && prefix.contains(dst.addr))
        };
        fits(family, || Some(route.family()))
            && fits(table, || Some(route.table()))
            && fits(protocol, || Some(route.protocol()))
            && fits(route_type, || Some(route.route_type()))
            && fits(self.scope, || Some(route.scope()))
            && fits(self.metric, || Some(route.priority().unwrap_or(0)))
            && fits(self.gateway, || route.gateway())
            && fits(self.nh_id, || route.nh_id())
            && self.within.is_none_or(within)
            && self.list.oif.is_none_or(|oif| goes_by(route, oif))
    }
}

/// Whether a route goes by a link, alone or as one of its ways.
fn goes_by(route: &RouteView<'_>, ifindex: i32) -> bool {
    let mut hops = route.hops().flatten();
    route.oif() == Some(ifindex) || hops.any(|hop| hop.ifindex() == ifindex)
}

impl From<GetRoutes> for RouteFilter {
    fn from(list: GetRoutes) -> Self {
        Self::new(list)
    }
}

/// What became of routes that were to be deleted by a filter.
#[derive(Debug, Default)]
pub struct RouteDeleteReport {
    /// How many were deleted. Those that somebody else deleted first are not counted.
    pub deleted: usize,
    /// Those that are still there.
    pub failures: Vec<RouteFailure>,
    /// What ended the work early; there may be more to delete. [`Error::Interrupted`] if new ones
    /// were made as fast as they were deleted, [`Error::Overrun`] if answers were lost again and again.
    pub error: Option<Error>,
}

impl RouteDeleteReport {
    /// Whether nothing that was meant is left.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failures.is_empty() && self.error.is_none()
    }

    pub(super) fn add(&mut self, other: Self) {
        self.deleted += other.deleted;
        self.failures.extend(other.failures);
        self.error = self.error.take().or(other.error);
    }
}

/// A route that the kernel did not delete.
#[derive(Debug)]
pub struct RouteFailure {
    /// What was to be deleted.
    pub route: RouteEntry,
    /// What the kernel said.
    pub error: KernelError,
}

pub(super) fn delete_where(
    rt: &mut Connection<Route>,
    filter: &RouteFilter,
) -> Result<RouteDeleteReport, Error> {
    let families: &[Family] = match filter.list.family {
        Family::UNSPEC => &[Family::INET, Family::INET6],
        _ => &[filter.list.family],
    };
    let mut report = RouteDeleteReport::default();
    for &family in families {
        let list = GetRoutes {
            family,
            ..filter.list
        };
        match listed::delete(rt, &list, |route| filter.fits(route)) {
            Ok(part) => report.add(part),
            Err(error) if report.deleted == 0 => return Err(error),
            Err(error) => report.error = report.error.or(Some(error)),
        }
    }
    Ok(report)
}
