//! The system calls that no safe wrapper offers.
#![allow(
    unsafe_code,
    reason = "fork, pre_exec and ioctl have no safe form; every other module goes through here"
)]

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, getpid};

use crate::plan::Plan;

/// Has `plan` carried out in the child, between `fork` and `exec`. `failed` is called there with the number of the step
/// that failed.
pub(crate) fn run_before_exec(
    command: &mut Command,
    plan: std::sync::Arc<Plan>,
    failed: impl Fn(usize) + Send + Sync + 'static,
) {
    let hook = move || {
        plan.run().map_err(|(step, errno)| {
            failed(step);
            errno.into()
        })
    };
    // SAFETY: the hook runs after `fork`, where only async-signal-safe code may: `Plan::run` makes system calls on data
    // prepared beforehand, neither it nor `failed` (a `write`, see `Command::new`) allocates or takes a lock.
    unsafe { command.pre_exec(hook) };
}

/// `fork(2)`. The caller promises that the child does nothing but async-signal-safe work if the process has threads.
pub(crate) fn fork() -> nix::Result<ForkResult> {
    // SAFETY: the callers are `Plan::run`, which makes system calls only, and `Holder::start`, which runs a plan and
    // then sleeps in `read`.
    unsafe { nix::unistd::fork() }
}

/// Ends the process at once, without running destructors or flushing anything: for forked children.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: `_exit` has no preconditions.
    unsafe { libc::_exit(status) }
}

/// Waits for a child, then ends the process in the same way: same exit status or same signal. A terminal's Ctrl-C is
/// the child's meanwhile.
pub(crate) fn end_like(child: Pid) -> ! {
    set_signal(Signal::SIGINT, true);
    set_signal(Signal::SIGQUIT, true);
    loop {
        match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, status)) => exit_now(status),
            Ok(WaitStatus::Signaled(_, signal, _)) => {
                set_signal(signal, false);
                let _ = kill(getpid(), signal);
                exit_now(128 + signal as i32);
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => exit_now(1),
        }
    }
}

/// Puts the default or the ignoring handler on a signal.
pub(crate) fn set_signal(signal: Signal, ignore: bool) {
    let handler = if ignore { libc::SIG_IGN } else { libc::SIG_DFL };
    // SAFETY: neither handler is code of ours, so nothing can run at a bad moment.
    unsafe { libc::signal(signal as i32, handler) };
}

/// Closes every file descriptor from `first` on. Only for a forked child that will touch none of them again.
pub(crate) fn close_from(first: u16) {
    let first = libc::c_uint::from(first);
    // SAFETY: the caller is a forked child that owns its table of descriptors alone and ends without using one.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) };
    if closed != 0 {
        // Kernels before 5.9.
        for fd in first.cast_signed()..1024 {
            // SAFETY: as above.
            unsafe { libc::close(fd) };
        }
    }
}

/// `getcwd(2)`, without the C library's, which may allocate.
pub(crate) fn current_dir(space: &mut [u8]) -> nix::Result<&CStr> {
    // SAFETY: the kernel writes at most as many bytes as the slice has.
    let written = unsafe { libc::syscall(libc::SYS_getcwd, space.as_mut_ptr(), space.len()) };
    Errno::result(written)?;
    CStr::from_bytes_until_nul(space).map_err(|_| Errno::ENAMETOOLONG)
}

/// Sleeps until the last writer of the pipe that is standard input has gone.
pub(crate) fn wait_for_end_of_stdin() {
    let mut byte = 0_u8;
    loop {
        // SAFETY: the kernel writes at most one byte into `byte`.
        let length = unsafe { libc::read(0, (&raw mut byte).cast(), 1) };
        if length == 0 || (length < 0 && Errno::last() != Errno::EINTR) {
            return;
        }
    }
}

/// Sleeps until killed.
pub(crate) fn sleep_for_good() -> ! {
    loop {
        // SAFETY: `pause` has no preconditions.
        unsafe { libc::pause() };
    }
}

/// Has the kernel kill this process when the thread that forked it ends.
pub(crate) fn die_with_parent() -> nix::Result<()> {
    let signal = Signal::SIGKILL as libc::c_ulong;
    // SAFETY: PR_SET_PDEATHSIG takes one integer and touches no memory.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) }).map(drop)
}

/// Sets or clears the close-on-exec flag of a descriptor.
pub(crate) fn keep_across_exec(fd: RawFd) -> nix::Result<()> {
    // SAFETY: F_SETFD takes an integer; a wrong descriptor is an error, not a hazard.
    Errno::result(unsafe { libc::fcntl(fd, libc::F_SETFD, 0) }).map(drop)
}

/// Sets `IFF_UP` on `lo` of the calling thread's network namespace. netdevice(7).
pub(crate) fn loopback_up() -> nix::Result<()> {
    let socket = socket(libc::AF_INET, libc::SOCK_DGRAM, 0).map_err(errno_of)?;
    // SAFETY: `ifreq` is plain data for which all zeroes is a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = from.cast_signed();
    }
    // SAFETY: the kernel reads the name and writes the flags, both inside `request`, which outlives the call.
    Errno::result(unsafe {
        libc::ioctl(
            socket.as_raw_fd(),
            libc::SIOCGIFFLAGS as _,
            &raw mut request,
        )
    })?;
    // SAFETY: the call above filled in the flags, so this is the active field of the union.
    let flags = unsafe { request.ifr_ifru.ifru_flags };
    request.ifr_ifru.ifru_flags = flags | i16::try_from(libc::IFF_UP).unwrap_or(1);
    // SAFETY: as for the first ioctl; the kernel only reads.
    Errno::result(unsafe {
        libc::ioctl(
            socket.as_raw_fd(),
            libc::SIOCSIFFLAGS as _,
            &raw const request,
        )
    })
    .map(drop)
}

/// `socket(2)` with `SOCK_CLOEXEC`, for any domain, type and protocol.
pub(crate) fn socket(domain: i32, kind: i32, protocol: i32) -> io::Result<OwnedFd> {
    // SAFETY: `socket` takes three integers.
    let fd = Errno::result(unsafe { libc::socket(domain, kind | libc::SOCK_CLOEXEC, protocol) })?;
    // SAFETY: the kernel just gave us this descriptor and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The `CLONE_NEW*` flag of a namespace's type, or nothing where the file is no namespace or the kernel older than 4.11.
pub(crate) fn namespace_type(fd: BorrowedFd<'_>) -> Option<i32> {
    // `NS_GET_NSTYPE`, `_IO(0xb7, 0x3)`, in include/uapi/linux/nsfs.h.
    const NS_GET_NSTYPE: u32 = 0xb703;
    // SAFETY: this ioctl has no argument; another kind of file answers ENOTTY.
    let answer = unsafe { libc::ioctl(fd.as_raw_fd(), NS_GET_NSTYPE as _) };
    Errno::result(answer).ok()
}

fn errno_of(error: io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}
