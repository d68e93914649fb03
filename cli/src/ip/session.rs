//! [`Ip`]: what all commands of one command line or batch share.

use std::fs::File;
use std::os::fd::AsFd;

use nl_core::{Connection, Error};
use nl_route::Route;

use super::doc::Doc;
use super::options::Options;
use crate::failure::{Failure, strerror};
use crate::output::Output;

/// The options, the connection, and where to print.
pub struct Ip<'o> {
    /// What stood before the object.
    pub options: Options,
    /// Standard output.
    pub out: &'o mut Output,
    connection: Connection<Route>,
}

impl<'o> Ip<'o> {
    /// Opens a connection, in the namespace that `-netns` names.
    ///
    /// # Errors
    ///
    /// Exit code 255 if there is no such namespace.
    pub fn new(options: Options, out: &'o mut Output) -> Result<Self, Failure> {
        let connection = match &options.netns {
            None => Connection::open().map_err(|error| refused(&error))?,
            Some(name) => {
                let netns = open_netns(name)?;
                Connection::open_in(netns.as_fd()).map_err(|error| match &error {
                    Error::Io { source, .. } => Failure::new(
                        255,
                        format!(
                            "setting the network namespace \"{name}\" failed: {}",
                            strerror(source)
                        ),
                    ),
                    _ => refused(&error),
                })?
            }
        };
        Ok(Self {
            options,
            out,
            connection,
        })
    }

    /// The connection to the kernel.
    pub fn connection(&mut self) -> &mut Connection<Route> {
        &mut self.connection
    }

    /// Prints what a command shows.
    ///
    /// # Errors
    ///
    /// Those of standard output.
    pub fn print(&mut self, docs: &[Doc]) -> Result<(), Failure> {
        Ok(Doc::print(docs, &self.options, self.out)?)
    }
}

/// Opens the namespace of a name under `/run/netns`, or of a path.
fn open_netns(name: &str) -> Result<File, Failure> {
    let path = if name.starts_with('/') {
        name.to_owned()
    } else {
        format!("/run/netns/{name}")
    };
    File::open(path).map_err(|error| {
        Failure::new(
            255,
            format!(
                "Cannot open network namespace \"{name}\": {}",
                strerror(&error)
            ),
        )
    })
}

/// A request that failed, in iproute2's words: exit code 2.
pub fn refused(error: &Error) -> Failure {
    Failure::new(2, sentence(error))
}

/// A list that the kernel refused or broke off: exit code 1.
pub fn dump_failed(error: &Error) -> Failure {
    Failure::new(1, format!("{}\nDump terminated", sentence(error)))
}

fn sentence(error: &Error) -> String {
    match error {
        Error::Kernel(kernel) => match &kernel.message {
            Some(message) if message.ends_with('.') => format!("Error: {message}"),
            Some(message) => format!("Error: {message}."),
            None => format!("RTNETLINK answers: {}", kernel.errno.description()),
        },
        error => format!("nlctl: {error}"),
    }
}
