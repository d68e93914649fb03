//! nlink, on a current-thread tokio runtime.

use std::os::fd::AsFd;

use nlink::netlink::link::VethLink;
use nlink::netlink::messages::RouteMessage;
use nlink::netlink::{Connection, Route};
use nlink::{Ipv4Address, Ipv4Route, Ipv6Route, RouteConfig};
use tokio::runtime::{Builder, Runtime};

use crate::data::{BITS4, BITS6, GATEWAY4, GATEWAY6, OTHER4, TABLE, address, dst4, dst6, pair};
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
        let routes = self
            .runtime
            .block_on(self.connection.get_routes_for_table(TABLE))?;
        let all = |route: &&RouteMessage| {
            route.destination().is_some() && route.gateway().is_some() && route.oif().is_some()
        };
        Ok(routes.iter().filter(all).count() as u32)
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
                connection.add_link(link).await?;
                connection.set_link_up(name.as_str()).await?;
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
