//! Values of nft's types in nft's words: symbols where there are some, both ends of a range as numbers.

use std::net::{Ipv4Addr, Ipv6Addr};

use nl_netfilter::DataType;
use nl_netfilter::datatype::ByteOrder;

/// How nft writes a number of a type.
#[derive(Clone, Copy)]
enum Form {
    /// A symbol, or in decimal.
    Decimal,
    /// The same with quotes about the symbol: it is from a file of names, of which it is the first.
    Named,
    /// A symbol, or `0x` and two digits for each byte.
    Hex,
    /// Symbols of bits with `|` between them, and what is left over in hexadecimal.
    Bits,
}

/// What numbers are called.
type Symbols = &'static [(u64, &'static str)];

/// The types that are numbers, and their symbols. Source: `nft describe TYPE`, nft 1.0.6.
const NUMBERS: &[(DataType, Form, Symbols)] = &[
    (
        DataType::NF_PROTO,
        Form::Decimal,
        &[(2, "ipv4"), (10, "ipv6")],
    ),
    (
        DataType::ETHER_TYPE,
        Form::Hex,
        &[
            (0x0800, "ip"),
            (0x0806, "arp"),
            (0x86dd, "ip6"),
            (0x8100, "8021q"),
            (0x88a8, "8021ad"),
        ],
    ),
    (
        DataType::ARP_OP,
        Form::Decimal,
        &[
            (1, "request"),
            (2, "reply"),
            (3, "rrequest"),
            (4, "rreply"),
            (8, "inrequest"),
            (9, "inreply"),
            (10, "nak"),
        ],
    ),
    (DataType::INET_SERVICE, Form::Decimal, &[]),
    (
        DataType::ICMP_TYPE,
        Form::Decimal,
        &[
            (0, "echo-reply"),
            (3, "destination-unreachable"),
            (4, "source-quench"),
            (5, "redirect"),
            (8, "echo-request"),
            (9, "router-advertisement"),
            (10, "router-solicitation"),
            (11, "time-exceeded"),
            (12, "parameter-problem"),
            (13, "timestamp-request"),
            (14, "timestamp-reply"),
            (15, "info-request"),
            (16, "info-reply"),
            (17, "address-mask-request"),
            (18, "address-mask-reply"),
        ],
    ),
    (
        DataType::TCP_FLAG,
        Form::Bits,
        &[
            (0x01, "fin"),
            (0x02, "syn"),
            (0x04, "rst"),
            (0x08, "psh"),
            (0x10, "ack"),
            (0x20, "urg"),
            (0x40, "ecn"),
            (0x80, "cwr"),
        ],
    ),
    (DataType::MARK, Form::Hex, &[]),
    (DataType::IFACE_INDEX, Form::Decimal, &[]),
    // `ARPHRD_*`.
    (
        DataType::IFACE_TYPE,
        Form::Decimal,
        &[
            (1, "ether"),
            (512, "ppp"),
            (768, "ipip"),
            (769, "ipip6"),
            (772, "loopback"),
            (776, "sit"),
            (778, "ipgre"),
        ],
    ),
    (DataType::REALM, Form::Named, &[(0, "cosmos")]),
    (DataType::UID, Form::Decimal, &[]),
    (DataType::GID, Form::Decimal, &[]),
    (
        DataType::CT_STATE,
        Form::Bits,
        &[
            (0x01, "invalid"),
            (0x02, "established"),
            (0x04, "related"),
            (0x08, "new"),
            (0x40, "untracked"),
        ],
    ),
    (
        DataType::CT_DIR,
        Form::Decimal,
        &[(0, "original"), (1, "reply")],
    ),
    (
        DataType::CT_STATUS,
        Form::Bits,
        &[
            (0x01, "expected"),
            (0x02, "seen-reply"),
            (0x04, "assured"),
            (0x08, "confirmed"),
            (0x10, "snat"),
            (0x20, "dnat"),
            (0x200, "dying"),
        ],
    ),
    (
        DataType::ICMPV6_TYPE,
        Form::Decimal,
        &[
            (1, "destination-unreachable"),
            (2, "packet-too-big"),
            (3, "time-exceeded"),
            (4, "parameter-problem"),
            (128, "echo-request"),
            (129, "echo-reply"),
            (130, "mld-listener-query"),
            (131, "mld-listener-report"),
            (132, "mld-listener-done"),
            (133, "nd-router-solicit"),
            (134, "nd-router-advert"),
            (135, "nd-neighbor-solicit"),
            (136, "nd-neighbor-advert"),
            (137, "nd-redirect"),
            (138, "router-renumbering"),
            (141, "ind-neighbor-solicit"),
            (142, "ind-neighbor-advert"),
            (143, "mld2-listener-report"),
        ],
    ),
    (
        DataType::PKT_TYPE,
        Form::Decimal,
        &[
            (0, "host"),
            (1, "broadcast"),
            (2, "multicast"),
            (3, "other"),
        ],
    ),
    (DataType::DEVGROUP, Form::Named, &[(0, "default")]),
];

