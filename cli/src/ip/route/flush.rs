//! `ip route flush`: delete what is selected.

use std::fs;
use std::io::Write;

use nl_core::{Errno, Error};
use nl_route::RawRequest;
use nl_route::protocol::RTM_DELROUTE;
use nl_route::route::{RouteType, RouteView};

use super::print::doc;
use super::select::{Select, has_ipv6};
use crate::failure::{Failure, strerror};
use crate::ip::Ip;
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
            flush_cache()?;
            if statistics > 0 {
                writeln!(ip.out, "*** IPv4 routing cache is flushed.")?;
            }
        }
        if select.family == AF_INET {
            return Ok(());
        }
    }
    let mut round = 0;
    loop {
        let routes = ip
            .connection()
            .collect(&select.request())
            .map_err(|error| Failure::new(2, format!("{}\nFlush terminated", refused(&error))))?;
        let mut deleted = 0;
        let mut failure = None;
        for route in &routes {
            let view = route.view();
            if !select.fits(&view) || is_last_resort(&view) {
                continue;
            }
            if statistics > 1 {
                let doc = doc(ip, &view, &select);
                ip.print(&[doc])?;
            }
            let request = RawRequest {
                message_type: RTM_DELROUTE,
                flags: 0,
                payload: route.payload(),
            };
            match ip.connection().call(&request) {
                // Gone with another one, or by itself.
                Err(error) if error.errno() == Some(Errno(nix::libc::ESRCH)) => {}
                // The others go nevertheless.
                Err(error) => failure = Some(error),
                Ok(()) => deleted += 1,
            }
        }
        if let Some(error) = failure {
            return Err(flush_failed(2, &error));
        }
        if deleted == 0 {
            break;
        }
        round += 1;
        if statistics > 0 {
            writeln!(
                ip.out,
                "\n*** Round {round}, deleting {deleted} entries ***"
            )?;
        }
    }
    if statistics > 0 {
        match round {
            0 if select.cloned && !has_ipv6(select.family) => {}
            0 => writeln!(ip.out, "Nothing to flush.")?,
            1 => writeln!(ip.out, "*** Flush is complete after 1 round ***")?,
            _ => writeln!(ip.out, "*** Flush is complete after {round} rounds ***")?,
        }
    }
    Ok(())
}

/// An object that could not be deleted by `flush`.
pub(in crate::ip) fn flush_failed(code: u8, error: &Error) -> Failure {
    let why = match error.errno() {
        Some(errno) => errno.description().to_owned(),
        None => error.to_string(),
    };
    Failure::new(code, format!("Failed to send flush request: {why}"))
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
            eprintln!("Cannot open \"{FILE}\": {}", strerror(&error));
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
