//! [`Socket`]: a blocking netlink socket, one datagram at a time.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::exchange::Source;
use crate::sys;
use crate::trace::{self, Direction, Observer, Traffic};

/// Bytes that the kernel keeps free in the send buffer: `netlink_sendmsg` refuses `len > sk_sndbuf - 32`.
pub(crate) const SEND_RESERVE: usize = 32;

/// What a buffer can have unforced, in bytes as the kernel accounts them, where nobody has set `net.core.rmem_max` or
/// `wmem_max`.
const UNFORCED: usize = 2 * 212_992;

/// What a buffer can have unforced: `option` is `SO_RCVBUF` or `SO_SNDBUF`. `None` if the system does not say it.
fn unforced(option: i32) -> Option<usize> {
    let name = match option {
        libc::SO_RCVBUF => "/proc/sys/net/core/rmem_max",
        _ => "/proc/sys/net/core/wmem_max",
    };
    let limit: usize = std::fs::read_to_string(name).ok()?.trim().parse().ok()?;
    Some(limit.saturating_mul(2))
}

/// A blocking netlink socket of one protocol.
///
/// It belongs to one network namespace for life: that of the thread that opened it, or the one
/// it was [opened in](Self::open_in).
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
    port: u32,
    /// Whether refusals echo only the header of the request.
    capped: bool,
    protocol: i32,
    observer: Option<Observer>,
}

impl Socket {
    /// Opens a socket in the calling thread's network namespace.
    ///
    /// `protocol` is a `NETLINK_*` number. Extended acknowledgements are on, and the errors' echo
    /// of the request is cut to its header (`NETLINK_CAP_ACK`).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] with `EPROTONOSUPPORT` if the kernel lacks the protocol.
    pub fn open(protocol: i32) -> Result<Self, Error> {
        Self::from_fd(sys::socket(protocol).map_err(Error::io("open a netlink socket"))?)
    }

    /// Opens a socket in the network namespace that `netns` refers to (`/proc/PID/ns/net`,
    /// `/run/netns/NAME`). The caller's thread stays where it is.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] with `EPERM` without `CAP_SYS_ADMIN` there, `EINVAL` if `netns` is not a
    /// network namespace.
    pub fn open_in(netns: BorrowedFd<'_>, protocol: i32) -> Result<Self, Error> {
        let fd = sys::in_netns(netns, || sys::socket(protocol))
            .map_err(Error::io("open a netlink socket in the namespace"))?;
        Self::from_fd(fd)
    }

    /// Takes over an open netlink socket, for example one that another process opened in a namespace of its own
    /// and passed on. It is bound if it was not, and its extended acknowledgements are turned on.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it has no address.
    pub fn from_fd(fd: OwnedFd) -> Result<Self, Error> {
        let port = sys::port(fd.as_fd()).map_err(Error::io("read or bind the socket's port"))?;
        let protocol = sys::option(fd.as_fd(), libc::SOL_SOCKET, libc::SO_PROTOCOL);
        let mut socket = Self {
            fd,
            port,
            capped: false,
            protocol: protocol.unwrap_or(-1),
            observer: trace::default_observer(),
        };
        // Kernels before 4.12 and 4.3 have neither; they answer without words then.
        let _ = socket.set(libc::SOL_NETLINK, libc::NETLINK_EXT_ACK, 1);
        let capped = socket.set(libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, 1);
        socket.capped = capped.is_ok();
        Ok(socket)
    }

    /// Opens one more socket in the network namespace that this one is in, whatever namespace the
    /// caller's thread is in.
    ///
    /// # Errors
    ///
    /// As [`open_in`](Self::open_in), if the thread is in another namespace.
    pub fn beside(&self, protocol: i32) -> Result<Self, Error> {
        let namespace = |socket: &Self| sys::netns_cookie(socket.as_fd()).ok();
        let here = Self::open(protocol)?;
        if let Some(cookie) = namespace(self)
            && namespace(&here) == Some(cookie)
        {
            return Ok(here);
        }
        let netns =
            sys::netns_of(self.as_fd()).map_err(Error::io("find the socket's namespace"))?;
        Self::open_in(netns.as_fd(), protocol)
    }

