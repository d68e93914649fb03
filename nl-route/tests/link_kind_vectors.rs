//! Settings of each kind as `ip` sends them: the kernels that tests run on have few of these drivers.
#![cfg(target_endian = "little")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod link_vector;

use std::net::IpAddr;

use link_vector::{assert_written_as, vector};
use nl_route::link::kind::iptun::{IptunView, SIT_ISATAP};
use nl_route::link::kind::{
    Amt, Bareudp, Erspan, Geneve, Gre, Gretap, Hsr, Ip6gre, Ip6gretap, Ip6tnl, Ipip, LinkKind,
    Macsec, Sit, Vti, Vti6, Xfrm,
};
use nl_route::link::{LinkView, NewLink};

const GRE_KEY: u16 = 0x2000;
const GRE_SEQ: u16 = 0x1000;
const GRE_CSUM: u16 = 0x8000;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Asserts a new link `x0` of kind `K`; returns what a reader sees.
#[track_caller]
fn assert_new<K: LinkKind>(name: &str, write: impl FnOnce(&mut K::Writer<'_>)) -> String {
    let request = NewLink::of_kind(K::NAME, "x0").data::<K>(write);
    let payload = assert_written_as(name, true, &request);
    format!("{:?}", LinkView::parse(&payload).unwrap())
}

#[test]
fn udp_tunnels() {
    let text = assert_new::<Geneve>("new_geneve", |geneve| {
        geneve.df(1).id(5).remote(ip("192.0.2.1")).label(0).ttl(7);
        geneve.tos(4).port(7000).inner_proto_inherit(());
        geneve.udp_csum(1).udp_zero_csum6_tx(1);
    });
    assert!(text.contains("IFLA_GENEVE_PORT: 7000"), "{text}");
    assert_new::<Bareudp>("new_bareudp", |udp| {
        udp.port(6635).ethertype(0x8847).srcport_min(1000);
        udp.multiproto_mode(());
    });
    assert_new::<Amt>("new_amt", |amt| {
        amt.mode(0).local_ip(ip("192.0.2.1"));
        amt.discovery_ip(ip("192.0.2.2")).link(50);
        amt.relay_port(2268).gateway_port(4000);
    });
}

#[test]
fn gre_over_ipv4() {
    let text = assert_new::<Gre>("new_gre", |gre| {
        gre.ikey(1).okey(2);
        gre.iflags(GRE_KEY | GRE_CSUM).oflags(GRE_KEY | GRE_CSUM);
        gre.local(ip("192.0.2.1")).remote(ip("192.0.2.2"));
        gre.pmtudisc(1).tos(0).ttl(64).fwmark(9);
        gre.encap_type(1).encap_flags(0).encap_sport(0);
        gre.encap_dport(5555);
    });
    assert!(text.contains("IFLA_GRE_OKEY: 2"), "{text}");
    assert_new::<Gretap>("new_gretap", |gre| {
        gre.ikey(7).okey(7).iflags(GRE_KEY).oflags(GRE_KEY);
        gre.remote(ip("192.0.2.2")).pmtudisc(0).ignore_df(1);
        gre.tos(0).ttl(0).fwmark(0);
        gre.encap_type(0).encap_flags(0);
        gre.encap_sport(0).encap_dport(0);
    });
    assert_new::<Erspan>("new_erspan", |gre| {
        gre.ikey(100).okey(100);
        gre.iflags(GRE_KEY | GRE_SEQ).oflags(GRE_KEY | GRE_SEQ);
        gre.local(ip("192.0.2.1")).remote(ip("192.0.2.2"));
        gre.pmtudisc(1).tos(0).ttl(0).fwmark(0);
        gre.erspan_ver(2).erspan_dir(1).erspan_hwid(17);
        gre.encap_type(0).encap_flags(0);
        gre.encap_sport(0).encap_dport(0);
    });
}

#[test]
fn gre_over_ipv6() {
    assert_new::<Ip6gre>("new_ip6gre", |gre| {
        gre.ikey(0).okey(0).iflags(0).oflags(GRE_SEQ);
        gre.local(ip("2001:db8::1")).remote(ip("2001:db8::2"));
        gre.ttl(9).encap_limit(3).flowinfo(0x12345).flags(0);
        gre.fwmark(0).erspan_ver(1);
        gre.encap_type(0).encap_flags(2);
        gre.encap_sport(0).encap_dport(0);
    });
    assert_new::<Ip6gretap>("new_ip6gretap", |gre| {
        gre.collect_metadata(());
    });
}

#[test]
fn ip_over_ip() {
    assert_new::<Ipip>("new_ipip", |tunnel| {
        tunnel.proto(0);
        tunnel.local(ip("192.0.2.1")).remote(ip("192.0.2.2"));
        tunnel.pmtudisc(1).tos(0).ttl(64).link(50).fwmark(0);
        tunnel.encap_type(0).encap_flags(0);
        tunnel.encap_sport(0).encap_dport(0);
    });
    assert_new::<Sit>("new_sit", |tunnel| {
        tunnel.proto(0).local(ip("192.0.2.1"));
        tunnel.pmtudisc(1).tos(0).ttl(0).link(0).fwmark(0);
        tunnel.encap_type(0).encap_flags(0);
        tunnel.encap_sport(0).encap_dport(0);
        tunnel.sit_flags(1);
        tunnel.sixrd_prefix(ip("2001:db8::")).sixrd_prefixlen(32);
        tunnel.sixrd_relay_prefix(ip("192.0.2.0"));
        tunnel.sixrd_relay_prefixlen(24);
    });
    assert_new::<Ip6tnl>("new_ip6tnl", |tunnel| {
        tunnel.proto(4);
        tunnel.local(ip("2001:db8::1")).remote(ip("2001:db8::2"));
        tunnel.ttl(64).encap_limit(4).flowinfo(0x0220_0000);
        tunnel.ip6_flags(1).link(0).fwmark(0);
        tunnel.encap_type(0).encap_flags(2);
        tunnel.encap_sport(0).encap_dport(0);
    });
}

#[test]
fn flags_of_ip_tunnels_have_two_sizes() {
    for (bytes, want) in [
        (&[1, 0][..], Some(SIT_ISATAP)),
        (&[5, 0, 0, 0], Some(5)),
        (&[1], None),
    ] {
        let mut out = nl_core::Writer::new();
        out.raw(8, bytes);
        assert_eq!(IptunView::parse(out.bytes()).unwrap().flags(), want);
    }
}

#[test]
fn protected_links() {
    assert_new::<Vti>("new_vti", |vti| {
        vti.ikey(3).okey(4);
        vti.local(ip("192.0.2.1")).remote(ip("192.0.2.2"));
        vti.fwmark(8);
    });
    assert_new::<Vti6>("new_vti6", |vti| {
        vti.ikey(5).okey(5);
        vti.local(ip("2001:db8::1")).remote(ip("2001:db8::2"));
        vti.fwmark(0);
    });
    assert_new::<Xfrm>("new_xfrm", |xfrm| {
        xfrm.if_id(42).link(50);
    });
    let macsec = NewLink::of_kind("macsec", "x0")
        .link(50)
        .data::<Macsec>(|macsec| {
            macsec.port(11).encrypt(1).validation(2);
            macsec.cipher_suite(0x0080_c200_0100_0002).icv_len(16);
            macsec.window(32).replay_protect(1);
        });
    assert_written_as("new_macsec", true, &macsec);
}

#[test]
fn pairs_and_rings() {
    assert_new::<Hsr>("new_hsr", |hsr| {
        hsr.slave1(50).slave2(51).multicast_spec(45).version(1);
        hsr.protocol(0);
    });
    let pair = NewLink::pair("vxcan", "x0", "x1");
    assert_written_as("new_vxcan", true, &pair);
    // The settings of a pair stand beside its other end.
    let netkit =
        NewLink::pair("netkit", "x0", "x1").data::<nl_route::link::kind::Netkit>(|netkit| {
            netkit.mode(1);
        });
    let mut out = nl_core::Writer::new();
    nl_core::Request::write(&netkit, &mut out);
    let text = format!("{:?}", LinkView::parse(out.bytes()).unwrap());
    assert!(
        text.contains("IFLA_INFO_DATA: {IFLA_NETKIT_MODE: 1, IFLA_NETKIT_PEER_INFO: IfInfoMsg"),
        "{text}"
    );
    assert_eq!(vector("new_vxcan").len(), 88);
}
