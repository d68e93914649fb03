//! [`AsyncConnection`] and [`AsyncSubscription`]: the same over tokio (feature `tokio`).
//!
//! Only the waiting differs: requests, exchanges, errors and reports are those of the blocking
//! [`Connection`](crate::Connection). A future may be dropped at any point: what the kernel was
//! asked it does all the same, but the answer is thrown away, and the next request is not disturbed.
//!
//! The kernel works a request off while it is sent, so sending blocks the thread for that long, as
//! it does in every program: microseconds for a route, some 20 ms for a link that is deleted.
//!
//! The runtime needs its I/O and time drivers (`enable_all`).

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use ::tokio::io::unix::AsyncFd;
use ::tokio::task::coop::{consume_budget, poll_proceed};
use ::tokio::task::yield_now;
use ::tokio::time::Sleep;
use futures_core::Stream;

use crate::batch::{BatchOptions, BatchReport, Run};
use crate::connection::{DRAIN_DATAGRAMS, DUMP_ATTEMPTS, Listing, RECEIVE_BUFFER, TIMEOUT};
use crate::datagram::{DatagramReport, send_together};
use crate::error::{DecodeError, Error};
use crate::exchange::{Event, Exchange, Source};
use crate::header::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};
use crate::message::Message;
use crate::request::{DumpRequest, GetRequest, Protocol, Request};
use crate::session::{CallAnswer, Cursor, GetAnswer, Session, Step};
use crate::socket::{Patience, Socket};
use crate::subscription::{Found, Notification, Subscription};
use crate::sys;
use crate::trace::{Direction, Traffic};
use crate::view::{Owned, View};

/// A conversation with one protocol of the kernel, in one network namespace.
///
/// ```no_run
/// use nl_core::{DumpRequest, Error};
/// use nl_core::tokio::AsyncConnection;
///
/// # async fn list<R: DumpRequest>(request: R) -> Result<(), Error> {
/// let mut connection = AsyncConnection::<R::Protocol>::open()?;
/// let mut dump = connection.start_dump(&request).await?;
/// while let Some(object) = dump.next().await? {
///     println!("{object:?}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct AsyncConnection<P> {
    socket: AsyncFd<Socket>,
    session: Session<P>,
    buffer: Vec<u8>,
    timeout: Option<Duration>,
}

fn register(socket: Socket) -> Result<AsyncFd<Socket>, Error> {
    sys::watch(socket).map_err(Error::io("register the socket with the runtime"))
}

/// Ends `waiting` with [`Error::NoAnswer`] after `timeout`.
async fn within<T>(
    timeout: Option<Duration>,
    waiting: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match timeout {
        Some(timeout) => match ::tokio::time::timeout(timeout, waiting).await {
            Ok(result) => result,
            Err(_) => Err(Error::NoAnswer),
        },
        None => waiting.await,
    }
}

/// Receives a datagram, waiting no longer than `patience` lasts.
async fn receive(
    socket: &AsyncFd<Socket>,
    buffer: &mut Vec<u8>,
    patience: &mut Patience,
) -> Result<(usize, Source), Error> {
    // What the kernel answers is mostly there already. Others get their turn all the same, which is not the kernel's
    // time.
    consume_budget().await;
    let start = Instant::now();
    let left = patience.left(start)?;
    let received = match socket.get_ref().try_receive(buffer)? {
        Some(received) => received,
        None => {
            let waiting = async {
                loop {
                    let ready = socket.ready(sys::WATCHED).await;
                    let mut ready = ready.map_err(Error::io("wait for the kernel"))?;
                    match socket.get_ref().try_receive(buffer)? {
                        Some(received) => return Ok(received),
                        None => ready.clear_ready(),
                    }
                }
            };
            within(left, waiting).await?
        }
    };
    patience.spend(start);
    Ok(received)
}

