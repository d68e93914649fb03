//! The system call that is not netlink: `ioctl`, for `SIOCETHTOOL`, `SIOCADDMULTI` and `SIOCDELMULTI`.
#![allow(unsafe_code, reason = "ioctl has no safe form")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use zerocopy::IntoBytes;

/// What an answer may be longer than asked for: drivers have been seen to add statistics between the question how many
/// there are and the one for them, and the kernel writes as many as there are.
const SLACK: usize = 64 * 1024;

/// Asks the driver of a link: `words` is the start of one of the structs in include/uapi/linux/ethtool.h, of which
/// the kernel writes `answer` more bytes. Returns the struct.
pub(crate) fn ethtool(
    socket: BorrowedFd<'_>,
    name: &[u8; libc::IFNAMSIZ],
    words: &[u32],
    answer: usize,
) -> io::Result<Vec<u8>> {
    let len = size_of_val(words) + answer;
    // Whole u64s, as the structs are aligned.
    let mut request = vec![0u64; (len + SLACK).div_ceil(size_of::<u64>())];
    for (to, from) in request.as_mut_bytes().iter_mut().zip(words.as_bytes()) {
        *to = *from;
    }
    let mut ifreq = libc::ifreq {
        ifr_name: name.map(u8::cast_signed),
        ifr_ifru: libc::__c_anonymous_ifr_ifru {
            ifru_data: request.as_mut_ptr().cast(),
        },
    };
    // SAFETY: the kernel reads the ifreq, reads and writes the struct behind its pointer, which has room for the answer
    // and SLACK more; both outlive the call.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCETHTOOL as _, &raw mut ifreq) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    let mut bytes = request.as_bytes().to_vec();
    bytes.truncate(len);
    Ok(bytes)
}

/// Adds a multicast address to a link's filter, or deletes it.
pub(crate) fn multicast(
    socket: BorrowedFd<'_>,
    name: &[u8; libc::IFNAMSIZ],
    addr: [u8; 6],
    add: bool,
) -> io::Result<()> {
    // Source: include/uapi/linux/sockios.h; libc has them for some targets only.
    const SIOCADDMULTI: u32 = 0x8931;
    const SIOCDELMULTI: u32 = 0x8932;
    let mut data = [0; 14];
    for (to, from) in data.iter_mut().zip(addr) {
        *to = libc::c_char::from_ne_bytes([from]);
    }
    let ifreq = libc::ifreq {
        ifr_name: name.map(|byte| libc::c_char::from_ne_bytes([byte])),
        ifr_ifru: libc::__c_anonymous_ifr_ifru {
            // The family that the kernel asks for: AF_UNSPEC.
            ifru_hwaddr: libc::sockaddr {
                sa_family: 0,
                sa_data: data,
            },
        },
    };
    let request = if add { SIOCADDMULTI } else { SIOCDELMULTI };
    // SAFETY: the kernel reads the name and the address, both inside the ifreq, which outlives the call.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), request as _, &raw const ifreq) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
