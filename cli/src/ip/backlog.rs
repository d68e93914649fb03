//! [`Backlog`]: what the lines of a batch ask for, kept until it is sent together.

use nl_core::header::HEADER_LEN;
use nl_core::{BatchReport, Connection, Error, Request, Writer};
use nl_route::{RawRequest, Route};

use super::session::{explained, refused};
use crate::failure::{Failure, say};
use crate::output::Output;

/// When it is sent at the latest, in bytes.
const FULL: usize = 256 * 1024;

/// What is asked for and not sent yet, and what became of all that was.
///
/// A request waits only under `-force`: without it nothing behind a line that fails may reach the kernel.
#[derive(Debug)]
pub(super) struct Backlog {
    file: String,
    /// Whether requests wait.
    pub(super) waits: bool,
    messages: Writer,
    entries: Vec<Entry>,
    /// The line that is being worked off.
    pub(super) line: u32,
    /// Whether a line has failed.
    pub(super) failed: bool,
    /// What standard output failed with, at first.
    unwritten: Option<Failure>,
}

/// A request among the messages.
#[derive(Clone, Copy, Debug)]
struct Entry {
    message_type: u16,
    flags: u16,
    start: usize,
    end: usize,
    line: u32,
}

impl Backlog {
    /// Of the lines of `file`; requests wait if `waits`.
    pub(super) fn new(file: &str, waits: bool) -> Self {
        Self {
            file: file.to_owned(),
            waits,
            messages: Writer::new(),
            entries: Vec::new(),
            line: 0,
            failed: false,
            unwritten: None,
        }
    }

    /// Keeps a request of the current line.
    pub(super) fn post<R: Request<Protocol = Route>>(
        &mut self,
        rt: &mut Connection<Route>,
        out: &mut Output,
        request: &R,
    ) -> Result<(), Failure> {
        let start = self.messages.bytes().len() + HEADER_LEN;
        self.messages
            .request(request, 0, 0)
            .map_err(|error| refused(&error.into()))?;
        self.entries.push(Entry {
            message_type: request.message_type(),
            flags: request.flags(),
            start,
            end: self.messages.bytes().len(),
            line: self.line,
        });
        if self.messages.bytes().len() >= FULL {
            self.send(rt, out);
        }
        Ok(())
    }

    /// Sends what waits, and tells of the lines that failed.
    pub(super) fn send(&mut self, rt: &mut Connection<Route>, out: &mut Output) {
        if self.entries.is_empty() {
            return;
        }
        let entries = std::mem::take(&mut self.entries);
        let messages = std::mem::take(&mut self.messages);
        let request = |entry: &Entry| RawRequest {
            message_type: entry.message_type,
            flags: entry.flags,
            payload: messages
                .bytes()
                .get(entry.start..entry.end)
                .unwrap_or_default(),
        };
        let mut rest = entries.as_slice();
        let mut again = false;
        while !rest.is_empty() {
            let report = rt
                .batch(rest.iter().map(request))
                .unwrap_or_else(|error| BatchReport {
                    error: Some(error),
                    ..BatchReport::default()
                });
            for (index, failure) in failures(&report) {
                let line = rest.get(index).map_or(self.line, |entry| entry.line);
                self.complain(out, line, &failure);
            }
            let Some(error) = report.error else {
                break;
            };
            let behind = rest.get(report.sent..).unwrap_or_default();
            let failed = given_up(&error, report.sent, behind.len(), &mut again);
            let (failed, behind) = behind.split_at_checked(failed).unwrap_or((behind, &[]));
            for entry in failed {
                self.complain(out, entry.line, &refused(&error));
            }
            rest = behind;
        }
        // The memory is for the next ones.
        (self.entries, self.messages) = (entries, messages);
        self.entries.clear();
        self.messages.clear();
    }

    /// Writes what lines have printed.
    pub(super) fn finish(&mut self, out: &mut Output) {
        if let Err(error) = out.finish() {
            self.lose(out, error.into());
        }
    }

    /// Standard output cannot be written. That is no line's failure: it is told once, at the end, and till then what
    /// lines print is lost and what they do is done.
    pub(super) fn lose(&mut self, out: &mut Output, unwritten: Failure) {
        self.unwritten.get_or_insert(unwritten);
        out.discard();
    }

    /// Whether nobody reads any more: time to end, as `SIGPIPE` ends `ip`.
    pub(super) fn is_unread(&self) -> bool {
        self.unwritten.as_ref().is_some_and(Failure::is_unread)
    }

    /// What the batch as a whole ends with; that a line failed counts more than that none was read.
    pub(super) fn result(&mut self) -> Result<(), Failure> {
        match self.unwritten.take() {
            Some(unwritten) if self.failed => Err(Failure::new(1, unwritten.text())),
            Some(unwritten) => Err(unwritten.leaving_undone()),
            None if self.failed => Err(Failure::silent(1)),
            None => Ok(()),
        }
    }

    /// Tells of a line that failed; what earlier ones printed stands before it.
    pub(super) fn complain(&mut self, out: &mut Output, line: u32, failure: &Failure) {
        self.failed = true;
        self.finish(out);
        if !failure.text().is_empty() {
            say(failure);
        }
        say(format_args!("Command failed {}:{line}", self.file));
    }
}

/// How many of the `untried` requests fail of an error that ended a batch.
///
/// One that cannot be written or sent is the first of them, and the next may go. Of any other error none is to blame,
/// and all are tried `again`, but not without end.
fn given_up(error: &Error, sent: usize, untried: usize, again: &mut bool) -> usize {
    match error {
        Error::Encode(_) | Error::TooLarge { .. } => 1,
        _ if sent == 0 && *again => untried,
        _ => {
            *again = true;
            0
        }
    }
}

/// What was refused and what is not known, by position.
fn failures(report: &BatchReport) -> Vec<(usize, Failure)> {
    let refused_ones = report
        .failures
        .iter()
        .map(|failure| (failure.index, explained(&failure.error)));
    let lost = report.unknown.iter().cloned().flatten();
    let lost = lost.map(|index| (index, refused(&Error::Overrun)));
    let mut all: Vec<_> = refused_ones.chain(lost).collect();
    all.sort_by_key(|(index, _)| *index);
    all
}

#[cfg(test)]
mod tests {
    use nl_core::EncodeError;

    use super::*;

    #[test]
    fn only_what_cannot_be_sent_is_its_lines_fault() {
        let mut again = false;
        let limit = 1000;
        for error in [
            Error::TooLarge { len: 2000, limit },
            Error::Encode(EncodeError::MessageTooLong),
        ] {
            assert_eq!(given_up(&error, 7, 3, &mut again), 1);
            assert_eq!(given_up(&error, 0, 3, &mut again), 1);
        }
        let error = Error::io("send")(std::io::Error::from_raw_os_error(105));
        assert_eq!(given_up(&error, 7, 3, &mut again), 0);
        assert_eq!(given_up(&error, 0, 3, &mut again), 3);
        again = false;
        assert_eq!(given_up(&error, 0, 3, &mut again), 0);
        assert_eq!(given_up(&error, 0, 3, &mut again), 3);
    }
}