impl<P: Protocol> AsyncConnection<P> {
    /// Opens a connection in the calling thread's network namespace.
    ///
    /// # Panics
    ///
    /// Outside a runtime with its I/O driver.
    ///
    /// # Errors
    ///
    /// As [`Connection::open`](crate::Connection::open).
    pub fn open() -> Result<Self, Error> {
        Self::over(Socket::open(P::NUMBER)?)
    }

    /// Opens a connection in the network namespace that `netns` refers to. No thread of the runtime
    /// changes its namespace.
    ///
    /// # Panics
    ///
    /// As [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// As [`Connection::open_in`](crate::Connection::open_in).
    pub fn open_in(netns: BorrowedFd<'_>) -> Result<Self, Error> {
        Self::over(Socket::open_in(netns, P::NUMBER)?)
    }

    fn over(socket: Socket) -> Result<Self, Error> {
        if P::STRICT {
            // Kernels before 4.20 filter nothing; callers that filter check what they get.
            let _ = socket.set_strict(true);
        }
        Self::from_socket(socket)
    }

    /// A connection over a socket that was opened, and set up, elsewhere.
    ///
    /// # Panics
    ///
    /// As [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the runtime cannot watch it.
    pub fn from_socket(socket: Socket) -> Result<Self, Error> {
        Ok(Self {
            session: Session::new(socket.port()),
            socket: register(socket)?,
            buffer: vec![0; RECEIVE_BUFFER],
            timeout: Some(TIMEOUT),
        })
    }

    /// The socket, for options.
    #[must_use]
    pub fn socket(&self) -> &Socket {
        self.socket.get_ref()
    }

    /// As [`Connection::set_timeout`](crate::Connection::set_timeout).
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// As [`Connection::observe`](crate::Connection::observe).
    pub fn observe(&mut self, observe: impl Fn(Traffic<'_>) + Send + Sync + 'static) {
        self.socket.get_mut().observe(observe);
    }

    /// As [`Connection::set_dry_run`](crate::Connection::set_dry_run).
    pub fn set_dry_run(&mut self, on: bool) {
        self.session.dry = on;
    }

    /// As [`Connection::is_dry_run`](crate::Connection::is_dry_run).
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.session.dry
    }

    /// As [`Connection::beside`](crate::Connection::beside).
    ///
    /// # Panics
    ///
    /// As [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// The same.
    pub fn beside(&self) -> Result<Self, Error> {
        self.like(self.socket().beside(P::NUMBER)?)
    }

    /// As [`Connection::beside_in`](crate::Connection::beside_in).
    ///
    /// # Panics
    ///
    /// As [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// The same.
    pub fn beside_in(&self, netns: BorrowedFd<'_>) -> Result<Self, Error> {
        self.like(Socket::open_in(netns, P::NUMBER)?)
    }

    fn like(&self, mut socket: Socket) -> Result<Self, Error> {
        socket.observe_as(self.socket());
        let mut other = Self::over(socket)?;
        other.timeout = self.timeout;
        other.session.dry = self.session.dry;
        Ok(other)
    }

    /// As [`Connection::call`](crate::Connection::call).
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn call<R>(&mut self, request: &R) -> Result<(), Error>
    where
        R: Request<Protocol = P> + ?Sized,
    {
        self.call_with(request, |_| {}).await
    }

