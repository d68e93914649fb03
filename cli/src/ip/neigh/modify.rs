//! `ip neigh add` and its kin, and `ip neigh get`.

use std::net::IpAddr;

use nl_route::Mode;
use nl_route::neigh::{DelNeigh, GetNeigh, NeighFlags, NeighState, NewNeigh};

use super::show::{Select, doc};
use super::{state, usage};
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::inet::{addr, lladdr};
use crate::ip::options::Options;
use crate::ip::route::protocol;
use crate::ip::session::refused;
use crate::words::{Words, duplicate, duplicate_or_garbage, matches, wrong};

/// What is done with the neighbour.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Make(Mode),
    Delete,
}

pub(super) fn run(ip: &mut Ip<'_>, mut words: Words<'_>, change: Change) -> Result<(), Failure> {
    let family = ip.options.family;
    let mut neigh = NewNeigh::new(0, std::net::Ipv4Addr::UNSPECIFIED.into());
    let mut dst: Option<IpAddr> = None;
    let mut device = None;
    let mut link_layer = None;
    while let Some(word) = words.next() {
        match word {
            _ if matches(word, "lladdr") => link_layer = Some(words.required()?),
            "nud" => {
                let value = words.required()?;
                neigh.state = state(value).ok_or_else(|| wrong(value, "nud state is bad"))?;
            }
            _ if matches(word, "proxy") => {
                let value = words.required()?;
                if matches(value, "help") {
                    return Err(usage());
                }
                if dst.is_some() {
                    return Err(duplicate("address", value));
                }
                dst = Some(addr(value, family)?);
                neigh.flags |= NeighFlags::PROXY;
            }
            "router" => neigh.flags |= NeighFlags::ROUTER,
            "use" => neigh.flags |= NeighFlags::USE,
            "managed" => {
                neigh.flags |= NeighFlags::MANAGED;
                neigh.state -= NeighState::PERMANENT;
            }
            _ if matches(word, "extern_learn") => neigh.flags |= NeighFlags::EXT_LEARNED,
            "dev" => device = Some(words.required()?),
            _ if matches(word, "protocol") => neigh.protocol = Some(protocol(words.required()?)?),
            _ => {
                let mut value = if word == "to" {
                    words.required()?
                } else {
                    word
                };
                // ip passes over it, as if it were `to`.
                if matches(value, "help") {
                    value = words.required()?;
                }
                if dst.is_some() {
                    return Err(duplicate_or_garbage("to", value));
                }
                dst = Some(addr(value, family)?);
            }
        }
    }
    let is_proxy = neigh.flags.contains(NeighFlags::PROXY);
    let Some(dst) = dst.filter(|_| device.is_some() || is_proxy) else {
        return Err(Failure::new(
            255,
            "Device and destination are required arguments.",
        ));
    };
    neigh.dst = Some(dst);
    neigh.family = nl_route::Family::of(dst);
    if let Some(word) = link_layer.filter(|word| *word != "null") {
        neigh.lladdr = Some(lladdr(word)?);
    }
    if let Some(name) = device {
        neigh.ifindex = ip.device(name)?;
    }
    let done = match change {
        Change::Make(mode) => ip.call(&neigh.mode(mode)),
        Change::Delete => ip.call(&DelNeigh(neigh)),
    };
    // Here ip leaves at once, a batch or not.
    done.map_err(|failure| Failure::fatal(failure.code(), failure.text()))
}

pub(super) fn get(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let family = ip.options.family;
    let (mut dst, mut device, mut proxy) = (None, None, false);
    while let Some(word) = words.next() {
        match word {
            "dev" => device = Some(words.required()?),
            _ if matches(word, "proxy") => {
                let value = words.required()?;
                if matches(value, "help") {
                    return Err(usage());
                }
                if dst.is_some() {
                    return Err(duplicate("address", value));
                }
                dst = Some(addr(value, family)?);
                proxy = true;
            }
            _ => {
                let value = if word == "to" {
                    words.required()?
                } else {
                    word
                };
                if matches(value, "help") {
                    return Err(usage());
                }
                if dst.is_some() {
                    return Err(duplicate_or_garbage("to", value));
                }
                dst = Some(addr(value, family)?);
            }
        }
    }
    let (Some(dst), Some(device)) = (dst, device) else {
        return Err(Failure::new(
            1,
            "Device and address are required arguments.",
        ));
    };
    let ifindex = ip.device(device)?;
    let request = GetNeigh {
        ifindex,
        dst,
        proxy,
    };
    let answer = ip
        .connection()
        .get(&request)
        .map_err(|error| refused(&error))?;
    let doc = doc(ip, &answer.view(), &Select::default());
    // ip answers in text, whatever the options say.
    let options = Options {
        json: false,
        ..ip.options.clone()
    };
    Ok(doc.print_one(&options, ip.out)?)
}
