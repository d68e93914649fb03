//! [`Connection`]: requests, dumps and batches over a blocking socket.

use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::error::{DecodeError, Error, KernelError, What};
use crate::exchange::{Event, Exchange, Source};
use crate::extack::Failure;
use crate::header::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};
use crate::message::{Message, Messages};
use crate::request::{DumpRequest, GetRequest, Protocol, Request};
use crate::socket::Socket;
use crate::view::{Owned, View};
use crate::writer::Writer;

/// The longest datagram there is: a 64 KiB attribute in an nfnetlink message of a page more.
/// Memory that no datagram reaches is never touched.
const RECEIVE_BUFFER: usize = 65_535 + 4096 + 512;

/// How long the kernel may take to answer; it answers before `send` returns, except for dumps.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How often an interrupted dump is asked for again.
const DUMP_ATTEMPTS: usize = 8;

/// A conversation with one protocol of the kernel, in one network namespace.
///
/// It is `Send`; each thread that asks wants one of its own.
#[derive(Debug)]
pub struct Connection<P> {
    pub(crate) socket: Socket,
    pub(crate) out: Writer,
    pub(crate) buffer: Vec<u8>,
    next_seq: u32,
    /// A dump that was left before its end; its rest is read before anything else is asked.
    unfinished: Option<Exchange>,
    protocol: PhantomData<fn() -> P>,
}

impl<P: Protocol> Connection<P> {
    /// Opens a connection in the calling thread's network namespace.
    ///
    /// Extended acknowledgements are on, and strict checking where the protocol knows it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the kernel lacks the protocol, or the process may open no more files.
    pub fn open() -> Result<Self, Error> {
        Self::over(Socket::open(P::NUMBER)?)
    }

    /// Opens a connection in the network namespace that `netns` refers to (an open
    /// `/run/netns/NAME` or `/proc/PID/ns/net`). The caller's thread stays where it is.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); `EPERM` without `CAP_SYS_ADMIN` there, `EINVAL` if it is not a
    /// network namespace.
    pub fn open_in(netns: BorrowedFd<'_>) -> Result<Self, Error> {
        Self::over(Socket::open_in(netns, P::NUMBER)?)
    }

    fn over(socket: Socket) -> Result<Self, Error> {
        if P::STRICT {
            // Kernels before 4.20 filter nothing; callers that filter check what they get.
            let _ = socket.set_strict(true);
        }
        socket.set_timeout(Some(TIMEOUT))?;
        Ok(Self {
            socket,
            out: Writer::new(),
            buffer: vec![0; RECEIVE_BUFFER],
            next_seq: 1,
            unfinished: None,
            protocol: PhantomData,
        })
    }

