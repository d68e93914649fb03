//! Elements of sets in nft's words: values of their types, intervals from both their ends.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use nl_netfilter::element::{Element, ElementFlags, ElementView};
use nl_netfilter::expr::{Expr, QuotaFlags};
use nl_netfilter::set::{SetFlags, SetView};
use nl_netfilter::userdata::{COMMENT, ELEM_FLAGS, find_str, find_u32};
use nl_netfilter::{Data, DataType, Verdict};

use super::text::has;

/// Intervals of which one end was told, by set: nft tells of them as one element.
#[derive(Debug, Default)]
pub(super) struct Halves(BTreeMap<(u8, String, String), Element>);

impl Halves {
    /// A commit is complete, and with it all intervals.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The text of an element; `None` for half an interval.
    pub(super) fn element(
        &mut self,
        name: &(u8, String, String),
        set: Option<&SetView<'_>>,
        view: &ElementView<'_>,
    ) -> Option<String> {
        let element = Element::read(*view);
        let Some(set) = set else {
            return Some(rest(&element, hex(&element.key), None));
        };
        let key_type = set.key_type().unwrap_or(0);
        let data_type = set.data_type();
        let types = concat_types(key_type);
        if element.flags.contains(ElementFlags::CATCHALL) {
            return Some(rest(&element, "*".to_owned(), data_type));
        }
        if let Some(end) = &element.key_end {
            return Some(rest(&element, ranges(&types, &element.key, end), data_type));
        }
        if types.len() != 1 || !has(set, SetFlags::INTERVAL) {
            let key = values(&types, &element.key);
            return Some(rest(&element, key, data_type));
        }
        self.interval(name, element, key_type, data_type)
    }

    fn interval(
        &mut self,
        name: &(u8, String, String),
        element: Element,
        key_type: u32,
        data_type: Option<u32>,
    ) -> Option<String> {
        let is_end = element.flags.contains(ElementFlags::INTERVAL_END);
        // Everything below the first interval.
        if is_end && element.key.iter().all(|&byte| byte == 0) {
            return None;
        }
        let open = find_u32(&element.userdata, ELEM_FLAGS) == Some(1);
        let (start, last) = if open {
            let last = vec![0xff; element.key.len()];
            (element, last)
        } else {
            match self.0.remove(name) {
                Some(half) if half.flags != element.flags => {
                    let (start, end) = match is_end {
                        true => (half, element),
                        false => (element, half),
                    };
                    (start, before(end.key))
                }
                _ => {
                    self.0.insert(name.clone(), element);
                    return None;
                }
            }
        };
        let key = range(key_type, &start.key, &last);
        Some(rest(&start, key, data_type))
    }
}

/// The key before this one.
fn before(mut key: Vec<u8>) -> Vec<u8> {
    for byte in key.iter_mut().rev() {
        *byte = byte.wrapping_sub(1);
        if *byte != 0xff {
            break;
        }
    }
    key
}

/// What stands behind the key: lifetime, statements, comment, data.
fn rest(element: &Element, key: String, data_type: Option<u32>) -> String {
    let mut text = key;
    if let Some(timeout) = element.timeout {
        text += &format!(" timeout {}", duration(timeout));
    }
    if let Some(left) = element.expiration {
        text += &format!(" expires {}", duration(left));
    }
    for expr in &element.exprs {
        let words = statement(expr).unwrap_or_else(|| expr.name().to_owned());
        text += &format!(" {words}");
    }
    if let Some(comment) = find_str(&element.userdata, COMMENT) {
        text += &format!(" comment \"{comment}\"");
    }
    match (&element.data, &element.object) {
        (Some(Data::Verdict(verdict)), _) => text += &format!(" : {}", verdict_words(verdict)),
        (Some(data), _) => {
            let types = concat_types(data_type.unwrap_or(0));
            text += &format!(" : {}", values(&types, data.value().unwrap_or_default()));
        }
        (None, Some(object)) => text += &format!(" : \"{object}\""),
        (None, None) => {}
    }
    text
}

