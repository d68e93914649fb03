//! Tables, pictures and what holds them together.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use nlctl_benches::record::Record;
use nlctl_benches::{machine, median};

use crate::case::{CASES, Case, LOAD};
use crate::codec::{self, count};
use crate::plot::{Bar, Chart, Group, Kind};
use crate::round::Outcome;
use crate::sample::Sample;
use crate::{Result, program, target};

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

    fn word(self) -> &'static str {
        match self {
            Self::Cpu => "CPU time",
            Self::Wall => "wall time",
            Self::Memory => "memory",
        }
    }
}

fn samples<'o>(outcome: &'o Outcome, contestant: &str, phase: &str) -> &'o [Sample] {
    let key = (contestant.to_owned(), phase.to_owned());
    outcome.samples.get(&key).map_or(&[], Vec::as_slice)
}

/// How many times as long a contestant took as another, in each round.
fn ratios(outcome: &Outcome, who: &str, phase: &str, with: &str, figure: Figure) -> Vec<f64> {
    let rounds = samples(outcome, who, phase)
        .iter()
        .zip(samples(outcome, with, phase));
    // A figure below the clock's resolution compares with nothing.
    rounds
        .map(|(one, other)| figure.of(one) / figure.of(other).max(0.001))
        .collect()
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
    median(ratios(outcome, contestant, phase, with, figure))
}

/// The phases of a case, in the order in which they were done.
fn phases(case: &Case, outcome: &Outcome) -> Vec<String> {
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

/// A time with its unit.
fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        value if value < 999.5 => format!("{} ns", short(value)),
        value if value < 999_500.0 => format!("{} µs", short(value / 1e3)),
        value if value < 999_500_000.0 => format!("{} ms", short(value / 1e6)),
        value => format!("{} s", short(value / 1e9)),
    }
}

/// Whether it is a program of its own, whose allocations nobody counts.
fn is_program(name: &str) -> bool {
    name.starts_with("ip ") || name == LOAD
}

/// A case in Markdown.
pub(crate) fn section(case: &Case, outcome: &Outcome) -> String {
    let items = f64::from(case.items) * outcome.scale;
    let record = &outcome.record;
    let mut out = format!(
        "### {}\n\n`{}`: {items} × {}; rounds: {}; {}, commit {}, load {} before, {} after.\n",
        case.title,
        case.name,
        case.unit,
        outcome.rounds,
        record.get("date"),
        record.get("commit"),
        record.get("load before"),
        record.get("load after"),
    );
    for phase in phases(case, outcome) {
        let _ = write!(
            out,
            "\n| {phase} | how | wall | CPU | wall of one | CPU of one | peak MiB | allocations | bytes |\n\
             |---|---|--:|--:|--:|--:|--:|--:|--:|\n"
        );
        for contestant in case.contestants {
            let name = contestant.name;
            let of = samples(outcome, name, &phase);
            let middle = |value: &dyn Fn(&Sample) -> f64| median(of.iter().map(value).collect());
            let each =
                |value: fn(&Sample) -> u64| move |s: &Sample| value(s) as f64 / f64::from(s.items);
            let ratio = |which| figure(outcome, name, &phase, case.contestants[0].name, which);
            let cell =
                |value: Option<f64>, shown: fn(f64) -> String| value.map_or("-".to_owned(), shown);
            if of.is_empty() {
                continue;
            }
            let here = |value: Option<f64>| if is_program(name) { None } else { value };
            let strong = if name.starts_with(target::OURS) {
                "**"
            } else {
                ""
            };
            let _ = writeln!(
                out,
                "| {strong}{name}{strong} | {} | {} | {} | {} | {} | {} | {} | {} |",
                contestant.how,
                cell(ratio(Figure::Wall), short),
                cell(ratio(Figure::Cpu), short),
                cell(middle(&|s| Figure::Wall.of(s)), duration),
                cell(middle(&|s| Figure::Cpu.of(s)), duration),
                cell(middle(&|s| Figure::Memory.of(s)), short),
                cell(here(middle(&each(|s| s.allocations))), count),
                cell(here(middle(&each(|s| s.allocated_bytes))), |bytes| format!(
                    "{bytes:.0}"
                )),
            );
        }
    }
    let mut notes = Vec::new();
    for contestant in case.contestants {
        let name = contestant.name;
        if contestant.one_in > 1 && !outcome.failures.contains_key(name) {
            notes.push(format!(
                "{name}: one {} in {}",
                case.unit, contestant.one_in
            ));
        }
        if let Some(failure) = outcome.failures.get(name) {
            notes.push(format!("{name}: **failed**, {failure}"));
        }
    }
    if !notes.is_empty() {
        let _ = writeln!(out, "\n{}.", notes.join(". "));
    }
    out
}

