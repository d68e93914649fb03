//! How a command ends when it does not succeed: a code and the sentence for standard error.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::{fmt, panic};

/// The exit code of an internal error: `EX_SOFTWARE` of sysexits(3).
pub const INTERNAL: u8 = 70;

/// The exit code of work that ended early for want of a reader, as a shell has it of a program that `SIGPIPE` killed.
pub const UNREAD: u8 = 141;

/// Why a command stops: its exit code and the text for standard error.
///
/// The text is what the user sees, prefix included (`ping: connect: Network is unreachable`); it may have several lines
/// and needs no newline at its end. Without text the command stops silently, after it has said all it wants itself.
///
/// `?` on an [`io::Error`] makes a failure to write standard output; an error of anything else is put into words where
/// it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    code: u8,
    text: String,
    kind: Kind,
}

/// What a failure means to a batch of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One command's: others may go on.
    Own,
    /// It ends the batch.
    Fatal,
    /// Standard output could not be written, which is no command's fault.
    Unwritten,
    /// Nobody reads standard output any more.
    Unread,
}

impl Failure {
    /// A failure that prints `text` and exits with `code`.
    pub fn new(code: u8, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
            kind: Kind::Own,
        }
    }

    /// A failure that ends a batch of commands even if others may fail.
    pub fn fatal(code: u8, text: impl Into<String>) -> Self {
        Self {
            kind: Kind::Fatal,
            ..Self::new(code, text)
        }
    }

    /// Whether it ends a batch of commands: by itself, or as a usage error (exit code 255).
    pub fn is_fatal(&self) -> bool {
        self.kind == Kind::Fatal || self.code == 255
    }

    /// Whether it is of standard output: what the command is about may have been done.
    pub fn is_unwritten(&self) -> bool {
        matches!(self.kind, Kind::Unwritten | Kind::Unread)
    }

    /// Whether it is of standard output, because its reader went away.
    pub fn is_unread(&self) -> bool {
        self.kind == Kind::Unread
    }

    /// A failure whose text has been printed already, or needs none.
    pub fn silent(code: u8) -> Self {
        Self::new(code, "")
    }

    /// The same where something is left undone by it: a reader that went away is no success then, but [`UNREAD`].
    #[must_use]
    pub fn leaving_undone(mut self) -> Self {
        if self.is_unread() {
            self.code = UNREAD;
        }
        self
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// The text for standard error, without the newline at its end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Prints the text to standard error and gives the code to leave with.
    pub fn report(&self) -> ExitCode {
        if !self.text.is_empty() {
            say(self);
        }
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

/// A failed write to standard output. A reader that went away (`nlctl link | head`) has all it wanted: a silent success.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self {
                kind: Kind::Unread,
                ..Self::silent(0)
            },
            _ => Self {
                kind: Kind::Unwritten,
                ..Self::new(1, format!("write error: {}", strerror(&error)))
            },
        }
    }
}

/// Says something on standard error. A standard error that has gone away is no reason to leave work undone, which
/// `eprintln!` would be.
pub fn say(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The system's sentence for an error, as strerror(3) has it: without Rust's ` (os error 2)`.
pub fn strerror(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(errno) => nl_core::Errno(errno).description().to_owned(),
        None => error.to_string(),
    }
}

/// The same for an errno of nix, whose own sentences differ from the system's here and there.
pub fn describe(errno: nix::errno::Errno) -> &'static str {
    nl_core::Errno(errno as i32).description()
}

/// Makes a panic, on any thread, one line on standard error and exit code [`INTERNAL`], never a Rust backtrace.
pub fn install_panic_hook() {
    panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let what = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("unknown");
        let place = info
            .location()
            .map(|place| format!(" at {}:{}", place.file(), place.line()))
            .unwrap_or_default();
        say(format_args!(
            "nlctl: internal error: {}{place}, please report",
            what.lines().next().unwrap_or_default(),
        ));
        std::process::exit(i32::from(INTERNAL));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_pipe_is_a_silent_success() {
        let failure = Failure::from(io::Error::from(ErrorKind::BrokenPipe));
        assert_eq!((failure.code(), failure.text()), (0, ""));
        assert!(failure.is_unwritten() && failure.is_unread());
        assert_eq!(failure.leaving_undone().code(), UNREAD);
    }

    #[test]
    fn full_disk_is_a_failure() {
        let failure = Failure::from(io::Error::from_raw_os_error(28));
        assert_eq!(failure.code(), 1);
        assert_eq!(failure.text(), "write error: No space left on device");
        assert!(failure.is_unwritten() && !failure.is_unread());
        assert_eq!(failure.leaving_undone().code(), 1);
    }
}
