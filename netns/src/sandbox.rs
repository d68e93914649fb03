//! Rootless throw-away networks.

use std::ffi::{CStr, OsStr};
use std::fs;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use nix::mount::MsFlags;
use nix::sched::CloneFlags;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::geteuid;

use crate::command::Command;
use crate::error::{Error, Result};
use crate::holder::Holder;
use crate::plan::{Mount, Plan, Step};
use crate::unshare::{Unshare, proc};

/// A network to throw away, in which the caller is root: user, mount and network namespaces of its own.
///
/// No privilege is needed to make one. Programs run in it with [`command`](Self::command); they see
///
/// - a network with nothing but `lo`, which is up unless asked otherwise;
/// - an empty `/run`, so `ip netns add` works and its names stay inside;
/// - a `/sys` of the new network, where the system permits the mount;
/// - all other files as they are, with the caller's permissions: root of the sandbox is the caller outside.
///
/// It lives as long as this value and what runs in it, or, if [kept](SandboxBuilder::keep), until the process that
/// keeps it is killed. Root gets the same; where the system has no user namespaces root goes without one.
///
/// # Examples
///
/// ```no_run
/// # fn main() -> nl_netns::Result<()> {
/// let sandbox = nl_netns::Sandbox::new()?;
/// let status = sandbox.command("ping")?.args(["-c1", "127.0.0.1"]).status()?;
/// assert!(status.success());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Sandbox {
    /// In the order in which they must be entered.
    namespaces: Vec<(Arc<OwnedFd>, CloneFlags)>,
    holder: Option<Holder>,
}

/// What a [`Sandbox`] is to have.
#[derive(Clone, Debug)]
pub struct SandboxBuilder {
    pid: bool,
    uts: bool,
    loopback: bool,
    keep: bool,
}

/// Every type of namespace that a sandbox may have, in the order in which they must be entered: the first one gives the
/// right to enter the others, and the files of /proc that stand for them are opened before any is entered.
const TYPES: [(&str, CloneFlags); 5] = [
    ("user", CloneFlags::CLONE_NEWUSER),
    ("pid", CloneFlags::CLONE_NEWPID),
    ("uts", CloneFlags::CLONE_NEWUTS),
    ("net", CloneFlags::CLONE_NEWNET),
    ("mnt", CloneFlags::CLONE_NEWNS),
];

impl Sandbox {
    /// Makes a sandbox with `lo` up.
    ///
    /// # Errors
    ///
    /// As [`SandboxBuilder::start`].
    pub fn new() -> Result<Self> {
        Self::builder().start()
    }

    /// A sandbox to be described first.
    #[must_use]
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder {
            pid: false,
            uts: false,
            loopback: true,
            keep: false,
        }
    }

    /// Opens a sandbox that was kept, or the namespaces of any other process, by process number.
    ///
    /// Those types in which the process does not differ from the caller are left alone.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such process, `EACCES` if it is another user's.
    pub fn open(pid: u32) -> Result<Self> {
        let mut namespaces = Vec::new();
        for (name, kind) in TYPES {
            let path = format!("/proc/{pid}/ns/{name}");
            let cannot =
                |error| Error::system(format!("cannot open the sandbox of process {pid}"), error);
            let theirs = fs::read_link(&path).map_err(cannot)?;
            if fs::read_link(format!("/proc/thread-self/ns/{name}"))
                .is_ok_and(|ours| ours == theirs)
            {
                continue;
            }
            namespaces.push((Arc::new(File::open(&path).map_err(cannot)?.into()), kind));
        }
        Ok(Self {
            namespaces,
            holder: None,
        })
    }

    /// The process that keeps the sandbox, if there is one. It keeps a [kept](SandboxBuilder::keep) sandbox until it
    /// is killed, and is the first process of a [pid namespace](SandboxBuilder::pid).
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.holder.as_ref().map(Holder::pid)
    }

    /// A program to run inside.
    ///
    /// It starts in the caller's directory, or that of [`Command::std`], by its path: in `/` if there is none inside. With a pid namespace the
    /// process that is seen outside waits for the program, ends as it does, and takes it along when killed.
    ///
    /// # Errors
    ///
    /// If no pipe can be had. What fails inside is reported when the command is started.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Result<Command> {
        let mut plan = Plan::default();
        for (fd, kind) in &self.namespaces {
            let fd = Arc::clone(fd);
            let step = if *kind == CloneFlags::CLONE_NEWNS {
                Step::EnterMounts(fd)
            } else {
                Step::Setns(fd, *kind)
            };
            plan.must(step, "cannot enter the sandbox");
        }
        if self
            .namespaces
            .iter()
            .any(|(_, kind)| *kind == CloneFlags::CLONE_NEWPID)
        {
            plan.must(Step::Fork, "fork failed");
        }
        let ends_with_us = self.holder.as_ref().is_some_and(|holder| !holder.is_kept());
        Ok(Command::new(program.as_ref(), plan)?.needing_caller(ends_with_us))
    }
}

