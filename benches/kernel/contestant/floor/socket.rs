//! A socket that sends and counts.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use nl_netns::Namespace;
use nlctl_benches::sys::set_netlink_option;

use super::message::{DUMP, Datagram, Prebuilt, message};
use crate::Result;

/// `NLMSG_ERROR`, also the acknowledgement. Source: include/uapi/linux/netlink.h.
const NLMSG_ERROR: u16 = 2;
/// `NLMSG_DONE`: the end of a list.
const NLMSG_DONE: u16 = 3;

pub(super) struct Socket {
    file: File,
    buffer: Vec<u8>,
}

impl Socket {
    pub(super) fn open() -> Result<Self> {
        let protocol = SockProtocol::NetlinkRoute;
        let fd = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            protocol,
        )?;
        Self::over(fd)
    }

    pub(super) fn open_in(netns: &Namespace) -> Result<Self> {
        Self::over(netns.socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE)?)
    }

    pub(super) fn over(fd: OwnedFd) -> Result<Self> {
        // So that lists are filtered by the kernel.
        set_netlink_option(fd.as_fd(), libc::NETLINK_GET_STRICT_CHK, 1)?;
        set_netlink_option(fd.as_fd(), libc::NETLINK_CAP_ACK, 1)?;
        Ok(Self {
            file: File::from(fd),
            buffer: vec![0; 32 * 1024],
        })
    }

    /// Sends it all, each datagram after the answer to the one before.
    pub(super) fn send(&mut self, prebuilt: &Prebuilt) -> Result<()> {
        prebuilt
            .datagrams
            .iter()
            .try_for_each(|datagram| self.send_one(datagram))
    }

    fn send_one(&mut self, datagram: &Datagram) -> Result<()> {
        self.file.write_all(&datagram.bytes)?;
        let len = self.file.read(&mut self.buffer)?;
        let answer = &self.buffer[..len];
        let errno = i32::from_ne_bytes(answer[16..20].try_into()?);
        match u16::from_ne_bytes([answer[4], answer[5]]) {
            NLMSG_ERROR if errno == 0 => Ok(()),
            NLMSG_ERROR => Err(std::io::Error::from_raw_os_error(-errno).into()),
            other => Err(format!("message of type {other}").into()),
        }
    }

    /// Asks for a list; `each` gets every object behind its message header.
    pub(super) fn dump(
        &mut self,
        message_type: u16,
        write: impl FnOnce(&mut Vec<u8>),
        mut each: impl FnMut(&[u8]),
    ) -> Result<()> {
        let mut request = Vec::new();
        message(&mut request, message_type, DUMP, write);
        self.file.write_all(&request)?;
        loop {
            let len = self.file.read(&mut self.buffer)?;
            let mut rest = &self.buffer[..len];
            while !rest.is_empty() {
                let len = u32::from_ne_bytes(rest[..4].try_into()?) as usize;
                match u16::from_ne_bytes([rest[4], rest[5]]) {
                    NLMSG_DONE => return Ok(()),
                    NLMSG_ERROR => return Err("the list was refused".into()),
                    _ => each(&rest[16..len]),
                }
                rest = rest.get(len.next_multiple_of(4)..).unwrap_or(&[]);
            }
        }
    }
}
