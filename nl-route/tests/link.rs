//! Every link request against the running kernel.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};

use nl_core::Errno;
use nl_netns::isolate;
use nl_route::link::kind::bridge::BridgeView;
use nl_route::link::kind::{Bridge, Macvlan, Vxlan};
use nl_route::link::{
    AddAltName, DelAltName, DelLink, Flags, GetLink, GetLinks, NewLink, OperState,
    RTEXT_FILTER_SKIP_STATS, SetLink,
};
use nl_route::nsid::{GetNsids, NetnsRef, NewNsid};
use nl_route::{Connection, Error, Route, RouteExt};

fn open() -> Connection<Route> {
    Connection::open().unwrap()
}

/// A namespace that lives as long as the returned file; the caller's thread does not move.
fn other_netns() -> File {
    std::thread::spawn(|| {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
        File::open("/proc/thread-self/ns/net").unwrap()
    })
    .join()
    .unwrap()
}

#[test]
fn veth_reports_its_peer() {
    isolate!(|| {
        let mut rt = open();
        rt.call(
            &NewLink::veth("v0", "v1")
                .mtu(1400)
                .peer(|p| p.mtu = Some(1300)),
        )
        .unwrap();
        let (v0, v1) = (rt.link("v0").unwrap(), rt.link("v1").unwrap());
        assert_eq!(v0.view().peer_ifindex(), Some(v1.view().ifindex()));
        assert_eq!(v1.view().peer_ifindex(), Some(v0.view().ifindex()));
        assert_eq!((v0.view().mtu(), v1.view().mtu()), (Some(1400), Some(1300)));
        assert_eq!(v0.view().kind(), Some("veth"));
        assert_eq!(v0.view().num_tx_queues(), Some(1));
        assert!(!v0.view().is_up());
        assert!(v0.view().stats64().is_some() && v0.view().af_spec().is_some());
        assert_eq!(rt.links().unwrap().len(), 3);
    });
}

#[test]
fn peer_is_made_directly_in_another_namespace() {
    isolate!(|| {
        let mut rt = open();
        let there = other_netns();
        rt.call(
            &NewLink::veth("v0", "eth0")
                .ifindex(70)
                .peer_ifindex(71)
                .peer_netns(&there)
                .up(),
        )
        .unwrap();
        assert!(rt.find_link("eth0").unwrap().is_none());
        let mut other = Connection::<Route>::open_in(there.as_fd()).unwrap();
        let peer = other.link("eth0").unwrap();
        assert_eq!(peer.view().ifindex(), 71);
        assert_eq!(peer.view().peer_ifindex(), Some(70));
        let v0 = rt.link(70).unwrap();
        // Kernels before 6.18 say so of a peer in another namespace, too: the layer below is down.
        let state = v0.view().oper_state();
        assert!(
            matches!(state, Some(OperState::DOWN | OperState::LOWER_LAYER_DOWN)),
            "{state:?}"
        );
        assert_eq!(v0.view().link_netnsid(), rt.nsid(&there).unwrap());
        other.set_up("eth0").unwrap();
        let v0 = rt.link(70).unwrap();
        assert!(v0.view().flags().contains(Flags::LOWER_UP | Flags::RUNNING));
    });
}

#[test]
fn links_move_between_namespaces_by_file_and_by_process() {
    isolate!(|| {
        let mut rt = open();
        let there = other_netns();
        rt.call(&NewLink::veth("v0", "v1")).unwrap();
        rt.call(&SetLink::new("v1").netns(&there)).unwrap();
        assert!(rt.find_link("v1").unwrap().is_none());
        let mut other = Connection::<Route>::open_in(there.as_fd()).unwrap();
        other.link("v1").unwrap();
        other
            .call(&SetLink::new("v1").netns_pid(std::process::id()))
            .unwrap();
        rt.link("v1").unwrap();
    });
}

