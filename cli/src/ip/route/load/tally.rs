//! How far the work is, and what came of it.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use nl_route::bulk::SyncReport;

/// What became of the lines.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Sent to the kernel.
    pub(super) sent: usize,
    /// Done by it.
    pub(super) done: usize,
    /// Refused, or not to be read.
    pub(super) failed: usize,
    /// Not to be read.
    pub(super) unreadable: usize,
    /// Whether nothing is done by a dry run.
    pub(super) is_dry: bool,
    /// Added, replaced, deleted, unchanged.
    pub(super) sync: Option<[usize; 4]>,
}

impl Tally {
    /// Adds what was made in one table.
    pub(super) fn add(&mut self, report: &SyncReport) {
        let SyncReport {
            added,
            replaced,
            unchanged,
            ..
        } = *report;
        self.sent += added + replaced + unchanged;
        let sums = self.sync.get_or_insert([0; 4]);
        for (sum, count) in sums.iter_mut().zip([added, replaced, 0, unchanged]) {
            *sum += count;
        }
    }

    /// Adds what was deleted from one table.
    pub(super) fn add_deleted(&mut self, count: usize) {
        let [_, _, deleted, _] = self.sync.get_or_insert([0; 4]);
        *deleted += count;
    }

    pub(super) fn summary(&self, took: Duration) -> String {
        let seconds = took.as_secs_f64();
        let Self { done, failed, .. } = self;
        let would = if self.is_dry { " would be" } else { "" };
        let did = match self.sync {
            None => format!("{done}{would} done"),
            Some([added, replaced, deleted, unchanged]) => format!(
                "{added}{would} added, {replaced} replaced, {deleted} deleted, {unchanged} unchanged"
            ),
        };
        let rate = match self.is_dry {
            true => "nothing was sent".to_owned(),
            false => format!("{} routes/s", rate(self.sent, took)),
        };
        format!("{did}, {failed} failed, in {seconds:.2} s ({rate})")
    }
}

fn rate(count: usize, took: Duration) -> u128 {
    let count = u128::try_from(count).unwrap_or(0);
    count * 1_000_000 / took.as_micros().max(1)
}

/// One line on a terminal that says how far the work is.
#[derive(Debug)]
pub(super) struct Progress {
    on: bool,
    drawn: bool,
    /// How long the file is, in bytes, if that is known.
    size: Option<u64>,
    begun: Instant,
    last: Instant,
}

impl Progress {
    pub(super) fn new(size: Option<u64>) -> Self {
        let now = Instant::now();
        Self {
            on: stderr().is_terminal(),
            drawn: false,
            size: size.filter(|size| *size > 0),
            begun: now,
            last: now,
        }
    }

    /// Since when.
    pub(super) fn took(&self) -> Duration {
        self.begun.elapsed()
    }

    /// So many routes are done, of so many bytes.
    pub(super) fn show(&mut self, count: usize, read: u64) {
        if !self.on || self.last.elapsed() < Duration::from_millis(100) {
            return;
        }
        self.last = Instant::now();
        self.drawn = true;
        let rate = rate(count, self.begun.elapsed());
        let bar = self.size.map_or(String::new(), |size| bar(read, size));
        let _ = write!(stderr().lock(), "\r{bar}{count} routes, {rate}/s\x1b[K");
    }

    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(stderr().lock(), "\r\x1b[K");
        }
    }
}

/// `[=========>          ]  47 % `.
fn bar(read: u64, size: u64) -> String {
    const WIDTH: usize = 30;
    // A file may have grown.
    let percent = usize::try_from(read.min(size).saturating_mul(100) / size.max(1)).unwrap_or(100);
    let done = WIDTH * percent / 100;
    let head = if done < WIDTH { ">" } else { "" };
    let rest = WIDTH.saturating_sub(done + head.len());
    format!("[{:=<done$}{head}{:rest$}] {percent:3} % ", "", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_one_width() {
        assert_eq!(bar(0, 7), format!("[>{}]   0 % ", " ".repeat(29)));
        assert_eq!(
            bar(50, 100),
            format!("[{}>{}]  50 % ", "=".repeat(15), " ".repeat(14))
        );
        assert_eq!(bar(9, 7), format!("[{}] 100 % ", "=".repeat(30)));
        assert_eq!(bar(u64::MAX, u64::MAX).len(), bar(0, 1).len());
    }
}
