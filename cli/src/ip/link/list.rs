//! `ip link show`.

use nl_route::link::{GetLink, GetLinks, Link, RTEXT_FILTER_SKIP_STATS, RTEXT_FILTER_VF};

use super::show::{self, Command};
use super::{Filter, parse};
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::doc::Doc;
use crate::ip::options::{AF_PACKET, AF_UNSPEC};
use crate::words::{Words, duplicate_or_garbage};

/// `show [ DEVICE | group GROUP ] [ up ] [ master DEV ] [ vrf NAME ] [ type TYPE ] [ nomaster ]`.
pub(super) fn list(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let mut filter = Filter::default();
    let mut device = None;
    while let Some(word) = words.next() {
        if parse::filter(ip, &mut filter, word, &mut words)? {
            continue;
        }
        let name = if word == "dev" {
            words.required()?
        } else {
            word
        };
        if name == "help" && word != "dev" {
            return super::usage::help(ip, words);
        }
        if device.replace(name).is_some() {
            return Err(duplicate_or_garbage("dev", name));
        }
    }
    if let Some(name) = device {
        filter.ifindex = Some(parse::existing(ip, name)?);
    }

    let links = links(ip, &filter, AF_UNSPEC)?;
    ip.remember(&links);
    let mut docs = Vec::new();
    for link in &links {
        let link = link.view();
        if !filter.admits(&link) {
            // JSON has an empty object for what is left out.
            docs.push(Doc::new());
        } else if ip.options.brief {
            docs.push(show::brief(ip, &link, Command::Link));
        } else {
            docs.push(show::full(ip, &link, Command::Link));
        }
    }
    ip.print(&docs)
}

/// The link that is asked for, or all of a family's dump that the kernel does not leave out by itself.
pub(in crate::ip) fn links(
    ip: &mut Ip<'_>,
    filter: &Filter,
    family: u8,
) -> Result<Vec<Link>, Failure> {
    let mask = if ip.options.statistics > 0 {
        RTEXT_FILTER_VF
    } else {
        RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS
    };
    if let Some(ifindex) = filter.ifindex {
        let link = ip.connection().get(&GetLink::new(ifindex).ext_mask(mask));
        return Ok(vec![link.map_err(|error| crate::ip::refused(&error))?]);
    }
    let mut request = GetLinks::new().family(family);
    // The dumps of families take no attributes.
    if matches!(family, AF_UNSPEC | AF_PACKET) {
        request.ext_mask = mask;
        request.master = filter.master;
        request.kind = filter.kind.clone().filter(|kind| !kind.ends_with("_slave"));
    }
    ip.collect(&request)
}
