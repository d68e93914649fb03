//! [`Session`]: what a blocking and an asynchronous connection share; nothing here waits.
//!
//! A driver writes a request with [`Session::begin`], sends [`Session::out`], hands each datagram
//! to [`Session::take`] (or to a [`Cursor`], for a list) until the exchange is done, and asks the
//! answer what came of it.

use std::marker::PhantomData;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::error::{DecodeError, Error, KernelError, What};
use crate::exchange::{Event, Exchange, Source};
use crate::extack::Failure;
use crate::header::HEADER_LEN;
use crate::message::{Message, Messages};
use crate::request::{Protocol, Request};
use crate::socket::{Patience, Socket};
use crate::view::{Owned, View};
use crate::writer::Writer;

/// The requests that were written last, and which answers are still due.
#[derive(Debug)]
pub(crate) struct Session<P> {
    pub(crate) out: Writer,
    pub(crate) port: u32,
    next_seq: u32,
    /// The exchange whose end was not seen: a dump that was left, a future that was dropped. What
    /// is queued of it is thrown away before anything else is asked.
    pub(crate) pending: Option<Exchange>,
    /// Changes are written and shown, not sent.
    pub(crate) dry: bool,
    protocol: PhantomData<fn() -> P>,
}

impl<P: Protocol> Session<P> {
    pub(crate) fn new(port: u32) -> Self {
        Self {
            out: Writer::new(),
            port,
            next_seq: 1,
            pending: None,
            dry: crate::trace::default_dry_run(),
            protocol: PhantomData,
        }
    }

    /// The next `count` sequence numbers; 0 is left to notifications.
    pub(crate) fn take_seqs(&mut self, count: u32) -> u32 {
        if self.next_seq.checked_add(count).is_none() {
            self.next_seq = 1;
        }
        let first = self.next_seq;
        self.next_seq = first.saturating_add(count);
        first
    }

    /// The numbers from `next` on were taken and not used.
    pub(crate) fn give_back(&mut self, next: u32) {
        self.next_seq = next;
    }

    /// Writes one request; `exchange` is what is expected of it. Nothing may be pending.
    pub(crate) fn begin<R>(
        &mut self,
        request: &R,
        flags: u16,
        exchange: fn(u32, u32) -> Exchange,
    ) -> Result<Exchange, Error>
    where
        R: Request<Protocol = P> + ?Sized,
    {
        self.out.clear();
        let seq = self.take_seqs(1);
        self.out.request(request, flags, seq)?;
        let exchange = exchange(self.port, seq);
        self.pending = Some(exchange);
        Ok(exchange)
    }

    /// Reads the rest of an exchange whose end was not seen, but no more than `limit` datagrams, or as long as
    /// `timeout` allows; whether nothing is left. Answers are made before `send` returns, and lists while they
    /// are received: what is not there at once never comes.
    pub(crate) fn drain(
        &mut self,
        socket: &Socket,
        buffer: &mut Vec<u8>,
        timeout: Option<Duration>,
        limit: Option<usize>,
    ) -> Result<bool, Error> {
        let Some(mut exchange) = self.pending else {
            return Ok(true);
        };
        let patience = Patience::new(timeout);
        let start = Instant::now();
        let mut datagrams = 0;
        while !exchange.is_done() {
            if limit == Some(datagrams) {
                return Ok(false);
            }
            match socket.try_receive(buffer) {
                // The kernel cannot go on with the list while nobody receives it, and begins no other.
                Ok(None) if limit.is_some() && exchange.is_dump() => return Ok(false),
                Ok(None) => break,
                Ok(Some((len, source))) => {
                    let datagram = buffer.get(..len).unwrap_or(&[]);
                    for message in Messages::new(datagram).flatten() {
                        exchange.accept(source, message);
                    }
                }
                Err(Error::Overrun | Error::Truncated { .. }) => {}
                Err(error) => return Err(error),
            }
            datagrams += 1;
            if limit.is_none() {
                patience.left(start)?;
            }
        }
        self.pending = None;
        Ok(true)
    }

    /// Goes on over a fresh socket, which owes nothing.
    pub(crate) fn restart(&mut self, port: u32) {
        self.port = port;
        self.pending = None;
    }

