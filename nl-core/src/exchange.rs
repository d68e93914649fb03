//! [`Exchange`]: requests, acknowledgements, dumps and batches as a state machine that does no I/O.
//!
//! A driver sends what was written, then hands each received message to
//! [`accept`](Exchange::accept) until [`is_done`](Exchange::is_done).

use crate::extack::Failure;
use crate::header::{
    NLM_F_DUMP_INTR, NLM_F_MULTI, NLMSG_DONE, NLMSG_ERROR, NLMSG_MIN_TYPE, NLMSG_OVERRUN,
};
use crate::message::Message;

/// Who sent a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Port of the sender; 0 is the kernel, all others are processes.
    pub port: u32,
    /// Bit mask of the multicast group; 0 for an answer, unless it is the echo of a notification.
    pub groups: u32,
}

impl Source {
    /// An answer of the kernel.
    pub const KERNEL: Self = Self { port: 0, groups: 0 };
}

/// What a received message means to an exchange.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Not part of it: another sequence number, another port, a notification, a no-op.
    Ignored,
    /// An object that was asked for.
    Reply(Message<'a>),
    /// The request with this sequence number was acknowledged.
    Acked(u32),
    /// The request with this sequence number was refused.
    Failed(u32, Failure<'a>),
    /// A dump came to its end.
    Done,
    /// The kernel says that it lost data.
    Overrun,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// One acknowledgement.
    Ack,
    /// One object.
    Reply,
    /// Objects, then the end.
    Dump,
    /// Failures of any of a range; the end is the answer to the last.
    Batch,
}

/// One exchange with the kernel: which answers belong to it, and when it is complete.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    expect: Expect,
    port: u32,
    first: u32,
    last: u32,
    done: bool,
    interrupted: bool,
    answered: bool,
}

impl Exchange {
    const fn new(expect: Expect, port: u32, first: u32, last: u32) -> Self {
        Self {
            expect,
            port,
            first,
            last,
            done: false,
            interrupted: false,
            answered: false,
        }
    }

    /// A request with `NLM_F_ACK`. `port` is the socket's own.
    #[must_use]
    pub const fn ack(port: u32, seq: u32) -> Self {
        Self::new(Expect::Ack, port, seq, seq)
    }

    /// A request for one object, without `NLM_F_ACK`.
    #[must_use]
    pub const fn reply(port: u32, seq: u32) -> Self {
        Self::new(Expect::Reply, port, seq, seq)
    }

    /// A request with `NLM_F_DUMP`.
    #[must_use]
    pub const fn dump(port: u32, seq: u32) -> Self {
        Self::new(Expect::Dump, port, seq, seq)
    }

    /// Requests `first` to `last` (wrapping), of which only `last` has `NLM_F_ACK`: the kernel
    /// works through a datagram in order and answers every failure, so the answer to `last` means
    /// that all are known.
    #[must_use]
    pub const fn batch(port: u32, first: u32, last: u32) -> Self {
        Self::new(Expect::Batch, port, first, last)
    }

    /// Whether everything that was expected has come.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done
    }

    /// Whether an object came that was asked for, marked as one of several ([`NLM_F_MULTI`]). Some protocols mark
    /// a single one so and send no end; all that they send they have sent when the request's `send` returns, so that
    /// an empty queue is the end.
    #[must_use]
    pub const fn is_answered(&self) -> bool {
        self.answered
    }

    /// Whether it is a list, which the kernel makes while it is received.
    pub(crate) fn is_dump(&self) -> bool {
        self.expect == Expect::Dump
    }

    /// Whether the kernel marked a dump as inconsistent (`NLM_F_DUMP_INTR`).
    #[must_use]
    pub const fn interrupted(&self) -> bool {
        self.interrupted
    }

    /// Position of a sequence number in this exchange: 0 for the first request.
    #[must_use]
    pub const fn position(&self, seq: u32) -> u32 {
        seq.wrapping_sub(self.first)
    }

    /// Says what a received message is to this exchange.
    #[inline]
    pub fn accept<'a>(&mut self, source: Source, message: Message<'a>) -> Event<'a> {
        let seq = message.header.seq.get();
        // An echoed object (NLM_F_ECHO) comes with the group of the notification that it is; errors and ends come
        // to one socket alone.
        let echo = matches!(self.expect, Expect::Ack | Expect::Batch)
            && message.message_type() >= NLMSG_MIN_TYPE;
        if source.port != Source::KERNEL.port
            || (source.groups != 0 && !echo)
            || message.header.port.get() != self.port
            || self.position(seq) > self.position(self.last)
            || self.done
        {
            return Event::Ignored;
        }
        if self.expect == Expect::Dump && message.flags() & NLM_F_DUMP_INTR != 0 {
            self.interrupted = true;
        }
        if message.message_type() >= NLMSG_MIN_TYPE {
            if self.expect == Expect::Reply {
                let multi = message.flags() & NLM_F_MULTI != 0;
                (self.done, self.answered) = (!multi, multi);
            }
            return Event::Reply(message);
        }
        self.control(seq, message)
    }

    /// Whether a message is an object of a list that changes nothing here: [`accept`](Self::accept) would only hand
    /// it back.
    #[inline]
    pub(crate) fn is_plain_reply(&self, source: Source, message: &Message<'_>) -> bool {
        self.expect == Expect::Dump
            && !self.done
            && source == Source::KERNEL
            && message.header.port.get() == self.port
            && message.header.seq.get() == self.first
            && message.flags() & NLM_F_DUMP_INTR == 0
            && message.message_type() >= NLMSG_MIN_TYPE
    }

    fn control<'a>(&mut self, seq: u32, message: Message<'a>) -> Event<'a> {
        match message.message_type() {
            NLMSG_ERROR => {
                let Some(failure) = Failure::from_error(&message) else {
                    return Event::Ignored;
                };
                if failure.errno != 0 {
                    self.done |= self.expect != Expect::Batch || seq == self.last;
                    return Event::Failed(seq, failure);
                }
                // An acknowledgement in the middle of a dump is not its end.
                self.done |= self.expect != Expect::Dump && seq == self.last;
                Event::Acked(seq)
            }
            NLMSG_DONE => {
                let failure = Failure::from_done(&message);
                let acknowledges = matches!(self.expect, Expect::Ack | Expect::Batch);
                if failure.errno == 0 && acknowledges {
                    // The end of something else: nothing was acknowledged.
                    return Event::Ignored;
                }
                self.done |= self.expect != Expect::Batch || seq == self.last;
                if failure.errno != 0 {
                    Event::Failed(seq, failure)
                } else {
                    Event::Done
                }
            }
            NLMSG_OVERRUN => Event::Overrun,
            _ => Event::Ignored,
        }
    }
}
