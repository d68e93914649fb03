//! `ip -batch`: how far it goes, and what it says, where iproute2 stops and where it goes on.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "what other tests need of it")]
mod side;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

/// Runs lines as `ip OPTIONS -batch -`; exit code, standard output, standard error.
fn batch(options: &[&str], lines: impl AsRef<[u8]>) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_nlctl"))
        .arg("ip")
        .args(options)
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // A batch that has failed reads no further.
    let _ = child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(lines.as_ref());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

const UP: &str = "link add v0 type veth peer name v1\nlink set v0 up\nlink set v1 up\n";

#[test]
fn the_first_refusal_ends_it_and_force_goes_on() {
    nl_netns::isolate!(|| {
        assert_eq!(batch(&[], UP), (Some(0), String::new(), String::new()));
        let lines = "route add 10.1.0.0/24 dev v0 table 9\n\
                     route add 10.1.0.0/24 dev v0 table 9 # again\n\
                     route add 10.1.1.0/24 dev v0 table 9\n";
        let said = "RTNETLINK answers: File exists\nCommand failed -:2\n";
        assert_eq!(batch(&[], lines), (Some(1), String::new(), said.into()));
        let first = "10.1.0.0/24 dev v0 scope link \n";
        assert_eq!(batch(&[], "route show table 9").1, first);
        let said = format!("RTNETLINK answers: File exists\nCommand failed -:1\n{said}");
        assert_eq!(batch(&["-force"], lines), (Some(1), String::new(), said));
        let both = format!("{first}10.1.1.0/24 dev v0 scope link \n");
        assert_eq!(batch(&[], "route show table 9").1, both);
    });
}

#[test]
fn a_word_that_is_no_address_ends_it_even_under_force() {
    nl_netns::isolate!(|| {
        for (line, said) in [
            (
                "route add 10.1.0.0/99 dev lo",
                "Error: any valid prefix is expected rather than \"10.1.0.0/99\".\n",
            ),
            (
                "route add 10.0.0.0/8 via fe80::x",
                "Error: inet address is expected rather than \"fe80::x\".\n",
            ),
        ] {
            let lines = format!("{line}\nlink show lo\n");
            for options in [&[][..], &["-force"]] {
                let want = (Some(1), String::new(), said.to_owned());
                assert_eq!(batch(options, &lines), want, "{options:?}");
            }
        }
    });
}

#[test]
fn a_name_is_looked_up_again_after_links_changed() {
    nl_netns::isolate!(|| {
        let lines = format!(
            "{UP}route add 10.1.0.0/24 dev v0 table 9\nlink set v0 down\nlink set v0 name old\n\
             link set v1 name v0\nlink set old up\nroute add 10.1.1.0/24 dev v0 table 9\nroute show table 9\n"
        );
        let (code, shown, said) = batch(&[], &lines);
        assert_eq!((code, said.as_str()), (Some(0), ""));
        assert_eq!(shown, "10.1.1.0/24 dev v0 scope link \n");
        let lines = "link del v0\nroute add 10.1.2.0/24 dev v0 table 9\n";
        let said = "Cannot find device \"v0\"\nCommand failed -:2\n";
        assert_eq!(batch(&[], lines), (Some(1), String::new(), said.into()));
    });
}