    fn set(&self, level: i32, option: i32, value: i32) -> io::Result<()> {
        sys::set_option(self.fd.as_fd(), level, option, value)
    }

    /// This socket's port, which answers carry.
    #[must_use]
    pub fn port(&self) -> u32 {
        self.port
    }

    /// Calls `observe` with every datagram that is sent and received from now on, before it is worked
    /// off. A socket that nobody observes pays nothing for it.
    pub fn observe(&mut self, observe: impl Fn(Traffic<'_>) + Send + Sync + 'static) {
        self.observer = Some(Observer::new(observe));
    }

    /// Tells the observer of `other`, if it has one.
    pub(crate) fn observe_as(&mut self, other: &Self) {
        self.observer.clone_from(&other.observer);
    }

    /// Tells the observer.
    #[inline]
    pub(crate) fn tell(&self, direction: Direction, datagram: &[u8]) {
        if let Some(observer) = &self.observer {
            observer.tell(Traffic {
                direction,
                protocol: self.protocol,
                datagram,
            });
        }
    }

    /// Whether refusals echo only the header of the request (`NETLINK_CAP_ACK`, Linux 4.3).
    pub(crate) fn capped(&self) -> bool {
        self.capped
    }

    /// Turns strict checking of requests on or off (`NETLINK_GET_STRICT_CHK`, Linux 4.20): dump
    /// filters take effect in the kernel, junk in a request is an error.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] with `ENOPROTOOPT` on older kernels.
    pub fn set_strict(&self, on: bool) -> Result<(), Error> {
        self.set(libc::SOL_NETLINK, libc::NETLINK_GET_STRICT_CHK, on.into())
            .map_err(Error::io("turn strict checking on"))
    }

    /// Makes room for datagrams of `len` bytes, as far as the system allows: by `SO_SNDBUFFORCE`, which needs
    /// `CAP_NET_ADMIN` in the first user namespace, or up to `net.core.wmem_max` by `SO_SNDBUF`.
    ///
    /// Returns what a datagram may have now, in bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the size cannot be read.
    pub fn grow_send_buffer(&self, len: usize) -> Result<usize, Error> {
        self.grow(
            len.saturating_add(SEND_RESERVE),
            libc::SO_SNDBUF,
            libc::SO_SNDBUFFORCE,
        )
        .map(|size| size.saturating_sub(SEND_RESERVE))
    }

    /// Makes the receive buffer at least `len` bytes, as far as the system allows, the same way.
    ///
    /// Returns its size, in bytes as the kernel accounts them (some 830 for a small answer).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the size cannot be read.
    pub fn grow_receive_buffer(&self, len: usize) -> Result<usize, Error> {
        self.grow(len, libc::SO_RCVBUF, libc::SO_RCVBUFFORCE)
    }

    fn size(&self, option: i32) -> Result<usize, Error> {
        sys::option(self.fd.as_fd(), libc::SOL_SOCKET, option)
            .map(|size| usize::try_from(size).unwrap_or(0))
            .map_err(Error::io("read a buffer's size"))
    }

    fn grow(&self, len: usize, option: i32, force: i32) -> Result<usize, Error> {
        let have = self.size(option)?;
        if have >= len {
            return Ok(have);
        }
        // The kernel doubles what it is given, and reads back the double.
        let half = i32::try_from(len.div_ceil(2)).unwrap_or(i32::MAX / 2);
        // Without force it is cut to the limit, which may be less than what somebody else has forced.
        let shrinks = || have > UNFORCED && unforced(option).is_none_or(|most| have > most);
        if self.set(libc::SOL_SOCKET, force, half).is_err() && !shrinks() {
            let _ = self.set(libc::SOL_SOCKET, option, half);
        }
        self.size(option)
    }

    /// Sends one datagram to the kernel, which works it off before this returns.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if the send buffer cannot be grown to its size; [`Error::Io`] otherwise.
    pub fn send(&self, datagram: &[u8]) -> Result<(), Error> {
        // Before it is worked off: whoever looks on sees what the kernel may be busy with for long.
        self.tell(Direction::Sent, datagram);
        loop {
            match sys::send(self.fd.as_fd(), datagram) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.raw_os_error() == Some(libc::EMSGSIZE) => {
                    let limit = self.grow_send_buffer(datagram.len())?;
                    if limit < datagram.len() {
                        return Err(Error::TooLarge {
                            len: datagram.len(),
                            limit,
                        });
                    }
                }
                Err(error) => return Err(Error::io("send to the kernel")(error)),
            }
        }
    }

