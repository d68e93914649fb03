//! `ip`, of iproute2, as it is installed.

use std::fmt::Display;

use nl_netns::named;

use crate::data::{
    BITS4, BITS6, GATEWAY4, GATEWAY6, NEXTHOP, OTHER4, TABLE, address, dst4, dst6, pair,
};
use crate::program::{Batch, run, run_nlctl};
use crate::sample::Part;
use crate::{Result, network};

fn route(verb: &str, dst: impl Display, bits: u8, gateway: impl Display) -> String {
    format!("route {verb} {dst}/{bits} via {gateway} dev v0 table {TABLE}")
}

pub(crate) fn routes4(part: &mut Part) -> Result<()> {
    network::link()?;
    let lines = |verb| move |index| route(verb, dst4(index), BITS4, GATEWAY4);
    let add = Batch::of((0..part.items).map(lines("add")))?;
    part.measure_programs("add", || add.run(None))?;
    part.measure_programs("dump", || run(&format!("route show table {TABLE}")))?;
    let delete = Batch::of((0..part.items).map(lines("del")))?;
    part.measure_programs("delete", || delete.run(None))
}

pub(crate) fn routes6(part: &mut Part) -> Result<()> {
    network::link()?;
    let lines = |verb| move |index| route(verb, dst6(index), BITS6, GATEWAY6);
    let add = Batch::of((0..part.items).map(lines("add")))?;
    part.measure_programs("add", || add.run(None))?;
    part.measure_programs("dump", || run(&format!("-6 route show table {TABLE}")))?;
    let delete = Batch::of((0..part.items).map(lines("del")))?;
    part.measure_programs("delete", || delete.run(None))
}

pub(crate) fn replace(part: &mut Part) -> Result<()> {
    network::link()?;
    Batch::of((0..part.items).map(|index| route("add", dst4(index), BITS4, GATEWAY4)))?
        .run(None)?;
    let lines = (0..part.items).map(|index| route("replace", dst4(index), BITS4, OTHER4));
    let replace = Batch::of(lines)?;
    part.measure_programs("replace", || replace.run(None))
}

fn lines(items: u32) -> Result<Batch> {
    Batch::of((0..items).map(|index| route("add", dst4(index), BITS4, GATEWAY4)))
}

pub(crate) fn load(part: &mut Part) -> Result<()> {
    network::link()?;
    let add = lines(part.items)?;
    part.measure_programs("add", || add.run(None))
}

/// Our program, with the same lines.
pub(crate) fn load_with_nlctl(part: &mut Part) -> Result<()> {
    network::link()?;
    let add = lines(part.items)?;
    part.measure_programs("add", || run_nlctl(&["route", "load", add.path()]))
}

/// It has no such thing: all are replaced.
pub(crate) fn sync(part: &mut Part) -> Result<()> {
    network::link()?;
    let lines = |verb| (0..part.items).map(move |index| route(verb, dst4(index), BITS4, GATEWAY4));
    Batch::of(lines("add"))?.run(None)?;
    let replace = Batch::of(lines("replace"))?;
    part.measure_programs("sync", || replace.run(None))
}

pub(crate) fn set(part: &mut Part) -> Result<()> {
    network::link()?;
    let nexthop = format!("nexthop add id {NEXTHOP} via {GATEWAY4} dev v0");
    let routes = (0..part.items).map(|index| {
        format!(
            "route add {}/{BITS4} nhid {NEXTHOP} table {TABLE}",
            dst4(index)
        )
    });
    let add = Batch::of(std::iter::once(nexthop).chain(routes))?;
    part.measure_programs("add", || add.run(None))?;
    part.measure_programs("remove", || run(&format!("nexthop del id {NEXTHOP}")))
}

pub(crate) fn veth(part: &mut Part) -> Result<()> {
    drop(named::create("there")?);
    let create = Batch::of((0..part.items).map(|index| {
        let (name, peer) = pair(index);
        format!(
            "link add {name} up numtxqueues 1 numrxqueues 1 group 4711 type veth \
             peer name {peer} numtxqueues 1 numrxqueues 1 netns there"
        )
    }))?;
    let up = Batch::of((0..part.items).map(|index| format!("link set {} up", pair(index).1)))?;
    part.measure_programs("create", || {
        create.run(None)?;
        up.run(Some("there"))
    })?;
    part.measure_programs("dump", || run("link show"))?;
    part.measure_programs("delete", || run("link del group 4711"))
}

pub(crate) fn veth_moved(part: &mut Part) -> Result<()> {
    drop(named::create("there")?);
    let create = Batch::of((0..part.items).flat_map(|index| {
        let (name, peer) = pair(index);
        [
            format!("link add {name} type veth peer name {peer}"),
            format!("link set {peer} netns there"),
            format!("link set {name} up"),
        ]
    }))?;
    let up = Batch::of((0..part.items).map(|index| format!("link set {} up", pair(index).1)))?;
    part.measure_programs("create", || {
        create.run(None)?;
        up.run(Some("there"))
    })?;
    let delete = Batch::of((0..part.items).map(|index| format!("link del {}", pair(index).0)))?;
    part.measure_programs("delete", || delete.run(None))
}

pub(crate) fn delete_each(part: &mut Part) -> Result<()> {
    super::floor::pairs(part.items)?;
    let delete = Batch::of((0..part.items).map(|index| format!("link del {}", pair(index).0)))?;
    part.measure_programs("delete", || delete.run(None))
}

pub(crate) fn addresses(part: &mut Part) -> Result<()> {
    network::link()?;
    let lines = |verb| move |index| format!("addr {verb} {}/32 dev v0", address(index));
    let add = Batch::of((0..part.items).map(lines("add")))?;
    part.measure_programs("add", || add.run(None))?;
    let delete = Batch::of((0..part.items).map(lines("del")))?;
    part.measure_programs("delete", || delete.run(None))
}

/// What a script would do.
pub(crate) fn namespaces(part: &mut Part) -> Result<()> {
    network::bridge()?;
    let items = part.items;
    let gateway = network::BRIDGE;
    part.measure_programs("create", || {
        (0..items).try_for_each(|index| {
            let netns = format!("ns{index}");
            run(&format!("netns add {netns}"))?;
            run(&format!(
                "link add p{index} up master br0 type veth peer name eth0 netns {netns}"
            ))?;
            run(&format!("-n {netns} link set lo up"))?;
            run(&format!(
                "-n {netns} addr add {}/16 dev eth0",
                network::inside(index)
            ))?;
            run(&format!("-n {netns} link set eth0 up"))?;
            run(&format!("-n {netns} route add default via {gateway}"))
        })
    })
}