    /// As [`Connection::call_with`](crate::Connection::call_with).
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn call_with<R>(
        &mut self,
        request: &R,
        each: impl FnMut(Message<'_>),
    ) -> Result<(), Error>
    where
        R: Request<Protocol = P> + ?Sized,
    {
        let exchange = self.begin(request, NLM_F_REQUEST | NLM_F_ACK, Exchange::ack)?;
        let Some(exchange) = exchange else {
            return Ok(());
        };
        let mut answer = CallAnswer::new(each);
        self.receive_all(exchange, |event, sent| answer.accept::<P>(event, sent))
            .await?;
        answer.finish()
    }

    /// As [`Connection::get`](crate::Connection::get).
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn get<R>(&mut self, request: &R) -> Result<Owned<R::Reply>, Error>
    where
        R: GetRequest<Protocol = P>,
    {
        let exchange = self.begin(request, NLM_F_REQUEST, Exchange::reply)?;
        let mut answer = GetAnswer::new(R::REPLY_TYPE);
        if let Some(exchange) = exchange {
            self.receive_all(exchange, |event, sent| answer.accept::<P>(event, sent))
                .await?;
        }
        answer.finish()
    }

    /// As [`Connection::dump`](crate::Connection::dump).
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn dump<R>(
        &mut self,
        request: &R,
        mut each: impl FnMut(<R::Reply as View>::At<'_>),
    ) -> Result<(), Error>
    where
        R: DumpRequest<Protocol = P>,
    {
        let mut dump = self.start_dump(request).await?;
        while let Some(object) = dump.next().await? {
            each(object);
        }
        if dump.interrupted() {
            Err(Error::Interrupted)
        } else {
            Ok(())
        }
    }

    /// As [`Connection::collect`](crate::Connection::collect).
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn collect<R>(&mut self, request: &R) -> Result<Vec<Owned<R::Reply>>, Error>
    where
        R: DumpRequest<Protocol = P>,
    {
        let listing = self.list(request).await?;
        if listing.interrupted {
            Err(Error::Interrupted)
        } else {
            Ok(listing.objects)
        }
    }

    /// As [`Connection::list`](crate::Connection::list).
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn list<R>(&mut self, request: &R) -> Result<Listing<R::Reply>, Error>
    where
        R: DumpRequest<Protocol = P>,
    {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let mut objects = Vec::new();
            let mut dump = self.start_dump(request).await?;
            while let Some(message) = dump.next_message().await? {
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

    /// As [`Connection::start_dump`](crate::Connection::start_dump).
    ///
    /// # Errors
    ///
    /// The same.
    #[allow(
        clippy::unused_async,
        reason = "sending may wait one day; callers are the same then"
    )]
    pub async fn start_dump<R>(&mut self, request: &R) -> Result<AsyncDump<'_, P, R::Reply>, Error>
    where
        R: DumpRequest<Protocol = P>,
    {
        let flags = NLM_F_REQUEST | NLM_F_DUMP;
        let exchange = self.begin(request, flags, Exchange::dump)?;
        let exchange = exchange.ok_or(Error::NoAnswer)?;
        Ok(AsyncDump {
            cursor: Cursor::new(exchange, R::REPLY_TYPE),
            patience: Patience::new(self.timeout),
            connection: self,
            view: PhantomData,
        })
    }

    /// As [`Connection::batch`](crate::Connection::batch).
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn batch<R>(
        &mut self,
        requests: impl IntoIterator<Item = R>,
    ) -> Result<BatchReport, Error>
    where
        R: Request<Protocol = P>,
    {
        self.batch_with(requests, &mut BatchOptions::new()).await
    }

    /// As [`Connection::batch_with`](crate::Connection::batch_with). Other tasks run between two
    /// datagrams. If the future is dropped, those sent were done and the others were not.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn batch_with<R>(
        &mut self,
        requests: impl IntoIterator<Item = R>,
        options: &mut BatchOptions<'_>,
    ) -> Result<BatchReport, Error>
    where
        R: Request<Protocol = P>,
    {
        let mut run = Run::new(self.socket.get_ref(), options)?;
        let mut requests = requests.into_iter().fuse();
        self.drain_pending()?;
        while let Some(exchange) = run.fill(self.socket.get_ref(), &mut self.session, &mut requests)
        {
            let socket = self.socket.get_ref();
            let datagram = run.datagram(&self.session);
            let result = if self.session.dry {
                socket.tell(Direction::Withheld, datagram);
                self.session.pending = None;
                run.withheld();
                Ok(())
            } else if let Err(error) = socket.send(datagram) {
                run.not_sent(error);
                break;
            } else {
                let accept = |event: Event<'_>, sent: &[u8]| run.accept::<P>(event, sent);
                match self.receive_all(exchange, accept).await {
                    Err(Error::Overrun) => {
                        let patience = Patience::new(self.timeout);
                        let (socket, session) = (self.socket.get_ref(), &mut self.session);
                        run.read_rest(socket, session, &mut self.buffer, exchange, patience)
                    }
                    other => other,
                }
            };
            run.settle(result);
            if let Err(error) = self.drain_pending() {
                run.stop(error);
                break;
            }
            yield_now().await;
        }
        run.finish()
    }

    /// As [`Connection::datagram`](crate::Connection::datagram).
    ///
    /// # Errors
    ///
    /// The same.
    #[allow(
        clippy::unused_async,
        reason = "sending may wait one day; callers are the same then"
    )]
    pub async fn datagram<R>(
        &mut self,
        requests: impl ExactSizeIterator<Item = R>,
        each: impl FnMut(Message<'_>),
    ) -> Result<DatagramReport, Error>
    where
        R: Request<Protocol = P>,
    {
        self.drain_pending()?;
        let socket = self.socket.get_ref();
        let (session, buffer) = (&mut self.session, &mut self.buffer);
        let patience = Patience::new(self.timeout);
        send_together(socket, session, buffer, patience, requests, each)
    }

    /// Throws away what an earlier exchange left unread; what was written stays.
    fn drain_pending(&mut self) -> Result<(), Error> {
        let Self {
            socket,
            session,
            buffer,
            timeout,
        } = self;
        let old = socket.get_ref();
        if session.drain(old, buffer, *timeout, Some(DRAIN_DATAGRAMS))? {
            return Ok(());
        }
        match old.fresh()? {
            Some(fresh) => {
                let port = fresh.port();
                *socket = register(fresh)?;
                session.restart(port);
            }
            None => {
                session.drain(old, buffer, *timeout, None)?;
            }
        }
        Ok(())
    }

    /// Writes and sends a request; `None` if it was only shown.
    fn begin<R>(
        &mut self,
        request: &R,
        flags: u16,
        exchange: fn(u32, u32) -> Exchange,
    ) -> Result<Option<Exchange>, Error>
    where
        R: Request<Protocol = P> + ?Sized,
    {
        self.drain_pending()?;
        let exchange = self.session.begin(request, flags, exchange)?;
        let socket = self.socket.get_ref();
        if self.session.dry && flags & NLM_F_ACK != 0 {
            self.session.pending = None;
            socket.tell(Direction::Withheld, self.session.out.bytes());
            return Ok(None);
        }
        socket.send(self.session.out.bytes())?;
        Ok(Some(exchange))
    }

    async fn receive_all(
        &mut self,
        mut exchange: Exchange,
        mut each: impl FnMut(Event<'_>, &[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), Error> {
        let mut patience = Patience::new(self.timeout);
        let (mut problem, mut answered) = (None, None);
        while !exchange.is_done() {
            let received = if exchange.is_answered() {
                patience.left(*answered.get_or_insert_with(Instant::now))?;
                self.socket.get_ref().try_receive(&mut self.buffer)?
            } else {
                Some(receive(&self.socket, &mut self.buffer, &mut patience).await?)
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

impl<P> fmt::Debug for AsyncConnection<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As a Connection.
        f.debug_struct("AsyncConnection")
            .field("socket", self.socket.get_ref())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl<P> AsFd for AsyncConnection<P> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().as_fd()
    }
}

/// A list of objects that is being read; see [`AsyncConnection::start_dump`]. It may be dropped before
/// its end.
#[derive(Debug)]
pub struct AsyncDump<'c, P: Protocol, V> {
    connection: &'c mut AsyncConnection<P>,
    cursor: Cursor,
    patience: Patience,
    view: PhantomData<fn() -> V>,
}

impl<P: Protocol, V: View> AsyncDump<'_, P, V> {
    /// As [`Dump::next`](crate::Dump::next).
    ///
    /// # Errors
    ///
    /// The same.
    #[allow(
        clippy::should_implement_trait,
        reason = "each view borrows the buffer; a stream cannot say that"
    )]
    pub async fn next(&mut self) -> Result<Option<V::At<'_>>, Error> {
        match self.next_message().await? {
            Some(message) => Ok(Some(V::parse(message.payload)?)),
            None => Ok(None),
        }
    }

    /// As [`Dump::next_message`](crate::Dump::next_message).
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn next_message(&mut self) -> Result<Option<Message<'_>>, Error> {
        let AsyncConnection {
            socket,
            session,
            buffer,
            ..
        } = &mut *self.connection;
        let place = loop {
            match self.cursor.step(session, buffer)? {
                Step::Object(place) => break place,
                Step::End => return Ok(None),
                Step::Receive => {
                    let received = receive(socket, buffer, &mut self.patience).await;
                    self.cursor.received(received)?;
                }
            }
        };
        let message = buffer.get(place).unwrap_or(&[]);
        Ok(Some(Message::split(message)?.0))
    }

    /// Whether the kernel said that the objects changed while they were listed.
    #[must_use]
    pub fn interrupted(&self) -> bool {
        self.cursor.interrupted()
    }
}

