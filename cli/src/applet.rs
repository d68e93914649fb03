//! The table of applets, and how a command line finds its row.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::output::Output;
use crate::trace::Wanted;
use crate::{decode, ethtool, ip, iptables, links, lsns, monitor, ping, sandbox, sysctl, unshare};

/// What an applet is given: the name that it was called by, and the words after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The applet's name, as it stands in the table.
    pub name: &'static str,
    /// The words after the name. They are the user's bytes: not necessarily UTF-8.
    pub args: Vec<OsString>,
}

/// What an applet does with an invocation.
pub type Run = fn(&Invocation, &mut Output) -> Result<ExitCode, Failure>;

/// One applet.
#[derive(Clone, Copy, Debug)]
pub struct Applet {
    /// The name of the tool or of nlctl's own command.
    pub name: &'static str,
    /// One line for `nlctl --help`.
    pub summary: &'static str,
    /// Whether it stands in for a tool of this name, and so gets a link from `nlctl applets`.
    pub stands_in: bool,
    /// Whether a dry run does nothing that matters: the applet changes things over netlink only, or nothing at all.
    pub dry_run: bool,
    /// What it does.
    pub run: Run,
}

/// Every applet, in the order of `nlctl --help`.
pub const APPLETS: &[Applet] = &[
    tool(
        "ip",
        "show and change links, addresses, routes, rules, namespaces",
        ip::run,
    )
    .with_dry_run(),
    tool(
        "iptables",
        "show and change packet filter rules and NAT for IPv4",
        iptables::run,
    )
    .with_dry_run(),
    tool("ip6tables", "the same for IPv6", iptables::run).with_dry_run(),
    tool("ping", "send ICMP echo requests", ping::run),
    tool("ping6", "ping -6", ping::run),
    tool("sysctl", "show and set kernel parameters", sysctl::run),
    tool(
        "ethtool",
        "show the statistics of a link's driver",
        ethtool::run,
    )
    .with_dry_run(),
    tool("lsns", "list namespaces", lsns::run).with_dry_run(),
    tool("unshare", "run a program in new namespaces", unshare::run),
    own(
        "sandbox",
        "run a command in a rootless throw-away network",
        sandbox::run,
    ),
    own(
        "applets",
        "write a link for each tool: nlctl applets DIR",
        links::run,
    ),
    own("decode", "print captured netlink messages", decode::run).with_dry_run(),
    own("address", "nlctl ip address", ip::run_object).with_dry_run(),
    own("addr", "nlctl ip address", ip::run_object).with_dry_run(),
    own("link", "nlctl ip link", ip::run_object).with_dry_run(),
    own("maddress", "nlctl ip maddress", ip::run_object).with_dry_run(),
    own(
        "monitor",
        "nlctl ip monitor; nlctl monitor nft: changes of nftables",
        monitor::run,
    ),
    own("neigh", "nlctl ip neigh", ip::run_object).with_dry_run(),
    own("netns", "nlctl ip netns", ip::run_object).with_dry_run(),
    own("nexthop", "nlctl ip nexthop", ip::run_object).with_dry_run(),
    own("route", "nlctl ip route", ip::run_object).with_dry_run(),
    own("rule", "nlctl ip rule", ip::run_object).with_dry_run(),
];

const fn tool(name: &'static str, summary: &'static str, run: Run) -> Applet {
    Applet {
        name,
        summary,
        stands_in: true,
        dry_run: false,
        run,
    }
}

impl Applet {
    const fn with_dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }
}

const fn own(name: &'static str, summary: &'static str, run: Run) -> Applet {
    Applet {
        name,
        summary,
        stands_in: false,
        dry_run: false,
        run,
    }
}

/// The applet of this name.
pub fn find(name: &str) -> Option<&'static Applet> {
    APPLETS.iter().find(|applet| applet.name == name)
}

