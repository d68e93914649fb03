//! The options before the object: `ip [ OPTIONS ] OBJECT …`, ip(8).

use std::env;
use std::io::IsTerminal;

use crate::failure::Failure;
use crate::words::{Words, matches, wrong};

/// `AF_UNSPEC`: any family.
pub const AF_UNSPEC: u8 = 0;
/// `AF_INET`.
pub const AF_INET: u8 = 2;
/// `AF_BRIDGE`.
pub const AF_BRIDGE: u8 = 7;
/// `AF_INET6`.
pub const AF_INET6: u8 = 10;
/// `AF_PACKET`: the link layer.
pub const AF_PACKET: u8 = 17;
/// `AF_MPLS`.
pub const AF_MPLS: u8 = 28;

/// What the options ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of ip")]
pub struct Options {
    /// `-family`, `-4`, `-6`, `-0`, `-B`, `-M`: an `AF_*`, [`AF_UNSPEC`] if none is asked for.
    pub family: u8,
    /// `-json`.
    pub json: bool,
    /// `-pretty`: JSON of many lines, or otherwise easier to read.
    pub pretty: bool,
    /// `-details`, counted.
    pub details: u32,
    /// `-statistics`, counted.
    pub statistics: u32,
    /// `-human-readable`: numbers with K, M, G.
    pub human: bool,
    /// `-iec`: human-readable numbers in powers of 1024.
    pub iec: bool,
    /// `-oneline`: one line per object.
    pub oneline: bool,
    /// `-brief`: a few columns.
    pub brief: bool,
    /// `-Numeric`: numbers where there are names.
    pub numeric: bool,
    /// `-resolve`: host names for addresses.
    pub resolve: bool,
    /// `-timestamp` (1) or `-tshort` (2).
    pub timestamp: u8,
    /// `-all`: all objects, for commands that know it.
    pub all: bool,
    /// `-force`: a batch goes on after a failure.
    pub force: bool,
    /// `-loops`: how often a flush is tried.
    pub loops: Option<u32>,
    /// `-rcvbuf`: the size of receive buffers, in bytes.
    pub rcvbuf: Option<u32>,
    /// `-netns`: the name of a network namespace.
    pub netns: Option<String>,
    /// `-batch`: a file of commands.
    pub batch: Option<String>,
    /// Whether text is coloured.
    pub color: bool,
    /// Whether the terminal's background is dark, by `COLORFGBG`.
    pub dark_background: bool,
}

/// What the command line asks for before any object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The object and its command follow.
    Command,
    /// `-Version`.
    Version,
    /// `-help`.
    Help,
}

/// What an option does; the order of [`TABLE`] decides which one an abbreviation means.
#[derive(Clone, Copy)]
enum Action {
    Loops,
    Family,
    Is(u8),
    Set(fn(&mut Options)),
    Version,
    Batch,
    Rcvbuf,
    Color,
    Help,
    Netns,
}

const TABLE: &[(&str, Action)] = &[
    ("-loops", Action::Loops),
    ("-family", Action::Family),
    ("-4", Action::Is(AF_INET)),
    ("-6", Action::Is(AF_INET6)),
    ("-0", Action::Is(AF_PACKET)),
    ("-M", Action::Is(AF_MPLS)),
    ("-B", Action::Is(AF_BRIDGE)),
    ("-human-readable", Action::Set(|o| o.human = true)),
    (
        "-iec",
        Action::Set(|o| {
            o.human = true;
            o.iec = true;
        }),
    ),
    ("-stats", Action::Set(|o| o.statistics += 1)),
    ("-statistics", Action::Set(|o| o.statistics += 1)),
    ("-details", Action::Set(|o| o.details += 1)),
    ("-resolve", Action::Set(|o| o.resolve = true)),
    ("-oneline", Action::Set(|o| o.oneline = true)),
    ("-timestamp", Action::Set(|o| o.timestamp = 1)),
    ("-tshort", Action::Set(|o| o.timestamp = 2)),
    ("-Version", Action::Version),
    ("-force", Action::Set(|o| o.force = true)),
    ("-batch", Action::Batch),
    ("-brief", Action::Set(|o| o.brief = true)),
    ("-json", Action::Set(|o| o.json = true)),
    ("-pretty", Action::Set(|o| o.pretty = true)),
    ("-rcvbuf", Action::Rcvbuf),
    ("-color", Action::Color),
    ("-help", Action::Help),
    ("-netns", Action::Netns),
    ("-Numeric", Action::Set(|o| o.numeric = true)),
    ("-all", Action::Set(|o| o.all = true)),
];

