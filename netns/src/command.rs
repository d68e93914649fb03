//! A program to run somewhere else: [`std::process::Command`] plus what the new process does to itself first.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ExitStatus, Output};
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{Pid, pipe2, read, write};

use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::{proc, sys};

/// A program to be run in other namespaces than the caller's.
///
/// It is a [`std::process::Command`] (reach it with [`std`](Self::std) for standard streams and the like) whose process
/// enters or makes the namespaces after `fork` and before `exec`. The caller's process and threads stay where they are.
#[derive(Debug)]
pub struct Command {
    std: std::process::Command,
    program: OsString,
    plan: Arc<Plan>,
    /// The number of the step that failed in the child.
    failed_step: OwnedFd,
    /// Whether `exec` must leave this process as it is, because the namespaces live only as long as it.
    needs_caller: bool,
}

impl Command {
    pub(crate) fn new(program: &OsStr, plan: Plan) -> Result<Self> {
        let mut std = std::process::Command::new(program);
        let plan = Arc::new(plan);
        let (failed_step, report) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
            .map_err(|errno| Error::system("cannot make a pipe", errno))?;
        sys::run_before_exec(&mut std, Arc::clone(&plan), move |step| {
            let _ = write(&report, &step.to_ne_bytes());
        });
        Ok(Self {
            std,
            program: program.to_owned(),
            plan,
            failed_step,
            needs_caller: false,
        })
    }

    /// For namespaces that end with the calling process.
    pub(crate) fn needing_caller(mut self, needs: bool) -> Self {
        self.needs_caller = needs;
        self
    }

    /// Adds an argument.
    pub fn arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Self {
        self.std.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Self {
        self.std.args(args);
        self
    }

    /// Sets an environment variable of the program.
    pub fn env(&mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.std.env(key, value);
        self
    }

    /// The command underneath, for everything else that can be set: standard streams, process group, `arg0`.
    ///
    /// Start the program with the methods of this type: they can say which step failed.
    pub fn std(&mut self) -> &mut std::process::Command {
        &mut self.std
    }

    /// Starts the program.
    ///
    /// # Errors
    ///
    /// [`Error::System`] with the step that failed on the way into the namespaces, [`Error::Exec`] if the program cannot
    /// be run; [`Error::Forbidden`] if a user namespace is needed and not to be had.
    pub fn spawn(&mut self) -> Result<Child> {
        self.std.spawn().map_err(|error| self.explain(error))
    }

    /// Runs the program to its end; its standard streams are the caller's unless set otherwise.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn). A program that ran and failed is no error.
    pub fn status(&mut self) -> Result<ExitStatus> {
        self.std.status().map_err(|error| self.explain(error))
    }

    /// Runs the program to its end and collects what it prints.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn). A program that ran and failed is no error.
    pub fn output(&mut self) -> Result<Output> {
        self.std.output().map_err(|error| self.explain(error))
    }

    /// Turns the calling process into the program. Returns only if that failed.
    ///
    /// This is the one function of the crate that moves the caller: when it returns with an error the process may be in
    /// some of the namespaces already and is good for nothing but printing the error and ending. For command-line tools.
    ///
    /// Where the process cannot be the program it waits for it and ends as it does: when it has several threads and a
    /// user namespace is involved, and in a sandbox with a pid namespace, which ends with its maker.
    #[must_use]
    pub fn exec(&mut self) -> Error {
        let threaded = || proc::threads() != Some(1);
        if !(self.needs_caller || self.plan.changes_user_namespace() && threaded()) {
            let error = self.std.exec();
            return self.explain(error);
        }
        match self.spawn() {
            // The process in between mirrors the program already; this one has the number of that one.
            Ok(child) => sys::end_like(Pid::from_raw(child.id().cast_signed())),
            Err(error) => error,
        }
    }

    fn explain(&self, error: io::Error) -> Error {
        let mut step = [0; size_of::<usize>()];
        match (read(&self.failed_step, &mut step), error.raw_os_error()) {
            (Ok(length), Some(errno)) if length == step.len() => self
                .plan
                .error(usize::from_ne_bytes(step), Errno::from_raw(errno)),
            _ => Error::Exec {
                program: self.program.clone(),
                source: error,
            },
        }
    }
}
