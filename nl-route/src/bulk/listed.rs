//! Deletes the routes that a list picks, in bounded memory: read on one connection, deleted in
//! chunks on another.

use nl_core::{Connection, Errno, Error, KernelError, Writer};

use super::{RouteDeleteReport, RouteFailure};
use crate::RawRequest;
use crate::protocol::{RTM_DELROUTE, Route};
use crate::route::{GetRoutes, RouteEntry, RouteView};

/// How many bytes of requests are gathered before they are sent.
const CHUNK: usize = 256 * 1024;

/// How often a list is read again because something was deleted while it was read, or answers were lost. Somebody who
/// makes such routes all the time must not keep us for ever.
const PASSES: usize = 16;

/// How often a list is read again for lost answers alone: each may have been awaited as long as the connection does.
const DEAF_PASSES: usize = 3;

/// Deletes the routes of `list` that `pick` picks.
///
/// A list that changes while it is read may miss an object (IPv6: behind what was deleted), so it
/// is read again until nothing is left to delete. A second reading of an emptied list is cheap.
pub(super) fn delete(
    rt: &mut Connection<Route>,
    list: &GetRoutes,
    mut pick: impl FnMut(&RouteView<'_>) -> bool,
) -> Result<RouteDeleteReport, Error> {
    let mut report = RouteDeleteReport::default();
    let mut lister = rt.beside()?;
    let mut chunk = Chunk::default();
    let mut deaf = 0;
    for _ in 0..PASSES {
        // What still cannot be deleted is met again.
        report.failures.clear();
        let mut last = Pass::default();
        let result = pass(rt, &mut lister, list, &mut pick, &mut chunk, &mut last);
        report.deleted += last.deleted;
        report.failures.append(&mut last.failures);
        match result {
            Ok(()) if last.deleted == 0 && last.unknown == 0 => return Ok(report),
            // Nothing went: it would be found again and again.
            Ok(()) if rt.is_dry_run() => return Ok(report),
            Ok(()) if last.deleted == 0 => {
                deaf += 1;
                if deaf == DEAF_PASSES {
                    report.error = Some(Error::Overrun);
                    return Ok(report);
                }
            }
            Ok(()) => {}
            Err(error) if report.deleted == 0 => return Err(error),
            Err(error) => {
                report.error = Some(error);
                return Ok(report);
            }
        }
    }
    report.error = Some(Error::Interrupted);
    Ok(report)
}

/// What became of the routes of one reading.
#[derive(Default)]
struct Pass {
    deleted: usize,
    /// Of how many nobody knows. If they are still there, the next reading has them.
    unknown: usize,
    failures: Vec<RouteFailure>,
}

/// Reads the list once.
fn pass(
    rt: &mut Connection<Route>,
    lister: &mut Connection<Route>,
    list: &GetRoutes,
    pick: &mut impl FnMut(&RouteView<'_>) -> bool,
    chunk: &mut Chunk,
    report: &mut Pass,
) -> Result<(), Error> {
    chunk.clear();
    let mut dump = lister.start_dump(list)?;
    loop {
        let message = match dump.next_message() {
            Ok(Some(message)) => message,
            Ok(None) => break,
            // No such table: nothing is in it.
            Err(Error::Kernel(error)) if error.errno == Errno::ENOENT => break,
            Err(error) => return Err(error),
        };
        let route = RouteView::parse(message.payload)?;
        if pick(&route) {
            chunk.push(&route);
        }
        if chunk.payloads.bytes().len() >= CHUNK {
            chunk.delete(rt, report)?;
        }
    }
    chunk.delete(rt, report)
}

/// Requests to delete, one behind the other.
#[derive(Default)]
struct Chunk {
    payloads: Writer,
    ends: Vec<usize>,
}

impl Chunk {
    fn clear(&mut self) {
        self.payloads.clear();
        self.ends.clear();
    }

    /// Appends the request that deletes exactly this route.
    fn push(&mut self, route: &RouteView<'_>) {
        route.write_request(&mut self.payloads);
        self.ends.push(self.payloads.bytes().len());
    }

    fn payload(&self, index: usize) -> Option<&[u8]> {
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.payloads.bytes().get(start..*self.ends.get(index)?)
    }

    /// Sends what was gathered, and forgets it.
    fn delete(&mut self, rt: &mut Connection<Route>, report: &mut Pass) -> Result<(), Error> {
        if self.ends.is_empty() {
            return Ok(());
        }
        let requests = (0..self.ends.len()).filter_map(|index| {
            Some(RawRequest {
                message_type: RTM_DELROUTE,
                flags: 0,
                payload: self.payload(index)?,
            })
        });
        let batch = rt.batch(requests)?;
        let unknown: usize = batch.unknown.iter().map(ExactSizeIterator::len).sum();
        report.unknown += unknown;
        report.deleted += batch.sent - batch.failures.len() - unknown;
        let all_refused = batch.failures.len() == batch.sent;
        for failure in batch.failures {
            // Somebody else was faster.
            if failure.error.errno == Errno::ESRCH {
                continue;
            }
            report.failures.push(RouteFailure {
                route: self.entry(failure.index)?,
                error: failure.error,
            });
        }
        let all_refused = all_refused && report.failures.len() == self.ends.len();
        let first = all_refused.then(|| report.failures.first()).flatten();
        // Without the right to delete, a million refusals say no more than one.
        let denied = first.filter(|failure| failure.error.errno == Errno::EPERM);
        let denied: Option<KernelError> = denied.map(|failure| failure.error.clone());
        self.clear();
        match (batch.error, denied) {
            (Some(error), _) => Err(error),
            (None, Some(error)) => Err(Error::Kernel(Box::new(error))),
            (None, None) => Ok(()),
        }
    }

    fn entry(&self, index: usize) -> Result<RouteEntry, Error> {
        Ok(RouteEntry::from_payload(
            self.payload(index).unwrap_or(&[]),
        )?)
    }
}
