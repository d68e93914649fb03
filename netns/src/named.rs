//! Namespaces with names: files below `/run/netns`, shared with iproute2 and everything that works with it.
//!
//! A name is a file over which the namespace is bind-mounted; the mount keeps the namespace alive. The steps and their
//! order are those of iproute2, so that both can be used side by side.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::error::{Error, Result};
use crate::namespace::{Namespace, NamespaceId, pids_in};

/// Where the names are.
pub const DIRECTORY: &str = "/run/netns";

/// The file of a name.
///
/// # Errors
///
/// [`Error::InvalidName`] for an empty name, one of more than 255 bytes, one with a `/`, `.` and `..`.
pub fn path(name: impl AsRef<OsStr>) -> Result<PathBuf> {
    let name = name.as_ref();
    let bytes = name.as_bytes();
    let bad = bytes.is_empty() || bytes.len() > 255 || bytes.contains(&b'/') || bytes.contains(&0);
    if bad || bytes == b"." || bytes == b".." {
        return Err(Error::InvalidName(name.to_string_lossy().into_owned()));
    }
    Ok(Path::new(DIRECTORY).join(name))
}

/// Makes a namespace with a name.
///
/// Equivalent to `ip netns add NAME`.
///
/// # Errors
///
/// `EEXIST` if the name is taken, `EPERM` or `EACCES` without `CAP_SYS_ADMIN`, [`Error::InvalidName`]. Nothing is left
/// behind then but the directory.
pub fn create(name: impl AsRef<OsStr>) -> Result<Namespace> {
    create_with(name, || ()).map(|(namespace, ())| namespace)
}

/// Makes a namespace with a name as [`create`] does, and runs `work` inside on the thread that makes it, before the name
/// stands for it: cheaper than a [`Namespace::run`] afterwards, say to open the first socket. Returns what `work`
/// returns, too.
///
/// # Errors
///
/// As [`create`].
///
/// # Panics
///
/// If `work` does; then the name is taken away again.
pub fn create_with<T: Send>(
    name: impl AsRef<OsStr>,
    work: impl FnOnce() -> T + Send,
) -> Result<(Namespace, T)> {
    let name = name.as_ref();
    let (namespace, result) = bind(name, || {
        let (namespace, result) = Namespace::new_with(work).map_err(|error| match error {
            Error::System { source, .. } => Error::system(
                format!(
                    "Failed to create a new network namespace \"{}\"",
                    name.display()
                ),
                source,
            ),
            other => other,
        })?;
        let source = format!("/proc/self/fd/{}", namespace.as_fd().as_raw_fd());
        // iproute2 binds the file of its own, moved, thread.
        let shown = "/proc/self/ns/net".to_owned();
        Ok((source.into(), shown, (namespace, result)))
    })?;
    Ok((namespace.with_name(name), result))
}

/// Gives the namespace of a process a name.
///
/// Equivalent to `ip netns attach NAME PID`.
///
/// # Errors
///
/// As [`create`]; `ENOENT` if there is no such process.
pub fn attach(name: impl AsRef<OsStr>, pid: u32) -> Result<Namespace> {
    let name = name.as_ref();
    let source = format!("/proc/{pid}/ns/net");
    bind(name, || Ok((source.clone().into(), source, ())))?;
    Namespace::open(name)
}

/// Takes a name away. The namespace lives on as long as something is in it or has it open.
///
/// Equivalent to `ip netns delete NAME`.
///
/// # Errors
///
/// `ENOENT` if there is no such name, `EBUSY` if it is still bound in this mount namespace, [`Error::InvalidName`].
pub fn delete(name: impl AsRef<OsStr>) -> Result<()> {
    let path = path(name)?;
    // Whether it was bound here is of no interest: what is left after a restart must go, too.
    let _ = umount2(&path, MntFlags::MNT_DETACH);
    fs::remove_file(&path).map_err(|error| {
        Error::system(
            format!("Cannot remove namespace file \"{}\"", path.display()),
            error,
        )
    })
}

/// Takes all names away, and stops at the first that stays.
///
/// Equivalent to `ip --all netns delete`, which prints the error and exits with success.
///
/// # Errors
///
/// As [`delete`]. No directory, no names, no error.
pub fn delete_all() -> Result<()> {
    names()?.into_iter().try_for_each(delete)
}

/// All names, in the order of the directory. A name says nothing about whether there still is a namespace behind it:
/// [`Namespace::open`] does.
///
/// Equivalent to `ip netns list`, without the ids.
///
/// # Errors
///
/// `EACCES` if the directory cannot be read. No directory is no names.
pub fn names() -> Result<Vec<OsString>> {
    let cannot = |error| {
        Error::system(
            format!("Cannot open netns runtime directory \"{DIRECTORY}\""),
            error,
        )
    };
    match fs::read_dir(DIRECTORY) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.file_name()).map_err(cannot))
            .collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(cannot(error)),
    }
}