/// Files of lines; `~` ends one without a newline.
const FILES: &[&str] = &[
    "",
    "\n\n# nothing\n  \t \n",
    "route add 10.1.0.0/24 dev v0 table 9
     route add 10.1.1.0/24 dev v0 table 9   # said twice
     route add 10.1.1.0/24 dev v0 table 9

     route show table 9
     route add 10.1.2.0/24 dev v0 table 9
     route show table 9
     route show table 99
     route flush table 98
     route del 10.9.0.0/24 table 9
     route replace 10.1.2.0/24 dev v1 table 9
     route append 10.1.2.0/24 dev v0 table 9
     route change 10.77.2.0/24 dev v0 table 9
     route add 2001:db8::/32 via fd00::2 table 9
     route add 2001:db8::/32 via fd00::2 table 9
     rule add from 10.3.0.0/16 table 9 pref 100
     rule add from 10.3.0.0/16 table 9 pref 100
     rule add from 10.4.0.0/16 nat 10.5.0.0
     rule del pref 99
     addr add 10.7.0.1/24 dev v1
     addr add 10.7.0.1/24 dev v1
     addr add 10.8.0.1/24 dev v1 permanent
     addr del 10.8.0.1 dev v1
     addr show dev v1 to 10.7.0.1
     nexthop add id 7 via 10.0.0.9 dev v0
     nexthop add id 7 via 10.0.0.9 dev v0
     route add 10.5.0.0/24 nhid 7
     route add 10.5.1.0/24 nhid 8
     neigh replace 10.0.0.7 lladdr 02:00:00:00:00:98 dev v0
     neigh show 10.0.0.7",
    // What a neighbour is refused with ends it even under -force.
    "route add 10.1.1.0/24 dev v0 table 9
     route add 10.1.1.0/24 dev v0 table 9
     neigh add 10.0.0.7 lladdr 02:00:00:00:00:98 dev v0
     neigh add 10.0.0.7 lladdr 02:00:00:00:00:98 dev v0
     route add 10.1.2.0/24 dev v0 table 9",
    "route add 10.1.1.0/24 dev v0 table 9
     route add 10.1.1.0/24 dev v0 table 9
     maddress add 33:33:00:00:00:05 dev nope
     route add 10.1.2.0/24 dev v0 table 9",
    "route add 10.1.0.0/24 dev v0 table 9
     route add 10.1.1.0/24 dev nope table 9
     route add 10.1.2.0/24 dev v0 table 9",
    "link add x0 type veth peer name x1
     link add x0 type veth peer name x1
     addr add 10.8.0.1/24 dev x0
     link set x0 up
     link set x1 up
     route add 10.81.0.0/24 dev x0
     link set x0 down
     link set x0 name y0
     link set y0 up
     route add 10.82.0.0/24 dev y0
     route add 10.83.0.0/24 dev x0
     link set y0 mtu 5
     link del y0
     link del y0
     route add 10.84.0.0/24 dev y0
     route add 10.84.0.0/24 dev x1
     link add x0 type veth peer name x1
     link set x0 up
     link set x1 up
     addr add 10.9.0.1/24 dev x0
     -4 route show dev x0
     route show dev x0 table main
     link property add dev x0 altname longname
     route add 10.85.0.0/24 dev longname
     link add q type bogus
     link show nope
     link del x0",
    "netns add red
     link add n0 type veth peer name n1 netns red
     route add 10.1.0.0/24 dev v0 table 9
     netns exec red $IP link set n1 up
     netns exec red $IP -br link show nope
     netns exec red sh -c 'exit 3'
     route add 10.1.0.0/24 dev v0 table 9
     link set n0 netns red
     route add 10.1.1.0/24 dev n0 table 9
     netns exec red $IP link set n0 netns blue
     netns exec red $IP link set v0 up
     netns add red
     netns list",
    "route add 10.1.0.0/24 dev v0 table 9
     route add 10.1.0.0/24 \\
       dev v0 \\
       table 9
     foo bar
     route frob
     route add 10.1.7.0/24 dev v0 table 9",
    "route add 10.1.0.0/24 dev v0 table 9
     foo bar
     link frob",
    "route add 10.1.0.0/24 dev v0 table 9
     route add 10.1.0.0/24 dev v0 table 9
     route add 10.1.0.0/24 \\",
    "route add 10.1.0.0/24 dev v0 table 9
     route add 10.1.0.0/24 dev v0 table 9
     route add 10.1.3.0/99 dev v0
     route add 10.1.4.0/24 dev v0",
    "route add 10.1.0.0/24 dev v0 table 9\r
     route add 10.1.0.0/24 dev v0 table 9\r",
    "route add 10.1.0.0/24 dev v0 table 9
     route add 10.1.0.0/24 dev v0 table 9
     route add 10.1.0.0/24 dev \"v0
     route add 10.1.4.0/24 dev v0",
];

