//! [`Connection::batch`]: many requests, few system calls, every failure with its position.
//!
//! The kernel works a datagram off, message by message, before `send` returns; it answers every
//! failure, asked or not, and goes on. So only the last message of a datagram asks for an
//! acknowledgement, and a datagram holds no more messages than the receive buffer holds answers:
//! even if all fail, none is lost. (One failure it does not answer, in any case: that a signal which kills the
//! process interrupted it, `EINTR`.)

use std::fmt;
use std::ops::Range;
use std::time::Instant;

use crate::connection::Connection;
use crate::error::{DecodeError, Error, KernelError};
use crate::exchange::{Event, Exchange};
use crate::header::{NLM_F_ACK, NLM_F_ECHO, NLM_F_REQUEST};
use crate::message::Message;
use crate::request::{Protocol, Request};
use crate::session::{Session, explain_from};
use crate::socket::{Patience, Socket};
use crate::trace::Direction;

/// How long a datagram of a batch becomes. More gains nothing: the time is not in the system call.
const DATAGRAM: usize = 64 * 1024;

/// What one unread answer takes of the receive buffer, as the kernel accounts it: 832 bytes were
/// seen for all answers of up to 256 bytes, and the next size is 1280. With their echo of the
/// request cut off, failures are shorter than that, words and all.
const ANSWER_COST: usize = 1280;

/// The same for an answer with the resulting object (`NLM_F_ECHO`); a link is some 2304.
const ECHO_COST: usize = 16 * 1024;

/// What of the receive buffer the answer to a request with these flags may take.
pub(crate) const fn answer_cost(flags: u16) -> usize {
    if flags & NLM_F_ECHO != 0 {
        ECHO_COST
    } else {
        ANSWER_COST
    }
}

/// The receive buffer that a datagram of small messages needs: it is grown to this if a batch turns
/// out to be longer than the buffer at hand can take the answers of.
pub(crate) const RECEIVE_BUFFER: usize = 2 << 20;

/// What to do after a request was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// Go on with the others.
    #[default]
    Continue,
    /// Try nothing after it. Each request is then a datagram of its own, because the kernel does not
    /// stop in the middle of one, which costs half as much again.
    Stop,
    /// Try nothing after the datagram that it was in. What behind it was tried is in the report
    /// like everything else: [`BatchReport::sent`] and the failures say it exactly.
    StopAfterDatagram,
}

/// How far a batch is; see [`BatchOptions::progress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchProgress {
    /// Requests that the kernel has worked off.
    pub sent: usize,
    /// Those of them that it refused.
    pub failed: usize,
}

/// How a batch is to be done; see [`Connection::batch_with`].
///
/// ```
/// use nl_core::{BatchOptions, OnFailure};
///
/// let mut most = 0;
/// let options = BatchOptions::new()
///     .on_failure(OnFailure::Stop)
///     .progress(|progress| most = progress.sent);
/// # drop(options);
/// ```
#[derive(Default)]
pub struct BatchOptions<'a> {
    on_failure: OnFailure,
    acknowledge_each: bool,
    answer_cost: Option<usize>,
    datagram: Option<usize>,
    keep_buffers: bool,
    progress: Option<Box<OnProgress<'a>>>,
    replies: Option<Box<OnReply<'a>>>,
}

type OnProgress<'a> = dyn FnMut(BatchProgress) + Send + 'a;
type OnReply<'a> = dyn FnMut(usize, Message<'_>) + Send + 'a;

