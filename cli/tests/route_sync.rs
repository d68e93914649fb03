//! `nlctl route load --sync`, run as a program in networks of their own.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::process::{Command, Output};

const NLCTL: &str = env!("CARGO_BIN_EXE_nlctl");

/// Runs nlctl; gives exit code, standard output and error.
fn nlctl(line: &str) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(NLCTL)
        .args(line.split_whitespace())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn done(line: &str) -> String {
    let (code, out, err) = nlctl(line);
    assert_eq!(code, 0, "{line}: {err}");
    out
}

/// Makes a list equal to which something is; what was counted.
fn synced(line: &str) -> String {
    let (code, out, err) = nlctl(&format!("route load --sync {line}"));
    assert_eq!((code, out.as_str()), (0, ""), "{line}: {err}");
    counts(&err)
}

/// The summary before the time.
fn counts(err: &str) -> String {
    let last = err.lines().last().unwrap_or("");
    last.rsplit_once(", in ").unwrap_or((last, "")).0.to_owned()
}

fn save(program: &[&str], words: &str, file: &str) -> Vec<u8> {
    let output = Command::new(program[0])
        .args(&program[1..])
        .args(words.split_whitespace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{program:?} {words}: {output:?}");
    fs::write(file, &output.stdout).unwrap();
    output.stdout
}

/// A network where v0 has 10.0.0.1/24 and fd00::1/64.
fn ground() {
    for line in [
        "ip link set lo up",
        "ip link add v0 type veth peer name v1",
        "ip link set v0 up",
        "ip link set v1 up",
        "ip addr add 10.0.0.1/24 dev v0",
        "ip addr add fd00::1/64 dev v0 nodad",
    ] {
        done(line);
    }
}

fn has_iproute2() -> bool {
    let version = Command::new("ip").arg("-V").output();
    version.is_ok_and(|output| output.stdout.starts_with(b"ip utility, iproute2"))
}

/// Routes that are saved, then what is changed: deleted, added, another way, metric, weight.
struct Change {
    family: &'static str,
    saved: &'static [&'static str],
    changed: &'static [&'static str],
}

const CHANGES: &[Change] = &[
    Change {
        family: "-4",
        saved: &[
            // What it needs is listed behind it.
            "add default via 30.0.0.2 dev v0",
            "add 20.0.1.0/24 via 10.0.0.2 proto static metric 7",
            "add 20.0.2.0/24 metric 5 nexthop via 10.0.0.2 dev v0 weight 3 nexthop via 10.0.0.3 dev v0",
            "add 20.0.3.0/24 dev v0 proto static scope link",
            "add unreachable 20.0.4.0/24 table 100",
            "add 20.0.5.0/24 via 10.0.0.2 dev v0 table 100 proto bgp mtu 1300",
            "add 20.0.6.0/24 via 10.0.0.2 dev v0 table 100 proto bgp",
        ],
        changed: &[
            "replace default via 10.0.0.3 dev v0",
            "del 20.0.1.0/24 metric 7",
            "add 20.0.1.0/24 via 10.0.0.2 proto static metric 8",
            "replace 20.0.2.0/24 metric 5 nexthop via 10.0.0.2 dev v0 weight 2 nexthop via 10.0.0.3 dev v0",
            "del 30.0.0.0/24",
            "del unreachable 20.0.4.0/24 table 100",
            "replace 20.0.6.0/24 via 10.0.0.3 dev v0 table 100 proto bgp",
            "add 20.0.9.0/24 via 10.0.0.2 dev v0 table 100",
            "add local 1.2.3.4 dev lo table local proto boot",
            "add 20.0.7.0/24 via 10.0.0.2 dev v0 table 200",
        ],
    },
    Change {
        family: "-6",
        saved: &[
            "add default via fd00:30::2 dev v0",
            "add 2001:db8:1::/48 via fd00::2 proto static metric 7",
            "add 2001:db8:2::/48 metric 5 nexthop via fd00::2 dev v0 weight 3 nexthop via fd00::3 dev v0",
            "add 2001:db8:3::/48 dev v0 proto static",
            "add unreachable 2001:db8:4::/48 table 100",
            "add 2001:db8:5::/48 via fd00::2 dev v0 table 100 proto bgp mtu 1300",
            "add 2001:db8:6::/48 via fd00::2 dev v0 table 100 proto bgp",
        ],
        changed: &[
            "replace default via fd00::3 dev v0",
            "del 2001:db8:1::/48 metric 7",
            "add 2001:db8:1::/48 via fd00::2 proto static metric 8",
            "replace 2001:db8:2::/48 metric 5 nexthop via fd00::2 dev v0 weight 2 nexthop via fd00::3 dev v0",
            "del fd00:30::/64",
            "del 2001:db8:4::/48 table 100",
            "replace 2001:db8:6::/48 via fd00::3 dev v0 table 100 proto bgp",
            "add 2001:db8:9::/48 via fd00::2 dev v0 table 100",
            "add local 2001:db8::4 dev lo table local proto boot",
            "add 2001:db8:7::/48 via fd00::2 dev v0 table 200",
        ],
    },
];

