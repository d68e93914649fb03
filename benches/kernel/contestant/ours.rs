//! This stack.

use nl_core::Request;
use nl_netns::named;
use nl_route::addr::{DelAddr, NewAddr};
use nl_route::link::{DelLink, GetLinks, NewLink, SetLink};
use nl_route::nexthop::{DelNexthop, NewNexthop};
use nl_route::route::{DelRoute, GetRoutes, NewRoute, RouteTable};
use nl_route::{Connection, Mode, Prefix, Route};

use crate::data::{
    BITS4, BITS6, GATEWAY4, GATEWAY6, NEXTHOP, OTHER4, TABLE, address, dst4, dst6, pair,
};
use crate::sample::Part;
use crate::{Result, network};

/// The group that links are made in.
const GROUP: u32 = 4711;

fn connect() -> Result<Connection<Route>> {
    Ok(Connection::open()?)
}

/// Sends requests, all of which must be done.
fn batch<R>(rt: &mut Connection<Route>, requests: impl IntoIterator<Item = R>) -> Result<()>
where
    R: Request<Protocol = Route>,
{
    Ok(rt.batch(requests)?.into_result()?)
}

fn route4(index: u32, ifindex: i32) -> NewRoute {
    NewRoute::new(Prefix::new(dst4(index).into(), BITS4))
        .via(GATEWAY4.into())
        .dev(ifindex)
        .table(RouteTable(TABLE))
}

fn route6(index: u32, ifindex: i32) -> NewRoute {
    NewRoute::new(Prefix::new(dst6(index).into(), BITS6))
        .via(GATEWAY6.into())
        .dev(ifindex)
        .table(RouteTable(TABLE))
}

/// Reads destination, gateway and interface index of each route; returns how many have all three.
fn list(rt: &mut Connection<Route>, routes: GetRoutes) -> Result<u32> {
    let mut count = 0;
    rt.dump(&routes.table(RouteTable(TABLE)), |route| {
        let all = route.dst().is_some() && route.gateway().is_some() && route.oif().is_some();
        count += u32::from(all);
    })?;
    Ok(count)
}

pub(crate) fn routes4(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let mut rt = connect()?;
    let items = part.items;
    part.measure("add", || {
        batch(&mut rt, (0..items).map(|index| route4(index, ifindex)))
    })?;
    let count = part.measure("dump", || list(&mut rt, GetRoutes::ipv4()))?;
    assert_eq!(count, items);
    part.measure("delete", || {
        batch(
            &mut rt,
            (0..items).map(|index| DelRoute(route4(index, ifindex))),
        )
    })
}

pub(crate) fn routes6(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let mut rt = connect()?;
    let items = part.items;
    part.measure("add", || {
        batch(&mut rt, (0..items).map(|index| route6(index, ifindex)))
    })?;
    let count = part.measure("dump", || list(&mut rt, GetRoutes::ipv6()))?;
    assert_eq!(count, items);
    part.measure("delete", || {
        batch(
            &mut rt,
            (0..items).map(|index| DelRoute(route6(index, ifindex))),
        )
    })
}

pub(crate) fn replace(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let mut rt = connect()?;
    let items = part.items;
    batch(&mut rt, (0..items).map(|index| route4(index, ifindex)))?;
    part.measure("replace", || {
        let other = |index| {
            route4(index, ifindex)
                .via(OTHER4.into())
                .mode(Mode::Replace)
        };
        batch(&mut rt, (0..items).map(other))
    })
}

pub(crate) fn set(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let mut rt = connect()?;
    let items = part.items;
    let route = |index| {
        NewRoute::new(Prefix::new(dst4(index).into(), BITS4))
            .nh_id(NEXTHOP)
            .table(RouteTable(TABLE))
    };
    part.measure("add", || {
        rt.call(&NewNexthop::via(GATEWAY4.into(), ifindex).id(NEXTHOP))?;
        batch(&mut rt, (0..items).map(route))
    })?;
    part.measure("remove", || Ok(rt.call(&DelNexthop { id: NEXTHOP })?))?;
    assert_eq!(list(&mut rt, GetRoutes::ipv4())?, 0);
    Ok(())
}

pub(crate) fn each(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let mut rt = connect()?;
    let items = part.items;
    part.measure("add", || {
        (0..items).try_for_each(|index| Ok(rt.call(&route4(index, ifindex))?))
    })?;
    part.measure("delete", || {
        (0..items).try_for_each(|index| Ok(rt.call(&DelRoute(route4(index, ifindex)))?))
    })
}

pub(crate) fn veth(part: &mut Part) -> Result<()> {
    let other = network::other()?;
    let mut here = connect()?;
    let mut there = network::connect(&other)?;
    let items = part.items;
    part.measure("create", || {
        let cable = |index| {
            let (name, peer) = pair(index);
            NewLink::veth(name, peer)
                .peer_netns(&other)
                .group(GROUP)
                .up()
        };
        batch(&mut here, (0..items).map(cable))?;
        batch(
            &mut there,
            (0..items).map(|index| SetLink::new(pair(index).1).up()),
        )
    })?;
    let count = part.measure("dump", || {
        let mut count = 0;
        here.dump(&GetLinks::new(), |link| {
            count += u32::from(link.name().is_some())
        })?;
        Ok(count)
    })?;
    assert_eq!(count, items + 1);
    part.measure("delete", || Ok(here.call(&DelLink::group(GROUP))?))
}

pub(crate) fn delete_ungrouped(part: &mut Part) -> Result<()> {
    let mut rt = connect()?;
    let items = part.items;
    let cable = |index| {
        let (name, peer) = pair(index);
        NewLink::veth(name, peer).up()
    };
    batch(&mut rt, (0..items).map(cable))?;
    part.measure("delete", || {
        let into_group = |index| SetLink::new(pair(index).0).group(GROUP);
        batch(&mut rt, (0..items).map(into_group))?;
        Ok(rt.call(&DelLink::group(GROUP))?)
    })
}

pub(crate) fn addresses(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let mut rt = connect()?;
    let items = part.items;
    part.measure("add", || {
        batch(
            &mut rt,
            (0..items).map(|index| NewAddr::new(ifindex, address(index))),
        )
    })?;
    part.measure("delete", || {
        batch(
            &mut rt,
            (0..items).map(|index| DelAddr::new(ifindex, address(index))),
        )
    })
}

pub(crate) fn namespaces(part: &mut Part) -> Result<()> {
    let bridge = network::bridge()?;
    let mut here = connect()?;
    let items = part.items;
    part.measure("create", || {
        for index in 0..items {
            let netns = named::create(format!("ns{index}"))?;
            let cable = NewLink::veth(format!("p{index}"), "eth0")
                .peer_netns(&netns)
                .peer_ifindex(2)
                .master(bridge)
                .up();
            here.call(&cable)?;
            let mut there = network::connect(&netns)?;
            let address = Prefix::new(network::inside(index).into(), 16);
            let requests: [&dyn Request<Protocol = Route>; 4] = [
                &SetLink::new("lo").up(),
                &NewAddr::new(2, address),
                &SetLink::new(2).up(),
                &NewRoute::new(Prefix::ALL_V4).via(network::BRIDGE.into()),
            ];
            batch(&mut there, requests)?;
        }
        Ok(())
    })
}