impl<'c, P: Protocol, V: View> AsyncDump<'c, P, V> {
    /// The objects as a [`Stream`], for its combinators: each is copied out of the buffer, which
    /// [`next`](Self::next) lends instead.
    ///
    /// ```no_run
    /// # use nl_core::{DumpRequest, Error, Owned};
    /// # use nl_core::tokio::AsyncConnection;
    /// use futures_util::{StreamExt, TryStreamExt};
    ///
    /// # async fn list<R: DumpRequest>(
    /// #     connection: &mut AsyncConnection<R::Protocol>,
    /// #     request: R,
    /// # ) -> Result<(), Error> {
    /// let dump = connection.start_dump(&request).await?;
    /// let first_ten: Vec<Owned<R::Reply>> = dump.into_stream().take(10).try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_stream(self) -> DumpStream<'c, P, V> {
        DumpStream {
            dump: self,
            since: None,
            deadline: None,
            ended: false,
        }
    }
}

/// The objects of a list as a [`Stream`]; see [`AsyncDump::into_stream`].
///
/// It ends after an error. If the objects changed while they were listed, the last item is
/// [`Error::Interrupted`], after all of them.
#[derive(Debug)]
pub struct DumpStream<'c, P: Protocol, V> {
    dump: AsyncDump<'c, P, V>,
    /// Since when the kernel is waited for, and what wakes the task if it does not answer.
    since: Option<Instant>,
    deadline: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl<P: Protocol, V: View> DumpStream<'_, P, V> {
    fn poll_object(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Owned<V>>, Error>> {
        let AsyncDump {
            connection,
            cursor,
            patience,
            ..
        } = &mut self.dump;
        let AsyncConnection {
            socket,
            session,
            buffer,
            ..
        } = &mut **connection;
        loop {
            match cursor.step(session, buffer)? {
                Step::Object(place) => {
                    let message = Message::split(buffer.get(place).unwrap_or(&[]))?.0;
                    return Poll::Ready(
                        Owned::from_payload(message.payload)
                            .map(Some)
                            .map_err(Error::from),
                    );
                }
                Step::End if cursor.interrupted() => return Poll::Ready(Err(Error::Interrupted)),
                Step::End => return Poll::Ready(Ok(None)),
                Step::Receive => {}
            }
            let since = match self.since {
                Some(since) => since,
                None => {
                    let now = Instant::now();
                    patience.left(now)?;
                    *self.since.insert(now)
                }
            };
            if let Some(received) = socket.get_ref().try_receive(buffer).transpose() {
                (self.since, self.deadline) = (None, None);
                patience.spend(since);
                cursor.received(received)?;
                continue;
            }
            // Only now: what came while nobody polled is no less an answer.
            if let Some(left) = patience.left(since)? {
                let sleep = || Box::pin(::tokio::time::sleep(left));
                let deadline = self.deadline.get_or_insert_with(sleep);
                if deadline.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Err(Error::NoAnswer));
                }
            }
            let ready = ready!(socket.poll_read_ready(context));
            ready
                .map_err(Error::io("wait for the kernel"))?
                .clear_ready();
        }
    }
}

