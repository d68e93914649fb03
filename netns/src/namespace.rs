//! A network namespace as a value.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io, panic, thread};

use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::statfs::{FsType, fstatfs};

use crate::error::{Error, Result};
use crate::{named, sys};

/// A handle on a network namespace. The namespace lives at least as long as the handle.
///
/// Two handles are equal if they are of the same namespace. Nothing that is done with a handle moves the caller's
/// thread: work inside happens on threads of its own, programs are their own processes.
#[derive(Clone, Debug)]
pub struct Namespace {
    fd: Arc<OwnedFd>,
    id: NamespaceId,
    /// The name it was opened by: `ip netns exec` looks for its files below /etc/netns.
    name: Option<OsString>,
}

/// What tells namespaces apart: device and inode number of their file in nsfs.
///
/// The inode number is what `lsns` and `readlink /proc/self/ns/net` show. A number may be given again once its
/// namespace is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamespaceId {
    /// Device number of nsfs.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
}

impl Namespace {
    /// Makes a namespace that has no name: it lives as long as this handle, what runs in it, and what is opened in it.
    ///
    /// Only `lo` is in it, down.
    ///
    /// # Errors
    ///
    /// `EPERM` without `CAP_SYS_ADMIN`, `ENOSPC` above the limit `user.max_net_namespaces`.
    pub fn new() -> Result<Self> {
        Self::new_with(|| ()).map(|(namespace, ())| namespace)
    }