impl<'a> BatchOptions<'a> {
    /// All requests are tried, and only failures are answered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What to do after a request was refused.
    #[must_use]
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = on_failure;
        self
    }

    /// Has every request acknowledged, a third to a half dearer. The report is the same; if answers
    /// are lost all the same, [`unknown`](BatchReport::unknown) has those whose answers did not come, and
    /// no others.
    #[must_use]
    pub fn acknowledge_each(mut self, on: bool) -> Self {
        self.acknowledge_each = on;
        self
    }

    /// Calls `progress` after each datagram.
    #[must_use]
    pub fn progress(mut self, progress: impl FnMut(BatchProgress) + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Hands over, with the request's position, what the kernel sends beside acknowledgements: the
    /// resulting objects of requests whose flags have `NLM_F_ECHO`.
    #[must_use]
    pub fn replies(mut self, replies: impl FnMut(usize, Message<'_>) + Send + 'a) -> Self {
        self.replies = Some(Box::new(replies));
        self
    }

    /// How many bytes of the receive buffer one answer takes, as the kernel accounts them: 1280, or
    /// 16 KiB for requests with `NLM_F_ECHO`, unless said otherwise. Too little and answers get lost,
    /// which the report then says.
    #[must_use]
    pub fn answer_cost(mut self, bytes: usize) -> Self {
        self.answer_cost = Some(bytes.max(1));
        self
    }

    /// How long a datagram becomes before it is sent, in bytes: 64 KiB unless said otherwise.
    #[must_use]
    pub fn datagram(mut self, bytes: usize) -> Self {
        self.datagram = Some(bytes.max(1));
        self
    }

    /// Leaves the socket's buffers as they are: datagrams become no longer than what the send buffer
    /// takes, nor than the receive buffer has room for the answers of. Otherwise a batch of more than
    /// some 160 requests grows them, to 2 MiB and to the length of a datagram. A single request that is
    /// larger than the send buffer grows that one all the same.
    #[must_use]
    pub fn keep_buffers(mut self, on: bool) -> Self {
        self.keep_buffers = on;
        self
    }
}

impl fmt::Debug for BatchOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchOptions")
            .field("on_failure", &self.on_failure)
            .field("acknowledge_each", &self.acknowledge_each)
            .field("answer_cost", &self.answer_cost)
            .field("datagram", &self.datagram)
            .field("keep_buffers", &self.keep_buffers)
            .finish_non_exhaustive()
    }
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct BatchReport {
    /// How many requests were sent; the kernel has tried them all.
    pub sent: usize,
    /// Those that were refused, in order.
    pub failures: Vec<BatchFailure>,
    /// Spans of which nobody knows, because answers were lost.
    pub unknown: Vec<Range<usize>>,
    /// What ended the batch early, other than a refusal. Requests from [`sent`](Self::sent) on were
    /// not tried; if one cannot be written or sent, it is the one at `sent`.
    pub error: Option<Error>,
}