/// The processes in the namespace of a name, in the order of `/proc`. A name with nothing behind it has none.
///
/// Equivalent to `ip netns pids NAME`.
///
/// # Errors
///
/// `ENOENT` if there is no such name, [`Error::InvalidName`].
pub fn pids(name: impl AsRef<OsStr>) -> Result<Vec<u32>> {
    pids_in(stat(&path(name)?)?)
}

/// The names of the namespace that a process is in: none or several are possible.
///
/// Equivalent to `ip netns identify PID`.
///
/// # Errors
///
/// `ENOENT` if there is no such process.
pub fn identify(pid: u32) -> Result<Vec<OsString>> {
    let wanted = stat(Path::new(&format!("/proc/{pid}/ns/net")))?;
    let mut names = names()?;
    // A name that went away meanwhile is not its name.
    names.retain(|name| {
        path(name)
            .and_then(|path| stat(&path))
            .is_ok_and(|id| id == wanted)
    });
    Ok(names)
}

fn stat(path: &Path) -> Result<NamespaceId> {
    fs::metadata(path)
        .map(|found| NamespaceId::of(&found))
        .map_err(|error| Error::system("Cannot open network namespace", error))
}

/// Makes the file of a name and binds what `source` returns over it: the file to bind, its name in an error, and what is
/// handed on.
fn bind<T>(name: &OsStr, source: impl FnOnce() -> Result<(PathBuf, String, T)>) -> Result<T> {
    let path = path(name)?;
    make_directory()?;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o0)
        .open(&path)
        .map_err(|error| {
            Error::system(
                format!("Cannot create namespace file \"{}\"", path.display()),
                error,
            )
        })?;
    let unbound = Unbound(&path);
    let (file, shown, rest) = source()?;
    mount(
        Some(&file),
        &path,
        None::<&str>,
        MsFlags::MS_BIND,
        None::<&str>,
    )
    .map_err(|errno| Error::system(format!("Bind {shown} -> {} failed", path.display()), errno))?;
    std::mem::forget(unbound);
    Ok(rest)
}

/// The file of a name that nothing was bound over yet: it is taken away again, even if what is to be bound panics.
struct Unbound<'a>(&'a Path);

impl Drop for Unbound<'_> {
    fn drop(&mut self) {
        let _ = umount2(self.0, MntFlags::MNT_DETACH);
        let _ = fs::remove_file(self.0);
    }
}

/// Makes the directory a mount whose mounts appear in all mount namespaces that share it: a name deleted in one is gone
/// in all, and a namespace is not kept alive by a copy that nobody sees.
fn make_directory() -> Result<()> {
    match DirBuilder::new().mode(0o755).create(DIRECTORY) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Error::system(format!("mkdir {DIRECTORY} failed"), error));
        }
        _ => {}
    }
    // Two that make the first name at once would bind the directory over itself twice, and the next two, and so on.
    // Where it cannot be locked, that risk remains.
    let _lock = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_DIRECTORY.bits())
        .open(DIRECTORY)
        .map_err(|error| {
            Error::system(
                format!("Cannot open netns runtime directory \"{DIRECTORY}\""),
                error,
            )
        })
        .map(|file: File| Flock::lock(file, FlockArg::LockExclusive))?;
    let spread = |flags: MsFlags| {
        mount(
            Some(""),
            DIRECTORY,
            Some("none"),
            flags | MsFlags::MS_REC,
            None::<&str>,
        )
    };
    let cannot_share =
        |errno| Error::system(format!("mount --make-shared {DIRECTORY} failed"), errno);
    match spread(MsFlags::MS_SHARED) {
        Ok(()) => return Ok(()),
        // Not a mount yet.
        Err(Errno::EINVAL) => {}
        Err(errno) => return Err(cannot_share(errno)),
    }
    mount(
        Some(DIRECTORY),
        DIRECTORY,
        Some("none"),
        MsFlags::MS_BIND | MsFlags::MS_REC,
        None::<&str>,
    )
    .map_err(|errno| {
        Error::system(
            format!("mount --bind {DIRECTORY} {DIRECTORY} failed"),
            errno,
        )
    })?;
    // A peer group of its own: in that of a shared /run every name would be mounted twice.
    spread(MsFlags::MS_PRIVATE).map_err(|errno| {
        Error::system(format!("mount --make-private {DIRECTORY} failed"), errno)
    })?;
    spread(MsFlags::MS_SHARED).map_err(cannot_share)
}