/// A case as a picture.
fn chart(case: &Case, outcome: &Outcome) -> Chart {
    let floor = case.contestants[0].name;
    let bars = |phase: &String| {
        let bar = |name: &str| {
            let all = ratios(outcome, name, phase, floor, case.figure);
            let least = all.iter().copied().fold(f64::INFINITY, f64::min);
            let most = all.iter().copied().fold(0.0, f64::max);
            let of = samples(outcome, name, phase).iter();
            let one = median(of.map(|sample| case.figure.of(sample)).collect())?;
            let value = median(all)?;
            Some(Bar {
                name: name.to_owned(),
                kind: match name {
                    name if name.starts_with(target::OURS) => Kind::Ours,
                    name if name.starts_with("floor") => Kind::Floor,
                    _ => Kind::Other,
                },
                value,
                range: Some((least, most)),
                text: format!("×{} ({})", short(value), duration(one)),
            })
        };
        Group {
            name: phase.clone(),
            bars: case
                .contestants
                .iter()
                .filter_map(|one| bar(one.name))
                .collect(),
        }
    };
    Chart {
        title: case.title.to_owned(),
        note: format!(
            "{} × {}; rounds: {}, of which the bar is the median; the thin line is from the least to the most",
            f64::from(case.items) * outcome.scale,
            case.unit,
            outcome.rounds
        ),
        axis: format!("{} per {}, floor = 1", case.figure.word(), case.unit),
        mark: Some(1.0),
        groups: phases(case, outcome).iter().map(bars).collect(),
    }
}

/// The columns of the summary: whose best contestant counts.
const COLUMNS: [&str; 6] = [
    target::OURS,
    "ip",
    "netlink-bindings",
    "nlink",
    "rtnetlink",
    "neli",
];

/// One line for each phase of each case: what the floor takes, and how many times as long the others.
fn summary(outcomes: &BTreeMap<&str, Outcome>) -> String {
    let mut out = format!(
        "| what | floor | {} |\n|---|--:|{}\n",
        COLUMNS.join(" | "),
        "--:|".repeat(COLUMNS.len())
    );
    for case in CASES {
        let Some(outcome) = outcomes.get(case.name) else {
            continue;
        };
        let floor = case.contestants[0].name;
        for phase in phases(case, outcome) {
            let of = samples(outcome, floor, &phase).iter();
            let one = median(of.map(|sample| case.figure.of(sample)).collect());
            let best = |library: &str| {
                let theirs = case
                    .contestants
                    .iter()
                    .filter(|one| one.name.split([' ', ',']).next() == Some(library));
                theirs
                    .filter_map(|one| figure(outcome, one.name, &phase, floor, case.figure))
                    .min_by(f64::total_cmp)
            };
            let cells = COLUMNS.map(|library| best(library).map_or(String::new(), short));
            let clock = match case.figure {
                Figure::Wall => " (wall)",
                _ => "",
            };
            let _ = writeln!(
                out,
                "| {}: {phase}{clock} | {} | {} |",
                case.title,
                one.map_or(String::new(), duration),
                cells.join(" | ")
            );
        }
    }
    out
}

