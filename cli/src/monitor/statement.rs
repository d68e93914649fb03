//! Statements that sets, their elements and objects have, in nft's words and as JSON.

use nl_netfilter::expr::{Expr, Limit, LimitFlags, LimitType, Quota, QuotaFlags};

use crate::ip::doc::{Doc, Value};

/// nft's burst of packets, which it leaves out.
const BURST: u32 = 5;

/// A statement with what it has counted; the name alone of one that has no words here.
pub(super) fn words(expr: &Expr) -> String {
    match expr {
        Expr::Counter(counter) => format!(
            "counter packets {} bytes {}",
            counter.packets.unwrap_or_default(),
            counter.bytes.unwrap_or_default()
        ),
        Expr::Quota(quota) => match quota.consumed.filter(|&used| used > 0) {
            Some(used) => format!("{} used {}", declared(expr), amount(used).text()),
            None => declared(expr),
        },
        _ => declared(expr),
    }
}

/// A statement as it is declared, for all the elements of a set: with nothing counted.
pub(super) fn declared(expr: &Expr) -> String {
    let over = |inverted| if inverted { "over " } else { "" };
    match expr {
        Expr::Quota(quota) => {
            let bytes = amount(quota.bytes).text();
            format!("quota {}{bytes}", over(is_over(quota)))
        }
        Expr::Limit(limit) => {
            let (over, per) = (over(has_flag(limit)), per(limit));
            match limit.kind {
                Some(LimitType::BYTES) => {
                    let rate = amount(limit.rate).text();
                    let burst = limit.burst.filter(|&burst| burst > 0);
                    let burst =
                        burst.map(|burst| format!(" burst {}", amount(burst.into()).text()));
                    format!("limit rate {over}{rate}/{per}{}", burst.unwrap_or_default())
                }
                _ => {
                    let burst = limit.burst.filter(|&burst| burst > 0 && burst != BURST);
                    let burst = burst.map(|burst| format!(" burst {burst} packets"));
                    let rate = limit.rate;
                    format!("limit rate {over}{rate}/{per}{}", burst.unwrap_or_default())
                }
            }
        }
        other => other.name().to_owned(),
    }
}

/// A statement as it is declared, as JSON.
pub(super) fn json(expr: &Expr) -> Doc {
    let mut doc = Doc::new();
    match expr {
        Expr::Counter(_) => {
            doc.json("counter", Value::Null);
        }
        Expr::Quota(quota) => {
            doc.object("quota", |doc| {
                let bytes = amount(quota.bytes);
                doc.json("val", bytes.value).json("val_unit", bytes.unit);
                if is_over(quota) {
                    doc.json("inv", true);
                }
            });
        }
        Expr::Limit(limit) => {
            doc.object("limit", |doc| limit_json(limit, doc));
        }
        other => {
            doc.json("name", other.name());
        }
    }
    doc
}

/// The fields of a limit.
pub(super) fn limit_json(limit: &Limit, doc: &mut Doc) {
    let in_bytes = limit.kind == Some(LimitType::BYTES);
    let split = |number: u64| match in_bytes {
        true => amount(number),
        false => Amount {
            value: number,
            unit: "packets",
        },
    };
    let rate = split(limit.rate);
    let burst = split(limit.burst.unwrap_or_default().into());
    doc.json("rate", rate.value)
        .json("burst", burst.value)
        .json("per", per(limit));
    if has_flag(limit) {
        doc.json("inv", true);
    }
    if in_bytes {
        doc.json("rate_unit", rate.unit)
            .json("burst_unit", burst.unit);
    }
}

fn is_over(quota: &Quota) -> bool {
    let flags = quota.flags.unwrap_or_default();
    flags.contains(QuotaFlags::INV)
}

fn has_flag(limit: &Limit) -> bool {
    let flags = limit.flags.unwrap_or_default();
    flags.contains(LimitFlags::INV)
}

/// The unit of a limit's time.
fn per(limit: &Limit) -> &'static str {
    match limit.unit {
        1 => "second",
        60 => "minute",
        3600 => "hour",
        86_400 => "day",
        604_800 => "week",
        _ => "error",
    }
}

/// Bytes in the largest unit in which they are a whole number.
struct Amount {
    value: u64,
    unit: &'static str,
}

impl Amount {
    fn text(&self) -> String {
        format!("{} {}", self.value, self.unit)
    }
}

fn amount(bytes: u64) -> Amount {
    let mut value = bytes;
    let mut units = ["bytes", "kbytes", "mbytes"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        if value == 0 || !value.is_multiple_of(1024) {
            break;
        }
        (value, unit) = (value / 1024, larger);
    }
    Amount { value, unit }
}
