//! `--trace` and `--dry-run`: what goes over netlink sockets, in words.
//!
//! Both are options of `nlctl` before the applet, or `NLCTL_TRACE=1` and `NLCTL_DRY_RUN=1` in the environment, which
//! also reach an applet that is started through a link of its name.
//!
//! A trace goes to standard error, a datagram at a time. A dry run goes to standard output: what would be sent as
//! comments, and under it the bytes, so that `nlctl decode` reads it back. What only asks (a name's index, a dump)
//! is sent in a dry run all the same, because without the answer most requests cannot be written.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::{env, fmt};

use nl_core::trace::{self, Decoded, Direction, Traffic};
use nl_core::{MessageType, Protocol};
use nl_netfilter::Netfilter;
use nl_route::Route;

use crate::applet::Applet;
use crate::failure::Failure;

/// What is to be seen of the traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) trace: bool,
    pub(crate) dry_run: bool,
}

impl Wanted {
    /// What the environment asks for; unset, empty and `0` are no.
    pub(crate) fn from_env() -> Self {
        let is_on = |name| {
            env::var_os(name).is_some_and(|value: OsString| !value.is_empty() && value != "0")
        };
        Self {
            trace: is_on("NLCTL_TRACE"),
            dry_run: is_on("NLCTL_DRY_RUN"),
        }
    }

    /// Has all sockets observed that are opened from now on.
    ///
    /// # Errors
    ///
    /// Exit code 2 for a dry run of an applet that does more than talk over netlink.
    pub(crate) fn apply(self, applet: &Applet) -> Result<Shown, Failure> {
        if self.dry_run {
            if !applet.dry_run {
                return Err(Failure::new(
                    2,
                    format!("nlctl: {} knows no dry run", applet.name),
                ));
            }
            trace::dry_run_all();
        }
        let shown = Shown::default();
        if self.trace || self.dry_run {
            let unwritten = Arc::clone(&shown.unwritten);
            // Not through `io::stdout`, which the applet keeps locked.
            let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
            trace::observe_all(move |traffic| self.show(&traffic, &stdout, &unwritten));
        }
        Ok(shown)
    }

    /// Nobody is told that a trace could not be written; a dry run that nobody sees has failed.
    fn show(self, traffic: &Traffic<'_>, mut stdout: &File, unwritten: &OnceLock<Failure>) {
        if traffic.direction == Direction::Withheld {
            if unwritten.get().is_none()
                && let Err(error) = stdout.write_all(withheld(traffic).as_bytes())
            {
                let _ = unwritten.set(error.into());
            }
        } else if self.trace {
            let _ = io::stderr().write_all(passed(traffic).as_bytes());
        }
    }
}

/// What became of what was to be seen.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// What a dry run could not be written for, at first.
    unwritten: Arc<OnceLock<Failure>>,
}

impl Shown {
    /// What an applet ends with, of which a dry run was all there is to see.
    ///
    /// # Errors
    ///
    /// The applet's own, else that of standard output.
    pub(crate) fn finish(&self, result: Result<ExitCode, Failure>) -> Result<ExitCode, Failure> {
        match self.unwritten.get() {
            Some(failure) if result.is_ok() => Err(failure.clone()),
            _ => result,
        }
    }
}

/// A datagram that went by.
fn passed(traffic: &Traffic<'_>) -> String {
    let decoded = decode(traffic.protocol, traffic.datagram);
    let bytes = traffic.datagram.len();
    format!("-- {}, {bytes} bytes\n{decoded:#}", traffic.direction)
}

/// A datagram that was kept back: comments, then bytes.
fn withheld(traffic: &Traffic<'_>) -> String {
    let mut text = String::new();
    for line in format!("{:#}", decode(traffic.protocol, traffic.datagram)).lines() {
        let _ = writeln!(text, "# {line}");
    }
    let _ = writeln!(text, "{}", Hex(traffic.datagram));
    text
}

/// The table of message types of a `NETLINK_*` number; that of a strange protocol is empty.
pub(crate) fn message_types(protocol: i32) -> fn(u16) -> Option<&'static MessageType> {
    match protocol {
        Route::NUMBER => Route::message_type,
        Netfilter::NUMBER => Netfilter::message_type,
        _ => |_| None,
    }
}

/// A datagram of a protocol, by its `NETLINK_*` number.
pub(crate) fn decode(protocol: i32, datagram: &[u8]) -> Decoded<'_> {
    trace::decode_with(datagram, message_types(protocol))
}

/// Bytes in lines of 16, each with its offset.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, line) in self.0.chunks(16).enumerate() {
            write!(f, "{:04x}:", n * 16)?;
            for (i, byte) in line.iter().enumerate() {
                let separator = if i % 4 == 0 { " " } else { "" };
                write!(f, "{separator}{byte:02x}")?;
            }
            f.write_char('\n')?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_lines_have_offsets() {
        let bytes: Vec<u8> = (0..18).collect();
        assert_eq!(
            Hex(&bytes).to_string(),
            "0000: 00010203 04050607 08090a0b 0c0d0e0f\n0010: 1011\n"
        );
    }
}
