//! What of links, and what of IPv6 routes, says that the kernel has changed others without telling.

use std::collections::BTreeSet;
use std::net::IpAddr;

use nl_core::{Attrs, DecodeError};

use crate::link::{Flags, LinkView};
use crate::route::{RTA_METRICS, RTA_PREFSRC, RouteView, RtMsg};

/// What of a link takes others along when it changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkState {
    flags: Flags,
    master: Option<i32>,
    mtu: Option<u32>,
}

impl LinkState {
    pub(super) fn of(link: &LinkView<'_>) -> Self {
        Self {
            flags: link.flags(),
            master: link.master(),
            mtu: link.mtu(),
        }
    }

    /// Whether it went down, or to another master: routes and nexthops by it may be gone.
    pub(super) fn is_left_by(self, now: Self) -> bool {
        self.lost(now, Flags::UP) || self.master != now.master
    }

    /// Whether there is no carrier any more: nexthops by it are gone, and routes by them, though it is up. Of the
    /// two flags either may be told late.
    pub(super) fn loses_carrier(self, now: Self) -> bool {
        self.lost(now, Flags::RUNNING | Flags::LOWER_UP)
    }

    /// Whether its MTU is another: routes by it may have got it.
    pub(super) fn has_other_mtu(self, now: Self) -> bool {
        self.mtu != now.mtu
    }

    fn lost(self, now: Self, flags: Flags) -> bool {
        self.flags.difference(now.flags).intersects(flags)
    }
}

/// What IPv6 routes name that changes them when it changes itself: at least what those that are known name.
#[derive(Debug, Default)]
pub(super) struct Ties {
    prefsrcs: BTreeSet<IpAddr>,
    /// Links that routes with an MTU go by; 0 for all of them, if a nexthop object decides.
    mtu_links: BTreeSet<i32>,
}

impl Ties {
    /// Adds what a route names.
    pub(super) fn add(&mut self, payload: &[u8]) -> Result<(), DecodeError> {
        let attrs = Attrs::new(payload.get(size_of::<RtMsg>()..).unwrap_or(&[]));
        // Most name nothing.
        if !attrs
            .flatten()
            .any(|attr| matches!(attr.number(), RTA_PREFSRC | RTA_METRICS))
        {
            return Ok(());
        }
        let route = RouteView::parse(payload)?;
        if let Some(prefsrc) = route.prefsrc() {
            self.prefsrcs.insert(prefsrc);
        }
        if route
            .metrics()
            .is_some_and(|metrics| metrics.mtu().is_some())
        {
            if route.nh_id().is_some() {
                self.mtu_links.insert(0);
            } else {
                let hops = route.hops().flatten().map(|hop| hop.ifindex());
                self.mtu_links.extend(hops.chain(route.oif()));
            }
        }
        Ok(())
    }

    /// Whether a route loses its preferred source with this address.
    pub(super) fn has_prefsrc(&self, addr: Option<IpAddr>) -> bool {
        addr.is_none_or(|addr| self.prefsrcs.contains(&addr))
    }

    /// Whether a route gets another MTU with this link.
    pub(super) fn has_mtu(&self, ifindex: i32) -> bool {
        self.mtu_links.contains(&0) || self.mtu_links.contains(&ifindex)
    }
}