impl SandboxBuilder {
    /// Gives it a pid namespace and a `/proc` to match: everything that runs inside is killed when the sandbox goes.
    #[must_use]
    pub fn pid(mut self, own: bool) -> Self {
        self.pid = own;
        self
    }

    /// Gives it a host name of its own.
    #[must_use]
    pub fn uts(mut self, own: bool) -> Self {
        self.uts = own;
        self
    }

    /// Whether `lo` is up. The kernel leaves it down, which is what most users of a sandbox trip over first: yes unless
    /// set.
    #[must_use]
    pub fn loopback(mut self, up: bool) -> Self {
        self.loopback = up;
        self
    }

    /// Keeps the sandbox when its value is dropped and the caller's process ends: a process stays behind and holds it,
    /// [`Sandbox::pid`], with which [`Sandbox::open`], or nsenter(1), enters it again. Killing that process ends it.
    #[must_use]
    pub fn keep(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }

    /// Makes the sandbox.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`], one sentence that says what to enable, if the system refuses user namespaces to the caller;
    /// [`Error::System`] if a mount fails: a `/proc` for a [pid namespace](Self::pid) is refused in containers that hide
    /// parts of theirs.
    pub fn start(&self) -> Result<Sandbox> {
        match self.start_with(true) {
            Err(Error::Forbidden(_)) if geteuid().is_root() => self.start_with(false),
            other => other,
        }
    }

    fn start_with(&self, user_namespace: bool) -> Result<Sandbox> {
        let mut unshare = new_network(user_namespace);
        if self.pid {
            unshare = unshare.pid();
        }
        if self.uts {
            unshare = unshare.uts();
        }
        let mut inside = Plan::default();
        if self.pid {
            inside.must(Step::Mount(proc()), "mount of /proc failed");
        }
        inside.then(private_mounts());
        if self.loopback {
            inside.must(Step::LoopbackUp, "cannot set lo up");
        }
        let mut holder = Holder::start(&unshare.plan(), self.pid, &inside, self.keep)?;
        let mut sandbox = Sandbox::open(holder.pid())?;
        if self.keep {
            holder.keep();
        }
        if self.pid || self.keep {
            sandbox.holder = Some(holder);
        }
        // Otherwise the open files of the namespaces hold them, and the process ends here.
        Ok(sandbox)
    }
}

/// New user, mount and network namespaces with the caller as their root, and mounts to match.
pub(crate) fn private_network(user_namespace: bool) -> Plan {
    let mut plan = new_network(user_namespace).plan();
    plan.then(private_mounts());
    plan
}

fn new_network(user_namespace: bool) -> Unshare {
    let unshare = Unshare::new().mount().net();
    if user_namespace {
        unshare.map_root()
    } else {
        unshare
    }
}

/// A private `/run`, and `/sys` of the new network where the system permits: not in every container.
fn private_mounts() -> Plan {
    let mut plan = Plan::default();
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    plan.must(
        Step::Mount(Mount::fresh(c"tmpfs", c"/run", flags, Some(c"mode=0755"))),
        "mount of /run failed",
    );
    plan.may(Step::Mount(sysfs(c"sysfs")));
    plan
}

/// A `/sys` that shows the network namespace of the process that mounts it, as read-only as the old one.
pub(crate) fn sysfs(source: &CStr) -> Mount {
    let read_only = statvfs(c"/sys").is_ok_and(|found| found.flags().contains(FsFlags::ST_RDONLY));
    let flags = if read_only {
        MsFlags::MS_RDONLY
    } else {
        MsFlags::empty()
    };
    Mount {
        source: Some(source.to_owned()),
        ..Mount::fresh(c"sysfs", c"/sys", flags, None)
    }
}
