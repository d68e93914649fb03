//! What the `flush` commands share: rounds of deletions until nothing is left, and what is said of them.

use std::io::Write;

use nl_core::{Errno, Error, Owned, View, Writer};
use nl_route::RawRequest;

use super::Ip;
use crate::failure::Failure;

/// The rounds so far.
#[derive(Debug)]
pub(super) struct Rounds {
    done: u32,
    /// What is counted: `entries`.
    what: &'static str,
}

impl Rounds {
    pub(super) fn new(what: &'static str) -> Self {
        Self { done: 0, what }
    }

    /// How many rounds there were.
    pub(super) fn done(&self) -> u32 {
        self.done
    }

    /// Counts a round, with `-statistics` aloud.
    pub(super) fn next(&mut self, ip: &mut Ip<'_>, deleted: usize) -> Result<(), Failure> {
        self.done += 1;
        if ip.options.statistics > 0 {
            let Self { done, what } = self;
            writeln!(ip.out, "\n*** Round {done}, deleting {deleted} {what} ***")?;
        }
        Ok(())
    }

    /// Sums up, if `-statistics` asks for it.
    pub(super) fn finish(&self, ip: &mut Ip<'_>) -> Result<(), Failure> {
        if ip.options.statistics == 0 {
            return Ok(());
        }
        match self.done {
            0 => writeln!(ip.out, "Nothing to flush.")?,
            1 => writeln!(ip.out, "*** Flush is complete after 1 round ***")?,
            rounds => writeln!(ip.out, "*** Flush is complete after {rounds} rounds ***")?,
        }
        Ok(())
    }
}

/// How objects are deleted one by one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deletion {
    /// `RTM_DEL*`.
    pub(super) message_type: u16,
    /// What the kernel says of one that went with another one, or by itself.
    pub(super) gone: Errno,
    /// The exit code if one cannot be deleted.
    pub(super) code: u8,
}

impl Deletion {
    /// Deletes all that `list` finds, until it finds nothing that can go; `write` writes the payload of a deletion.
    ///
    /// # Errors
    ///
    /// Those of `list`; the last refusal of a round, in which the others went nevertheless.
    pub(super) fn run<'o, V: View>(
        self,
        ip: &mut Ip<'o>,
        mut list: impl FnMut(&mut Ip<'o>) -> Result<Vec<Owned<V>>, Failure>,
        write: impl Fn(&Owned<V>, &mut Writer),
    ) -> Result<Rounds, Failure> {
        let mut rounds = Rounds::new("entries");
        let mut out = Writer::new();
        loop {
            let mut deleted = 0;
            let mut failure = None;
            for object in list(ip)? {
                out.clear();
                write(&object, &mut out);
                let request = RawRequest {
                    message_type: self.message_type,
                    flags: 0,
                    payload: out.bytes(),
                };
                match ip.connection().call(&request) {
                    Err(error) if error.errno() == Some(self.gone) => {}
                    Err(error) => failure = Some(error),
                    Ok(()) => deleted += 1,
                }
            }
            if let Some(error) = failure {
                return Err(failed(self.code, &error));
            }
            if deleted == 0 {
                return Ok(rounds);
            }
            rounds.next(ip, deleted)?;
            if ip.is_dry_run() {
                return Ok(rounds);
            }
        }
    }
}

fn failed(code: u8, error: &Error) -> Failure {
    let why = match error.errno() {
        Some(errno) => errno.description().to_owned(),
        None => error.to_string(),
    };
    Failure::new(code, format!("Failed to send flush request: {why}"))
}
