//! The `ethtool` applet: `-S`, the statistics of a link's driver. See ethtool(8).

use std::io::Write;
use std::process::ExitCode;

use nl_core::Connection;
use nl_route::link::driver_stats;
use nl_route::{Error, Route};

use crate::applet::Invocation;
use crate::failure::{Failure, strerror};
use crate::output::Output;

const USAGE: &str = "\
ethtool from nlctl: the statistics of a network device's driver
Usage:
        ethtool -S|--statistics DEVNAME
        ethtool -h|--help
        ethtool --version";

/// Runs the applet.
///
/// # Errors
///
/// Usage errors (exit code 1), no statistics (94), a refusal by the kernel (96), as ethtool has them.
pub fn run(invocation: &Invocation, out: &mut Output) -> Result<ExitCode, Failure> {
    let words: Vec<_> = invocation
        .args
        .iter()
        .map(|word| word.to_string_lossy())
        .collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        ["-h" | "--help", ..] => writeln!(out, "{USAGE}")?,
        ["--version", ..] => writeln!(out, "ethtool from nlctl {}", env!("CARGO_PKG_VERSION"))?,
        ["-S" | "--statistics", device] => statistics(device, out)?,
        ["-S" | "--statistics", _, word, ..] => {
            return Err(Failure::new(
                1,
                format!("ethtool (-S): unknown parameter '{word}'"),
            ));
        }
        [option, _, ..] if option.starts_with('-') && *option != "-" => {
            return Err(Failure::new(
                1,
                format!(
                    "ethtool: nlctl supports -S, not {option}\nFor more information run ethtool -h"
                ),
            ));
        }
        _ => {
            return Err(Failure::new(
                1,
                "ethtool: bad command line argument(s)\nFor more information run ethtool -h",
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn statistics(device: &str, out: &mut Output) -> Result<(), Failure> {
    // IFNAMSIZ less the NUL.
    if device.len() > 15 {
        return Err(Failure::new(
            1,
            "ioctl-only request, device name longer than 15 not supported",
        ));
    }
    let stats = Connection::<Route>::open()
        .and_then(|rt| driver_stats(&rt, device))
        .map_err(|error| {
            let why = match &error {
                Error::Io { source, .. } => strerror(source),
                other => other.to_string(),
            };
            Failure::new(96, format!("Cannot get stats strings information: {why}"))
        })?;
    if stats.is_empty() {
        return Err(Failure::new(94, "no stats available"));
    }
    writeln!(out, "NIC statistics:")?;
    for stat in stats {
        writeln!(out, "     {}: {}", stat.name, stat.value)?;
    }
    Ok(())
}