#[test]
fn every_table_that_a_saved_list_names_is_made_equal_to_it() {
    nl_netns::isolate!(|| {
        ground();
        done("ip route add 30.0.0.0/24 dev v0 proto static scope link");
        done("ip route add fd00:30::/64 dev v0 proto static");
        for change in CHANGES {
            for words in change.saved {
                done(&format!("ip {} route {words}", change.family));
            }
            change_and_sync(change, &[NLCTL, "ip"]);
            // The file has one form, whoever wrote it.
            if has_iproute2() {
                change_and_sync(change, &["ip"]);
            }
        }
    });
}

fn change_and_sync(change: &Change, program: &[&str]) {
    let family = change.family;
    let ip = |words: &str| done(&format!("ip {family} route {words}"));
    let list = format!("{family} route save table all");
    save(program, &list, "/run/saved");
    let before = ip("show table all");
    for words in change.changed {
        ip(words);
    }
    let after = ip("show table all");

    // A dry run shows what a real one does, and does not.
    let (code, out, err) = nlctl("--dry-run route load --sync /run/saved");
    assert_eq!(code, 0, "{err}");
    let count = |what: &str| {
        let of = |line: &&str| line.starts_with(&format!("# {what} "));
        out.lines().filter(of).count()
    };
    assert_eq!(
        (count("RTM_NEWROUTE"), count("RTM_DELROUTE")),
        (6, 3),
        "{out}"
    );
    assert_eq!(ip("show table all"), after);

    assert_eq!(
        synced("/run/saved"),
        "3 added, 3 replaced, 3 deleted, 2 unchanged, 0 failed"
    );
    // The list says nothing of table 200.
    assert_eq!(ip("show table 200").lines().count(), 1);
    ip("flush table 200");
    assert_eq!(ip("show table all"), before);

    assert_eq!(
        synced("/run/saved"),
        "0 added, 0 replaced, 0 deleted, 8 unchanged, 0 failed"
    );
    let (_, out, _) = nlctl("--dry-run route load --sync /run/saved");
    assert_eq!(out, "", "nothing differs, nothing is sent");
}

#[test]
fn words_beside_a_saved_list_name_what_of_it_is_meant() {
    nl_netns::isolate!(|| {
        ground();
        let nothing = save(&[NLCTL, "ip"], "route save proto bgp", "/run/nothing");
        assert_eq!(nothing.len(), 4);
        for line in [
            "20.0.1.0/24 dev v0 table 100 proto bgp",
            "20.0.2.0/24 dev v0 table 100 proto static",
            "20.0.3.0/24 dev v0 table 200 proto bgp",
        ] {
            done(&format!("ip route add {line}"));
        }
        save(&[NLCTL, "ip"], "route save table all", "/run/saved");
        let there = || done("ip route show table all");
        let before = there();
        let flush = "ip route flush table all proto bgp";
        done(flush);
        assert_eq!(
            synced("/run/saved table 100 proto bgp"),
            "1 added, 0 replaced, 0 deleted, 0 unchanged, 0 failed"
        );
        assert_eq!(
            synced("/run/saved proto bgp"),
            "1 added, 0 replaced, 0 deleted, 1 unchanged, 0 failed"
        );
        assert_eq!(there(), before);
        // Of what is not named nothing is deleted.
        done("ip route add 20.0.4.0/24 dev v0 table 100 proto static");
        let more = there();
        assert_eq!(
            synced("/run/saved table 200"),
            "0 added, 0 replaced, 0 deleted, 1 unchanged, 0 failed"
        );
        assert_eq!(
            synced("/run/saved table 100 proto bgp"),
            "0 added, 0 replaced, 0 deleted, 1 unchanged, 0 failed"
        );
        assert_eq!(there(), more);

        let refused = |line: &str, said: &str| {
            let (code, out, err) = nlctl(&format!("route load --sync {line}"));
            assert!(
                code != 0 && out.is_empty() && err.contains(said),
                "{line}: {err}"
            );
            assert_eq!(there(), more, "{line}");
        };
        refused("/run/saved table 300", "no route is of table 300");
        refused("/run/saved via 10.0.0.2", "only a table and a protocol");
        refused("/run/saved table 100 dev v0", "only a table and a protocol");
        refused("/run/nothing", "names no table");
        assert_eq!(
            synced("/run/nothing table 100"),
            "0 added, 0 replaced, 3 deleted, 0 unchanged, 0 failed"
        );
    });
}

