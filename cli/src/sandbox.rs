//! `nlctl sandbox`: a shell or a program in a rootless throw-away network, with the applets first in its PATH.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use nl_netns::{Error, Sandbox};

use crate::applet::Invocation;
use crate::failure::{Failure, say};
use crate::options::{Order, Spec, parse};
use crate::output::Output;

const USAGE: &str = "\
Usage: nlctl sandbox [--keep] [COMMAND [ARGUMENT...]]
       nlctl sandbox --enter PID [COMMAND [ARGUMENT...]]

Runs COMMAND, or a shell, as root of a network of its own, without privilege and without a trace:
ip, iptables, ping and the other applets come first in PATH, and what they change is gone when the
last program inside ends. A script needs no execute permission: sh runs it.

      --keep       keep the network when COMMAND ends, and say how to enter it again
      --enter PID  enter the one that process PID keeps, or is in
  -h, --help       print this";

const OPTIONS: &[Spec] = &[
    Spec::flag('k', "keep").long_only(),
    Spec::with_value('e', "enter").long_only(),
    Spec::flag('h', "help"),
];

/// Where the applets' links are inside: in the sandbox's own /run, with which they vanish.
const APPLETS: &str = "/run/nlctl/bin";

/// What execvp(3) and the shells take for an unset PATH.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(crate) fn run(invocation: &Invocation, out: &mut Output) -> Result<ExitCode, Failure> {
    use std::io::Write;

    let usage = |text| Failure::new(2, format!("nlctl sandbox: {text}\n{USAGE}"));
    let parsed = parse(&invocation.args, OPTIONS, Order::OptionsFirst).map_err(usage)?;
    let (mut keep, mut enter) = (false, None);
    for (key, value) in parsed.options {
        match key {
            'k' => keep = true,
            'e' => enter = value,
            _ => {
                writeln!(out, "{USAGE}")?;
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    if keep && enter.is_some() {
        return Err(usage("--keep and --enter exclude each other".into()));
    }

    let sandbox = match enter {
        Some(pid) => open(pid)?,
        None => Sandbox::builder().keep(keep).start().map_err(refusal)?,
    };
    let path = search_path();
    if enter.is_none() {
        link_applets(&sandbox)?;
    }
    if let Some(pid) = sandbox.pid() {
        say(format_args!(
            "nlctl sandbox: process {pid} keeps it; enter it again with: nlctl sandbox --enter {pid}; \
             end it with: kill {pid}"
        ));
    }

    let words = command(&parsed.operands, &path);
    let mut words = words.iter();
    let program = words.next().map_or(OsStr::new("sh"), OsString::as_os_str);
    let mut command = sandbox.command(program).map_err(refusal)?;
    command.args(words).env("PATH", &path);
    // The program takes this process's place: its status, its signals and its terminal are its own.
    Err(match command.exec() {
        Error::Exec { program, source } => Failure::new(
            if source.kind() == std::io::ErrorKind::NotFound {
                127
            } else {
                126
            },
            format!(
                "nlctl sandbox: {}: {}",
                program.display(),
                crate::failure::strerror(&source)
            ),
        ),
        error => refusal(error),
    })
}

fn refusal(error: Error) -> Failure {
    Failure::new(1, format!("nlctl sandbox: {error}"))
}

/// The sandbox that a process keeps.
fn open(pid: &OsStr) -> Result<Sandbox, Failure> {
    let number = pid.to_str().and_then(|pid| pid.parse::<u32>().ok());
    let Some(number) = number.filter(|&number| number > 0) else {
        return Err(Failure::new(
            2,
            format!(
                "nlctl sandbox: \"{}\" is not a process number",
                pid.display()
            ),
        ));
    };
    let sandbox = Sandbox::open(number).map_err(refusal)?;
    let network = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
    if network("self") == network(&number.to_string()) {
        return Err(Failure::new(
            1,
            format!("nlctl sandbox: process {number} is in this network, not in a sandbox"),
        ));
    }
    Ok(sandbox)
}

/// Has this program write the applets' links inside, where alone the sandbox's /run can be seen.
fn link_applets(sandbox: &Sandbox) -> Result<(), Failure> {
    let failure = |why: String| {
        Failure::new(
            1,
            format!("nlctl sandbox: cannot link the applets into the sandbox: {why}"),
        )
    };
    let output = sandbox
        // The link in /proc works although the sandbox's /run may hide the program's file.
        .command("/proc/self/exe")
        .and_then(|mut command| command.args(["applets", APPLETS]).output())
        .map_err(|error| failure(error.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failure(
            String::from_utf8_lossy(&output.stderr)
                .trim_end()
                .to_owned(),
        ))
    }
}

/// The caller's PATH with the applets before everything else.
fn search_path() -> OsString {
    let mut path = OsString::from(APPLETS);
    path.push(":");
    path.push(
        env::var_os("PATH")
            .filter(|path| !path.is_empty())
            .unwrap_or(DEFAULT_PATH.into()),
    );
    path
}

/// The words to execute: the user's, a shell if there are none, and sh before a script that cannot be executed.
fn command(words: &[&OsStr], path: &OsStr) -> Vec<OsString> {
    let Some((&name, arguments)) = words.split_first() else {
        return vec![
            env::var_os("SHELL")
                .filter(|shell| is_executable(Path::new(shell)))
                .unwrap_or("/bin/sh".into()),
        ];
    };
    let mut command = Vec::with_capacity(words.len() + 1);
    match script(name, path) {
        Some(script) => {
            if !is_executable(&script) {
                command.push("sh".into());
            }
            command.push(script.into());
        }
        None => command.push(name.to_owned()),
    }
    command.extend(arguments.iter().map(|&word| word.to_owned()));
    command
}

/// The file that the first word of a command means, unless it is a program that PATH finds.
///
/// As with `sh NAME`, a name that is in no directory of PATH may be a file right here.
fn script(name: &OsStr, path: &OsStr) -> Option<PathBuf> {
    let here = Path::new(name);
    if name.as_encoded_bytes().contains(&b'/') {
        return here.is_file().then(|| here.to_owned());
    }
    let found = env::split_paths(path).any(|dir| is_executable(&dir.join(name)));
    // The applets' directory is empty as seen from outside, so they are asked for by name.
    let applet = crate::applet::find(&name.to_string_lossy()).is_some_and(|found| found.stands_in);
    (!found && !applet && here.is_file()).then(|| Path::new(".").join(here))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
