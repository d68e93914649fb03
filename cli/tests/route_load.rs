//! `nlctl route load`, run as a program in networks of their own.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

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

/// Routes of all kinds that ip can say, of either family.
const ALL_KINDS: &[(&str, &str)] = &[
    (
        "-4",
        "default via 10.0.0.2
         20.0.0.0/24 via 10.0.0.2 dev v0
         20.0.1.0/24 proto static metric 5 nexthop via 10.0.0.2 dev v0 weight 3 nexthop via 10.0.0.3 dev v0
         20.0.2.0/24 via 99.0.0.2 dev v0 onlink
         20.0.3.0/24 nhid 5
         20.0.4.0/24 nhid 50 metric 9
         20.0.5.0/24 nhid 7
         blackhole 20.0.6.0/24
         unreachable 20.0.7.0/24 metric 17
         prohibit 20.0.8.0/24
         throw 20.0.9.0/24
         20.0.10.0/24 dev v0 mtu lock 1400 advmss 1300 window 1000 rtt 50ms rto_min 20ms cwnd lock 30 quickack 1
         20.0.11.0/24 dev v0 src 10.0.0.1 scope link
         20.0.12.0/24 dev v0 tos 0x10
         20.0.13.0/24 via inet6 fd00::9 dev v0
         20.0.14.0/24 dev v0 realms 5/6
         local 20.0.15.1 dev lo
         broadcast 20.0.16.255 dev v0
         20.0.17.0/24 nexthop via 99.0.0.3 dev v0 onlink weight 1 nexthop via inet6 fd00::9 dev v0 weight 256
         route append 20.0.0.0/24 via 10.0.0.3 dev v0 table 100",
    ),
    (
        "-6",
        "default via fd00::2 dev v0 pref low
         2001:db8:0::/48 via fd00::2 dev v0
         2001:db8:1::/48 metric 5 nexthop via fd00::2 dev v0 weight 3 nexthop via fd00::3 dev v0
         2001:db8:2::/48 via 2222::2 dev v0 onlink
         2001:db8:3::/48 nhid 6
         2001:db8:33::/48 nhid 9
         blackhole 2001:db8:4::/48
         unreachable 2001:db8:5::/48 metric 17
         prohibit 2001:db8:6::/48
         throw 2001:db8:7::/48
         2001:db8:8::/48 dev v0 mtu 1400 hoplimit 20 pref high
         2001:db8:a::/48 dev v0 src fd00::1",
    ),
];

