//! Elements of sets in nft's words: values of their types, intervals from both their ends.

use std::collections::BTreeMap;

use nl_netfilter::element::{Element, ElementFlags, ElementView};
use nl_netfilter::set::{SetFlags, SetView};
use nl_netfilter::userdata::{COMMENT, ELEM_FLAGS, find_str, find_u32};
use nl_netfilter::{Data, Verdict};

use super::statement;
use super::text::has;
use super::value::{concat_types, hex, range, ranges, values};

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
            return Some(rest(&element, format!("0x{}", hex(&element.key)), None));
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
        text += &format!(" {}", statement::words(expr));
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