/// What a batch may have changed.
const STATE: &[&str] = &[
    "-4 -br addr",
    "-4 route show table all",
    "-6 route show table 9",
    "rule",
    "neigh show nud permanent",
    "nexthop",
    "netns",
];

/// Whether the last line ends does not matter, nor where the lines come from.
#[test]
fn it_does_and_says_what_iproute2_does() {
    nl_netns::isolate!(|| {
        if side::Side::theirs().is_none() {
            eprintln!("skipped: no ip of iproute2 6.1 here to compare with");
            return;
        }
        let mut differences = Vec::new();
        for (n, lines) in FILES.iter().enumerate() {
            for (options, newline) in [("", "\n"), ("-force", ""), ("-force", "\n")] {
                let outcomes = |side: side::Side| {
                    let lines = lines.replace("$IP", &side.shell("echo -n $IP").out);
                    fs::write("/run/lines", lines + newline).unwrap();
                    let how = match newline {
                        "" => "$IP {} -batch - </run/lines",
                        _ => "$IP {} -batch /run/lines",
                    };
                    let mut outcomes = vec![side.shell(&how.replace("{}", options))];
                    outcomes.push(side.shell("$IP -br link | cut -d ' ' -f 1"));
                    outcomes.extend(STATE.iter().map(|line| side.run(line)));
                    side.run("netns del red");
                    outcomes
                };
                let theirs = outcomes(side::Side::theirs().unwrap());
                let ours = outcomes(side::Side::ours());
                for (theirs, ours) in theirs.iter().zip(&ours) {
                    if theirs != ours {
                        differences.push(format!(
                            "{n} {options}\n  theirs: {theirs:?}\n  ours:   {ours:?}"
                        ));
                    }
                }
            }
        }
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    });
}

/// Some fail, lists stand between: all that is said stands in the order of the lines.
#[test]
fn under_force_many_are_sent_together_and_each_failure_has_its_line() {
    nl_netns::isolate!(|| {
        assert_eq!(batch(&[], UP).0, Some(0));
        let (mut lines, mut want) = (String::new(), String::new());
        for n in 0..20_000 {
            let number = n + 1;
            let prefix = format!("10.{}.{}.0/24", n / 250, n % 250);
            lines += &match n % 1000 {
                500 => format!("route del {prefix} table 9\n"),
                700 => "link set nope up\n".to_owned(),
                _ => format!("route add {prefix} dev v0 table 9\n"),
            };
            want += &match n % 1000 {
                500 => {
                    format!("RTNETLINK answers: No such process\nCommand failed -:{number}\n")
                }
                700 => format!("Cannot find device \"nope\"\nCommand failed -:{number}\n"),
                _ => String::new(),
            };
        }
        lines += "route show table 9\nroute del 10.9.9.9 table 9\n";
        want += "RTNETLINK answers: No such process\nCommand failed -:20002\n";
        let (code, shown, said) = batch(&["-force"], &lines);
        assert_eq!((code, shown.lines().count()), (Some(1), 20_000 - 40));
        assert!(said == want, "{said}");
    });
}

