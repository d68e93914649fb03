//! Tables.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::case::{CASES, Case, LOAD};
use crate::round::Outcome;
use crate::sample::Sample;
use crate::{Result, machine, plot, program, target};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    /// User and system time.
    Cpu,
    /// Time on the clock.
    Wall,
    /// Peak resident memory, in MiB and not compared.
    Memory,
}

impl Figure {
    /// For one object, in nanoseconds; memory in MiB for all.
    fn of(self, sample: &Sample) -> f64 {
        let total = match self {
            Self::Cpu => sample.cpu_us as f64 * 1000.0,
            Self::Wall => sample.wall_ns as f64,
            Self::Memory => return sample.rss_kib as f64 / 1024.0,
        };
        total / f64::from(sample.items)
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        len if len % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

fn samples<'o>(outcome: &'o Outcome, contestant: &str, phase: &str) -> &'o [Sample] {
    let key = (contestant.to_owned(), phase.to_owned());
    outcome.samples.get(&key).map_or(&[], Vec::as_slice)
}

/// How many times as long a contestant took as another: the median of the ratios within each round.
pub(crate) fn figure(
    outcome: &Outcome,
    contestant: &str,
    phase: &str,
    with: &str,
    figure: Figure,
) -> Option<f64> {
    if figure == Figure::Memory {
        let of = samples(outcome, contestant, phase);
        return median(of.iter().map(|one| figure.of(one)).collect());
    }
    let rounds = samples(outcome, contestant, phase)
        .iter()
        .zip(samples(outcome, with, phase));
    // A figure below the clock's resolution compares with nothing.
    let ratios = rounds.map(|(one, other)| figure.of(one) / figure.of(other).max(0.001));
    median(ratios.collect())
}

/// The phases of a case, in the order in which they were done.
pub(crate) fn phases(case: &Case, outcome: &Outcome) -> Vec<String> {
    let first = case.contestants[0].name;
    let known = [
        "add", "create", "dump", "replace", "sync", "delete", "remove",
    ];
    let was = |phase: &&&str| !samples(outcome, first, phase).is_empty();
    known
        .iter()
        .filter(was)
        .map(|&phase| phase.to_owned())
        .collect()
}

/// A number with three digits that count.
pub(crate) fn short(value: f64) -> String {
    match value {
        value if value >= 99.5 => format!("{value:.0}"),
        value if value >= 9.95 => format!("{value:.1}"),
        value if value >= 0.0995 => format!("{value:.2}"),
        value if value >= 0.00995 => format!("{value:.3}"),
        value => format!("{value:.4}"),
    }
}

/// A case in Markdown.
pub(crate) fn section(case: &Case, outcome: &Outcome, load: &str) -> String {
    let mut out = format!(
        "## {}\n\n`{}`: {} × {}, {} rounds, {load}.\n",
        case.title, case.name, case.items, case.unit, outcome.rounds
    );
    for phase in phases(case, outcome) {
        let _ = write!(
            out,
            "\n| {phase} | how | wall | CPU | µs wall | µs CPU | µs user | peak MiB | allocations | bytes |\n\
             |---|---|---|---|---|---|---|---|---|---|\n"
        );
        for contestant in case.contestants {
            let name = contestant.name;
            let of = samples(outcome, name, &phase);
            let middle = |value: &dyn Fn(&Sample) -> f64| median(of.iter().map(value).collect());
            let each =
                |value: fn(&Sample) -> u64| move |s: &Sample| value(s) as f64 / f64::from(s.items);
            let ratio = |which| figure(outcome, name, &phase, case.contestants[0].name, which);
            let cell = |value: Option<f64>| value.map_or("-".to_owned(), short);
            if of.is_empty() {
                continue;
            }
            let program = name.starts_with("ip ") || name == LOAD;
            let here = |value: Option<f64>| if program { None } else { value };
            let _ = writeln!(
                out,
                "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                contestant.how,
                cell(ratio(Figure::Wall)),
                cell(ratio(Figure::Cpu)),
                cell(middle(&|s| Figure::Wall.of(s) / 1000.0)),
                cell(middle(&|s| Figure::Cpu.of(s) / 1000.0)),
                cell(middle(&each(|s| s.user_us))),
                cell(middle(&|s| s.rss_kib as f64 / 1024.0)),
                cell(here(middle(&each(|s| s.allocations)))),
                cell(here(middle(&each(|s| s.allocated_bytes)))),
            );
        }
    }
    for contestant in case.contestants {
        if contestant.one_in > 1 {
            let _ = write!(
                out,
                "\n{}: one {} in {}.",
                contestant.name, case.unit, contestant.one_in
            );
        }
        if let Some(failure) = outcome.failures.get(contestant.name) {
            let _ = write!(out, "\n{}: failed, {failure}.", contestant.name);
        }
    }
    if !out.ends_with("|\n") {
        out.push('\n');
    }
    out
}

