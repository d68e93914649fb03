//! The applets that need no netlink, run as programs: in namespaces of their own, beside the original where it is
//! installed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

const NLCTL: &str = env!("CARGO_BIN_EXE_nlctl");

fn nlctl(args: &[&str]) -> Output {
    Command::new(NLCTL)
        .args(args)
        .output()
        .expect("the binary under test")
}

/// Exit code, standard output and standard error in one text that a failed comparison shows well.
fn text(output: &Output) -> String {
    format!(
        "exit {:?}\n{}{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The same command line given to nlctl and to the original.
fn assert_same(tool: &str, args: &[&str]) {
    let words: Vec<&str> = [tool].iter().chain(args).copied().collect();
    match Command::new(tool).args(args).output() {
        Ok(original) => assert_eq!(
            without_times(&text(&nlctl(&words))),
            without_times(&text(&original)),
            "{words:?}"
        ),
        Err(error) => println!("skipped: {tool} is not installed here ({error})"),
    }
}

/// What differs from run to run, as `T`.
fn without_times(text: &str) -> String {
    let mut plain = String::new();
    for line in text.lines() {
        let line = match (
            line.split_once("time="),
            line.split_once(", time "),
            line.split_once(" mdev = "),
        ) {
            (Some((before, _)), ..) | (_, Some((before, _)), _) | (.., Some((before, _))) => {
                format!("{before} T")
            }
            _ if line.starts_with("rtt ") => "rtt T".to_owned(),
            _ => line.to_owned(),
        };
        plain.push_str(&line);
        plain.push('\n');
    }
    plain
}

/// Sets loopback up, for what is pinged here.
fn loopback_up() {
    let status = Command::new("ip")
        .args(["link", "set", "lo", "up"])
        .status();
    assert!(status.expect("ip of iproute2").success());
}

#[test]
fn links_are_written_and_nothing_is_overwritten() {
    let dir = std::env::temp_dir().join(format!("nlctl-applets-{}", std::process::id()));
    let run = |dir: &Path| nlctl(&["applets", dir.to_str().unwrap()]);
    assert!(run(&dir).status.success());
    assert!(run(&dir).status.success(), "a second time changes nothing");
    let version = Command::new(dir.join("sysctl"))
        .arg("--version")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&version.stdout).starts_with("sysctl from nlctl"));

    fs::remove_file(dir.join("ping")).unwrap();
    fs::remove_file(dir.join("sysctl")).unwrap();
    symlink("/bin/true", dir.join("sysctl")).unwrap();
    let refused = run(&dir);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("sysctl exists and is not a link to")
    );
    assert!(!dir.join("ping").exists(), "nothing was changed");
    fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let script = format!("{{ sleep 0.2; {NLCTL} sysctl net.ipv4.conf; echo $? >&2; }} | true");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr).trim(), "0");
}

#[test]
fn sysctl_shows_sets_and_refuses_as_procps() {
    nl_netns::isolate!(|| {
        for args in [
            &["net.ipv4.ip_forward"][..],
            &["-n", "net/ipv4/ip_forward"],
            &["-w", "net.ipv4.ip_forward=1"],
            &["-q", "-w", "net.ipv4.ip_forward = 0"],
            &["net.ipv4.ip_forward"],
            &["net.ipv4.conf.lo"],
            &["-N", "net.ipv4.conf.lo"],
            &["-ar", "^net.ipv4.conf.lo.*ing$"],
            &["-w", "net.ipv4.ip_default_ttl=99999"],
            &["-w", "net.ipv4.conf=abc"],
            &["-w", "net.ipv4.ip_forward", "1"],
            &["net.nothing"],
            &["-e", "net.nothing"],
            &["-p", "/nonexistent"],
        ] {
            assert_same("sysctl", args);
        }
        let value = fs::read_to_string("/proc/sys/net/ipv4/ip_forward").unwrap();
        assert_eq!(value, "0\n", "-q -w set it");
    });
}