#[test]
fn what_is_set_is_reported() {
    isolate!(|| {
        let mut rt = open();
        rt.call(&NewLink::veth("v0", "v1")).unwrap();
        rt.call(&NewLink::bridge("br0")).unwrap();
        let br0 = rt.ifindex("br0").unwrap();
        let set = SetLink::new("v0")
            .mtu(1300)
            .address([2, 0, 0, 0, 0, 1])
            .alias("to the lab")
            .txqueuelen(33)
            .group(7)
            .master(br0)
            .flag(Flags::NOARP | Flags::PROMISC, true)
            .flag(Flags::MULTICAST, false)
            .addr_gen_mode(1)
            .up();
        rt.call(&set).unwrap();
        let link = rt.link("v0").unwrap();
        let view = link.view();
        assert_eq!(view.mtu(), Some(1300));
        assert_eq!(view.address(), Some(&[2, 0, 0, 0, 0, 1][..]));
        assert_eq!(view.alias(), Some("to the lab"));
        assert_eq!(view.txqueuelen(), Some(33));
        assert_eq!(view.group(), Some(7));
        assert_eq!(view.master(), Some(br0));
        assert!(
            view.flags()
                .contains(Flags::UP | Flags::NOARP | Flags::PROMISC)
        );
        assert!(!view.flags().contains(Flags::MULTICAST));
        let inet6 = view.af_spec().unwrap().inet6().unwrap();
        assert_eq!(inet6.addr_gen_mode(), Some(1));
        assert_eq!(rt.ports("br0").unwrap().len(), 1);

        rt.call(&SetLink::new("v0").nomaster().alias("").down())
            .unwrap();
        rt.rename("v0", "renamed").unwrap();
        let link = rt.link("renamed").unwrap();
        assert_eq!((link.view().master(), link.view().alias()), (None, None));
        assert!(!link.view().is_up());
        assert!(rt.find_link("v0").unwrap().is_none());
    });
}

#[test]
fn bridge_and_port_settings_reach_the_kernel() {
    isolate!(|| {
        let mut rt = open();
        let bridge = NewLink::bridge("br0").ifindex(50).data::<Bridge>(|br| {
            br.ageing_time(1000).priority(4096);
        });
        rt.call(&bridge).unwrap();
        rt.call(&NewLink::veth("v0", "v1").master(50)).unwrap();
        rt.call(&SetLink::new("v0").bridge_port(|port| {
            port.cost(5).isolated(1).hairpin(1);
        }))
        .unwrap();
        rt.call(&SetLink::new(50).data::<Bridge>(|br| {
            br.hello_time(300);
        }))
        .unwrap();
        let br0 = rt.link("br0").unwrap();
        let info = br0.view().link_info().unwrap();
        let data = info.data_of("bridge", BridgeView::parse).unwrap();
        assert_eq!(data.ageing_time(), Some(1000));
        assert_eq!(data.priority(), Some(4096));
        assert_eq!(data.hello_time(), Some(300));
        let v0 = rt.link("v0").unwrap();
        let port = v0.view().bridge_port().unwrap();
        assert_eq!(
            (port.cost(), port.isolated(), port.hairpin()),
            (Some(5), Some(1), Some(1))
        );
        // The same from the bridge's own dump.
        let ports = rt.collect(&GetLinks::new().family(7)).unwrap();
        let v0 = ports
            .iter()
            .find(|l| l.view().name() == Some("v0"))
            .unwrap();
        assert_eq!(v0.view().bridge_port().unwrap().cost(), Some(5));
    });
}

#[test]
fn vxlan_and_macvlan_are_made_with_their_settings() {
    isolate!(|| {
        let mut rt = open();
        rt.call(&NewLink::veth("v0", "v1")).unwrap();
        let v0 = rt.ifindex("v0").unwrap();
        rt.call(&NewLink::of_kind("vxlan", "vx0").data::<Vxlan>(|vx| {
            vx.id(42).port(4789).group("192.0.2.1".parse().unwrap());
        }))
        .unwrap();
        rt.call(
            &NewLink::of_kind("macvlan", "m0")
                .link(v0)
                .data::<Macvlan>(|m| {
                    m.mode(4);
                }),
        )
        .unwrap();
        let text = format!("{:?}", rt.link("vx0").unwrap());
        assert!(text.contains("IFLA_VXLAN_ID: 42") && text.contains("IFLA_VXLAN_PORT: 4789"));
        let text = format!("{:?}", rt.link("m0").unwrap());
        assert!(text.contains("IFLA_MACVLAN_MODE: 4"), "{text}");
        rt.call(&NewLink::of_kind("ifb", "ifb0")).unwrap();
    });
}

