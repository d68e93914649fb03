//! One measurement.

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nlctl_benches::sys::allocated;

use crate::Result;

/// What one contestant took for one phase of one round.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) phase: String,
    pub(crate) items: u32,
    pub(crate) wall_ns: u64,
    /// User and system time.
    pub(crate) cpu_us: u64,
    pub(crate) user_us: u64,
    /// Peak resident memory; 0 if unknown.
    pub(crate) rss_kib: u64,
    pub(crate) allocations: u64,
    pub(crate) allocated_bytes: u64,
}

impl Sample {
    /// As a line; [`from_line`](Self::from_line) reads it.
    pub(crate) fn line(&self) -> String {
        let Self {
            phase,
            items,
            wall_ns,
            cpu_us,
            user_us,
            rss_kib,
            allocations,
            allocated_bytes,
        } = self;
        format!(
            "{phase}\t{items}\t{wall_ns}\t{cpu_us}\t{user_us}\t{rss_kib}\t{allocations}\t{allocated_bytes}"
        )
    }

    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split('\t');
        let phase = words.next()?.to_owned();
        let numbers: Vec<u64> = words.map_while(|word| word.parse().ok()).collect();
        let [
            items,
            wall_ns,
            cpu_us,
            user_us,
            rss_kib,
            allocations,
            allocated_bytes,
        ] = numbers[..]
        else {
            return None;
        };
        let items = u32::try_from(items).ok()?;
        Some(Self {
            phase,
            items,
            wall_ns,
            cpu_us,
            user_us,
            rss_kib,
            allocations,
            allocated_bytes,
        })
    }
}

/// A contestant's part of a round.
pub(crate) struct Part {
    /// How many objects.
    pub(crate) items: u32,
    pub(crate) samples: Vec<Sample>,
}

/// Whose time and memory count.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    This,
    Programs,
}

impl Part {
    pub(crate) fn new(items: u32) -> Self {
        Self {
            items,
            samples: Vec::new(),
        }
    }

    /// Measures what is done in this process, for all objects.
    pub(crate) fn measure<T>(
        &mut self,
        phase: &str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        self.measure_of(Who::This, phase, self.items, work)
    }

    /// Measures what programs do that `work` starts and waits for.
    pub(crate) fn measure_programs<T>(
        &mut self,
        phase: &str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        self.measure_of(Who::Programs, phase, self.items, work)
    }

    fn measure_of<T>(
        &mut self,
        who: Who,
        phase: &str,
        items: u32,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        // Forgets the peak so far. Where that is refused, the setup's memory counts too.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let (count, bytes) = allocated();
        let (user, system) = used(who)?;
        let start = Instant::now();
        let result = work()?;
        let wall = start.elapsed();
        let (user_after, system_after) = used(who)?;
        let (count_after, bytes_after) = allocated();
        let user = user_after.saturating_sub(user);
        let cpu = user + system_after.saturating_sub(system);
        self.samples.push(Sample {
            phase: phase.to_owned(),
            items,
            wall_ns: wall.as_nanos() as u64,
            cpu_us: cpu.as_micros() as u64,
            user_us: user.as_micros() as u64,
            rss_kib: peak(who)?,
            allocations: if who == Who::This {
                count_after - count
            } else {
                0
            },
            allocated_bytes: if who == Who::This {
                bytes_after - bytes
            } else {
                0
            },
        });
        Ok(result)
    }
}

/// User and system time so far.
fn used(who: Who) -> Result<(Duration, Duration)> {
    let usage = getrusage(match who {
        Who::This => UsageWho::RUSAGE_SELF,
        Who::Programs => UsageWho::RUSAGE_CHILDREN,
    })?;
    let time = |value: nix::sys::time::TimeVal| {
        Duration::from_secs(value.tv_sec() as u64) + Duration::from_micros(value.tv_usec() as u64)
    };
    Ok((time(usage.user_time()), time(usage.system_time())))
}

/// Peak resident memory in KiB. A program's is at least what this process had when it started it.
fn peak(who: Who) -> Result<u64> {
    if who == Who::Programs {
        return Ok(getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() as u64);
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line
        .and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or(0))
}
