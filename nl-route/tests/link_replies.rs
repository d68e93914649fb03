//! Links as the kernel sends them: read to the last setting, and written again without loss.
#![cfg(target_endian = "little")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod vector;

use std::net::IpAddr;

use nl_route::link::kind::bridge::BridgeView;
use nl_route::link::kind::macvlan::MacvlanView;
use nl_route::link::kind::tun::TunView;
use nl_route::link::kind::vxlan::VxlanView;
use nl_route::link::{Flags, Link, OperState};
use vector::{assert_rewritten, load, message};

/// A link that was read from a vector; every attribute has a row and prints by its name.
#[track_caller]
fn reply(name: &str) -> Link {
    let name = format!("link_reply_{name}");
    assert_rewritten(&name);
    let bytes = load(&name);
    let link = Link::from_payload(message(&bytes).payload).unwrap();
    assert_eq!(link.payload(), message(&bytes).payload);
    let text = format!("{:?}", link.view());
    assert!(
        !text.contains("attribute ") && !text.contains("damaged"),
        "{text}"
    );
    link
}

#[test]
fn veth_with_its_end_in_another_namespace() {
    let link = reply("veth");
    let veth = link.view();
    assert_eq!((veth.ifindex(), veth.name()), (50, Some("l0")));
    assert_eq!((veth.kind(), veth.peer_ifindex()), (Some("veth"), Some(51)));
    assert_eq!(veth.link_netnsid(), Some(0));
    assert_eq!(veth.alias(), Some("to the other side"));
    assert_eq!(veth.altnames().collect::<Vec<_>>(), ["cable0"]);
    assert!(veth.flags().contains(Flags::UP | Flags::BROADCAST));
    assert_eq!((veth.mtu(), veth.min_mtu()), (Some(1500), Some(68)));
    assert_eq!(veth.headroom(), Some(0));
    assert_eq!(veth.max_pacing_offload_horizon(), Some(&[0; 4][..]));
    assert_eq!(veth.netns_immutable(), Some(0));
    assert_eq!(veth.xdp().unwrap().attached(), Some(0));
    let inet6 = veth.af_spec().unwrap().inet6().unwrap();
    assert_eq!(inet6.addr_gen_mode(), Some(0));
    assert!(veth.stats64().is_some() && veth.map().is_some());
}

#[test]
fn bridge_and_its_port() {
    let link = reply("bridge");
    let info = link.view().link_info().unwrap();
    let bridge = info.data_of("bridge", BridgeView::parse).unwrap();
    assert_eq!(bridge.stp_state(), Some(1));
    assert_eq!(bridge.ageing_time(), Some(30_000));
    assert_eq!(bridge.hello_time(), Some(200));
    assert_eq!(bridge.bridge_id().unwrap().address, [2, 0, 0, 0, 0, 0x60]);
    assert_eq!(bridge.bridge_id().unwrap().priority, [0x80, 0]);

    let link = reply("port");
    assert_eq!(
        (link.view().master(), link.view().kind()),
        (Some(60), Some("veth"))
    );
    let port = link.view().bridge_port().unwrap();
    assert_eq!((port.cost(), port.isolated()), (Some(9), Some(1)));
    assert_eq!((port.number(), port.id()), (Some(1), Some(0x8001)));
    assert_eq!(port.backup_nhid(), None);

    // The same port in an AF_BRIDGE dump: its settings stand elsewhere.
    let link = reply("bridge_family");
    let port = link.view().bridge_port().unwrap();
    assert_eq!((port.cost(), port.isolated()), (Some(9), Some(1)));
    assert!(link.view().af_spec().is_none());
}

#[test]
fn kinds_with_settings() {
    let link = reply("vxlan");
    let info = link.view().link_info().unwrap();
    let vxlan = info.data_of("vxlan", VxlanView::parse).unwrap();
    assert_eq!((vxlan.id(), vxlan.port()), (Some(42), Some(4789)));
    assert_eq!(vxlan.group(), Some(IpAddr::from([192, 0, 2, 1])));
    assert_eq!(vxlan.local(), Some(IpAddr::from([192, 0, 2, 2])));
    assert_eq!(
        (vxlan.ttl(), vxlan.tos(), vxlan.df()),
        (Some(9), Some(4), Some(1))
    );
    assert_eq!(vxlan.label_policy(), Some(0));

    let link = reply("macvlan");
    assert_eq!(link.view().link(), Some(50));
    let info = link.view().link_info().unwrap();
    let macvlan = info.data_of("macvlan", MacvlanView::parse).unwrap();
    assert_eq!(
        (macvlan.mode(), macvlan.macaddr_count()),
        (Some(16), Some(1))
    );
    let allowed = macvlan.macaddr_data().unwrap();
    assert_eq!(allowed.get(4..10), Some(&[2, 0, 0, 0, 0, 1][..]));

    let link = reply("tun");
    let info = link.view().link_info().unwrap();
    let tun = info.data_of("tun", TunView::parse).unwrap();
    assert_eq!((tun.device_type(), tun.owner()), (Some(2), Some(1000)));
    assert_eq!((tun.vnet_hdr(), tun.persist()), (Some(1), Some(1)));

    let link = reply("ifb");
    assert_eq!(
        (link.view().ifindex(), link.view().kind()),
        (66, Some("ifb"))
    );
    assert_eq!(link.view().oper_state(), Some(OperState::DOWN));
    assert!(link.view().flags().contains(Flags::NOARP));
}
