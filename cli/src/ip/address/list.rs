//! `ip address show`.

use nl_route::Family;
use nl_route::addr::{Addr, GetAddrs};
use nl_route::link::Link;

use super::filter::Filter;
use super::show;
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::doc::Doc;
use crate::ip::link::show::{self as link_show, Command};
use crate::ip::link::{self, stats};
use crate::ip::options::AF_UNSPEC;
use crate::words::Words;

/// `show [ dev IFNAME ] [ scope SCOPE-ID ] [ to PREFIX ] …`.
pub(super) fn list(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    let filter = Filter::read(ip, words)?;
    let mut links = link::links(ip, &filter.link, ip.options.family)?;
    ip.remember(&links);
    let addrs = if filter.links_only() {
        Vec::new()
    } else {
        let addrs = addrs(ip, &filter)?;
        links.retain(|link| is_wanted(&filter, link, &addrs));
        addrs
    };
    // With -oneline and with a label, addresses stand alone.
    let links_too =
        ip.options.brief || filter.links_only() || !(ip.options.oneline || filter.label.is_some());
    let family = std::mem::replace(&mut ip.options.family, filter.family);
    let mut docs = Vec::new();
    for link in &links {
        let view = link.view();
        if !filter.link.admits(&view) && links_too {
            docs.push(Doc::new());
            continue;
        }
        let mut doc = match (links_too, ip.options.brief) {
            (false, _) => Doc::new(),
            (true, true) => link_show::brief(ip, &view, Command::Address),
            (true, false) => link_show::full(ip, &view, Command::Address),
        };
        if !filter.links_only() {
            let own = addrs
                .iter()
                .filter(|addr| addr.view().ifindex() == view.ifindex());
            let mut infos = Vec::new();
            for addr in own {
                let addr = addr.view();
                if !filter.admits(&addr, view.name().unwrap_or_default()) {
                    // As with links, JSON has an empty object for what is left out.
                    infos.push(Doc::new());
                    continue;
                }
                infos.push(if ip.options.brief {
                    show::brief(&addr)
                } else {
                    show::full(ip, &addr, ip.options.oneline)
                });
            }
            doc.objects("addr_info", infos);
        }
        if ip.options.brief {
            doc.text("\n");
        } else if links_too && ip.options.statistics > 0 {
            stats::show(&ip.options, &view, &mut doc, false);
        }
        docs.push(doc);
    }
    ip.options.family = family;
    ip.print(&docs)
}

/// The addresses of the links that are asked for.
pub(super) fn addrs(ip: &mut Ip<'_>, filter: &Filter) -> Result<Vec<Addr>, Failure> {
    let mut request = GetAddrs::all().family(Family(filter.family));
    request.ifindex = filter.link.ifindex;
    ip.collect(&request)
}

/// Whether a link has an address that is wanted, or has none at all and none is asked for.
fn is_wanted(filter: &Filter, link: &Link, addrs: &[Addr]) -> bool {
    let link = link.view();
    let mut own = addrs
        .iter()
        .filter(|addr| addr.view().ifindex() == link.ifindex())
        .peekable();
    if own.peek().is_none() {
        return filter.family == AF_UNSPEC;
    }
    own.any(|addr| filter.admits(&addr.view(), link.name().unwrap_or_default()))
}
