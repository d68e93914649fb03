//! [`Subscription`]: what the kernel tells everybody who listens.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::exchange::Source;
use crate::message::Message;
use crate::request::Protocol;
use crate::socket::{Patience, Socket};
use crate::trace::Traffic;

/// Enough for any notification; it grows if one is longer.
pub(crate) const BUFFER: usize = 32 * 1024;

/// How many datagrams are passed over before the deadline is looked at.
const STRANGERS: usize = 1 << 16;

/// What a subscription receives.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Notification<'a> {
    /// Something happened.
    Event {
        /// What: a message like those of a dump, `RTM_NEWLINK`.
        message: Message<'a>,
        /// In which network namespace, by the number that it has in the subscription's own;
        /// `None` for that one. See [`Subscription::listen_all_namespaces`].
        nsid: Option<i32>,
    },
    /// The receive buffer was full and an unknown number of events is lost. Only reading the state
    /// again tells what is true now; later events are received as before.
    ///
    /// The kernel drops events from the overrun on until the buffer was read empty, without another word.
    /// So what was still queued is thrown away before this is told: a state that is read afterwards
    /// misses nothing.
    Overrun,
}

impl Notification<'_> {
    /// Whether it is the consequence of a request from the socket with this
    /// [port](Socket::port): one's own change.
    ///
    /// Routes always say whose they are, links only if the request had
    /// `NLM_F_ECHO` (Linux 6.18). Ports of other namespaces are not compared: they mean others.
    #[must_use]
    pub fn is_from(&self, port: u32) -> bool {
        match self {
            Self::Event { message, nsid } => nsid.is_none() && message.header.port.get() == port,
            Self::Overrun => false,
        }
    }
}

/// A subscription to multicast groups of a protocol, on a socket of its own.
///
/// It takes no requests: an answer could be taken for an event, and events for an answer. To follow
/// a state, subscribe first, then dump on a [`Connection`](crate::Connection), then apply the events.
///
/// ```no_run
/// use nl_core::{Notification, Protocol, Subscription};
///
/// # fn watch<Route: Protocol>() -> Result<(), nl_core::Error> {
/// let mut events = Subscription::<Route>::open(&[1])?; // RTNLGRP_LINK
/// loop {
///     match events.next()? {
///         Notification::Event { message, .. } => println!("type {}", message.message_type()),
///         Notification::Overrun => println!("events were lost, reading everything again"),
///         _ => {}
///     }
/// }
/// # }
/// ```
pub struct Subscription<P> {
    socket: Socket,
    buffer: Vec<u8>,
    place: Place,
    /// The kernel said that it dropped events, and goes on until nothing is queued.
    overrun: bool,
    groups: BTreeSet<u32>,
    protocol: PhantomData<fn() -> P>,
}

/// Where in the datagram received last its reader is.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    at: usize,
    len: usize,
    nsid: Option<i32>,
}

impl<P: Protocol> Subscription<P> {
    /// Subscribes to groups, by number (`RTNLGRP_LINK` is 1), in the calling thread's network
    /// namespace.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] with `EINVAL` for a group that the protocol does not have, `EPERM` for one that
    /// wants a capability.
    pub fn open(groups: &[u32]) -> Result<Self, Error> {
        Self::over(Socket::open(P::NUMBER)?, groups)
    }

    /// Subscribes in the network namespace that `netns` refers to; the caller's thread stays where it is.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open) and [`Socket::open_in`].
    pub fn open_in(netns: BorrowedFd<'_>, groups: &[u32]) -> Result<Self, Error> {
        Self::over(Socket::open_in(netns, P::NUMBER)?, groups)
    }

    pub(crate) fn over(socket: Socket, groups: &[u32]) -> Result<Self, Error> {
        // The socket is bound: one without a port is told nothing, whatever it joins.
        let mut subscription = Self {
            socket,
            buffer: vec![0; BUFFER],
            place: Place::default(),
            overrun: false,
            groups: BTreeSet::new(),
            protocol: PhantomData,
        };
        for &group in groups {
            subscription.join(group)?;
        }
        Ok(subscription)
    }

