//! [`Connection`]: requests, dumps and batches over a blocking socket.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use crate::error::{DecodeError, Error};
use crate::exchange::{Event, Exchange};
use crate::header::{HEADER_LEN, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};
use crate::message::Message;
use crate::request::{DumpRequest, GetRequest, Protocol, Request};
use crate::session::{CallAnswer, Cursor, GetAnswer, Session, Step};
use crate::socket::{Patience, Socket};
use crate::trace::{Direction, Traffic};
use crate::view::{Owned, View};

/// The longest datagram there is: a 64 KiB attribute in an nfnetlink message of a page more.
/// Memory that no datagram reaches is never touched.
pub(crate) const RECEIVE_BUFFER: usize = 65_535 + 4096 + 512;

/// How long the kernel may take to answer; it answers before `send` returns, except for dumps.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// How often an interrupted dump is asked for again.
pub(crate) const DUMP_ATTEMPTS: usize = 8;

/// How many datagrams of a dump that was left are read before the socket is replaced instead:
/// about 1 MiB.
pub(crate) const DRAIN_DATAGRAMS: usize = 32;

/// A conversation with one protocol of the kernel, in one network namespace.
///
/// It is `Send`; each thread that asks wants one of its own.
pub struct Connection<P> {
    pub(crate) socket: Socket,
    pub(crate) session: Session<P>,
    pub(crate) buffer: Vec<u8>,
    pub(crate) timeout: Option<Duration>,
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

    /// Opens one more connection in the network namespace that this one is in: for asking while a
    /// list is being read. It has the same timeout and the same observer, and is a dry run if this one is.
    ///
    /// # Errors
    ///
    /// As [`open_in`](Self::open_in), if the caller's thread is in another namespace.
    pub fn beside(&self) -> Result<Self, Error> {
        self.like(self.socket.beside(P::NUMBER)?)
    }

    /// Opens a connection in the network namespace that `netns` refers to, as [`open_in`](Self::open_in) does,
    /// for a part of what this one does: it has the same timeout and the same observer, and is a dry run if
    /// this one is.
    ///
    /// # Errors
    ///
    /// As [`open_in`](Self::open_in).
    pub fn beside_in(&self, netns: BorrowedFd<'_>) -> Result<Self, Error> {
        self.like(Socket::open_in(netns, P::NUMBER)?)
    }

    fn like(&self, mut socket: Socket) -> Result<Self, Error> {
        socket.observe_as(&self.socket);
        let mut other = Self::over(socket)?;
        other.timeout = self.timeout;
        other.session.dry = self.session.dry;
        Ok(other)
    }

    fn over(socket: Socket) -> Result<Self, Error> {
        if P::STRICT {
            // Kernels before 4.20 filter nothing; callers that filter check what they get.
            let _ = socket.set_strict(true);
        }
        Ok(Self::from_socket(socket))
    }

    /// A connection over a socket that was opened, and set up, elsewhere.
    #[must_use]
    pub fn from_socket(socket: Socket) -> Self {
        Self {
            session: Session::new(socket.port()),
            socket,
            buffer: vec![0; RECEIVE_BUFFER],
            timeout: Some(TIMEOUT),
        }
    }

    /// The socket, for options.
    #[must_use]
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Sets how long a whole request, a dump, or a datagram of a batch may wait for the kernel;
    /// `None` is for ever. It is 30 seconds at first. What is done with the objects of a dump
    /// between two receives is not counted, and the kernel's own work is not cut short: it works a request off
    /// while it is sent, and the parts of a dump while they are received, however long others hold its locks.
    ///
    /// What takes longer fails with [`Error::NoAnswer`], and the connection stays usable.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// Calls `observe` with every datagram that is sent and received from now on; see
    /// [`trace`](crate::trace). A connection that nobody observes pays nothing for it.
    pub fn observe(&mut self, observe: impl Fn(Traffic<'_>) + Send + Sync + 'static) {
        self.socket.observe(observe);
    }

    /// Turns a dry run on or off: what is [called](Self::call), [batched](Self::batch) or sent as one
    /// [datagram](Self::datagram) is written and shown to the observer as
    /// [withheld](crate::trace::Direction::Withheld), not sent, and counts as done. Gets and
    /// dumps, which change nothing, go to the kernel.
    pub fn set_dry_run(&mut self, on: bool) {
        self.session.dry = on;
    }

    /// Whether this is a [dry run](Self::set_dry_run): what counts as done has not happened.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.session.dry
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
        if self.session.dry {
            return self.show(request);
        }
        let exchange = self.begin(request, NLM_F_REQUEST | NLM_F_ACK, Exchange::ack)?;
        let mut answer = CallAnswer::new(&mut each);
        self.receive_all(exchange, |event, sent| answer.accept::<P>(event, sent))?;
        answer.finish()
    }

