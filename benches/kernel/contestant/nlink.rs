//! nlink, on a current-thread tokio runtime.

use std::os::fd::AsFd;

use futures_util::TryStreamExt;
use nlink::netlink::config::{ApplyOptions, NetworkConfig};
use nlink::netlink::link::{LinkCreateExt, VethLink};
use nlink::netlink::namespace;
use nlink::netlink::nexthop::NexthopBuilder;
use nlink::netlink::{Connection, InterfaceRef, Route};
use nlink::{Ipv4Address, Ipv4Route, Ipv6Route, RouteConfig};
use tokio::runtime::{Builder, Runtime};

use crate::data::{
    BITS4, BITS6, GATEWAY4, GATEWAY6, NEXTHOP, OTHER4, TABLE, address, dst4, dst6, pair,
};
use crate::sample::Part;
use crate::{Result, network};

/// How many requests go into one batch; more than 276 answers do not fit a default socket.
const BATCH: u32 = 200;

/// A runtime and a connection that belongs to it.
struct Client {
    connection: Connection<Route>,
    runtime: Runtime,
}

impl Client {
    fn open() -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let connection = {
            let _inside = runtime.enter();
            Connection::<Route>::new()?
        };
        Ok(Self {
            connection,
            runtime,
        })
    }

    fn add<R: RouteConfig>(&self, items: u32, route: impl Fn(u32) -> R) -> Result<()> {
        self.runtime.block_on(async {
            for start in (0..items).step_by(BATCH as usize) {
                let indices = start..(start + BATCH).min(items);
                let batch = self.connection.batch();
                indices
                    .fold(batch, |batch, index| batch.add_route(route(index)))
                    .execute_all()
                    .await?;
            }
            Ok(())
        })
    }

    fn delete<R: RouteConfig>(&self, items: u32, route: impl Fn(u32) -> R) -> Result<()> {
        self.runtime.block_on(async {
            for start in (0..items).step_by(BATCH as usize) {
                let indices = start..(start + BATCH).min(items);
                let batch = self.connection.batch();
                indices
                    .fold(batch, |batch, index| batch.del_route(route(index)))
                    .execute_all()
                    .await?;
            }
            Ok(())
        })
    }

    /// Reads destination, gateway and interface index of each route; returns how many have all three.
    fn list(&self) -> Result<u32> {
        self.runtime.block_on(async {
            let mut routes = self.connection.stream_routes().await?;
            let mut count = 0;
            while let Some(route) = routes.try_next().await? {
                let all = route.destination().is_some()
                    && route.gateway().is_some()
                    && route.oif().is_some();
                count += u32::from(all && route.table_id() == TABLE);
            }
            Ok(count)
        })
    }
}

fn route4(index: u32, ifindex: u32) -> Ipv4Route {
    Ipv4Route::new(dst4(index), BITS4)
        .gateway(GATEWAY4)
        .dev_index(ifindex)
        .table(TABLE)
}

fn route6(index: u32, ifindex: u32) -> Ipv6Route {
    Ipv6Route::new(dst6(index), BITS6)
        .gateway(GATEWAY6)
        .dev_index(ifindex)
        .table(TABLE)
}

fn routes<R: RouteConfig>(part: &mut Part, route: fn(u32, u32) -> R) -> Result<()> {
    let ifindex = network::link()?.unsigned_abs();
    let client = Client::open()?;
    let items = part.items;
    part.measure("add", || client.add(items, |index| route(index, ifindex)))?;
    let count = part.measure("dump", || client.list())?;
    assert_eq!(count, items);
    part.measure("delete", || {
        client.delete(items, |index| route(index, ifindex))
    })
}

pub(crate) fn routes4(part: &mut Part) -> Result<()> {
    routes(part, route4)
}

pub(crate) fn routes6(part: &mut Part) -> Result<()> {
    routes(part, route6)
}

pub(crate) fn each(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?.unsigned_abs();
    let client = Client::open()?;
    let items = part.items;
    let Client {
        connection,
        runtime,
    } = &client;
    part.measure("add", || {
        runtime.block_on(async {
            for index in 0..items {
                connection.add_route(route4(index, ifindex)).await?;
            }
            Ok(())
        })
    })?;
    part.measure("delete", || {
        runtime.block_on(async {
            for index in 0..items {
                connection.del_route(route4(index, ifindex)).await?;
            }
            Ok(())
        })
    })
}

pub(crate) fn replace(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?.unsigned_abs();
    let client = Client::open()?;
    let items = part.items;
    client.add(items, |index| route4(index, ifindex))?;
    part.measure("replace", || {
        client.runtime.block_on(async {
            for index in 0..items {
                let route = route4(index, ifindex).gateway(OTHER4);
                client.connection.replace_route(route).await?;
            }
            Ok(())
        })
    })
}

