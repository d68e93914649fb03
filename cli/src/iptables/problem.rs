//! What iptables says when it stops, and its exit codes.

use std::net::IpAddr;

use nl_core::Errno;

use super::program::Program;
use crate::failure::Failure;

/// Why a command stops. The sentences are those of the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Something is wrong with the command line: exit code 2, and a hint at the help.
    Parameter(String),
    /// The same without the program's name and version.
    Bare(String),
    /// Something is missing in the kernel or in this build: exit code 3.
    Version(String),
    /// Something in the ruleset is not what this tool can work on: exit code 1.
    Other(String),
    /// What was asked for is not there: `iptables: Chain already exists.`, exit code 1.
    Answer(&'static str),
    /// The kernel refused: exit code 4.
    Kernel(Vec<String>),
    /// All has been said.
    Said(u8),
}

/// `Problem::Parameter`, formatted.
macro_rules! parameter {
    ($($arg:tt)*) => { $crate::iptables::problem::Problem::Parameter(format!($($arg)*)) };
}
pub(super) use parameter;

impl Problem {
    pub(super) const NO_CHAIN: Self = Self::Answer("No chain/target/match by that name.");
    pub(super) const NO_RULE: Self =
        Self::Answer("Bad rule (does a matching rule exist in that chain?).");

    /// A refusal of the whole, before anything else was asked.
    pub(super) fn connection(error: &nl_core::Error) -> Self {
        let denied = error.errno().is_some_and(|errno| matches!(errno.0, 1 | 13));
        let text = match error.errno() {
            _ if denied => "Permission denied (you must be root)".to_owned(),
            Some(errno) => strerror(errno),
            None => error.to_string(),
        };
        Self::Kernel(vec![format!(
            "Could not fetch rule set generation id: {text}"
        )])
    }

    /// The same for the process: text for standard error and exit code.
    pub(super) fn into_failure(self, program: &Program) -> Failure {
        let name = program.name;
        let hint = format!("Try `{name} -h' or '{name} --help' for more information.");
        let head = program.version();
        match self {
            Self::Parameter(text) => Failure::new(2, format!("{head}: {text}\n{hint}")),
            Self::Bare(text) if text.is_empty() => Failure::new(2, hint),
            Self::Bare(text) => Failure::new(2, format!("{text}\n{hint}")),
            Self::Version(text) => Failure::new(
                3,
                format!("{head}: {text}\nPerhaps {name} or your kernel needs to be upgraded."),
            ),
            Self::Other(text) => Failure::new(1, format!("{head}: {text}")),
            Self::Answer(text) => Failure::new(1, format!("{name}: {text}")),
            Self::Kernel(lines) => {
                let lines: Vec<String> =
                    lines.iter().map(|line| format!("{head}: {line}")).collect();
                Failure::new(4, lines.join("\n"))
            }
            Self::Said(code) => Failure::silent(code),
        }
    }
}

/// The system's sentence for an errno of the kernel.
pub(super) fn strerror(errno: Errno) -> String {
    errno.description().to_owned()
}

/// The unspecified address of a family.
pub(super) fn any_address(v6: bool) -> IpAddr {
    if v6 {
        IpAddr::from([0; 16])
    } else {
        IpAddr::from([0; 4])
    }
}
