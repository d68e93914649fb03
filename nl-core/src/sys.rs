//! The system calls of a netlink socket: the only unsafe code of this crate.
#![allow(
    unsafe_code,
    reason = "system calls that the standard library does not offer"
)]

use std::io;
use std::mem::{self, MaybeUninit};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use zerocopy::IntoBytes;

use crate::exchange::Source;

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

fn check_len(result: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// Opens a netlink socket, bound to a port that the kernel chooses.
pub(crate) fn socket(protocol: i32) -> io::Result<OwnedFd> {
    let flags = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
    // SAFETY: no pointers are passed.
    let fd = check(unsafe { libc::socket(libc::AF_NETLINK, flags, protocol) })?;
    // SAFETY: the call above succeeded, so the descriptor is open and nobody else's.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    bind(fd.as_fd())?;
    Ok(fd)
}

#[allow(clippy::cast_possible_truncation, reason = "16")]
const AF_NETLINK: libc::sa_family_t = libc::AF_NETLINK as libc::sa_family_t;

#[allow(clippy::cast_possible_truncation, reason = "12 bytes")]
const ADDRESS_LEN: libc::socklen_t = size_of::<libc::sockaddr_nl>() as libc::socklen_t;

fn address() -> libc::sockaddr_nl {
    // SAFETY: sockaddr_nl is plain integers, for which zero is valid.
    let mut address: libc::sockaddr_nl = unsafe { mem::zeroed() };
    address.nl_family = AF_NETLINK;
    address
}

/// Has the kernel choose a port.
fn bind(fd: BorrowedFd<'_>) -> io::Result<()> {
    let address = address();
    // SAFETY: the pointer is to a sockaddr_nl of the length given, which outlives the call.
    check(unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), ADDRESS_LEN) })?;
    Ok(())
}

/// The socket's own port (`nl_pid`); a netlink socket without one gets one.
pub(crate) fn port(fd: BorrowedFd<'_>) -> io::Result<u32> {
    let name = || -> io::Result<libc::sockaddr_nl> {
        let mut address = address();
        let mut len = ADDRESS_LEN;
        let at = (&raw mut address).cast();
        // SAFETY: both pointers are to live values, and `len` is the size of the first.
        check(unsafe { libc::getsockname(fd.as_raw_fd(), at, &raw mut len) })?;
        Ok(address)
    };
    let mut address = name()?;
    if address.nl_family == AF_NETLINK && address.nl_pid == 0 {
        bind(fd)?;
        address = name()?;
    }
    Ok(address.nl_pid)
}

/// `setsockopt(2)` with an int.
pub(crate) fn set_option(
    fd: BorrowedFd<'_>,
    level: i32,
    option: i32,
    value: i32,
) -> io::Result<()> {
    let at = (&raw const value).cast();
    #[allow(clippy::cast_possible_truncation, reason = "4 bytes")]
    let len = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the pointer is to an int of the length given.
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, option, at, len) })?;
    Ok(())
}

/// `getsockopt(2)` of an int.
pub(crate) fn option(fd: BorrowedFd<'_>, level: i32, option: i32) -> io::Result<i32> {
    let mut value = 0i32;
    #[allow(clippy::cast_possible_truncation, reason = "4 bytes")]
    let mut len = size_of::<i32>() as libc::socklen_t;
    let at = (&raw mut value).cast();
    // SAFETY: both pointers are to live values, and `len` is the size of the first.
    check(unsafe { libc::getsockopt(fd.as_raw_fd(), level, option, at, &raw mut len) })?;
    Ok(value)
}

/// Sends one datagram to the kernel.
pub(crate) fn send(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the pointer and length are those of a live slice. An unconnected netlink socket
    // sends to port 0, the kernel.
    check_len(unsafe { libc::send(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), 0) })
}

/// Receives one datagram: its whole length, which may be more than the buffer took, and its sender.
/// Without `wait` an empty queue is [`io::ErrorKind::WouldBlock`] at once.
pub(crate) fn receive(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
    wait: bool,
) -> io::Result<(usize, Source)> {
    let flags = libc::MSG_TRUNC | if wait { 0 } else { libc::MSG_DONTWAIT };
    let mut from = MaybeUninit::new(address());
    let mut len = ADDRESS_LEN;
    let at = buffer.as_mut_ptr().cast();
    let from_at = from.as_mut_ptr().cast();
    // SAFETY: the buffer is live and of the length given; `from` is a sockaddr_nl of length `len`.
    let received = check_len(unsafe {
        libc::recvfrom(
            fd.as_raw_fd(),
            at,
            buffer.len(),
            flags,
            from_at,
            &raw mut len,
        )
    })?;
    // SAFETY: it was initialised before the call, and the kernel writes whole addresses.
    let from = unsafe { from.assume_init() };
    Ok((
        received,
        Source {
            port: from.nl_pid,
            groups: from.nl_groups,
        },
    ))
}

/// Receives one datagram without waiting: as [`receive`], and the number of the network namespace
/// that it is about, if it is not the socket's own (`NETLINK_LISTEN_ALL_NSID`).
pub(crate) fn receive_event(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
) -> io::Result<(usize, Source, Option<i32>)> {
    // Aligned as `struct cmsghdr` wants it; a length, two ints, the number.
    let mut control = [0u64; 8];
    let mut from = address();
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: msghdr is integers and pointers, for which zero is valid.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_name = (&raw mut from).cast();
    message.msg_namelen = ADDRESS_LEN;
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(&control) as _;
    let flags = libc::MSG_TRUNC | libc::MSG_DONTWAIT;
    // SAFETY: all pointers in `message` are to live values of the lengths given beside them.
    let received = check_len(unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut message, flags) })?;
    let source = Source {
        port: from.nl_pid,
        groups: from.nl_groups,
    };
    let control = control.as_bytes().get(..message.msg_controllen as usize);
    Ok((received, source, nsid(control.unwrap_or(&[]))))
}

