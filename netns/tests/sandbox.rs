//! Sandboxes and unshared programs. No isolate! here: they must work for whoever runs the tests.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nl_netns::{Command, Sandbox, Unshare};

/// Standard output of a program that must succeed.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

fn shell(sandbox: &Sandbox, script: &str) -> String {
    output(sandbox.command("sh").unwrap().args(["-c", script]))
}

fn gone(pid: u32) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        // A zombie has no namespaces.
        if fs::read_link(format!("/proc/{pid}/ns/net")).is_err() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

#[test]
fn the_caller_is_root_of_a_network_with_lo_up() {
    let sandbox = Sandbox::new().unwrap();
    assert_eq!(
        shell(&sandbox, "id -u; id -g; ls /sys/class/net; ls /run"),
        "0\n0\nlo"
    );
    assert_eq!(
        shell(
            &sandbox,
            "cat /sys/class/net/lo/operstate /sys/class/net/lo/flags"
        ),
        "unknown\n0x9"
    );
    let down = Sandbox::builder().loopback(false).start().unwrap();
    assert_eq!(shell(&down, "cat /sys/class/net/lo/flags"), "0x8");
}

#[test]
fn programs_share_it_until_it_is_dropped() {
    let sandbox = Sandbox::new().unwrap();
    shell(
        &sandbox,
        "echo 1 > /proc/sys/net/ipv4/ip_forward; echo text > /run/file",
    );
    assert_eq!(
        shell(&sandbox, "cat /proc/sys/net/ipv4/ip_forward /run/file"),
        "1\ntext"
    );
    assert!(!fs::exists("/run/file").unwrap());
    assert_eq!(sandbox.pid(), None);
    let other = Sandbox::new().unwrap();
    assert_eq!(
        shell(&other, "ls /run; readlink /proc/self/ns/net")
            .lines()
            .count(),
        1
    );
}

#[test]
fn the_directory_environment_and_status_are_the_commands() {
    let sandbox = Sandbox::new().unwrap();
    let here = std::env::current_dir().unwrap();
    assert_eq!(shell(&sandbox, "pwd"), here.display().to_string());
    let mut command = sandbox.command("sh").unwrap();
    command
        .args(["-c", "test \"$COLOUR\" = red && exit 9"])
        .env("COLOUR", "red");
    assert_eq!(command.status().unwrap().code(), Some(9));
    assert_eq!(
        command.status().unwrap().code(),
        Some(9),
        "a command can run again"
    );
    let missing = sandbox
        .command("/no/such/program")
        .unwrap()
        .status()
        .unwrap_err();
    assert_eq!(
        missing.to_string(),
        "exec of \"/no/such/program\" failed: No such file or directory"
    );
}

#[test]
fn a_directory_is_entered_by_its_path() {
    let sandbox = Sandbox::new().unwrap();
    shell(&sandbox, "echo inside > /run/file");
    let mut command = sandbox.command("sh").unwrap();
    command
        .args(["-c", "pwd; cat file"])
        .std()
        .current_dir("/run");
    assert_eq!(output(&mut command), "/run\ninside");

    // One that the private /run hides: there is only the root to start in.
    let hidden = fs::read_dir("/run")
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.is_dir());
    let Some(hidden) = hidden else {
        println!("skipped: no directory in /run");
        return;
    };
    let mut command = sandbox.command("pwd").unwrap();
    command.std().current_dir(hidden);
    assert_eq!(output(&mut command), "/");
}

#[test]
fn a_pid_namespace_takes_everything_along() {
    let sandbox = Sandbox::builder().pid(true).uts(true).start().unwrap();
    let keeper = sandbox.pid().unwrap();
    assert!(
        shell(&sandbox, "ls /proc | grep -c '^[0-9]'")
            .parse::<u32>()
            .unwrap()
            < 8
    );
    shell(&sandbox, "sleep 100 > /dev/null 2>&1 &");
    assert_ne!(
        shell(
            &sandbox,
            "ps -e 2>/dev/null | grep sleep || grep -l sleep /proc/*/comm"
        ),
        ""
    );
    drop(sandbox);
    assert!(gone(keeper));
}

#[test]
fn status_and_signal_pass_through_the_waiting_process() {
    let sandbox = Sandbox::builder().pid(true).start().unwrap();
    let run = |script: &str| {
        sandbox
            .command("sh")
            .unwrap()
            .args(["-c", script])
            .status()
            .unwrap()
    };
    assert_eq!(run("exit 5").code(), Some(5));
    assert_eq!(run("kill -TERM $$").signal(), Some(libc::SIGTERM));
    assert!(sandbox.command("/none").unwrap().status().is_err());
    // Killing the process that is seen kills the program; the pipe ends when the program closes it.
    let mut command = sandbox.command("sh").unwrap();
    command
        .args(["-c", "echo ready; exec sleep 100"])
        .std()
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(lines.read_to_string(&mut line).unwrap(), 0);
}

#[test]
fn a_kept_sandbox_can_be_entered_until_its_process_is_killed() {
    for pid in [false, true] {
        let sandbox = Sandbox::builder().keep(true).pid(pid).start().unwrap();
        shell(&sandbox, "echo kept > /run/file");
        let network = shell(&sandbox, "readlink /proc/self/ns/net");
        let keeper = sandbox.pid().unwrap();
        drop(sandbox);
        let sandbox = Sandbox::open(keeper).unwrap();
        assert_eq!(
            shell(&sandbox, "cat /run/file; readlink /proc/self/ns/net"),
            format!("kept\n{network}")
        );
        drop(sandbox);
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(keeper.cast_signed()),
            nix::sys::signal::SIGKILL,
        )
        .unwrap();
        assert!(gone(keeper));
    }
}

