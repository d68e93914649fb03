//! What ping prints about a run: round-trip times, the summary, and the words for ICMP errors.

use std::fmt::Write;
use std::time::Duration;

use super::echo::Family;

/// The counters of a run.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    /// Requests sent.
    pub transmitted: u64,
    /// Requests answered.
    pub received: u64,
    /// Further answers to the same request.
    pub repeats: u64,
    /// ICMP and local errors.
    pub errors: u64,
    /// The most requests that were under way at once.
    pub pipe: u64,
    /// From the first request to the last.
    pub elapsed: Duration,
    times: Times,
}

/// Round-trip times, in microseconds.
#[derive(Clone, Debug, Default)]
struct Times {
    count: u64,
    min: u64,
    max: u64,
    sum: u128,
    sum_of_squares: u128,
    /// Eight times the exponentially weighted average.
    weighted: u64,
}

impl Statistics {
    /// Notes a round-trip time.
    pub fn time(&mut self, time: Duration) {
        let micros = micros(time);
        let times = &mut self.times;
        times.min = if times.count == 0 {
            micros
        } else {
            times.min.min(micros)
        };
        times.max = times.max.max(micros);
        times.weighted = if times.count == 0 {
            micros.saturating_mul(8)
        } else {
            (times.weighted - times.weighted / 8).saturating_add(micros)
        };
        times.count += 1;
        times.sum += u128::from(micros);
        times.sum_of_squares = times
            .sum_of_squares
            .saturating_add(u128::from(micros).saturating_mul(u128::from(micros)));
    }

    /// The longest round-trip time.
    pub fn longest(&self) -> Duration {
        Duration::from_micros(self.times.max)
    }

    /// The lines at the end, for the target as it was named.
    pub fn summary(&self, host: &str) -> String {
        let mut text = format!(
            "\n--- {host} ping statistics ---\n{} packets transmitted, {} received",
            self.transmitted, self.received
        );
        for (count, what) in [(self.repeats, "duplicates"), (self.errors, "errors")] {
            if count > 0 {
                let _ = write!(text, ", +{count} {what}");
            }
        }
        if self.transmitted > 0 {
            let _ = write!(
                text,
                ", {}% packet loss, time {}ms",
                self.loss(),
                self.elapsed.as_millis()
            );
        }
        text.push('\n');
        let mut comma = "";
        if let Some((average, deviation)) = self.times.spread() {
            let _ = write!(
                text,
                "rtt min/avg/max/mdev = {}/{}/{}/{} ms",
                Millis(self.times.min),
                Millis(average),
                Millis(self.times.max),
                Millis(deviation)
            );
            comma = ", ";
        }
        if self.pipe > 1 {
            let _ = write!(text, "{comma}pipe {}", self.pipe);
        }
        text
    }

    /// The line that SIGQUIT asks for.
    pub fn status(&self) -> String {
        let loss = self.transmitted.saturating_sub(self.received) * 100 / self.transmitted.max(1);
        let mut text = format!(
            "{}/{} packets, {loss}% loss",
            self.received, self.transmitted
        );
        if let Some((average, _)) = self.times.spread() {
            let _ = write!(
                text,
                ", min/avg/ewma/max = {}/{}/{}/{} ms",
                Millis(self.times.min),
                Millis(average),
                Millis(self.times.weighted / 8),
                Millis(self.times.max)
            );
        }
        text
    }

