//! [`Waiting`]: routes whose gateways could not be reached yet, as the bytes of their requests.

use nl_core::{Connection, Request, Writer};
use nl_route::{RawRequest, Route};

use super::line::Line;
use super::send::{Undone, deliver, is_unreached};
use super::{CHUNK, SPELLED_OUT};
use crate::failure::Failure;

/// How much may wait, in bytes: a million routes of one gateway each.
const MOST: usize = 64 << 20;

/// A request among the bytes.
#[derive(Clone, Copy, Debug)]
struct Entry {
    number: u32,
    message_type: u16,
    flags: u16,
    start: u32,
    end: u32,
}

#[derive(Debug, Default)]
pub(super) struct Waiting {
    payloads: Vec<u8>,
    entries: Vec<Entry>,
    /// Why the first of them could not be made: of more it is not told.
    failures: Vec<Failure>,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Keeps a line's request, if there is room for it.
    pub(super) fn push(&mut self, number: u32, line: &Line, failure: &Failure) -> bool {
        let mut payload = Writer::new();
        line.write(&mut payload);
        let start = self.payloads.len();
        let end = start + payload.bytes().len();
        let is_full = end + size_of::<Entry>() * self.entries.len() > MOST;
        let (Ok(start), Ok(end), false) = (u32::try_from(start), u32::try_from(end), is_full)
        else {
            return false;
        };
        self.payloads.extend_from_slice(payload.bytes());
        self.entries.push(Entry {
            number,
            message_type: line.message_type(),
            flags: line.flags(),
            start,
            end,
        });
        self.explain(failure);
        true
    }

    fn explain(&mut self, failure: &Failure) {
        if self.failures.len() < SPELLED_OUT {
            self.failures.push(failure.clone());
        }
    }

    /// Sends all of them again; how many were done, and whether the socket ended it. What could not be reached again
    /// goes on waiting, other failures are for `tell`.
    pub(super) fn retry(
        &mut self,
        rt: &mut Connection<Route>,
        mut tell: impl FnMut(u32, &Failure),
    ) -> (usize, bool) {
        let count = self.entries.len();
        self.failures.clear();
        let (mut kept, mut done) = (0, 0);
        let mut is_over = false;
        for start in (0..count).step_by(CHUNK) {
            let chunk = self.entries.get(start..count.min(start + CHUNK));
            let chunk = chunk.unwrap_or_default();
            let payloads = &self.payloads;
            let (undone, over) = match is_over {
                false => deliver(rt, chunk, |entry| request(payloads, entry)),
                // They wait for nothing more, and are told.
                true => ((0..chunk.len()).map(Undone::untried).collect(), true),
            };
            is_over = over;
            done += chunk.len().saturating_sub(undone.len());
            for Undone {
                index,
                errno,
                failure,
            } in undone
            {
                let Some(&entry) = self.entries.get(start + index) else {
                    continue;
                };
                if !is_over && !errno.is_some_and(is_unreached) {
                    tell(entry.number, &failure);
                    continue;
                }
                // It has been read: the places before it are free.
                if let Some(place) = self.entries.get_mut(kept) {
                    *place = entry;
                    kept += 1;
                }
                self.explain(&failure);
            }
        }
        self.entries.truncate(kept);
        (done, is_over)
    }

    /// The lines that wait no longer, and why they were not done.
    pub(super) fn drain(self) -> impl Iterator<Item = (u32, Failure)> {
        let Self {
            entries, failures, ..
        } = self;
        // There is one of each that is spelled out.
        let rest = std::iter::repeat_with(|| Failure::silent(2));
        let numbers = entries.into_iter().map(|entry| entry.number);
        numbers.zip(failures.into_iter().chain(rest))
    }
}

fn request<'p>(payloads: &'p [u8], entry: &Entry) -> RawRequest<'p> {
    let payload = payloads.get(entry.start as usize..entry.end as usize);
    RawRequest {
        message_type: entry.message_type,
        flags: entry.flags,
        payload: payload.unwrap_or_default(),
    }
}
