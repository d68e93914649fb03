//! What the fuzz targets call, and the tests that replay their corpora.

use nl_core::extack::Failure;
use nl_core::{Message, Protocol, View};

use crate::addr::AddrView;
use crate::bulk::fingerprint::Fingerprints;
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
    let print = Fingerprints::default().of_view(route);
    assert!(print.is_met_by(&print), "a route is what it is");
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

/// Notifications, and the objects of lists, one behind the other: what [`Watch`](crate::watch::Watch) hands out adds up
/// to what it knows.
pub fn watch(data: &[u8]) {
    crate::watch::follow(data);
}

/// A message type (2 bytes), the length of a request's payload (2 bytes), the payload, and what the kernel says about it
/// (`NLMSGERR_ATTR_*`): neither an echo that is cut off nor the form of a dump's end changes the sentence.
pub fn extack(data: &[u8]) {
    const ERRNO: i32 = 22;
    const NLMSG_ERROR: u16 = 2;
    const NLMSG_DONE: u16 = 3;
    const CAPPED: u16 = 0x100;
    const TLVS: u16 = 0x200;
    let Some((&[low, high, l, h], rest)) = data.split_first_chunk::<4>() else {
        return;
    };
    let number = u16::from_ne_bytes([low, high]);
    let Some((payload, says)) = rest.split_at_checked(u16::from_ne_bytes([l, h]).into()) else {
        return;
    };
    let request = framed(number, 0, &[payload]);
    let errno = (-ERRNO).to_ne_bytes();
    let header = request.get(..16).unwrap_or(&[]);
    let message_type = Route::message_type(number);
    let explain = |answer: Vec<u8>| {
        let (answer, _) = Message::split(&answer).expect("it was framed here");
        let failure = match answer.message_type() {
            NLMSG_DONE => Failure::from_done(&answer),
            _ => Failure::from_error(&answer).expect("there is an errno"),
        };
        assert_eq!(failure.errno, ERRNO, "the errno is never hidden");
        let (request, _) = Message::split(&request).expect("it was framed here");
        let error = failure.explain(Some(request), message_type);
        assert_eq!(error.errno.0, ERRNO);
        error.to_string()
    };
    let whole = explain(framed(NLMSG_ERROR, TLVS, &[&errno, &request, says]));
    let capped = explain(framed(NLMSG_ERROR, TLVS | CAPPED, &[&errno, header, says]));
    let done = explain(framed(NLMSG_DONE, TLVS, &[&errno, says]));
    assert_eq!(whole, capped);
    assert_eq!(whole, done);
}

/// A message of these parts, each of them padded.
fn framed(number: u16, flags: u16, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![0; 16];
    let mut len = 16;
    for part in parts {
        bytes.extend_from_slice(part);
        len = bytes.len();
        bytes.resize(len.next_multiple_of(4), 0);
    }
    let len = u32::try_from(len).expect("inputs are short").to_ne_bytes();
    let (number, flags) = (number.to_ne_bytes(), flags.to_ne_bytes());
    bytes.splice(..8, [&len[..], &number, &flags].concat());
    bytes
}
