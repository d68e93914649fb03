//! `nlctl route load`, run as a program in networks of their own.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

const NLCTL: &str = env!("CARGO_BIN_EXE_nlctl");

/// Runs nlctl with `input` on its standard input; gives exit code, standard output and error.
fn nlctl(line: &str, input: &str) -> (i32, String, String) {
    let mut child = Command::new(NLCTL)
        .args(line.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn done(line: &str, input: &str) -> String {
    let (code, out, err) = nlctl(line, input);
    assert_eq!(code, 0, "{line}: {err}");
    out + &err
}

/// A network where v0 has 10.0.0.1/24 and fd00::1/64.
fn ground() {
    for line in [
        "ip link add v0 type veth peer name v1",
        "ip link set v0 up",
        "ip link set v1 up",
        "ip addr add 10.0.0.1/24 dev v0",
        "ip addr add fd00::1/64 dev v0 nodad",
    ] {
        done(line, "");
    }
}

fn table(number: &str) -> Vec<String> {
    let out = done(&format!("ip route show table {number}"), "");
    out.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The part of a summary before the time.
fn counts(text: &str) -> &str {
    text.rsplit_once(", in ").map_or(text, |(counts, _)| counts)
}

#[test]
fn bare_prefixes_take_what_is_said_once() {
    nl_netns::isolate!(|| {
        ground();
        let prefixes: String = (0..5000)
            .map(|i| format!("20.{}.{}.0/24\n", i / 256, i % 256))
            .collect();
        fs::write("/run/prefixes", prefixes).unwrap();
        let load = "route load /run/prefixes via 10.0.0.2 dev v0 table 100 proto bgp";
        assert_eq!(counts(&done(load, "")), "5000 done, 0 failed");
        let there = table("100");
        assert_eq!(there.len(), 5000);
        assert_eq!(there[0], "20.0.0.0/24 via 10.0.0.2 dev v0 proto bgp");
        // Again: each is refused, the first few are spelled out with their lines.
        let (code, _, err) = nlctl(load, "");
        assert_eq!(code, 2);
        assert!(
            err.starts_with("/run/prefixes:1: RTNETLINK answers: File exists\n"),
            "{err}"
        );
        assert_eq!(err.lines().count(), 22);
        assert_eq!(counts(err.lines().last().unwrap()), "0 done, 5000 failed");
        let replace = "route load --replace - via 10.0.0.3 table 100";
        assert_eq!(
            counts(&done(
                replace,
                "20.0.0.0/24\n# a comment\n\n20.0.1.0/24 dev v1\n"
            )),
            "2 done, 0 failed"
        );
        assert_eq!(
            table("100")[..2],
            [
                "20.0.0.0/24 via 10.0.0.3 dev v0",
                "20.0.1.0/24 dev v1 scope link"
            ]
        );
    });
}

#[test]
fn lines_of_a_batch_are_worked_off_and_bad_ones_are_named() {
    nl_netns::isolate!(|| {
        ground();
        let input = "route add 20.0.0.0/24 via 10.0.0.2 table 100\n\
             ip route add blackhole 20.0.1.0/24 table 100\n\
             route add 20.0.0.0/24 via 10.0.0.2 table 100\n\
             route replace 20.0.0.0/24 via 10.0.0.3 table 100\n\
             route add nonsense\n\
             route show\n\
             route del 20.0.9.0/24 table 100\n\
             route del 20.0.1.0/24 table 100\n\
             route add 2001:db8::/32 via fd00::2 table 100\n";
        let (code, _, err) = nlctl("route load -", input);
        assert_eq!(code, 2);
        let lines: Vec<_> = err.lines().map(counts).collect();
        assert_eq!(
            lines,
            [
                "-:5: Error: any valid prefix is expected rather than \"nonsense\".",
                "-:6: Error: \"route show\" is not for loading.",
                "-:3: RTNETLINK answers: File exists",
                "-:7: RTNETLINK answers: No such process",
                "5 done, 4 failed",
            ]
        );
        assert_eq!(table("100"), ["20.0.0.0/24 via 10.0.0.3 dev v0"]);
    });
}

#[test]
fn what_ip_shows_is_loaded_and_synced() {
    nl_netns::isolate!(|| {
        ground();
        let routes = "default via 10.0.0.2 dev v0\n\
             20.0.0.0/24 via 10.0.0.2 dev v0 proto static metric 7 mtu 1300\n\
             20.0.1.0/24 proto static metric 5\n\
             \tnexthop via 10.0.0.2 dev v0 weight 3\n\
             \tnexthop via 10.0.0.3 dev v0 weight 1\n\
             unreachable 20.0.2.0/24\n";
        assert_eq!(
            counts(&done("route load - table 100", routes)),
            "4 done, 0 failed"
        );
        let shown = done("ip route show table 100", "");
        assert_eq!(shown.lines().count(), 6);
        let sync = |input: &str| done("route load --sync - table 100", input);
        assert_eq!(
            counts(&sync(&shown)),
            "0 added, 0 replaced, 0 deleted, 4 unchanged, 0 failed"
        );
        let other = shown
            .replace("via 10.0.0.2 dev v0 \n", "via 10.0.0.9 dev v0 \n")
            .replace("unreachable 20.0.2.0", "unreachable 20.0.3.0");
        assert_eq!(
            counts(&sync(&other)),
            "1 added, 1 replaced, 1 deleted, 2 unchanged, 0 failed"
        );
        assert_eq!(done("ip route show table 100", ""), other);
        // A line that cannot be read must not cost the others their routes.
        let (code, _, err) = nlctl(
            "route load --sync - table 100",
            "20.0.0.0/24 via 10.0.0.2 metric 7 bogus\n",
        );
        assert_eq!(code, 2);
        assert!(err.contains("Nothing was deleted"), "{err}");
        assert_eq!(done("ip route show table 100", ""), other);
        assert_eq!(
            counts(&sync("")),
            "0 added, 0 replaced, 4 deleted, 0 unchanged, 0 failed"
        );
        assert_eq!(table("main").len(), 1);
    });
}

#[test]
fn what_cannot_be_done_is_said() {
    nl_netns::isolate!(|| {
        let (code, _, err) = nlctl("route load", "");
        assert_eq!(
            (code, err.lines().next()),
            (
                255,
                Some("Usage: nlctl route load [ --replace | --sync ] { FILE | - } [ COMMON ]")
            )
        );
        let (code, _, err) = nlctl("route load /nowhere", "");
        assert_eq!(
            (code, err.as_str()),
            (
                1,
                "Cannot open file \"/nowhere\" for reading: No such file or directory\n"
            )
        );
        let (code, ..) = nlctl("route load --sync --replace -", "");
        assert_eq!(code, 255);
        let (code, _, err) = nlctl("route load - dev nope", "20.0.0.0/24\n");
        assert_eq!(code, 2);
        assert!(
            err.starts_with("-:1: Cannot find device \"nope\"\n"),
            "{err}"
        );
    });
}
