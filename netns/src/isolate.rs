//! Kernel tests that need no root and leave nothing behind: each in a process and a network of its own.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{ExitStatus, Stdio, exit};
use std::sync::Arc;
use std::{env, io, thread};

use nix::fcntl::OFlag;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, pipe2};

use crate::command::Command;
use crate::error::{Error, Result};
use crate::plan::Step;
use crate::sandbox;

/// `FD PLACE TEST` in the environment of the child: where to report, and which body of which test to run.
const VARIABLE: &str = "NL_NETNS_ISOLATED";

thread_local! {
    /// Bodies that were run for tests on this thread. A child would meet the same place again and run the wrong body.
    static SEEN: RefCell<HashSet<String>> = RefCell::default();
}

/// Runs the body of a test in a process of its own, as root of fresh user, mount and network namespaces.
///
/// The test executable is started once more with `--exact TEST`, and the body runs there; what it prints and whether it
/// fails is passed on. Device names never collide, so such tests run in parallel, and no privilege is needed: the same
/// path is taken by root and by ordinary users. Inside,
///
/// - the network is as the kernel makes it: only `lo`, down;
/// - `/run` is an empty private tmpfs, so named namespaces (`/run/netns`) work and stay inside;
/// - `/sys` shows the new network where the system permits the mount, `/proc/sys/net` does in any case;
/// - processes that the test leaves behind are killed at its end.
///
/// What stands before the body in the test function runs in both processes, what stands after it only in the first.
/// A test may hold several bodies. It must be run by the standard test harness or by `cargo nextest`.
///
/// # Panics
///
/// If the body does; if the child did not run the body to its end (a name that the harness does not know must not
/// pass); if one place is reached twice by one test, in a loop; and, with one sentence that says what to enable, where
/// there are neither user namespaces nor root.
///
/// # Examples
///
/// ```no_run
/// #[test]
/// fn loopback_starts_down() {
///     nl_netns::isolate!(|| {
///         let devices = std::fs::read_to_string("/proc/net/dev").unwrap();
///         assert_eq!(devices.lines().skip(2).count(), 1);
///     });
/// }
/// ```
#[macro_export]
macro_rules! isolate {
    ($body:expr) => {{
        let item = {
            fn here() {}
            ::std::any::type_name_of_val(&here)
        };
        $crate::isolate::run(item, concat!(file!(), ":", line!(), ":", column!()), $body)
    }};
}

/// What [`isolate!`](crate::isolate!) expands to; `item` is the path of an item inside the test function, `place` the
/// position of the macro.
#[doc(hidden)]
pub fn run(item: &str, place: &str, body: impl FnOnce()) {
    let test = test_name(thread::current().name(), item);
    match role(env::var(VARIABLE).ok().as_deref(), place, &test) {
        Role::Parent => run_child(&test, place),
        Role::OtherBody => {}
        Role::Child(report) => {
            // The child serves this body only; what follows it is the parent's.
            let report = || OpenOptions::new().write(true).open(&report);
            report()
                .and_then(|mut pipe| pipe.write_all(b"+"))
                .expect("the pipe that the parent process left open");
            body();
            report()
                .and_then(|mut pipe| pipe.write_all(b"."))
                .expect("the pipe that the parent process left open");
            exit(0);
        }
    }
}

enum Role {
    /// Starts the child.
    Parent,
    /// Runs the body and reports to this file.
    Child(String),
    /// A child for another body of the same test.
    OtherBody,
}

fn role(variable: Option<&str>, place: &str, test: &str) -> Role {
    let mut words = variable.unwrap_or_default().splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some(fd), Some(wanted), Some(name)) if name == test => {
            if wanted == place.replace(' ', "_") {
                Role::Child(format!("/proc/self/fd/{fd}"))
            } else {
                Role::OtherBody
            }
        }
        _ => Role::Parent,
    }
}

fn run_child(test: &str, place: &str) {
    let first = SEEN.with_borrow_mut(|seen| seen.insert(format!("{test} {place}")));
    assert!(
        first,
        "{test} came to the isolate! at {place} twice: a body can run once per test"
    );
    let Outcome {
        status,
        output,
        report,
    } = match rerun(test, place, true) {
        // Root needs no user namespace where the system has none.
        Err(Error::Forbidden(_)) if nix::unistd::geteuid().is_root() => rerun(test, place, false),
        other => other,
    }
    .unwrap_or_else(|error| panic!("this test needs a network of its own: {error}"));

    let output = String::from_utf8_lossy(&output);
    match report.as_slice() {
        b"+." if status.success() => print!("{}", without_header(&output, test)),
        b"" => panic!(
            "{test} did not run: the test executable knows no test of exactly this name\n{output}"
        ),
        _ => panic!("{test} failed in its own network ({status}):\n{output}"),
    }
}

