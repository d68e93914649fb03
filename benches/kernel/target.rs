//! What is to be reached.

use crate::case::{LOAD, find};
use crate::report::{Figure, figure};
use crate::round::Outcome;

/// One goal: a contestant's phase compared with another's.
pub(crate) struct Target {
    case: &'static str,
    /// Who is to reach it.
    who: &'static str,
    phase: &'static str,
    figure: Figure,
    /// Compared with whom, and with what phase of theirs if it is another.
    with: &'static str,
    most: f64,
}

const fn target(
    case: &'static str,
    phase: &'static str,
    figure: Figure,
    with: &'static str,
    most: f64,
) -> Target {
    Target {
        case,
        who: OURS,
        phase,
        figure,
        with,
        most,
    }
}

/// The name of this stack among the contestants.
const OURS: &str = "nlctl";

const TARGETS: &[Target] = &[
    target("routes4", "add", Figure::Cpu, "floor", 1.05),
    target("routes4", "delete", Figure::Cpu, "floor", 1.05),
    target("replace", "replace", Figure::Cpu, "floor", 1.05),
    target("routes4", "dump", Figure::Cpu, "floor", 1.10),
    target("routes6", "add", Figure::Cpu, "floor", 1.05),
    target("routes6", "delete", Figure::Cpu, "floor", 1.05),
    target("routes6", "dump", Figure::Cpu, "floor", 1.10),
    target("routes4", "add", Figure::Cpu, "ip -batch", 0.35),
    target("routes4", "delete", Figure::Cpu, "ip -batch", 0.35),
    target("replace", "replace", Figure::Cpu, "ip -batch", 0.35),
    target("routes4", "dump", Figure::Cpu, "ip -batch", 0.25),
    target("routeset", "add", Figure::Cpu, "floor", 0.75),
    target("routeset", "remove", Figure::Cpu, "floor", 0.10),
    target("each", "add", Figure::Cpu, "floor", 1.10),
    target("each", "delete", Figure::Cpu, "floor", 1.10),
    target("veth", "create", Figure::Wall, "floor", 1.10),
    target("veth", "create", Figure::Wall, "floor, moved", 0.05),
    target(
        "ungrouped",
        "delete",
        Figure::Wall,
        "floor, one by one",
        0.05,
    ),
    Target {
        who: LOAD,
        ..target("load-million", "add", Figure::Memory, "-", 8.0)
    },
    target("namespaces", "create", Figure::Wall, "floor", 1.15),
];

/// The goals of a case, as lines of a table.
pub(crate) fn lines(case: &str, outcome: &Outcome) -> Vec<String> {
    let reached = |target: &Target| {
        let ratio = figure(
            outcome,
            target.who,
            target.phase,
            target.with,
            target.figure,
        )?;
        Some(format!(
            "| {}, {} | {} | {} | {:.2} | ≤ {:.2} | {} |",
            find(target.case)?.title,
            target.phase,
            target.with,
            match target.figure {
                Figure::Cpu => "CPU",
                Figure::Wall => "wall",
                Figure::Memory => "peak MiB",
            },
            ratio,
            target.most,
            if ratio <= target.most { "yes" } else { "no" },
        ))
    };
    TARGETS
        .iter()
        .filter(|target| target.case == case)
        .filter_map(reached)
        .collect()
}
