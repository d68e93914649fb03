//! What can go wrong, in words that a command-line tool can print as they are.

use std::borrow::Cow;
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
    NotANamespace(PathBuf),
    /// The system forbids user namespaces to this user; the text says which setting does and how to change it.
    Forbidden(String),
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
            Self::System { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName(name) => write!(f, "Invalid netns name \"{name}\""),
            Self::NotANamespace(path) => write!(
                f,
                "\"{}\" is not a network namespace but a file left behind; delete the name and add it again",
                path.display()
            ),
            Self::Forbidden(why) => f.write_str(why),
            Self::System { what, source } => write!(f, "{what}: {}", strerror(source)),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System { source, .. } => Some(source),
            _ => None,
        }
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
