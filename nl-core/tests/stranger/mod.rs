//! Somebody else who sends to a socket's port, for the tests of all crates.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, sendto, socket,
};
use nl_core::Socket;

/// A netlink socket that keeps to no protocol.
pub(crate) struct Stranger(OwnedFd);

impl Stranger {
    pub(crate) fn new(protocol: SockProtocol) -> Self {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        Self(socket(AddressFamily::Netlink, SockType::Raw, flags, protocol).unwrap())
    }

    /// Sends a datagram; whether there was room for it.
    pub(crate) fn send(&self, to: &Socket, datagram: &[u8]) -> bool {
        let to = NetlinkAddr::new(to.port(), 0);
        let sent = sendto(self.0.as_raw_fd(), datagram, &to, MsgFlags::empty());
        sent.is_ok_and(|len| len == datagram.len())
    }

    /// Fills the receive buffer, so that no answer finds room in it.
    pub(crate) fn flood(&self, to: &Socket) {
        assert!(self.send(to, &[0; 16]));
        while self.send(to, &[0; 16]) {}
    }
}