    /// [`call`](Self::call) without an acknowledgement, which costs about as much as a small request: the
    /// kernel works a request off before `send` returns and answers every refusal, asked or not, so that
    /// silence is success. For protocols of which that is true: rtnetlink, and others whose requests change
    /// something at once.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn call_unacknowledged<R>(&mut self, request: &R) -> Result<(), Error>
    where
        R: Request<Protocol = P> + ?Sized,
    {
        if self.session.dry {
            return self.show(request);
        }
        let mut exchange = self.begin(request, NLM_F_REQUEST, Exchange::ack)?;
        let (mut answer, mut problem) = (CallAnswer::new(|_| {}), None);
        let (patience, mut start) = (Patience::new(self.timeout), None);
        while !exchange.is_done()
            && let Some((len, source)) = self.socket.try_receive(&mut self.buffer)?
        {
            let received = (source, self.buffer.get(..len).unwrap_or(&[]));
            let mut each = |event: Event<'_>, sent: &[u8]| answer.accept::<P>(event, sent);
            self.session
                .take(&mut exchange, received, &mut problem, &mut each)?;
            // What was answered is known, however late it is.
            if !exchange.is_done() {
                patience.left(*start.get_or_insert_with(Instant::now))?;
            }
        }
        self.session.pending = None;
        problem.map_or(Ok(()), |error| Err(Error::from(error)))?;
        answer.finish()
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
        let exchange = self.begin(request, NLM_F_REQUEST, Exchange::reply)?;
        let mut answer = GetAnswer::new(R::REPLY_TYPE);
        self.receive_all(exchange, |event, sent| answer.accept::<P>(event, sent))?;
        answer.finish()
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
        let listing = self.list(request)?;
        if listing.interrupted {
            Err(Error::Interrupted)
        } else {
            Ok(listing.objects)
        }
    }

    /// Asks for a list of objects and keeps them all. If they changed meanwhile it asks again, up to
    /// eight times, and then gives what the last attempt saw, and says so: for callers to whom an
    /// imperfect list is better than none.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn list<R>(&mut self, request: &R) -> Result<Listing<R::Reply>, Error>
    where
        R: DumpRequest<Protocol = P>,
    {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let mut objects = Vec::new();
            let mut dump = self.start_dump(request)?;
            while let Some(message) = dump.next_message()? {
                objects.push(Owned::from_payload(message.payload)?);
            }
            let interrupted = dump.interrupted();
            if !interrupted || attempts == DUMP_ATTEMPTS {
                return Ok(Listing {
                    objects,
                    interrupted,
                });
            }
        }
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
        let exchange = self.begin(request, NLM_F_REQUEST | NLM_F_DUMP, Exchange::dump)?;
        Ok(Dump {
            cursor: Cursor::new(exchange, R::REPLY_TYPE),
            patience: Patience::new(self.timeout),
            connection: self,
            view: PhantomData,
        })
    }

    /// Throws away what an earlier exchange left unread; what was written stays.
    pub(crate) fn drain_pending(&mut self) -> Result<(), Error> {
        let Self {
            socket,
            session,
            buffer,
            timeout,
        } = self;
        if session.drain(socket, buffer, *timeout, Some(DRAIN_DATAGRAMS))? {
            return Ok(());
        }
        match socket.fresh()? {
            Some(fresh) => {
                socket.replace(&fresh)?;
                session.restart(fresh.port());
            }
            None => {
                session.drain(socket, buffer, *timeout, None)?;
            }
        }
        Ok(())
    }

    /// Shows a request to the observer instead of sending it.
    fn show<R>(&mut self, request: &R) -> Result<(), Error>
    where
        R: Request<Protocol = P> + ?Sized,
    {
        self.drain_pending()?;
        self.session
            .begin(request, NLM_F_REQUEST | NLM_F_ACK, Exchange::ack)?;
        self.session.pending = None;
        let datagram = self.session.out.bytes();
        self.socket.tell(Direction::Withheld, datagram);
        Ok(())
    }

    /// Writes and sends a request.
    fn begin<R>(
        &mut self,
        request: &R,
        flags: u16,
        exchange: fn(u32, u32) -> Exchange,
    ) -> Result<Exchange, Error>
    where
        R: Request<Protocol = P> + ?Sized,
    {
        self.drain_pending()?;
        let exchange = self.session.begin(request, flags, exchange)?;
        self.socket.send(self.session.out.bytes())?;
        Ok(exchange)
    }

    /// Receives until `exchange` is complete; `each` gets every event and what was sent.
    pub(crate) fn receive_all(
        &mut self,
        mut exchange: Exchange,
        mut each: impl FnMut(Event<'_>, &[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), Error> {
        let mut patience = Patience::new(self.timeout);
        let (mut problem, mut answered) = (None, None);
        while !exchange.is_done() {
            let received = if exchange.is_answered() {
                patience.left(*answered.get_or_insert_with(Instant::now))?;
                self.socket.try_receive(&mut self.buffer)?
            } else {
                Some(self.socket.receive_by(&mut self.buffer, &mut patience)?)
            };
            let Some((len, source)) = received else {
                self.session.pending = None;
                break;
            };
            let datagram = self.buffer.get(..len).unwrap_or(&[]);
            self.session
                .take(&mut exchange, (source, datagram), &mut problem, &mut each)?;
        }
        problem.map_or(Ok(()), |error| Err(error.into()))
    }
}

