//! Moments in local time.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

use tz::{DateTime, TimeZone, UtcDateTime};

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A moment, in seconds since 1970 and microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) seconds: i64,
    pub(super) micros: u32,
}

/// Now.
pub(super) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since = since.unwrap_or_default();
    Moment {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        micros: since.subsec_micros(),
    }
}

impl Moment {
    /// `Sun Nov 22 05:01:50 2026 554583 usec`, with this word for microseconds.
    pub(super) fn long(self, unit: &str) -> String {
        let Some(time) = self.fields() else {
            return format!("{} {} {unit}", self.seconds, self.micros);
        };
        let day = DAYS.get(time.week_day).unwrap_or(&"???");
        let month = MONTHS.get(time.month - 1).unwrap_or(&"???");
        let [hours, minutes, seconds] = time.clock;
        format!(
            "{day} {month} {:>2} {hours:02}:{minutes:02}:{seconds:02} {} {} {unit}",
            time.month_day, time.year, self.micros
        )
    }

    /// `2026-11-22T05:01:50.554583`.
    pub(super) fn short(self) -> String {
        let Some(time) = self.fields() else {
            return format!("{}.{:06}", self.seconds, self.micros);
        };
        let [hours, minutes, seconds] = time.clock;
        format!(
            "{}-{:02}-{:02}T{hours:02}:{minutes:02}:{seconds:02}.{:06}",
            time.year, time.month, time.month_day, self.micros
        )
    }

    /// In the time zone of `TZ` or the system, in UTC without one.
    fn fields(self) -> Option<Fields> {
        let zone = match env::var("TZ") {
            Ok(zone) => TimeZone::from_posix_tz(&zone).ok(),
            Err(_) => TimeZone::local().ok(),
        };
        let local = zone.and_then(|zone| {
            let time = DateTime::from_timespec(self.seconds, 0, zone.as_ref()).ok()?;
            Some(Fields {
                year: time.year(),
                month: time.month().into(),
                month_day: time.month_day(),
                week_day: time.week_day().into(),
                clock: [time.hour(), time.minute(), time.second()],
            })
        });
        local.or_else(|| {
            let time = UtcDateTime::from_timespec(self.seconds, 0).ok()?;
            Some(Fields {
                year: time.year(),
                month: time.month().into(),
                month_day: time.month_day(),
                week_day: time.week_day().into(),
                clock: [time.hour(), time.minute(), time.second()],
            })
        })
    }
}

struct Fields {
    year: i32,
    /// 1 to 12.
    month: usize,
    month_day: u8,
    /// 0 is Sunday.
    week_day: usize,
    clock: [u8; 3],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_ctime_and_as_iso_8601() {
        // What zone the tests run in is not theirs to say; minutes and microseconds are the same in all but a few.
        let moment = Moment {
            seconds: 1_700_000_000,
            micros: 7,
        };
        let (long, short) = (moment.long("usec"), moment.short());
        assert!(
            long.contains(" Nov 14 ") || long.contains(" Nov 15 "),
            "{long}"
        );
        assert!(long.ends_with(":20 2023 7 usec"), "{long}");
        assert!(
            short.starts_with("2023-11-1") && short.ends_with(":20.000007"),
            "{short}"
        );
    }
}
