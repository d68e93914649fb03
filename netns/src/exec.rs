//! Programs inside a network namespace, as `ip netns exec` runs them.

use std::ffi::{CString, OsStr};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::mount::MsFlags;
use nix::sched::CloneFlags;

use crate::command::Command;
use crate::error::Result;
use crate::namespace::Namespace;
use crate::plan::{Mount, Plan, Step};
use crate::sandbox::sysfs;

impl Namespace {
    /// A program to run inside, with a `/sys` that shows the namespace, and with the files of `/etc/netns/NAME` over
    /// those of `/etc`.
    ///
    /// For that it gets a mount namespace of its own; mounts it makes are not seen outside. `/sys` is read-only if the
    /// caller's is. [`Command::exec`] is what a command-line tool wants, [`Command::status`], [`Command::output`] and
    /// [`Command::spawn`] what everybody else does.
    ///
    /// Equivalent to `ip netns exec NAME PROGRAM`.
    ///
    /// # Errors
    ///
    /// If no pipe can be had. What fails inside is reported when the command is started: `EPERM` without
    /// `CAP_SYS_ADMIN`, or where `/sys` cannot be mounted.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Result<Command> {
        let mut plan = Plan::default();
        plan.must(
            Step::Setns(self.shared_fd(), CloneFlags::CLONE_NEWNET),
            self.cannot_enter(),
        );
        plan.must(Step::Unshare(CloneFlags::CLONE_NEWNS), "unshare failed");
        plan.must(
            Step::Mount(Mount::propagation(
                c"/",
                MsFlags::MS_SLAVE | MsFlags::MS_REC,
            )),
            "\"mount --make-rslave /\" failed",
        );
        let source = self
            .name()
            .and_then(|name| CString::new(name.as_bytes()).ok());
        let sysfs = sysfs(source.as_deref().unwrap_or(c"sysfs"));
        // Fails where a user namespace holds the mount in place; the new one then covers it.
        plan.may(Step::Unmount(c"/sys".to_owned()));
        plan.must(Step::Mount(sysfs), "mount of /sys failed");
        for (source, target) in self.name().map(configuration).unwrap_or_default() {
            plan.may(Step::Mount(Mount::bind(source, target)));
        }
        Command::new(program.as_ref(), plan)
    }
}

/// What to bind over what for a namespace of this name.
fn configuration(name: &OsStr) -> Vec<(CString, CString)> {
    let c_path = |path: PathBuf| CString::new(path.as_os_str().as_bytes()).ok();
    let Ok(entries) = fs::read_dir(Path::new("/etc/netns").join(name)) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            Some((
                c_path(entry.path())?,
                c_path(Path::new("/etc").join(entry.file_name()))?,
            ))
        })
        .collect()
}