impl<P: Protocol, V: View> Stream for DumpStream<'_, P, V> {
    type Item = Result<Owned<V>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        // Others get their turn, however much the kernel has to say.
        let budget = ready!(poll_proceed(context));
        let object = ready!(self.poll_object(context));
        budget.made_progress();
        self.ended = !matches!(object, Ok(Some(_)));
        Poll::Ready(object.transpose())
    }
}

/// A [`Subscription`] that is awaited.
///
/// ```no_run
/// use nl_core::tokio::AsyncSubscription;
/// use nl_core::{Error, Notification, Protocol, Subscription};
///
/// # async fn watch<Route: Protocol>() -> Result<(), Error> {
/// let links = Subscription::<Route>::open(&[1])?; // RTNLGRP_LINK
/// let mut links = AsyncSubscription::new(links)?;
/// while let Notification::Event { message, .. } = links.next().await? {
///     println!("type {}", message.message_type());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AsyncSubscription<P: Protocol> {
    inner: AsyncFd<Subscription<P>>,
}

impl<P: Protocol> AsyncSubscription<P> {
    /// Awaits a subscription from now on.
    ///
    /// # Panics
    ///
    /// Outside a runtime with its I/O driver.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the runtime cannot watch it.
    pub fn new(subscription: Subscription<P>) -> Result<Self, Error> {
        let inner =
            sys::watch(subscription).map_err(Error::io("register the socket with the runtime"))?;
        Ok(Self { inner })
    }

