//! Where the contestants meet: namespaces and links that are there before the clock starts.

use std::net::Ipv4Addr;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nl_netns::Namespace;
use nl_route::addr::{AddrFlags, NewAddr};
use nl_route::link::NewLink;
use nl_route::{Connection, Prefix, Route, RouteExt};

use crate::Result;
use crate::data::{GATEWAY4, GATEWAY6};

/// Leaves for a network namespace of its own; nobody else sees mounts made from now on, and
/// `/run/netns` is empty.
pub(crate) fn leave() -> Result<()> {
    let denied = |error| format!("{error}: run it as root, or inside `nlctl sandbox`");
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).map_err(denied)?;
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    if std::fs::create_dir_all("/run/netns").is_ok() {
        mount(
            Some("tmpfs"),
            "/run/netns",
            Some("tmpfs"),
            MsFlags::empty(),
            none,
        )?;
    }
    Ok(())
}

/// A link to route by: `v0`, up, with addresses in the gateways' networks. Returns its index.
pub(crate) fn link() -> Result<i32> {
    let mut rt = Connection::<Route>::open()?;
    rt.call(&NewLink::veth("v0", "v1").up())?;
    rt.set_up("v1")?;
    rt.set_up("lo")?;
    let ifindex = rt.ifindex("v0")?;
    let mut address = GATEWAY4.octets();
    address[3] = 1;
    rt.call(&NewAddr::new(ifindex, Prefix::new(address.into(), 24)))?;
    let mut address = GATEWAY6.octets();
    address[15] = 1;
    let address = NewAddr::new(ifindex, Prefix::new(address.into(), 64));
    rt.call(&address.flags(AddrFlags::NODAD))?;
    Ok(ifindex)
}

/// One more namespace.
pub(crate) fn other() -> Result<Namespace> {
    Ok(Namespace::new()?)
}

/// The bridge's address.
pub(crate) const BRIDGE: Ipv4Addr = Ipv4Addr::new(10, 254, 255, 254);

/// The address in namespace number `index`.
pub(crate) fn inside(index: u32) -> Ipv4Addr {
    Ipv4Addr::from((10 << 24) + (254 << 16) + 1 + index)
}

/// A bridge that is up and has an address. Returns its index.
pub(crate) fn bridge() -> Result<i32> {
    let mut rt = Connection::<Route>::open()?;
    rt.call(&NewLink::bridge("br0").up())?;
    let ifindex = rt.ifindex("br0")?;
    rt.call(&NewAddr::new(ifindex, Prefix::new(BRIDGE.into(), 16)))?;
    Ok(ifindex)
}
