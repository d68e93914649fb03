//! Requests as states against the running kernel: what is sent, and what is there afterwards.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod veth;

use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex};

use nl_core::trace::Direction;
use nl_core::{Connection, Errno, Error, Messages};
use nl_route::addr::*;
use nl_route::link::kind::Bridge;
use nl_route::link::kind::Macvlan;
use nl_route::link::kind::bridge::{BridgeView, BridgeWriter};
use nl_route::link::kind::bridge_port::BridgePortWriter;
use nl_route::link::{DelLink, Flags, NewLink, SetLink};
use nl_route::neigh::*;
use nl_route::nexthop::*;
use nl_route::nsid::{NetnsRef, NewNsid};
use nl_route::protocol::RTM_NEWROUTE;
use nl_route::route::*;
use nl_route::rule::{DelRule, GetRules, NewRule, RuleAction};
use nl_route::{Ensure, Ensured, Family, Mode, Prefix, Route, RouteExt};
use veth::{V0, V1, ground};

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The types of the messages that are sent and do more than ask, from now on.
fn sent(rt: &mut Connection<Route>) -> Arc<Mutex<Vec<u16>>> {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sent);
    rt.observe(move |traffic| {
        if traffic.direction == Direction::Sent {
            let messages = Messages::new(traffic.datagram).flatten();
            // `RTM_GET*` are the third of each four.
            let changes = messages.map(|message| message.message_type());
            seen.lock()
                .unwrap()
                .extend(changes.filter(|number| number % 4 != 2));
        }
    });
    sent
}

/// It sends no change.
#[track_caller]
fn is_so(rt: &mut Connection<Route>, request: &(impl Ensure + std::fmt::Debug)) {
    let sent = sent(rt);
    let ensured = rt
        .ensure(request)
        .unwrap_or_else(|error| panic!("{request:?}: {error}"));
    assert_eq!(ensured, Ensured::Unchanged, "{request:?}");
    assert_eq!(*sent.lock().unwrap(), [], "{request:?}");
}

/// It changes something, and the second time sends no change.
#[track_caller]
fn changes_once(rt: &mut Connection<Route>, request: &(impl Ensure + std::fmt::Debug)) {
    let ensured = rt
        .ensure(request)
        .unwrap_or_else(|error| panic!("{request:?}: {error}"));
    assert_eq!(ensured, Ensured::Changed, "{request:?}");
    is_so(rt, request);
}

fn refused(result: Result<Ensured, Error>) -> Errno {
    result.unwrap_err().errno().unwrap()
}

fn only(rt: &mut Connection<Route>, text: &str) -> Addr {
    let mut all = rt.collect(&GetAddrs::all().ifindex(V0)).unwrap();
    all.retain(|addr| addr.view().prefix() == Some(prefix(text)));
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn a_link_is_made_then_changed_by_what_differs() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let bridge = NewLink::bridge("br0").address([2, 0, 0, 0, 0, 1]);
        changes_once(&mut rt, &bridge);
        let bridge = bridge.mtu(1400).up().alias("a bridge");
        changes_once(&mut rt, &bridge);
        let bridge = bridge.data::<Bridge>(|bridge| {
            bridge.stp_state(1).ageing_time(1000);
        });
        changes_once(&mut rt, &bridge);
        // What is not said stays.
        let ageing = NewLink::bridge("br0").data::<Bridge>(|bridge| {
            bridge.ageing_time(2000);
        });
        changes_once(&mut rt, &ageing);
        let br0 = rt.link("br0").unwrap();
        let view = br0.view();
        assert_eq!((view.mtu(), view.alias()), (Some(1400), Some("a bridge")));
        assert!(view.is_up());
        let data = view
            .link_info()
            .and_then(|info| info.data_of("bridge", BridgeView::parse));
        let data = data.unwrap();
        assert_eq!(
            (data.stp_state(), data.ageing_time()),
            (Some(1), Some(2000))
        );
        // A veth's other end is for making it.
        changes_once(&mut rt, &NewLink::veth("v0", "v1"));
        let other_kind = NewLink::bridge("v0");
        assert_eq!(refused(rt.ensure(&other_kind)), Errno::EEXIST);
        assert_eq!(
            refused(rt.ensure(&NewLink::bridge("br0").ifindex(77))),
            Errno::EEXIST
        );
        changes_once(&mut rt, &DelLink::new("v1"));
        assert!(rt.find_link("v0").unwrap().is_none());
    });
}