/// All objects of a dump; see [`Connection::list`].
#[derive(Debug)]
pub struct Listing<V: View> {
    /// The objects, in the kernel's order.
    pub objects: Vec<Owned<V>>,
    /// Whether they changed while they were listed: some may be missing, or there twice.
    ///
    /// The kernel says so for links, addresses, nexthops and nftables. IPv6 routes and rules may
    /// change unnoticed.
    pub interrupted: bool,
}

impl<P> fmt::Debug for Connection<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the buffers: they are long, and what the kernel answered may be a secret.
        f.debug_struct("Connection")
            .field("socket", &self.socket)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl<P> AsFd for Connection<P> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A list of objects that is being read; see [`Connection::start_dump`].
///
/// It may be dropped before its end: before its next request the connection reads the rest, or,
/// if that is long, goes on with a fresh socket (of another port).
#[derive(Debug)]
pub struct Dump<'c, P: Protocol, V> {
    connection: &'c mut Connection<P>,
    cursor: Cursor,
    patience: Patience,
    view: PhantomData<fn() -> V>,
}

impl<P: Protocol, V: View> Dump<'_, P, V> {
    /// The next object, `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] if the kernel ended the list with an error, [`Error::Decode`] for an
    /// object that cannot be read (the next call goes on behind it), [`Error::Overrun`] or
    /// [`Error::Truncated`] if a part of the list was lost (so do all further calls, then: ask again),
    /// [`Error::NoAnswer`] if the kernel takes too long (the next call goes on waiting as long again);
    /// otherwise as [`Connection::call`].
    #[allow(
        clippy::should_implement_trait,
        reason = "each view borrows the buffer; Iterator cannot say that"
    )]
    pub fn next(&mut self) -> Result<Option<V::At<'_>>, Error> {
        let Some(place) = self.next_place()? else {
            return Ok(None);
        };
        let payload = place.start + HEADER_LEN..place.end;
        let payload = self.connection.buffer.get(payload).unwrap_or(&[]);
        Ok(Some(V::parse(payload)?))
    }

    /// The next object's message, unread.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub fn next_message(&mut self) -> Result<Option<Message<'_>>, Error> {
        let Some(place) = self.next_place()? else {
            return Ok(None);
        };
        // Parsed a second time because a borrow cannot leave the loop that refills the buffer.
        let message = self.connection.buffer.get(place).unwrap_or(&[]);
        Ok(Some(Message::split(message)?.0))
    }

    /// Where in the buffer the next object's message stands.
    #[inline]
    fn next_place(&mut self) -> Result<Option<Range<usize>>, Error> {
        let Connection {
            socket,
            session,
            buffer,
            ..
        } = &mut *self.connection;
        loop {
            match self.cursor.step(session, buffer)? {
                Step::Object(place) => return Ok(Some(place)),
                Step::End => return Ok(None),
                Step::Receive => {
                    let received = socket.receive_by(buffer, &mut self.patience);
                    self.cursor.received(received)?;
                }
            }
        }
    }

    /// Whether the kernel said that the objects changed while they were listed.
    #[must_use]
    pub fn interrupted(&self) -> bool {
        self.cursor.interrupted()
    }
}
