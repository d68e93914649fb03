//! Any request is read as it was written; any bytes are read without panic.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::net::IpAddr;

use nl_core::{Request, Writer};
use nl_route::addr::{AddrFlags, AddrProtocol, AddrView, Broadcast, NewAddr};
use nl_route::neigh::{NeighFlags, NeighState, NeighView, NewNeigh};
use nl_route::nexthop::{NewNexthop, NexthopGrp, NexthopView};
use nl_route::route::*;
use nl_route::rule::{NewRule, RuleAction, RuleView};
use nl_route::{Family, Mode, Prefix};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

fn written(request: &impl Request) -> Vec<u8> {
    let mut out = Writer::new();
    request.write(&mut out);
    out.bytes().to_vec()
}

fn prefix() -> impl Strategy<Value = Prefix> {
    prop_oneof![
        (any::<[u8; 4]>(), 1..=32u8).prop_map(|(addr, len)| Prefix::new(addr.into(), len)),
        (any::<[u8; 16]>(), 1..=128u8).prop_map(|(addr, len)| Prefix::new(addr.into(), len)),
    ]
}

fn addr() -> impl Strategy<Value = IpAddr> {
    prefix().prop_map(|prefix| prefix.addr)
}

fn hop() -> impl Strategy<Value = NewHop> {
    (
        of(addr()),
        any::<i32>(),
        any::<u8>(),
        any::<bool>(),
        of(any::<u32>()),
    )
        .prop_map(|(gateway, ifindex, weight_less_one, onlink, flow)| NewHop {
            gateway,
            ifindex,
            weight_less_one,
            onlink,
            flow,
            encap: None,
        })
}

fn metrics() -> impl Strategy<Value = RouteMetrics> {
    (
        vec((2..18u16, any::<u32>()), 1..9),
        of("[a-z]{1,15}"),
        of(2..18u16),
    )
        .prop_map(|(values, cc, lock)| {
            let mut metrics = RouteMetrics::default();
            for (metric, value) in values {
                metrics = metrics.set(metric, value);
            }
            if let Some(name) = cc {
                metrics = metrics.cc_algo(name);
            }
            if let Some(metric) = lock {
                metrics = metrics.lock(metric);
            }
            metrics
        })
}

prop_compose! {
    fn route()(
        (dst, src, tos) in (prefix(), of(prefix()), any::<u8>()),
        (table, protocol, scope) in (of(any::<u32>()), of(any::<u8>()), of(any::<u8>())),
        (gateway, oif, metric) in (of(addr()), of(any::<i32>()), of(any::<u32>())),
        (prefsrc, flow, pref) in (of(addr()), of(any::<u32>()), of(any::<u8>())),
        (expires, nh_id, ttl) in (of(any::<u32>()), of(any::<u32>()), of(any::<bool>())),
        (metrics, hops, attrs) in (of(metrics()), vec(hop(), 0..5), of(vec(any::<u32>(), 1..9))),
    ) -> NewRoute {
        let mut route = NewRoute::new(dst);
        route.src = src;
        route.tos = tos;
        route.table = table.map(RouteTable);
        route.protocol = protocol.map(RouteProtocol);
        route.scope = scope.map(RouteScope);
        route.gateway = gateway;
        route.oif = oif;
        route.metric = metric;
        route.prefsrc = prefsrc;
        route.flow = flow;
        route.pref = pref.map(RoutePref);
        route.expires = expires;
        route.nh_id = nh_id;
        route.ttl_propagate = ttl;
        if let Some(metrics) = metrics.filter(|metrics| !metrics.is_empty()) {
            route = route.metrics(metrics);
        }
        // A tunnel of a kind whose attributes have no table: any bytes.
        if let Some(words) = attrs {
            let attrs = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            route = route.encap(Encap { encap_type: EncapType::BPF, attrs });
        }
        for hop in hops {
            route = route.hop(hop);
        }
        route
    }
}

/// A route as a request that says all that the view says.
fn reread(view: &RouteView<'_>) -> NewRoute {
    let mut route = NewRoute::new(view.dst().unwrap());
    route.src = view.src();
    route.tos = view.tos();
    route.table = Some(view.table());
    route.protocol = Some(view.protocol());
    route.scope = Some(view.scope());
    route.gateway = view.gateway();
    route.oif = view.oif();
    route.metric = view.priority();
    route.prefsrc = view.prefsrc();
    route.flow = view.flow();
    route.pref = view.pref().map(RoutePref);
    route.expires = view.expires();
    route.nh_id = view.nh_id();
    route.ttl_propagate = view.ttl_propagate().map(|byte| byte != 0);
    if let Some(metrics) = view.metrics() {
        route = route.metrics((&metrics).into());
    }
    if let Some(attrs) = view.encap() {
        route = route.encap(Encap {
            encap_type: EncapType(view.encap_type().unwrap()),
            attrs: attrs.to_vec(),
        });
    }
    for hop in view.hops().map(Result::unwrap) {
        route = route.hop(NewHop {
            gateway: hop.gateway(),
            ifindex: hop.ifindex(),
            weight_less_one: hop.header().hops,
            onlink: hop.flags().contains(RouteFlags::ONLINK),
            flow: hop.flow(),
            encap: None,
        });
    }
    route
}