    /// Receives one datagram into `buffer`, which grows if one of the kernel's was too long for it.
    ///
    /// Returns its length and who sent it. What another process sent that is too long comes empty: it
    /// shall neither fill our memory nor fail our requests.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`], [`Error::Overrun`], [`Error::NoAnswer`] after the socket's `SO_RCVTIMEO`, which is
    /// none at first, else [`Error::Io`].
    pub fn receive(&self, buffer: &mut Vec<u8>) -> Result<(usize, Source), Error> {
        self.receive_with(buffer, true)
    }

    /// [`receive`](Self::receive) without waiting: `None` if no datagram is queued.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    pub fn try_receive(&self, buffer: &mut Vec<u8>) -> Result<Option<(usize, Source)>, Error> {
        none_if_empty(self.receive_with(buffer, false))
    }

    /// [`receive`](Self::receive), waiting no longer than `patience` lasts.
    pub(crate) fn receive_by(
        &self,
        buffer: &mut Vec<u8>,
        patience: &mut Patience,
    ) -> Result<(usize, Source), Error> {
        // What the kernel answers is mostly there already: neither clock nor waiting are needed.
        if !std::mem::replace(&mut patience.tried, true)
            && let Some(received) = self.try_receive(buffer)?
        {
            return Ok(received);
        }
        let start = Instant::now();
        patience.left(start)?;
        loop {
            if let Some(received) = self.try_receive(buffer)? {
                patience.spend(start);
                return Ok(received);
            }
            self.wait(patience.left(start)?)?;
        }
    }

    /// Receives a datagram, its sender, and the network namespace that it is about if that is not
    /// the socket's own. `None` if nothing is queued.
    pub(crate) fn try_receive_event(
        &self,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<(usize, Source, Option<i32>)>, Error> {
        loop {
            let received = sys::receive_event(self.fd.as_fd(), buffer);
            if let Some(received) = whole(received, buffer, |(len, from, _)| (len, *from)) {
                if let Ok((len, ..)) = received {
                    self.tell(Direction::Received, buffer.get(..len).unwrap_or(&[]));
                }
                return none_if_empty(received);
            }
        }
    }

    /// Waits until a datagram can be received, `timeout` has passed, or for no reason.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> Result<(), Error> {
        match sys::wait_readable(self.fd.as_fd(), timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                Err(Error::io("wait for the kernel")(error))
            }
            _ => Ok(()),
        }
    }

    /// A socket with the same buffers, checks and observer that nothing is queued on. `None` if that cannot be had: the
    /// calling thread is in another network namespace and may not enter this one, or it is no netlink socket but
    /// a stand-in.
    pub(crate) fn fresh(&self) -> Result<Option<Self>, Error> {
        let family = sys::option(self.as_fd(), libc::SOL_SOCKET, libc::SO_DOMAIN);
        if family.is_ok_and(|family| family != libc::AF_NETLINK) {
            return Ok(None);
        }
        let Ok(mut fresh) = self.beside(self.protocol) else {
            return Ok(None);
        };
        let strict = libc::NETLINK_GET_STRICT_CHK;
        if let Ok(on) = sys::option(self.as_fd(), libc::SOL_NETLINK, strict) {
            let _ = fresh.set(libc::SOL_NETLINK, strict, on);
        }
        for (option, force) in [
            (libc::SO_RCVBUF, libc::SO_RCVBUFFORCE),
            (libc::SO_SNDBUF, libc::SO_SNDBUFFORCE),
        ] {
            fresh.grow(self.size(option)?, option, force)?;
        }
        fresh.observe_as(self);
        Ok(Some(fresh))
    }

    /// Makes this socket's descriptor refer to `fresh`.
    pub(crate) fn replace(&mut self, fresh: &Self) -> Result<(), Error> {
        sys::replace(fresh.as_fd(), self.as_fd())
            .map_err(Error::io("replace the netlink socket"))?;
        self.port = fresh.port;
        Ok(())
    }

    fn receive_with(&self, buffer: &mut Vec<u8>, wait: bool) -> Result<(usize, Source), Error> {
        loop {
            let received = sys::receive(self.fd.as_fd(), buffer, wait);
            if let Some(received) = whole(received, buffer, |(len, from)| (len, *from)) {
                if let Ok((len, _)) = received {
                    self.tell(Direction::Received, buffer.get(..len).unwrap_or(&[]));
                }
                return received;
            }
        }
    }

    /// Joins or leaves a multicast group. A [`Subscription`](crate::Subscription) is the way to
    /// receive what comes then.
    pub(crate) fn set_member(&self, group: u32, on: bool) -> Result<(), Error> {
        let option = if on {
            libc::NETLINK_ADD_MEMBERSHIP
        } else {
            libc::NETLINK_DROP_MEMBERSHIP
        };
        let group = i32::try_from(group).unwrap_or(i32::MAX);
        self.set(libc::SOL_NETLINK, option, group)
            .map_err(Error::io("join or leave a multicast group"))
    }

    pub(crate) fn listen_all_namespaces(&self) -> Result<(), Error> {
        self.set(libc::SOL_NETLINK, libc::NETLINK_LISTEN_ALL_NSID, 1)
            .map_err(Error::io("listen to all network namespaces"))
    }
}