#[test]
fn a_link_is_set_by_what_differs() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        rt.call(&NewLink::bridge("br0").ifindex(5)).unwrap();
        changes_once(
            &mut rt,
            &SetLink::new("v0").master(5).mtu(1300).txqueuelen(77),
        );
        changes_once(
            &mut rt,
            &SetLink::new("v0").bridge_port(|port| {
                port.cost(5).isolated(1);
            }),
        );
        let same = SetLink::new("v0").up().group(0).bridge_port(|port| {
            port.isolated(1);
        });
        is_so(&mut rt, &same);
        changes_once(&mut rt, &SetLink::new("v0").nomaster());
        changes_once(&mut rt, &SetLink::new(V0).name("w0"));
        changes_once(&mut rt, &SetLink::new("w0").down().addr_gen_mode(1));
        assert_eq!(
            refused(rt.ensure(&SetLink::new("nope").up())),
            Errno::ENODEV
        );
    });
}

#[test]
fn an_address_is_given_changed_in_place_or_refused() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        let addr = NewAddr::new(V0, prefix("10.0.0.1/24"))
            .broadcast(Broadcast::Last)
            .label("v0:x");
        changes_once(&mut rt, &addr);
        changes_once(&mut rt, &addr.clone().metric(77));
        changes_once(&mut rt, &addr.clone().protocol(AddrProtocol(99)));
        assert!(
            rt.ensure(&addr.clone().valid(1000).preferred(500))
                .unwrap()
                .is_changed()
        );
        // Less by now, or meant to be counted anew.
        assert!(
            rt.ensure(&addr.clone().valid(1000).preferred(500))
                .unwrap()
                .is_changed()
        );
        changes_once(&mut rt, &addr.clone().valid(FOREVER).preferred(FOREVER));
        assert_eq!(
            refused(rt.ensure(&addr.clone().label("v0:y"))),
            Errno::EEXIST
        );
        let broadcast = addr.clone().broadcast(Broadcast::First);
        assert_eq!(refused(rt.ensure(&broadcast)), Errno::EEXIST);
        // Another network is another address.
        changes_once(&mut rt, &NewAddr::new(V0, prefix("10.0.0.1/16")));
        changes_once(
            &mut rt,
            &NewAddr::new(V0, prefix("10.1.0.1")).peer(prefix("10.1.0.2/32")),
        );
        // What is not said stays.
        let first = only(&mut rt, "10.0.0.1/24");
        let first = first.view();
        assert_eq!(
            (first.rt_priority(), first.label()),
            (Some(77), Some("v0:x"))
        );
        assert_eq!(first.protocol(), Some(AddrProtocol(99)));
        let six = NewAddr::new(V0, prefix("fd00::1/64")).flags(AddrFlags::NODAD);
        changes_once(&mut rt, &six);
        changes_once(
            &mut rt,
            &NewAddr::new(V0, prefix("fd00::1/64")).flags(AddrFlags::HOMEADDRESS),
        );
        assert_eq!(
            refused(rt.ensure(&NewAddr::new(V0, prefix("fd00::1/60")))),
            Errno::EEXIST
        );
        changes_once(&mut rt, &DelAddr::new(V0, prefix("fd00::1/64")));
        changes_once(&mut rt, &DelAddr::new(V0, prefix("10.0.0.1/24")));
        assert_eq!(
            refused(rt.ensure(&NewAddr::new(99, prefix("10.0.0.1/24")))),
            Errno::ENODEV
        );
    });
}

#[test]
fn a_route_is_made_replaced_and_found_wherever_it_is() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        rt.call(&NewAddr::new(V0, prefix("10.0.0.1/24"))).unwrap();
        rt.call(&NewAddr::new(V0, prefix("fd00::1/64")).flags(AddrFlags::NODAD))
            .unwrap();
        let to = |text| NewRoute::new(prefix(text));
        for dst in ["0.0.0.0/0", "20.0.0.0/8", "20.1.2.3"] {
            changes_once(&mut rt, &to(dst).via(ip("10.0.0.2")));
            changes_once(&mut rt, &to(dst).via(ip("10.0.0.3")));
        }
        for dst in ["::/0", "fd01::/64", "fd01::1"] {
            changes_once(&mut rt, &to(dst).via(ip("fd00::2")));
            changes_once(&mut rt, &to(dst).via(ip("fd00::3")));
        }
        // Where no packet goes by it: another table, a worse metric, a longer prefix before it.
        let table = to("20.0.0.0/8").via(ip("10.0.0.2")).table(RouteTable(100));
        changes_once(&mut rt, &table);
        changes_once(&mut rt, &table.clone().via(ip("10.0.0.4")));
        changes_once(&mut rt, &to("20.0.0.0/8").via(ip("10.0.0.2")).metric(9));
        changes_once(&mut rt, &to("20.1.2.2/31").dev(V1));
        changes_once(&mut rt, &to("30.0.0.0/8").route_type(RouteType::BLACKHOLE));
        changes_once(&mut rt, &to("fd0b::/64").route_type(RouteType::UNREACHABLE));
        changes_once(&mut rt, &DelRoute(table.via(ip("10.0.0.4"))));
        assert_eq!(
            refused(rt.ensure(&to("40.0.0.0/8").via(ip("99.0.0.1")))),
            Errno::ENETUNREACH
        );
    });
}

