//! `ip route flush`: delete what is selected.

use std::fs;
use std::io::Write;

use nl_core::Errno;
use nl_route::protocol::RTM_DELROUTE;
use nl_route::route::{RouteEntry, RouteType, RouteView};

use super::is_unknown;
use super::print::doc;
use super::select::{Select, has_ipv6};
use crate::failure::{Failure, say, strerror};
use crate::ip::Ip;
use crate::ip::flush::Deletion;
use crate::ip::options::{AF_INET, AF_INET6};
use crate::ip::session::refused;
use crate::words::Words;

pub(super) fn flush(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    if words.is_empty() {
        return Err(Failure::new(1, "\"ip route flush\" requires arguments."));
    }
    let select = Select::parse(ip, words)?;
    let statistics = ip.options.statistics;
    if select.cloned {
        if select.family != AF_INET6 {
            if ip.is_dry_run() {
                return Err(Failure::new(2, "nlctl: the routing cache knows no dry run"));
            }
            ip.settle();
            flush_cache()?;
            if statistics > 0 {
                writeln!(ip.out, "*** IPv4 routing cache is flushed.")?;
            }
        }
        if select.family == AF_INET {
            return Ok(());
        }
    }
    let deletion = Deletion {
        message_type: RTM_DELROUTE,
        gone: Errno(nix::libc::ESRCH),
        code: 2,
    };
    let rounds = deletion.run(
        ip,
        |ip| selected(ip, &select),
        |route, out| route.view().write_request(out),
    )?;
    if rounds.done() == 0 && select.cloned && !has_ipv6(select.family) {
        return Ok(());
    }
    rounds.finish(ip)
}

/// What is to go; with `-statistics` twice it is shown.
fn selected(ip: &mut Ip<'_>, select: &Select) -> Result<Vec<RouteEntry>, Failure> {
    let in_batch = ip.backlog().is_some();
    let mut routes = match ip.connection().collect(&select.request()) {
        Err(error) if in_batch && is_unknown(&error) => Vec::new(),
        Err(error) => {
            let text = format!("{}\nFlush terminated", refused(&error));
            return Err(Failure::new(2, text));
        }
        Ok(routes) => routes,
    };
    routes.retain(|route| select.fits(&route.view()) && !is_last_resort(&route.view()));
    if ip.options.statistics > 1 {
        for route in &routes {
            let doc = doc(ip, &route.view(), select);
            ip.print(&[doc])?;
        }
    }
    Ok(routes)
}

/// The kernel's own default route of IPv6, which only says that there is none; it cannot be deleted.
fn is_last_resort(route: &RouteView<'_>) -> bool {
    route.family().0 == AF_INET6
        && route.header().dst_len == 0
        && route.route_type() == RouteType::UNREACHABLE
        && route.priority() == Some(u32::MAX)
}

/// A file that cannot be opened is told of and then passed over, as `ip` does; a write that is refused is not.
fn flush_cache() -> Result<(), Failure> {
    const FILE: &str = "/proc/sys/net/ipv4/route/flush";
    let mut file = match fs::OpenOptions::new().write(true).open(FILE) {
        Ok(file) => file,
        Err(error) => {
            say(format_args!("Cannot open \"{FILE}\": {}", strerror(&error)));
            return Ok(());
        }
    };
    file.write_all(b"-1").map_err(|error| {
        Failure::new(
            2,
            format!("Cannot flush routing cache: {}", strerror(&error)),
        )
    })
}
