//! rtnetlink with netlink-packet-route, on a current-thread tokio runtime.

use std::future::Future;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};

use futures_util::TryStreamExt;
use netlink_packet_route::route::{RouteAttribute, RouteMessage};
use rtnetlink::{Handle, LinkUnspec, LinkVeth, RouteMessageBuilder, new_connection};
use tokio::runtime::{Builder, Runtime};

use crate::data::{BITS4, BITS6, GATEWAY4, GATEWAY6, OTHER4, TABLE, dst4, dst6, pair};
use crate::sample::Part;
use crate::{Result, network};

/// A runtime and a connection that it drives.
struct Client {
    runtime: Runtime,
    handle: Handle,
}

impl Client {
    fn open() -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = {
            let _inside = runtime.enter();
            let (connection, handle, _) = new_connection()?;
            runtime.spawn(connection);
            handle
        };
        Ok(Self { runtime, handle })
    }

    fn run<T>(
        &self,
        work: impl Future<Output = std::result::Result<T, rtnetlink::Error>>,
    ) -> Result<T> {
        Ok(self.runtime.block_on(work)?)
    }

    fn add(&self, items: u32, route: impl Fn(u32) -> RouteMessage) -> Result<()> {
        self.run(async {
            for index in 0..items {
                self.handle.route().add(route(index)).execute().await?;
            }
            Ok(())
        })
    }

    fn delete(&self, items: u32, route: impl Fn(u32) -> RouteMessage) -> Result<()> {
        self.run(async {
            for index in 0..items {
                self.handle.route().del(route(index)).execute().await?;
            }
            Ok(())
        })
    }

    /// Reads destination, gateway and interface index of each route; returns how many have all three.
    fn list(&self, request: RouteMessage) -> Result<u32> {
        self.run(async {
            let mut routes = self.handle.route().get(request).execute();
            let mut count = 0;
            while let Some(route) = routes.try_next().await? {
                if u32::from(route.header.table) != TABLE {
                    continue;
                }
                let wanted = |attribute: &&RouteAttribute| {
                    use RouteAttribute::{Destination, Gateway, Oif};
                    matches!(attribute, Destination(_) | Gateway(_) | Oif(_))
                };
                count += u32::from(route.attributes.iter().filter(wanted).count() == 3);
            }
            Ok(count)
        })
    }
}

fn route4(index: u32, ifindex: i32) -> RouteMessage {
    RouteMessageBuilder::<Ipv4Addr>::new()
        .destination_prefix(dst4(index), BITS4)
        .gateway(GATEWAY4)
        .output_interface(ifindex.unsigned_abs())
        .table_id(TABLE)
        .build()
}

fn route6(index: u32, ifindex: i32) -> RouteMessage {
    RouteMessageBuilder::<Ipv6Addr>::new()
        .destination_prefix(dst6(index), BITS6)
        .gateway(GATEWAY6)
        .output_interface(ifindex.unsigned_abs())
        .table_id(TABLE)
        .build()
}

pub(crate) fn routes4(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let client = Client::open()?;
    let items = part.items;
    part.measure("add", || client.add(items, |index| route4(index, ifindex)))?;
    let all = RouteMessageBuilder::<Ipv4Addr>::new().build();
    let count = part.measure("dump", || client.list(all))?;
    assert_eq!(count, items);
    part.measure("delete", || {
        client.delete(items, |index| route4(index, ifindex))
    })
}

pub(crate) fn routes6(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let client = Client::open()?;
    let items = part.items;
    part.measure("add", || client.add(items, |index| route6(index, ifindex)))?;
    let all = RouteMessageBuilder::<Ipv6Addr>::new().build();
    let count = part.measure("dump", || client.list(all))?;
    assert_eq!(count, items);
    part.measure("delete", || {
        client.delete(items, |index| route6(index, ifindex))
    })
}

pub(crate) fn each(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let client = Client::open()?;
    let items = part.items;
    part.measure("add", || client.add(items, |index| route4(index, ifindex)))?;
    part.measure("delete", || {
        client.delete(items, |index| route4(index, ifindex))
    })
}

pub(crate) fn replace(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let client = Client::open()?;
    let items = part.items;
    client.add(items, |index| route4(index, ifindex))?;
    part.measure("replace", || {
        client.run(async {
            for index in 0..items {
                let route = RouteMessageBuilder::<Ipv4Addr>::new()
                    .destination_prefix(dst4(index), BITS4)
                    .gateway(OTHER4)
                    .output_interface(ifindex.unsigned_abs())
                    .table_id(TABLE)
                    .build();
                client.handle.route().add(route).replace().execute().await?;
            }
            Ok(())
        })
    })
}

/// Its veth builder knows no namespace for the peer: it is moved.
pub(crate) fn veth(part: &mut Part) -> Result<()> {
    let other = network::other()?;
    let here = Client::open()?;
    let there = other.run(|| Client::open().map_err(|error| error.to_string()))??;
    let items = part.items;
    part.measure("create", || {
        for index in 0..items {
            let (name, peer) = &pair(index);
            let fd = other.as_fd().as_raw_fd();
            let up = |name: &str| LinkUnspec::new_with_name(name).up().build();
            here.run(async {
                let links = here.handle.link();
                links
                    .add(LinkVeth::new(name, peer).build())
                    .execute()
                    .await?;
                let moved = LinkUnspec::new_with_name(peer).setns_by_fd(fd).build();
                links.set(moved).execute().await?;
                links.set(up(name)).execute().await
            })?;
            there.run(there.handle.link().set(up(peer)).execute())?;
        }
        Ok(())
    })?;
    let names: Vec<u32> = (0..items)
        .map(|index| index_of(&pair(index).0))
        .collect::<Result<_>>()?;
    part.measure("delete", || {
        names
            .iter()
            .try_for_each(|&ifindex| here.run(here.handle.link().del(ifindex).execute()))
    })
}

fn index_of(name: &str) -> Result<u32> {
    use nl_route::RouteExt;
    let mut rt = nl_route::Connection::<nl_route::Route>::open()?;
    Ok(rt.ifindex(name)?.unsigned_abs())
}