impl Options {
    /// Reads the options at the front of a command line and leaves the words behind them.
    ///
    /// # Errors
    ///
    /// An unknown option, a value that is missing or wrong: exit code 255.
    pub fn parse(words: &mut Words<'_>, usage: &str) -> Result<(Self, Start), Failure> {
        let mut options = Self::default();
        while let Some(word) = words.peek() {
            if word == "--" {
                words.next();
                break;
            }
            if !word.starts_with('-') {
                break;
            }
            words.next();
            let option = one_dash(word);
            let (name, attached) = match option.split_once('=') {
                Some((name, value)) if matches(name, "-color") => (name, Some(value)),
                _ => (option, None),
            };
            let action = action(name).ok_or_else(|| {
                Failure::new(
                    255,
                    format!("Option \"{option}\" is unknown, try \"ip -help\"."),
                )
            })?;
            let mut value = || words.next().ok_or_else(|| Failure::new(255, usage));
            match action {
                Action::Set(set) => set(&mut options),
                Action::Is(family) => options.family = family,
                Action::Loops => options.loops = Some(value()?.parse().unwrap_or(0)),
                Action::Family => options.family = family(value()?, usage)?,
                Action::Version => return Ok((options, Start::Version)),
                Action::Help => return Ok((options, Start::Help)),
                Action::Batch => options.batch = Some(value()?.to_owned()),
                Action::Rcvbuf => {
                    let size = value()?;
                    let wrong = || Failure::new(255, format!("Invalid rcvbuf size '{size}'"));
                    options.rcvbuf = Some(size.parse().map_err(|_| wrong())?);
                }
                Action::Color => options.color = color(attached, option)?,
                Action::Netns => {
                    let name = words.next().unwrap_or("(null)");
                    options.netns = Some(name.to_owned());
                }
            }
        }
        if options.json {
            options.color = false;
        }
        options.dark_background = env::var("COLORFGBG").is_ok_and(|value| dark(&value));
        Ok((options, Start::Command))
    }
}

/// `--json` is `-json`.
fn one_dash(word: &str) -> &str {
    word.strip_prefix('-')
        .filter(|rest| rest.starts_with('-'))
        .unwrap_or(word)
}

fn action(name: &str) -> Option<Action> {
    let mut rows = TABLE.iter();
    rows.find(|(long, _)| matches(name, long))
        .map(|(_, action)| *action)
}

/// Whether the word behind this option is its value.
pub(crate) fn takes_value(option: &str) -> bool {
    matches!(
        action(one_dash(option)),
        Some(Action::Loops | Action::Family | Action::Batch | Action::Rcvbuf | Action::Netns)
    )
}

/// The family of a name after `-family`.
fn family(name: &str, usage: &str) -> Result<u8, Failure> {
    match name {
        "inet" => Ok(AF_INET),
        "inet6" => Ok(AF_INET6),
        "link" => Ok(AF_PACKET),
        "bridge" => Ok(AF_BRIDGE),
        "mpls" => Ok(AF_MPLS),
        "any" => Ok(AF_UNSPEC),
        "help" => Err(Failure::new(255, usage)),
        _ => Err(wrong(name, "invalid protocol family")),
    }
}

/// Whether `-color[=WHEN]` means now.
fn color(when: Option<&str>, option: &str) -> Result<bool, Failure> {
    match when {
        None | Some("always") => Ok(true),
        Some("auto") => Ok(std::io::stdout().is_terminal()),
        Some("never") => Ok(false),
        Some(_) => Err(Failure::new(
            255,
            format!("Option \"{option}\" is unknown, try \"ip -help\"."),
        )),
    }
}

/// Whether `COLORFGBG` (`15;0`) names a dark background.
fn dark(value: &str) -> bool {
    matches!(
        value.rsplit(';').next(),
        Some("0" | "1" | "2" | "3" | "4" | "5" | "6" | "8")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Result<(Options, usize), Failure> {
        let mut words = Words::new(line);
        Options::parse(&mut words, "usage").map(|(options, _)| (options, words.rest().len()))
    }

    #[test]
    fn abbreviations_mean_the_first_row() {
        let (options, rest) = parse(&[
            "-b", "x", "-br", "-h", "-s", "-st", "-p", "-o", "link", "-6",
        ])
        .unwrap();
        assert_eq!(options.batch.as_deref(), Some("x"));
        assert!(options.brief && options.human && options.pretty && options.oneline);
        assert_eq!(
            (options.statistics, options.family, rest),
            (2, AF_UNSPEC, 2)
        );
    }

    #[test]
    fn two_dashes_do_as_well() {
        let (options, rest) = parse(&["--json", "--all", "--", "-4"]).unwrap();
        assert!(options.json && options.all);
        assert_eq!(rest, 1);
    }

    #[test]
    fn unknown_option_and_family() {
        assert_eq!(
            parse(&["-x"]).unwrap_err().text(),
            "Option \"-x\" is unknown, try \"ip -help\"."
        );
        assert_eq!(
            parse(&["-f", "foo"]).unwrap_err().text(),
            "Error: argument \"foo\" is wrong: invalid protocol family"
        );
        assert_eq!(parse(&["-f"]).unwrap_err().text(), "usage");
    }

    #[test]
    fn color_is_off_in_json() {
        assert!(parse(&["-c"]).unwrap().0.color);
        assert!(!parse(&["-c", "-j"]).unwrap().0.color);
        assert!(!parse(&["-c=never"]).unwrap().0.color);
        assert_eq!(parse(&["-c=x"]).unwrap_err().code(), 255);
    }
}