#[test]
fn names_made_inside_stay_inside() {
    if std::process::Command::new("ip").arg("-V").output().is_err() {
        println!("skipped: no ip to make names with");
        return;
    }
    let sandbox = Sandbox::new().unwrap();
    let script = "ip netns add red && ip netns exec red ls /sys/class/net && ip netns list";
    assert_eq!(shell(&sandbox, script), "lo\nred");
    assert_eq!(shell(&sandbox, "ip netns list"), "red");
    assert!(!fs::exists("/run/netns/red").unwrap());
}

#[test]
fn a_limit_of_zero_is_explained() {
    // The limit is the sandbox's own.
    let sandbox = Sandbox::new().unwrap();
    let exe = std::env::current_exe().unwrap();
    let mut nested = sandbox.command("sh").unwrap();
    nested.args([
        "-c",
        "echo 0 > /proc/sys/user/max_user_namespaces; exec \"$0\" \"$@\"",
    ]);
    nested
        .arg(exe)
        .args(["--exact", "a_refused_sandbox", "--ignored", "--nocapture"]);
    let text = output(&mut nested);
    assert!(
        text.contains("sysctl -w user.max_user_namespaces=15000"),
        "{text}"
    );
}

#[test]
#[ignore = "the process that a_limit_of_zero_is_explained starts"]
fn a_refused_sandbox() {
    if fs::read_to_string("/proc/sys/user/max_user_namespaces").unwrap() != "0\n" {
        return;
    }
    println!(
        "{}",
        Unshare::new()
            .map_root()
            .command("true")
            .unwrap()
            .status()
            .unwrap_err()
    );
    // Root of the namespace above needs none.
    assert!(
        Sandbox::new()
            .unwrap()
            .command("true")
            .unwrap()
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn unshare_makes_what_was_asked_for() {
    let id = |unshare: &Unshare| output(unshare.command("id").unwrap().arg("-u"));
    assert_eq!(id(&Unshare::new().map_root()), "0");
    assert_eq!(
        id(&Unshare::new().map_current()),
        nix::unistd::geteuid().to_string()
    );
    assert_eq!(id(&Unshare::new().map_to(77, 78)), "77");
    assert_eq!(id(&Unshare::new().user()), "65534");
    let all = Unshare::new()
        .map_root()
        .net()
        .mount()
        .pid()
        .uts()
        .ipc()
        .cgroup()
        .fork()
        .mount_proc();
    let script = "echo $$; for type in user net mnt pid uts ipc cgroup; do readlink /proc/self/ns/$type; done";
    let text = output(all.command("sh").unwrap().args(["-c", script]));
    assert_eq!(text.lines().next(), Some("1"));
    for (link, kind) in text
        .lines()
        .skip(1)
        .zip(["user", "net", "mnt", "pid", "uts", "ipc", "cgroup"])
    {
        assert!(link.starts_with(kind), "{link}");
        assert_ne!(
            link,
            fs::read_link(format!("/proc/self/ns/{kind}"))
                .unwrap()
                .display()
                .to_string()
        );
    }
}

#[test]
fn a_file_made_as_mapped_root_is_the_callers() {
    use std::os::unix::fs::MetadataExt;
    let path = std::env::temp_dir().join(format!("nl-netns-test-{}", std::process::id()));
    let made = Unshare::new()
        .map_root()
        .command("touch")
        .unwrap()
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    let owner = fs::metadata(&path).unwrap().uid();
    fs::remove_file(&path).unwrap();
    assert_eq!(owner, nix::unistd::geteuid().as_raw());
}

#[test]
fn standard_streams_are_the_commands() {
    let mut command = Sandbox::new().unwrap().command("cat").unwrap();
    command.std().stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"through").unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"through");
}

/// What a process prints and how it ends that calls `exec` with a script for `sh` in a sandbox.
fn turned(script: &str, pid_namespace: &str) -> (String, ExitStatus) {
    let mut process = std::process::Command::new("/proc/self/exe");
    // On the main thread: a process with others may not enter a user namespace.
    process.args([
        "--exact",
        "the_process_to_turn",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ]);
    let output = process
        .env("NL_NETNS_TURN", script)
        .env("NL_NETNS_PID", pid_namespace)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("test result"), "{text}");
    (text, output.status)
}

#[test]
#[ignore = "the process that the tests of exec start"]
fn the_process_to_turn() {
    let Ok(script) = std::env::var("NL_NETNS_TURN") else {
        return;
    };
    let pid = std::env::var("NL_NETNS_PID").unwrap() == "true";
    let sandbox = Sandbox::builder().pid(pid).start().unwrap();
    panic!(
        "{}",
        sandbox.command("sh").unwrap().args(["-c", &script]).exec()
    );
}

#[test]
fn exec_ends_like_the_program() {
    for pid in ["true", "false"] {
        let (text, status) = turned("id -u; cat /sys/class/net/lo/flags; exit 6", pid);
        assert!(text.ends_with("0\n0x9\n"), "{text}");
        assert_eq!(status.code(), Some(6));
        assert_eq!(turned("kill -KILL $$", pid).1.signal(), Some(libc::SIGKILL));
    }
}