#[test]
fn alternative_names_find_the_link() {
    isolate!(|| {
        let mut rt = open();
        rt.call(&NewLink::veth("v0", "v1")).unwrap();
        rt.call(&AddAltName::new("v0", "a-name-of-more-than-15-bytes"))
            .unwrap();
        rt.call(&AddAltName::new("v0", "short")).unwrap();
        for name in ["a-name-of-more-than-15-bytes", "short"] {
            assert_eq!(rt.link(name).unwrap().view().name(), Some("v0"));
        }
        let link = rt.link("v0").unwrap();
        assert_eq!(
            link.view().altnames().collect::<Vec<_>>(),
            ["a-name-of-more-than-15-bytes", "short"]
        );
        rt.call(&SetLink::new("a-name-of-more-than-15-bytes").mtu(1234))
            .unwrap();
        assert_eq!(rt.link("v0").unwrap().view().mtu(), Some(1234));
        rt.call(&DelAltName::new("v0", "short")).unwrap();
        assert!(rt.find_link("short").unwrap().is_none());
        rt.call(&DelLink::new("a-name-of-more-than-15-bytes"))
            .unwrap();
        assert!(rt.find_link("v0").unwrap().is_none());
    });
}

#[test]
fn links_are_filtered_and_a_group_is_deleted_at_once() {
    isolate!(|| {
        let mut rt = open();
        for i in 0..5 {
            rt.call(&NewLink::veth(format!("a{i}"), format!("b{i}")).group(9))
                .unwrap();
        }
        rt.call(&NewLink::bridge("br0")).unwrap();
        assert_eq!(rt.collect(&GetLinks::new().kind("veth")).unwrap().len(), 10);
        assert_eq!(
            rt.collect(&GetLinks::new().kind("bridge")).unwrap().len(),
            1
        );
        let thin = rt.link("a0").unwrap();
        let inet6 = thin.view().af_spec().unwrap().inet6().unwrap();
        assert!(inet6.stats().is_some());
        let thin = rt
            .get(&GetLink::new("a0").ext_mask(RTEXT_FILTER_SKIP_STATS))
            .unwrap();
        let inet6 = thin.view().af_spec().unwrap().inet6().unwrap();
        assert!(inet6.stats().is_none());
        rt.call(&DelLink::group(9)).unwrap();
        assert!(
            rt.collect(&GetLinks::new().kind("veth"))
                .unwrap()
                .is_empty()
        );
        let error = rt.call(&DelLink::group(9)).unwrap_err();
        assert_eq!(error.errno(), Some(Errno(libc::ENODEV)));
    });
}

#[test]
fn namespace_ids_are_set_found_and_listed() {
    isolate!(|| {
        let mut rt = open();
        let (one, two) = (other_netns(), other_netns());
        assert_eq!(rt.nsid(&one).unwrap(), None);
        let set = |file: &File, nsid| NewNsid {
            netns: NetnsRef::Fd(file.as_raw_fd()),
            nsid,
        };
        rt.call(&set(&one, 77)).unwrap();
        rt.call(&set(&two, -1)).unwrap();
        assert_eq!(rt.nsid(&one).unwrap(), Some(77));
        let all = rt.collect(&GetNsids::default()).unwrap();
        assert_eq!(all.len(), 2);
        let again = rt.call(&set(&one, 78)).unwrap_err();
        assert_eq!(again.errno(), Some(Errno(libc::EEXIST)));
        // Through the id, the links there are seen from here.
        let lo = rt.get(&GetLink::new("lo").target_netnsid(77)).unwrap();
        assert_eq!(lo.view().target_netnsid(), Some(77));
    });
}

