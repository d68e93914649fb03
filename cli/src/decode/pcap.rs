//! Captures in the older format, as `tcpdump -w` writes them. Source: pcap-savefile(5).

use std::io::{BufRead, Write};

use super::capture::{self, Order, Packet, fill};
use super::{Printer, failure};
use crate::failure::Failure;

/// The byte order, by a file's first bytes; `None` for what is no such file. Microseconds or nanoseconds make no
/// difference here.
pub(super) fn order(magic: &[u8]) -> Option<Order> {
    let is_big = match magic {
        [0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1] => false,
        [0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d] => true,
        _ => return None,
    };
    Some(Order { is_big })
}

/// Prints the datagrams of a file whose first four bytes have been read.
pub(super) fn read<W: Write>(
    input: &mut impl BufRead,
    order: Order,
    printer: &mut Printer<'_, W>,
) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    if !fill(input, 20, &mut bytes)? {
        return Err(failure("the capture is cut off in its header"));
    }
    // The upper bits say how long the frame check sequence is.
    let link_type = order.u32(&bytes, 16) & 0xffff;
    if !capture::is_known(link_type) {
        return Err(capture::foreign(&link_type.to_string()));
    }
    for number in 1.. {
        if !fill(input, 16, &mut bytes)? {
            if bytes.is_empty() {
                break;
            }
            return Err(capture::cut_off(number));
        }
        let (captured, original) = (order.len(&bytes, 8), order.len(&bytes, 12));
        capture::check_len(number, captured)?;
        if !fill(input, captured, &mut bytes)? {
            return Err(capture::cut_off(number));
        }
        Packet {
            number,
            link_type,
            original,
            bytes: &bytes,
        }
        .print(printer)?;
    }
    Ok(())
}
