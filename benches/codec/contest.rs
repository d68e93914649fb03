//! Times contestants with criterion, counts their allocations, and sums up as ratios.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use criterion::Criterion;
use nlctl_benches::sys::allocated;

/// How often something is done to count its allocations.
const TIMES: u64 = 1000;

/// Our name.
pub(crate) const OURS: &str = "nlctl";

struct Line {
    group: String,
    name: &'static str,
    allocations: f64,
    bytes: f64,
}

pub(crate) struct Contest {
    criterion: Criterion,
    lines: Vec<Line>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("criterion")
}

impl Contest {
    pub(crate) fn new() -> Self {
        let criterion = Criterion::default()
            .output_directory(&folder())
            .configure_from_args();
        Self {
            criterion,
            lines: Vec::new(),
        }
    }

    /// One contestant.
    pub(crate) fn time(&mut self, group: &str, name: &'static str, mut work: impl FnMut()) {
        work();
        let before = allocated();
        (0..TIMES).for_each(|_| work());
        let after = allocated();
        self.lines.push(Line {
            group: group.to_owned(),
            name,
            allocations: (after.0 - before.0) as f64 / TIMES as f64,
            bytes: (after.1 - before.1) as f64 / TIMES as f64,
        });
        self.criterion
            .benchmark_group(group)
            .bench_function(name, |b| b.iter(&mut work));
    }

    /// Prints the ratios and leaves them for the report.
    pub(crate) fn finish(self) {
        self.criterion.final_summary();
        let mut out = String::from(
            "## Codec\n\n`cargo bench -p nlctl-benches --features peers --bench codec`: medians; the ratio is to ours.\n\
             Building counts, buffers are reused where a library lets them be.\n\n\
             | what | who | ns | ratio | allocations | bytes |\n|---|---|---|---|---|---|\n",
        );
        for line in &self.lines {
            let Some(median) = median(&line.group, line.name) else {
                continue;
            };
            let ratio = median / median_of_ours(&line.group).unwrap_or(f64::NAN);
            let Line {
                group,
                name,
                allocations,
                bytes,
            } = line;
            let _ = writeln!(
                out,
                "| {group} | {name} | {median:.1} | {ratio:.2} | {allocations:.2} | {bytes:.0} |"
            );
        }
        println!("{out}");
        let parts = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nlctl-benches");
        let kept = std::fs::create_dir_all(&parts)
            .and_then(|()| std::fs::write(parts.join("codec.md"), out));
        if let Err(error) = kept {
            eprintln!("{}: {error}", parts.display());
        }
    }
}

fn median_of_ours(group: &str) -> Option<f64> {
    median(group, OURS)
}

/// What criterion found, in nanoseconds.
fn median(group: &str, name: &str) -> Option<f64> {
    let path = folder().join(group).join(name).join("new/estimates.json");
    let text = std::fs::read_to_string(path).ok()?;
    let (_, rest) = text.split_once("\"median\"")?;
    let (_, rest) = rest.split_once("\"point_estimate\":")?;
    rest.split([',', '}']).next()?.trim().parse().ok()
}