/// The namespace's number in control data: the only thing that a netlink socket puts there, as
/// long as nobody asks for more.
fn nsid(control: &[u8]) -> Option<i32> {
    const LEN: usize = size_of::<libc::cmsghdr>();
    let int = |at: usize| -> Option<i32> {
        let bytes = control.get(at..at + 4)?;
        Some(i32::from_ne_bytes(bytes.try_into().ok()?))
    };
    let level = int(mem::offset_of!(libc::cmsghdr, cmsg_level))?;
    let kind = int(mem::offset_of!(libc::cmsghdr, cmsg_type))?;
    if (level, kind) == (libc::SOL_NETLINK, libc::NETLINK_LISTEN_ALL_NSID) {
        int(LEN)
    } else {
        None
    }
}

/// Waits until a datagram can be received, or `timeout` has passed; `None` is for ever.
pub(crate) fn wait_readable(fd: BorrowedFd<'_>, timeout: Option<Duration>) -> io::Result<()> {
    let mut poll = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: timespec is plain integers, for which zero is valid.
    let mut time: libc::timespec = unsafe { mem::zeroed() };
    let mut time_at = std::ptr::null();
    if let Some(timeout) = timeout {
        time.tv_sec = timeout.as_secs().try_into().unwrap_or(libc::time_t::MAX);
        time.tv_nsec = timeout.subsec_nanos().into();
        time_at = &raw const time;
    }
    // SAFETY: one pollfd is live behind the pointer; the time is live or null, as is the signal mask.
    check(unsafe { libc::ppoll(&raw mut poll, 1, time_at, std::ptr::null()) })?;
    Ok(())
}

/// What identifies the network namespace of a socket (`SO_NETNS_COOKIE`, Linux 5.14).
pub(crate) fn netns_cookie(fd: BorrowedFd<'_>) -> io::Result<u64> {
    const SO_NETNS_COOKIE: i32 = 71;
    let mut value = 0u64;
    #[allow(clippy::cast_possible_truncation, reason = "8 bytes")]
    let mut len = size_of::<u64>() as libc::socklen_t;
    let at = (&raw mut value).cast();
    let (level, option) = (libc::SOL_SOCKET, SO_NETNS_COOKIE);
    // SAFETY: both pointers are to live values, and `len` is the size of the first.
    check(unsafe { libc::getsockopt(fd.as_raw_fd(), level, option, at, &raw mut len) })?;
    Ok(value)
}

/// Opens the network namespace that a socket is in (`SIOCGSKNS`, Linux 4.10).
pub(crate) fn netns_of(socket: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    // Source: include/uapi/linux/sockios.h.
    const SIOCGSKNS: libc::c_ulong = 0x894c;
    // SAFETY: this request takes no argument.
    let fd = check(unsafe { libc::ioctl(socket.as_raw_fd(), SIOCGSKNS as _) })?;
    // SAFETY: the call above succeeded, so the descriptor is open and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Makes the descriptor `old` refer to what `new` refers to.
pub(crate) fn replace(new: BorrowedFd<'_>, old: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: no pointers are passed, and both descriptors are open. Whoever owns `old` goes on
    // owning it.
    check(unsafe { libc::dup3(new.as_raw_fd(), old.as_raw_fd(), libc::O_CLOEXEC) })?;
    Ok(())
}

/// Owns one open descriptor, always the same, and hands out no way to exchange it.
#[cfg(feature = "tokio")]
pub(crate) trait Steady: AsRawFd {}

#[cfg(feature = "tokio")]
impl Steady for crate::socket::Socket {}

#[cfg(feature = "tokio")]
impl<P> Steady for crate::subscription::Subscription<P> {}

/// What the runtime watches for: datagrams, and overruns, which are told as an error, maybe with nothing to read.
#[cfg(feature = "tokio")]
pub(crate) const WATCHED: tokio::io::Interest =
    tokio::io::Interest::READABLE.add(tokio::io::Interest::ERROR);

/// Has the runtime watch for datagrams.
#[cfg(feature = "tokio")]
pub(crate) fn watch<T: Steady>(inner: T) -> io::Result<tokio::io::unix::AsyncFd<T>> {
    // SAFETY: `Steady` types own their descriptor, and those who get the `AsyncFd` (`tokio.rs`) lend
    // out no `&mut` of what is in it.
    let watched = unsafe { tokio::io::unix::AsyncFd::register_with_interest(inner, WATCHED) };
    watched.map_err(|error| error.into_parts().1)
}

/// Runs `open` on a thread of its own that has entered the network namespace `netns`; the thread ends afterwards.
pub(crate) fn in_netns<T: Send>(
    netns: BorrowedFd<'_>,
    open: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, || {
            // SAFETY: no pointers are passed; only this thread, which ends here, changes namespace.
            check(unsafe { libc::setns(netns.as_raw_fd(), libc::CLONE_NEWNET) })?;
            open()
        })?;
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
