//! `-m limit`.

use nl_netfilter::iptables::Limit;

use super::super::problem::{Problem, parameter};
use super::super::value;
use super::{Extension, Given, Opt, Style, opt};

/// `-m limit` without options.
pub(super) const DEFAULT: Limit = Limit {
    rate: 3,
    unit: 3600,
    burst: 5,
};

/// Units with their seconds, coarsest first; the first of them may be cut short on the command line.
const UNITS: [(&str, &str, u64); 4] = [
    ("day", "day", 86_400),
    ("hour", "hour", 3600),
    ("minute", "min", 60),
    ("second", "sec", 1),
];

/// iptables keeps the time between two packets, in these parts of a second.
const SCALE: u64 = 10_000;

/// The rate and unit in which iptables shows a time between packets: the coarsest unit, unless a finer one divides
/// without much of a rest.
fn rate_and_unit(period: u64) -> (u64, &'static str, u64) {
    let (mut name, mut seconds) = ("day", 86_400);
    for (_, finer, unit) in UNITS.into_iter().skip(1) {
        let scaled = unit * SCALE;
        if period > scaled || scaled / period < scaled % period {
            break;
        }
        (name, seconds) = (finer, unit);
    }
    (seconds * SCALE / period, name, seconds)
}

fn parse(text: &str) -> Result<(u64, u64), Problem> {
    let bad = || parameter!("bad rate \"{text}\"'");
    let (rate, unit) = match text.split_once('/') {
        Some((_, "")) => return Err(bad()),
        Some((rate, word)) => {
            let starts = |unit: &&(&str, &str, u64)| {
                unit.0
                    .get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word))
            };
            // `m` is no month: the finest unit that fits is looked for first.
            let unit = UNITS.iter().rev().find(starts).ok_or_else(bad)?;
            (rate, unit.2)
        }
        None => (text, 1),
    };
    let rate: u64 = rate.parse().ok().filter(|rate| *rate > 0).ok_or_else(bad)?;
    let period = SCALE * unit / rate;
    if period == 0 {
        return Err(parameter!("Rate too fast \"{text}\""));
    }
    let (rate, _, unit) = rate_and_unit(period);
    Ok((rate, unit))
}

fn show(limit: &Limit) -> String {
    let period = limit.unit.saturating_mul(SCALE).checked_div(limit.rate);
    let (rate, unit, _) = rate_and_unit(period.unwrap_or(1).max(1));
    format!("{rate}/{unit}")
}

impl Extension for Limit {
    fn name(&self) -> &'static str {
        "limit"
    }

    fn options(&self) -> &'static [Opt] {
        const { &[opt("limit"), opt("limit-burst")] }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        if given.id == "limit" {
            (self.rate, self.unit) = parse(given.value)?;
        } else {
            self.burst = value::number(given.value, 10_000)
                .and_then(|burst| burst.try_into().ok())
                .ok_or_else(|| {
                    parameter!(
                        "limit: bad value for option \"--limit-burst\", or out of range (0-10000).\n"
                    )
                })?;
        }
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        format!(" limit: avg {} burst {}", show(self), self.burst)
    }

    fn save(&self, _style: Style) -> String {
        let burst = match self.burst {
            5 => String::new(),
            burst => format!(" --limit-burst {burst}"),
        };
        format!(" --limit {}{burst}", show(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_kept_as_iptables_keeps_them() {
        let kept = |text| {
            parse(text).map(|(rate, unit)| {
                show(&Limit {
                    rate,
                    unit,
                    burst: 5,
                })
            })
        };
        for (given, shown) in [
            ("3/hour", "3/hour"),
            ("60/min", "1/sec"),
            ("90/min", "90/min"),
            ("100/minute", "100/min"),
            ("24/day", "1/hour"),
            ("5", "5/sec"),
            ("7/s", "7/sec"),
            ("9999/sec", "10000/sec"),
        ] {
            assert_eq!(kept(given).as_deref(), Ok(shown), "{given}");
        }
        for bad in ["", "0/s", "5/", "5/foo", "x", "-1/s", "100000/s"] {
            assert!(kept(bad).is_err(), "{bad}");
        }
    }
}
