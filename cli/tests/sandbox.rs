//! `nlctl sandbox` as a user meets it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

fn sandbox() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nlctl"));
    command.arg("sandbox");
    command
}

fn output(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// Standard output of a script inside, which has to succeed.
fn shell(script: &str) -> String {
    let output = output(sandbox().args(["sh", "-c", script]));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn file(name: &str, text: &str, mode: u32) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn the_applets_come_first_in_path() {
    let names = shell("ls /run/nlctl/bin");
    let found = shell("for tool in $(ls /run/nlctl/bin); do command -v $tool; done");
    let wanted: Vec<String> = names
        .lines()
        .map(|name| format!("/run/nlctl/bin/{name}"))
        .collect();
    assert_eq!(found.lines().collect::<Vec<_>>(), wanted);
    for tool in ["ip", "ping", "sysctl", "ethtool", "lsns", "unshare"] {
        assert!(names.lines().any(|name| name == tool), "{tool}");
    }
    // And in a namespace of the sandbox, where the rest of PATH is the caller's.
    let found = shell("ip netns add red && ip netns exec red sh -c 'command -v ping; echo $PATH'");
    let path = std::env::var("PATH").unwrap();
    assert_eq!(
        found,
        format!("/run/nlctl/bin/ping\n/run/nlctl/bin:{path}\n")
    );
}

#[test]
fn the_caller_is_root_of_a_network_with_lo_alone() {
    assert_eq!(shell("id -u; ls /sys/class/net"), "0\nlo\n");
    shell("ping -c 1 -W 1 127.0.0.1");
}

#[test]
fn the_status_is_the_commands() {
    let status = |words: &[&str]| output(sandbox().args(words)).status;
    assert_eq!(status(&["true"]).code(), Some(0));
    assert_eq!(status(&["sh", "-c", "exit 42"]).code(), Some(42));
    assert_eq!(status(&["sh", "-c", "kill -9 $$"]).signal(), Some(9));
}

#[test]
fn what_cannot_be_run_is_said() {
    let missing = output(sandbox().arg("no-such-program"));
    assert_eq!(missing.status.code(), Some(127));
    assert_eq!(
        errors(&missing),
        "nlctl sandbox: no-such-program: No such file or directory\n"
    );
    let directory = output(sandbox().arg("/"));
    assert_eq!(directory.status.code(), Some(126));
    assert_eq!(errors(&directory), "nlctl sandbox: /: Permission denied\n");
}

#[test]
fn a_script_needs_no_execute_permission() {
    let script = file(
        "plain.sh",
        "echo \"$0 $1\"; ip link | grep -c '^1: lo'; exit 3\n",
        0o644,
    );
    let output = output(sandbox().arg(&script).arg("word"));
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("{} word\n1\n", script.display())
    );

    let script = file("executable.sh", "#!/bin/sh\nexit 4\n", 0o755);
    assert_eq!(self::output(sandbox().arg(&script)).status.code(), Some(4));
    // By its name, from where it is.
    let dir = script.parent().unwrap();
    for (name, code) in [("executable.sh", 4), ("plain.sh", 3)] {
        let status = self::output(sandbox().arg(name).current_dir(dir)).status;
        assert_eq!(status.code(), Some(code), "{name}");
    }
}

#[test]
fn without_a_command_there_is_a_shell() {
    let script = file(
        "shell-in-use",
        "#!/bin/sh\necho the shell, $# words\n",
        0o755,
    );
    let output = output(sandbox().env("SHELL", &script));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "the shell, 0 words\n"
    );
    let output = self::output(
        sandbox()
            .env("SHELL", "/no/such/shell")
            .stdin(std::process::Stdio::null()),
    );
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}

#[test]
fn nothing_of_it_is_seen_outside() {
    let names = || -> Vec<PathBuf> {
        let entries = fs::read_dir("/run/netns").into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let name = format!("nlctl-test-{}", std::process::id());
    assert_eq!(
        shell(&format!("ip netns add {name}; ip netns list")),
        format!("{name}\n")
    );
    assert!(!names().iter().any(|path| path.ends_with(&name)));
    assert!(!fs::exists("/run/nlctl").unwrap());
}

/// Ends a kept sandbox, also when the test fails.
struct Keeper<'a>(&'a str);

impl Drop for Keeper<'_> {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0).status();
    }
}

#[test]
fn a_kept_one_is_entered_again() {
    let output = output(sandbox().args([
        "--keep", "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1",
    ]));
    let errors = errors(&output);
    let (pid, _) = errors
        .strip_prefix("nlctl sandbox: process ")
        .and_then(|rest| rest.split_once(' '))
        .unwrap_or_else(|| panic!("{errors}"));
    let keeper = Keeper(pid);
    assert!(output.status.success(), "{errors}");
    assert!(
        errors.contains(&format!("nlctl sandbox --enter {pid};")),
        "{errors}"
    );

    let links = self::output(sandbox().args(["--enter", pid, "ip", "-o", "link"]));
    let text = String::from_utf8(links.stdout).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("v0@v1"), "{text}");

    drop(keeper);
    let begun = Instant::now();
    while fs::read_link(format!("/proc/{pid}/ns/net")).is_ok() {
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "process {pid} stays"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    let gone = self::output(sandbox().args(["--enter", pid, "true"]));
    assert_eq!(gone.status.code(), Some(1));
    assert_eq!(
        self::errors(&gone),
        format!(
            "nlctl sandbox: cannot open the sandbox of process {pid}: No such file or directory\n"
        )
    );
}

#[test]
fn the_program_may_be_where_the_sandbox_does_not_look() {
    // The outer sandbox's /run is not the inner one's.
    let nlctl = env!("CARGO_BIN_EXE_nlctl");
    let script = format!(
        "cp {nlctl} /run/nlctl/here && /run/nlctl/here sandbox sysctl -n net.ipv4.ip_forward"
    );
    assert_eq!(shell(&script), "0\n");
}

#[test]
fn wrong_words_are_named() {
    let status = |words: &[&str]| {
        let output = output(sandbox().args(words));
        let first = errors(&output)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        (output.status.code().unwrap(), first)
    };
    assert_eq!(
        status(&["--frob", "true"]),
        (2, "nlctl sandbox: unrecognized option '--frob'".to_owned())
    );
    assert_eq!(
        status(&["--enter", "abc"]),
        (
            2,
            "nlctl sandbox: \"abc\" is not a process number".to_owned()
        )
    );
    assert_eq!(
        status(&["--keep", "--enter", "1"]),
        (
            2,
            "nlctl sandbox: --keep and --enter exclude each other".to_owned()
        )
    );
    let own = std::process::id().to_string();
    assert_eq!(
        status(&["--enter", &own, "true"]),
        (
            1,
            format!("nlctl sandbox: process {own} is in this network, not in a sandbox")
        )
    );
    assert_eq!(status(&["--help"]), (0, String::new()));
}
