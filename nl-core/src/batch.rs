//! [`Connection::batch`]: many requests, few system calls, every failure with its position.

use std::ops::Range;

use crate::connection::{Connection, explain};
use crate::error::{Error, KernelError};
use crate::exchange::{Event, Exchange};
use crate::header::{NLM_F_ACK, NLM_F_REQUEST};
use crate::request::{Protocol, Request};

/// How long a datagram of a batch becomes. More gains nothing: the time is not in the system call.
const DATAGRAM: usize = 64 * 1024;

/// What one unread answer takes of the receive buffer, as the kernel accounts it; it was seen to
/// be 768 to 832.
const ANSWER_COST: usize = 1024;

/// What became of a batch.
#[derive(Debug, Default)]
pub struct BatchReport {
    /// How many requests were sent.
    pub sent: usize,
    /// Those that were refused, in order.
    pub failures: Vec<BatchFailure>,
    /// Spans of which nobody knows, because answers were lost.
    pub unknown: Vec<Range<usize>>,
}

impl BatchReport {
    /// Whether every request was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failures.is_empty() && self.unknown.is_empty()
    }
}

/// A request of a batch that was refused.
#[derive(Debug)]
pub struct BatchFailure {
    /// Its position in the input, from 0.
    pub index: usize,
    /// What the kernel said.
    pub error: KernelError,
}

impl<P: Protocol> Connection<P> {
    /// Asks for many things, in order, in as few system calls as possible. All are tried; those
    /// that the kernel refuses are reported by their position.
    ///
    /// Only the last request of each datagram is acknowledged: failures are answered anyway, and
    /// a datagram never holds more requests than the receive buffer holds answers, so none is lost.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`] for a request that no message can hold: those before it were done. Otherwise
    /// what the socket failed with. Refusals are in the report.
    pub fn batch<R>(&mut self, requests: impl IntoIterator<Item = R>) -> Result<BatchReport, Error>
    where
        R: Request<Protocol = P>,
    {
        let room = self.socket.grow_receive_buffer(DATAGRAM * 4)?;
        let most = u32::try_from(room / ANSWER_COST).unwrap_or(u32::MAX).max(1);
        let mut report = BatchReport::default();
        let mut requests = requests.into_iter();
        loop {
            self.ready()?;
            let first = self.take_seqs(most);
            let mut count = 0;
            let mut last_start = 0;
            let mut problem = None;
            while count < most && self.out.bytes().len() < DATAGRAM {
                let Some(request) = requests.next() else {
                    break;
                };
                let start = self.out.bytes().len();
                let (kind, flags) = (request.message_type(), request.flags() | NLM_F_REQUEST);
                if let Err(error) = self
                    .out
                    .message(kind, flags, first + count, |out| request.write(out))
                {
                    problem = Some(error);
                    break;
                }
                last_start = start;
                count += 1;
            }
            if count > 0 {
                self.out.add_flags(last_start, NLM_F_ACK);
                self.send_span(first, count, &mut report)?;
            }
            if let Some(error) = problem {
                return Err(error.into());
            }
            if count == 0 {
                return Ok(report);
            }
        }
    }

    fn send_span(&mut self, first: u32, count: u32, report: &mut BatchReport) -> Result<(), Error> {
        let base = report.sent;
        let mut exchange = Exchange::batch(self.socket.port(), first, first + count - 1);
        self.socket.send(self.out.bytes())?;
        report.sent += usize::try_from(count).unwrap_or(usize::MAX);
        let failures = &mut report.failures;
        let result = self.receive_all(&mut exchange, |event, sent| {
            if let Event::Failed(seq, failure) = event {
                failures.push(BatchFailure {
                    index: base + usize::try_from(seq.wrapping_sub(first)).unwrap_or(usize::MAX),
                    error: explain::<P>(sent, seq, failure),
                });
            }
            Ok(())
        });
        match result {
            Err(Error::Overrun | Error::NoAnswer) => {
                report.unknown.push(base..report.sent);
                Ok(())
            }
            other => other,
        }
    }
}
