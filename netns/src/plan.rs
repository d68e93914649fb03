//! What a new process does to itself before it becomes another program: a list of system calls, prepared in full
//! beforehand, because between `fork` and `exec` of a threaded process nothing may allocate or take a lock.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::Mode;
use nix::unistd::{ForkResult, write};

use crate::error::Error;
use crate::sys;

/// One system call, or a few that belong together.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Enter an existing namespace.
    Setns(Arc<OwnedFd>, CloneFlags),
    /// Leave for new namespaces.
    Unshare(CloneFlags),
    /// Write a file of /proc that exists.
    Write(CString, Vec<u8>),
    /// `mount(2)`.
    Mount(Mount),
    /// `umount2(2)` with `MNT_DETACH`.
    Unmount(CString),
    /// Enter an existing mount namespace, and there the directory of the same path; its root if it has none.
    EnterMounts(Arc<OwnedFd>),
    /// Set `lo` up.
    LoopbackUp,
    /// Go on in a child, the first process of a new pid namespace, while this process waits and ends as the child does.
    Fork,
    /// Be killed when the parent ends.
    DieWithParent,
    /// Let the program that follows inherit a descriptor.
    Inherit(Arc<OwnedFd>),
}

/// The arguments of `mount(2)`.
#[derive(Clone, Debug)]
pub(crate) struct Mount {
    pub(crate) source: Option<CString>,
    pub(crate) target: CString,
    pub(crate) fstype: Option<&'static CStr>,
    pub(crate) flags: MsFlags,
    pub(crate) data: Option<&'static CStr>,
}

impl Mount {
    /// A new instance of a filesystem.
    pub(crate) fn fresh(
        fstype: &'static CStr,
        target: &CStr,
        flags: MsFlags,
        data: Option<&'static CStr>,
    ) -> Self {
        Self {
            source: Some(fstype.to_owned()),
            target: target.to_owned(),
            fstype: Some(fstype),
            flags,
            data,
        }
    }

    /// One file or directory over another.
    pub(crate) fn bind(source: CString, target: CString) -> Self {
        Self {
            source: Some(source),
            target,
            fstype: None,
            flags: MsFlags::MS_BIND,
            data: None,
        }
    }

    /// A change of how mounts below `target` spread.
    pub(crate) fn propagation(target: &CStr, flags: MsFlags) -> Self {
        Self {
            source: Some(c"".to_owned()),
            target: target.to_owned(),
            fstype: Some(c"none"),
            flags,
            data: None,
        }
    }
}

/// Steps in order, each with the words for its failure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    steps: Vec<(Step, Failure)>,
}

/// What it means that a step fails.
#[derive(Clone, Debug)]
enum Failure {
    Ignored,
    Fatal(String),
}

impl Plan {
    /// Adds a step that must succeed; `what` goes before the errno's text in the error.
    pub(crate) fn must(&mut self, step: Step, what: impl Into<String>) -> &mut Self {
        self.steps.push((step, Failure::Fatal(what.into())));
        self
    }

    /// Adds a step whose failure changes nothing that was promised.
    pub(crate) fn may(&mut self, step: Step) -> &mut Self {
        self.steps.push((step, Failure::Ignored));
        self
    }

    /// Adds all steps of another plan.
    pub(crate) fn then(&mut self, other: Self) -> &mut Self {
        self.steps.extend(other.steps);
        self
    }

    /// How many steps there are.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether a step needs a process with a single thread: only such may change its user namespace.
    pub(crate) fn changes_user_namespace(&self) -> bool {
        let enters = |step: &Step| matches!(step, Step::Setns(_, kind) if kind.contains(CloneFlags::CLONE_NEWUSER));
        self.steps
            .iter()
            .any(|(step, _)| step.makes_user_namespace() || enters(step))
    }

    /// Does it all to the calling process. Async-signal-safe: system calls on prepared data, nothing else.
    ///
    /// # Errors
    ///
    /// The number of the step that failed, for [`Plan::error`], and its errno.
    pub(crate) fn run(&self) -> Result<(), (usize, Errno)> {
        for (number, (step, failure)) in self.steps.iter().enumerate() {
            if let (Err(errno), Failure::Fatal(_)) = (step.run(), failure) {
                return Err((number, errno));
            }
        }
        Ok(())
    }

    /// The error for a step that failed.
    pub(crate) fn error(&self, step: usize, errno: Errno) -> Error {
        let what = match self.steps.get(step) {
            Some((_, Failure::Fatal(what))) => what.clone(),
            _ => "preparing the process failed".to_owned(),
        };
        if self
            .steps
            .iter()
            .take(step.saturating_add(1))
            .any(|(step, _)| step.makes_user_namespace())
        {
            let at_once = matches!(
                self.steps.get(step),
                Some((Step::Unshare(_) | Step::Write(..), _))
            );
            if let Some(why) = crate::policy::why_forbidden(errno, at_once) {
                return Error::Forbidden(why);
            }
        }
        Error::system(what, errno)
    }
}

impl Step {
    fn makes_user_namespace(&self) -> bool {
        matches!(self, Self::Unshare(flags) if flags.contains(CloneFlags::CLONE_NEWUSER))
    }

    fn run(&self) -> nix::Result<()> {
        match self {
            Self::Setns(fd, kind) => setns(fd.as_fd(), *kind),
            Self::Unshare(flags) => unshare(*flags),
            Self::Write(path, content) => {
                let file = open(
                    path.as_c_str(),
                    OFlag::O_WRONLY | OFlag::O_CLOEXEC,
                    Mode::empty(),
                )?;
                // One write: /proc takes a map in one piece or not at all.
                write(file, content).map(drop)
            }
            Self::Mount(m) => mount(
                m.source.as_deref(),
                m.target.as_c_str(),
                m.fstype,
                m.flags,
                m.data,
            ),
            Self::Unmount(target) => umount2(target.as_c_str(), MntFlags::MNT_DETACH),
            Self::EnterMounts(fd) => {
                let mut space = [0; 4096];
                let here = sys::current_dir(&mut space);
                setns(fd.as_fd(), CloneFlags::CLONE_NEWNS)?;
                let _ = here.and_then(nix::unistd::chdir);
                Ok(())
            }
            Self::LoopbackUp => sys::loopback_up(),
            Self::Fork => fork_and_mirror(),
            Self::DieWithParent => sys::die_with_parent(),
            Self::Inherit(fd) => sys::keep_across_exec(fd.as_raw_fd()),
        }
    }
}

/// Returns in a child. The parent waits for it, then ends in the same way: same exit status or same signal.
fn fork_and_mirror() -> nix::Result<()> {
    let child = match sys::fork()? {
        ForkResult::Child => return sys::die_with_parent(),
        ForkResult::Parent { child } => child,
    };
    // Whoever reads what the child writes must see its end when the child closes it.
    sys::close_from(0);
    sys::end_like(child)
}
