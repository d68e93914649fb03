//! The values of `ip route`: tables, protocols, scopes, types, realms, times.

use nl_route::route::{
    METRIC_NAMES, RTAX_FEATURE_ECN, RTAX_FEATURES, RTAX_HOPLIMIT, RTAX_QUICKACK, RTAX_RTO_MIN,
    RTAX_RTT, RTAX_RTTVAR, RouteMetrics, RoutePref, RouteType,
};

use crate::failure::Failure;
use crate::ip::names::{DSFIELDS, REALMS, number};
use crate::words::{Words, matches, wrong};

/// Reads a number as C writes it, or complains of `keyword`: `"mtu" value is invalid`.
pub(in crate::ip) fn value<N: TryFrom<u64>>(
    words: &mut Words<'_>,
    keyword: &str,
) -> Result<N, Failure> {
    let word = words.required()?;
    number(word).ok_or_else(|| invalid(word, keyword))
}

/// `Error: argument "x" is wrong: "keyword" value is invalid`, and the empty line that ip has there.
pub(in crate::ip) fn invalid(word: &str, keyword: &str) -> Failure {
    wrong(word, format_args!("\"{keyword}\" value is invalid\n"))
}

/// A type of service: a name, or a number in hexadecimal notation.
pub(in crate::ip) fn dsfield(word: &str) -> Option<u8> {
    let named = || {
        (!word.starts_with(|c: char| c.is_ascii_digit()))
            .then(|| DSFIELDS.number(word))
            .flatten()
    };
    named()
        .or_else(|| {
            let digits = word.strip_prefix("0x").unwrap_or(word);
            u32::from_str_radix(digits, 16).ok()
        })
        .and_then(|value| value.try_into().ok())
}

/// Realms: a number of 32 bits, `TO`, or `FROM/TO`.
pub(in crate::ip) fn realms(word: &str) -> Option<u32> {
    let realm = |word| {
        REALMS
            .number(word)
            .and_then(|realm| u16::try_from(realm).ok())
            .filter(|realm| *realm < 256)
    };
    number(word).or_else(|| match word.split_once('/') {
        Some((from, to)) => Some(u32::from(realm(from)?) << 16 | u32::from(realm(to)?)),
        None => realm(word).map(u32::from),
    })
}

/// The source and the destination of realms, as text.
pub(in crate::ip) fn show_realms(flow: u32, numeric: bool) -> (Option<String>, String) {
    let from = flow >> 16;
    (
        (from != 0).then(|| REALMS.show(from, numeric)),
        REALMS.show(flow & 0xffff, numeric),
    )
}

/// What a route does: its name or number.
pub(in crate::ip) fn route_type(word: &str) -> Option<RouteType> {
    match word {
        "brd" => Some(RouteType::BROADCAST),
        "any" => Some(RouteType::ANYCAST),
        "none" => None,
        _ => RouteType::from_name(word).or_else(|| number(word).map(RouteType)),
    }
}

pub(in crate::ip) fn show_type(route_type: RouteType, numeric: bool) -> String {
    if numeric {
        route_type.0.to_string()
    } else {
        route_type.to_string()
    }
}

pub(super) fn pref(word: &str) -> Option<RoutePref> {
    RoutePref::from_name(word).or_else(|| number(word).map(RoutePref))
}

/// A time in milliseconds, and whether it had no unit and is meant in the kernel's own.
fn time(word: &str) -> Option<(u32, bool)> {
    let end = word
        .find(|c: char| !(c.is_ascii_hexdigit() || c == 'x' || c == '.'))
        .unwrap_or(word.len());
    let (digits, unit) = word.split_at_checked(end)?;
    let amount = if digits.contains('.') {
        digits.parse::<f64>().ok()?
    } else {
        f64::from(number::<u32>(digits)?)
    };
    let milliseconds = match unit.to_ascii_lowercase().as_str() {
        "" => return whole(amount).map(|amount| (amount, true)),
        "s" | "sec" | "secs" => amount * 1000.0,
        "ms" | "msec" | "msecs" => amount,
        _ => return None,
    };
    whole(milliseconds).map(|amount| (amount, false))
}

/// The next whole number, if it fits.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to fit"
)]
fn whole(amount: f64) -> Option<u32> {
    let amount = amount.ceil();
    (amount >= 0.0 && amount <= f64::from(u32::MAX)).then_some(amount as u32)
}

