//! `iptables` and `ip6tables`: iptables(8) over nftables, in the form in which iptables-nft keeps its rules.
//!
//! Both tools can share a table: each lists and deletes what the other has made. Reading the command line is
//! [`parse`]; a command becomes one transaction, which the kernel refuses if the ruleset has changed since it was read.

pub mod command;
mod execute;
mod extension;
#[doc(hidden)]
pub mod fuzzing;
mod names;
pub mod parse;
pub mod problem;
pub mod program;
mod ruleset;
mod show;
mod value;

use std::io::Write;
use std::process::ExitCode;

use crate::applet::Invocation;
use crate::failure::{Failure, say};
use crate::output::Output;

use execute::Stop;
use parse::{Parsed, Request};
use program::Program;

const HELP: &str = "
Usage: NAME -A|-C|-D CHAIN RULE
       NAME -I CHAIN [NUMBER] RULE
       NAME -R CHAIN NUMBER RULE
       NAME -D CHAIN NUMBER
       NAME -L|-S [CHAIN [NUMBER]] [-n] [-v] [-x] [--line-numbers]
       NAME -F|-Z|-X [CHAIN]
       NAME -N CHAIN
       NAME -E CHAIN NEW-NAME
       NAME -P CHAIN ACCEPT|DROP

  -A --append, -C --check, -D --delete, -I --insert, -R --replace, -L --list, -S --list-rules, -F --flush, -Z --zero,
  -X --delete-chain, -N --new-chain, -E --rename-chain, -P --policy
  -t --table filter|nat|mangle|raw|security

Rule:
  [!] -s --source ADDR[/PREFIX][,...]      [!] -d --destination ADDR[/PREFIX][,...]
  [!] -i --in-interface NAME[+]            [!] -o --out-interface NAME[+]
  [!] -p --protocol PROTOCOL               [!] -f --fragments (IPv4)
  -m --match MATCH [OPTIONS]               -c --set-counters PACKETS BYTES
  -j --jump TARGET|CHAIN [OPTIONS]         -g --goto CHAIN

Matches: tcp udp icmp icmp6 conntrack state comment multiport addrtype mac mark connmark limit owner statistic iprange
  pkttype length
Targets: ACCEPT DROP RETURN MASQUERADE SNAT DNAT REDIRECT REJECT LOG NFLOG MARK CONNMARK TCPMSS NFQUEUE CT NOTRACK TRACE

Other options: -4 --ipv4, -6 --ipv6, -w --wait [SECONDS] (there is no lock to wait for), -V --version, -h --help
";

/// Runs `iptables` or `ip6tables`.
///
/// # Errors
///
/// With iptables' sentences and exit codes: 2 for the command line, 1 for what is not there, 4 for what the kernel
/// refuses, 3 for a table that does not exist.
pub fn run(invocation: &Invocation, out: &mut Output) -> Result<ExitCode, Failure> {
    let program = Program::new(invocation.name);
    let args: Vec<String> = invocation
        .args
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let fail = |problem: problem::Problem| problem.into_failure(&program);
    let Parsed { request, warnings } = parse::parse(&program, &args).map_err(fail)?;
    for warning in warnings {
        say(warning);
    }
    match request {
        Request::Version => writeln!(out, "{}", program.version())?,
        Request::Help => {
            writeln!(out, "{}", program.version())?;
            out.write_all(HELP.replace("NAME", program.name).as_bytes())?;
        }
        Request::Command(command) => {
            execute::run(&program, &command, out).map_err(|stop| match stop {
                Stop::Problem(problem) => fail(problem),
                Stop::Failure(failure) => failure,
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
