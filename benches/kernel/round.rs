//! Runs the rounds: this program starts itself once for each contestant and round.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nlctl_benches::machine;
use nlctl_benches::record::Record;

use crate::arguments::{ONE, One, Options};
use crate::case::{self, Case, Contestant};
use crate::sample::{Part, Sample};
use crate::{Result, network, report};

/// How long a contestant may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(300);

/// What all contestants of a case did in all rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) rounds: u32,
    /// Times as many objects as usual.
    pub(crate) scale: f64,
    /// By contestant and phase: a sample of each round.
    pub(crate) samples: BTreeMap<(String, String), Vec<Sample>>,
    /// By contestant: why it has no samples, or not one of each round.
    pub(crate) failures: BTreeMap<String, String>,
    /// When, of which commit, under what load; see [`Record::begin`].
    pub(crate) record: Record,
}

/// In the name of a note, before a contestant's.
const FAILED: &str = "failed: ";

impl Outcome {
    fn take(&mut self, contestant: &str, sample: Sample) {
        let key = (contestant.to_owned(), sample.phase.clone());
        self.samples.entry(key).or_default().push(sample);
    }

    /// Keeps it until the report is written.
    pub(crate) fn keep(&self, folder: &Path, case: &Case) -> Result<()> {
        let mut record = self.record.clone();
        record.note("rounds", self.rounds.to_string());
        record.note("scale", self.scale.to_string());
        for (contestant, failure) in &self.failures {
            record.note(&format!("{FAILED}{contestant}"), failure);
        }
        for ((contestant, _), samples) in &self.samples {
            for sample in samples {
                record.line([contestant.clone(), sample.line()]);
            }
        }
        Ok(record.keep(folder, case.name)?)
    }

    /// Reads what was kept.
    pub(crate) fn find(folder: &Path, case: &Case) -> Option<Self> {
        let record = Record::find(folder, case.name)?;
        let mut outcome = Self {
            rounds: record.get("rounds").parse().ok()?,
            scale: record.get("scale").parse().ok()?,
            ..Self::default()
        };
        for (name, failure) in &record.notes {
            if let Some(contestant) = name.strip_prefix(FAILED) {
                outcome
                    .failures
                    .insert(contestant.to_owned(), failure.clone());
            }
        }
        for line in &record.lines {
            let (contestant, sample) = line.split_first()?;
            outcome.take(contestant, Sample::from_line(&sample.join("\t"))?);
        }
        outcome.record = record;
        Some(outcome)
    }
}

/// Does the work of one contestant in this process and prints what it took.
pub(crate) fn take_part(one: &One) -> Result<()> {
    let case = case::find(&one.case).ok_or("no such case")?;
    let contestant = case
        .contestants
        .iter()
        .find(|contestant| contestant.name == one.contestant);
    network::leave()?;
    let mut part = Part::new(one.items);
    (contestant.ok_or("no such contestant")?.run)(&mut part)?;
    part.samples
        .iter()
        .for_each(|sample| println!("{}", sample.line()));
    Ok(())
}

/// Runs the cases, tells what they took, and writes the report.
pub(crate) fn all(options: &Options) -> Result<()> {
    for case in &options.cases {
        let outcome = run(case, options);
        println!("{}", report::section(case, &outcome));
        if options.write {
            outcome.keep(&report::kept(), case)?;
        }
    }
    if options.write {
        println!("written: {}", report::write()?.display());
    }
    Ok(())
}

fn run(case: &Case, options: &Options) -> Outcome {
    let rounds = options.rounds.unwrap_or(case.rounds);
    let mut outcome = Outcome {
        rounds,
        scale: options.scale,
        record: Record::begin(),
        ..Outcome::default()
    };
    let chosen = |contestant: &&Contestant| {
        options.only.is_empty()
            || std::ptr::eq(*contestant, &raw const case.contestants[0])
            || options.only.iter().any(|name| contestant.name == name)
    };
    for round in 0..rounds {
        for contestant in case.contestants.iter().filter(chosen) {
            if outcome.failures.contains_key(contestant.name) {
                continue;
            }
            eprintln!(
                "{} {}/{}: {}",
                case.name,
                round + 1,
                rounds,
                contestant.name
            );
            machine::settle();
            match start(case, contestant, options.scale) {
                Ok(samples) => {
                    for sample in samples {
                        outcome.take(contestant.name, sample);
                    }
                }
                Err(error) => {
                    eprintln!("{error}");
                    outcome
                        .failures
                        .insert(contestant.name.to_owned(), error.to_string());
                }
            }
        }
    }
    outcome
}

/// Starts a contestant and reads what it took.
fn start(case: &Case, contestant: &Contestant, scale: f64) -> Result<Vec<Sample>> {
    if !contestant.is_here() {
        return Err("not installed".into());
    }
    let items = f64::from(case.items) * scale / f64::from(contestant.one_in);
    let items = (items as u32).max(1);
    let mut child = Command::new(std::env::current_exe()?)
        .args([ONE, case.name, contestant.name, &items.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Err(format!("no end after {} s", PATIENCE.as_secs()).into());
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let (mut out, mut err) = (String::new(), String::new());
    child
        .stdout
        .take()
        .ok_or("no output")?
        .read_to_string(&mut out)?;
    child
        .stderr
        .take()
        .ok_or("no errors")?
        .read_to_string(&mut err)?;
    if !status.success() {
        let last = err
            .lines()
            .rev()
            .find(|line| !line.is_empty() && !line.starts_with("note: "));
        return Err(format!("{status}: {}", last.unwrap_or_default()).into());
    }
    Ok(out.lines().filter_map(Sample::from_line).collect())
}
