//! Other libraries, each by the way its documentation shows. neli has no rules, and of nftables netlink-packet-route and
//! neli have nothing; nlink's nftables encoder is private.

use std::ffi::CStr;
use std::hint::black_box;
use std::io::Cursor;
use std::net::Ipv4Addr;

use neli::consts::nl::NlmF;
use neli::consts::rtnl::{Ifla, IflaInfo, RtAddrFamily, RtScope, RtTable, Rta, Rtm, Rtn, Rtprot};
use neli::nl::{NlPayload, Nlmsghdr, NlmsghdrBuilder};
use neli::rtnl::{Ifinfomsg, IfinfomsgBuilder, Rtattr, RtattrBuilder, Rtmsg, RtmsgBuilder};
use neli::types::{Buffer, RtBuffer};
use neli::{FromBytes, FromBytesWithInput, ToBytes};
use netlink_bindings::{nftables, rt_link, rt_route, rt_rule};
use netlink_packet_core::{NetlinkMessage, NetlinkPayload, Parseable};
use netlink_packet_route::link::{LinkAttribute, LinkMessage};
use netlink_packet_route::route::{RouteAttribute, RouteMessage};
use netlink_packet_route::rule::{RuleAttribute, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nlink::RouteConfig;
use nlink::netlink::link::{BridgeLink, LinkConfig};
use nlink::netlink::parse::FromNetlink;
use nlink::netlink::route::ResolvedRouteInterfaces;
use nlink::netlink::rule::RuleBuilder;
use rtnetlink::{LinkBridge, RouteMessageBuilder};

use crate::contest::Contest;
use crate::floor::route_message;
use crate::object::{
    BITS, ELEMENTS, GATEWAY, IFINDEX, LISTED, MTU, NAME, NETWORK, PRIORITY, TABLE, key,
};
use crate::ours;

const BINDINGS: &str = "netlink-bindings";
const PACKET: &str = "netlink-packet-route";
const NLINK: &str = "nlink";
const NELI: &str = "neli";

/// Length of `struct nlmsghdr`.
const HEADER: usize = 16;

/// Writes a message of netlink-packet-route.
fn serialize(buffer: &mut Vec<u8>, payload: RouteNetlinkMessage) {
    let mut message = NetlinkMessage::from(payload);
    message.finalize();
    buffer.resize(message.buffer_len(), 0);
    message.serialize(buffer);
}

fn deserialize(bytes: &[u8]) -> RouteNetlinkMessage {
    let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(bytes).unwrap();
    let NetlinkPayload::InnerMessage(message) = message.payload else {
        panic!("not a message");
    };
    message
}

pub(crate) fn route(contest: &mut Contest) {
    let message: &'static [u8] = route_message().to_vec().leak();
    contest.time("encode route", BINDINGS, move |buffer| {
        let header = rt_route::Rtmsg {
            rtm_family: 2,
            rtm_dst_len: BITS,
            rtm_protocol: 3,
            rtm_type: 1,
            ..rt_route::Rtmsg::default()
        };
        let request = rt_route::Request::new_with_buf(buffer)
            .set_create()
            .set_excl();
        let mut request = request.op_newroute_do(&header);
        request
            .encode()
            .push_dst(black_box(NETWORK).into())
            .push_gateway(black_box(GATEWAY).into())
            .push_table(black_box(TABLE))
            .push_oif(black_box(IFINDEX) as u32);
        black_box(&request);
    });
    contest.time("decode route", BINDINGS, move |_| {
        let payload = &black_box(message)[HEADER..];
        let (_, attrs) = rt_route::OpNewrouteDo::decode_request(payload);
        for attr in attrs {
            black_box(attr.unwrap());
        }
    });

    contest.time("encode route", PACKET, move |buffer| {
        let route = RouteMessageBuilder::<Ipv4Addr>::new()
            .destination_prefix(black_box(NETWORK), BITS)
            .gateway(black_box(GATEWAY))
            .table_id(black_box(TABLE))
            .output_interface(black_box(IFINDEX) as u32)
            .build();
        serialize(buffer, RouteNetlinkMessage::NewRoute(route));
        black_box(buffer);
    });
    contest.time("decode route", PACKET, move |_| {
        let RouteNetlinkMessage::NewRoute(route) = deserialize(black_box(message)) else {
            panic!("no route");
        };
        let _: &RouteMessage = &route;
        for attribute in &route.attributes {
            if let RouteAttribute::Destination(_) | RouteAttribute::Oif(_) = attribute {
                black_box(attribute);
            }
        }
    });

    contest.time("encode route", NLINK, move |_| {
        let route = nlink::Ipv4Route::new(black_box(NETWORK), BITS)
            .gateway(black_box(GATEWAY))
            .table(black_box(TABLE));
        let interfaces = ResolvedRouteInterfaces {
            oif: Some(black_box(IFINDEX) as u32),
            multipath: Vec::new(),
        };
        let mut builder = nlink::netlink::MessageBuilder::new(24, 0x605);
        route.write_add(&mut builder, &interfaces);
        black_box(builder.finish());
    });
    contest.time("decode route", NLINK, move |_| {
        let payload = &black_box(message)[HEADER..];
        let route = nlink::netlink::messages::RouteMessage::from_bytes(payload).unwrap();
        black_box((
            route.destination(),
            route.gateway(),
            route.oif(),
            route.table_id(),
        ));
    });

    contest.time("encode route", NELI, move |buffer| {
        let attr = |number, payload: &[u8]| -> Rtattr<Rta, Buffer> {
            let attr = RtattrBuilder::default()
                .rta_type(number)
                .rta_payload(Buffer::from(payload));
            attr.build().unwrap()
        };
        let mut attrs = RtBuffer::new();
        attrs.push(attr(Rta::Dst, &black_box(NETWORK).octets()));
        attrs.push(attr(Rta::Gateway, &black_box(GATEWAY).octets()));
        attrs.push(attr(Rta::Table, &black_box(TABLE).to_ne_bytes()));
        attrs.push(attr(Rta::Oif, &black_box(IFINDEX).to_ne_bytes()));
        let route = RtmsgBuilder::default()
            .rtm_family(RtAddrFamily::Inet)
            .rtm_dst_len(BITS)
            .rtm_src_len(0)
            .rtm_tos(0)
            .rtm_table(RtTable::Unspec)
            .rtm_protocol(Rtprot::Boot)
            .rtm_scope(RtScope::Universe)
            .rtm_type(Rtn::Unicast)
            .rtattrs(attrs)
            .build()
            .unwrap();
        let message = NlmsghdrBuilder::default()
            .nl_type(Rtm::Newroute)
            .nl_flags(NlmF::REQUEST | NlmF::ACK | NlmF::CREATE | NlmF::EXCL)
            .nl_seq(1)
            .nl_payload(NlPayload::Payload(route))
            .build()
            .unwrap();
        let mut out = Cursor::new(std::mem::take(buffer));
        message.to_bytes(&mut out).unwrap();
        *buffer = black_box(out.into_inner());
    });
    contest.time("decode route", NELI, move |_| {
        let mut cursor = Cursor::new(black_box(message));
        let message = Nlmsghdr::<Rtm, Rtmsg>::from_bytes(&mut cursor).unwrap();
        for attr in message.get_payload().unwrap().rtattrs().iter() {
            black_box(attr.rta_payload().as_ref());
        }
    });
}

pub(crate) fn link(contest: &mut Contest) {
    contest.time("encode link", BINDINGS, move |buffer| {
        let header = rt_link::Ifinfomsg::default();
        let request = rt_link::Request::new_with_buf(buffer)
            .set_create()
            .set_excl();
        let mut request = request.op_newlink_do(&header);
        request
            .encode()
            .push_ifname(black_box(c"br0"))
            .push_mtu(black_box(MTU))
            .nested_linkinfo()
            .push_kind(c"bridge")
            .end_nested();
        black_box(&request);
    });
    contest.time("decode link", BINDINGS, move |_| {
        let (header, attrs) = rt_link::OpNewlinkDo::decode_request(black_box(LISTED));
        let (mut name, mut mtu, mut address) = (None::<&CStr>, 0, None::<&[u8]>);
        for attr in attrs {
            match attr.unwrap() {
                rt_link::LinkAttrs::Ifname(value) => name = Some(value),
                rt_link::LinkAttrs::Mtu(value) => mtu = value,
                rt_link::LinkAttrs::Address(value) => address = Some(value),
                _ => {}
            }
        }
        black_box((header.ifi_index, name, mtu, address));
    });

    contest.time("encode link", PACKET, move |buffer| {
        let link = LinkBridge::new(black_box(NAME)).mtu(black_box(MTU)).build();
        serialize(buffer, RouteNetlinkMessage::NewLink(link));
        black_box(buffer);
    });
    contest.time("decode link", PACKET, move |_| {
        let link = LinkMessage::parse(black_box(LISTED)).unwrap();
        let wanted = |attribute: &&LinkAttribute| matches!(attribute, LinkAttribute::IfName(_));
        black_box(link.attributes.iter().find(wanted));
    });

    contest.time("encode link", NLINK, move |_| {
        let link = BridgeLink::new(black_box(NAME)).mtu(black_box(MTU));
        let mut builder = nlink::netlink::MessageBuilder::new(16, 0x605);
        // As Connection::add_link begins.
        builder.append_bytes(&[0; HEADER]);
        link.write_to(&mut builder, None);
        black_box(builder.finish());
    });
    contest.time("decode link", NLINK, move |_| {
        let link = nlink::netlink::messages::LinkMessage::from_bytes(black_box(LISTED)).unwrap();
        black_box((link.ifindex(), link.name(), link.mtu(), link.address()));
    });

    contest.time("encode link", NELI, move |buffer| {
        let attr = |number, payload: &[u8]| -> Rtattr<Ifla, Buffer> {
            let attr = RtattrBuilder::default()
                .rta_type(number)
                .rta_payload(Buffer::from(payload));
            attr.build().unwrap()
        };
        let kind: Rtattr<IflaInfo, Buffer> = RtattrBuilder::default()
            .rta_type(IflaInfo::Kind)
            .rta_payload(Buffer::from(&b"bridge"[..]))
            .build()
            .unwrap();
        let mut attrs = RtBuffer::new();
        attrs.push(attr(Ifla::Ifname, black_box(c"br0").to_bytes_with_nul()));
        attrs.push(attr(Ifla::Mtu, &black_box(MTU).to_ne_bytes()));
        attrs.push(attr(Ifla::Linkinfo, &[]).nest(&kind).unwrap());
        let link = IfinfomsgBuilder::default()
            .ifi_family(RtAddrFamily::Unspecified)
            .rtattrs(attrs)
            .build()
            .unwrap();
        let message = NlmsghdrBuilder::default()
            .nl_type(Rtm::Newlink)
            .nl_flags(NlmF::REQUEST | NlmF::ACK | NlmF::CREATE | NlmF::EXCL)
            .nl_seq(1)
            .nl_payload(NlPayload::Payload(link))
            .build()
            .unwrap();
        let mut out = Cursor::new(std::mem::take(buffer));
        message.to_bytes(&mut out).unwrap();
        *buffer = black_box(out.into_inner());
    });
    contest.time("decode link", NELI, move |_| {
        let mut cursor = Cursor::new(black_box(LISTED));
        let link = Ifinfomsg::from_bytes_with_input(&mut cursor, LISTED.len()).unwrap();
        let handle = link.rtattrs().get_attr_handle();
        let name = handle.get_attr_payload_as_with_len::<String>(Ifla::Ifname);
        let mtu = handle.get_attr_payload_as::<u32>(Ifla::Mtu);
        let address = handle.get_attribute(Ifla::Address).map(Rtattr::rta_payload);
        black_box((link.ifi_index(), name.unwrap(), mtu.unwrap(), address));
    });
}

pub(crate) fn rule(contest: &mut Contest) {
    let message: &'static [u8] = ours::rule_message().leak();
    contest.time("encode rule", BINDINGS, move |buffer| {
        let header = rt_rule::FibRuleHdr {
            family: 2,
            src_len: BITS,
            action: 1,
            ..rt_rule::FibRuleHdr::default()
        };
        let request = rt_rule::Request::new_with_buf(buffer)
            .set_create()
            .set_excl();
        let mut request = request.op_newrule_do(&header);
        request
            .encode()
            .push_src(black_box(NETWORK).into())
            .push_priority(black_box(PRIORITY))
            .push_table(black_box(TABLE));
        black_box(&request);
    });
    contest.time("decode rule", BINDINGS, move |_| {
        let payload = &black_box(message)[HEADER..];
        let (_, attrs) = rt_rule::OpNewruleDo::decode_request(payload);
        for attr in attrs {
            black_box(attr.unwrap());
        }
    });

    contest.time("encode rule", PACKET, move |buffer| {
        let mut rule = RuleMessage::default();
        rule.header.family = AddressFamily::Inet;
        rule.header.src_len = BITS;
        rule.header.action = netlink_packet_route::rule::RuleAction::ToTable;
        rule.attributes = vec![
            RuleAttribute::Source(black_box(NETWORK).into()),
            RuleAttribute::Priority(black_box(PRIORITY)),
            RuleAttribute::Table(black_box(TABLE)),
        ];
        serialize(buffer, RouteNetlinkMessage::NewRule(rule));
        black_box(buffer);
    });
    contest.time("decode rule", PACKET, move |_| {
        black_box(deserialize(black_box(message)));
    });

    contest.time("encode rule", NLINK, move |_| {
        let rule = RuleBuilder::v4()
            .from_v4(black_box(NETWORK), BITS)
            .table(black_box(TABLE))
            .priority(black_box(PRIORITY));
        black_box(rule.build().unwrap().finish());
    });
    contest.time("decode rule", NLINK, move |_| {
        let payload = &black_box(message)[HEADER..];
        let rule = nlink::netlink::messages::RuleMessage::from_bytes(payload).unwrap();
        black_box((rule.source(), rule.table_id(), rule.priority()));
    });
}

pub(crate) fn elements(contest: &mut Contest) {
    let message: &'static [u8] = ours::elements_message().leak();
    contest.time("encode 100 elements", BINDINGS, move |buffer| {
        let header = nftables::Nfgenmsg {
            nfgen_family: 1,
            ..nftables::Nfgenmsg::default()
        };
        let request = nftables::Request::new_with_buf(buffer).set_create();
        let mut request = request.op_newsetelem_do(&header);
        let mut list = request
            .encode()
            .push_table(c"t")
            .push_set(c"s")
            .nested_elements();
        for index in 0..ELEMENTS {
            let element = list
                .nested_elem()
                .nested_key()
                .push_value(&key(black_box(index)));
            list = element.end_nested().end_nested();
        }
        drop(list);
        black_box(&request);
    });
    contest.time("decode 100 elements", BINDINGS, move |_| {
        let payload = &black_box(message)[HEADER..];
        let (_, attrs) = nftables::OpNewsetelemDo::decode_request(payload);
        let mut count = 0;
        for element in attrs.get_elements().unwrap().get_elem() {
            count += u32::from(black_box(element.get_key().unwrap().get_value()).is_ok());
        }
        assert_eq!(count, ELEMENTS);
    });
}