/// Each name is asked for once, and what needs no answer is not acknowledged.
#[test]
fn a_name_is_asked_for_once() {
    nl_netns::isolate!(|| {
        assert_eq!(batch(&[], UP).0, Some(0));
        let lines: String = (0..500)
            .map(|n| {
                format!(
                    "route add 10.{}.{}.0/24 dev v{} table 9\n",
                    n / 250,
                    n % 250,
                    n % 2
                )
            })
            .collect();
        let rounds = [("", "route add", 500), ("-force", "route replace", 1)];
        for (options, verb, datagrams) in rounds {
            fs::write("/run/lines", lines.replace("route add", verb)).unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_nlctl"));
            command.args(["--trace", "ip"]);
            command.args(Some(options).filter(|options| !options.is_empty()));
            let output = command.args(["-batch", "/run/lines"]).output().unwrap();
            assert!(output.status.success());
            let traced = String::from_utf8(output.stderr).unwrap();
            let sent = traced.split("-- ").filter(|part| part.starts_with("sent"));
            let asks = |part: &&str| part.contains("\nRTM_GETLINK");
            let (asked, changed): (Vec<_>, Vec<_>) = sent.partition(asks);
            assert_eq!((asked.len(), changed.len()), (2, datagrams), "{options}");
            let acknowledged = traced.matches("acknowledged to RTM_NEWROUTE").count();
            assert_eq!(acknowledged, usize::from(datagrams == 1), "{options}");
        }
    });
}