/// What a receive gave, as a result of ours; `None` if a signal came before it. `buffer` grows if it was
/// too short for the kernel's words; a stranger's are not worth it.
fn whole<T>(
    received: io::Result<T>,
    buffer: &mut Vec<u8>,
    measure: impl Fn(&mut T) -> (&mut usize, Source),
) -> Option<Result<T, Error>> {
    Some(match received {
        Ok(mut received) => match measure(&mut received) {
            (len, _) if *len <= buffer.len() => Ok(received),
            (&mut len, Source { port: 0, .. }) => {
                buffer.resize(len, 0);
                Err(Error::Truncated { len })
            }
            (len, _) => {
                *len = 0;
                Ok(received)
            }
        },
        Err(error) if error.kind() == io::ErrorKind::Interrupted => return None,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(Error::NoAnswer),
        Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => Err(Error::Overrun),
        Err(error) => Err(Error::io("receive from the kernel")(error)),
    })
}

fn none_if_empty<T>(received: Result<T, Error>) -> Result<Option<T>, Error> {
    match received {
        Ok(received) => Ok(Some(received)),
        Err(Error::NoAnswer) => Ok(None),
        Err(error) => Err(error),
    }
}

/// How long an exchange may still wait for the kernel. What the reader of a list does between two
/// receives is not counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    left: Option<Duration>,
    tried: bool,
}

impl Patience {
    pub(crate) fn new(timeout: Option<Duration>) -> Self {
        Self {
            left: timeout,
            tried: false,
        }
    }

    /// What is left when waiting began at `start`; [`Error::NoAnswer`] if nothing.
    pub(crate) fn left(&self, start: Instant) -> Result<Option<Duration>, Error> {
        let Some(left) = self.left else {
            return Ok(None);
        };
        match left.checked_sub(start.elapsed()) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(Error::NoAnswer),
        }
    }

    /// Takes off what was waited since `start`. If that was all, what came is given out still, but nothing more is
    /// waited for.
    pub(crate) fn spend(&mut self, start: Instant) {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(start.elapsed());
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