/// What is listed, in text, with details, on one line each, or saved, makes the same routes again.
#[test]
fn what_was_listed_or_saved_makes_the_same_routes_again() {
    nl_netns::isolate!(|| {
        ground();
        done("ip link set lo up", "");
        for nexthop in [
            "id 5 via 10.0.0.5 dev v0",
            "id 6 via fd00::6 dev v0",
            "id 7 blackhole",
            "id 8 via 10.0.0.8 dev v0",
            "id 50 group 5/8",
        ] {
            done(&format!("ip nexthop add {nexthop}"), "");
        }
        done("ip -6 nexthop add id 9 blackhole", "");
        for (family, lines) in ALL_KINDS {
            let ip = |words: &str| done(&format!("ip {family} {words}"), "");
            let load = |how: &str, input: &str| {
                done(&format!("ip {family} route load {how} table 100"), input)
            };
            let count = lines.lines().count();
            assert_eq!(counts(&load("-", lines)), format!("{count} done, 0 failed"));
            let there = ip("route show table 100");
            let saved = |file: &str| {
                let script = format!("\"$0\" ip {family} route save table 100 >{file}");
                let save = Command::new("sh").args(["-c", &script, NLCTL]).status();
                assert!(save.unwrap().success());
                fs::read(file).unwrap()
            };
            let bytes = saved("/run/saved");
            for list in ["route", "-d route", "-o route", "-o -d route"] {
                let listed = ip(&format!("{list} show table 100"));
                assert_eq!(
                    counts(&load("--sync -", &listed)),
                    format!("0 added, 0 replaced, 0 deleted, {count} unchanged, 0 failed"),
                    "{list}"
                );
                ip("route flush table 100");
                assert_eq!(ip("route show table 100 proto boot"), "", "{list}");
                let summary = load("-", &listed);
                assert_eq!(
                    counts(&summary),
                    format!("{count} done, 0 failed"),
                    "{list}"
                );
                assert_eq!(ip("route show table 100"), there, "{list}");
            }
            assert!(saved("/run/again") == bytes);
            assert_eq!(
                counts(&done("route load --sync /run/saved", "")),
                format!("0 added, 0 replaced, 0 deleted, {count} unchanged, 0 failed")
            );
            ip("route flush table 100");
            assert_eq!(
                counts(&done("route load --sync /run/saved", "")),
                format!("{count} added, 0 replaced, 0 deleted, 0 unchanged, 0 failed")
            );
            assert_eq!(ip("route show table 100"), there);
            assert!(saved("/run/again") == bytes);
            ip("route flush table 100");
            let summary = done("route load /run/saved", "");
            assert_eq!(counts(&summary), format!("{count} done, 0 failed"));
            assert_eq!(ip("route show table 100"), there);
            assert!(saved("/run/again") == bytes);
            ip("route flush table 100");
            let script = format!("\"$0\" ip {family} route restore </run/saved");
            let restore = Command::new("sh").args(["-c", &script, NLCTL]).status();
            assert!(restore.unwrap().success());
            assert_eq!(ip("route show table 100"), there);
            assert!(saved("/run/again") == bytes);
            ip("route flush table 100");
        }
    });
}

/// A saved route that expires is made again as one that does.
#[test]
fn what_expires_still_does_after_it_was_saved() {
    nl_netns::isolate!(|| {
        ground();
        let route = "2001:db8::/48 dev v0 expires 10000 table 100";
        done(&format!("ip route add {route}"), "");
        let script = "\"$0\" ip -6 route save table 100 >/run/saved";
        let save = Command::new("sh").args(["-c", script, NLCTL]).status();
        assert!(save.unwrap().success());
        done("ip -6 route flush table 100", "");
        done("route load /run/saved", "");
        let there = done("ip -6 route show table 100", "");
        assert!(there.contains(" expires "), "{there}");
    });
}

/// A list has the default route before the link that leads to its gateway; whoever reads lines of scripts says the family.
#[test]
fn the_order_of_a_list_and_the_family_of_a_line_are_understood() {
    nl_netns::isolate!(|| {
        ground();
        let input = "default via 10.9.0.1\n10.9.0.0/24 dev v0\n";
        let summary = done("route load - table 100", input);
        assert_eq!(counts(&summary), "2 done, 0 failed");
        let input = "10.1.0.0/24\nip -6 route add default dev v0 table 100\n2001:db8::/32 via fd00::2\n\
             default dev v1 metric 7 pref medium\n";
        let summary = done("route load --replace - via 10.0.0.2 table 100", input);
        assert_eq!(counts(&summary), "4 done, 0 failed");
        assert_eq!(
            done("ip -6 route show table 100 proto boot", "")
                .lines()
                .count(),
            3
        );
        let (code, _, err) = nlctl(
            "route load -",
            "20.0.0.0/24 via 77.0.0.1\n20.0.1.0/24 dev v0\n",
        );
        assert_eq!(code, 2);
        let err: Vec<_> = err.lines().map(counts).collect();
        assert_eq!(
            err,
            [
                "-:1: Error: Nexthop has invalid gateway.",
                "1 done, 1 failed"
            ]
        );
    });
}

