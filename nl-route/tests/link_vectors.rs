//! What `ip` sends, read and written again: our encoder does not vouch for our decoder.
#![cfg(target_endian = "little")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use nl_core::{Attrs, Messages, Request, Writer};
use nl_route::Route;
use nl_route::link::kind::{Bond, Bridge, Macvlan, Vrf, Vxlan};
use nl_route::link::{
    AddAltName, DelLink, GetLink, LinkView, NewLink, RTEXT_FILTER_SKIP_STATS, RTEXT_FILTER_VF,
    SetLink,
};

fn vector(name: &str) -> Vec<u8> {
    let path = format!(
        "{}/tests/vectors/link_{name}.hex",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap();
    let digits: String = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or(""))
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// iproute2 leaves out `NLA_F_NESTED`, which we set; all else is the same.
fn without_nested(attrs: &mut [u8]) {
    let mut start = 0;
    while start + 4 <= attrs.len() {
        let len = usize::from(u16::from_le_bytes([attrs[start], attrs[start + 1]]));
        if attrs[start + 3] & 0x80 != 0 {
            attrs[start + 3] &= 0x7f;
            without_nested(&mut attrs[start + 4..start + len]);
        }
        start += (len + 3) & !3;
    }
}

#[track_caller]
fn assert_written_as(name: &str, ack: bool, request: &impl Request<Protocol = Route>) -> Vec<u8> {
    let want = vector(name);
    let mut out = Writer::new();
    out.bytes_mut().resize(4096, 0xa5);
    out.clear();
    let flags = request.flags() | if ack { 5 } else { 1 };
    out.message(request.message_type(), flags, 1, |out| request.write(out))
        .unwrap();
    let mut got = out.bytes().to_vec();
    without_nested(&mut got[32..]);
    let mut want_plain = want.clone();
    without_nested(&mut want_plain[32..]);
    let lines = |bytes: &[u8]| -> Vec<String> {
        bytes
            .chunks(4)
            .enumerate()
            .map(|(i, b)| format!("{:4} {b:02x?}", 4 * i))
            .collect()
    };
    assert_eq!(lines(&got), lines(&want_plain), "{name}");
    let message = Messages::new(&want).next().unwrap().unwrap();
    assert!(Attrs::new(&message.payload[16..]).all(|attr| attr.is_ok()));
    LinkView::parse(message.payload).unwrap();
    message.payload.to_vec()
}

#[test]
fn new_links_are_what_ip_sends() {
    let veth = NewLink::veth("v0", "v1")
        .kernel_queues()
        .ifindex(50)
        .mtu(1400);
    let veth = veth.peer_ifindex(51).peer(|peer| peer.mtu = Some(1300));
    let payload = assert_written_as("new_veth", true, &veth);
    let text = format!("{:?}", LinkView::parse(&payload).unwrap());
    assert!(
        text.contains("IFLA_INFO_DATA: {VETH_INFO_PEER: IfInfoMsg"),
        "{text}"
    );
    assert!(
        text.contains(r#"{IFLA_MTU: 1300, IFLA_IFNAME: "v1"}"#),
        "{text}"
    );
    let inner = payload.len() - 16 - 8;
    assert_eq!(
        nl_route::link::LINK_ATTRS
            .path(&payload[16..], inner)
            .join(" > "),
        "IFLA_LINKINFO > IFLA_INFO_DATA > VETH_INFO_PEER > IFLA_IFNAME"
    );

    let bridge = NewLink::bridge("br0").data::<Bridge>(|br| {
        br.stp_state(1).ageing_time(1000).vlan_filtering(1);
    });
    assert_written_as("new_bridge", true, &bridge);
    assert_written_as("new_vlan", true, &NewLink::vlan("v0.5", 50, 5));
    let vxlan = NewLink::of_kind("vxlan", "vx0").data::<Vxlan>(|vx| {
        vx.id(42)
            .group("192.0.2.1".parse().unwrap())
            .learning(1)
            .port(4789);
    });
    assert_written_as("new_vxlan", true, &vxlan);
    let macvlan = NewLink::of_kind("macvlan", "m0").link(50);
    let macvlan = macvlan.data::<Macvlan>(|m| {
        m.mode(4);
    });
    assert_written_as("new_macvlan", true, &macvlan);
    let vrf = NewLink::of_kind("vrf", "red").data::<Vrf>(|vrf| {
        vrf.table(10);
    });
    assert_written_as("new_vrf", true, &vrf);
    let bond = NewLink::of_kind("bond", "bond0").data::<Bond>(|bond| {
        bond.mode(1).miimon(100);
    });
    assert_written_as("new_bond", true, &bond);
    assert_written_as("new_dummy", true, &NewLink::of_kind("dummy", "d0"));
}

#[test]
fn changes_and_questions_are_what_ip_sends() {
    let set = SetLink::new(50).up().mtu(1300).txqueuelen(33).group(7);
    assert_written_as("set_many", true, &set);
    assert_written_as("set_alias", true, &SetLink::new(50).alias("hello"));
    assert_written_as("del_one", true, &DelLink::new(50));
    assert_written_as("del_group", true, &DelLink::group(7));
    let altname = AddAltName::new(50, "a-name-of-more-than-15-bytes");
    assert_written_as("new_altname", true, &altname);
    let get = GetLink::new("v0").ext_mask(RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS);
    assert_written_as("get_link", false, &get);
}