#[test]
fn nexthops_and_rules_are_made_once() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        rt.call(&NewAddr::new(V0, prefix("10.0.0.1/24"))).unwrap();
        let by = |gateway| NewNexthop::via(ip(gateway), V0);
        changes_once(&mut rt, &by("10.0.0.2").id(2));
        changes_once(&mut rt, &by("10.0.0.3").id(2));
        is_so(&mut rt, &by("10.0.0.3"));
        changes_once(&mut rt, &by("10.0.0.4"));
        changes_once(&mut rt, &NewNexthop::group([NexthopGrp::new(2, 1)]).id(8));
        changes_once(&mut rt, &NewNexthop::group([NexthopGrp::new(2, 5)]).id(8));
        changes_once(&mut rt, &NewNexthop::blackhole(Family::INET6).id(9));
        assert_eq!(rt.collect(&GetNexthops::default()).unwrap().len(), 4);
        changes_once(&mut rt, &DelNexthop { id: 8 });
        let rule = NewRule::new(Family::INET)
            .src(prefix("10.0.0.0/8"))
            .table(RouteTable(100))
            .priority(50);
        changes_once(&mut rt, &rule.clone().mode(Mode::Prepend));
        changes_once(&mut rt, &rule.clone().priority(51));
        assert_eq!(rt.collect(&GetRules::new(Family::INET)).unwrap().len(), 5);
        changes_once(&mut rt, &DelRule(rule));
    });
}

#[test]
fn each_setting_of_a_link_is_seen_and_repaired() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        rt.call(&NewLink::bridge("br0").ifindex(5)).unwrap();
        let settings: &[fn(SetLink) -> SetLink] = &[
            |link| link.address([2, 0, 0, 0, 0, 9]),
            |link| link.alias("an alias"),
            |link| link.alias(""),
            |link| link.master(5),
            |link| link.mtu(1300),
            |link| link.txqueuelen(77),
            |link| link.group(7),
            |link| link.gso_max_size(60_000),
            |link| link.gso_max_segs(100),
            |link| link.gro_max_size(50_000),
            |link| link.gso_ipv4_max_size(40_000),
            |link| link.gro_ipv4_max_size(30_000),
            |link| link.linkmode(1),
            |link| link.addr_gen_mode(1),
            |link| link.flag(Flags::NOARP, true),
            |link| link.flag(Flags::ALLMULTI, true),
            |link| link.flag(Flags::PROMISC, true),
            |link| link.flag(Flags::MULTICAST, false),
            |link| link.down(),
            |link| link.name("w0"),
        ];
        for set in settings {
            changes_once(&mut rt, &set(SetLink::new(V0)));
            rt.call(&SetLink::new(V0).nomaster()).unwrap();
        }
        // All at once, what differs is sent alone.
        let all = SetLink::new(V0).mtu(1300).group(8).txqueuelen(77);
        changes_once(&mut rt, &all);
        let view = rt.link("w0").unwrap();
        assert_eq!(view.view().group(), Some(8));
    });
}

