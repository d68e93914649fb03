//! `ip address flush`.

use nl_route::RawRequest;
use nl_route::protocol::RTM_DELADDR;

use super::filter::Filter;
use super::{list, show};
use crate::failure::Failure;
use crate::ip::flush::Rounds;
use crate::ip::session::explained;
use crate::ip::{Ip, refused};
use crate::words::Words;

/// How often what is left is deleted, unless `-loops` says otherwise.
const ROUNDS: u32 = 10;

/// `flush [ dev IFNAME ] [ scope SCOPE-ID ] …`: deletes what `show` with the same words shows.
pub(super) fn flush(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    if words.is_empty() {
        return Err(Failure::new(1, "Flush requires arguments."));
    }
    let filter = Filter::read(ip, words)?;
    if filter.links_only() {
        return Err(Failure::new(1, "Cannot flush link addresses."));
    }
    let limit = ip.options.loops.unwrap_or(ROUNDS);
    let mut rounds = Rounds::new("addresses");
    loop {
        let mut addrs = list::addrs(ip, &filter)?;
        let mut kept = Vec::new();
        for addr in addrs.drain(..) {
            let view = addr.view();
            if is_wanted(ip, &filter, &view)? {
                kept.push(addr);
            }
        }
        if kept.is_empty() {
            return rounds.finish(ip);
        }
        if ip.options.statistics > 1 {
            for addr in &kept {
                show::full(ip, &addr.view(), true).print_text(&ip.options, ip.out)?;
            }
        }
        if limit != 0 && rounds.done() == limit {
            return Err(Failure::new(
                1,
                format!(
                    "*** Flush not completed after {limit} rounds, {} entries remain ***",
                    kept.len()
                ),
            ));
        }
        rounds.next(ip, kept.len())?;
        let requests = kept.iter().map(|addr| RawRequest {
            message_type: RTM_DELADDR,
            flags: 0,
            payload: addr.payload(),
        });
        let report = ip
            .connection()
            .batch(requests)
            .map_err(|error| refused(&error))?;
        // An address that went with another one is no failure: the kernel deletes secondary ones with the first.
        let refusal = report
            .failures
            .into_iter()
            .find(|failure| !is_gone(failure.error.errno));
        if let Some(failure) = refusal {
            return Err(explained(&failure.error));
        }
        if ip.is_dry_run() {
            return Ok(());
        }
    }
}

fn is_wanted(
    ip: &mut Ip<'_>,
    filter: &Filter,
    addr: &nl_route::addr::AddrView<'_>,
) -> Result<bool, Failure> {
    let name = ip.link_name(addr.ifindex());
    if !filter.admits(addr, &name)
        || filter
            .link
            .ifindex
            .is_some_and(|ifindex| ifindex != addr.ifindex())
    {
        return Ok(false);
    }
    if filter.link
        == (crate::ip::link::Filter {
            ifindex: filter.link.ifindex,
            ..Default::default()
        })
    {
        return Ok(true);
    }
    let link = ip
        .connection()
        .get(&nl_route::link::GetLink::new(addr.ifindex()));
    Ok(filter
        .link
        .admits(&link.map_err(|error| refused(&error))?.view()))
}

/// `EADDRNOTAVAIL`.
fn is_gone(errno: nl_core::Errno) -> bool {
    errno == nl_core::Errno::EADDRNOTAVAIL
}
