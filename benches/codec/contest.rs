//! Times contestants in interleaved rounds and counts their allocations.

use std::path::Path;
use std::time::{Duration, Instant};

use nlctl_benches::median;
use nlctl_benches::record::Record;
use nlctl_benches::sys::allocated;

/// How often something is done to count its allocations.
const TIMES: u32 = 1000;
/// Of which the median is taken.
const ROUNDS: u32 = 101;
/// About how long a contestant works in each.
const TURN: Duration = Duration::from_millis(3);

/// Our name.
pub(crate) const OURS: &str = "nlctl";

struct Contestant {
    group: &'static str,
    name: &'static str,
    /// Does it so many times.
    work: Box<dyn FnMut(u32)>,
    /// In one turn.
    times: u32,
    allocations: f64,
    bytes: f64,
    /// Nanoseconds for once, in each round.
    took: Vec<f64>,
}

impl Contestant {
    fn turn(&mut self, times: u32) -> Duration {
        let start = Instant::now();
        (self.work)(times);
        start.elapsed()
    }
}

/// Groups of contestants that do the same.
pub(crate) struct Contest {
    contestants: Vec<Contestant>,
    /// Only groups with this in their name.
    only: Option<String>,
}

impl Contest {
    pub(crate) fn new() -> Self {
        let only = std::env::args().skip(1).find(|word| !word.starts_with('-'));
        Self {
            contestants: Vec::new(),
            only,
        }
    }

    /// One contestant, who gets a buffer of its own to use again each time.
    pub(crate) fn time(
        &mut self,
        group: &'static str,
        name: &'static str,
        mut work: impl FnMut(&mut Vec<u8>) + 'static,
    ) {
        if self.only.as_ref().is_some_and(|only| !group.contains(only)) {
            return;
        }
        let mut buffer = Vec::new();
        let mut work = move |times| (0..times).for_each(|_| work(&mut buffer));
        work(TIMES);
        let before = allocated();
        work(TIMES);
        let after = allocated();
        let each = |before, after| (after - before) as f64 / f64::from(TIMES);
        self.contestants.push(Contestant {
            group,
            name,
            work: Box::new(work),
            times: TIMES,
            allocations: each(before.0, after.0),
            bytes: each(before.1, after.1),
            took: Vec::new(),
        });
    }

    /// Lets them work, tells what came out and leaves it for the report.
    pub(crate) fn finish(mut self) {
        let mut record = Record::begin();
        let names: Vec<&str> = self.contestants.iter().map(|one| one.group).collect();
        self.contestants
            .sort_by_key(|one| names.iter().position(|&name| name == one.group));
        for group in self
            .contestants
            .chunk_by_mut(|one, other| one.group == other.group)
        {
            run(group);
            let ours = group.iter().position(|one| one.name == OURS);
            println!(
                "\n{:<20} {:<22} {:>9} {:>7} {:>12} {:>7}",
                group[0].group, "", "ns", "ratio", "allocations", "bytes"
            );
            for one in &*group {
                let ns = median(one.took.clone()).unwrap_or(f64::NAN);
                let reference = &group[ours.unwrap_or(0)].took;
                let ratios = one.took.iter().zip(reference).map(|(one, ours)| one / ours);
                let ratio = median(ratios.collect()).unwrap_or(f64::NAN);
                let Contestant {
                    group,
                    name,
                    allocations,
                    bytes,
                    ..
                } = one;
                println!(
                    "{:<20} {name:<22} {ns:>9.1} {ratio:>7.2} {allocations:>12.2} {bytes:>7.0}",
                    ""
                );
                let numbers = [ns, ratio, *allocations, *bytes].map(|number| number.to_string());
                let names = [*group, *name].map(str::to_owned);
                record.line(names.into_iter().chain(numbers));
            }
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nlctl-benches");
        if self.only.is_none() {
            match record.keep(&folder, "codec") {
                Ok(()) => println!("\nkept for `--bench kernel -- --report`"),
                Err(error) => eprintln!("{}: {error}", folder.display()),
            }
        }
    }
}

/// Rounds of one group: each contestant has its turn, then each again.
fn run(group: &mut [Contestant]) {
    for one in &mut *group {
        let trial = one.turn(one.times).max(Duration::from_nanos(1));
        let times = TURN.as_secs_f64() / trial.as_secs_f64() * f64::from(one.times);
        one.times = (times as u32).max(1);
    }
    for _ in 0..ROUNDS {
        for one in &mut *group {
            let took = one.turn(one.times).as_nanos() as f64 / f64::from(one.times);
            one.took.push(took);
        }
    }
}
