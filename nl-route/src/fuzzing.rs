//! What the fuzz targets call, and the tests that replay their corpora.

use nl_core::{Protocol, View};

use crate::addr::AddrView;
use crate::link::LinkView;
use crate::neigh::NeighView;
use crate::route::RouteView;
use crate::rule::RuleView;
use crate::{Prefix, Route};

/// A message type in the first two bytes, then its payload: checked, read and printed, written again.
pub fn message(data: &[u8]) {
    let Some((number, payload)) = data.split_first_chunk::<2>() else {
        return;
    };
    let number = u16::from_ne_bytes(*number);
    let Some(message_type) = Route::message_type(number) else {
        return;
    };
    nl_core::fuzzing::payload(message_type.table, payload);
    crate::watch::feed(number, payload);
    let _ = format!(
        "{:?}",
        (
            LinkView::parse(payload),
            AddrView::parse(payload),
            RouteView::parse(payload),
            NeighView::parse(payload),
            RuleView::parse(payload),
        )
    );
    if let Ok(route) = RouteView::parse(payload) {
        read_route(&route);
    }
    let _ = <LinkView<'static> as View>::parse(payload).map(|link| (link.kind(), link.flags()));
}

fn read_route(route: &RouteView<'_>) {
    let _ = (route.dst(), route.src(), route.gateway(), route.table());
    for hop in route.hops() {
        let Ok(hop) = hop else { return };
        let _ = (
            hop.ifindex(),
            hop.gateway(),
            hop.encap(),
            hop.attrs().count(),
        );
    }
}

/// The text of a prefix: what was read prints as something that reads the same.
pub fn prefix(data: &[u8]) {
    if let Some(prefix) = std::str::from_utf8(data)
        .ok()
        .and_then(|text| text.parse::<Prefix>().ok())
    {
        assert_eq!(prefix.to_string().parse(), Ok(prefix));
    }
}