#[test]
fn a_list_that_is_not_whole_changes_nothing() {
    nl_netns::isolate!(|| {
        ground();
        done("ip route add 20.0.1.0/24 dev v0 table 100");
        done("ip route add 20.0.2.0/24 via 10.0.0.2 dev v0 table 100");
        let bytes = save(&[NLCTL, "ip"], "route save table 100", "/run/saved");
        // What the list has not would be deleted, what it has made.
        done("ip route del 20.0.1.0/24 table 100");
        done("ip route add 20.0.3.0/24 dev v0 table 100");
        let there = || done("ip route show table 100");
        let before = there();
        let refused = |bytes: &[u8], said: &str| {
            fs::write("/run/damaged", bytes).unwrap();
            let (code, _, err) = nlctl("route load --sync /run/damaged");
            assert!(code != 0 && err.contains(said), "{said}: {err}");
            assert_eq!(there(), before, "{said}");
            err
        };
        let first = usize::try_from(u32::from_ne_bytes(bytes[4..8].try_into().unwrap())).unwrap();
        for len in 5..bytes.len() {
            if len != 4 + first {
                let err = refused(&bytes[..len], "cut off behind route");
                assert!(err.contains("Nothing was changed"), "{err}");
            }
        }
        let with = |at: usize, value: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[at..at + value.len()].copy_from_slice(value);
            bytes
        };
        let swapped: Vec<u8> = bytes[..4].iter().rev().copied().collect();
        refused(&with(0, &swapped), "other byte order");
        refused(&with(0, b"none"), "");
        refused(
            &with(4 + first, &[3, 0, 0, 0]),
            "what follows route 1 is none",
        );
        // The family, the table (in the header and in its attribute), and the length of the first attribute.
        let header = 4 + first + 16;
        refused(
            &with(header, &[28]),
            "route 2 is neither of IPv4 nor of IPv6",
        );
        refused(&with(header + 12, &[2]), "route 2 cannot be read");
        let mut tables = with(header + 4, &[0]);
        tables[header + 16..header + 20].copy_from_slice(&0u32.to_ne_bytes());
        assert_eq!(bytes[header + 14..header + 16], 15u16.to_ne_bytes());
        refused(&tables, "route 2 is of no table");

        assert_eq!(
            synced("/run/saved"),
            "1 added, 0 replaced, 1 deleted, 1 unchanged, 0 failed"
        );
    });
}

/// Makes a table equal to lines; exit code, what was said, and the counts.
fn sync_lines(words: &str, lines: &[u8]) -> (i32, Vec<String>) {
    fs::write("/run/lines", lines).unwrap();
    let (code, _, err) = nlctl(&format!("route load --sync /run/lines {words}"));
    (code, err.lines().map(counts).collect())
}

#[track_caller]
fn assert_said(said: (i32, Vec<String>), code: i32, lines: &[&str]) {
    let lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
    assert_eq!(said, (code, lines));
}

