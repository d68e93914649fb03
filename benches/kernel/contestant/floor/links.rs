//! Links and addresses.

use std::os::fd::{AsFd, AsRawFd};

use super::message::{NEW, Prebuilt, attr, for_each_attr, link_header, name, nest};
use super::socket::Socket;
use crate::data::{address, pair};
use crate::sample::Part;
use crate::{Result, network};

// Source: include/uapi/linux/rtnetlink.h, if_link.h, if_addr.h, veth.h.
pub(super) const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
pub(super) const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
pub(super) const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_GROUP: u16 = 27;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_NUM_TX_QUEUES: u16 = 31;
const IFLA_NUM_RX_QUEUES: u16 = 32;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
pub(super) const IFA_ADDRESS: u16 = 1;
pub(super) const IFA_LOCAL: u16 = 2;
pub(super) const IFF_UP: u32 = 1;

/// The group that links are made in.
const GROUP: u32 = 4711;

/// What a veth is made with.
#[derive(Clone, Copy, Default)]
pub(super) struct Veth<'a> {
    pub(super) name: &'a str,
    pub(super) peer: &'a str,
    pub(super) peer_netns: Option<i32>,
    pub(super) up: bool,
    pub(super) group: u32,
    pub(super) master: i32,
}

/// Appends what makes a veth, both ends with one queue.
pub(super) fn veth_message(out: &mut Vec<u8>, veth: Veth<'_>) {
    let one = 1u32.to_ne_bytes();
    link_header(out, 0, if veth.up { IFF_UP } else { 0 });
    name(out, IFLA_IFNAME, veth.name);
    attr(out, IFLA_NUM_TX_QUEUES, &one);
    attr(out, IFLA_NUM_RX_QUEUES, &one);
    if veth.group != 0 {
        attr(out, IFLA_GROUP, &veth.group.to_ne_bytes());
    }
    if veth.master != 0 {
        attr(out, IFLA_MASTER, &veth.master.to_ne_bytes());
    }
    nest(out, IFLA_LINKINFO, |out| {
        attr(out, IFLA_INFO_KIND, b"veth");
        nest(out, IFLA_INFO_DATA, |out| {
            nest(out, VETH_INFO_PEER, |out| {
                link_header(out, 0, 0);
                name(out, IFLA_IFNAME, veth.peer);
                attr(out, IFLA_NUM_TX_QUEUES, &one);
                attr(out, IFLA_NUM_RX_QUEUES, &one);
                if let Some(fd) = veth.peer_netns {
                    attr(out, IFLA_NET_NS_FD, &fd.to_ne_bytes());
                }
            });
        });
    });
}

/// Appends what sets a link up.
pub(super) fn up_message(out: &mut Vec<u8>, link: &str) {
    link_header(out, 0, IFF_UP);
    name(out, IFLA_IFNAME, link);
}

fn delete_group() -> Prebuilt {
    let mut prebuilt = Prebuilt::default();
    prebuilt.push(RTM_DELLINK, 0, |out| {
        link_header(out, 0, 0);
        attr(out, IFLA_GROUP, &GROUP.to_ne_bytes());
    });
    prebuilt.finish()
}

/// Reads name and MTU of each link; returns how many have both.
fn count_links(socket: &mut Socket) -> Result<u32> {
    let mut count = 0;
    let ask = |out: &mut Vec<u8>| link_header(out, 0, 0);
    socket.dump(RTM_GETLINK, ask, |payload| {
        let mut found = 0;
        for_each_attr(&payload[16..], |number, payload| {
            if let IFLA_IFNAME | IFLA_MTU = number {
                found += std::hint::black_box(payload).len().min(1);
            }
        });
        count += u32::from(found == 2);
    })?;
    Ok(count)
}

pub(crate) fn veth(part: &mut Part) -> Result<()> {
    let other = network::other()?;
    let mut here = Socket::open()?;
    let mut there = Socket::open_in(&other)?;
    let mut create = Prebuilt::default();
    let mut up = Prebuilt::default();
    for index in 0..part.items {
        let (name, peer) = &pair(index);
        let peer_netns = Some(other.as_fd().as_raw_fd());
        let veth = Veth {
            name,
            peer,
            peer_netns,
            up: true,
            group: GROUP,
            master: 0,
        };
        create.push(RTM_NEWLINK, NEW, |out| veth_message(out, veth));
        up.push(RTM_NEWLINK, 0, |out| up_message(out, peer));
    }
    let (create, up) = (create.finish(), up.finish());
    part.measure("create", || {
        here.send(&create)?;
        there.send(&up)
    })?;
    let count = part.measure("dump", || count_links(&mut here))?;
    assert_eq!(count, part.items + 1);
    part.measure("delete", || here.send(&delete_group()))
}

