//! Captures in the newer format, as Wireshark and dumpcap write them: blocks, of which those are read that describe
//! links and hold packets; the others are passed over.
//!
//! ```text
//! +------------+--------------+-----------------+--------------+
//! | block type | total length | body, to 4 bytes | total length |
//! +------------+--------------+-----------------+--------------+
//! ```
//!
//! Source: <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html>.

use std::io::{BufRead, Write};

use super::capture::{self, Order, Packet, fill, skip};
use super::{Printer, failure};
use crate::failure::Failure;

/// Begins a section; it reads the same in both byte orders.
pub(super) const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// How many links a section may describe; each keeps 8 bytes here.
const MAX_INTERFACES: usize = 1 << 16;

/// A link of a section.
#[derive(Clone, Copy)]
struct Interface {
    link_type: u32,
    /// How many bytes of each packet were captured at most; 0 for all.
    snaplen: u32,
}

/// What is known while blocks are read.
struct Reader {
    order: Order,
    interfaces: Vec<Interface>,
    /// Link types that are not netlink, and whether there was one that is.
    others: Vec<u32>,
    any_netlink: bool,
    /// How many packets there were.
    packets: u64,
    /// The beginning of a block's body, then a packet.
    bytes: Vec<u8>,
}

/// Prints the datagrams of a file whose first four bytes have been read.
pub(super) fn read<W: Write>(
    input: &mut impl BufRead,
    printer: &mut Printer<'_, W>,
) -> Result<(), Failure> {
    let mut reader = Reader {
        order: Order { is_big: false },
        interfaces: Vec::new(),
        others: Vec::new(),
        any_netlink: false,
        packets: 0,
        bytes: Vec::new(),
    };
    let mut block_type = SECTION;
    for block in 1_u64.. {
        reader
            .block(input, block_type, printer)?
            .ok_or_else(|| reader.cut_off(block, block_type))?;
        let mut next = Vec::new();
        if !fill(input, 4, &mut next)? {
            if next.is_empty() {
                break;
            }
            return Err(failure(&format!("block {} is cut off", block + 1)));
        }
        block_type = next.first_chunk().copied().unwrap_or_default();
    }
    if !reader.any_netlink && !reader.others.is_empty() {
        let others: Vec<_> = reader.others.iter().map(ToString::to_string).collect();
        return Err(capture::foreign(&others.join(" and ")));
    }
    Ok(())
}

impl Reader {
    fn cut_off(&self, block: u64, block_type: [u8; 4]) -> Failure {
        match self.order.u32(&block_type, 0) {
            _ if block == 1 => failure("the capture is cut off in its header"),
            OLD_PACKET | SIMPLE_PACKET | ENHANCED_PACKET => capture::cut_off(self.packets),
            _ => failure(&format!("block {block} is cut off")),
        }
    }

    /// Reads a block behind its type; `None` if the file ends within.
    fn block<W: Write>(
        &mut self,
        input: &mut impl BufRead,
        block_type: [u8; 4],
        printer: &mut Printer<'_, W>,
    ) -> Result<Option<()>, Failure> {
        let mut head = Vec::new();
        let is_section = block_type == SECTION;
        // Of a section the byte order comes behind the length, which is in that order.
        let head_len = if is_section { 8 } else { 4 };
        if !fill(input, head_len, &mut head)? {
            return Ok(None);
        }
        if is_section {
            self.order = match head.get(4..) {
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => Order { is_big: true },
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => Order { is_big: false },
                _ => return Err(failure("the capture's byte order cannot be told")),
            };
            self.interfaces.clear();
        }
        let len = self.order.len(&head, 0);
        // Type and length were read; the length stands once more at the end.
        let Some(body) = len
            .checked_sub(4 + head_len + 4)
            .filter(|_| len.is_multiple_of(4))
        else {
            return Err(failure(&format!("a block of {len} bytes cannot be")));
        };
        let kind = match self.order.u32(&block_type, 0) {
            _ if is_section => 0,
            kind => kind,
        };
        let fixed = match kind {
            INTERFACE => 8,
            OLD_PACKET | ENHANCED_PACKET => 20,
            SIMPLE_PACKET => 4,
            _ => 0,
        };
        let Some(mut rest) = body.checked_sub(fixed) else {
            return Err(failure(&format!("a block of {len} bytes cannot be")));
        };
        let is_packet = matches!(kind, OLD_PACKET | ENHANCED_PACKET | SIMPLE_PACKET);
        self.packets += u64::from(is_packet);
        if !fill(input, fixed, &mut head)? {
            return Ok(None);
        }
        if kind == INTERFACE {
            self.interface(&head)?;
        } else if is_packet {
            let (link_type, captured, original) = self.packet(kind, &head)?;
            if captured > rest {
                return Err(failure(&format!(
                    "packet {} is longer than its block",
                    self.packets
                )));
            }
            capture::check_len(self.packets, captured)?;
            if !fill(input, captured, &mut self.bytes)? {
                return Ok(None);
            }
            rest -= captured;
            let packet = Packet {
                number: self.packets,
                link_type,
                original,
                bytes: &self.bytes,
            };
            packet.print(printer)?;
        }
        // Padding, options, and the length once more.
        Ok(skip(input, rest.saturating_add(4))?.then_some(()))
    }

    fn interface(&mut self, head: &[u8]) -> Result<(), Failure> {
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(failure("the capture has too many links"));
        }
        let link_type = u32::from(self.order.u16(head, 0));
        self.interfaces.push(Interface {
            link_type,
            snaplen: self.order.u32(head, 4),
        });
        if capture::is_known(link_type) {
            self.any_netlink = true;
        } else if self.others.len() < 8 && !self.others.contains(&link_type) {
            self.others.push(link_type);
        }
        Ok(())
    }

    /// Link type, length in the file, length on the wire.
    fn packet(&self, kind: u32, head: &[u8]) -> Result<(u32, usize, usize), Failure> {
        let order = self.order;
        let at = match kind {
            SIMPLE_PACKET => 0,
            OLD_PACKET => usize::from(order.u16(head, 0)),
            _ => order.len(head, 0),
        };
        let interface = self.interfaces.get(at).ok_or_else(|| {
            failure(&format!(
                "packet {} is of link {at}, which is not described",
                self.packets
            ))
        })?;
        if kind != SIMPLE_PACKET {
            let (captured, original) = (order.len(head, 12), order.len(head, 16));
            return Ok((interface.link_type, captured, original));
        }
        let original = order.len(head, 0);
        let captured = match usize::try_from(interface.snaplen) {
            Ok(snaplen) if snaplen > 0 => original.min(snaplen),
            _ => original,
        };
        Ok((interface.link_type, captured, original))
    }
}
