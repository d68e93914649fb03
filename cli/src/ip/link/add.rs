//! `ip link add` and `ip link replace`.

use nl_core::header::{NLM_F_CREATE, NLM_F_REPLACE};
use nl_core::{Request, Writer};
use nl_route::Route;
use nl_route::link::NewLink;

use super::kind_options::{self, Data};
use super::{options, set};
use crate::failure::Failure;
use crate::ip::Ip;
use crate::words::Words;

/// `add [ link DEV ] [ name ] NAME … type TYPE [ ARGS ]`.
pub(super) fn add(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    make(ip, words, false)
}

/// The same with the flags of a replacement.
pub(super) fn replace(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    make(ip, words, true)
}

fn make(ip: &mut Ip<'_>, mut words: Words<'_>, or_change: bool) -> Result<(), Failure> {
    let options = options::read(ip, &mut words)?;
    let Some(kind) = options.kind else {
        return Err(Failure::new(
            1,
            "Not enough information: \"type\" argument is required",
        ));
    };
    let peer = (kind == "veth" || kind == "vxcan") && !words.is_empty();
    let mut request = NewLink::of_kind(kind, "");
    // What the peer's settings refer to stays open until the request is sent.
    let mut peer_open = Vec::new();
    if peer {
        if words.next() != Some("peer") {
            return Err(Failure::new(1, super::usage::VETH));
        }
        let peer = options::read(ip, &mut words)?;
        if let Some(kind) = peer.kind {
            return Err(crate::words::duplicate("type", kind));
        }
        let mut settings = set::settings(ip, &peer)?;
        settings.name = peer.name.or(peer.dev).map(str::to_owned);
        peer_open.extend(peer.open);
        request = request.peer(|slot| *slot = settings);
        if let Some(ifindex) = peer.ifindex {
            request = request.peer_ifindex(ifindex);
        }
    } else if let Data::Kind(_, mut data) = kind_options::read(ip, Some(kind), words)? {
        if kind == "vxlan" {
            ip.settle();
            data.complete_vxlan()?;
        }
        request = request.raw_data(|out| data.write(out));
    }
    if options.name.is_some() && options.dev.is_some() {
        return Err(Failure::new(
            255,
            "both \"name\" and \"dev\" cannot be used when creating devices.",
        ));
    }
    request.settings = set::settings(ip, &options)?;
    request.settings.name = options.name.or(options.dev).map(str::to_owned);
    request.ifindex = options.ifindex.unwrap_or(0);
    ip.forget();
    let is_open = !options.open.is_empty() || !peer_open.is_empty();
    match (is_open, or_change) {
        (true, true) => ip.call(&Replace(request)),
        (true, false) => ip.call(&request),
        (false, true) => ip.post(&Replace(request)),
        (false, false) => ip.post(&request),
    }
}

/// A link to be made in place of another: the kernel refuses, for a link that exists.
struct Replace(NewLink);

impl Request for Replace {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        self.0.message_type()
    }

    fn flags(&self) -> u16 {
        NLM_F_CREATE | NLM_F_REPLACE
    }

    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }
}
