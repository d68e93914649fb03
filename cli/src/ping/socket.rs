//! The socket that echo requests leave by, and its error queue.
//!
//! Source: icmp(7), ip(7) (`IP_RECVERR`), include/uapi/linux/errqueue.h.

use std::ffi::OsString;
use std::io::{IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc::{self, sock_extended_err, sockaddr_in, sockaddr_in6};
use nix::net::if_::if_nametoindex;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockProtocol, SockType,
    SockaddrStorage, bind, getsockname, recvmsg, sendmsg, setsockopt, socket, sockopt,
};

use super::args::Args;
use super::echo::{self, Echo, Family};
use super::names::family_of;
use crate::failure::{Failure, describe};

/// Room for the largest packet.
const BUFFER: usize = 1 << 16;

/// Where the requests come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    /// `-I ADDRESS`.
    pub(super) addr: Option<IpAddr>,
    /// `-I INTERFACE`.
    pub(super) device: Option<String>,
}

impl Origin {
    /// Reads the value of `-I`.
    pub(super) fn new(from: Option<&str>) -> Self {
        match from.map(|from| (from, from.parse())) {
            Some((_, Ok(addr))) => Self {
                addr: Some(addr),
                device: None,
            },
            Some((device, Err(_))) => Self {
                addr: None,
                device: Some(device.to_owned()),
            },
            None => Self::default(),
        }
    }

    /// Binds a socket to the interface, if there is one.
    fn bind_device(&self, fd: &impl AsFd) -> Result<(), Failure> {
        let Some(device) = &self.device else {
            return Ok(());
        };
        setsockopt(fd, sockopt::BindToDevice, &OsString::from(device))
            .map_err(|errno| failure(&format!("SO_BINDTODEVICE {device}"), errno))
    }

    /// The address to bind to, if it is of the target's family.
    fn bind_addr(&self, target: &SocketAddr) -> Option<SocketAddr> {
        let scope_id = scope_id(target);
        match self
            .addr
            .filter(|addr| addr.is_ipv4() == target.is_ipv4())?
        {
            IpAddr::V4(addr) => Some(SocketAddrV4::new(addr, 0).into()),
            IpAddr::V6(addr) => Some(SocketAddrV6::new(addr, 0, 0, scope_id).into()),
        }
    }

    /// Gives a link-local target the interface of `-I`.
    pub(super) fn place(&self, target: &mut SocketAddr) {
        if let (SocketAddr::V6(target), Some(device)) = (target, &self.device)
            && target.scope_id() == 0
            && (target.ip().is_unicast_link_local() || target.ip().is_multicast())
        {
            target.set_scope_id(if_nametoindex(device.as_str()).unwrap_or(0));
        }
    }
}

fn scope_id(addr: &SocketAddr) -> u32 {
    match addr {
        SocketAddr::V4(_) => 0,
        SocketAddr::V6(addr) => addr.scope_id(),
    }
}