#[test]
fn each_setting_of_a_kind_is_seen_and_repaired() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        rt.call(&NewLink::bridge("br0").ifindex(5)).unwrap();
        rt.call(&SetLink::new(V0).master(5)).unwrap();
        let settings: &[fn(&mut BridgeWriter<'_>)] = &[
            |bridge| {
                bridge.forward_delay(900);
            },
            |bridge| {
                bridge.hello_time(300);
            },
            |bridge| {
                bridge.max_age(1000);
            },
            |bridge| {
                bridge.ageing_time(1000);
            },
            |bridge| {
                bridge.stp_state(1);
            },
            |bridge| {
                bridge.priority(77);
            },
            |bridge| {
                bridge.vlan_filtering(1);
            },
            |bridge| {
                bridge.group_fwd_mask(8);
            },
            |bridge| {
                bridge.mcast_router(2);
            },
            |bridge| {
                bridge.mcast_snooping(0);
            },
            |bridge| {
                bridge.mcast_query_use_ifaddr(1);
            },
            |bridge| {
                bridge.mcast_querier(1);
            },
            |bridge| {
                bridge.mcast_hash_max(512);
            },
            |bridge| {
                bridge.mcast_last_member_count(3);
            },
            |bridge| {
                bridge.mcast_startup_query_count(3);
            },
            |bridge| {
                bridge.mcast_last_member_interval(200);
            },
            |bridge| {
                bridge.mcast_membership_interval(20_000);
            },
            |bridge| {
                bridge.mcast_querier_interval(20_000);
            },
            |bridge| {
                bridge.mcast_query_interval(20_000);
            },
            |bridge| {
                bridge.mcast_query_response_interval(2000);
            },
            |bridge| {
                bridge.mcast_startup_query_interval(2000);
            },
            |bridge| {
                bridge.nf_call_iptables(1);
            },
            |bridge| {
                bridge.nf_call_ip6tables(1);
            },
            |bridge| {
                bridge.nf_call_arptables(1);
            },
            |bridge| {
                bridge.mcast_stats_enabled(1);
            },
            |bridge| {
                bridge.mcast_igmp_version(3);
            },
            |bridge| {
                bridge.mcast_mld_version(2);
            },
            |bridge| {
                bridge.fdb_max_learned(100);
            },
        ];
        // Before what needs it.
        let mut knows_vlans = true;
        for set in settings {
            let link = NewLink::bridge("br0").data::<Bridge>(set);
            match rt.ensure(&link) {
                Err(error) if error.errno() == Some(Errno::EOPNOTSUPP) => {
                    eprintln!("skipped: this kernel's bridges have no vlans");
                    knows_vlans = false;
                }
                done => {
                    assert_eq!(done.unwrap(), Ensured::Changed, "{link:?}");
                    is_so(&mut rt, &link);
                }
            }
        }
        let vlans: &[fn(&mut BridgeWriter<'_>)] = &[
            |bridge| {
                bridge.vlan_protocol(0x88a8);
            },
            |bridge| {
                bridge.vlan_default_pvid(7);
            },
            |bridge| {
                bridge.vlan_stats_enabled(1);
            },
        ];
        for set in vlans.iter().filter(|_| knows_vlans) {
            let link = NewLink::bridge("br0").data::<Bridge>(set);
            changes_once(&mut rt, &link);
        }
        let port: &[fn(&mut BridgePortWriter<'_>)] = &[
            |port| {
                port.cost(5);
            },
            |port| {
                port.priority(5);
            },
            |port| {
                port.isolated(1);
            },
            |port| {
                port.learning(0);
            },
            |port| {
                port.flood(0);
            },
            |port| {
                port.guard(1);
            },
        ];
        for set in port {
            changes_once(&mut rt, &SetLink::new(V0).bridge_port(set));
        }
        let macvlan = |mode| {
            NewLink::of_kind("macvlan", "m0")
                .link(V1)
                .data::<Macvlan>(|macvlan| {
                    macvlan.mode(mode);
                })
        };
        changes_once(&mut rt, &macvlan(1));
        changes_once(&mut rt, &macvlan(4));
        let elsewhere = macvlan(4).link(V0);
        assert_eq!(refused(rt.ensure(&elsewhere)), Errno::EEXIST);
    });
}

#[test]
fn settings_of_another_kind_are_refused_and_none_is_left_out() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        let veth = || SetLink::new(V0);
        let bridge = veth().data::<Bridge>(|bridge| {
            bridge.stp_state(0);
        });
        assert_eq!(refused(rt.ensure(&bridge)), Errno::EOPNOTSUPP);
        let port = veth().bridge_port(|port| {
            port.isolated(0);
        });
        assert_eq!(refused(rt.ensure(&port)), Errno::EOPNOTSUPP);
        let function = veth().vf(0, |vf| {
            vf.mac(&[2, 0, 0, 0, 0, 1]);
        });
        assert_eq!(refused(rt.ensure(&function)), Errno::EOPNOTSUPP);
    });
}

