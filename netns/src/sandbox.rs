//! Rootless throw-away networks.

use std::ffi::CString;

use nix::mount::MsFlags;
use nix::sched::CloneFlags;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{getegid, geteuid};

use crate::plan::{Mount, Plan, Step};

/// New user, mount and network namespaces with the caller as their root, a private `/run`, and `/sys` of the new
/// network where the system permits.
pub(crate) fn private_network(user_namespace: bool) -> Plan {
    let mut plan = Plan::default();
    let mut flags = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET;
    if user_namespace {
        flags |= CloneFlags::CLONE_NEWUSER;
    }
    plan.must(Step::Unshare(flags), "unshare failed");
    if user_namespace {
        plan.then(map_root());
    }
    plan.must(
        Step::Mount(Mount::propagation(
            c"/",
            MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        )),
        "mount --make-rprivate / failed",
    );
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    plan.must(
        Step::Mount(Mount::fresh(c"tmpfs", c"/run", flags, Some(c"mode=0755"))),
        "mount of /run failed",
    );
    plan.may(Step::Mount(sysfs()));
    plan
}

/// The maps of a new user namespace in which the caller is root and nobody else exists.
pub(crate) fn map_root() -> Plan {
    let mut plan = Plan::default();
    // Without this the kernel takes no group map from an ordinary user. user_namespaces(7).
    plan.must(
        write_proc(c"/proc/self/setgroups", "deny".into()),
        "write to /proc/self/setgroups failed",
    );
    plan.must(
        write_proc(c"/proc/self/uid_map", format!("0 {} 1", geteuid())),
        "write to /proc/self/uid_map failed",
    );
    plan.must(
        write_proc(c"/proc/self/gid_map", format!("0 {} 1", getegid())),
        "write to /proc/self/gid_map failed",
    );
    plan
}

fn write_proc(path: &std::ffi::CStr, content: String) -> Step {
    Step::Write(CString::from(path), content.into_bytes())
}

/// A `/sys` that shows the network namespace of the process that mounts it, as read-only as the old one.
pub(crate) fn sysfs() -> Mount {
    let read_only = statvfs(c"/sys").is_ok_and(|found| found.flags().contains(FsFlags::ST_RDONLY));
    let flags = if read_only {
        MsFlags::MS_RDONLY
    } else {
        MsFlags::empty()
    };
    Mount::fresh(c"sysfs", c"/sys", flags, None)
}
