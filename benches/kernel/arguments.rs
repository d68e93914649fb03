//! The command line.

use crate::Result;
use crate::case::{self, Case};

pub(crate) const HELP: &str = "\
cargo bench -p nlctl-benches [--features peers] --bench kernel -- [CASE]… [OPTION]…

Runs the cases, all unless some are named, and writes RESULTS.md and plots; of cases that do not run
now the last results are kept. Needs root, or: nlctl sandbox cargo bench …

  --list             the cases and who takes part
  --report           only writes RESULTS.md, of what was measured before, also by the codec's benchmark
  --rounds N         rounds of each case instead of its own number; medians are taken
  --scale X          X times as many objects as usual, say 0.01; then nothing is written
  --only NAME        only this contestant beside the floor; may be repeated; then nothing is written
  --write, --no-write
                     whether RESULTS.md and plots are written

Our program is measured if it was built (cargo build --release -p nlctl) or if NLCTL names it.";

/// What to do.
#[derive(Debug)]
pub(crate) enum Arguments {
    Help,
    List,
    /// Only puts together what was measured before.
    Report,
    All(Options),
    One(One),
}

/// A whole run.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) cases: Vec<&'static Case>,
    /// Of each case, if not its own number.
    pub(crate) rounds: Option<u32>,
    pub(crate) scale: f64,
    pub(crate) only: Vec<String>,
    pub(crate) write: bool,
}

/// One contestant's part of one round, in this process.
#[derive(Debug)]
pub(crate) struct One {
    pub(crate) case: String,
    pub(crate) contestant: String,
    pub(crate) items: u32,
}

/// The word that makes the program a contestant.
pub(crate) const ONE: &str = "--take-part";

impl Arguments {
    pub(crate) fn read(words: &[String]) -> Result<Self> {
        let mut options = Options {
            cases: Vec::new(),
            rounds: None,
            scale: 1.0,
            only: Vec::new(),
            write: true,
        };
        let mut write = None;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                // Cargo says this to every benchmark.
                "--bench" => {}
                "--help" | "-h" => return Ok(Self::Help),
                "--report" => return Ok(Self::Report),
                "--list" => return Ok(Self::List),
                "--rounds" => options.rounds = Some(value()?.parse()?),
                "--scale" => options.scale = value()?.parse()?,
                "--only" => options.only.push(value()?.clone()),
                "--write" => write = Some(true),
                "--no-write" => write = Some(false),
                ONE => {
                    return Ok(Self::One(One {
                        case: value()?.clone(),
                        contestant: value()?.clone(),
                        items: value()?.parse()?,
                    }));
                }
                name => {
                    let case =
                        case::find(name).ok_or_else(|| format!("no case {name:?}; see --list"))?;
                    options.cases.push(case);
                }
            }
        }
        if options.cases.is_empty() {
            options.cases.extend(case::CASES);
        }
        options.write = write.unwrap_or(options.scale == 1.0 && options.only.is_empty());
        Ok(Self::All(options))
    }
}