#[test]
fn neighbours_are_made_replaced_and_deleted_once() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        let mac = [2, 0, 0, 0, 0, 5];
        for dst in ["10.0.0.2", "fd00::2"] {
            let neigh = NewNeigh::new(V0, ip(dst)).lladdr(mac);
            changes_once(&mut rt, &neigh);
            changes_once(&mut rt, &neigh.clone().lladdr([2, 0, 0, 0, 0, 6]));
            changes_once(&mut rt, &neigh.clone().protocol(RouteProtocol::STATIC));
            // What is not said stays.
            is_so(&mut rt, &NewNeigh::new(V0, ip(dst)));
            changes_once(&mut rt, &neigh.clone().state(NeighState::NOARP));
            let there = rt.get(&GetNeigh::new(V0, ip(dst))).unwrap();
            assert_eq!(there.view().protocol(), Some(RouteProtocol::STATIC));
            let known = neigh.clone().state(NeighState::REACHABLE);
            changes_once(&mut rt, &known);
            // The kernel's next state is as good.
            is_so(&mut rt, &neigh.clone().state(NeighState::STALE));
            changes_once(&mut rt, &neigh.clone().flags(NeighFlags::ROUTER));
            is_so(&mut rt, &neigh);
            changes_once(&mut rt, &DelNeigh::new(V0, ip(dst)));
            let proxy = NewNeigh::proxy(V0, ip(dst));
            changes_once(&mut rt, &proxy);
            changes_once(&mut rt, &proxy.clone().protocol(RouteProtocol::STATIC));
            changes_once(&mut rt, &DelNeigh(proxy));
        }
        let nowhere = NewNeigh::new(99, ip("10.0.0.2")).lladdr(mac);
        assert_eq!(refused(rt.ensure(&nowhere)), Errno::ENODEV);
        let unknown = NewNeigh::new(V0, ip("10.0.0.9"));
        assert_eq!(refused(rt.ensure(&unknown)), Errno::EINVAL);
    });
}

#[test]
fn forwarding_entries_are_made_replaced_and_deleted_once() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        rt.call(&NewLink::bridge("br0").ifindex(5).up()).unwrap();
        for port in [V0, V1] {
            rt.call(&SetLink::new(port).master(5)).unwrap();
        }
        let entry = |port| NewNeigh::fdb(port, [2, 0, 0, 0, 0, 5]);
        let of_bridge = |port| entry(port).flags(NeighFlags::MASTER);
        changes_once(&mut rt, &of_bridge(V0));
        changes_once(&mut rt, &entry(V0));
        // It moves to the other port.
        changes_once(&mut rt, &of_bridge(V1));
        let sticky = NeighFlags::MASTER | NeighFlags::STICKY;
        changes_once(&mut rt, &entry(V1).flags(sticky).state(NeighState::NOARP));
        changes_once(&mut rt, &DelNeigh(of_bridge(V1)));
        changes_once(&mut rt, &DelNeigh(entry(V0)));
    });
}

#[test]
fn each_part_of_a_rule_is_seen() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        type Say = fn(NewRule) -> NewRule;
        let parts: &[Say] = &[
            |rule| rule,
            |rule| rule.tos(4),
            |rule| rule.table(RouteTable(1000)),
            |rule| rule.action(RuleAction::BLACKHOLE),
            |rule| rule.action(RuleAction::PROHIBIT),
            |rule| rule.invert().fwmark(77),
            |rule| rule.goto(32_766),
            |rule| rule.tun_id(7),
            |rule| rule.fwmark(5),
            |rule| rule.fwmark(5).fwmask(0xff),
            |rule| rule.fwmark(0).fwmask(0xff),
            |rule| rule.suppress_prefixlen(0).table(RouteTable::MAIN),
            |rule| rule.suppress_ifgroup(7).table(RouteTable::MAIN),
            |rule| rule.iifname("v0"),
            |rule| rule.iifname("not-there"),
            |rule| rule.oifname("v1"),
            |rule| rule.uids(0..=0),
            |rule| rule.ip_proto(17),
            |rule| rule.ip_proto(6).sports(5..=5),
            |rule| rule.ip_proto(6).dports(80..=90),
            |rule| rule.dscp(8),
            |rule| rule.priority(77),
        ];
        for (family, src, dst) in [
            (Family::INET, "10.0.0.0/8", "0.0.0.0/0"),
            (Family::INET6, "fd00::/8", "fd01::/16"),
        ] {
            let before = rt.collect(&GetRules::new(family)).unwrap().len();
            let rules = || parts.iter().map(|say| say(NewRule::new(family)));
            // No priority: the kernel would make one more each time.
            for rule in rules() {
                if rule == NewRule::new(family) {
                    // `main` is there.
                    is_so(&mut rt, &rule);
                } else {
                    changes_once(&mut rt, &rule);
                }
            }
            for rule in rules() {
                is_so(&mut rt, &rule);
            }
            let with = |rule: NewRule| rule.src(prefix(src)).table(RouteTable(9));
            changes_once(&mut rt, &with(NewRule::new(family)));
            changes_once(
                &mut rt,
                &with(NewRule::new(family)).dst(prefix(dst)).priority(5),
            );
            changes_once(&mut rt, &DelRule(with(NewRule::new(family)).priority(5)));
            changes_once(&mut rt, &DelRule(with(NewRule::new(family))));
            for rule in rules().skip(1) {
                changes_once(&mut rt, &DelRule(rule));
            }
            assert_eq!(rt.collect(&GetRules::new(family)).unwrap().len(), before);
        }
        // Who made it and realms tell rules apart.
        let rule = NewRule::new(Family::INET).table(RouteTable(9)).priority(9);
        changes_once(&mut rt, &rule);
        is_so(&mut rt, &rule);
        changes_once(&mut rt, &rule.clone().protocol(RouteProtocol::STATIC));
        let realms = rule.src(prefix("10.0.0.0/8"));
        changes_once(&mut rt, &realms);
        changes_once(&mut rt, &realms.flow(5));
    });
}