/// The types of which nft writes a range as a prefix, if it is one.
const PREFIXES: &[DataType] = &[
    DataType::IPV4_ADDR,
    DataType::IPV6_ADDR,
    DataType::MARK,
    DataType::REALM,
    DataType::DEVGROUP,
];

/// The types of a concatenation: 6 bits each, the first in the highest.
pub(super) fn concat_types(id: u32) -> Vec<u32> {
    let mut types = Vec::new();
    let mut rest = id;
    while rest != 0 {
        types.insert(0, rest & 0x3f);
        rest >>= 6;
    }
    types
}

/// The parts of a key, without the zeroes that make them longer.
fn parts<'k>(types: &[u32], key: &'k [u8]) -> Vec<(u32, &'k [u8])> {
    if let [one] = types {
        return vec![(*one, key)];
    }
    let mut rest = key;
    let mut parts = Vec::new();
    for &id in types {
        let known = DataType::by_id(id).filter(|known| known.len > 0);
        let len = known.map_or(rest.len(), |known| known.len as usize);
        let padded = len.next_multiple_of(4).min(rest.len());
        let (part, behind) = rest.split_at(padded);
        parts.push((id, part.get(..len).unwrap_or(part)));
        rest = behind;
    }
    parts
}

/// A key of these types.
pub(super) fn values(types: &[u32], key: &[u8]) -> String {
    let parts = parts(types, key);
    let parts: Vec<_> = parts
        .into_iter()
        .map(|(id, part)| value(id, part))
        .collect();
    parts.join(" . ")
}

/// A key of these types, of each of which it has a range.
pub(super) fn ranges(types: &[u32], first: &[u8], last: &[u8]) -> String {
    let parts: Vec<_> = parts(types, first)
        .into_iter()
        .zip(parts(types, last))
        .map(|((id, first), (_, last))| range(id, first, last))
        .collect();
    parts.join(" . ")
}

/// An interval: a value, a prefix, or both ends. In sets of intervals all numbers are big-endian, because they are
/// compared as bytes.
pub(super) fn range(id: u32, first: &[u8], last: &[u8]) -> String {
    if first == last {
        return written(id, first, ByteOrder::Network, true);
    }
    let end = |bytes| written(id, bytes, ByteOrder::Network, false);
    let is_prefix = PREFIXES.iter().any(|known| known.id == id);
    match prefix_len(first, last).filter(|_| is_prefix) {
        Some(len) => format!("{}/{len}", end(first)),
        None => format!("{}-{}", end(first), end(last)),
    }
}

/// How many bits are the same, if the rest is all zeroes in one and all ones in the other.
fn prefix_len(first: &[u8], last: &[u8]) -> Option<u32> {
    let mut len = 0;
    let mut free = false;
    for (&low, &high) in first.iter().zip(last) {
        let differ = low ^ high;
        if free {
            if (low, high) != (0, 0xff) {
                return None;
            }
            continue;
        }
        len += differ.leading_zeros();
        if differ != 0 {
            free = true;
            let open = differ.checked_add(1).map_or(8, u8::trailing_zeros);
            if differ.leading_zeros() + open != 8 || low & differ != 0 {
                return None;
            }
        }
    }
    Some(len)
}

/// Bytes as digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value of a type, in its own order.
fn value(id: u32, bytes: &[u8]) -> String {
    let order = DataType::by_id(id).map_or(ByteOrder::Unknown, |known| known.order);
    written(id, bytes, order, true)
}