impl BatchReport {
    /// Whether every request was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failures.is_empty() && self.unknown.is_empty() && self.error.is_none()
    }

    /// Whether the request at `index` was done; `None` if its answer was lost.
    #[must_use]
    pub fn is_done(&self, index: usize) -> Option<bool> {
        if self.unknown.iter().any(|span| span.contains(&index)) {
            return None;
        }
        let refused = self.failures.binary_search_by_key(&index, |f| f.index);
        Some(index < self.sent && refused.is_err())
    }

    /// The first failure as an error, for callers to whom the batch is one thing.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] for a refusal, [`Error::Overrun`] if answers were lost, else what ended
    /// the batch.
    pub fn into_result(self) -> Result<(), Error> {
        if let Some(failure) = self.failures.into_iter().next() {
            return Err(Error::Kernel(Box::new(failure.error)));
        }
        match self.error {
            Some(error) => Err(error),
            None if self.unknown.is_empty() => Ok(()),
            None => Err(Error::Overrun),
        }
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

impl BatchFailure {
    /// Puts it in its place. The kernel answers in order and once; whatever else answers, the first
    /// word counts.
    pub(crate) fn file(self, failures: &mut Vec<Self>) {
        if failures.last().is_none_or(|last| last.index < self.index) {
            failures.push(self);
        } else if let Err(at) = failures.binary_search_by_key(&self.index, |f| f.index) {
            failures.insert(at, self);
        }
    }
}

impl<P: Protocol> Connection<P> {
    /// Asks for many things, in order, in as few system calls as possible. All are tried; those
    /// that the kernel refuses are reported by their position.
    ///
    /// ```no_run
    /// # fn run<R: nl_core::Request>(
    /// #     connection: &mut nl_core::Connection<R::Protocol>,
    /// #     requests: Vec<R>,
    /// # ) -> Result<(), nl_core::Error> {
    /// let report = connection.batch(&requests)?;
    /// for failure in &report.failures {
    ///     eprintln!("request {}: {}", failure.index, failure.error);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Only if not one request was sent: [`Error::Encode`] for one that no message can hold,
    /// [`Error::TooLarge`], or what the socket failed with. Later it stands in the report, as
    /// refusals do.
    pub fn batch<R>(&mut self, requests: impl IntoIterator<Item = R>) -> Result<BatchReport, Error>
    where
        R: Request<Protocol = P>,
    {
        self.batch_with(requests, &mut BatchOptions::new())
    }

    /// [`batch`](Self::batch) with options: to stop at a failure, to be told of progress.
    ///
    /// # Errors
    ///
    /// As [`batch`](Self::batch).
    pub fn batch_with<R>(
        &mut self,
        requests: impl IntoIterator<Item = R>,
        options: &mut BatchOptions<'_>,
    ) -> Result<BatchReport, Error>
    where
        R: Request<Protocol = P>,
    {
        let mut run = Run::new(&self.socket, options)?;
        let mut requests = requests.into_iter().fuse();
        self.drain_pending()?;
        while let Some(exchange) = run.fill(&self.socket, &mut self.session, &mut requests) {
            let datagram = run.datagram(&self.session);
            let result = if self.session.dry {
                self.socket.tell(Direction::Withheld, datagram);
                self.session.pending = None;
                run.withheld();
                Ok(())
            } else if let Err(error) = self.socket.send(datagram) {
                run.not_sent(error);
                break;
            } else {
                self.receive_span(exchange, &mut run)
            };
            run.settle(result);
            if let Err(error) = self.drain_pending() {
                run.stop(error);
                break;
            }
        }
        run.finish()
    }

    fn receive_span(&mut self, exchange: Exchange, run: &mut Run<'_, '_>) -> Result<(), Error> {
        match self.receive_all(exchange, |event, sent| run.accept::<P>(event, sent)) {
            Err(Error::Overrun) => {
                let patience = Patience::new(self.timeout);
                let (socket, session) = (&self.socket, &mut self.session);
                run.read_rest(socket, session, &mut self.buffer, exchange, patience)
            }
            other => other,
        }
    }
}

/// A batch under way; nothing here waits. It is the same for blocking and asynchronous connections.
pub(crate) struct Run<'r, 'a> {
    options: &'r mut BatchOptions<'a>,
    report: BatchReport,
    /// What the receive buffer takes, and the longest datagram that can be sent.
    room: usize,
    limit: usize,
    /// Whether the buffers are as they will be.
    grown: bool,
    capped: bool,
    /// Sequence number of the datagram's first request, and how many it has.
    first: u32,
    count: u32,
    /// Where in the send buffer a message stands that did not fit any more, and its flags.
    carried: Option<(usize, u16)>,
    /// How many of the datagram's requests are known to be answered.
    answered: usize,
    /// Where in the send buffer the request stands that was refused last.
    place: usize,
    over: bool,
}

impl<'r, 'a> Run<'r, 'a> {
    pub(crate) fn new(socket: &Socket, options: &'r mut BatchOptions<'a>) -> Result<Self, Error> {
        Ok(Self {
            room: socket.grow_receive_buffer(0)?,
            limit: socket.grow_send_buffer(0)?,
            grown: options.keep_buffers,
            capped: socket.capped(),
            options,
            report: BatchReport::default(),
            first: 0,
            count: 0,
            carried: None,
            answered: 0,
            place: 0,
            over: false,
        })
    }

    /// Whether a datagram of `len` bytes can be sent, and its answers, which take `used`, be received. If
    /// not at once, the buffers are grown, as far as the system allows: few batches are so long that they
    /// need it, and small ones shall not pay for it.
    fn fits(&mut self, socket: &Socket, len: usize, used: usize) -> bool {
        let fits = |run: &Self| len <= run.limit && used <= run.room;
        if fits(self) {
            return true;
        }
        if !std::mem::replace(&mut self.grown, true) {
            let room = socket.grow_receive_buffer(RECEIVE_BUFFER);
            let datagram = self.options.datagram.unwrap_or(DATAGRAM);
            let limit = socket.grow_send_buffer(datagram);
            self.room = room.unwrap_or(self.room);
            self.limit = limit.unwrap_or(self.limit);
        }
        fits(self)
    }

    /// What of the receive buffer the answer to a message of `len` bytes may take.
    fn cost(&self, len: usize, flags: u16) -> usize {
        let answer = self.options.answer_cost.unwrap_or(answer_cost(flags));
        // Kernels before 4.3 echo all of a refused request; buffers are powers of two.
        answer.saturating_add(if self.capped { 0 } else { 2 * len })
    }

    /// Writes the next datagram; `None` at the end.
    pub(crate) fn fill<P: Protocol, R: Request<Protocol = P>>(
        &mut self,
        socket: &Socket,
        session: &mut Session<P>,
        requests: &mut impl Iterator<Item = R>,
    ) -> Option<Exchange> {
        if self.over {
            return None;
        }
        let target = self.options.datagram.unwrap_or(DATAGRAM);
        // Each takes room for the shortest answer at least, or it is alone.
        let least = self.cost(0, 0);
        let most = u32::try_from(self.room.max(RECEIVE_BUFFER) / least);
        let most = most.unwrap_or(u32::MAX / 2).clamp(1, u32::MAX / 2);
        let ack = if self.options.acknowledge_each {
            NLM_F_ACK
        } else {
            0
        };
        self.first = session.take_seqs(most);
        (self.count, self.answered, self.place) = (0, 0, 0);
        let (mut last_start, mut used) = (0, 0);
        if let Some((start, flags)) = self.carried.take() {
            session.out.keep_from(start);
            session.out.set_seq(0, self.first);
            used = self.cost(session.out.bytes().len(), flags);
            self.count = 1;
        } else {
            session.out.clear();
        }
        while session.out.bytes().len() < target {
            let start = session.out.bytes().len();
            let stop = self.options.on_failure == OnFailure::Stop;
            if self.count > 0 && (stop || !self.fits(socket, start + 1, used.saturating_add(least)))
            {
                break;
            }
            let Some(request) = requests.next() else {
                break;
            };
            let flags = request.flags() | NLM_F_REQUEST | ack;
            let (kind, seq) = (request.message_type(), self.first.wrapping_add(self.count));
            if let Err(error) = session
                .out
                .message(kind, flags, seq, |out| request.write(out))
            {
                self.stop(error.into());
                break;
            }
            let end = session.out.bytes().len();
            used = used.saturating_add(self.cost(end - start, flags));
            if self.count > 0 && !self.fits(socket, end, used) {
                self.carried = Some((start, flags));
                break;
            }
            last_start = start;
            self.count += 1;
        }
        session.give_back(self.first.wrapping_add(self.count));
        if self.count == 0 {
            return None;
        }
        session.out.add_flags(last_start, NLM_F_ACK);
        let last = self.first.wrapping_add(self.count - 1);
        let exchange = Exchange::batch(session.port, self.first, last);
        session.pending = Some(exchange);
        Some(exchange)
    }

    /// What to send: all but a message that is kept for the next datagram.
    pub(crate) fn datagram<'s, P>(&self, session: &'s Session<P>) -> &'s [u8] {
        let bytes = session.out.bytes();
        let end = self.carried.map_or(bytes.len(), |(start, _)| start);
        bytes.get(..end).unwrap_or(bytes)
    }

    /// In a dry run nothing is asked, and counts as done.
    pub(crate) fn withheld(&mut self) {
        self.answered = usize::try_from(self.count).unwrap_or(usize::MAX);
    }

    /// Takes an answer.
    pub(crate) fn accept<P: Protocol>(
        &mut self,
        event: Event<'_>,
        sent: &[u8],
    ) -> Result<(), DecodeError> {
        let first = self.first;
        let position = |seq: u32| usize::try_from(seq.wrapping_sub(first)).unwrap_or(usize::MAX);
        match event {
            Event::Failed(seq, failure) => {
                let (error, place) = explain_from::<P>(sent, self.place, seq, failure);
                self.place = place;
                let index = self.report.sent + position(seq);
                BatchFailure { index, error }.file(&mut self.report.failures);
                self.heard(position(seq));
            }
            Event::Acked(seq) => self.heard(position(seq)),
            Event::Reply(message) => {
                if let Some(replies) = &mut self.options.replies {
                    let seq = message.header.seq.get();
                    replies(self.report.sent + position(seq), message);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The request at `position` of the datagram was answered. Where each is, in order, a gap is a loss.
    fn heard(&mut self, position: usize) {
        let base = self.report.sent;
        let (index, unknown) = (base + position, &mut self.report.unknown);
        if position >= self.answered {
            if self.options.acknowledge_each && position > self.answered {
                unknown.push(base + self.answered..index);
            }
            self.answered = position + 1;
        } else if let Some(at) = unknown.iter().rposition(|span| span.contains(&index))
            && let Some(span) = unknown.get(at).cloned()
        {
            // No kernel answers late, but an answer is an answer.
            let around = [span.start..index, index + 1..span.end];
            unknown.splice(at..=at, around.into_iter().filter(|span| !span.is_empty()));
        }
    }

    /// Reads what was queued before the receive buffer was full; [`Error::Overrun`] in the end.
    pub(crate) fn read_rest<P: Protocol>(
        &mut self,
        socket: &Socket,
        session: &mut Session<P>,
        buffer: &mut Vec<u8>,
        exchange: Exchange,
        patience: Patience,
    ) -> Result<(), Error> {
        let start = Instant::now();
        while let Some((len, source)) = socket.try_receive(buffer)? {
            let (mut exchange, mut problem) = (exchange, None);
            let received = (source, buffer.get(..len).unwrap_or(&[]));
            let mut accept = |event: Event<'_>, sent: &[u8]| self.accept::<P>(event, sent);
            session.take(&mut exchange, received, &mut problem, &mut accept)?;
            patience.left(start)?;
        }
        Err(Error::Overrun)
    }

    /// The datagram was sent and its answers were read, or not.
    pub(crate) fn settle(&mut self, result: Result<(), Error>) {
        let base = self.report.sent;
        self.report.sent += usize::try_from(self.count).unwrap_or(usize::MAX);
        let heard = base.saturating_add(self.answered) >= self.report.sent;
        if result.is_err() || (self.options.acknowledge_each && !heard) {
            self.lose(base);
        }
        if let Err(error) = result {
            self.room /= 2;
            if !matches!(
                error,
                Error::Overrun | Error::NoAnswer | Error::Truncated { .. }
            ) {
                self.stop(error);
            }
        }
        if let Some(progress) = &mut self.options.progress {
            progress(BatchProgress {
                sent: self.report.sent,
                failed: self.report.failures.len(),
            });
        }
        let clean = self.report.failures.is_empty() && self.report.unknown.is_empty();
        self.over |= !clean && self.options.on_failure != OnFailure::Continue;
    }

    /// Some answers of the datagram, whose first request is at `base`, are lost.
    fn lose(&mut self, base: usize) {
        let end = self.report.sent;
        if base + self.answered < end {
            // They come in order and the last are lost first, so all before one that came are known.
            self.report.unknown.push(base + self.answered..end);
            return;
        }
        if self.options.acknowledge_each {
            // Each gap was seen.
            return;
        }
        // The last came: the kernel had no memory for one in between. Known is only what was refused.
        let mut start = base;
        let refused = self.report.failures.iter().map(|failure| failure.index);
        for index in refused.skip_while(|&index| index < base).chain([end]) {
            if start < index {
                self.report.unknown.push(start..index);
            }
            start = index + 1;
        }
    }

    /// The datagram did not reach the kernel.
    pub(crate) fn not_sent(&mut self, error: Error) {
        self.stop(error);
    }

    pub(crate) fn stop(&mut self, error: Error) {
        self.report.error = Some(error);
        self.over = true;
    }

    pub(crate) fn finish(mut self) -> Result<BatchReport, Error> {
        match self.report.error.take() {
            Some(error) if self.report.sent == 0 => Err(error),
            error => {
                self.report.error = error;
                Ok(self.report)
            }
        }
    }
}
