//! This stack.

use std::hint::black_box;

use nl_core::header::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST};
use nl_core::{Message, Request, Writer};
use nl_netfilter::Family as NfFamily;
use nl_netfilter::element::{Element, ElementsView, SetElements};
use nl_route::link::{IfInfoMsg, LinkView, LinkWriter, NewLink};
use nl_route::protocol::{RTM_NEWLINK, RTM_NEWROUTE, RTM_NEWRULE};
use nl_route::route::{NewRoute, RouteTable, RouteView, RouteWriter, RtMsg};
use nl_route::rule::{FibRuleHdr, NewRule, RuleView, RuleWriter};
use nl_route::{Family, Prefix};

use crate::contest::{Contest, OURS};
use crate::floor::route_message;
use crate::object::{
    BITS, ELEMENTS, GATEWAY, IFINDEX, LISTED, MTU, NAME, NETWORK, PRIORITY, TABLE, key,
};

/// The same as [`OURS`], for a request that is written again.
const AGAIN: &str = "nlctl, again";
/// The same message by the writer of its table, as netlink-bindings writes.
const BY_TABLE: &str = "nlctl, by its table";

#[inline]
fn write(out: &mut Writer, request: &impl Request) {
    out.clear();
    out.request(request, NLM_F_REQUEST | NLM_F_ACK, 1).unwrap();
}

/// Writes a message attribute by attribute, without a value of the request.
#[inline]
fn write_by_table(out: &mut Writer, message_type: u16, body: impl FnOnce(&mut Writer)) {
    out.clear();
    let flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    out.message(message_type, flags, 1, body).unwrap();
}

/// A whole message.
pub(crate) fn message(request: &impl Request) -> Vec<u8> {
    let mut out = Writer::new();
    write(&mut out, request);
    out.bytes().to_vec()
}

/// Something that writes into a writer of its own, again and again.
fn writing(mut work: impl FnMut(&mut Writer)) -> impl FnMut(&mut Vec<u8>) {
    let mut out = Writer::new();
    move |_| {
        work(&mut out);
        // By reference, as the others: a copy of pointer and length would wait for the length just written.
        black_box(&out);
    }
}

fn new_route() -> NewRoute {
    NewRoute::new(Prefix::new(black_box(NETWORK).into(), BITS))
        .via(black_box(GATEWAY).into())
        .dev(black_box(IFINDEX))
        .table(RouteTable(black_box(TABLE)))
}

pub(crate) fn route(contest: &mut Contest) {
    contest.time(
        "encode route",
        OURS,
        writing(|out| write(out, &new_route())),
    );
    contest.time(
        "encode route",
        BY_TABLE,
        writing(|out| {
            let header = RtMsg {
                family: 2,
                dst_len: BITS,
                protocol: 3,
                route_type: 1,
                ..RtMsg::default()
            };
            write_by_table(out, RTM_NEWROUTE, |out| {
                RouteWriter::new(out, &header)
                    .dst_addr(black_box(NETWORK).into())
                    .gateway_addr(black_box(GATEWAY).into())
                    .table_attr(black_box(TABLE))
                    .oif(black_box(IFINDEX));
            });
        }),
    );
    let route = new_route();
    contest.time(
        "encode route",
        AGAIN,
        writing(move |out| write(out, black_box(&route))),
    );
    let bytes = message(&new_route());
    // By hand it is the same, but for the flags and the order.
    assert_eq!(bytes.len(), route_message().len());
    contest.time("decode route", OURS, move |_| {
        let (message, _) = Message::split(black_box(&bytes)).unwrap();
        let view = RouteView::parse(message.payload).unwrap();
        black_box((view.dst(), view.gateway(), view.oif(), view.table()));
    });
}

fn new_link() -> NewLink {
    NewLink::bridge(black_box(NAME)).mtu(black_box(MTU))
}

pub(crate) fn link(contest: &mut Contest) {
    contest.time("encode link", OURS, writing(|out| write(out, &new_link())));
    contest.time(
        "encode link",
        BY_TABLE,
        writing(|out| {
            write_by_table(out, RTM_NEWLINK, |out| {
                LinkWriter::new(out, &IfInfoMsg::default())
                    .name(black_box(NAME))
                    .mtu(black_box(MTU))
                    .link_info(|info| {
                        info.kind("bridge");
                    });
            });
        }),
    );
    let link = new_link();
    contest.time(
        "encode link",
        AGAIN,
        writing(move |out| write(out, black_box(&link))),
    );
    contest.time("decode link", OURS, move |_| {
        let view = LinkView::parse(black_box(LISTED)).unwrap();
        black_box((view.ifindex(), view.name(), view.mtu(), view.address()));
    });
}

fn new_rule() -> NewRule {
    NewRule::new(Family::INET)
        .src(Prefix::new(black_box(NETWORK).into(), BITS))
        .table(RouteTable(black_box(TABLE)))
        .priority(black_box(PRIORITY))
}

/// An `RTM_NEWRULE` message.
pub(crate) fn rule_message() -> Vec<u8> {
    message(&new_rule())
}

pub(crate) fn rule(contest: &mut Contest) {
    contest.time("encode rule", OURS, writing(|out| write(out, &new_rule())));
    contest.time(
        "encode rule",
        BY_TABLE,
        writing(|out| {
            let header = FibRuleHdr {
                family: 2,
                src_len: BITS,
                action: 1,
                ..FibRuleHdr::default()
            };
            write_by_table(out, RTM_NEWRULE, |out| {
                RuleWriter::new(out, &header)
                    .src_addr(black_box(NETWORK).into())
                    .table_attr(black_box(TABLE))
                    .priority(black_box(PRIORITY));
            });
        }),
    );
    let rule = new_rule();
    contest.time(
        "encode rule",
        AGAIN,
        writing(move |out| write(out, black_box(&rule))),
    );
    let bytes = rule_message();
    contest.time("decode rule", OURS, move |_| {
        let (message, _) = Message::split(black_box(&bytes)).unwrap();
        let view = RuleView::parse(message.payload).unwrap();
        black_box((view.src(), view.table(), view.priority()));
    });
}

fn new_elements() -> SetElements {
    let elements = (0..ELEMENTS).map(|index| Element::new(key(black_box(index))));
    SetElements::add(NfFamily::INET, "t", "s", elements)
}

/// An `NFT_MSG_NEWSETELEM` message.
pub(crate) fn elements_message() -> Vec<u8> {
    message(&new_elements())
}

pub(crate) fn elements(contest: &mut Contest) {
    contest.time(
        "encode 100 elements",
        OURS,
        writing(|out| write(out, &new_elements())),
    );
    let elements = new_elements();
    contest.time(
        "encode 100 elements",
        AGAIN,
        writing(move |out| write(out, black_box(&elements))),
    );
    let bytes = elements_message();
    contest.time("decode 100 elements", OURS, move |_| {
        let (message, _) = Message::split(black_box(&bytes)).unwrap();
        let view = ElementsView::parse(message.payload).unwrap();
        let mut count = 0;
        for element in view.elements() {
            count += u32::from(black_box(element.key()).is_some());
        }
        assert_eq!(count, ELEMENTS);
    });
}
