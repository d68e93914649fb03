//! The command line of `sysctl`.

use std::ffi::OsString;

use regex_lite::Regex;

use crate::failure::Failure;
use crate::options::{self, Order, Spec};

const OPTIONS: &[Spec] = &[
    Spec::flag('a', "all"),
    Spec::flag('A', ""),
    Spec::flag('X', ""),
    Spec::flag('D', "deprecated").long_only(),
    Spec::flag('Y', "dry-run").long_only(),
    Spec::flag('b', "binary"),
    Spec::flag('e', "ignore"),
    Spec::flag('N', "names"),
    Spec::flag('n', "values"),
    Spec::optional('p', "load"),
    Spec::optional('f', ""),
    Spec::with_value('r', "pattern"),
    Spec::flag('q', "quiet"),
    Spec::flag('w', "write"),
    Spec::flag('o', ""),
    Spec::flag('x', ""),
    Spec::flag('d', ""),
    Spec::flag('h', "help"),
    Spec::flag('V', "version"),
];

const USAGE: &str = "
Usage:
 sysctl [options] [variable[=value] ...]

Options:
  -a, --all            show all variables (also -A, -X)
      --deprecated     show deprecated variables too
      --dry-run        show what would be set
  -b, --binary         show values without newline
  -e, --ignore         no errors for unknown variables
  -N, --names          show names only
  -n, --values         show values only
  -p, --load[=<file>]  set what the file says (also -f)
  -r, --pattern <expression>
                       show variables whose name matches
  -q, --quiet          do not show what is set
  -w, --write          set variables

 -h, --help     display this help and exit (also -d)
 -V, --version  output version information and exit
";

/// What to do.
pub(super) enum Command<'a> {
    /// Print this.
    Say(String),
    /// Show or set parameters.
    Run(Args<'a>),
}

/// What is shown of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Echo {
    Both,
    Values,
    Names,
    Binary,
}

/// A command line that shows or sets.
pub(super) struct Args<'a> {
    pub(super) all: bool,
    pub(super) deprecated: bool,
    pub(super) dry_run: bool,
    pub(super) echo: Echo,
    pub(super) ignore: bool,
    pub(super) load: bool,
    pub(super) pattern: Option<Regex>,
    pub(super) quiet: bool,
    pub(super) write: bool,
    /// Parameters, or the files of `-p`.
    pub(super) names: Vec<&'a str>,
}

pub(super) fn parse(words: &[OsString]) -> Result<Command<'_>, Failure> {
    // procps leaves with success here.
    let parsed = options::parse(words, OPTIONS, Order::Mixed)
        .map_err(|text| Failure::new(0, format!("sysctl: {text}\n{}", USAGE.trim_end())))?;
    let mut args = Args {
        all: false,
        deprecated: false,
        dry_run: false,
        echo: Echo::Both,
        ignore: false,
        load: false,
        pattern: None,
        quiet: false,
        write: false,
        names: Vec::new(),
    };
    for (key, value) in parsed.options {
        match key {
            'a' | 'A' | 'X' => args.all = true,
            'D' => args.deprecated = true,
            'Y' => args.dry_run = true,
            'b' => args.echo = Echo::Binary,
            'e' => args.ignore = true,
            'N' => args.echo = Echo::Names,
            'n' => args.echo = Echo::Values,
            'p' | 'f' => {
                args.load = true;
                args.names.extend(value.map(text).transpose()?);
            }
            'r' => args.pattern = value.map(pattern).transpose()?,
            'q' => args.quiet = true,
            'w' => args.write = true,
            'd' | 'h' => return Ok(Command::Say(USAGE.trim_end().to_owned())),
            'V' => {
                return Ok(Command::Say(format!(
                    "sysctl from nlctl {}",
                    env!("CARGO_PKG_VERSION")
                )));
            }
            _ => {}
        }
    }
    for operand in parsed.operands {
        args.names.push(text(operand)?);
    }
    if args.names.is_empty() && !args.all && !args.load {
        return Err(if words.is_empty() {
            Failure::new(1, USAGE.trim_end())
        } else {
            Failure::new(
                1,
                "sysctl: no variables specified\nTry `sysctl --help' for more information.",
            )
        });
    }
    Ok(Command::Run(args))
}

fn text(word: &std::ffi::OsStr) -> Result<&str, Failure> {
    word.to_str().ok_or_else(|| {
        Failure::new(
            1,
            format!("sysctl: \"{}\" is not valid UTF-8", word.display()),
        )
    })
}

fn pattern(word: &std::ffi::OsStr) -> Result<Regex, Failure> {
    Regex::new(text(word)?)
        .map_err(|error| Failure::new(1, format!("sysctl: invalid pattern: {error}")))
}
