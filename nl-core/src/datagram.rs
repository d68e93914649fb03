//! [`Connection::datagram`]: requests that must reach the kernel together.

use std::time::Instant;

use crate::batch::{BatchFailure, RECEIVE_BUFFER, answer_cost};
use crate::connection::Connection;
use crate::error::Error;
use crate::exchange::{Exchange, Source};
use crate::extack::Failure;
use crate::header::{
    NLM_F_ACK, NLM_F_ECHO, NLM_F_REQUEST, NLMSG_ERROR, NLMSG_MIN_TYPE, NLMSG_OVERRUN,
};
use crate::message::{Message, Messages};
use crate::request::{Protocol, Request};
use crate::session::{Session, explain_from};
use crate::socket::{Patience, Socket};
use crate::trace::Direction;

/// What the receive buffer is grown to at most for the objects that are sent back (`NLM_F_ECHO`): those are read.
const ECHO_BUFFER: usize = 64 << 20;

/// What the kernel answered to one datagram.
#[derive(Debug, Default)]
pub struct DatagramReport {
    /// The requests that were refused, in order, each once.
    pub failures: Vec<BatchFailure>,
    /// Whether the last request was acknowledged.
    pub acknowledged: bool,
    /// Whether answers were lost because the receive buffer was full.
    pub overrun: bool,
}

impl<P: Protocol> Connection<P> {
    /// Sends requests in one datagram, however large, and reads all answers; only the last
    /// request is acknowledged.
    ///
    /// The kernel works a datagram off before `send` returns, so the answers are complete when the
    /// queue is empty. Waiting for an acknowledgement would hang where the kernel sends none: an
    /// nfnetlink batch that failed, or any before Linux 6.10.
    ///
    /// `each` gets the messages that the kernel sends beside failures: the resulting objects, if a
    /// request's flags have `NLM_F_ECHO`.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if the send buffer cannot be made large enough, [`Error::Encode`] for a
    /// request that no message can hold: nothing was sent then. Otherwise what the socket failed
    /// with. Refusals are in the report.
    pub fn datagram<R>(
        &mut self,
        requests: impl ExactSizeIterator<Item = R>,
        each: impl FnMut(Message<'_>),
    ) -> Result<DatagramReport, Error>
    where
        R: Request<Protocol = P>,
    {
        self.drain_pending()?;
        send_together(
            &self.socket,
            &mut self.session,
            &mut self.buffer,
            Patience::new(self.timeout),
            requests,
            each,
        )
    }
}

/// [`Connection::datagram`], for blocking and asynchronous connections: nothing here waits.
pub(crate) fn send_together<P: Protocol, R: Request<Protocol = P>>(
    socket: &Socket,
    session: &mut Session<P>,
    buffer: &mut Vec<u8>,
    patience: Patience,
    requests: impl ExactSizeIterator<Item = R>,
    mut each: impl FnMut(Message<'_>),
) -> Result<DatagramReport, Error> {
    session.out.clear();
    let count = u32::try_from(requests.len()).unwrap_or(u32::MAX);
    let first = session.take_seqs(count);
    let (mut last_start, mut room, mut most) = (0, 0usize, RECEIVE_BUFFER);
    for (request, seq) in requests.zip(first..first.saturating_add(count)) {
        last_start = session.out.bytes().len();
        session.out.request(&request, NLM_F_REQUEST, seq)?;
        room = room.saturating_add(answer_cost(request.flags()));
        if request.flags() & NLM_F_ECHO != 0 {
            most = ECHO_BUFFER;
        }
    }
    if count == 0 {
        return Ok(DatagramReport::default());
    }
    session.out.add_flags(last_start, NLM_F_ACK);
    if session.dry {
        socket.tell(Direction::Withheld, session.out.bytes());
        return Ok(DatagramReport {
            acknowledged: true,
            ..DatagramReport::default()
        });
    }
    // All may be refused. More than this is seldom allowed, and nobody reads so many errors.
    socket.grow_receive_buffer(room.min(most))?;
    // If the answers are not read to their end, what is left is thrown away before the next request.
    let last = first.saturating_add(count - 1);
    session.pending = Some(Exchange::batch(session.port, first, last));
    socket.send(session.out.bytes())?;
    let (start, mut place) = (Instant::now(), 0);
    let mut report = DatagramReport::default();
    loop {
        patience.left(start)?;
        let (len, source) = match socket.try_receive(buffer) {
            Ok(Some(received)) => received,
            Ok(None) => {
                session.pending = None;
                return Ok(report);
            }
            Err(Error::Overrun | Error::Truncated { .. }) => {
                report.overrun = true;
                continue;
            }
            Err(error) => return Err(error),
        };
        // An echoed object comes with the group of its notification.
        if source.port != Source::KERNEL.port {
            continue;
        }
        for message in Messages::new(buffer.get(..len).unwrap_or(&[])) {
            let message = message?;
            let position = message.header.seq.get().wrapping_sub(first);
            if message.header.port.get() != session.port || position >= count {
                continue;
            }
            if message.message_type() >= NLMSG_MIN_TYPE {
                each(message);
            } else if message.message_type() == NLMSG_OVERRUN {
                report.overrun = true;
            } else if message.message_type() == NLMSG_ERROR
                && let Some(failure) = Failure::from_error(&message)
            {
                if failure.errno == 0 {
                    report.acknowledged |= position == count - 1;
                    continue;
                }
                let seq = message.header.seq.get();
                let (error, found) = explain_from::<P>(session.out.bytes(), place, seq, failure);
                place = found;
                let index = usize::try_from(position).unwrap_or(usize::MAX);
                BatchFailure { index, error }.file(&mut report.failures);
            }
        }
    }
}
