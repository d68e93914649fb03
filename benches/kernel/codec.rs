//! What the codec's benchmark left for the report.

use std::fmt::Write as _;

use nlctl_benches::record::Record;

use crate::plot::{Bar, Chart, Group, Kind};
use crate::report::short;
use crate::target::OURS;

/// What its benchmark calls these.
pub(crate) const ENCODE: &str = "encode route";
pub(crate) const DECODE: &str = "decode route";
/// Those that are no other libraries.
const FLOOR: &str = "by hand";

/// One contestant.
#[derive(Clone, Copy, Debug)]
struct Line<'r> {
    what: &'r str,
    who: &'r str,
    nanoseconds: f64,
    ratio: f64,
    allocations: f64,
    bytes: f64,
}

impl Line<'_> {
    fn is_other(&self) -> bool {
        self.who != FLOOR && !self.who.starts_with(OURS)
    }
}

fn lines(record: &Record) -> impl Iterator<Item = Line<'_>> {
    record.lines.iter().filter_map(|line| {
        let [what, who, numbers @ ..] = line.as_slice() else {
            return None;
        };
        let numbers: Vec<f64> = numbers.iter().map_while(|word| word.parse().ok()).collect();
        let [nanoseconds, ratio, allocations, bytes] = *numbers.as_slice() else {
            return None;
        };
        Some(Line {
            what,
            who,
            nanoseconds,
            ratio,
            allocations,
            bytes,
        })
    })
}

/// The median of a contestant.
pub(crate) fn nanoseconds(record: &Record, what: &str, who: &str) -> Option<f64> {
    let line = lines(record).find(|line| line.what == what && line.who == who);
    line.map(|line| line.nanoseconds)
}

/// The median of the fastest other library.
pub(crate) fn best(record: &Record, what: &str) -> Option<f64> {
    lines(record)
        .filter(|line| line.what == what && line.is_other())
        .map(|line| line.nanoseconds)
        .min_by(f64::total_cmp)
}

/// As Markdown.
pub(crate) fn section(record: &Record) -> String {
    let mut out = format!(
        "## Codec\n\n{}, commit {}, load {} before, {} after. Medians of interleaved rounds in one run; ratios are to\n\
         ours. Building a message counts, buffers are used again where a library lets them be; *again* is the writing\n\
         of a request that is there, *by its table* that of attributes without a value of the request, as\n\
         netlink-bindings does.\n\n| what | who | ns | ratio | allocations | bytes |\n|---|---|--:|--:|--:|--:|\n",
        record.get("date"),
        record.get("commit"),
        record.get("load before"),
        record.get("load after"),
    );
    for line in lines(record) {
        let Line {
            what,
            who,
            nanoseconds,
            ratio,
            allocations,
            bytes,
        } = line;
        let _ = writeln!(
            out,
            "| {what} | {who} | {nanoseconds:.1} | {} | {} | {bytes:.0} |",
            short(ratio),
            count(allocations),
        );
    }
    out
}

/// How many allocations.
pub(crate) fn count(value: f64) -> String {
    match value {
        value if value < 0.005 => "0".to_owned(),
        value if value < 1.0 => format!("{value:.2}"),
        value => short(value),
    }
}

/// As a picture of those of the groups that `wanted` picks.
pub(crate) fn chart(record: &Record, title: &str, wanted: impl Fn(&str) -> bool) -> Chart {
    let mut groups: Vec<Group> = Vec::new();
    for line in lines(record).filter(|line| wanted(line.what)) {
        let bar = Bar {
            name: line.who.to_owned(),
            kind: match line.who {
                FLOOR => Kind::Floor,
                _ if line.is_other() => Kind::Other,
                _ => Kind::Ours,
            },
            value: line.nanoseconds,
            range: None,
            text: format!("{} ns, ×{}", short(line.nanoseconds), short(line.ratio)),
        };
        match groups.last_mut() {
            Some(group) if group.name == line.what => group.bars.push(bar),
            _ => groups.push(Group {
                name: line.what.to_owned(),
                bars: vec![bar],
            }),
        }
    }
    Chart {
        title: title.to_owned(),
        note: "medians of interleaved rounds; ratios are to ours".to_owned(),
        axis: "nanoseconds".to_owned(),
        mark: None,
        groups,
    }
}