    /// Works a received datagram off; `each` gets every event and what was sent. Its first
    /// complaint is kept in `problem`, so that the answers are read to their end and the next
    /// exchange starts clean.
    pub(crate) fn take(
        &mut self,
        exchange: &mut Exchange,
        (source, datagram): (Source, &[u8]),
        problem: &mut Option<DecodeError>,
        each: &mut impl FnMut(Event<'_>, &[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), Error> {
        for message in Messages::new(datagram) {
            let event = match message {
                Ok(message) => exchange.accept(source, message),
                // A stranger's datagram may be anything.
                Err(_) if source != Source::KERNEL => break,
                Err(error) => return Err(error.into()),
            };
            if matches!(event, Event::Overrun) {
                return Err(Error::Overrun);
            }
            if let Err(error) = each(event, self.out.bytes()) {
                problem.get_or_insert(error);
            }
        }
        if exchange.is_done() {
            self.pending = None;
        }
        Ok(())
    }
}

/// What became of a request that is only acknowledged.
pub(crate) struct CallAnswer<F> {
    each: F,
    failure: Option<KernelError>,
}

impl<F: FnMut(Message<'_>)> CallAnswer<F> {
    pub(crate) fn new(each: F) -> Self {
        Self {
            each,
            failure: None,
        }
    }

    pub(crate) fn accept<P: Protocol>(
        &mut self,
        event: Event<'_>,
        sent: &[u8],
    ) -> Result<(), DecodeError> {
        match event {
            Event::Reply(message) => (self.each)(message),
            Event::Failed(seq, refused) => self.failure = Some(explain::<P>(sent, seq, refused)),
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(), Error> {
        self.failure
            .map_or(Ok(()), |error| Err(Error::Kernel(Box::new(error))))
    }
}

/// What became of a request for one object.
pub(crate) struct GetAnswer<V> {
    reply_type: u16,
    answer: Option<Result<Owned<V>, KernelError>>,
}

impl<V: View> GetAnswer<V> {
    pub(crate) fn new(reply_type: u16) -> Self {
        Self {
            reply_type,
            answer: None,
        }
    }

    pub(crate) fn accept<P: Protocol>(
        &mut self,
        event: Event<'_>,
        sent: &[u8],
    ) -> Result<(), DecodeError> {
        match event {
            Event::Reply(message) => {
                expect_type(&message, self.reply_type)?;
                self.answer = Some(Ok(Owned::from_payload(message.payload)?));
            }
            Event::Failed(seq, refused) => {
                self.answer = Some(Err(explain::<P>(sent, seq, refused)));
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<Owned<V>, Error> {
        match self.answer {
            Some(Ok(object)) => Ok(object),
            Some(Err(error)) => Err(Error::Kernel(Box::new(error))),
            None => Err(Error::NoObject),
        }
    }
}

/// Where in a list its reader is: the exchange, and the place in the datagram received last.
#[derive(Debug)]
pub(crate) struct Cursor {
    exchange: Exchange,
    reply_type: u16,
    source: Source,
    /// Where the next message stands.
    at: usize,
    len: usize,
    /// A part of the list was lost: what follows is not all of it, and its end is not a success.
    lost: bool,
}

/// What the reader of a list has to do next.
pub(crate) enum Step {
    /// Receive a datagram and say so with [`Cursor::received`].
    Receive,
    /// The object's message stands here in the buffer.
    Object(Range<usize>),
    /// Nothing: the list is complete.
    End,
}

impl Cursor {
    pub(crate) fn new(exchange: Exchange, reply_type: u16) -> Self {
        Self {
            exchange,
            reply_type,
            source: Source::KERNEL,
            at: 0,
            len: 0,
            lost: false,
        }
    }

    pub(crate) fn interrupted(&self) -> bool {
        self.exchange.interrupted()
    }

    /// A datagram of that many bytes is in the buffer, or was lost.
    pub(crate) fn received(
        &mut self,
        received: Result<(usize, Source), Error>,
    ) -> Result<(), Error> {
        match received {
            Ok((len, source)) => (self.at, self.len, self.source) = (0, len, source),
            Err(error) => {
                self.lost |= matches!(error, Error::Overrun | Error::Truncated { .. });
                return Err(error);
            }
        }
        Ok(())
    }

    /// Goes on to the next object in `buffer`.
    #[inline]
    pub(crate) fn step<P: Protocol>(
        &mut self,
        session: &mut Session<P>,
        buffer: &[u8],
    ) -> Result<Step, Error> {
        match self.plain(buffer) {
            Some(place) => Ok(Step::Object(place)),
            None => self.step_over(session, buffer),
        }
    }

    /// The next message, if it is what most of a list are: one more object, and nothing to remember.
    #[inline]
    fn plain(&mut self, buffer: &[u8]) -> Option<Range<usize>> {
        let (message, behind) = Message::split(buffer.get(self.at..self.len)?).ok()?;
        if message.message_type() != self.reply_type
            || !self.exchange.is_plain_reply(self.source, &message)
        {
            return None;
        }
        let start = self.at;
        self.at = self.len - behind.len();
        Some(start..start + HEADER_LEN + message.payload.len())
    }

    #[inline(never)]
    fn step_over<P: Protocol>(
        &mut self,
        session: &mut Session<P>,
        buffer: &[u8],
    ) -> Result<Step, Error> {
        loop {
            if self.lost {
                return Err(Error::Overrun);
            }
            if self.exchange.is_done() {
                return Ok(Step::End);
            }
            let rest = buffer.get(self.at..self.len).unwrap_or(&[]);
            if rest.is_empty() {
                return Ok(Step::Receive);
            }
            let start = self.at;
            let (message, behind) = match Message::split(rest) {
                Ok(split) => split,
                Err(error) => {
                    self.at = self.len;
                    if self.source != Source::KERNEL {
                        continue;
                    }
                    return Err(error.into());
                }
            };
            self.at = self.len - behind.len();
            let event = self.exchange.accept(self.source, message);
            if self.exchange.is_done() {
                session.pending = None;
            }
            match event {
                Event::Reply(message) => {
                    expect_type(&message, self.reply_type)?;
                    let end = start + HEADER_LEN + message.payload.len();
                    return Ok(Step::Object(start..end));
                }
                Event::Failed(seq, failure) => {
                    let error = explain::<P>(session.out.bytes(), seq, failure);
                    return Err(Error::Kernel(Box::new(error)));
                }
                Event::Overrun => (self.lost, self.at) = (true, self.len),
                Event::Done | Event::Acked(_) | Event::Ignored => {}
            }
        }
    }
}

fn expect_type(message: &Message<'_>, wanted: u16) -> Result<(), DecodeError> {
    if message.message_type() == wanted {
        Ok(())
    } else {
        Err(DecodeError::new(0, What::UnexpectedType))
    }
}

/// Puts a refusal in words, looking up the message that it answers in what was sent.
pub(crate) fn explain<P: Protocol>(sent: &[u8], seq: u32, failure: Failure<'_>) -> KernelError {
    explain_from::<P>(sent, 0, seq, failure).0
}

/// [`explain`], looking from `place` on, and where the message was found. Answers come in the order
/// of the requests, so that a batch that fails as a whole is walked once.
pub(crate) fn explain_from<P: Protocol>(
    sent: &[u8],
    place: usize,
    seq: u32,
    failure: Failure<'_>,
) -> (KernelError, usize) {
    let find = |place: usize| {
        let mut messages = Messages::new(sent.get(place..).unwrap_or(&[]));
        loop {
            let at = place + messages.offset();
            let message = messages.next()?.ok()?;
            if message.header.seq.get() == seq {
                return Some((message, at));
            }
        }
    };
    let found = find(place).or_else(|| find(0));
    let request = found.map(|(message, _)| message);
    let message_type = request.and_then(|request| P::message_type(request.message_type()));
    let place = found.map_or(place, |(_, at)| at);
    (failure.explain(request, message_type), place)
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Nothing {}

    impl Protocol for Nothing {
        const NUMBER: i32 = 0;
        const NAME: &'static str = "nothing";
        const STRICT: bool = false;

        fn message_types() -> &'static [crate::MessageType] {
            &[]
        }
    }

    #[test]
    fn numbers_begin_again_before_they_overflow_and_are_never_zero() {
        let mut session = Session::<Nothing>::new(1);
        for next in [1, 7, u32::MAX - 8, u32::MAX - 7, u32::MAX - 1, u32::MAX] {
            for count in [0, 1, 7, 8, 9, u32::MAX / 2, u32::MAX - 1, u32::MAX] {
                session.give_back(next);
                let first = session.take_seqs(count);
                assert_ne!(first, 0);
                assert!(first.checked_add(count - count.min(1)).is_some());
                assert_ne!(session.take_seqs(1), 0);
            }
        }
    }
}