#[test]
fn whatever_a_file_holds_is_survived_and_said() {
    nl_netns::isolate!(|| {
        ground();
        let input = |file: &str, bytes: &[u8]| fs::write(file, bytes).unwrap();
        let load = |line: &str| {
            let (code, out, err) = nlctl(&format!("route load {line} table 100"), "");
            assert_eq!(out, "", "{line}");
            let err: Vec<_> = err.lines().map(|line| counts(line).to_owned()).collect();
            (code, err)
        };
        let want = |code, lines: &[&str]| (code, lines.iter().map(|l| (*l).to_owned()).collect());

        input("/run/empty", b"");
        assert_eq!(load("/run/empty"), want(0, &["0 done, 0 failed"]));
        input(
            "/run/crlf",
            b"20.0.0.0/24\r\n# none\r\n\r\n20.0.1.0/24\r\n20.0.2.0/24",
        );
        assert_eq!(
            load("/run/crlf via 10.0.0.2"),
            want(0, &["3 done, 0 failed"])
        );
        assert_eq!(load("/run"), want(1, &["read error: Is a directory"]));
        input(
            "/run/bad",
            b"20.0.3.0/24\nbar\n\xff\xfe\nfoo\x1b[31m\nroute add\n20.0.4.0/24 dev\n20.0.5.0/24\n",
        );
        assert_eq!(
            load("/run/bad via 10.0.0.2"),
            want(
                2,
                &[
                    "/run/bad:2: Error: inet prefix is expected rather than \"bar\".",
                    "/run/bad:3: Error: this is no text.",
                    "/run/bad:4: Error: inet prefix is expected rather than \"foo\\u{1b}[31m\".",
                    "/run/bad:5: Error: no route without a prefix.",
                    "/run/bad:6: Command line is not complete. Try option \"help\"",
                    "2 done, 5 failed",
                ]
            )
        );
        // What cannot be read ends it; what came before is done, and nothing is deleted.
        let mut huge = b"20.0.6.0/24\n".to_vec();
        huge.resize(3_000_000, b'x');
        input("/run/huge", &huge);
        let too_long = "/run/huge: line 2 is longer than 1048576 bytes";
        assert_eq!(
            load("/run/huge via 10.0.0.2"),
            want(1, &[too_long, "1 done, 0 failed"])
        );
        assert_eq!(
            load("--sync /run/huge via 10.0.0.2"),
            want(
                1,
                &[
                    "Nothing was deleted, because not all of the file could be read.",
                    too_long,
                    "0 added, 0 replaced, 0 deleted, 1 unchanged, 0 failed"
                ]
            )
        );
        let (code, said) = load("/dev/full");
        assert_eq!((code, said.len()), (1, 2), "{said:?}");
        assert_eq!(table("100").len(), 6);
        // A word of a mebibyte is not repeated.
        input("/run/word", &vec![b'y'; 1 << 20]);
        let (code, said) = load("/run/word");
        assert!(code == 2 && said[0].len() < 500, "{said:?}");

        let script = "\"$0\" ip route save table 100 >/run/saved";
        let save = Command::new("sh").args(["-c", script, NLCTL]).status();
        assert!(save.unwrap().success());
        assert_eq!(
            load("/run/saved"),
            want(255, &["Error: A saved list leaves nothing open."])
        );
        let bytes = fs::read("/run/saved").unwrap();
        done("ip route flush table 100", "");
        for len in (0..bytes.len()).step_by(5) {
            input("/run/cut", &bytes[..len]);
            let (code, _, err) = nlctl("route load --replace /run/cut", "");
            let whole = (bytes.len() - 4) / 6;
            let at_end = len == 0 || (len >= 4 && (len - 4) % whole == 0);
            assert_eq!(code == 0, at_end, "{len}: {err}");
        }
        assert_eq!(table("100").len(), 5);
    });
}

#[test]
fn ways_without_end_are_one_line_that_is_too_long() {
    nl_netns::isolate!(|| {
        ground();
        let ways = "nexthop via 10.0.0.1\n".repeat(60_000);
        let lines = format!("20.0.0.0/24 dev v0\n10.77.0.0/16\n{ways}");
        fs::write("/run/lines", lines).unwrap();
        let (code, _, err) = nlctl("route load /run/lines", "");
        let err: Vec<_> = err.lines().map(counts).collect();
        assert_eq!(
            (code, err.as_slice()),
            (
                1,
                &[
                    "/run/lines: line 2 is longer than 1048576 bytes",
                    "1 done, 0 failed"
                ][..]
            )
        );
    });
}