/// What most programs do: make both ends here, move one, set both up, delete one by one.
pub(crate) fn veth_moved(part: &mut Part) -> Result<()> {
    let other = network::other()?;
    let mut here = Socket::open()?;
    let mut there = Socket::open_in(&other)?;
    let mut steps = Vec::new();
    for index in 0..part.items {
        let (name, peer) = &pair(index);
        let mut before = Prebuilt::default();
        before.push_alone(RTM_NEWLINK, NEW, |out| {
            veth_message(
                out,
                Veth {
                    name,
                    peer,
                    ..Veth::default()
                },
            );
        });
        before.push_alone(RTM_NEWLINK, 0, |out| {
            link_header(out, 0, 0);
            super::message::name(out, IFLA_IFNAME, peer);
            attr(
                out,
                IFLA_NET_NS_FD,
                &other.as_fd().as_raw_fd().to_ne_bytes(),
            );
        });
        before.push_alone(RTM_NEWLINK, 0, |out| up_message(out, name));
        let mut after = Prebuilt::default();
        after.push_alone(RTM_NEWLINK, 0, |out| up_message(out, peer));
        steps.push((before.finish(), after.finish()));
    }
    part.measure("create", || {
        steps.iter().try_for_each(|(before, after)| {
            here.send(before)?;
            there.send(after)
        })
    })?;
    part.measure("delete", || {
        here.send(&delete_one_by_one(part_items(&steps)))
    })
}

fn part_items<T>(steps: &[T]) -> u32 {
    steps.len() as u32
}

fn delete_one_by_one(items: u32) -> Prebuilt {
    let mut prebuilt = Prebuilt::default();
    for index in 0..items {
        prebuilt.push_alone(RTM_DELLINK, 0, |out| {
            link_header(out, 0, 0);
            name(out, IFLA_IFNAME, &pair(index).0);
        });
    }
    prebuilt.finish()
}

/// Makes pairs in this namespace, in no group.
pub(crate) fn pairs(items: u32) -> Result<()> {
    grouped(items, 0).map(drop)
}

/// Makes pairs in this namespace; their first ends are in `group`.
fn grouped(items: u32, group: u32) -> Result<Socket> {
    let mut socket = Socket::open()?;
    let mut create = Prebuilt::default();
    for index in 0..items {
        let (name, peer) = &pair(index);
        let veth = Veth {
            name,
            peer,
            up: true,
            group,
            ..Veth::default()
        };
        create.push(RTM_NEWLINK, NEW, |out| veth_message(out, veth));
    }
    socket.send(&create.finish())?;
    Ok(socket)
}

pub(crate) fn delete_grouped(part: &mut Part) -> Result<()> {
    let mut socket = grouped(part.items, GROUP)?;
    part.measure("delete", || socket.send(&delete_group()))
}

pub(crate) fn delete_each(part: &mut Part) -> Result<()> {
    let mut socket = grouped(part.items, 0)?;
    let prebuilt = delete_one_by_one(part.items);
    part.measure("delete", || socket.send(&prebuilt))
}

/// Appends `struct ifaddrmsg` and attributes.
pub(super) fn address_message(out: &mut Vec<u8>, ifindex: i32, address: [u8; 4], bits: u8) {
    out.extend_from_slice(&[libc::AF_INET as u8, bits, 0, 0]);
    out.extend_from_slice(&ifindex.to_ne_bytes());
    attr(out, IFA_LOCAL, &address);
    attr(out, IFA_ADDRESS, &address);
}

pub(crate) fn addresses(part: &mut Part) -> Result<()> {
    let ifindex = network::link()?;
    let mut socket = Socket::open()?;
    let mut add = Prebuilt::default();
    let mut delete = Prebuilt::default();
    for index in 0..part.items {
        let address = address(index).octets();
        add.push(RTM_NEWADDR, NEW, |out| {
            address_message(out, ifindex, address, 32)
        });
        delete.push(RTM_DELADDR, 0, |out| {
            address_message(out, ifindex, address, 32)
        });
    }
    let (add, delete) = (add.finish(), delete.finish());
    part.measure("add", || socket.send(&add))?;
    part.measure("delete", || socket.send(&delete))
}