/// The source address that the kernel would choose towards `target`, which is the question whether there is a route.
/// Also whether the target is a broadcast address.
pub(super) fn probe(
    origin: &Origin,
    target: &SocketAddr,
    broadcast: bool,
) -> Result<(SocketAddr, bool), Failure> {
    let any = match target {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let from = origin.bind_addr(target);
    let socket = UdpSocket::bind(any).map_err(|error| failure("socket", errno(&error)))?;
    origin.bind_device(&socket)?;
    // Bound to a wildcard above, the interface must come before the address.
    let socket = match from {
        Some(addr) => UdpSocket::bind(addr).map_err(|error| failure("bind", errno(&error)))?,
        None => socket,
    };
    let mut to = *target;
    to.set_port(1025);
    let mut is_broadcast = false;
    if let Err(error) = socket.connect(to) {
        if errno(&error) != Errno::EACCES {
            return Err(failure("connect", errno(&error)));
        }
        // Said of broadcast addresses, and of `prohibit` routes.
        if !broadcast {
            return Err(Failure::new(
                2,
                "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules",
            ));
        }
        socket
            .set_broadcast(true)
            .and_then(|()| socket.connect(to))
            .map_err(|error| failure("connect", errno(&error)))?;
        is_broadcast = true;
    }
    let source = socket
        .local_addr()
        .map_err(|error| failure("getsockname", errno(&error)))?;
    Ok((source, is_broadcast))
}

/// An ICMP socket: of the unprivileged kind where `net.ipv4.ping_group_range` has the caller's group, else a raw one.
#[derive(Debug)]
pub(super) struct EchoSocket {
    fd: OwnedFd,
    family: Family,
    raw: bool,
    /// What tells our echoes from others; chosen by the kernel for the unprivileged kind.
    pub(super) ident: u16,
}

/// Something that came in.
#[derive(Debug)]
pub(super) enum Arrival {
    /// An answer to one of our requests.
    Reply {
        seq: u16,
        from: SocketAddr,
        /// Length of the ICMP message, in bytes.
        length: usize,
        /// Time to live or hop limit, if the kernel says it.
        ttl: Option<u8>,
    },
    /// A packet for someone else.
    Foreign,
}

/// An entry of the error queue.
#[derive(Debug)]
pub(super) enum Trouble {
    /// An ICMP error about one of our requests.
    Icmp {
        seq: u16,
        from: Option<SocketAddr>,
        kind: u8,
        code: u8,
        info: u32,
    },
    /// The kernel would not send: `EMSGSIZE` and the MTU.
    Local { errno: Errno, info: u32 },
    /// About someone else's packet.
    Foreign,
}

impl EchoSocket {
    pub(super) fn open(origin: &Origin, target: &SocketAddr, args: &Args) -> Result<Self, Failure> {
        let family = family_of(target);
        let (domain, protocol) = match family {
            Family::V4 => (AddressFamily::Inet, SockProtocol::Icmp),
            Family::V6 => (AddressFamily::Inet6, SockProtocol::IcmpV6),
        };
        let create = |kind| socket(domain, kind, SockFlag::SOCK_CLOEXEC, protocol);
        let (fd, raw) = match create(SockType::Datagram) {
            Ok(fd) => (fd, false),
            Err(Errno::EACCES | Errno::EAFNOSUPPORT | Errno::EPROTONOSUPPORT) => {
                match create(SockType::Raw) {
                    Ok(fd) => (fd, true),
                    Err(Errno::EPERM | Errno::EACCES) => return Err(forbidden()),
                    Err(errno) => return Err(failure("socket", errno)),
                }
            }
            Err(errno) => return Err(failure("socket", errno)),
        };
        let mut socket = Self {
            fd,
            family,
            raw,
            ident: 0,
        };
        socket
            .set_options(args)
            .map_err(|errno| failure("setsockopt", errno))?;
        origin.bind_device(&socket.fd)?;
        socket.bind(origin.bind_addr(target), target)?;
        Ok(socket)
    }

    fn set_options(&self, args: &Args) -> nix::Result<()> {
        match self.family {
            Family::V4 => {
                setsockopt(&self.fd, sockopt::Ipv4RecvErr, &true)?;
                setsockopt(&self.fd, sockopt::Ipv4RecvTtl, &true)?;
            }
            Family::V6 => {
                setsockopt(&self.fd, sockopt::Ipv6RecvErr, &true)?;
                setsockopt(&self.fd, sockopt::Ipv6RecvHopLimit, &true)?;
            }
        }
        if args.broadcast {
            setsockopt(&self.fd, sockopt::Broadcast, &true)?;
        }
        match (args.ttl, self.family) {
            (Some(ttl), Family::V4) => {
                setsockopt(&self.fd, sockopt::IpMulticastTtl, &ttl)?;
                setsockopt(&self.fd, sockopt::Ipv4Ttl, &ttl.into())
            }
            (Some(ttl), Family::V6) => setsockopt(&self.fd, sockopt::Ipv6Ttl, &ttl.into()),
            (None, _) => Ok(()),
        }
    }

    /// Binds to the source, and settles the identifier.
    fn bind(&mut self, source: Option<SocketAddr>, target: &SocketAddr) -> Result<(), Failure> {
        let raw = self.fd.as_raw_fd();
        if self.raw {
            if let Some(source) = source {
                bind(raw, &SockaddrStorage::from(source))
                    .map_err(|errno| failure("bind", errno))?;
            }
            // The port that UDP would use now: no other process has it, and it differs from run to run.
            let port = UdpSocket::bind((if target.is_ipv4() { "127.0.0.1" } else { "::" }, 0))
                .and_then(|socket| socket.local_addr())
                .map(|addr| addr.port());
            let [.., high, low] = std::process::id().to_be_bytes();
            self.ident = port.unwrap_or(u16::from_be_bytes([high, low]));
            return Ok(());
        }
        let any = match target {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        bind(raw, &SockaddrStorage::from(source.unwrap_or(any)))
            .map_err(|errno| failure("bind", errno))?;
        let name: SockaddrStorage =
            getsockname(raw).map_err(|errno| failure("getsockname", errno))?;
        self.ident = socket_addr(&name).map_or(0, |addr| addr.port());
        Ok(())
    }

    /// Whether it is a raw socket.
    pub(super) fn is_raw(&self) -> bool {
        self.raw
    }

    pub(super) fn send(&self, message: &[u8], target: &SocketAddr) -> nix::Result<()> {
        let to = SockaddrStorage::from(*target);
        sendmsg(
            self.fd.as_raw_fd(),
            &[IoSlice::new(message)],
            &[],
            MsgFlags::MSG_DONTWAIT,
            Some(&to),
        )
        .map(drop)
    }

    /// The next packet, if one waits.
    ///
    /// # Errors
    ///
    /// A pending error of the socket; its story is in the error queue.
    pub(super) fn receive(&self) -> nix::Result<Option<Arrival>> {
        let mut buffer = vec![0; BUFFER];
        let mut control = cmsg_space!(i32, libc::timespec);
        let mut iov = [IoSliceMut::new(&mut buffer)];
        let fd = self.fd.as_raw_fd();
        let (length, from, mut ttl) = match recvmsg::<SockaddrStorage>(
            fd,
            &mut iov,
            Some(&mut control),
            MsgFlags::MSG_DONTWAIT,
        ) {
            Ok(message) => {
                let ttl = message.cmsgs()?.find_map(|control| match control {
                    ControlMessageOwned::Ipv4Ttl(ttl) | ControlMessageOwned::Ipv6HopLimit(ttl) => {
                        u8::try_from(ttl).ok()
                    }
                    _ => None,
                });
                (
                    message.bytes,
                    message.address.as_ref().and_then(socket_addr),
                    ttl,
                )
            }
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        let mut message = buffer.get(..length).unwrap_or_default();
        if self.raw && self.family == Family::V4 {
            let Some((from_header, rest)) = echo::strip_ipv4(message) else {
                return Ok(Some(Arrival::Foreign));
            };
            ttl = Some(from_header);
            message = rest;
            if echo::checksum(message) != 0 {
                return Ok(Some(Arrival::Foreign));
            }
        }
        let reply = Echo::parse(message)
            .filter(|echo| echo.kind == self.family.reply() && echo.ident == self.ident);
        Ok(Some(match (reply, from) {
            (Some(echo), Some(from)) => Arrival::Reply {
                seq: echo.seq,
                from,
                length: message.len(),
                ttl,
            },
            _ => Arrival::Foreign,
        }))
    }

    /// The next entry of the error queue, if one waits.
    pub(super) fn receive_error(&self) -> nix::Result<Option<Trouble>> {
        let mut buffer = vec![0; 512];
        // sock_extended_err is followed by the address of the node that complains.
        let mut control = cmsg_space!(i32, [u8; 128], libc::timespec);
        let mut iov = [IoSliceMut::new(&mut buffer)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let (length, error) = match recvmsg::<SockaddrStorage>(
            self.fd.as_raw_fd(),
            &mut iov,
            Some(&mut control),
            flags,
        ) {
            Ok(message) => {
                let error = message.cmsgs()?.find_map(|control| match control {
                    ControlMessageOwned::Ipv4RecvErr(error, from) => Some((error, from.map(v4))),
                    ControlMessageOwned::Ipv6RecvErr(error, from) => Some((error, from.map(v6))),
                    _ => None,
                });
                (message.bytes, error)
            }
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        // The quoted packet begins with our request's ICMP header.
        let quoted = Echo::parse(buffer.get(..length).unwrap_or_default());
        Ok(error.map(|(error, from)| self.trouble(&error, from, quoted)))
    }

    fn trouble(
        &self,
        error: &sock_extended_err,
        from: Option<SocketAddr>,
        quoted: Option<Echo>,
    ) -> Trouble {
        match error.ee_origin {
            libc::SO_EE_ORIGIN_LOCAL => Trouble::Local {
                errno: Errno::from_raw(i32::try_from(error.ee_errno).unwrap_or_default()),
                info: error.ee_info,
            },
            libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6 => {
                match quoted
                    .filter(|echo| echo.kind == self.family.request() && echo.ident == self.ident)
                {
                    Some(echo) => Trouble::Icmp {
                        seq: echo.seq,
                        from,
                        kind: error.ee_type,
                        code: error.ee_code,
                        info: error.ee_info,
                    },
                    None => Trouble::Foreign,
                }
            }
            _ => Trouble::Foreign,
        }
    }
}

impl AsFd for EchoSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn v4(addr: sockaddr_in) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::from(addr.sin_addr.s_addr.to_ne_bytes()), 0))
}

fn v6(addr: sockaddr_in6) -> SocketAddr {
    SocketAddrV6::new(addr.sin6_addr.s6_addr.into(), 0, 0, addr.sin6_scope_id).into()
}

fn socket_addr(addr: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = addr
        .as_sockaddr_in()
        .map(|addr| SocketAddrV4::from(*addr).into());
    v4.or_else(|| {
        addr.as_sockaddr_in6()
            .map(|addr| SocketAddrV6::from(*addr).into())
    })
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or_default())
}

fn failure(what: &str, errno: Errno) -> Failure {
    Failure::new(2, format!("ping: {what}: {}", describe(errno)))
}

fn forbidden() -> Failure {
    Failure::new(
        2,
        "ping: socket: Operation not permitted\n\
         ping: the group is not in net.ipv4.ping_group_range, and raw sockets need CAP_NET_RAW",
    )
}