    /// The socket, for options.
    #[must_use]
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Asks for something to be done and waits for the acknowledgement.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] with the kernel's words if it refuses; otherwise what the socket failed with.
    pub fn call<R>(&mut self, request: &R) -> Result<(), Error>
    where
        R: Request<Protocol = P> + ?Sized,
    {
        self.call_with(request, |_| {})
    }

    /// [`call`](Self::call), handing over the messages that the kernel sends beside the
    /// acknowledgement: the resulting objects, if the request's flags have `NLM_F_ECHO`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn call_with<R>(
        &mut self,
        request: &R,
        mut each: impl FnMut(Message<'_>),
    ) -> Result<(), Error>
    where
        R: Request<Protocol = P> + ?Sized,
    {
        let seq = self.begin(request, NLM_F_REQUEST | NLM_F_ACK)?;
        let mut exchange = Exchange::ack(self.socket.port(), seq);
        self.socket.send(self.out.bytes())?;
        let mut failure = None;
        self.receive_all(&mut exchange, |event, sent| {
            match event {
                Event::Reply(message) => each(message),
                Event::Failed(seq, refused) => failure = Some(explain::<P>(sent, seq, refused)),
                _ => {}
            }
            Ok(())
        })?;
        failure.map_or(Ok(()), |error| Err(Error::Kernel(Box::new(error))))
    }

    /// Asks for one object.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] if there is none (`ENODEV`, `ENOENT`, …); otherwise as [`call`](Self::call).
    pub fn get<R>(&mut self, request: &R) -> Result<Owned<R::Reply>, Error>
    where
        R: GetRequest<Protocol = P>,
    {
        let seq = self.begin(request, NLM_F_REQUEST)?;
        let mut exchange = Exchange::reply(self.socket.port(), seq);
        self.socket.send(self.out.bytes())?;
        let mut answer = None;
        self.receive_all(&mut exchange, |event, sent| {
            match event {
                Event::Reply(message) => {
                    expect_type(&message, R::REPLY_TYPE)?;
                    answer = Some(Ok(Owned::from_payload(message.payload)?));
                }
                Event::Failed(seq, refused) => answer = Some(Err(explain::<P>(sent, seq, refused))),
                _ => {}
            }
            Ok(())
        })?;
        match answer {
            Some(Ok(object)) => Ok(object),
            Some(Err(error)) => Err(Error::Kernel(Box::new(error))),
            None => Err(Error::NoAnswer),
        }
    }

    /// Asks for a list of objects and hands out each as a view that borrows the receive buffer.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] after the last object if the objects changed meanwhile: what was
    /// handed out may be incomplete or double. [`collect`](Self::collect) asks again by itself.
    /// Otherwise as [`call`](Self::call).
    pub fn dump<R>(
        &mut self,
        request: &R,
        mut each: impl FnMut(<R::Reply as View>::At<'_>),
    ) -> Result<(), Error>
    where
        R: DumpRequest<Protocol = P>,
    {
        let mut dump = self.start_dump(request)?;
        while let Some(object) = dump.next()? {
            each(object);
        }
        if dump.interrupted() {
            Err(Error::Interrupted)
        } else {
            Ok(())
        }
    }

    /// Asks for a list of objects and keeps them all; asks again if they changed meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] if they changed during each of eight attempts; otherwise as
    /// [`call`](Self::call).
    pub fn collect<R>(&mut self, request: &R) -> Result<Vec<Owned<R::Reply>>, Error>
    where
        R: DumpRequest<Protocol = P>,
    {
        for _ in 0..DUMP_ATTEMPTS {
            let mut objects = Vec::new();
            let mut dump = self.start_dump(request)?;
            while let Some(message) = dump.next_message()? {
                objects.push(Owned::from_payload(message.payload)?);
            }
            if !dump.interrupted() {
                return Ok(objects);
            }
        }
        Err(Error::Interrupted)
    }

    /// Asks for a list of objects, to be taken one by one.
    ///
    /// ```no_run
    /// # fn list<R: nl_core::DumpRequest>(
    /// #     connection: &mut nl_core::Connection<R::Protocol>,
    /// #     request: R,
    /// # ) -> Result<(), nl_core::Error> {
    /// let mut dump = connection.start_dump(&request)?;
    /// while let Some(object) = dump.next()? {
    ///     println!("{object:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn start_dump<R>(&mut self, request: &R) -> Result<Dump<'_, P, R::Reply>, Error>
    where
        R: DumpRequest<Protocol = P>,
    {
        let seq = self.begin(request, NLM_F_REQUEST | NLM_F_DUMP)?;
        let exchange = Exchange::dump(self.socket.port(), seq);
        self.socket.send(self.out.bytes())?;
        Ok(Dump {
            connection: self,
            exchange,
            reply_type: R::REPLY_TYPE,
            source: Source::KERNEL,
            at: 0,
            len: 0,
            view: PhantomData,
        })
    }

    /// The next `count` sequence numbers; 0 is left to notifications.
    pub(crate) fn take_seqs(&mut self, count: u32) -> u32 {
        if self.next_seq.checked_add(count).is_none() {
            self.next_seq = 1;
        }
        let first = self.next_seq;
        self.next_seq += count;
        first
    }

    /// Empties the send buffer and reads what an earlier exchange left unread.
    pub(crate) fn ready(&mut self) -> Result<(), Error> {
        if let Some(mut exchange) = self.unfinished.take() {
            self.receive_all(&mut exchange, |_, _| Ok(()))?;
        }
        self.out.clear();
        Ok(())
    }

    fn begin<R>(&mut self, request: &R, flags: u16) -> Result<u32, Error>
    where
        R: Request<Protocol = P> + ?Sized,
    {
        self.ready()?;
        let seq = self.take_seqs(1);
        let flags = request.flags() | flags;
        self.out
            .message(request.message_type(), flags, seq, |out| request.write(out))?;
        Ok(seq)
    }

    /// Receives until `exchange` is complete; `each` gets every event and what was sent.
    pub(crate) fn receive_all(
        &mut self,
        exchange: &mut Exchange,
        mut each: impl FnMut(Event<'_>, &[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), Error> {
        let mut problem = None;
        while !exchange.is_done() {
            let (len, source) = self.socket.receive(&mut self.buffer)?;
            for message in Messages::new(self.buffer.get(..len).unwrap_or(&[])) {
                let event = match message {
                    Ok(message) => exchange.accept(source, message),
                    // A stranger's datagram may be anything.
                    Err(_) if source != Source::KERNEL => break,
                    Err(error) => return Err(error.into()),
                };
                if matches!(event, Event::Overrun) {
                    return Err(Error::Overrun);
                }
                // The answers are read to their end, so that the next exchange starts clean.
                if let Err(error) = each(event, self.out.bytes()) {
                    problem.get_or_insert(error);
                }
            }
        }
        problem.map_or(Ok(()), |error| Err(error.into()))
    }
}

impl<P> AsFd for Connection<P> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A list of objects that is being read; see [`Connection::start_dump`].
///
/// It may be dropped before its end: the connection then reads the rest before its next request.
#[derive(Debug)]
pub struct Dump<'c, P: Protocol, V> {
    connection: &'c mut Connection<P>,
    exchange: Exchange,
    reply_type: u16,
    source: Source,
    /// Where in the received datagram the next message stands.
    at: usize,
    len: usize,
    view: PhantomData<fn() -> V>,
}

