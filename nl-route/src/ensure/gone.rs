//! [`Ensure`] for what is to be deleted.

use nl_core::{Connection, Errno, Error};

use super::{Ensure, Ensured, found, gone};
use crate::Route;
use crate::addr::{DelAddr, GetAddrs};
use crate::link::{DelLink, GetLink, GetLinks, RTEXT_FILTER_SKIP_STATS};
use crate::nexthop::{DelNexthop, GetNexthop};
use crate::route::{DelRoute, GetRoute, GetRoutes, NewRoute, RouteView};

/// Deletes the link if it is there, or the group if a link is in it.
impl Ensure for DelLink {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let there = match self {
            Self::One(link) => found(rt.get(&GetLink::new(link)), Errno::ENODEV)?.is_some(),
            Self::Group(group) => {
                let list = GetLinks::new().ext_mask(RTEXT_FILTER_SKIP_STATS);
                let all = rt.collect(&list)?;
                all.iter().any(|link| link.view().group() == Some(*group))
            }
        };
        gone(rt, there, self)
    }
}

/// Takes the address from the link if it has it.
///
/// # Errors
///
/// `ENODEV` if there is no such link.
impl Ensure for DelAddr {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let local = self.0.local;
        let list = GetAddrs {
            family: local.family(),
            ifindex: Some(self.0.ifindex),
            target_netnsid: self.0.target_netnsid,
        };
        let all = rt.collect(&list)?;
        let len = self.0.peer.unwrap_or(local).len;
        let there = all.iter().any(|addr| {
            let addr = addr.view();
            addr.prefix().map(|prefix| prefix.addr) == Some(local.addr) && addr.prefix_len() == len
        });
        gone(rt, there, self)
    }
}

/// Deletes the route if it is there. The table is listed unless packets take the route.
impl Ensure for DelRoute {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let route = &self.0;
        let lookup = GetRoute::new(route.dst.addr).tos(route.tos).fib_match();
        let taken = match rt.get(&lookup) {
            Ok(taken) => may_be(route, &taken.view()),
            Err(Error::Kernel(_)) => false,
            Err(error) => return Err(error),
        };
        let there = taken || is_listed(rt, route)?;
        gone(rt, there, self)
    }
}

/// Whether a route is one that the kernel may take for the one that is to be deleted.
fn may_be(wanted: &NewRoute, there: &RouteView<'_>) -> bool {
    let dst = there.dst().map(|dst| (dst.network().addr, dst.len));
    let wanted_dst = wanted.dst.network();
    fn other<T: PartialEq>(wanted: Option<T>, there: T) -> bool {
        wanted.is_some_and(|wanted| wanted != there)
    }
    let metric = wanted.metric.filter(|&metric| metric != 0);
    // IPv6 routes have none.
    let tos = there.dst().is_none_or(|dst| dst.addr.is_ipv6()) || wanted.tos == there.tos();
    tos && !other(metric, there.priority().unwrap_or(0))
        && !other(wanted.route_type, there.route_type())
        && !other(wanted.protocol, there.protocol())
        && there.table() == wanted.table_or_default()
        && dst.unwrap_or((wanted_dst.addr, 0)) == (wanted_dst.addr, wanted_dst.len)
}

fn is_listed(rt: &mut Connection<Route>, wanted: &NewRoute) -> Result<bool, Error> {
    let list = GetRoutes::new(wanted.dst.family()).table(wanted.table_or_default());
    let mut there = false;
    super::each_route(rt, &list, |route| there |= may_be(wanted, route))?;
    Ok(there)
}

/// Deletes the nexthop object if it is there.
impl Ensure for DelNexthop {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let there = found(rt.get(&GetNexthop { id: self.id }), Errno::ENOENT)?.is_some();
        gone(rt, there, self)
    }
}