/// Runs a whole command line: a tool by the name it was started under (`/usr/bin/ping -> nlctl`), anything by nlctl's
/// first word.
///
/// # Errors
///
/// The applet's own; an unknown applet or option of nlctl is exit code 2.
pub fn dispatch(argv: Vec<OsString>, out: &mut Output) -> Result<ExitCode, Failure> {
    let mut words = argv.into_iter();
    let started_as = words.next().unwrap_or_default();
    let basename = Path::new(&started_as)
        .file_name()
        .and_then(|name| name.to_str());
    if let Some(applet) = basename.and_then(find).filter(|applet| applet.stands_in) {
        return run(applet, Wanted::from_env(), words, out);
    }

    let mut wanted = Wanted::from_env();
    let word = loop {
        let Some(word) = words.next() else {
            return Err(Failure::new(2, usage()));
        };
        match word.to_str() {
            Some("--trace") => wanted.trace = true,
            Some("--dry-run") => wanted.dry_run = true,
            _ => break word,
        }
    };
    match word.to_str() {
        Some("-h" | "--help" | "help") => {
            writeln!(out, "{}", usage())?;
            Ok(ExitCode::SUCCESS)
        }
        Some("-V" | "--version") => {
            writeln!(out, "nlctl {}", env!("CARGO_PKG_VERSION"))?;
            Ok(ExitCode::SUCCESS)
        }
        name => match name.and_then(find) {
            Some(applet) => run(applet, wanted, words, out),
            None => {
                let kind = if word.as_encoded_bytes().starts_with(b"-") {
                    "option"
                } else {
                    "applet"
                };
                Err(Failure::new(
                    2,
                    format!(
                        "nlctl: unknown {kind} \"{}\", try \"nlctl --help\"",
                        word.display()
                    ),
                ))
            }
        },
    }
}

fn run(
    applet: &Applet,
    wanted: Wanted,
    args: impl Iterator<Item = OsString>,
    out: &mut Output,
) -> Result<ExitCode, Failure> {
    let shown = wanted.apply(applet)?;
    let invocation = Invocation {
        name: applet.name,
        args: args.collect(),
    };
    shown.finish((applet.run)(&invocation, out))
}

fn usage() -> String {
    let mut text = String::from(
        "Usage: nlctl [OPTION...] APPLET [ARGUMENT...]\n       APPLET [ARGUMENT...]    through a link of that name\n\nApplets:\n",
    );
    for applet in APPLETS {
        text.push_str(&format!("  {:<12} {}\n", applet.name, applet.summary));
    }
    text.push_str("\nOptions:\n  --dry-run      print what would be sent to change something, decoded and in hex, and send only what asks\n                 (or NLCTL_DRY_RUN=1)\n  --trace        print all messages, sent and received, to standard error (or NLCTL_TRACE=1)\n  -h, --help     print this\n  -V, --version  print the version",);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dispatch_words(words: &[&str]) -> Result<ExitCode, Failure> {
        dispatch(
            words.iter().map(OsString::from).collect(),
            &mut Output::to(std::io::sink()),
        )
    }

    #[test]
    fn names_are_unique() {
        for (n, applet) in APPLETS.iter().enumerate() {
            assert!(
                APPLETS[..n]
                    .iter()
                    .all(|earlier| earlier.name != applet.name),
                "{}",
                applet.name
            );
        }
    }

    #[test]
    fn basename_and_first_word_reach_the_same_applet() {
        let direct = dispatch_words(&["/somewhere/ping", "-c", "x", "h"]).unwrap_err();
        assert_eq!(direct.text(), "ping: invalid argument: 'x'");
        assert_eq!(
            dispatch_words(&["nlctl", "ping", "-c", "x", "h"]),
            Err(direct)
        );
    }

    #[test]
    fn unknown_words_are_named() {
        let failure = dispatch_words(&["nlctl", "pnig"]).unwrap_err();
        assert_eq!(
            (failure.code(), failure.text()),
            (2, "nlctl: unknown applet \"pnig\", try \"nlctl --help\"")
        );
        assert!(
            dispatch_words(&["nlctl", "--pnig"])
                .unwrap_err()
                .text()
                .contains("unknown option")
        );
    }

    #[test]
    fn empty_command_line_is_a_usage_error() {
        assert_eq!(dispatch_words(&[]).unwrap_err().code(), 2);
        assert_eq!(dispatch_words(&["nlctl"]).unwrap_err().code(), 2);
        // `applets` is a word of nlctl, not the name of a tool.
        assert_eq!(dispatch_words(&["applets"]).unwrap_err().code(), 2);
    }
}