    /// Lost requests in percent, with six significant digits as printf's `%g`.
    fn loss(&self) -> String {
        let lost = self.transmitted.saturating_sub(self.received);
        // Exact in u128, rounded to the digit that %g would keep last: 33.3333, 5.26316, 0.123457.
        let percent = |digits: u32| {
            let scale = 10_u128.pow(digits);
            (u128::from(lost) * 100 * scale * 2 + u128::from(self.transmitted))
                / (u128::from(self.transmitted) * 2)
        };
        let digits = (0..12)
            .rev()
            .find(|&digits| percent(digits) < 1_000_000)
            .unwrap_or(0);
        let scale = 10_u128.pow(digits);
        let (whole, fraction) = (percent(digits) / scale, percent(digits) % scale);
        let text = format!("{whole}.{fraction:0width$}", width = digits as usize);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl Times {
    /// Average and mean deviation, if there are any times.
    fn spread(&self) -> Option<(u64, u64)> {
        let count = u128::from(self.count);
        let average = self.sum.checked_div(count)?;
        let variance = self
            .sum_of_squares
            .saturating_sub(self.sum.saturating_mul(self.sum) / count)
            / count;
        let narrow = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
        Some((narrow(average), narrow(variance.isqrt())))
    }
}

/// Microseconds, shown as milliseconds with three decimals.
struct Millis(u64);

impl std::fmt::Display for Millis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// A round-trip time in milliseconds with three significant digits, or three decimals below 1 ms.
pub fn milliseconds(time: Duration) -> String {
    let micros = micros(time);
    match micros {
        99_950.. => format!("{}", (micros + 500) / 1000),
        9_995.. => format!("{}.{:01}", (micros + 50) / 1000, (micros + 50) % 1000 / 100),
        1_000.. => format!("{}.{:02}", (micros + 5) / 1000, (micros + 5) % 1000 / 10),
        _ => Millis(micros).to_string(),
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The words for an ICMP error; `info` is the next hop's MTU or the place of the problem, where there is one.
pub fn describe(family: Family, kind: u8, code: u8, info: u32) -> String {
    match family {
        Family::V4 => describe_v4(kind, code, info),
        Family::V6 => describe_v6(kind, code, info),
    }
}

fn describe_v4(kind: u8, code: u8, info: u32) -> String {
    let text = match (kind, code) {
        (3, 0) => "Destination Net Unreachable",
        (3, 1) => "Destination Host Unreachable",
        (3, 2) => "Destination Protocol Unreachable",
        (3, 3) => "Destination Port Unreachable",
        (3, 4) => return format!("Frag needed and DF set (mtu = {info})"),
        (3, 5) => "Source Route Failed",
        (3, 6) => "Destination Net Unknown",
        (3, 7) => "Destination Host Unknown",
        (3, 8) => "Source Host Isolated",
        (3, 9) => "Destination Net Prohibited",
        (3, 10) => "Destination Host Prohibited",
        (3, 11) => "Destination Net Unreachable for Type of Service",
        (3, 12) => "Destination Host Unreachable for Type of Service",
        (3, 13) => "Packet filtered",
        (3, 14) => "Precedence Violation",
        (3, 15) => "Precedence Cutoff",
        (3, _) => return format!("Dest Unreachable, Bad Code: {code}"),
        (4, _) => "Source Quench",
        (11, 0) => "Time to live exceeded",
        (11, 1) => "Frag reassembly time exceeded",
        (11, _) => return format!("Time exceeded, Bad Code: {code}"),
        (12, _) => return format!("Parameter problem: pointer = {}", info >> 24),
        _ => return format!("Bad ICMP type: {kind}"),
    };
    text.to_owned()
}

fn describe_v6(kind: u8, code: u8, info: u32) -> String {
    match (kind, code) {
        (1, 0) => "Destination unreachable: No route".to_owned(),
        (1, 1) => "Destination unreachable: Administratively prohibited".to_owned(),
        (1, 2) => "Destination unreachable: Beyond scope of source address".to_owned(),
        (1, 3) => "Destination unreachable: Address unreachable".to_owned(),
        (1, 4) => "Destination unreachable: Port unreachable".to_owned(),
        (1, _) => format!("Destination unreachable: Unknown code {code}"),
        (2, 0) => format!("Packet too big: mtu={info}"),
        (2, _) => format!("Packet too big: mtu={info}, code={code}"),
        (3, 0) => "Time exceeded: Hop limit".to_owned(),
        (3, 1) => "Time exceeded: Defragmentation failure".to_owned(),
        (3, _) => format!("Time exceeded: code={code}"),
        (4, 0) => format!("Parameter problem: Wrong header field at {info}"),
        (4, 1) => format!("Parameter problem: Unknown header at {info}"),
        (4, 2) => format!("Parameter problem: Unknown option at {info}"),
        (4, _) => format!("Parameter problem: code={code} at {info}"),
        _ => format!("unknown icmp type: {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        for (micros, shown) in [
            (0, "0.000"),
            (46, "0.046"),
            (999, "0.999"),
            (1000, "1.00"),
            (9_994, "9.99"),
            (9_995, "10.0"),
            (99_949, "99.9"),
            (99_950, "100"),
            (1_234_567, "1235"),
        ] {
            assert_eq!(milliseconds(Duration::from_micros(micros)), shown);
        }
    }

    #[test]
    fn loss_is_printed_as_printf_does() {
        for (transmitted, received, shown) in [
            (1, 1, "0"),
            (1, 0, "100"),
            (3, 2, "33.3333"),
            (3, 1, "66.6667"),
            (19, 18, "5.26316"),
            (810, 809, "0.123457"),
            (8, 7, "12.5"),
        ] {
            let statistics = Statistics {
                transmitted,
                received,
                ..Statistics::default()
            };
            assert_eq!(statistics.loss(), shown);
        }
    }

    #[test]
    fn summary_of_two_answers() {
        let mut statistics = Statistics {
            transmitted: 2,
            received: 2,
            ..Statistics::default()
        };
        statistics.elapsed = Duration::from_micros(203_900);
        statistics.time(Duration::from_micros(262));
        statistics.time(Duration::from_micros(32));
        assert_eq!(
            statistics.summary("127.0.0.1"),
            "\n--- 127.0.0.1 ping statistics ---\n\
             2 packets transmitted, 2 received, 0% packet loss, time 203ms\n\
             rtt min/avg/max/mdev = 0.032/0.147/0.262/0.115 ms"
        );
    }

    #[test]
    fn summary_without_an_answer() {
        let statistics = Statistics {
            transmitted: 2,
            errors: 2,
            pipe: 2,
            ..Statistics::default()
        };
        assert_eq!(
            statistics.summary("h"),
            "\n--- h ping statistics ---\n2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 0ms\npipe 2"
        );
    }
}
