//! The `unshare` applet: a program in new namespaces. See unshare(1).

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::process::ExitCode;

use nl_netns::{Error, Unshare};

use crate::applet::Invocation;
use crate::failure::{Failure, strerror};
use crate::options::{self, Order, Spec};
use crate::output::Output;

const OPTIONS: &[Spec] = &[
    Spec::long_optional('m', "mount"),
    Spec::long_optional('u', "uts"),
    Spec::long_optional('i', "ipc"),
    Spec::long_optional('n', "net"),
    Spec::long_optional('p', "pid"),
    Spec::long_optional('U', "user"),
    Spec::long_optional('C', "cgroup"),
    Spec::flag('f', "fork"),
    Spec::flag('r', "map-root-user"),
    Spec::flag('c', "map-current-user"),
    Spec::optional('P', "mount-proc").long_only(),
    Spec::flag('h', "help"),
    Spec::flag('V', "version"),
];

const USAGE: &str = "
Usage:
 unshare [options] [<program> [<argument>...]]

Run a program with some namespaces unshared from the parent.

Options:
 -m, --mount             unshare mounts namespace
 -u, --uts               unshare UTS namespace (hostname etc)
 -i, --ipc               unshare System V IPC namespace
 -n, --net               unshare network namespace
 -p, --pid               unshare pid namespace
 -U, --user              unshare user namespace
 -C, --cgroup            unshare cgroup namespace

 -f, --fork              fork before launching <program>
 -r, --map-root-user     map current user to root (implies --user)
 -c, --map-current-user  map current user to itself (implies --user)
     --mount-proc        mount proc filesystem first (implies --mount)

 -h, --help              display this help
 -V, --version           display version";

/// Runs the applet: becomes the program.
///
/// # Errors
///
/// Usage errors and refusals by the kernel (exit code 1), a program that cannot be run (126), or is not there (127).
pub fn run(invocation: &Invocation, out: &mut Output) -> Result<ExitCode, Failure> {
    let parsed =
        options::parse(&invocation.args, OPTIONS, Order::OptionsFirst).map_err(|text| {
            Failure::new(
                1,
                format!("unshare: {text}\nTry 'unshare --help' for more information."),
            )
        })?;
    let mut unshare = Unshare::new();
    for (key, value) in parsed.options {
        if let Some(value) = value {
            return Err(Failure::new(
                1,
                format!(
                    "unshare: keeping a namespace at \"{}\" is not supported by nlctl",
                    value.display()
                ),
            ));
        }
        unshare = match key {
            'm' => unshare.mount(),
            'u' => unshare.uts(),
            'i' => unshare.ipc(),
            'n' => unshare.net(),
            'p' => unshare.pid(),
            'U' => unshare.user(),
            'C' => unshare.cgroup(),
            'f' => unshare.fork(),
            'r' => unshare.map_root(),
            'c' => unshare.map_current(),
            'P' => unshare.mount_proc(),
            'V' => {
                writeln!(out, "unshare from nlctl {}", env!("CARGO_PKG_VERSION"))?;
                return Ok(ExitCode::SUCCESS);
            }
            _ => {
                writeln!(out, "{USAGE}")?;
                return Ok(ExitCode::SUCCESS);
            }
        };
    }
    let shell = env::var_os("SHELL").unwrap_or_else(|| OsString::from("/bin/sh"));
    let (program, arguments): (&OsStr, &[&OsStr]) = match parsed.operands.split_first() {
        Some((program, arguments)) => (program, arguments),
        None => (&shell, &[]),
    };
    let failed = |error: Error| failure(&error);
    let mut command = unshare.command(program).map_err(failed)?;
    Err(failure(&command.args(arguments).exec()))
}

fn failure(error: &Error) -> Failure {
    match error {
        Error::Exec { program, source } => Failure::new(
            if source.kind() == std::io::ErrorKind::NotFound {
                127
            } else {
                126
            },
            format!(
                "unshare: failed to execute {}: {}",
                program.display(),
                strerror(source)
            ),
        ),
        error => Failure::new(1, format!("unshare: {error}")),
    }
}