#[test]
fn each_part_of_a_route_is_seen_and_repaired() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        for addr in ["10.0.0.1/24", "10.0.0.9/24"] {
            rt.call(&NewAddr::new(V0, prefix(addr))).unwrap();
        }
        for addr in ["fd00::1/64", "fd00::9/64"] {
            rt.call(&NewAddr::new(V0, prefix(addr)).flags(AddrFlags::NODAD))
                .unwrap();
        }
        let object = |gateway| NewNexthop::via(ip(gateway), V0);
        rt.call(&object("10.0.0.2").id(4)).unwrap();
        rt.call(&object("fd00::2").id(6)).unwrap();
        for (dst, gateway, other, src, id) in [
            ("20.0.0.0/8", "10.0.0.2", "10.0.0.3", "10.0.0.9", 4),
            ("fd20::/16", "fd00::2", "fd00::3", "fd00::9", 6),
        ] {
            for table in [RouteTable::MAIN, RouteTable(100)] {
                let to = || NewRoute::new(prefix(dst)).table(table);
                let via = || to().via(ip(gateway));
                let hop = |gateway| NewHop::via(ip(gateway)).ifindex(V0);
                let ways = [
                    via(),
                    to().via(ip(other)),
                    to().dev(V1),
                    via().prefsrc(ip(src)),
                    via().protocol(RouteProtocol::BGP),
                    via().metrics(RouteMetrics::default().set(RTAX_MTU, 1300)),
                    via().metrics(RouteMetrics::default().set(RTAX_MTU, 1400)),
                    to().hop(hop(gateway)).hop(hop(other)),
                    to().hop(hop(gateway)).hop(hop(other).weight(3)),
                    to().nh_id(id),
                    to().route_type(RouteType::BLACKHOLE),
                    to().route_type(RouteType::PROHIBIT),
                    via().onlink().dev(V0),
                    via(),
                ];
                for way in &ways {
                    changes_once(&mut rt, way);
                }
                changes_once(&mut rt, &via().metric(7));
                is_so(&mut rt, &via());
                changes_once(&mut rt, &DelRoute(via().metric(7)));
                changes_once(&mut rt, &DelRoute(to()));
            }
        }
    });
}

#[test]
fn each_part_of_a_nexthop_is_seen_and_repaired() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        rt.call(&NewAddr::new(V0, prefix("10.0.0.1/24"))).unwrap();
        rt.call(&NewAddr::new(V1, prefix("10.1.0.1/24"))).unwrap();
        let by = |gateway, ifindex| NewNexthop::via(ip(gateway), ifindex).id(1);
        changes_once(&mut rt, &by("10.0.0.2", V0));
        changes_once(&mut rt, &by("10.0.0.3", V0));
        changes_once(&mut rt, &by("10.1.0.2", V1));
        changes_once(&mut rt, &by("10.1.0.2", V1).protocol(RouteProtocol::BGP));
        changes_once(&mut rt, &by("10.77.0.2", V1).onlink());
        changes_once(&mut rt, &NewNexthop::dev(Family::INET, V1).id(1));
        changes_once(&mut rt, &NewNexthop::blackhole(Family::INET).id(1));
        changes_once(&mut rt, &by("10.0.0.2", V0));
        changes_once(&mut rt, &by("10.1.0.2", V1).id(2));
        let group = |weights: [u16; 2]| {
            let [first, second] = weights;
            NewNexthop::group([NexthopGrp::new(1, first), NexthopGrp::new(2, second)]).id(9)
        };
        changes_once(&mut rt, &group([1, 1]));
        changes_once(&mut rt, &group([1, 4]));
        changes_once(&mut rt, &DelNexthop { id: 9 });
        // A group is no nexthop.
        rt.call(&group([1, 1])).unwrap();
        assert_eq!(refused(rt.ensure(&by("10.0.0.2", V0).id(9))), Errno::EINVAL);
    });
}