    /// Subscribes to another group.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn join(&mut self, group: u32) -> Result<(), Error> {
        self.socket.set_member(group, true)?;
        self.groups.insert(group);
        Ok(())
    }

    /// Leaves a group. Its events that are queued already are received still.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] with `EINVAL` for a group that the protocol does not have.
    pub fn leave(&mut self, group: u32) -> Result<(), Error> {
        self.socket.set_member(group, false)?;
        self.groups.remove(&group);
        Ok(())
    }

    /// Also receives the events of all network namespaces that have a number (nsid) in this one
    /// (`NETLINK_LISTEN_ALL_NSID`, Linux 4.2; `ip monitor all-nsid`).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] with `EPERM` without `CAP_NET_BROADCAST`.
    pub fn listen_all_namespaces(&self) -> Result<(), Error> {
        self.socket.listen_all_namespaces()
    }

    /// Makes the receive buffer at least `len` bytes, as far as the system allows, and returns its
    /// size, in bytes as the kernel accounts them: some 830 for a small event, 2300 for a link. The
    /// larger it is, the longer may pass between two receives without an overrun.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the size cannot be read.
    pub fn set_receive_buffer(&self, len: usize) -> Result<usize, Error> {
        self.socket.grow_receive_buffer(len)
    }

    /// Calls `observe` with every datagram that is received from now on; see [`trace`](crate::trace).
    pub fn observe(&mut self, observe: impl Fn(Traffic<'_>) + Send + Sync + 'static) {
        self.socket.observe(observe);
    }

    /// The socket, for options.
    #[must_use]
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The groups subscribed to.
    pub fn groups(&self) -> impl Iterator<Item = u32> + '_ {
        self.groups.iter().copied()
    }

    /// The next notification; waits for it for ever.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the socket fails, [`Error::Decode`] for a damaged datagram. The next call goes on
    /// behind it.
    #[allow(
        clippy::should_implement_trait,
        reason = "each event borrows the buffer; Iterator cannot say that"
    )]
    pub fn next(&mut self) -> Result<Notification<'_>, Error> {
        let found = self.find(None)?;
        self.told(found)
    }

    /// The next notification, or `None` if there is none within `timeout`; zero does not wait.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<Notification<'_>>, Error> {
        match self.find(Some(timeout)) {
            Ok(found) => self.told(found).map(Some),
            Err(Error::NoAnswer) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn find(&mut self, timeout: Option<Duration>) -> Result<Found, Error> {
        // Mostly there is one: no need of the time.
        match self.try_find()? {
            Some(Found::Strangers) | None => {}
            Some(found) => return Ok(found),
        }
        let patience = Patience::new(timeout);
        let start = Instant::now();
        loop {
            self.socket.wait(patience.left(start)?)?;
            match self.try_find()? {
                Some(Found::Strangers) | None => {}
                Some(found) => return Ok(found),
            }
        }
    }

    /// Finds the next notification without waiting.
    pub(crate) fn try_find(&mut self) -> Result<Option<Found>, Error> {
        for _ in 0..STRANGERS {
            if let Some(place) = self.place.next(&self.buffer)? {
                return Ok(Some(Found::Event(place)));
            }
            match self.socket.try_receive_event(&mut self.buffer) {
                Ok(None) if std::mem::take(&mut self.overrun) => return Ok(Some(Found::Overrun)),
                Ok(None) => return Ok(None),
                // Any process may send to our port. What it says is not news.
                Ok(Some((_, source, _))) if source.port != Source::KERNEL.port => {}
                Ok(Some(_)) if self.overrun => {}
                Ok(Some((len, _, nsid))) => self.place = Place { at: 0, len, nsid },
                Err(Error::Overrun) => self.overrun = true,
                // One that was cut off is lost, too, but nothing behind it. The buffer has grown for the next.
                Err(Error::Truncated { .. }) => return Ok(Some(Found::Overrun)),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Found::Strangers))
    }

    /// What was found, to be looked at.
    pub(crate) fn told(&self, found: Found) -> Result<Notification<'_>, Error> {
        let Found::Event(place) = found else {
            return Ok(Notification::Overrun);
        };
        let (message, _) = Message::split(self.buffer.get(place).unwrap_or(&[]))?;
        let nsid = self.place.nsid;
        Ok(Notification::Event { message, nsid })
    }
}

/// A notification, before it is looked at.
pub(crate) enum Found {
    /// The message stands here in the buffer.
    Event(Range<usize>),
    Overrun,
    /// Nothing yet: so many strangers talk, or so much is thrown away, that there may be more behind it.
    Strangers,
}

impl Place {
    /// Goes on to the next message of the datagram in `buffer`; `None` at its end.
    fn next(&mut self, buffer: &[u8]) -> Result<Option<Range<usize>>, Error> {
        let rest = buffer.get(self.at..self.len).unwrap_or(&[]);
        if rest.is_empty() {
            return Ok(None);
        }
        let start = std::mem::replace(&mut self.at, self.len);
        let (_, behind) = Message::split(rest)?;
        self.at = self.len - behind.len();
        Ok(Some(start..self.at))
    }
}

impl<P> AsRawFd for Subscription<P> {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl<P> AsFd for Subscription<P> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl<P> fmt::Debug for Subscription<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("socket", &self.socket)
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}