#[test]
fn a_list_may_have_routes_before_the_way_to_their_gateways() {
    nl_netns::isolate!(|| {
        ground();
        let lines = "default via 10.9.0.1 dev v0\n10.9.0.0/24 dev v0 scope link\n";
        let unchanged = "0 added, 0 replaced, 0 deleted, 2 unchanged, 0 failed";
        let added = "2 added, 0 replaced, 0 deleted, 0 unchanged, 0 failed";
        assert_said(sync_lines("", lines.as_bytes()), 0, &[added]);
        assert_said(sync_lines("", lines.as_bytes()), 0, &[unchanged]);
        // What is there in its place is replaced, even if that is refused at first.
        done("ip route del 10.9.0.0/24");
        done("ip route replace default via 10.0.0.2 dev v0");
        assert_said(
            sync_lines("", lines.as_bytes()),
            0,
            &["1 added, 1 replaced, 0 deleted, 0 unchanged, 0 failed"],
        );
        assert_said(sync_lines("", lines.as_bytes()), 0, &[unchanged]);
        let lines = "default via fd09::1 dev v0\nfd09::/64 dev v0\n";
        assert_said(sync_lines("", lines.as_bytes()), 0, &[added]);
        assert_said(sync_lines("", lines.as_bytes()), 0, &[unchanged]);
    });
}

#[test]
fn nothing_is_deleted_if_a_route_is_refused() {
    nl_netns::isolate!(|| {
        ground();
        done("ip route add 10.77.0.0/16 dev v0");
        let before = done("ip route show");
        let refused = sync_lines("", b"10.78.0.0/16 via 99.9.9.9\n");
        let lines = [
            "/run/lines:1: Error: Nexthop has invalid gateway.",
            "Nothing was deleted, because not all routes could be made.",
            "0 added, 0 replaced, 0 deleted, 0 unchanged, 1 failed",
        ];
        assert_said(refused, 2, &lines);
        assert_eq!(done("ip route show"), before);

        // The same of a saved list, table by table.
        done("ip addr add 10.8.0.1/24 dev v0");
        done("ip route add 20.0.1.0/24 via 10.8.0.2 table 100");
        done("ip route add 20.0.2.0/24 dev v0 table 200");
        save(
            &[NLCTL, "ip"],
            "route save table all proto boot",
            "/run/saved",
        );
        done("ip addr del 10.8.0.1/24 dev v0");
        done("ip route flush table 100");
        done("ip route del 10.77.0.0/16");
        for table in ["main", "100", "200"] {
            done(&format!("ip route add 20.0.9.0/24 dev v0 table {table}"));
        }
        let (code, _, err) = nlctl("route load --sync /run/saved");
        let nothing = "Nothing was deleted, because not all routes could be made.";
        assert_eq!((code, err.lines().nth(1)), (2, Some(nothing)), "{err}");
        assert_eq!(
            counts(&err),
            "1 added, 0 replaced, 2 deleted, 1 unchanged, 1 failed"
        );
        let there = |table: &str| done(&format!("ip route show table {table}"));
        let is_there = |table: &str, dst: &str| there(table).contains(dst);
        assert!(is_there("main", "10.77.0.0/16") && !is_there("main", "20.0.9.0"));
        assert!(is_there("100", "20.0.9.0/24") && !is_there("100", "20.0.1.0"));
        assert!(is_there("200", "20.0.2.0/24") && !is_there("200", "20.0.9.0"));
    });
}

#[test]
fn a_list_without_routes_empties_only_what_is_named() {
    nl_netns::isolate!(|| {
        ground();
        done("ip route add 10.77.0.0/16 dev v0");
        let before = done("ip route show");
        for lines in [&b""[..], b"# none\n\n"] {
            let (code, said) = sync_lines("", lines);
            assert_eq!((code, said.len()), (255, 2), "{said:?}");
            assert!(said[0].contains("names no table"), "{said:?}");
            assert_eq!(done("ip route show"), before);
        }
        let summary = "0 added, 0 replaced, 1 deleted, 0 unchanged, 0 failed";
        assert_said(sync_lines("table main", b""), 0, &[summary]);
    });
}