proptest! {
    #[test]
    fn any_route_is_read_as_it_was_written(route in route()) {
        let bytes = written(&route);
        let view = RouteView::parse(&bytes).unwrap();
        let mut want = route;
        want.table.get_or_insert(RouteTable::MAIN);
        want.protocol.get_or_insert(RouteProtocol::BOOT);
        want.scope.get_or_insert(view.scope());
        let read = reread(&view);
        prop_assert_eq!(&read, &want);
        prop_assert_eq!(written(&read), bytes);
    }

    #[test]
    fn any_address_is_read_as_it_was_written(
        (local, peer, brd) in (prefix(), of(prefix()), of(any::<[u8; 4]>())),
        (ifindex, scope, flags) in (any::<i32>(), any::<u8>(), any::<u32>()),
        (label, metric, proto) in (of("[a-z:]{1,15}"), of(any::<u32>()), of(any::<u8>())),
        (valid, preferred) in (any::<u32>(), any::<u32>()),
    ) {
        let mut addr = NewAddr::new(ifindex, local)
            .scope(RouteScope(scope))
            .flags(AddrFlags::from_bits_retain(flags))
            .valid(valid)
            .preferred(preferred);
        addr.peer = peer;
        addr.broadcast = brd.map(|addr| Broadcast::Addr(addr.into()));
        addr.label = label.clone();
        addr.metric = metric;
        addr.protocol = proto.map(AddrProtocol);
        let bytes = written(&addr);
        let view = AddrView::parse(&bytes).unwrap();
        let peer = peer.unwrap_or(local);
        prop_assert_eq!(view.local(), Some(local.addr));
        prop_assert_eq!((view.address(), view.prefix_len()), (Some(peer.addr), peer.len));
        prop_assert_eq!(view.broadcast(), brd.map(IpAddr::from));
        prop_assert_eq!((view.ifindex(), view.scope()), (ifindex, RouteScope(scope)));
        prop_assert_eq!(view.flags().bits(), flags);
        prop_assert_eq!(view.label(), label.as_deref());
        prop_assert_eq!((view.rt_priority(), view.proto()), (metric, proto));
        let times = view.cacheinfo().unwrap();
        prop_assert_eq!((times.valid.get(), times.preferred.get()), (valid, preferred));
    }

    #[test]
    fn any_neighbour_is_read_as_it_was_written(
        (dst, lladdr, ifindex) in (addr(), of(vec(any::<u8>(), 0..32)), any::<i32>()),
        (state, flags, vlan) in (any::<u16>(), any::<u32>(), of(any::<u16>())),
    ) {
        // The extension has 24 bits here; the kernel knows one.
        let flags = NeighFlags::from_bits_retain(flags);
        let mut neigh = NewNeigh::new(ifindex, dst)
            .state(NeighState::from_bits_retain(state))
            .flags(flags);
        neigh.lladdr = lladdr.clone();
        neigh.vlan = vlan;
        let bytes = written(&neigh);
        let view = NeighView::parse(&bytes).unwrap();
        prop_assert_eq!((view.dst(), view.ifindex()), (Some(dst), ifindex));
        prop_assert_eq!(view.lladdr(), lladdr.as_deref());
        prop_assert_eq!((view.state().bits(), view.flags()), (state, flags));
        prop_assert_eq!((view.family(), view.vlan()), (Family::of(dst), vlan));
    }

    #[test]
    fn any_rule_is_read_as_it_was_written(
        (src, dst, tos) in (of(prefix()), of(prefix()), any::<u8>()),
        (table, priority, mark) in (any::<u32>(), of(any::<u32>()), of(any::<u32>())),
        (iif, ports, users) in (of("[a-z]{1,15}"), of(any::<(u16, u16)>()), of(any::<(u32, u32)>())),
        (tun_id, action) in (of(any::<u64>()), any::<u8>()),
    ) {
        let mut rule = NewRule::new(Family::INET6)
            .table(RouteTable(table))
            .tos(tos)
            .action(RuleAction(action));
        (rule.src, rule.dst, rule.priority, rule.fwmark) = (src, dst, priority, mark);
        (rule.iifname, rule.sports, rule.uids) = (iif.clone(), ports, users);
        rule.tun_id = tun_id;
        let bytes = written(&rule);
        let view = RuleView::parse(&bytes).unwrap();
        prop_assert_eq!((view.src(), view.dst(), view.tos()), (src, dst, tos));
        prop_assert_eq!((view.table(), view.action()), (RouteTable(table), RuleAction(action)));
        prop_assert_eq!((view.priority(), view.fwmark()), (priority, mark));
        prop_assert_eq!((view.iifname(), view.tun_id()), (iif.as_deref(), tun_id));
        let range = view.sport_range().map(|range| (range.start.get(), range.end.get()));
        prop_assert_eq!(range, ports);
        let range = view.uid_range().map(|range| (range.start.get(), range.end.get()));
        prop_assert_eq!(range, users);
    }

    #[test]
    fn any_nexthop_group_is_read_as_it_was_written(
        members in vec((any::<u32>(), 1..=u16::MAX), 1..20),
        (id, buckets) in (any::<u32>(), of(any::<u16>())),
    ) {
        let group: Vec<_> = members.iter().map(|&(id, weight)| NexthopGrp::new(id, weight)).collect();
        let mut request = NewNexthop::group(group).id(id);
        if let Some(buckets) = buckets {
            request = request.resilient(buckets);
        }
        let bytes = written(&request.mode(Mode::Replace));
        let view = NexthopView::parse(&bytes).unwrap();
        let read = view.group().unwrap().iter();
        let read = read.map(|m| (m.id.get(), u16::try_from(m.weight()).unwrap()));
        prop_assert_eq!(read.collect::<Vec<_>>(), members);
        prop_assert_eq!(view.res_group().and_then(|group| group.buckets()), buckets);
    }

    #[test]
    fn any_bytes_are_read_without_panic(
        header in vec(any::<u8>(), 0..16),
        attrs in vec((0..40u16, vec(any::<u8>(), 0..40)), 0..8),
        tail in vec(any::<u8>(), 0..8),
    ) {
        let mut out = Writer::new();
        out.bytes_mut().extend(header);
        out.pad();
        for (number, payload) in attrs {
            out.raw(number, &payload);
        }
        out.bytes_mut().extend(tail);
        let bytes = out.bytes();
        if let Ok(route) = RouteView::parse(bytes) {
            prop_assert!(route.hops().filter(Result::is_err).count() <= 1);
            let _ = format!("{route:?} {:?} {:?}", route.dst(), route.gateway());
        }
        if let Ok(addr) = AddrView::parse(bytes) {
            let words = addr.flags().words(addr.family()).count();
            let _ = format!("{addr:?} {words} {:?} {:?}", addr.prefix(), addr.peer());
        }
        let _ = NeighView::parse(bytes).map(|neigh| format!("{neigh:?} {:?}", neigh.flags()));
        let _ = RuleView::parse(bytes).map(|rule| format!("{rule:?} {}", rule.table()));
        let _ = NexthopView::parse(bytes).map(|nexthop| format!("{nexthop:?}"));
    }

    #[test]
    fn the_ways_of_a_route_end_after_any_bytes(bytes in vec(any::<u8>(), 0..200)) {
        let hops = <Multipath as nl_core::Kind>::read(&bytes).unwrap();
        let mut errors = 0;
        for (count, hop) in hops.enumerate() {
            prop_assert!(errors == 0 && count <= bytes.len() / 8);
            errors += usize::from(hop.is_err());
        }
    }

    #[test]
    fn any_prefix_is_read_as_it_was_printed(prefix in prefix()) {
        prop_assert_eq!(prefix.to_string().parse(), Ok(prefix));
        prop_assert!(prefix.contains(prefix.last()) && prefix.contains(prefix.network().addr));
    }

    #[test]
    fn any_text_is_a_prefix_or_not(text in "[0-9a-f:./+]{0,20}") {
        let _ = text.parse::<Prefix>();
    }
}

#[test]
fn ways_inside_ways_are_not_followed() {
    // As deep as 64 KiB allow: printing them once overran the stack.
    let mut inside = Vec::new();
    while inside.len() < 65_000 {
        let hop = u16::try_from(8 + inside.len()).unwrap();
        let mut outside = Vec::new();
        outside.extend((4 + hop).to_ne_bytes());
        outside.extend(9u16.to_ne_bytes()); // RTA_MULTIPATH
        outside.extend(hop.to_ne_bytes());
        outside.extend([0; 6]);
        outside.extend(&inside);
        inside = outside;
    }
    let payload = [&[0; 12][..], &inside].concat();
    let route = RouteView::parse(&payload).unwrap();
    assert!(format!("{route:?}").len() < 1000);
    assert!(route.multipath().unwrap().next().unwrap().is_err());
}