#[test]
fn deleting_what_is_not_there_sends_nothing() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        is_so(&mut rt, &DelLink::new("nope"));
        is_so(&mut rt, &DelLink::new(99));
        is_so(&mut rt, &DelLink::group(7));
        is_so(&mut rt, &DelAddr::new(V0, prefix("10.0.0.1/24")));
        is_so(&mut rt, &DelNexthop { id: 7 });
        is_so(&mut rt, &DelNeigh::new(V0, ip("10.0.0.2")));
        is_so(&mut rt, &DelRoute(NewRoute::new(prefix("20.0.0.0/8"))));
        let table = RouteTable(7777);
        for dst in ["20.0.0.0/8", "fd20::/16"] {
            is_so(&mut rt, &DelRoute(NewRoute::new(prefix(dst)).table(table)));
        }
        is_so(&mut rt, &DelRule(NewRule::new(Family::INET).priority(7)));
        rt.call(&SetLink::new(V0).group(7)).unwrap();
        changes_once(&mut rt, &DelLink::group(7));
    });
}

#[test]
fn a_link_of_another_namespace_is_looked_at_where_it_is() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        let blue = std::thread::spawn(|| {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
            std::fs::File::open("/proc/thread-self/ns/net").unwrap()
        });
        let blue = blue.join().unwrap();
        rt.call(&NewNsid {
            netns: NetnsRef::Fd(blue.as_raw_fd()),
            nsid: 5,
        })
        .unwrap();
        let bridge = NewLink::bridge("v0").target_netnsid(5);
        changes_once(&mut rt, &bridge);
        // Not that `v0` here, which is a veth.
        assert_eq!(refused(rt.ensure(&bridge.mtu(1300))), Errno::EEXIST);
        assert_eq!(rt.link("v0").unwrap().view().mtu(), Some(1500));
        let by_file = NewLink::veth("v1", "w1").netns(&blue);
        assert_eq!(rt.ensure(&by_file).unwrap(), Ensured::Changed);
        assert_eq!(refused(rt.ensure(&by_file)), Errno::EEXIST);
        // Nor does a link of another kind take what is meant for the right one.
        let other_kind = NewLink::bridge("v0").mtu(1300).or_change();
        assert_eq!(refused(rt.ensure(&other_kind)), Errno::EEXIST);
        assert_eq!(rt.link("v0").unwrap().view().mtu(), Some(1500));
    });
}

#[test]
fn routes_are_known_again_in_the_kernels_words() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        for (ifindex, addr) in [(V0, "10.0.0.1/24"), (V1, "10.1.0.1/24")] {
            rt.call(&NewAddr::new(ifindex, prefix(addr))).unwrap();
        }
        rt.call(&NewAddr::new(V0, prefix("fd00::1/64")).flags(AddrFlags::NODAD))
            .unwrap();
        let to = |text| NewRoute::new(prefix(text));
        for table in [RouteTable::MAIN, RouteTable(100)] {
            // Host bits, which IPv6 forgets and IPv4 refuses.
            for dst in ["2001:db8::1/64", "fd77::7/0"] {
                changes_once(&mut rt, &to(dst).via(ip("fd00::2")).table(table));
            }
            let bits = to("20.0.0.1/8").dev(V0).table(table);
            assert_eq!(refused(rt.ensure(&bits)), Errno::EINVAL);
            // Ways whose links their gateways decide.
            let ways = |dst, gateways: [&str; 2]| {
                let [first, second] = gateways.map(|gateway| NewHop::via(ip(gateway)));
                to(dst).table(table).hop(first).hop(second)
            };
            changes_once(&mut rt, &ways("30.0.0.0/8", ["10.0.0.2", "10.1.0.2"]));
            changes_once(&mut rt, &ways("fd30::/16", ["fd00::2", "fd00::3"]));
            changes_once(&mut rt, &ways("30.0.0.0/8", ["10.0.0.2", "10.1.0.3"]));
            // What ends and what does not.
            let fd = || to("fd40::/16").dev(V0).table(table);
            changes_once(&mut rt, &fd().expires(1000));
            is_so(&mut rt, &fd().expires(500));
            changes_once(&mut rt, &fd());
            changes_once(&mut rt, &fd().expires(1000));
        }
    });
}