#[test]
fn ping_without_a_network_says_so() {
    nl_netns::isolate!(|| {
        let output = nlctl(&["ping", "-c", "1", "127.0.0.1"]);
        assert_eq!(
            text(&output),
            "exit Some(2)\nping: connect: Network is unreachable\n"
        );
        assert_same("ping", &["-c", "1", "8.8.8.8"]);
        assert_same("ping", &["-c", "1", "2001:db8::1"]);
    });
}

#[test]
fn ping_answers_as_iputils() {
    nl_netns::isolate!(|| {
        loopback_up();
        let output = text(&nlctl(&["ping", "-c", "2", "-i", "0.1", "127.0.0.1"]));
        assert!(
            output.contains("64 bytes from 127.0.0.1: icmp_seq=2 ttl=64 time="),
            "{output}"
        );
        for args in [
            &["-c", "2", "-i", "0.1", "127.0.0.1"][..],
            &["-c", "1", "::1"],
            &["-c", "1", "-q", "127.0.0.1"],
            &["-c", "1", "-s", "8", "127.0.0.1"],
            &["-c", "1", "-I", "lo", "127.0.0.1"],
            &["-c", "1", "-I", "127.0.0.1", "127.0.0.2"],
            &["-c", "1", "-I", "1.2.3.4", "127.0.0.1"],
            &["-c", "1", "-I", "none", "127.0.0.1"],
            &["-c", "0", "127.0.0.1"],
            &["-4", "::1"],
            &[],
        ] {
            assert_same("ping", args);
        }
    });
}

#[test]
fn unshare_maps_root_and_passes_the_exit_code_on() {
    nl_netns::isolate!(|| {
        let output = nlctl(&["unshare", "-Ur", "sh", "-c", "id -u; exit 7"]);
        assert_eq!(text(&output), "exit Some(7)\n0\n");
        assert_same("unshare", &["-Z"]);
        assert_same("unshare", &["/nonexistent"]);
    });
}

#[test]
fn lsns_lists_the_namespaces_of_a_process() {
    let pid = std::process::id().to_string();
    let output = nlctl(&["lsns", "-n", "-r", "-o", "NS", "-t", "net", "-p", &pid]);
    let link = fs::read_link("/proc/self/ns/net").unwrap();
    let expected = format!("net:[{}]", String::from_utf8_lossy(&output.stdout).trim());
    assert_eq!(expected, link.to_string_lossy());
    assert_same("lsns", &["-t", "foo"]);
    assert_same("lsns", &["-o", "foo"]);
    assert_same("lsns", &["-n", "-o", "NS,TYPE", "-p", &pid]);
}

#[test]
fn ethtool_shows_statistics_as_the_original() {
    nl_netns::isolate!(|| {
        nl_route::Connection::<nl_route::Route>::open()
            .and_then(|mut rt| rt.call(&nl_route::link::NewLink::veth("v0", "v1")))
            .expect("a veth pair");
        for args in [
            &["-S", "v0"][..],
            &["--statistics", "v1"],
            &["-S", "lo"],
            &["-S", "v2"],
            &["-S", "a-name-of-more-than-15-bytes"],
            &["-S", "v0", "more"],
            &["-S"],
            &[],
        ] {
            assert_same("ethtool", args);
        }
    });
}

#[test]
fn lsns_draws_a_tree_as_the_original() {
    nl_netns::isolate!(|| {
        let mut child = Command::new(NLCTL)
            .args(["unshare", "-n", "-u", "sleep", "60"])
            .spawn()
            .expect("the binary under test");
        let network = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        let pid = child.id().to_string();
        while network(&pid) == network("self") {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        for args in [
            &["-t", "net"][..],
            &["-o", "NS,TYPE,PID,PPID,COMMAND"],
            &["-t", "uts", "-J"],
            &["-t", "uts", "-r"],
            &["-t", "uts", "-l"],
            &["-t", "net", "-n", "-o", "NETNSID,NS"],
        ] {
            assert_same("lsns", args);
        }
        child.kill().expect("a child that can be killed");
        child.wait().expect("a child that can be waited for");
    });
}
