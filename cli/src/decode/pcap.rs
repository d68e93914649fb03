//! Captures of an nlmon link: pcap files with the "cooked" header of Linux before each datagram.
//!
//! Source: pcap-savefile(5); `LINKTYPE_NETLINK`, <https://www.tcpdump.org/linktypes/LINKTYPE_NETLINK.html>.

use std::io::{BufRead, Read, Write};

use super::{MAX_DATAGRAM, Printer, unreadable};
use crate::failure::Failure;

/// `LINKTYPE_NETLINK`.
const NETLINK: u32 = 253;

/// Length of the cooked header; the protocol, `NETLINK_*`, is its last field.
const COOKED: usize = 16;

/// The byte order of a file's own numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    big_endian: bool,
}

impl Form {
    /// By a file's first bytes; `None` for what is no capture.
    pub(super) fn of(magic: &[u8]) -> Result<Option<Self>, Failure> {
        let big_endian = match magic {
            [0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1] => false,
            [0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d] => true,
            [0x0a, 0x0d, 0x0d, 0x0a] => {
                return Err(failure(
                    "this is pcapng, which is not read: convert it with editcap -F pcap",
                ));
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { big_endian }))
    }

    fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let Some(bytes) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) else {
            return 0;
        };
        if self.big_endian {
            u32::from_be_bytes(*bytes)
        } else {
            u32::from_le_bytes(*bytes)
        }
    }
}

/// Prints the datagrams of a file whose first four bytes have been read.
pub(super) fn read<W: Write>(
    input: &mut impl BufRead,
    form: Form,
    printer: &mut Printer<'_, W>,
) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    if !fill(input, 20, &mut bytes)? {
        return Err(failure("the capture is cut off in its header"));
    }
    // The upper bits say how long the frame check sequence is.
    let link_type = form.u32(&bytes, 16) & 0xffff;
    if link_type != NETLINK {
        return Err(failure(&format!(
            "the capture's link type is {link_type}, not {NETLINK} (netlink)"
        )));
    }
    for packet in 1_u64.. {
        if !fill(input, 16, &mut bytes)? {
            if bytes.is_empty() {
                break;
            }
            return Err(failure(&format!("packet {packet} is cut off")));
        }
        let captured = usize::try_from(form.u32(&bytes, 8)).unwrap_or(usize::MAX);
        let original = usize::try_from(form.u32(&bytes, 12)).unwrap_or(usize::MAX);
        if captured > MAX_DATAGRAM {
            return Err(failure(&format!("packet {packet} is too long")));
        }
        if !fill(input, captured, &mut bytes)? {
            return Err(failure(&format!("packet {packet} is cut off")));
        }
        let Some((cooked, datagram)) = bytes.split_first_chunk::<COOKED>() else {
            return Err(failure(&format!("packet {packet} has no header")));
        };
        let [.., high, low] = *cooked;
        if is_swapped(datagram) {
            writeln!(
                printer.out,
                "# packet {packet}: {} bytes, from a machine of the other byte order, which is not decoded\n",
                datagram.len()
            )?;
            continue;
        }
        if captured < original {
            writeln!(
                printer.out,
                "# packet {packet}: {captured} of {original} bytes captured"
            )?;
        }
        let protocol = i32::from(u16::from_be_bytes([high, low]));
        printer.print(Some(protocol), datagram)?;
    }
    Ok(())
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
fn fill(input: &mut impl BufRead, len: usize, bytes: &mut Vec<u8>) -> Result<bool, Failure> {
    bytes.clear();
    let limit = u64::try_from(len).unwrap_or(u64::MAX);
    input
        .take(limit)
        .read_to_end(bytes)
        .map_err(|error| unreadable(&error))?;
    Ok(bytes.len() == len)
}

fn failure(what: &str) -> Failure {
    Failure::new(1, format!("nlctl: {what}"))
}