/// Where the report goes.
fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where what was measured waits.
pub(crate) fn kept() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("nlctl-benches")
}

/// How the numbers came about.
const METHOD: &str = "\
Each contestant works in a process and a network namespace of its own. Rounds are interleaved (A B C … A B C …), and \
each begins when the kernel has cleared away what the one before left. Figures are medians over the rounds. *Wall* and \
*CPU* are ratios to the first line, the floor, of the same round; the other columns are for one object. CPU is user \
and system time of the process (of the programs it starts, for `ip`). Allocations are those of the process, counted by \
its allocator. Peak memory is that of the phase; a program that is started has at least what the process had that \
started it, some 3 MiB.

The floor sends prebuilt datagrams through one socket and reads the answers: it is what the kernel takes. The time to \
build them is left out, and they count in its memory. Of other libraries the fastest way that their documentation \
offers is taken; where there are two, both are. What they answer is checked (each dump must count all objects), and \
all send the same properties.
";

/// Writes `RESULTS.md` and its pictures from what was kept, and says where it is.
pub(crate) fn write() -> Result<PathBuf> {
    let outcomes: BTreeMap<&str, Outcome> = CASES
        .iter()
        .filter_map(|case| Some((case.name, Outcome::find(&kept(), case)?)))
        .collect();
    let codec = Record::find(&kept(), "codec");
    let (targets, reached, of) = target::table(|case| outcomes.get(case).cloned(), codec.as_ref());
    let mut out = format!(
        "# What was measured\n\n\
         {}.\\\n{}; {}.\\\nDate, commit and load stand with each case.\n\n\
         Made as root by\n\n```text\ncargo build --release -p nlctl\ncargo bench -p nlctl-benches --features peers\n```\n\n\
         or a part of it by `--bench codec` and `--bench kernel -- [CASE]…`, and put together again by \
         `--bench kernel -- --report`.\n\n\
         ## Goals\n\n{reached} of {of} are reached.{}\n\n{targets}\n\
         ## At a glance\n\nWhat the floor takes for one object, and how many times as long the others: CPU time, or time on the \
         clock where\nthe kernel sleeps.\n\n{}\n## How it was measured\n\n{METHOD}\n",
        machine::describe(),
        program::version().unwrap_or_else(|| "no ip".to_owned()),
        machine::libraries().join(", "),
        if profile().is_empty() {
            ""
        } else {
            " [Why](#where-the-time-goes) the others are not is at the end."
        },
        summary(&outcomes),
    );
    let mut pictures = String::from("## Pictures\n");
    fs::create_dir_all(folder().join("plots"))?;
    let mut draw = |name: &str, chart: &Chart| -> Result<()> {
        if let Some(svg) = chart.svg() {
            fs::write(folder().join("plots").join(name).with_extension("svg"), svg)?;
            let _ = write!(pictures, "\n![{}](plots/{name}.svg)\n", chart.title);
        }
        Ok(())
    };
    if let Some(codec) = &codec {
        let _ = writeln!(out, "{}", codec::section(codec));
        let of_elements = |what: &str| what.contains("elements");
        let chart = codec::chart(codec, "Writing and reading one message", |what| {
            !of_elements(what)
        });
        draw("codec", &chart)?;
        let chart = codec::chart(codec, "Writing and reading 100 set elements", of_elements);
        draw("codec-elements", &chart)?;
    }
    out.push_str("## Cases\n\n");
    for case in CASES {
        if let Some(outcome) = outcomes.get(case.name) {
            let _ = writeln!(out, "{}", section(case, outcome));
            draw(case.name, &chart(case, outcome))?;
        }
    }
    out.push_str(&pictures);
    out.push_str(&profile());
    let path = folder().join("RESULTS.md");
    fs::write(&path, out)?;
    Ok(path)
}

/// What was found out by hand about goals that are not reached.
fn profile() -> String {
    fs::read_to_string(folder().join("PROFILE.md"))
        .map_or(String::new(), |text| format!("\n{text}"))
}