pub(crate) fn veth(part: &mut Part) -> Result<()> {
    let other = network::other()?;
    let here = Client::open()?;
    let there = {
        let _inside = here.runtime.enter();
        Connection::<Route>::new_in(other.as_fd())?
    };
    let items = part.items;
    let Client {
        connection,
        runtime,
    } = &here;
    part.measure("create", || {
        runtime.block_on(async {
            for index in 0..items {
                let (name, peer) = pair(index);
                let link = VethLink::new(name.as_str(), peer.as_str()).peer_netns_fd(other.as_fd());
                connection.add_link(link.up()).await?;
                there.set_link_up(peer.as_str()).await?;
            }
            Ok(())
        })
    })?;
    part.measure("delete", || {
        runtime.block_on(async {
            for index in 0..items {
                connection.del_link(pair(index).0.as_str()).await?;
            }
            Ok(())
        })
    })
}

pub(crate) fn addresses(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?.unsigned_abs();
    let client = Client::open()?;
    let items = part.items;
    let make = |index| Ipv4Address::with_index(ifindex, address(index), 32);
    part.measure("add", || {
        client.runtime.block_on(async {
            for start in (0..items).step_by(BATCH as usize) {
                let indices = start..(start + BATCH).min(items);
                let batch = client.connection.batch();
                let batch = indices.fold(batch, |batch, index| {
                    batch.add_address(make(index), ifindex)
                });
                batch.execute_all().await?;
            }
            Ok(())
        })
    })?;
    part.measure("delete", || {
        client.runtime.block_on(async {
            for start in (0..items).step_by(BATCH as usize) {
                let indices = start..(start + BATCH).min(items);
                let batch = client.connection.batch();
                let batch = indices.fold(batch, |batch, index| {
                    batch.del_address(make(index), ifindex)
                });
                batch.execute_all().await?;
            }
            Ok(())
        })
    })
}

pub(crate) fn set(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?.unsigned_abs();
    let client = Client::open()?;
    let items = part.items;
    let Client {
        connection,
        runtime,
    } = &client;
    part.measure("add", || {
        let nexthop = NexthopBuilder::new(NEXTHOP)
            .gateway(GATEWAY4.into())
            .ifindex(ifindex);
        runtime.block_on(connection.add_nexthop(nexthop))?;
        client.add(items, |index| {
            Ipv4Route::new(dst4(index), BITS4)
                .nexthop_group(NEXTHOP)
                .table(TABLE)
        })
    })?;
    part.measure("remove", || {
        Ok(runtime.block_on(connection.del_nexthop(NEXTHOP))?)
    })
}

/// Declares the whole table, as its documentation shows; what is not declared goes.
pub(crate) fn sync(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?.unsigned_abs();
    let client = Client::open()?;
    let items = part.items;
    client.add(items, |index| {
        let route = route4(index, ifindex);
        if index.is_multiple_of(100) {
            route.gateway(OTHER4)
        } else {
            route
        }
    })?;
    let result = part.measure("sync", || {
        let gateway = GATEWAY4.to_string();
        let config = (0..items).try_fold(NetworkConfig::new(), |config, index| {
            config.route(&format!("{}/{BITS4}", dst4(index)), |route| {
                route.via(&gateway).dev("v0").table(TABLE)
            })
        })?;
        let options = ApplyOptions::default()
            .with_purge(true)
            .with_purge_tables([TABLE]);
        let applied = config.apply_with_options(&client.connection, options);
        Ok(client.runtime.block_on(applied)?)
    })?;
    assert_eq!(result.changes_made, items.div_ceil(100) as usize);
    Ok(())
}

pub(crate) fn namespaces(part: &mut Part) -> Result<()> {
    let bridge = network::bridge()?.unsigned_abs();
    let here = Client::open()?;
    let items = part.items;
    let Client {
        connection,
        runtime,
    } = &here;
    part.measure("create", || {
        runtime.block_on(async {
            for index in 0..items {
                let netns = format!("ns{index}");
                namespace::create(&netns)?;
                let cable = VethLink::new(format!("p{index}"), "eth0").peer_netns(&netns)?;
                connection
                    .add_link(cable.master(InterfaceRef::Index(bridge)).up())
                    .await?;
                let there = Connection::<Route>::new_in(netns.as_str())?;
                there.set_link_up("lo").await?;
                // The first link of a namespace after `lo` has index 2.
                let address = Ipv4Address::with_index(2, network::inside(index), 16);
                there.add_address(address).await?;
                there.set_link_up_by_index(2).await?;
                let route = Ipv4Route::default_route().gateway(network::BRIDGE);
                there.add_route(route).await?;
            }
            Ok(())
        })
    })
}