#[test]
fn tunnels_of_nexthops_and_routes_are_known_again() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        let tunnel = |last| {
            Encap::new(EncapType::IP, |out| {
                EncapIpWriter::new(out, &())
                    .dst([10, 0, 0, last].into())
                    .id(5);
            })
        };
        let nexthop = |last| {
            let nexthop = NewNexthop::dev(Family::INET, V0).id(7);
            nexthop.encap(tunnel(last))
        };
        match rt.ensure(&nexthop(8)) {
            Err(error) if error.errno() == Some(Errno::EOPNOTSUPP) => {
                eprintln!("skipped: this kernel has no such tunnels");
                return;
            }
            made => assert!(made.unwrap().is_changed()),
        }
        is_so(&mut rt, &nexthop(8));
        changes_once(&mut rt, &nexthop(9));
        changes_once(&mut rt, &NewNexthop::dev(Family::INET, V0).id(7));
        let route = |last| {
            NewRoute::new(prefix("20.0.0.0/8"))
                .dev(V0)
                .encap(tunnel(last))
        };
        changes_once(&mut rt, &route(8));
        changes_once(&mut rt, &route(9));
    });
}

#[test]
fn a_nexthop_of_the_other_family_is_another() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        let by = |family| NewNexthop::dev(family, V0);
        changes_once(&mut rt, &by(Family::INET).id(5));
        let family = |rt: &mut Connection<Route>| {
            let there = rt.get(&GetNexthop { id: 5 }).unwrap();
            there.view().family()
        };
        // Whether it may become one of the other family is for the kernel to say.
        match rt.ensure(&by(Family::INET6).id(5)) {
            Ok(ensured) => {
                assert!(ensured.is_changed());
                assert_eq!(family(&mut rt), Family::INET6);
            }
            Err(error) => {
                assert!(error.errno().is_some(), "{error}");
                assert_eq!(family(&mut rt), Family::INET);
            }
        }
        rt.call(&DelNexthop { id: 5 }).unwrap();
        // Any that says the same will do, but not this one.
        changes_once(&mut rt, &by(Family::INET));
        changes_once(&mut rt, &by(Family::INET6));
        changes_once(&mut rt, &NewNexthop::blackhole(Family::INET));
        changes_once(&mut rt, &NewNexthop::blackhole(Family::INET6));
        assert_eq!(rt.collect(&GetNexthops::default()).unwrap().len(), 4);
    });
}

#[test]
fn what_no_message_can_hold_is_not_there() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        // Without its ways it would be this one.
        let dst = || NewRoute::new(prefix("fd20::/16"));
        rt.call(&dst().dev(V0)).unwrap();
        let many = (0..9000).fold(dst(), |route, _| route.hop(NewHop::dev(V0)));
        let error = rt.ensure(&many).unwrap_err();
        assert!(matches!(error, Error::Encode(_)), "{error}");
        let long = NewRule::new(Family::INET).iifname("x".repeat(70_000));
        let error = rt.ensure(&long).unwrap_err();
        assert!(matches!(error, Error::Encode(_)), "{error}");
        let error = rt.ensure(&DelRule(long)).unwrap_err();
        assert!(matches!(error, Error::Encode(_)), "{error}");
    });
}

/// Makes a route as soon as `rt` is about to make one.
fn is_outrun(rt: &mut Connection<Route>, route: NewRoute) {
    let other = Mutex::new(Some((Connection::<Route>::open().unwrap(), route)));
    rt.observe(move |traffic| {
        let mut messages = Messages::new(traffic.datagram).flatten();
        let makes = messages.any(|message| message.message_type() == RTM_NEWROUTE);
        if traffic.direction == Direction::Sent
            && makes
            && let Some((mut rt, route)) = other.lock().unwrap().take()
        {
            rt.call(&route).unwrap();
        }
    });
}

#[test]
fn a_route_that_somebody_else_makes_meanwhile_is_found() {
    nl_netns::isolate!(|| {
        let mut rt = ground();
        rt.call(&NewAddr::new(V0, prefix("10.0.0.1/24"))).unwrap();
        for (table, dst) in [
            (RouteTable::MAIN, "20.0.0.0/8"),
            (RouteTable(100), "30.0.0.0/8"),
        ] {
            let by = |gateway| NewRoute::new(prefix(dst)).via(ip(gateway)).table(table);
            // The very same.
            is_outrun(&mut rt, by("10.0.0.2"));
            assert_eq!(rt.ensure(&by("10.0.0.2")).unwrap(), Ensured::Unchanged);
            is_so(&mut rt, &by("10.0.0.2"));
            rt.call(&DelRoute(by("10.0.0.2"))).unwrap();
            // Another, which is replaced.
            is_outrun(&mut rt, by("10.0.0.3"));
            assert_eq!(rt.ensure(&by("10.0.0.2")).unwrap(), Ensured::Changed);
            is_so(&mut rt, &by("10.0.0.2"));
        }
    });
}
