//! What can go wrong, in words that a command-line tool can print as they are.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::PathBuf;
use std::{fmt, io};

/// An operation on a namespace that failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The name cannot be a file below `/run/netns`: it is empty, longer than 255 bytes, holds a `/`, or is `.` or `..`.
    InvalidName(String),
    /// The file exists and is no network namespace: the machine was restarted, or the name was bound in another mount
    /// namespace, and only the plain file is left. Deleting the name and adding it again cures it.
    NotANamespace {
        /// What was asked for.
        name: OsString,
        /// The file that was found.
        path: PathBuf,
    },
    /// The system forbids user namespaces to this user; the text says which setting does and how to change it.
    Forbidden(String),
    /// The program could not be started, although all is well with the namespaces.
    Exec {
        /// The program.
        program: OsString,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A system call failed.
    System {
        /// What was being done to what, in iproute2's words where it has some:
        /// `Cannot create namespace file "/run/netns/red"`.
        what: Cow<'static, str>,
        /// The kernel's answer.
        source: io::Error,
    },
}

/// The result of an operation on a namespace.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn system(what: impl Into<Cow<'static, str>>, source: impl Into<io::Error>) -> Self {
        Self::System {
            what: what.into(),
            source: source.into(),
        }
    }

    /// The errno of the system call that failed, where one did.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::System { source, .. } | Self::Exec { source, .. } => source.raw_os_error(),
            Self::NotANamespace { .. } => Some(libc::EINVAL),
            Self::InvalidName(_) | Self::Forbidden(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName(name) => write!(f, "Invalid netns name \"{name}\""),
            // The first half is what iproute2 says; nobody understands it.
            Self::NotANamespace { name, path } => write!(
                f,
                "setting the network namespace \"{}\" failed: Invalid argument ({} is no network namespace; \
                 if it is the file of one that is gone, delete the name and add it again)",
                name.display(),
                path.display()
            ),
            Self::Forbidden(why) => f.write_str(why),
            Self::Exec { program, source } => {
                write!(
                    f,
                    "exec of \"{}\" failed: {}",
                    program.display(),
                    strerror(source)
                )
            }
            Self::System { what, source } => write!(f, "{what}: {}", strerror(source)),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System { source, .. } | Self::Exec { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// For callers whose own work is I/O: the kind survives, the text is this error's.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = error.errno().map_or(io::ErrorKind::Other, |errno| {
            Self::from_raw_os_error(errno).kind()
        });
        Self::new(kind, error)
    }
}

/// The text of an errno as `strerror` gives it: Rust adds ` (os error 17)`, which no other tool prints.
fn strerror(error: &io::Error) -> String {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(number) => match text.strip_suffix(&format!(" (os error {number})")) {
            Some(bare) => bare.to_owned(),
            None => text,
        },
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_as_strerror_does() {
        let error = Error::system(
            "Cannot create namespace file \"/run/netns/x\"",
            io::Error::from_raw_os_error(17),
        );
        assert_eq!(
            error.to_string(),
            "Cannot create namespace file \"/run/netns/x\": File exists"
        );
        assert_eq!(error.errno(), Some(17));
    }
}
