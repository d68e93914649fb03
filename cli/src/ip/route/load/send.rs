//! Routes are sent as they are read; those whose gateways cannot be reached yet wait for the rest.

use nl_core::{BatchReport, Connection, Errno, Error, Request};
use nl_route::Route;

use super::line::Line;
use super::{Load, PASSES};
use crate::failure::Failure;
use crate::ip::session::{Ip, explained, refused};

/// What is said of a route that was to be sent again when the socket failed.
pub(super) const UNTRIED: &str = "it was not sent any more";

/// A request that was not done, by its position, and what the kernel said, if it was that.
pub(super) struct Undone {
    pub(super) index: usize,
    pub(super) errno: Option<Errno>,
    pub(super) failure: Failure,
}

impl Undone {
    /// One that was not sent any more.
    pub(super) fn untried(index: usize) -> Self {
        Self {
            index,
            errno: None,
            failure: Failure::new(2, UNTRIED),
        }
    }
}

/// Whether a refusal may end with a route that comes later: a list has the default route before the link that it needs.
pub(super) fn is_unreached(errno: Errno) -> bool {
    errno == Errno(nix::libc::ENETUNREACH) || errno == Errno(nix::libc::EHOSTUNREACH)
}

/// Whether what could not be sent was too long, which is nobody else's fault, and the rest may be sent.
pub(super) fn is_its_own(error: &Error) -> bool {
    matches!(error, Error::Encode(_) | Error::TooLarge { .. })
}

/// Sends requests; which were not done, and whether the socket ended it.
pub(super) fn deliver<'i, I, R: Request<Protocol = Route>>(
    rt: &mut Connection<Route>,
    items: &'i [I],
    request: impl Fn(&'i I) -> R + Copy,
) -> (Vec<Undone>, bool) {
    let mut undone = Vec::new();
    let mut from = 0;
    while let Some(rest) = items.get(from..)
        && !rest.is_empty()
    {
        let report = rt.batch(rest.iter().map(request));
        let report = report.unwrap_or_else(|error| BatchReport {
            error: Some(error),
            ..BatchReport::default()
        });
        undone.extend(report.failures.iter().map(|failure| Undone {
            index: from + failure.index,
            errno: Some(failure.error.errno),
            failure: explained(&failure.error),
        }));
        let unsaid = |index, failure| Undone {
            index,
            errno: None,
            failure,
        };
        for index in report.unknown.into_iter().flatten() {
            let lost = Failure::new(2, "the kernel's answer was lost");
            undone.push(unsaid(from + index, lost));
        }
        let Some(error) = report.error else {
            break;
        };
        from += report.sent;
        if !is_its_own(&error) {
            undone.extend((from..items.len()).map(|index| unsaid(index, refused(&error))));
            return (undone, true);
        }
        undone.push(unsaid(from, refused(&error)));
        from += 1;
    }
    (undone, false)
}

impl Load<'_> {
    /// Sends all routes.
    pub(super) fn send(
        &mut self,
        ip: &mut Ip<'_>,
        mut rt: Connection<Route>,
    ) -> Result<(), Failure> {
        let sent = self.send_all(ip, &mut rt);
        let sent = sent.and_then(|()| self.send_waiting(&mut rt));
        for (number, failure) in std::mem::take(&mut self.waiting).drain() {
            self.complain(number, &failure);
        }
        sent
    }

    fn send_all(&mut self, ip: &mut Ip<'_>, rt: &mut Connection<Route>) -> Result<(), Failure> {
        loop {
            let chunk = self.chunk(ip);
            if chunk.is_empty() {
                return Ok(());
            }
            self.send_chunk(rt, &chunk)?;
            self.progress.show(self.tally.sent, self.input.read());
        }
    }

    fn send_chunk(
        &mut self,
        rt: &mut Connection<Route>,
        chunk: &[(u32, Line)],
    ) -> Result<(), Failure> {
        let (undone, is_over) = deliver(rt, chunk, |(_, line)| line);
        self.tally.sent += chunk.len();
        self.tally.done += chunk.len().saturating_sub(undone.len());
        for Undone {
            index,
            errno,
            failure,
        } in undone
        {
            let Some((number, line)) = chunk.get(index) else {
                continue;
            };
            let is_there = errno == Some(Errno::EEXIST);
            if is_there && self.replace && line.is_one_more() {
                // The very same was said before: replaced by itself it is there.
                self.tally.done += 1;
                continue;
            }
            let waits = errno.is_some_and(is_unreached) && !matches!(line, Line::Delete(_));
            if !waits || !self.waiting.push(*number, line, &failure) {
                self.complain(*number, &failure);
            }
        }
        match is_over {
            true => Err(Failure::silent(2)),
            false => Ok(()),
        }
    }

    /// Sends what waits, as long as that helps; what is left still waits.
    fn send_waiting(&mut self, rt: &mut Connection<Route>) -> Result<(), Failure> {
        for _ in 0..PASSES {
            let before = self.waiting.len();
            let mut waiting = std::mem::take(&mut self.waiting);
            let (done, is_over) = waiting.retry(rt, |number, failure| {
                self.complain(number, failure);
            });
            self.waiting = waiting;
            self.tally.done += done;
            if is_over {
                return Err(Failure::silent(2));
            }
            if self.waiting.len() == before {
                break;
            }
        }
        Ok(())
    }
}
