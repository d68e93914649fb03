//! Which nexthops are meant, and `ip nexthop flush`.

use std::io::Write;

use nl_route::Family;
use nl_route::nexthop::{DelNexthop, GetNexthops, Nexthop};

use super::usage;
use crate::failure::{Failure, say};
use crate::ip::Ip;
use crate::ip::names::number;
use crate::ip::route::vrf_device;
use crate::ip::session::refused;
use crate::words::{Words, matches, wrong};

/// What the words select; all but the protocol is for the kernel to filter.
#[derive(Clone, Debug)]
pub(super) enum Select {
    One(u32),
    Some {
        request: GetNexthops,
        /// 0 for all.
        protocol: u32,
    },
}

impl Select {
    pub(super) fn parse(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<Self, Failure> {
        let mut request = GetNexthops {
            family: Family(ip.options.family),
            ..GetNexthops::default()
        };
        let mut protocol = 0;
        while let Some(word) = words.next() {
            match word {
                "dev" => request.oif = Some(device(ip, words.required()?)?),
                _ if matches(word, "groups") => request.groups = true,
                "master" => request.master = Some(device(ip, words.required()?)?),
                _ if matches(word, "vrf") => {
                    let name = words.required()?;
                    let vrf = vrf_device(ip, name).ok_or_else(|| wrong(name, "Invalid VRF\n"))?;
                    request.master = Some(vrf);
                }
                // What else is said does not count then.
                "id" => return Ok(Self::One(id(words.required()?)?)),
                _ if matches(word, "protocol") => {
                    let value = words.required()?;
                    protocol =
                        number(value).ok_or_else(|| wrong(value, "invalid protocol value"))?;
                }
                "fdb" => request.fdb = true,
                _ if matches(word, "help") => return Err(usage()),
                _ => return Err(wrong(word, "")),
            }
        }
        Ok(Self::Some { request, protocol })
    }
}

/// A link that is there, or looks like `if7`.
pub(super) fn device(ip: &mut Ip<'_>, name: &str) -> Result<i32, Failure> {
    ip.ifindex(name)
        .ok_or_else(|| wrong(name, "Device does not exist\n"))
}

/// The id of a nexthop.
pub(super) fn id(word: &str) -> Result<u32, Failure> {
    number(word).ok_or_else(|| wrong(word, "invalid id value"))
}

/// The nexthops that the kernel lists and that have this protocol.
pub(super) fn collect(
    ip: &mut Ip<'_>,
    request: &GetNexthops,
    protocol: u32,
) -> Result<Vec<Nexthop>, Failure> {
    let mut found = ip.collect(request)?;
    found.retain(|nexthop| protocol == 0 || protocol == u32::from(nexthop.view().protocol().0));
    Ok(found)
}

pub(super) fn flush(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    let everything = words.is_empty();
    let (request, protocol) = match Select::parse(ip, words)? {
        Select::One(id) => {
            return ip
                .call(&DelNexthop { id })
                .map_err(|failure| Failure::new(1, failure.text()));
        }
        Select::Some { request, protocol } => (request, protocol),
    };
    // Groups would go with their last member: before it, if all are to go.
    let groups = GetNexthops {
        groups: true,
        ..request
    };
    let mut deleted = 0;
    for request in everything.then_some(groups).into_iter().chain([request]) {
        for nexthop in collect(ip, &request, protocol)? {
            let Some(id) = nexthop.view().id() else {
                continue;
            };
            match ip.connection().call(&DelNexthop { id }) {
                Ok(()) => deleted += 1,
                Err(error) => say(refused(&error)),
            }
        }
    }
    match deleted {
        0 => writeln!(ip.out, "Nothing to flush")?,
        _ => writeln!(ip.out, "Flushed {deleted} nexthops")?,
    }
    Ok(())
}
