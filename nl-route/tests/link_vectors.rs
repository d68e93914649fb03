//! What `ip` sends, read and written again: our encoder does not vouch for our decoder.
#![cfg(target_endian = "little")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod link_vector;

use link_vector::assert_written_as;
use nl_route::link::kind::{Bond, Bridge, Macvlan, Vrf, Vxlan};
use nl_route::link::{
    AddAltName, DelLink, GetLink, LinkView, NewLink, RTEXT_FILTER_SKIP_STATS, RTEXT_FILTER_VF,
    SetLink,
};

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

#[test]
fn less_common_changes_are_what_ip_sends() {
    let set = SetLink::new(50).proto_down(1).proto_down_reason(3, true);
    assert_written_as("set_proto_down", true, &set);
    assert_written_as("set_xdp_off", true, &SetLink::new(50).xdp(-1, 1));
    assert_written_as("set_xdpgeneric_off", true, &SetLink::new(50).xdp(-1, 3));
    let vf = SetLink::new(50).vf(3, |vf| {
        vf.mac(&[2, 0, 0, 0, 0, 1]).vlan(5, 2).spoofchk(true);
        vf.link_state(2).trust(true).query_rss(false).rate(10, 100);
    });
    assert_written_as("set_vf", true, &vf);
    let vf = SetLink::new(50).vf(1, |vf| {
        vf.vlan_protocol(7, 0, 0x88a8);
    });
    assert_written_as("set_vf_vlan_proto", true, &vf);
    let vf = SetLink::new(50).vf(1, |vf| {
        vf.node_guid(0x0011_2233_4455_6677);
    });
    assert_written_as("set_vf_guid", true, &vf);
}