    /// The subscription, for options.
    #[must_use]
    pub fn get_ref(&self) -> &Subscription<P> {
        self.inner.get_ref()
    }

    /// As [`Subscription::join`].
    ///
    /// # Errors
    ///
    /// The same.
    pub fn join(&mut self, group: u32) -> Result<(), Error> {
        self.inner.get_mut().join(group)
    }

    /// As [`Subscription::leave`].
    ///
    /// # Errors
    ///
    /// The same.
    pub fn leave(&mut self, group: u32) -> Result<(), Error> {
        self.inner.get_mut().leave(group)
    }

    /// The next notification if there is one already, as [`Subscription::next_within`] zero.
    ///
    /// # Errors
    ///
    /// As [`Subscription::next`].
    pub fn try_next(&mut self) -> Result<Option<Notification<'_>>, Error> {
        match self.inner.get_mut().try_find()? {
            Some(Found::Strangers) | None => Ok(None),
            Some(found) => self.inner.get_ref().told(found).map(Some),
        }
    }

    /// The next notification. Dropping the future loses none.
    ///
    /// # Errors
    ///
    /// As [`Subscription::next`].
    #[allow(
        clippy::should_implement_trait,
        reason = "each event borrows the buffer; a stream cannot say that"
    )]
    pub async fn next(&mut self) -> Result<Notification<'_>, Error> {
        consume_budget().await;
        let found = loop {
            match self.inner.get_mut().try_find()? {
                Some(Found::Strangers) => {
                    consume_budget().await;
                    continue;
                }
                Some(found) => break found,
                None => {}
            }
            let ready = self.inner.ready_mut(sys::WATCHED).await;
            let mut ready = ready.map_err(Error::io("wait for events"))?;
            match ready.get_inner_mut().try_find()? {
                Some(Found::Strangers) => {}
                Some(found) => break found,
                None => ready.clear_ready(),
            }
        };
        self.inner.get_ref().told(found)
    }
}
