//! [`Socket`]: a blocking netlink socket, one datagram at a time.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use crate::error::Error;
use crate::exchange::Source;
use crate::sys;

/// Bytes that the kernel keeps free in the send buffer: `netlink_sendmsg` refuses `len > sk_sndbuf - 32`.
const SEND_RESERVE: usize = 32;

/// A blocking netlink socket of one protocol.
///
/// It belongs to one network namespace for life: that of the thread that opened it, or the one
/// it was [opened in](Self::open_in).
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
    port: u32,
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

    fn from_fd(fd: OwnedFd) -> Result<Self, Error> {
        let port = sys::port(fd.as_fd()).map_err(Error::io("read the socket's port"))?;
        let socket = Self { fd, port };
        // Kernels before 4.12 have neither; they answer without words then.
        let _ = socket.set(libc::SOL_NETLINK, libc::NETLINK_EXT_ACK, 1);
        let _ = socket.set(libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, 1);
        Ok(socket)
    }

    fn set(&self, level: i32, option: i32, value: i32) -> io::Result<()> {
        sys::set_option(self.fd.as_fd(), level, option, value)
    }

    /// This socket's port, which answers carry.
    #[must_use]
    pub fn port(&self) -> u32 {
        self.port
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

    /// Sets how long a receive waits for a datagram; `None` is for ever.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] with `EDOM` for a duration the kernel cannot count.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> Result<(), Error> {
        sys::set_receive_timeout(self.fd.as_fd(), timeout).map_err(Error::io("set the timeout"))
    }

    /// Makes room for datagrams of `len` bytes, as far as the system allows: `SO_SNDBUF` first,
    /// then `SO_SNDBUFFORCE`, which needs `CAP_NET_ADMIN` in the first user namespace.
    ///
    /// Returns what a datagram may have now, in bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the size cannot be read.
    pub fn grow_send_buffer(&self, len: usize) -> Result<usize, Error> {
        self.grow(len + SEND_RESERVE, libc::SO_SNDBUF, libc::SO_SNDBUFFORCE)
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

    fn grow(&self, len: usize, option: i32, force: i32) -> Result<usize, Error> {
        let size = || {
            sys::option(self.fd.as_fd(), libc::SOL_SOCKET, option)
                .map(|size| usize::try_from(size).unwrap_or(0))
                .map_err(Error::io("read a buffer's size"))
        };
        // The kernel doubles what it is given, and reads back the double.
        let half = i32::try_from(len.div_ceil(2)).unwrap_or(i32::MAX / 2);
        for option in [option, force] {
            let have = size()?;
            if have >= len {
                return Ok(have);
            }
            // What cannot be had is seen by reading the size back.
            let _ = self.set(libc::SOL_SOCKET, option, half);
        }
        size()
    }

    /// Sends one datagram to the kernel, which works it off before this returns.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if the send buffer cannot be grown to its size; [`Error::Io`] otherwise.
    pub fn send(&self, datagram: &[u8]) -> Result<(), Error> {
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

    /// Receives one datagram into `buffer`, which grows if one was too long for it.
    ///
    /// Returns its length and who sent it.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`], [`Error::Overrun`], [`Error::NoAnswer`] after the timeout, else [`Error::Io`].
    pub fn receive(&self, buffer: &mut Vec<u8>) -> Result<(usize, Source), Error> {
        self.receive_with(buffer, true)
    }

    /// [`receive`](Self::receive) without waiting: `None` if no datagram is queued.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    pub fn try_receive(&self, buffer: &mut Vec<u8>) -> Result<Option<(usize, Source)>, Error> {
        match self.receive_with(buffer, false) {
            Ok(received) => Ok(Some(received)),
            Err(Error::NoAnswer) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn receive_with(&self, buffer: &mut Vec<u8>, wait: bool) -> Result<(usize, Source), Error> {
        loop {
            return match sys::receive(self.fd.as_fd(), buffer, wait) {
                Ok((len, _)) if len > buffer.len() => {
                    buffer.resize(len, 0);
                    Err(Error::Truncated { len })
                }
                Ok(received) => Ok(received),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(Error::NoAnswer),
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => Err(Error::Overrun),
                Err(error) => Err(Error::io("receive from the kernel")(error)),
            };
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