/// The metrics in the order in which an abbreviation finds them; those that must be written out; whether `lock` may
/// stand before the value.
const METRICS: &[(&str, Spelling, bool)] = &[
    ("mtu", Spelling::Whole, true),
    ("hoplimit", Spelling::Whole, true),
    ("advmss", Spelling::Whole, true),
    ("reordering", Spelling::Prefix, true),
    ("rtt", Spelling::Whole, true),
    ("rto_min", Spelling::Whole, false),
    ("window", Spelling::Prefix, true),
    ("cwnd", Spelling::Prefix, true),
    ("initcwnd", Spelling::Prefix, true),
    ("initrwnd", Spelling::Prefix, true),
    ("features", Spelling::Prefix, false),
    ("quickack", Spelling::Prefix, false),
    ("congctl", Spelling::Whole, true),
    ("rttvar", Spelling::Prefix, true),
    ("ssthresh", Spelling::Prefix, true),
    ("fastopen_no_cookie", Spelling::Whole, false),
];

#[derive(Clone, Copy, PartialEq)]
enum Spelling {
    Whole,
    Prefix,
}

/// Reads the value of a metric if `word` is one.
pub(super) fn metric(
    word: &str,
    words: &mut Words<'_>,
    metrics: &mut RouteMetrics,
) -> Result<bool, Failure> {
    let row = METRICS.iter().find(|(name, spelling, _)| match spelling {
        Spelling::Whole => word == *name,
        Spelling::Prefix => matches(word, name),
    });
    let Some((name, _, lockable)) = row.copied() else {
        return Ok(false);
    };
    let Some((_, metric)) = METRIC_NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .copied()
    else {
        return Ok(false);
    };
    let mut result = std::mem::take(metrics);
    let mut value = words.required()?;
    if lockable && value == "lock" {
        result = result.lock(metric);
        value = words.required()?;
    }
    if name == "congctl" {
        *metrics = result.cc_algo(value);
        return Ok(true);
    }
    let amount = match metric {
        RTAX_RTT => time(value).map(|(time, raw)| if raw { time } else { time.wrapping_mul(8) }),
        RTAX_RTTVAR => time(value).map(|(time, raw)| if raw { time } else { time.wrapping_mul(4) }),
        RTAX_RTO_MIN => {
            result = result.lock(metric);
            time(value).map(|(time, _)| time)
        }
        RTAX_HOPLIMIT => number(value).filter(|limit| *limit <= 255),
        RTAX_FEATURES => {
            let ecn = (value == "ecn").then_some(RTAX_FEATURE_ECN);
            Some(ecn.ok_or_else(|| wrong(value, "\"features\" value not valid\n"))?)
        }
        RTAX_QUICKACK => {
            let amount: u32 = number(value).ok_or_else(|| invalid(value, name))?;
            if amount > 1 {
                return Err(wrong(value, "\"quickack\" value should be 0 or 1\n"));
            }
            Some(amount)
        }
        _ if name == "fastopen_no_cookie" => {
            let amount: u32 = number(value).ok_or_else(|| invalid(value, name))?;
            if amount > 1 {
                return Err(wrong(
                    value,
                    "\"fastopen_no_cookie\" value should be 0 or 1\n",
                ));
            }
            Some(amount)
        }
        _ => number(value),
    };
    *metrics = result.set(metric, amount.ok_or_else(|| invalid(value, name))?);
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(time("5"), Some((5, true)));
        assert_eq!(time("10ms"), Some((10, false)));
        assert_eq!(time("1.5s"), Some((1500, false)));
        assert_eq!(time("2secs"), Some((2000, false)));
        assert_eq!(time("2h"), None);
        assert_eq!(time("nope"), None);
        assert_eq!(time("99999999s"), None);
        assert_eq!(time(""), None);
    }

    #[test]
    fn types_of_service_and_realms() {
        assert_eq!(dsfield("10"), Some(16));
        assert_eq!(dsfield("0x1c"), Some(28));
        assert_eq!(dsfield("100"), None);
        assert_eq!(realms("1/2"), Some(0x1_0002));
        assert_eq!(realms("7"), Some(7));
        assert_eq!(realms("1/x"), None);
        assert_eq!(show_realms(0x1_0002, true), (Some("1".into()), "2".into()));
        assert_eq!(show_realms(2, true), (None, "2".into()));
    }
}