    /// Makes a namespace as [`new`](Self::new) does, and runs `work` inside on the thread that makes it: cheaper than a
    /// [`run`](Self::run) afterwards, say to open the first socket. Returns what `work` returns, too.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new). `work` was not called then.
    pub fn new_with<T: Send>(work: impl FnOnce() -> T + Send) -> Result<(Self, T)> {
        on_own_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| {
                Error::system("Failed to create a new network namespace", errno)
            })?;
            Ok((Self::current()?, work()))
        })?
    }

    /// Opens the namespace that iproute2 knows as `name`: `/run/netns/NAME`.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is none, [`Error::NotANamespace`] if only a file is left of it, [`Error::InvalidName`].
    pub fn open(name: impl AsRef<OsStr>) -> Result<Self> {
        let name = name.as_ref();
        let what = || format!("Cannot open network namespace \"{}\"", name.display());
        // iproute2 has no other words for a bad name here.
        let path =
            named::path(name).map_err(|_| Error::system(what(), nix::errno::Errno::ENOENT))?;
        let file = File::open(&path).map_err(|error| Error::system(what(), error))?;
        let mut namespace = Self::checked(file.into(), &path, name)?;
        namespace.name = Some(name.to_owned());
        Ok(namespace)
    }

    /// Opens the namespace of a process.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such process, `EACCES` or `EPERM` if it is another user's.
    pub fn of_pid(pid: u32) -> Result<Self> {
        let path = PathBuf::from(format!("/proc/{pid}/ns/net"));
        let file = File::open(&path).map_err(|error| {
            Error::system(
                format!("Cannot open the network namespace of process {pid}"),
                error,
            )
        })?;
        Self::checked(file.into(), &path, path.as_os_str())
    }

    /// Opens the namespace that a file stands for: one below `/proc/PID/ns`, or a bind mount of such a file.
    ///
    /// # Errors
    ///
    /// As `open(2)`; [`Error::NotANamespace`] if the file is something else.
    pub fn of_path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| {
            Error::system(
                format!("Cannot open network namespace \"{}\"", path.display()),
                error,
            )
        })?;
        Self::checked(file.into(), path, path.as_os_str())
    }

    /// Opens the namespace of the calling thread.
    ///
    /// # Errors
    ///
    /// `ENOENT` where `/proc` is not mounted, `EMFILE`.
    pub fn current() -> Result<Self> {
        Self::of_path("/proc/thread-self/ns/net")
    }

    /// Takes over a descriptor of a namespace, say from [`OwnedFd`]s that another process sent.
    ///
    /// # Errors
    ///
    /// [`Error::NotANamespace`] if it is something else.
    pub fn from_fd(fd: OwnedFd) -> Result<Self> {
        Self::checked(fd, Path::new("file descriptor"), "file descriptor".as_ref())
    }

    fn checked(fd: OwnedFd, path: &Path, shown: &OsStr) -> Result<Self> {
        if !is_network_namespace(&fd) {
            return Err(Error::NotANamespace {
                name: shown.to_owned(),
                path: path.to_owned(),
            });
        }
        let file = File::from(fd);
        let id = file.metadata().map(|found| NamespaceId::of(&found));
        let id = id.map_err(|error| Error::system("Stat of netns failed", error))?;
        Ok(Self {
            fd: Arc::new(file.into()),
            id,
            name: None,
        })
    }

    /// What tells this namespace from others.
    #[must_use]
    pub fn id(&self) -> NamespaceId {
        self.id
    }

    /// The name it was opened or created by. The name may have been deleted since.
    #[must_use]
    pub fn name(&self) -> Option<&OsStr> {
        self.name.as_deref()
    }

    pub(crate) fn with_name(mut self, name: &OsStr) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    pub(crate) fn shared_fd(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.fd)
    }

    /// Runs `work` inside, on a thread of its own that ends with it, and returns what it returns.
    ///
    /// The closure may borrow from the caller. A panic in it goes on in the caller. Threads that it starts are inside
    /// too. In the closure `/proc/thread-self/net` shows the namespace; `/proc/self/net` and `/sys` show the caller's
    /// (a program started with [`command`](Self::command) gets its own `/sys`).
    ///
    /// # Errors
    ///
    /// `EPERM` without `CAP_SYS_ADMIN`; `EAGAIN` if no thread can be had. `work` was not called then.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        on_own_thread(|| {
            self.enter_for_good()?;
            Ok(work())
        })?
    }

    /// Has `open` open something inside (a socket, a device) that will belong to the namespace for its life, wherever
    /// it is used.
    ///
    /// Like [`run`](Self::run) for closures that may fail.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), and those of `open`.
    pub fn open_in<T: Send>(&self, open: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        self.run(open).map_err(io::Error::from)?
    }

    /// Opens a socket inside, close-on-exec. `domain`, `kind` and `protocol` are those of `socket(2)`.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run) and `socket(2)`.
    pub fn socket(&self, domain: i32, kind: i32, protocol: i32) -> io::Result<OwnedFd> {
        self.open_in(|| sys::socket(domain, kind, protocol))
    }

    /// The processes that are inside, in the order of `/proc`. Processes of other users are seen by root only.
    ///
    /// Equivalent to `ip netns pids NAME`.
    ///
    /// # Errors
    ///
    /// If `/proc` cannot be read.
    pub fn pids(&self) -> Result<Vec<u32>> {
        pids_in(self.id)
    }

    /// Moves the calling thread. Only for threads that end right after, see [`on_own_thread`].
    fn enter_for_good(&self) -> Result<()> {
        setns(self.as_fd(), CloneFlags::CLONE_NEWNET)
            .map_err(|errno| Error::system(self.cannot_enter(), errno))
    }

    pub(crate) fn cannot_enter(&self) -> String {
        match &self.name {
            Some(name) => format!(
                "setting the network namespace \"{}\" failed",
                name.display()
            ),
            None => "setting the network namespace failed".to_owned(),
        }
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl PartialEq for Namespace {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Namespace {}

impl NamespaceId {
    pub(crate) fn of(found: &fs::Metadata) -> Self {
        Self {
            dev: found.dev(),
            ino: found.ino(),
        }
    }
}

/// Calls `work` on a new thread that is never used for anything else, so that whatever it does to itself ends with it.
fn on_own_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name("netns".to_owned())
            .spawn_scoped(scope, work)
            .map_err(|error| Error::system("cannot start a thread", error))?;
        Ok(thread
            .join()
            .unwrap_or_else(|payload| panic::resume_unwind(payload)))
    })
}

/// Whether a file is a network namespace, and not what is left of one, or another type of namespace.
fn is_network_namespace(fd: &OwnedFd) -> bool {
    // `NSFS_MAGIC` in include/uapi/linux/magic.h.
    const NSFS: FsType = FsType(0x6e73_6673);
    fstatfs(fd).is_ok_and(|found| found.filesystem_type() == NSFS)
        // Kernels before 4.11 cannot tell the type; `setns` will.
        && sys::namespace_type(fd.as_fd()).is_none_or(|kind| kind == libc::CLONE_NEWNET)
}

pub(crate) fn pids_in(wanted: NamespaceId) -> Result<Vec<u32>> {
    let inside = |pid: &u32| {
        fs::metadata(format!("/proc/{pid}/ns/net"))
            .is_ok_and(|found| NamespaceId::of(&found) == wanted)
    };
    Ok(crate::proc::pids()?.filter(inside).collect())
}