#[test]
fn a_line_of_another_family_or_table_is_skipped_and_nothing_deleted() {
    nl_netns::isolate!(|| {
        ground();
        done("ip route add 10.77.0.0/16 dev v0");
        for (line, why) in [
            ("2001:db8::/48 dev v0", "rtm_family"),
            ("20.0.8.0/24 dev v0 table 7", "RTA_TABLE"),
        ] {
            let lines = format!("20.0.1.0/24 dev v0\n{line}\n20.0.2.0/24 dev v0\n");
            let (code, said) = sync_lines("", lines.as_bytes());
            assert_eq!((code, said.len()), (2, 3), "{said:?}");
            assert!(said[0].starts_with("/run/lines:2: "), "{said:?}");
            assert!(said[0].contains(why), "{said:?}");
            assert!(said[1].starts_with("Nothing was deleted"), "{said:?}");
            assert_eq!(
                said[2],
                "2 added, 0 replaced, 0 deleted, 0 unchanged, 1 failed"
            );
            assert_eq!(done("ip route show proto boot").lines().count(), 3);
            done("ip route del 20.0.1.0/24");
            done("ip route del 20.0.2.0/24");
        }
    });
}

#[test]
fn a_comment_that_is_no_text_keeps_nothing_from_being_deleted() {
    nl_netns::isolate!(|| {
        ground();
        done("ip route add 10.77.0.0/16 dev v0");
        let summary = "1 added, 0 replaced, 1 deleted, 0 unchanged, 0 failed";
        let lines = b"20.0.1.0/24 dev v0 # caf\xe9\n#\xff\n";
        assert_said(sync_lines("", lines), 0, &[summary]);
    });
}

#[test]
fn what_stands_twice_is_wanted_once() {
    nl_netns::isolate!(|| {
        ground();
        let twice = b"20.0.0.0/24 via 10.0.0.3\n20.0.0.0/24 via 10.0.0.3\n";
        let both = |counts: &str| sync_lines_are("table 100", twice, counts);
        both("1 added, 0 replaced, 0 deleted, 1 unchanged, 0 failed");
        both("0 added, 0 replaced, 0 deleted, 2 unchanged, 0 failed");
        done("ip route replace 20.0.0.0/24 via 10.0.0.4 table 100");
        both("0 added, 1 replaced, 0 deleted, 1 unchanged, 0 failed");
        both("0 added, 0 replaced, 0 deleted, 2 unchanged, 0 failed");
        done("ip route flush table 100");
        done("ip route add 2001:db8::/48 via fd00::3 table 100");
        sync_lines_are(
            "table 100",
            b"2001:db8::/48 via fd00::3\n2001:db8::/48 via fd00::3\n",
            "0 added, 0 replaced, 0 deleted, 2 unchanged, 0 failed",
        );
    });
}

#[track_caller]
fn sync_lines_are(words: &str, lines: &[u8], counts: &str) {
    assert_said(sync_lines(words, lines), 0, &[counts]);
}

/// A batch that replaces what it made, or what was there and wanted, wants the last of them.
#[test]
fn a_route_is_wanted_in_the_place_of_one_before() {
    nl_netns::isolate!(|| {
        ground();
        let show = || done("ip route show table 100");
        for (first, second) in [
            ("route replace", "route replace"),
            ("route add", "route replace"),
            ("", "r rep"),
        ] {
            let lines = format!(
                "{first} 20.0.0.0/24 via 10.0.0.3 table 100\n{second} 20.0.0.0/24 via 10.0.0.4 table 100\n"
            );
            for before in ["", "10.0.0.3", "10.0.0.4", "10.0.0.5"] {
                done("ip route add 20.0.9.0/24 dev v0 table 100");
                if !before.is_empty() {
                    done(&format!("ip route add 20.0.0.0/24 via {before} table 100"));
                }
                let (code, said) = sync_lines("", lines.as_bytes());
                assert_eq!((code, said.len()), (0, 1), "{before}: {said:?}");
                let wanted = "20.0.0.0/24 via 10.0.0.4 dev v0 \n";
                assert_eq!(show(), wanted, "{lines}: {before}");
                done("ip route flush table 100");
            }
        }
        // Another's route in that place stays.
        done("ip route add 20.0.0.0/24 via 10.0.0.9 table 100 proto static");
        let lines = b"route replace 20.0.0.0/24 via 10.0.0.3 proto bgp table 100\n\
            route replace 20.0.0.0/24 via 10.0.0.4 proto bgp table 100\n";
        let (code, _) = sync_lines("proto bgp", lines);
        assert_eq!(code, 0);
        assert!(show().contains("via 10.0.0.9 dev v0 proto static"));
        assert!(show().contains("via 10.0.0.4 dev v0 proto bgp"));
    });
}
