//! rtnetlink with netlink-packet-route, on a current-thread tokio runtime.

use std::fs::File;
use std::future::Future;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};

use futures_util::{StreamExt, TryStreamExt};
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkMessage,
    NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::route::{RouteAttribute, RouteMessage};
use nl_netns::Namespace;
use rtnetlink::proto::ConnectionHandle;
use rtnetlink::sys::SocketAddr;
use rtnetlink::sys::protocols::NETLINK_ROUTE;
use rtnetlink::{
    AddressMessageBuilder, Handle, LinkUnspec, LinkVeth, NETNS_PATH, NetworkNamespace,
    RouteMessageBuilder, new_connection,
};
use tokio::runtime::{Builder, Runtime};

use crate::data::{BITS4, BITS6, GATEWAY4, GATEWAY6, OTHER4, TABLE, address, dst4, dst6, pair};
use crate::sample::Part;
use crate::{Result, network};

/// How many requests go into one batch. Of 277 and more some answers do not fit a default socket, and it waits for ever.
const BATCH: u32 = 200;

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

/// The connection below rtnetlink's, which takes several messages at once.
struct Batching {
    runtime: Runtime,
    handle: ConnectionHandle<RouteNetlinkMessage>,
}

impl Batching {
    fn open() -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = {
            let _inside = runtime.enter();
            let (connection, handle, _) = rtnetlink::proto::new_connection(NETLINK_ROUTE)?;
            runtime.spawn(connection);
            handle
        };
        Ok(Self { runtime, handle })
    }

    /// Sends requests, all of which must be done.
    fn all(
        &self,
        items: u32,
        flags: u16,
        request: impl Fn(u32) -> RouteNetlinkMessage,
    ) -> Result<()> {
        self.runtime.block_on(async {
            for start in (0..items).step_by(BATCH as usize) {
                let requests = (start..(start + BATCH).min(items)).map(|index| {
                    let mut message = NetlinkMessage::from(request(index));
                    message.header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
                    message
                });
                let requests: Vec<_> = requests.collect();
                let mut answers = self.handle.request_batch(requests, SocketAddr::new(0, 0))?;
                while let Some(answer) = answers.next().await {
                    if let NetlinkPayload::Error(error) = answer.payload
                        && error.code.is_some()
                    {
                        return Err(error.to_io().into());
                    }
                }
            }
            Ok(())
        })
    }

    fn routes(&self, part: &mut Part, route: impl Fn(u32) -> RouteMessage) -> Result<()> {
        let items = part.items;
        part.measure("add", || {
            self.all(items, NLM_F_CREATE | NLM_F_EXCL, |index| {
                RouteNetlinkMessage::NewRoute(route(index))
            })
        })?;
        part.measure("delete", || {
            self.all(items, 0, |index| {
                RouteNetlinkMessage::DelRoute(route(index))
            })
        })
    }
}

pub(crate) fn routes4_batch(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    Batching::open()?.routes(part, |index| route4(index, ifindex))
}

pub(crate) fn routes6_batch(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    Batching::open()?.routes(part, |index| route6(index, ifindex))
}

pub(crate) fn replace_batch(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let client = Batching::open()?;
    let items = part.items;
    client.all(items, NLM_F_CREATE | NLM_F_EXCL, |index| {
        RouteNetlinkMessage::NewRoute(route4(index, ifindex))
    })?;
    part.measure("replace", || {
        client.all(items, NLM_F_CREATE | NLM_F_REPLACE, |index| {
            RouteNetlinkMessage::NewRoute(other4(index, ifindex))
        })
    })
}

fn other4(index: u32, ifindex: i32) -> RouteMessage {
    RouteMessageBuilder::<Ipv4Addr>::new()
        .destination_prefix(dst4(index), BITS4)
        .gateway(OTHER4)
        .output_interface(ifindex.unsigned_abs())
        .table_id(TABLE)
        .build()
}

pub(crate) fn addresses(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?.unsigned_abs();
    let client = Client::open()?;
    let items = part.items;
    let handle = client.handle.address();
    part.measure("add", || {
        client.run(async {
            for index in 0..items {
                handle
                    .add(ifindex, address(index).into(), 32)
                    .execute()
                    .await?;
            }
            Ok(())
        })
    })?;
    part.measure("delete", || {
        client.run(async {
            for index in 0..items {
                let message = AddressMessageBuilder::<Ipv4Addr>::new()
                    .index(ifindex)
                    .address(address(index), 32)
                    .build();
                handle.del(message).execute().await?;
            }
            Ok(())
        })
    })
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
                let route = other4(index, ifindex);
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

/// Its builder knows no namespace for the peer: it is moved. Both ends are up, have a bridge, an address and a route.
pub(crate) fn namespaces(part: &mut Part) -> Result<()> {
    let bridge = network::bridge()?.unsigned_abs();
    let here = Client::open()?;
    let items = part.items;
    part.measure("create", || {
        for index in 0..items {
            let netns = format!("ns{index}");
            here.run(NetworkNamespace::add(&netns))?;
            let file = File::open(format!("{NETNS_PATH}{netns}"))?;
            let (outer, inner) = (format!("p{index}"), "eth0");
            here.run(async {
                let links = here.handle.link();
                let cable = LinkVeth::new(&outer, inner).up().controller(bridge);
                links.add(cable.build()).execute().await?;
                let moved = LinkUnspec::new_with_name(inner)
                    .setns_by_fd(file.as_raw_fd())
                    .build();
                links.set(moved).execute().await
            })?;
            let netns = Namespace::from_fd(file.into())?;
            let there = netns.run(|| Client::open().map_err(|error| error.to_string()))??;
            there.run(async {
                let up = |name: &str| LinkUnspec::new_with_name(name).up().build();
                let links = there.handle.link();
                links.set(up("lo")).execute().await?;
                links.set(up(inner)).execute().await?;
                let mut found = links.get().match_name(inner.to_owned()).execute();
                let link = found.try_next().await?.map_or(0, |link| link.header.index);
                let address = network::inside(index).into();
                there
                    .handle
                    .address()
                    .add(link, address, 16)
                    .execute()
                    .await?;
                let route = RouteMessageBuilder::<Ipv4Addr>::new()
                    .gateway(network::BRIDGE)
                    .build();
                there.handle.route().add(route).execute().await
            })?;
        }
        Ok(())
    })
}

fn index_of(name: &str) -> Result<u32> {
    use nl_route::RouteExt;
    let mut rt = nl_route::Connection::<nl_route::Route>::open()?;
    Ok(rt.ifindex(name)?.unsigned_abs())
}