#[test]
fn refusals_carry_the_kernels_text_and_path() {
    isolate!(|| {
        let mut rt = open();
        let vxlan = NewLink::of_kind("vxlan", "vx0").data::<Vxlan>(|vx| {
            vx.id(1 << 24);
        });
        assert_eq!(
            rt.call(&vxlan).unwrap_err().to_string(),
            "RTM_NEWLINK: VXLAN ID must be lower than 16777216 (ERANGE) \
             at IFLA_LINKINFO > IFLA_INFO_DATA > IFLA_VXLAN_ID"
        );
        rt.call(&NewLink::veth("v0", "v1")).unwrap();
        assert_eq!(
            rt.call(&SetLink::new("v0").mtu(10))
                .unwrap_err()
                .to_string(),
            "RTM_NEWLINK: mtu less than device minimum (EINVAL)"
        );
        let error = rt.call(&NewLink::veth("v0", "v2")).unwrap_err();
        assert_eq!(error.errno(), Some(Errno(libc::EEXIST)));
        let error = rt.call(&NewLink::of_kind("nosuch", "x")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "RTM_NEWLINK: Unknown device type (EOPNOTSUPP)"
        );
        let error = rt.link("nosuch").unwrap_err();
        assert_eq!(error.errno(), Some(Errno(libc::ENODEV)));
    });
}

#[test]
fn bad_names_are_refused_before_sending() {
    isolate!(|| {
        let mut rt = open();
        for (name, what) in [
            ("sixteen-bytes-xx", "IFLA_IFNAME is longer than 15 bytes"),
            ("", "IFLA_IFNAME is empty"),
            ("a/b", "IFLA_IFNAME is not free of '/', ':', spaces and NUL"),
        ] {
            let error = rt.call(&NewLink::bridge(name)).unwrap_err();
            assert!(matches!(error, Error::Encode(_)));
            assert_eq!(
                error.to_string(),
                format!("cannot write the request: {what}")
            );
        }
        assert!(matches!(rt.call(&DelLink::new(0)), Err(Error::Encode(_))));
        assert!(matches!(
            rt.call(&SetLink::new("lo").name("x")),
            Err(Error::Encode(_))
        ));
        assert_eq!(rt.links().unwrap().len(), 1);
    });
}

#[test]
fn limits_and_addresses_are_set_and_reported() {
    isolate!(|| {
        let mut rt = open();
        rt.call(&NewLink::veth("v0", "v1")).unwrap();
        let set = SetLink::new("v0")
            .gso_max_size(4000)
            .gso_max_segs(30)
            .gro_max_size(5000)
            .broadcast([0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]);
        rt.call(&set).unwrap();
        let v0 = rt.link("v0").unwrap();
        let v0 = v0.view();
        assert_eq!(v0.gso_max_size(), Some(4000));
        assert_eq!(v0.gso_max_segs(), Some(30));
        assert_eq!(v0.gro_max_size(), Some(5000));
        assert_eq!(v0.broadcast().and_then(|b| b.last()), Some(&0xfe));
        rt.call(&SetLink::new("v0").xdp(-1, 1)).unwrap();
        // A cable has no virtual functions.
        let vf = SetLink::new("v0").vf(0, |vf| {
            vf.trust(true);
        });
        let Error::Kernel(error) = rt.call(&vf).unwrap_err() else {
            panic!("not the kernel's refusal");
        };
        assert_eq!(error.errno, Errno::EOPNOTSUPP);
    });
}

#[test]
fn a_port_is_held_down_for_a_reason() {
    isolate!(|| {
        let mut rt = open();
        rt.call(&NewLink::of_kind("vxlan", "vx0").data::<Vxlan>(|vx| {
            vx.id(1).port(4789);
        }))
        .unwrap();
        let down = SetLink::new("vx0").proto_down(1).proto_down_reason(3, true);
        rt.call(&down.gso_ipv4_max_size(5000).gro_ipv4_max_size(6000))
            .unwrap();
        let link = rt.link("vx0").unwrap();
        let link = link.view();
        assert_eq!(link.proto_down(), Some(1));
        assert_eq!(link.proto_down_reason().unwrap().value(), Some(8));
        assert_eq!(link.gso_ipv4_max_size(), Some(5000));
        assert_eq!(link.gro_ipv4_max_size(), Some(6000));
        rt.call(&SetLink::new("vx0").proto_down(0)).unwrap_err();
        rt.call(&SetLink::new("vx0").proto_down_reason(3, false))
            .unwrap();
        rt.call(&SetLink::new("vx0").proto_down(0)).unwrap();
    });
}
