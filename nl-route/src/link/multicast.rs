//! Link-layer multicast addresses of a link.

use std::io;
use std::os::fd::AsFd;

use nl_core::Error;

use super::target::NAME_MAX;
use crate::sys;

/// Has a link listen to a link-layer multicast address.
///
/// `socket` is any socket of the link's namespace: a [`Connection`](nl_core::Connection) will do. Netlink has no message
/// for it.
///
/// Equivalent to `ip maddress add ADDR dev NAME`.
/// Source: `SIOCADDMULTI` in include/uapi/linux/sockios.h; netdevice(7).
///
/// # Errors
///
/// [`Error::Io`] with `ENODEV` if there is no such link, `EPERM` without `CAP_NET_ADMIN`, `EINVAL` if its kind has no such
/// addresses.
pub fn add_multicast(socket: &impl AsFd, name: &str, addr: [u8; 6]) -> Result<(), Error> {
    change(socket, name, addr, true).map_err(Error::io("add a multicast address"))
}

/// Has a link listen to a link-layer multicast address no longer that [`add_multicast`] added.
///
/// Equivalent to `ip maddress del ADDR dev NAME`.
/// Source: `SIOCDELMULTI` in include/uapi/linux/sockios.h; netdevice(7).
///
/// # Errors
///
/// As [`add_multicast`]; `ENOENT` if it was not added.
pub fn del_multicast(socket: &impl AsFd, name: &str, addr: [u8; 6]) -> Result<(), Error> {
    change(socket, name, addr, false).map_err(Error::io("delete a multicast address"))
}

fn change(socket: &impl AsFd, name: &str, addr: [u8; 6], add: bool) -> io::Result<()> {
    if name.len() > NAME_MAX || name.contains('\0') {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut device = [0; libc::IFNAMSIZ];
    for (to, from) in device.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    sys::multicast(socket.as_fd(), &device, addr, add)
}