/// Where the report goes.
fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where parts of it wait for others that are measured at another time.
fn parts() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("nlctl-benches")
}

/// Keeps the report of a case until [`write`], and draws it.
pub(crate) fn keep(case: &Case, outcome: &Outcome, section: &str) -> Result<()> {
    fs::create_dir_all(parts())?;
    let plot = plot::draw(case, outcome);
    let mut text = section.to_owned();
    if let Some(plot) = plot {
        fs::create_dir_all(folder().join("plots"))?;
        fs::write(
            folder().join("plots").join(format!("{}.svg", case.name)),
            plot,
        )?;
        let _ = write!(text, "\n![{}](plots/{}.svg)\n", case.title, case.name);
    }
    fs::write(parts().join(format!("{}.md", case.name)), text)?;
    let targets = target::lines(case.name, outcome).join("\n");
    fs::write(parts().join(format!("{}.targets", case.name)), targets)?;
    Ok(())
}

/// Writes `RESULTS.md` from the cases kept, and says where it is.
pub(crate) fn write() -> Result<PathBuf> {
    let read = |case: &Case, ending| {
        fs::read_to_string(parts().join(format!("{}.{ending}", case.name))).unwrap_or_default()
    };
    let mut out = format!(
        "# What was measured\n\n\
         Made by `cargo bench -p nlctl-benches --features peers --bench kernel`.\n\n\
         Machine: {}. {}.\n\
         {}.\n\n\
         Each contestant works in a process and a network namespace of its own; rounds are interleaved. Figures are\n\
         medians over the rounds; *wall* and *CPU* are ratios to the first line of the same round, the others are for\n\
         one object. CPU is user and system time of the process (of `ip`, for its lines). Allocations are those of\n\
         this process, counted by its allocator. The floor sends prebuilt buffers through one socket and reads the\n\
         answers: it is what the kernel takes; its buffers count in its memory. Programs that others start have at\n\
         least the memory of the process that starts them, some 3 MiB.\n\n",
        machine::describe(),
        program::version().unwrap_or_else(|| "no ip".to_owned()),
        machine::libraries().join(", "),
    );
    out.push_str(&fs::read_to_string(parts().join("codec.md")).unwrap_or_default());
    let targets: Vec<String> = CASES.iter().map(|case| read(case, "targets")).collect();
    let targets: Vec<&str> = targets.iter().flat_map(|lines| lines.lines()).collect();
    let _ = writeln!(
        out,
        "\n## To reach\n\n| what | compared with | figure | measured | to reach | reached |\n|---|---|---|---|---|---|\n{}\n",
        targets.join("\n")
    );
    let sections: Vec<String> = CASES
        .iter()
        .map(|case| read(case, "md"))
        .filter(|text| !text.is_empty())
        .collect();
    out.push_str(&sections.join("\n"));
    let path = folder().join("RESULTS.md");
    fs::write(&path, out)?;
    Ok(path)
}