pub(super) fn verdict_words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Drop => "drop".to_owned(),
        Verdict::Accept => "accept".to_owned(),
        Verdict::Continue => "continue".to_owned(),
        Verdict::Break => "break".to_owned(),
        Verdict::Jump(chain) => format!("jump {chain}"),
        Verdict::Goto(chain) => format!("goto {chain}"),
        Verdict::Return => "return".to_owned(),
        other => format!("{other:?}"),
    }
}

/// A statement that elements and objects have; `None` for one that has no words here.
pub(super) fn statement(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Counter(counter) => Some(format!(
            "counter packets {} bytes {}",
            counter.packets.unwrap_or_default(),
            counter.bytes.unwrap_or_default()
        )),
        Expr::Quota(quota) => {
            let flags = quota.flags.unwrap_or_default();
            let over = match flags.contains(QuotaFlags::INV) {
                true => "over ",
                false => "",
            };
            let mut text = format!("quota {over}{}", amount(quota.bytes));
            if let Some(used) = quota.consumed.filter(|&used| used > 0) {
                text += &format!(" used {}", amount(used));
            }
            Some(text)
        }
        _ => None,
    }
}

/// The largest unit in which it is a whole number.
fn amount(bytes: u64) -> String {
    let mut value = bytes;
    let mut units = ["bytes", "kbytes", "mbytes"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        if value == 0 || !value.is_multiple_of(1024) {
            break;
        }
        (value, unit) = (value / 1024, larger);
    }
    format!("{value} {unit}")
}

/// Milliseconds as nft has them: `1d2h3m4s5ms`.
pub(super) fn duration(milliseconds: u64) -> String {
    const UNITS: [(u64, &str); 5] = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1000, "s"),
        (1, "ms"),
    ];

    let mut left = milliseconds;
    let mut text = String::new();
    for (unit, name) in UNITS {
        if left >= unit {
            text += &format!("{}{name}", left / unit);
            left %= unit;
        }
    }
    text
}

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

fn values(types: &[u32], key: &[u8]) -> String {
    let parts = parts(types, key);
    let parts: Vec<_> = parts
        .into_iter()
        .map(|(id, part)| value(id, part))
        .collect();
    parts.join(" . ")
}

fn ranges(types: &[u32], first: &[u8], last: &[u8]) -> String {
    let parts: Vec<_> = parts(types, first)
        .into_iter()
        .zip(parts(types, last))
        .map(|((id, first), (_, last))| range(id, first, last))
        .collect();
    parts.join(" . ")
}

/// An interval: a value, a prefix of addresses, or both ends.
fn range(id: u32, first: &[u8], last: &[u8]) -> String {
    if first == last {
        return value(id, first);
    }
    let is_addr = [DataType::IPV4_ADDR.id, DataType::IPV6_ADDR.id].contains(&id);
    match prefix_len(first, last).filter(|_| is_addr) {
        Some(len) => format!("{}/{len}", value(id, first)),
        None => format!("{}-{}", value(id, first), value(id, last)),
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

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{digits}")
}

/// A value of a type.
fn value(id: u32, bytes: &[u8]) -> String {
    let known = DataType::by_id(id);
    match (known, bytes) {
        (Some(DataType::IPV4_ADDR), &[a, b, c, d]) => Ipv4Addr::new(a, b, c, d).to_string(),
        (Some(DataType::IPV6_ADDR), _) => match <[u8; 16]>::try_from(bytes) {
            Ok(addr) => Ipv6Addr::from(addr).to_string(),
            Err(_) => hex(bytes),
        },
        (Some(DataType::ETHER_ADDR), _) => {
            let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            bytes.join(":")
        }
        (Some(DataType::INET_SERVICE), &[high, low]) => u16::from_be_bytes([high, low]).to_string(),
        (Some(DataType::INET_PROTO), &[number]) => {
            let name = crate::ip::protocols::name(number);
            name.unwrap_or_else(|| number.to_string())
        }
        (Some(DataType::MARK), &[a, b, c, d]) => {
            format!("{:#010x}", u32::from_ne_bytes([a, b, c, d]))
        }
        (Some(DataType::IFNAME), _) => {
            let name = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
            format!("\"{}\"", String::from_utf8_lossy(name))
        }
        _ => hex(bytes),
    }
}