impl<P: Protocol, V: View> Dump<'_, P, V> {
    /// The next object, `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] if the kernel ended the list with an error, [`Error::Decode`] for an
    /// object that cannot be read (the next call goes on behind it); otherwise as [`Connection::call`].
    #[allow(
        clippy::should_implement_trait,
        reason = "each view borrows the buffer; Iterator cannot say that"
    )]
    pub fn next(&mut self) -> Result<Option<V::At<'_>>, Error> {
        match self.next_message()? {
            Some(message) => Ok(Some(V::parse(message.payload)?)),
            None => Ok(None),
        }
    }

    /// The next object's message, unread.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub fn next_message(&mut self) -> Result<Option<Message<'_>>, Error> {
        let (start, end) = loop {
            if self.exchange.is_done() {
                return Ok(None);
            }
            let rest = self.connection.buffer.get(self.at..self.len).unwrap_or(&[]);
            if rest.is_empty() {
                self.at = 0;
                self.len = 0;
                (self.len, self.source) = self
                    .connection
                    .socket
                    .receive(&mut self.connection.buffer)?;
                continue;
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
            match self.exchange.accept(self.source, message) {
                Event::Reply(message) => {
                    expect_type(&message, self.reply_type)?;
                    break (start, self.at);
                }
                Event::Failed(seq, failure) => {
                    let error = explain::<P>(self.connection.out.bytes(), seq, failure);
                    return Err(Error::Kernel(Box::new(error)));
                }
                Event::Overrun => return Err(Error::Overrun),
                Event::Done | Event::Acked(_) | Event::Ignored => {}
            }
        };
        // Parsed a second time because a borrow cannot leave the loop that refills the buffer.
        let message = self.connection.buffer.get(start..end).unwrap_or(&[]);
        Ok(Some(Message::split(message)?.0))
    }

    /// Whether the kernel said that the objects changed while they were listed.
    #[must_use]
    pub fn interrupted(&self) -> bool {
        self.exchange.interrupted()
    }
}

impl<P: Protocol, V> Drop for Dump<'_, P, V> {
    fn drop(&mut self) {
        if !self.exchange.is_done() {
            // The end may be in the part of the datagram that nobody asked for.
            let rest = self.connection.buffer.get(self.at..self.len).unwrap_or(&[]);
            for message in Messages::new(rest).flatten() {
                self.exchange.accept(self.source, message);
            }
        }
        if !self.exchange.is_done() {
            self.connection.unfinished = Some(self.exchange);
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
    let request = Messages::new(sent)
        .flatten()
        .find(|message| message.header.seq.get() == seq);
    let message_type = request.and_then(|request| P::message_type(request.message_type()));
    failure.explain(request, message_type)
}
