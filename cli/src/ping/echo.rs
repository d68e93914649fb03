//! ICMP echo on the wire: requests written, replies and quoted requests read.
//!
//! ```text
//!  0                   1                   2                   3
//! |     type      |     code      |           checksum            |
//! |          identifier           |        sequence number        |
//! |     data…
//! ```
//!
//! Source: RFC 792 (echo), RFC 4443 section 4; include/uapi/linux/icmp.h, icmpv6.h.

/// Length of the header, in bytes.
pub const HEADER: usize = 8;

/// ICMP for IPv4 or for IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// ICMP.
    V4,
    /// ICMPv6.
    V6,
}

impl Family {
    /// `ICMP_ECHO`, `ICMPV6_ECHO_REQUEST`.
    pub const fn request(self) -> u8 {
        match self {
            Self::V4 => 8,
            Self::V6 => 128,
        }
    }

    /// `ICMP_ECHOREPLY`, `ICMPV6_ECHO_REPLY`.
    pub const fn reply(self) -> u8 {
        match self {
            Self::V4 => 0,
            Self::V6 => 129,
        }
    }
}

/// The fields of an echo message's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Message type: [`Family::request`], [`Family::reply`] or anything else that has come in.
    pub kind: u8,
    /// Which process asked.
    pub ident: u16,
    /// Which of its requests.
    pub seq: u16,
}

impl Echo {
    /// The header of a message; nothing if it is cut short.
    pub fn parse(message: &[u8]) -> Option<Self> {
        let &[kind, _, _, _, ident_high, ident_low, seq_high, seq_low] =
            message.first_chunk::<HEADER>()?;
        Some(Self {
            kind,
            ident: u16::from_be_bytes([ident_high, ident_low]),
            seq: u16::from_be_bytes([seq_high, seq_low]),
        })
    }

    /// Writes the message with `data` behind the header over `out`. The kernel sums ICMPv6 itself, pseudo header included.
    pub fn write(self, family: Family, data: impl IntoIterator<Item = u8>, out: &mut Vec<u8>) {
        let [ident_high, ident_low] = self.ident.to_be_bytes();
        let [seq_high, seq_low] = self.seq.to_be_bytes();
        out.clear();
        out.extend([self.kind, 0, 0, 0, ident_high, ident_low, seq_high, seq_low]);
        out.extend(data);
        if family == Family::V4 {
            let sum = checksum(out).to_be_bytes();
            out.iter_mut()
                .skip(2)
                .zip(sum)
                .for_each(|(byte, sum)| *byte = sum);
        }
    }
}

/// The Internet checksum (RFC 1071) of a message whose checksum field is zero; 0 for a message that carries its own.
pub fn checksum(message: &[u8]) -> u16 {
    let mut sum = message
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => u32::from(u16::from_be_bytes([high, low])),
            [high] => u32::from(u16::from_be_bytes([high, 0])),
            _ => 0,
        })
        .fold(0_u32, |sum, word| {
            let sum = sum + word;
            (sum & 0xffff) + (sum >> 16)
        });
    sum = (sum & 0xffff) + (sum >> 16);
    !u16::try_from(sum & 0xffff).unwrap_or_default()
}

/// Takes the IPv4 header off that raw sockets deliver: the time to live, and the ICMP message.
pub fn strip_ipv4(packet: &[u8]) -> Option<(u8, &[u8])> {
    let header = packet.first_chunk::<20>()?;
    let [version_and_words, _, _, _, _, _, _, _, ttl, ..] = *header;
    let length = usize::from(version_and_words & 0x0f) * 4;
    if version_and_words >> 4 != 4 || length < header.len() {
        return None;
    }
    Some((ttl, packet.get(length..)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `ping -c 1 -s 4 -p ff 127.0.0.1`: the reply as tcpdump saw it on lo, Linux 6.18, iputils 20221126.
    const REPLY: [u8; 32] = [
        0x45, 0x00, 0x00, 0x20, 0x04, 0x43, 0x00,
        0x00, // version and length, length, id, fragment
        0x40, 0x01, 0x78, 0x98, 0x7f, 0x00, 0x00, 0x01, // ttl 64, ICMP, checksum, source
        0x7f, 0x00, 0x00, 0x01, // destination
        0x00, 0x00, 0xbc, 0xc0, 0x44, 0x3d, 0x00,
        0x01, // echo reply, checksum, identifier, sequence number
        0xff, 0x00, 0x00, 0x00, // data
    ];

    #[test]
    fn reply_is_read_behind_its_ipv4_header() {
        let (ttl, message) = strip_ipv4(&REPLY).unwrap();
        assert_eq!(ttl, 64);
        let echo = Echo::parse(message).unwrap();
        assert_eq!(
            (echo.kind, echo.ident, echo.seq),
            (Family::V4.reply(), 0x443d, 1)
        );
        assert_eq!(checksum(message), 0);
    }

    #[test]
    fn the_same_fields_write_the_same_bytes() {
        let (_, message) = strip_ipv4(&REPLY).unwrap();
        let mut out = vec![0xa5; 100];
        Echo::parse(message)
            .unwrap()
            .write(Family::V4, [0xff, 0, 0, 0], &mut out);
        assert_eq!(out, message);
    }

    #[test]
    fn ipv6_checksum_is_left_to_the_kernel() {
        let mut out = Vec::new();
        let echo = Echo {
            kind: Family::V6.request(),
            ident: 0x0102,
            seq: 0x0304,
        };
        echo.write(Family::V6, [5], &mut out);
        assert_eq!(out, [128, 0, 0, 0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn ipv4_options_are_skipped() {
        let mut packet = vec![0x46; 24];
        packet.extend([0, 0, 0, 0, 0, 9, 0, 8]);
        assert_eq!(
            Echo::parse(strip_ipv4(&packet).unwrap().1).unwrap().ident,
            9
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some((_, message)) = strip_ipv4(&bytes) {
                prop_assert!(message.len() <= bytes.len() - 20);
            }
            prop_assert_eq!(Echo::parse(&bytes).is_some(), bytes.len() >= HEADER);
            checksum(&bytes);
        }

        #[test]
        fn what_is_written_is_read(ident: u16, seq: u16, data in prop::collection::vec(any::<u8>(), 0..80)) {
            for family in [Family::V4, Family::V6] {
                let echo = Echo { kind: family.request(), ident, seq };
                let mut out = Vec::new();
                echo.write(family, data.iter().copied(), &mut out);
                prop_assert_eq!(Echo::parse(&out), Some(echo));
                prop_assert_eq!(&out[HEADER..], &data[..]);
                if family == Family::V4 {
                    prop_assert_eq!(checksum(&out), 0);
                }
            }
        }
    }
}
