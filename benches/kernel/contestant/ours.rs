//! This stack.

use nl_core::Request;
use nl_netns::named;
use nl_route::addr::{DelAddr, NewAddr};
use nl_route::bulk::{Bulk, RouteSet, SyncScope, VethPair};
use nl_route::link::{DelLink, GetLinks, NewLink, SetLink};
use nl_route::nexthop::NewNexthop;
use nl_route::route::{DelRoute, GetRoutes, NewRoute, RouteTable};
use nl_route::{Connection, Prefix, Route};

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
        let other = |index| route4(index, ifindex).via(OTHER4.into());
        Ok(rt.replace_routes((0..items).map(other))?.into_result()?)
    })
}

/// One route in a hundred has another gateway than it should.
pub(crate) fn sync(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let mut rt = connect()?;
    let items = part.items;
    batch(&mut rt, (0..items).map(|index| differing(index, ifindex)))?;
    let report = part.measure("sync", || {
        let wanted = (0..items).map(|index| route4(index, ifindex));
        Ok(rt.sync_routes(SyncScope::ipv4(RouteTable(TABLE)), wanted)?)
    })?;
    assert!(report.is_success());
    assert_eq!(report.replaced, items.div_ceil(100) as usize);
    Ok(())
}

fn differing(index: u32, ifindex: i32) -> NewRoute {
    let route = route4(index, ifindex);
    if index.is_multiple_of(100) {
        route.via(OTHER4.into())
    } else {
        route
    }
}

pub(crate) fn set(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let mut rt = connect()?;
    let items = part.items;
    let prefix = |index| Prefix::new(dst4(index).into(), BITS4);
    let set = part.measure("add", || {
        let nexthop = NewNexthop::via(GATEWAY4.into(), ifindex).id(NEXTHOP);
        let set = RouteSet::create(&mut rt, nexthop)?.table(RouteTable(TABLE));
        set.add(&mut rt, (0..items).map(prefix))?.into_result()?;
        Ok(set)
    })?;
    part.measure("remove", || Ok(set.remove(&mut rt)?))?;
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
    let items = part.items;
    let report = part.measure("create", || {
        let cable = |index| {
            let (name, peer) = pair(index);
            VethPair::new(name, peer).peer_netns(&other).group(GROUP)
        };
        Ok(here.create_veths((0..items).map(cable))?)
    })?;
    assert!(report.is_success());
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
    let report = part.measure("delete", || {
        Ok(rt.delete_links((0..items).map(|index| pair(index).0))?)
    })?;
    assert!(report.is_success());
    Ok(())
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
            let open = Connection::<Route>::open;
            let (netns, there) = named::create_with(format!("ns{index}"), open)?;
            let cable = NewLink::veth(format!("p{index}"), "eth0")
                .peer_netns(&netns)
                .peer_ifindex(2)
                .master(bridge)
                .up();
            here.call(&cable)?;
            let mut there = there?;
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