/// What the body printed, without what the harness of the child prints before it.
fn without_header<'a>(output: &'a str, test: &str) -> &'a str {
    let body = output.strip_prefix("\nrunning 1 test\n").unwrap_or(output);
    body.strip_prefix(&format!("test {test} ... "))
        .unwrap_or(body)
}

struct Outcome {
    status: ExitStatus,
    output: Vec<u8>,
    report: Vec<u8>,
}

/// Runs one test of this executable in new namespaces.
fn rerun(test: &str, place: &str, user_namespace: bool) -> Result<Outcome> {
    let failed = |what: &'static str| move |error: io::Error| Error::system(what, error);
    let (report, report_there) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
        .map_err(|errno| Error::system("cannot make a pipe", errno))?;
    let report_there: Arc<OwnedFd> = Arc::new(report_there);
    // A file and not a pipe: what the test leaves running may keep its end of a pipe open for ever.
    let output = memfd_create(c"output", MFdFlags::MFD_CLOEXEC)
        .map_err(|errno| Error::system("cannot make a file for the output", errno))?;
    let mut output = File::from(output);
    let stream = || {
        output
            .try_clone()
            .map(Stdio::from)
            .map_err(failed("cannot share the file for the output"))
    };

    let mut plan = sandbox::private_network(user_namespace);
    plan.must(
        Step::Inherit(Arc::clone(&report_there)),
        "cannot hand down a pipe",
    );
    plan.must(Step::DieWithParent, "cannot tie the process to its parent");

    // The link in /proc works whatever is mounted over the executable's directory.
    let mut command = Command::new("/proc/self/exe".as_ref(), plan)?;
    command.args([
        test,
        "--exact",
        "--nocapture",
        "--include-ignored",
        "--test-threads=1",
    ]);
    command.env(
        VARIABLE,
        format!(
            "{} {} {test}",
            report_there.as_raw_fd(),
            place.replace(' ', "_")
        ),
    );
    if let Some(name) = env::args_os().next() {
        command.std().arg0(name);
    }
    command
        .std()
        .stdin(Stdio::null())
        .stdout(stream()?)
        .stderr(stream()?)
        .process_group(0);

    let mut child = command.spawn()?;
    let group = Pid::from_raw(child.id().cast_signed());
    // Wait without reaping: until then the number cannot be given to another group.
    while let Err(nix::errno::Errno::EINTR) =
        waitid(Id::Pid(group), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)
    {}
    let _ = killpg(group, Signal::SIGKILL);
    let status = child
        .wait()
        .map_err(failed("cannot wait for the test process"))?;

    let mut text = Vec::new();
    output
        .rewind()
        .and_then(|()| output.read_to_end(&mut text))
        .map_err(failed("cannot read the output"))?;
    // Every end that can write is closed or silent by now: read what there is.
    let mut marks = [0; 16];
    let length = nix::unistd::read(&report, &mut marks).unwrap_or(0);
    Ok(Outcome {
        status,
        output: text,
        report: marks.get(..length).unwrap_or_default().to_vec(),
    })
}

/// The harness names the thread after the test, unless it runs the test on the main thread (`--test-threads=1`). Then
/// `item`, `CRATE::PATH::OF::TEST::here`, tells.
fn test_name(thread: Option<&str>, item: &str) -> String {
    match thread {
        Some(name) if name != "main" => name.to_owned(),
        _ => {
            let path = item.split_once("::").map_or(item, |(_crate, path)| path);
            let path = path.strip_suffix("::here").unwrap_or(path);
            path.replace("::{{closure}}", "")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_comes_from_the_thread_or_the_place() {
        assert_eq!(test_name(Some("a::b"), "krate::x::here"), "a::b");
        assert_eq!(test_name(Some("main"), "krate::x::y::here"), "x::y");
        assert_eq!(test_name(None, "krate::y::{{closure}}::here"), "y");
    }

    #[test]
    #[should_panic(expected = "did not run")]
    fn a_name_that_the_harness_does_not_know_fails() {
        thread::scope(|scope| {
            let renamed = thread::Builder::new().name("no::such::test".to_owned());
            let joined = renamed
                .spawn_scoped(scope, || {
                    run("krate::no::such::test::here", "x.rs:1:1", || {})
                })
                .unwrap()
                .join();
            std::panic::resume_unwind(joined.unwrap_err());
        });
    }
}
