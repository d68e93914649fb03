//! Runs the rounds: this program starts itself once for each contestant and round.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::arguments::{ONE, One, Options};
use crate::case::{self, Case, Contestant};
use crate::sample::{Part, Sample};
use crate::{Result, machine, network, report};

/// How long a contestant may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(300);

/// What all contestants of a case did in all rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) rounds: u32,
    /// By contestant and phase: a sample of each round.
    pub(crate) samples: BTreeMap<(String, String), Vec<Sample>>,
    /// By contestant: why it has no samples.
    pub(crate) failures: BTreeMap<String, String>,
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
        let before = machine::load();
        let outcome = run(case, options);
        let load = format!("load {before} before, {} after", machine::load());
        let section = report::section(case, &outcome, &load);
        println!("{section}");
        if options.write {
            report::keep(case, &outcome, &section)?;
        }
    }
    if options.write {
        println!("written: {}", report::write()?.display());
    }
    Ok(())
}

fn run(case: &Case, options: &Options) -> Outcome {
    let mut outcome = Outcome {
        rounds: options.rounds,
        ..Outcome::default()
    };
    let chosen = |contestant: &&Contestant| {
        options.only.is_empty()
            || std::ptr::eq(*contestant, &raw const case.contestants[0])
            || options.only.iter().any(|name| contestant.name == name)
    };
    for round in 0..options.rounds {
        for contestant in case.contestants.iter().filter(chosen) {
            if outcome.failures.contains_key(contestant.name) {
                continue;
            }
            eprintln!(
                "{} {}/{}: {}",
                case.name,
                round + 1,
                options.rounds,
                contestant.name
            );
            match start(case, contestant, options.scale) {
                Ok(samples) => {
                    for sample in samples {
                        let key = (contestant.name.to_owned(), sample.phase.clone());
                        outcome.samples.entry(key).or_default().push(sample);
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