/// A value of a type, a number of which is in this order, with symbols or without.
fn written(id: u32, bytes: &[u8], order: ByteOrder, symbols: bool) -> String {
    let raw = || format!("0x{}", hex(bytes));
    let Some(known) = DataType::by_id(id) else {
        return raw();
    };
    match (known, bytes) {
        (DataType::IPV4_ADDR, &[a, b, c, d]) => Ipv4Addr::new(a, b, c, d).to_string(),
        (DataType::IPV6_ADDR, _) => match <[u8; 16]>::try_from(bytes) {
            Ok(addr) => Ipv6Addr::from(addr).to_string(),
            Err(_) => raw(),
        },
        (DataType::ETHER_ADDR, _) => {
            let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            bytes.join(":")
        }
        (DataType::INET_PROTO, &[number]) => {
            let name = crate::ip::protocols::name(number).filter(|_| symbols);
            name.unwrap_or_else(|| number.to_string())
        }
        (DataType::CLASSID, &[_, _, _, _]) => match read_number(order, bytes).unwrap_or(0) {
            0xffff_ffff => "root".to_owned(),
            0 => "none".to_owned(),
            id => format!("{:x}:{:x}", id >> 16, id & 0xffff),
        },
        (DataType::IFNAME, _) => {
            let name = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
            format!("\"{}\"", String::from_utf8_lossy(name))
        }
        _ => {
            let mut rows = NUMBERS.iter();
            let row = rows.find(|(of, ..)| *of == known);
            let read = read_number(order, bytes).filter(|_| bytes.len() == known.len as usize);
            match (row, read) {
                (Some((_, form, names)), Some(read)) => {
                    let names = if symbols { *names } else { &[] };
                    in_form(*form, names, read, bytes.len())
                }
                _ => raw(),
            }
        }
    }
}

/// A number of at most 8 bytes.
fn read_number(order: ByteOrder, bytes: &[u8]) -> Option<u64> {
    let mut wide = [0; 8];
    let is_little = order == ByteOrder::Host && cfg!(target_endian = "little");
    if is_little {
        wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
        return Some(u64::from_le_bytes(wide));
    }
    let start = 8_usize.checked_sub(bytes.len())?;
    wide.get_mut(start..)?.copy_from_slice(bytes);
    Some(u64::from_be_bytes(wide))
}

fn in_form(form: Form, names: Symbols, number: u64, len: usize) -> String {
    let name = || {
        let mut all = names.iter();
        all.find(|(of, _)| *of == number).map(|(_, name)| *name)
    };
    match form {
        Form::Decimal => name().map_or_else(|| number.to_string(), str::to_owned),
        Form::Named => name().map_or_else(|| number.to_string(), |name| format!("\"{name}\"")),
        Form::Hex => name().map_or_else(
            || format!("{number:#0width$x}", width = 2 + 2 * len),
            str::to_owned,
        ),
        Form::Bits => {
            let set = names.iter().filter(|(bit, _)| number & bit != 0);
            let mut words: Vec<_> = set.clone().map(|(_, name)| (*name).to_owned()).collect();
            let rest = set.fold(number, |rest, (bit, _)| rest & !bit);
            if rest != 0 || words.is_empty() {
                words.push(format!("{rest:#x}"));
            }
            words.join(" | ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// nft 1.0.6 prints these when it lists a set; its monitor prints memory that is not its own.
    #[test]
    fn ranges_of_concatenations() {
        let types = [DataType::MARK.id, DataType::INET_SERVICE.id];
        let key = |mark, port| [0, 0, 0, mark, 0, port, 0, 0];
        let shown = |first: [u8; 8], last: [u8; 8]| ranges(&types, &first, &last);
        assert_eq!(shown(key(0x10, 16), key(0x17, 31)), "0x00000010/29 . 16-31");
        assert_eq!(shown(key(5, 6), key(5, 6)), "0x00000005 . 6");
    }

    #[test]
    fn values_that_are_too_short_or_of_no_type_are_bytes() {
        assert_eq!(values(&[DataType::MARK.id], &[1, 2]), "0x0102");
        assert_eq!(values(&[DataType::IPV4_ADDR.id], &[1]), "0x01");
        assert_eq!(values(&[DataType::UID.id], &[]), "0x");
        assert_eq!(
            values(&[63], &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
            "0x010203040506070809"
        );
    }
}