/// However long lines are that say no route, those behind them are read.
#[test]
fn long_lines_that_say_nothing_are_no_end() {
    nl_netns::isolate!(|| {
        ground();
        let words = "x ".repeat(50_000);
        let lines = format!("{}20.0.0.0/24 dev v0\n", format!("{words}\n").repeat(10));
        fs::write("/run/lines", lines).unwrap();
        let (code, _, err) = nlctl("route load /run/lines", "");
        assert_eq!(code, 2);
        let summary = err.lines().last().unwrap();
        assert_eq!(counts(summary), "1 done, 10 failed");
    });
}

/// A route with more ways than a message takes is its line's failure, wherever it stands; what waits is not forgotten.
#[test]
fn a_route_that_cannot_be_written_does_not_end_the_load() {
    nl_netns::isolate!(|| {
        ground();
        let ways = "nexthop via fd00::2 ".repeat(3300);
        let too_long = format!("2001:db8:2::/48 {ways}\n");
        let before = "20.0.0.0/24 via 77.0.0.1\n20.0.1.0/24 dev v0\n";
        let behind = "20.0.3.0/24 dev v0\n";
        for (input, lines, loaded) in [
            (
                format!("{before}{too_long}{behind}"),
                &["-:3: ", "-:1: ", "2 done, 2 failed"][..],
                2,
            ),
            (
                format!("{too_long}{behind}"),
                &["-:1: ", "1 done, 1 failed"],
                1,
            ),
        ] {
            let (code, _, err) = nlctl("route load - table 100", &input);
            assert_eq!((code, err.lines().count()), (2, lines.len()), "{err}");
            for (said, line) in err.lines().zip(lines) {
                assert!(said.starts_with(line), "{err}");
            }
            assert_eq!(table("100").len(), loaded);
            done("ip route flush table 100", "");
        }
    });
}

/// More routes than are sent at once stand before the link that they need.
#[test]
fn all_routes_wait_for_the_way_to_their_gateway() {
    nl_netns::isolate!(|| {
        ground();
        let mut lines: String = (0..5000)
            .map(|i| format!("10.1.{}.{}/32 via 10.9.0.1 dev v0\n", i / 256, i % 256))
            .collect();
        lines.push_str("10.9.0.0/24 dev v0 scope link\n");
        let all = "5001 done, 0 failed";
        assert_eq!(counts(&done("route load -", &lines)), all);
        let there = done("ip route show", "");
        let sh = |script: &str| {
            let output = Command::new("sh").args(["-c", script, NLCTL]).output();
            let output = output.unwrap();
            let err = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success(), "{script}: {err}");
            err
        };
        sh("\"$0\" ip route save proto boot >/run/saved");
        // A file is read as restore reads it, and what comes through a pipe waits.
        for load in [
            "\"$0\" route load /run/saved",
            "\"$0\" route load - </run/saved",
            "cat /run/saved | \"$0\" route load -",
        ] {
            done("ip route flush proto boot", "");
            assert_eq!(counts(&sh(load)), all, "{load}");
            assert_eq!(done("ip route show", ""), there, "{load}");
        }
        done("ip route flush proto boot", "");
        let (code, _, err) = nlctl("route load -", &lines.replace("10.9.0.0/24", "10.8.0.0/24"));
        assert_eq!(code, 2);
        assert!(
            err.starts_with("-:1: Error: Nexthop has invalid gateway.\n"),
            "{err}"
        );
        assert_eq!(counts(err.lines().last().unwrap()), "1 done, 5000 failed");
    });
}

