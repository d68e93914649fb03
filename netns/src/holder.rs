//! A process that makes namespaces and stays in them, so that others can enter.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, chdir, dup2_stdin, setsid};

use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::sys;

/// A forked copy of this process that sleeps. It ends when this value is dropped or the process that made it ends,
/// unless it is to be kept.
#[derive(Debug)]
pub(crate) struct Holder {
    pid: Pid,
    /// Whether it is a child of ours, to be waited for; in a pid namespace it is a grandchild.
    child: bool,
    /// A holder that is not to be kept ends when this is closed, be it by the end of this process.
    _lifeline: PipeWriter,
    /// Whether the holder pays no heed to the lifeline.
    detached: bool,
    kept: bool,
}

/// What the child tells: one word and two numbers.
const SIZE: usize = 12;
const PID: i32 = 1;
const READY: i32 = 2;
const FAILED: i32 = 3;

impl Holder {
    /// Has a new process carry out `make`, then, in a child of it if the first made a pid namespace, `inside`.
    pub(crate) fn start(
        make: &Plan,
        pid_namespace: bool,
        inside: &Plan,
        keep: bool,
    ) -> Result<Self> {
        let cannot = |error| Error::system("cannot make a pipe", error);
        let (mut news, report) = pipe().map_err(cannot)?;
        let (lifeline_there, lifeline) = pipe().map_err(cannot)?;
        let child = match sys::fork().map_err(|errno| Error::system("fork failed", errno))? {
            ForkResult::Child => {
                become_holder(make, pid_namespace, inside, report, &lifeline_there, keep)
            }
            ForkResult::Parent { child } => child,
        };
        drop(report);
        let mut holder = Self {
            pid: child,
            child: !pid_namespace,
            _lifeline: lifeline,
            detached: keep,
            kept: false,
        };
        // In a pid namespace two processes tell, in either order: the one that is ready, and its parent its number.
        let (mut named, mut ready) = (!pid_namespace, false);
        let outcome = loop {
            match next(&mut news) {
                Some((PID, pid, _)) => {
                    holder.pid = Pid::from_raw(pid);
                    named = true;
                }
                Some((FAILED, step, errno)) => break Err(failure(make, inside, step, errno)),
                Some(_) => ready = true,
                None => {
                    break Err(Error::system(
                        "the process that makes the namespaces died",
                        Errno::ECHILD,
                    ));
                }
            }
            if named && ready {
                break Ok(());
            }
        };
        if pid_namespace {
            let _ = waitpid(child, None);
        }
        outcome.map(|()| holder)
    }

    /// Lets the process live on; it was started for that.
    pub(crate) fn keep(&mut self) {
        self.kept = true;
    }

    /// Whether it outlives this process.
    pub(crate) fn is_kept(&self) -> bool {
        self.kept
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw().cast_unsigned()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // One that is neither our child nor detached is left to the lifeline: its number may be another's by now.
        if self.child || self.detached {
            let _ = kill(self.pid, Signal::SIGKILL);
        }
        if self.child {
            let _ = waitpid(self.pid, None);
        }
    }
}

/// The steps of both plans are numbered through.
fn failure(make: &Plan, inside: &Plan, step: i32, errno: i32) -> Error {
    let mut both = make.clone();
    both.then(inside.clone());
    both.error(
        usize::try_from(step).unwrap_or(usize::MAX),
        Errno::from_raw(errno),
    )
}

fn next(news: &mut PipeReader) -> Option<(i32, i32, i32)> {
    let mut bytes = [0; SIZE];
    news.read_exact(&mut bytes).ok()?;
    let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
    let word = i32::from_ne_bytes;
    Some((word([a, b, c, d]), word([e, f, g, h]), word([i, j, k, l])))
}

/// The child's side: system calls only.
fn become_holder(
    make: &Plan,
    pid_namespace: bool,
    inside: &Plan,
    mut report: PipeWriter,
    lifeline: &PipeReader,
    keep: bool,
) -> ! {
    let tell = |report: &mut PipeWriter, news: [i32; 3]| {
        let [a, b, c] = news.map(i32::to_ne_bytes);
        let mut bytes = [0; SIZE];
        for (to, from) in bytes.iter_mut().zip(a.into_iter().chain(b).chain(c)) {
            *to = from;
        }
        let _ = report.write_all(&bytes);
    };
    let failed = |report: &mut PipeWriter, step: usize, errno: Errno| -> ! {
        tell(
            report,
            [
                FAILED,
                i32::try_from(step).unwrap_or(i32::MAX),
                errno as i32,
            ],
        );
        sys::exit_now(1)
    };
    if let Err((step, errno)) = make.run() {
        failed(&mut report, step, errno);
    }
    if pid_namespace {
        match sys::fork() {
            Ok(ForkResult::Child) => {}
            Ok(ForkResult::Parent { child }) => {
                tell(&mut report, [PID, child.as_raw(), 0]);
                sys::exit_now(0)
            }
            Err(errno) => failed(&mut report, usize::MAX, errno),
        }
        // The first process of a pid namespace inherits orphans; this has the kernel bury them.
        sys::set_signal(Signal::SIGCHLD, true);
    }
    if let Err((step, errno)) = inside.run() {
        failed(&mut report, make.len() + step, errno);
    }
    // Neither the caller's terminal nor its directory nor its open files are to be held.
    let _ = setsid();
    let _ = chdir(c"/");
    let _ = dup2_stdin(lifeline);
    tell(&mut report, [READY, 0, 0]);
    sys::close_from(1);
    if keep {
        sys::sleep_for_good();
    }
    sys::wait_for_end_of_stdin();
    sys::exit_now(0)
}
