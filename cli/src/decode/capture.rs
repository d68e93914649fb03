//! What captures have in common: the numbers of a file of either byte order, and the header that Linux puts before a
//! netlink datagram.
//!
//! Source: <https://www.tcpdump.org/linktypes/LINKTYPE_NETLINK.html>, `LINKTYPE_LINUX_SLL.html`, `LINKTYPE_LINUX_SLL2.html`.

use std::io::{self, BufRead, Read, Write};

use super::{Label, MAX_DATAGRAM, Printer, failure, unreadable};
use crate::failure::Failure;

/// `LINKTYPE_NETLINK`: an nlmon link.
pub(super) const NETLINK: u32 = 253;
/// `LINKTYPE_LINUX_SLL` and its successor: all links together.
const COOKED: u32 = 113;
const COOKED_2: u32 = 276;

/// `ARPHRD_NETLINK`.
const ARPHRD_NETLINK: u16 = 824;
/// `PACKET_USER` and `PACKET_KERNEL`.
const TO_USER: u8 = 6;
const TO_KERNEL: u8 = 7;

/// The byte order of a file's own numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) is_big: bool,
}

impl Order {
    /// The number at an offset; 0 behind the end.
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let Some(&bytes) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else {
            return 0;
        };
        if self.is_big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }

    pub(super) fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let Some(&bytes) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else {
            return 0;
        };
        if self.is_big {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        }
    }

    /// A length in bytes.
    pub(super) fn len(self, bytes: &[u8], at: usize) -> usize {
        usize::try_from(self.u32(bytes, at)).unwrap_or(usize::MAX)
    }
}

/// A packet of a capture.
pub(super) struct Packet<'p> {
    /// From 1, as tcpdump and Wireshark count.
    pub(super) number: u64,
    pub(super) link_type: u32,
    /// Length on the wire, of which `bytes` may be a part.
    pub(super) original: usize,
    pub(super) bytes: &'p [u8],
}

/// Whether captures of a link type may have netlink in them.
pub(super) fn is_known(link_type: u32) -> bool {
    matches!(link_type, NETLINK | COOKED | COOKED_2)
}

/// The header that stands before the datagram.
struct Cooked {
    len: usize,
    protocol: u16,
    packet_type: u8,
}

impl Packet<'_> {
    /// `None` for a packet of another link.
    fn cooked(&self) -> Result<Option<Cooked>, Failure> {
        let order = Order { is_big: true };
        let len = if self.link_type == COOKED_2 { 20 } else { 16 };
        if self.bytes.len() < len {
            return Err(failure(&format!("packet {} has no header", self.number)));
        }
        let (protocol, device, packet_type) = match self.link_type {
            COOKED_2 => (0, 8, 10),
            _ => (14, 2, 1),
        };
        let is_netlink =
            self.link_type == NETLINK || order.u16(self.bytes, device) == ARPHRD_NETLINK;
        Ok(is_netlink.then(|| Cooked {
            len,
            protocol: order.u16(self.bytes, protocol),
            packet_type: self.bytes.get(packet_type).copied().unwrap_or(0),
        }))
    }

    pub(super) fn print<W: Write>(&self, printer: &mut Printer<'_, W>) -> Result<(), Failure> {
        if !is_known(self.link_type) {
            return Ok(());
        }
        let Some(cooked) = self.cooked()? else {
            return Ok(());
        };
        let datagram = self.bytes.get(cooked.len..).unwrap_or(&[]);
        if is_swapped(datagram) {
            return printer.lost(format_args!(
                "packet {}: {} bytes, from a machine of the other byte order, which is not decoded",
                self.number,
                datagram.len()
            ));
        }
        let label = Label {
            what: match cooked.packet_type {
                TO_KERNEL => format!("packet {}, sent", self.number),
                TO_USER => format!("packet {}, received", self.number),
                _ => format!("packet {}", self.number),
            },
            whole: Some(self.original.saturating_sub(cooked.len)),
            from: String::new(),
        };
        printer.print(Some(&label), Some(i32::from(cooked.protocol)), datagram)
    }
}

/// Whether the first message's length makes sense in the other byte order only.
fn is_swapped(datagram: &[u8]) -> bool {
    let Some(len) = datagram.first_chunk::<4>() else {
        return false;
    };
    let fits =
        |len: u32| usize::try_from(len).is_ok_and(|len| (16..=datagram.len()).contains(&len));
    let len = u32::from_ne_bytes(*len);
    !fits(len) && fits(len.swap_bytes())
}

/// Reads `len` bytes; whether there are so many.
pub(super) fn fill(
    input: &mut impl BufRead,
    len: usize,
    bytes: &mut Vec<u8>,
) -> Result<bool, Failure> {
    bytes.clear();
    let limit = u64::try_from(len).unwrap_or(u64::MAX);
    input
        .take(limit)
        .read_to_end(bytes)
        .map_err(|error| unreadable(&error))?;
    Ok(bytes.len() == len)
}

/// Passes over `len` bytes without holding them; whether there are so many.
pub(super) fn skip(input: &mut impl BufRead, len: usize) -> Result<bool, Failure> {
    let len = u64::try_from(len).unwrap_or(u64::MAX);
    let skipped = io::copy(&mut input.take(len), &mut io::sink());
    Ok(skipped.map_err(|error| unreadable(&error))? == len)
}

/// Refuses a packet that is longer than any datagram.
pub(super) fn check_len(number: u64, len: usize) -> Result<(), Failure> {
    if len > MAX_DATAGRAM {
        return Err(failure(&format!("packet {number} is too long")));
    }
    Ok(())
}

pub(super) fn cut_off(number: u64) -> Failure {
    failure(&format!("packet {number} is cut off"))
}

pub(super) fn foreign(link_types: &str) -> Failure {
    failure(&format!(
        "the capture's link type is {link_types}, not {NETLINK} (netlink)"
    ))
}
