//! What is to be reached.

use nlctl_benches::record::Record;

use crate::case::{LOAD, find};
use crate::codec;
use crate::report::{Figure, figure, short};
use crate::round::Outcome;

/// One goal.
pub(crate) enum Target {
    /// A contestant's phase compared with another's.
    Kernel {
        case: &'static str,
        /// Who is to reach it.
        who: &'static str,
        phase: &'static str,
        figure: Figure,
        /// Compared with whom.
        with: &'static str,
        most: f64,
    },
    /// So many nanoseconds for something of the codec.
    Codec { what: &'static str, most: f64 },
    /// No more than the best of the other libraries.
    BestCodec { what: &'static str },
}

/// The name of this stack among the contestants.
pub(crate) const OURS: &str = "nlctl";

const fn target(
    case: &'static str,
    phase: &'static str,
    figure: Figure,
    with: &'static str,
    most: f64,
) -> Target {
    Target::Kernel {
        case,
        who: OURS,
        phase,
        figure,
        with,
        most,
    }
}

const TARGETS: &[Target] = &[
    target("routes4", "add", Figure::Cpu, "floor", 1.05),
    target("routes4", "delete", Figure::Cpu, "floor", 1.05),
    target("replace", "replace", Figure::Cpu, "floor", 1.05),
    target("routes4", "dump", Figure::Cpu, "floor", 1.10),
    target("routes4", "add", Figure::Cpu, "ip -batch", 0.35),
    target("routes4", "delete", Figure::Cpu, "ip -batch", 0.35),
    target("replace", "replace", Figure::Cpu, "ip -batch", 0.35),
    target("routes4", "dump", Figure::Cpu, "ip -batch", 0.25),
    target("routes4-million", "add", Figure::Cpu, "floor", 1.05),
    target("routes4-million", "delete", Figure::Cpu, "floor", 1.05),
    target("routes4-million", "dump", Figure::Cpu, "floor", 1.10),
    target("routes6", "add", Figure::Cpu, "floor", 1.05),
    target("routes6", "delete", Figure::Cpu, "floor", 1.05),
    target("routes6", "dump", Figure::Cpu, "floor", 1.10),
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
    target("namespaces", "create", Figure::Cpu, "floor", 1.15),
    target("namespaces", "create", Figure::Wall, "floor", 1.15),
    Target::Kernel {
        case: "load-million",
        who: LOAD,
        phase: "add",
        figure: Figure::Memory,
        with: "-",
        most: 8.0,
    },
    Target::Codec {
        what: codec::ENCODE,
        most: 20.0,
    },
    Target::Codec {
        what: codec::DECODE,
        most: 25.0,
    },
    Target::BestCodec {
        what: codec::ENCODE,
    },
    Target::BestCodec {
        what: codec::DECODE,
    },
];

impl Target {
    /// What is to be done, compared with whom, in what.
    fn words(&self) -> [String; 3] {
        match *self {
            Self::Kernel {
                case,
                phase,
                figure,
                with,
                ..
            } => [
                find(case).map_or(case.to_owned(), |case| format!("{}: {phase}", case.title)),
                with.to_owned(),
                match figure {
                    Figure::Cpu => "CPU time, ratio",
                    Figure::Wall => "wall time, ratio",
                    Figure::Memory => "peak MiB",
                }
                .to_owned(),
            ],
            Self::Codec { what, .. } => [what, "-", "ns"].map(str::to_owned),
            Self::BestCodec { what } => {
                [what, "the best other library", "ratio"].map(str::to_owned)
            }
        }
    }

    fn most(&self) -> f64 {
        match *self {
            Self::Kernel { most, .. } | Self::Codec { most, .. } => most,
            Self::BestCodec { .. } => 1.0,
        }
    }

    fn measured(
        &self,
        outcome: impl Fn(&str) -> Option<Outcome>,
        codec: Option<&Record>,
    ) -> Option<f64> {
        match *self {
            Self::Kernel {
                case,
                who,
                phase,
                figure: which,
                with,
                ..
            } => figure(&outcome(case)?, who, phase, with, which),
            Self::Codec { what, .. } => codec::nanoseconds(codec?, what, OURS),
            Self::BestCodec { what } => {
                Some(codec::nanoseconds(codec?, what, OURS)? / codec::best(codec?, what)?)
            }
        }
    }
}

/// All goals as a table, and how many were reached.
pub(crate) fn table(
    outcome: impl Fn(&str) -> Option<Outcome>,
    codec: Option<&Record>,
) -> (String, usize, usize) {
    let mut out = String::from(
        "| what | beside | figure | measured | to reach | reached |\n|---|---|---|--:|--:|---|\n",
    );
    let mut reached = 0;
    for target in TARGETS {
        let [what, with, unit] = target.words();
        let most = target.most();
        let measured = target.measured(&outcome, codec);
        let answer = match measured {
            Some(value) if value <= most => "yes",
            Some(_) => "**no**",
            None => "not measured",
        };
        reached += usize::from(answer == "yes");
        let measured = measured.map_or("-".to_owned(), short);
        out.push_str(&format!(
            "| {what} | {with} | {unit} | {measured} | ≤ {} | {answer} |\n",
            short(most)
        ));
    }
    (out, reached, TARGETS.len())
}