/// Whoever writes lines into a pipe and waits for what they do must not wait for ever, `-force` or not.
#[test]
fn a_line_is_done_before_the_next_is_waited_for() {
    nl_netns::isolate!(|| {
        assert_eq!(batch(&[], UP).0, Some(0));
        for options in [&[][..], &["-force"]] {
            let mut child = Command::new(env!("CARGO_BIN_EXE_nlctl"))
                .arg("ip")
                .args(options)
                .args(["-batch", "-"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines = child.stdin.take().unwrap();
            let mut shown = BufReader::new(child.stdout.take().unwrap()).lines();
            let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
            let route = "10.1.0.0/24 dev v0 scope link";
            writeln!(
                lines,
                "route replace 10.1.0.0/24 dev v0 table 9\nroute show table 9"
            )
            .unwrap();
            assert_eq!(shown.next().unwrap().unwrap().trim_end(), route);
            // A link of this name is another by now, and nobody told the batch.
            assert_eq!(batch(&[], format!("link del v0\n{UP}")).0, Some(0));
            write!(lines, "route replace 10.1.0.0/24 dev v0 table 9\nroute add 10.1.0.0/24 dev v0 table 9\nroute ").unwrap();
            let refused = "RTNETLINK answers: File exists";
            assert_eq!(said.next().unwrap().unwrap(), refused);
            assert_eq!(said.next().unwrap().unwrap(), "Command failed -:4");
            drop(lines);
            assert_eq!(batch(&[], "route show table 9").1.trim_end(), route);
            child.wait().unwrap();
        }
    });
}

/// What is said gets lost, what is to be done does not.
#[test]
fn a_standard_error_that_cannot_be_written_leaves_no_line_undone() {
    nl_netns::isolate!(|| {
        assert_eq!(batch(&[], UP).0, Some(0));
        let lines = "link set nope up\nlink add vxlan0 type vxlan id 7\nlink set v0 mtu 1234\n";
        fs::write("/run/lines", lines).unwrap();
        let status = Command::new(env!("CARGO_BIN_EXE_nlctl"))
            .args(["ip", "-force", "-batch", "/run/lines"])
            .stderr(fs::File::options().write(true).open("/dev/full").unwrap())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(1));
        assert!(batch(&[], "link show v0").1.contains("mtu 1234"));
    });
}

/// Runs lines from a file, with a standard output that fails; exit code, standard error.
fn batch_to(stdout: Stdio, options: &[&str], lines: &str) -> (Option<i32>, String) {
    fs::write("/run/lines", lines).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_nlctl"))
        .arg("ip")
        .args(options)
        .args(["-batch", "/run/lines"])
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .and_then(Child::wait_with_output)
        .unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// A pipe that nobody reads.
fn unread() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

fn full() -> Stdio {
    Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap())
}

#[test]
fn a_batch_that_nobody_reads_any_more_ends_and_is_no_success() {
    nl_netns::isolate!(|| {
        assert_eq!(batch(&[], UP).0, Some(0));
        let mtu = |mtu: u32| format!("link set v0 mtu {mtu}\n");
        let shows = "link show v0\n".repeat(3000);
        let is_shown = |mtu: u32| {
            batch(&[], "link show v0")
                .1
                .contains(&format!("mtu {mtu} "))
        };
        for options in [&[][..], &["-force"]] {
            let lines = shows.clone() + &mtu(1234);
            let want = (Some(141), String::new());
            assert_eq!(batch_to(unread(), options, &lines), want, "{options:?}");
            assert!(is_shown(1500), "ip does no more, killed by SIGPIPE");
        }
        // A line that failed is told, and none that did not.
        let lines = "link set nope up\n".to_owned() + &shows + &mtu(1234);
        let said = "Cannot find device \"nope\"\nCommand failed /run/lines:1\n";
        let want = (Some(1), said.to_owned());
        assert_eq!(batch_to(unread(), &["-force"], &lines), want);
        // What was asked for before is done.
        let lines = mtu(1300) + &shows;
        assert_eq!(batch_to(unread(), &["-force"], &lines).0, Some(141));
        assert!(is_shown(1300));
        // All was done when it came out that nobody reads.
        assert_eq!(batch_to(unread(), &[], "link show v0\n").0, Some(141));
    });
}

#[test]
fn a_standard_output_that_is_full_is_told_once_and_leaves_no_line_undone() {
    nl_netns::isolate!(|| {
        assert_eq!(batch(&[], UP).0, Some(0));
        let shows = "link show v0\n".repeat(3000);
        let said = "write error: No space left on device\n";
        for (options, mtu) in [(&[][..], 1234), (&["-force"], 1300)] {
            let lines = format!("{shows}link set v0 mtu {mtu}\n");
            let want = (Some(1), said.to_owned());
            assert_eq!(batch_to(full(), options, &lines), want, "{options:?}");
            let shown = batch(&[], "link show v0").1;
            assert!(shown.contains(&format!("mtu {mtu} ")), "{shown}");
        }
        let lines = "link show v0\nlink set nope up\n".to_owned() + &shows;
        let failed = "Cannot find device \"nope\"\nCommand failed /run/lines:2\n";
        let want = (Some(1), failed.to_owned() + said);
        assert_eq!(batch_to(full(), &["-force"], &lines), want);
    });
}

#[test]
fn bytes_that_are_no_text_are_one_lines_failure_and_none_in_a_comment() {
    nl_netns::isolate!(|| {
        let done = (Some(0), String::new(), String::new());
        assert_eq!(batch(&[], UP), done);
        // `# für` in Latin-1.
        assert_eq!(batch(&[], b"# f\xfcr\nlink set v0 mtu 1400 # \xfc\n"), done);
        let lines = b"link set v0 mtu 1401\nlink set v\xfc \\\nup\nlink set v0 mtu 1402\n";
        let said = "line 3 is not valid UTF-8\nCommand failed -:3\n";
        for (options, mtu) in [(&[][..], 1401), (&["-force"], 1402)] {
            let want = (Some(1), String::new(), said.to_owned());
            assert_eq!(batch(options, lines), want, "{options:?}");
            let shown = batch(&[], "link show v0").1;
            assert!(shown.contains(&format!("mtu {mtu} ")), "{shown}");
        }
    });
}

/// What does several things and prints between them ends in the middle, and not as if all were done.
#[test]
fn what_is_left_undone_for_want_of_a_reader_is_no_success() {
    nl_netns::isolate!(|| {
        assert_eq!(batch(&[], "netns add one\nnetns add two\n").0, Some(0));
        let key = "net.ipv4.ip_forward";
        for (words, code) in [
            (vec!["ip", "-all", "netns", "exec", "true"], 141),
            (
                vec!["sysctl", "-w", "net.ipv4.ip_forward=0", "net.nope=1", key],
                141,
            ),
            (vec!["sysctl", key, "net.nope", key], 0),
        ] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_nlctl"));
            let status = command
                .args(&words)
                .stdout(unread())
                .stderr(Stdio::null())
                .status()
                .unwrap();
            assert_eq!(status.code(), Some(code), "{words:?}");
        }
    });
}
