//! Programs in namespaces that are made for them.

use std::ffi::{CStr, CString, OsStr};

use nix::mount::MsFlags;
use nix::sched::CloneFlags;
use nix::unistd::{getegid, geteuid};

use crate::command::Command;
use crate::error::Result;
use crate::plan::{Mount, Plan, Step};

/// Which namespaces to make for a program. unshare(1), namespaces(7).
///
/// # Examples
///
/// ```no_run
/// # fn main() -> nl_netns::Result<()> {
/// // unshare --user --map-root-user --net id
/// nl_netns::Unshare::new().map_root().net().command("id")?.status()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Unshare {
    flags: Option<CloneFlags>,
    map: Option<(u32, u32)>,
    fork: bool,
    mount_proc: bool,
}

impl Unshare {
    /// No new namespaces yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, flag: CloneFlags) -> Self {
        self.flags = Some(self.flags() | flag);
        self
    }

    fn flags(&self) -> CloneFlags {
        self.flags.unwrap_or(CloneFlags::empty())
    }

    /// A user namespace. Without a map the program is nobody in it, yet has all capabilities until it becomes another
    /// program. `-U`.
    #[must_use]
    pub fn user(self) -> Self {
        self.with(CloneFlags::CLONE_NEWUSER)
    }

    /// A user namespace in which the caller is `uid` and `gid`, and nobody else exists.
    #[must_use]
    pub fn map_to(mut self, uid: u32, gid: u32) -> Self {
        self.map = Some((uid, gid));
        self.user()
    }

    /// A user namespace in which the caller is root. `-r`.
    #[must_use]
    pub fn map_root(self) -> Self {
        self.map_to(0, 0)
    }

    /// A user namespace in which the caller is who they are. `-c`.
    #[must_use]
    pub fn map_current(self) -> Self {
        self.map_to(geteuid().as_raw(), getegid().as_raw())
    }

    /// A network namespace: only `lo`, down. `-n`.
    #[must_use]
    pub fn net(self) -> Self {
        self.with(CloneFlags::CLONE_NEWNET)
    }

    /// A mount namespace, whose mounts spread to no other nor others' to it. `-m`.
    #[must_use]
    pub fn mount(self) -> Self {
        self.with(CloneFlags::CLONE_NEWNS)
    }

    /// A pid namespace for the program's children; with [`fork`](Self::fork), for itself. `-p`.
    #[must_use]
    pub fn pid(self) -> Self {
        self.with(CloneFlags::CLONE_NEWPID)
    }

    /// A namespace of host and domain name. `-u`.
    #[must_use]
    pub fn uts(self) -> Self {
        self.with(CloneFlags::CLONE_NEWUTS)
    }

    /// A namespace of System V and POSIX message queues, semaphores and shared memory. `-i`.
    #[must_use]
    pub fn ipc(self) -> Self {
        self.with(CloneFlags::CLONE_NEWIPC)
    }

    /// A cgroup namespace. `-C`.
    #[must_use]
    pub fn cgroup(self) -> Self {
        self.with(CloneFlags::CLONE_NEWCGROUP)
    }

    /// The program runs as a child of the process, which waits and ends as it does: in a new pid namespace it is
    /// process 1. `-f`.
    #[must_use]
    pub fn fork(mut self) -> Self {
        self.fork = true;
        self
    }

    /// A `/proc` of the new pid namespace, in a mount namespace. `--mount-proc`.
    #[must_use]
    pub fn mount_proc(mut self) -> Self {
        self.mount_proc = true;
        self.mount()
    }

    /// A program to run in the new namespaces.
    ///
    /// # Errors
    ///
    /// If no pipe can be had. What else fails is reported when the command is started:
    /// [`Error::Forbidden`](crate::Error::Forbidden) where the system refuses a user namespace, `EPERM` without
    /// `CAP_SYS_ADMIN` if none was asked for.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Result<Command> {
        Command::new(program.as_ref(), self.plan())
    }

    pub(crate) fn plan(&self) -> Plan {
        let flags = self.flags();
        let mut plan = Plan::default();
        plan.must(Step::Unshare(flags), "unshare failed");
        if let Some((uid, gid)) = self.map {
            plan.then(maps(uid, gid));
        }
        if self.fork {
            plan.must(Step::Fork, "fork failed");
        }
        if flags.contains(CloneFlags::CLONE_NEWNS) {
            plan.must(
                Step::Mount(Mount::propagation(
                    c"/",
                    MsFlags::MS_REC | MsFlags::MS_PRIVATE,
                )),
                "cannot change root filesystem propagation",
            );
        }
        if self.mount_proc {
            plan.must(Step::Mount(proc()), "mount /proc failed");
        }
        plan
    }
}

/// A `/proc` that shows the pid namespace of the process that mounts it.
pub(crate) fn proc() -> Mount {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC | MsFlags::MS_NODEV;
    Mount::fresh(c"proc", c"/proc", flags, None)
}

/// The maps of a new user namespace in which the caller is `uid` and `gid`. user_namespaces(7).
fn maps(uid: u32, gid: u32) -> Plan {
    let files: [(&CStr, String); 3] = [
        // Without this the kernel takes no group map from an ordinary user.
        (c"/proc/self/setgroups", "deny".to_owned()),
        (c"/proc/self/uid_map", format!("{uid} {} 1", geteuid())),
        (c"/proc/self/gid_map", format!("{gid} {} 1", getegid())),
    ];
    let mut plan = Plan::default();
    for (path, content) in files {
        let what = format!("write failed {}", path.to_string_lossy());
        plan.must(Step::Write(CString::from(path), content.into_bytes()), what);
    }
    plan
}