/// Whoever writes line by line may wait for what each does.
#[test]
fn a_line_is_done_before_the_next_is_there() {
    nl_netns::isolate!(|| {
        ground();
        done("ip route add 20.0.9.0/24 dev v0 table 100", "");
        let mut child = Command::new(NLCTL)
            .args(["route", "load", "-", "table", "100"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let patience = Instant::now() + Duration::from_secs(60);
        for (line, routes) in [
            ("20.0.0.0/24 dev v0\n", 1),
            ("blackhole 20.0.1.0/24\n20.0.2.0/24 via 10.0.0.2\n", 3),
            ("route del 20.0.1.0/24\n", 2),
            // It may be any number of ways; the end of them is seen by what follows.
            ("20.0.3.0/24 proto static\n\tnexthop via 10.0.0.2\n", 2),
            ("\tnexthop via 10.0.0.3\n20.0.4.0/24 dev v0\n", 6),
        ] {
            input.write_all(line.as_bytes()).unwrap();
            while table("100").len() != 1 + routes {
                assert!(Instant::now() < patience, "{line}");
                sleep(Duration::from_millis(5));
            }
        }
        drop(input);
        assert!(child.wait().unwrap().success());
    });
}

#[test]
fn verbs_are_abbreviated_and_options_stand_anywhere() {
    nl_netns::isolate!(|| {
        ground();
        let lines = "rou ad 20.0.0.0/24 dev v0 table 100\n\
             r rep 20.0.0.0/24 via 10.0.0.2 table 100\n\
             ro ap 20.0.0.0/24 via 10.0.0.3 table 100\n\
             route a 20.0.1.0/24 dev v0 table 100\n\
             route d 20.0.1.0/24 table 100\n";
        assert_eq!(counts(&done("route load -", lines)), "5 done, 0 failed");
        assert_eq!(
            table("100"),
            [
                "20.0.0.0/24 via 10.0.0.2 dev v0",
                "20.0.0.0/24 via 10.0.0.3 dev v0"
            ]
        );
        fs::write("/run/lines", "20.0.2.0/24\n").unwrap();
        assert_eq!(
            counts(&done("route load /run/lines --sync dev v0 table 100", "")),
            "1 added, 0 replaced, 2 deleted, 0 unchanged, 0 failed"
        );
        assert_eq!(
            counts(&done(
                "route load /run/lines dev v0 table 100 --replace",
                ""
            )),
            "1 done, 0 failed"
        );
        let (code, ..) = nlctl("route load /run/lines --bogus", "");
        assert_eq!(code, 255);
    });
}

#[test]
fn a_dry_run_says_what_would_be() {
    nl_netns::isolate!(|| {
        ground();
        let dry = |how: &str| {
            let line = format!("--dry-run route load {how} - table 100");
            let (code, _, err) = nlctl(&line, "20.0.0.0/24 dev v0\n");
            assert_eq!(code, 0, "{err}");
            assert!(err.trim_end().ends_with("(nothing was sent)"), "{err}");
            counts(err.lines().last().unwrap()).to_owned()
        };
        assert_eq!(dry(""), "1 would be done, 0 failed");
        assert_eq!(
            dry("--sync"),
            "1 would be added, 0 replaced, 0 deleted, 0 unchanged, 0 failed"
        );
        assert_eq!(
            table("all")
                .iter()
                .filter(|line| line.starts_with("20."))
                .count(),
            0
        );
    });
}

/// To replace a route by itself is done, as it is by two calls of ip.
#[test]
fn a_line_that_stands_twice_replaces_itself() {
    nl_netns::isolate!(|| {
        ground();
        let twice = "20.0.0.0/24 via 10.0.0.3\n20.0.0.0/24 via 10.0.0.3\n";
        for _ in 0..2 {
            let summary = done("route load --replace - table 100", twice);
            assert_eq!(counts(&summary), "2 done, 0 failed");
            assert_eq!(table("100").len(), 1);
        }
        let (code, ..) = nlctl("route load - table 100", twice);
        assert_eq!(code, 2);
    });
}
