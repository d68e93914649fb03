//! `ip monitor` beside iproute2's, both listening in one namespace while things happen there.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "what other tests need of it")]
mod side;

mod listening;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use nl_core::Protocol;
use nl_route::Route;
use side::Side;

/// A monitor that writes to a file.
struct Monitor {
    child: Child,
    file: PathBuf,
}

impl Monitor {
    fn start(program: &[&str], line: &str, file: PathBuf) -> Self {
        let (first, rest) = program.split_first().unwrap();
        let out = File::create(&file).unwrap();
        let child = Command::new(first)
            .args(rest)
            .args(line.split_whitespace())
            .stdin(Stdio::null())
            .stderr(out.try_clone().unwrap())
            .stdout(out)
            .spawn()
            .unwrap();
        Self { child, file }
    }

    /// What it has written when it is ended. Not by `SIGINT`: shells have background jobs ignore that.
    fn stop(mut self) -> String {
        kill(
            Pid::from_raw(self.child.id().cast_signed()),
            Signal::SIGTERM,
        )
        .unwrap();
        self.child.wait().unwrap();
        std::fs::read_to_string(&self.file).unwrap()
    }

    fn has(&self, text: &str) -> bool {
        std::fs::read_to_string(&self.file).unwrap().contains(text)
    }

    fn wait_for(&self, text: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        while !self.has(text) {
            assert!(Instant::now() < end, "{:?} never said {text}", self.file);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn wait_until_at_rest(monitors: &[&Child]) {
    listening::wait_until_at_rest(Route::NUMBER, monitors);
}

fn real() -> Option<&'static str> {
    let ip = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"];
    Side::theirs()?;
    ip.into_iter().find(|path| Path::new(path).exists())
}

fn ours(line: &str) -> bool {
    let status = Command::new(env!("CARGO_BIN_EXE_nlctl"))
        .arg("ip")
        .args(line.split_whitespace())
        .status();
    status.unwrap().success()
}

fn furnish() {
    std::fs::write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1").unwrap();
    for line in [
        "link set lo up",
        "link add v0 type veth peer name v1",
        "link set v0 up",
        "link set v1 up",
        "netns add red",
    ] {
        assert!(ours(line), "{line}");
    }
}

const CHANGES: &str = "\
    address add 10.0.0.1/24 dev v0
    address add 10.0.1.1/24 dev v1
    address add 10.0.2.1 peer 10.0.2.2/32 dev v1
    address add fd00::1/64 dev v0 nodad
    route add 10.1.0.0/16 via 10.0.0.2
    route add 10.2.0.0/16 via 10.0.1.2 table 100 metric 7
    route replace 10.1.0.0/16 via 10.0.0.3 mtu 1400
    route add 10.4.0.0/16 nexthop via 10.0.0.2 nexthop via 10.0.1.2 weight 3
    -6 route add fd01::/64 via fd00::2
    route add blackhole 10.66.0.0/16
    neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev v0
    neigh add 10.0.1.2 lladdr 02:00:00:00:00:02 dev v1
    neigh del 10.0.1.2 dev v1
    rule add from 10.7.0.0/16 table 77 pref 7
    -6 rule add from fd07::/16 table 77 pref 7
    rule del pref 7
    link add aa type veth peer name bb netns red
    link set aa netns red
    nexthop add id 1 via 10.0.0.2 dev v0
    nexthop add id 2 via 10.0.1.2 dev v1
    nexthop add id 3 group 1/2,5
    nexthop replace id 3 group 1,2/2
    nexthop add id 5 blackhole proto static
    route add 10.5.0.0/16 nhid 3
    nexthop del id 1
    link add br0 type bridge
    link set v1 master br0
    link set v1 nomaster
    link set v0 alias hello
    link property add dev v0 altname longname
    link set v0 mtu 1400
    address del 10.0.0.1/24 dev v0
    netns del red
    link del br0
    link set v1 down
    address add 10.250.0.1/32 dev lo
    address add 10.251.0.1/32 dev v0
    address add 10.252.0.1/32 dev v1";

/// Each is run twice, once by either.
const LINES: &[&str] = &[
    "monitor",
    "monitor all",
    "monitor label dev v0",
    "-4 monitor label dev v1",
    "-6 monitor all",
    "-o monitor all",
    "-N monitor all",
    "-s monitor all",
    "-c monitor all",
    "-br monitor link address route neigh",
    "monitor neigh link label",
    "-d monitor link address rule label",
];

#[test]
fn all_that_happens_is_told_as_iproute2_tells_it() {
    nl_netns::isolate!(|| {
        let Some(real) = real() else {
            eprintln!("skipped: no ip of iproute2 6.1 here to compare with");
            return;
        };
        furnish();
        let ours_program = [env!("CARGO_BIN_EXE_nlctl"), "ip"];
        let pairs: Vec<_> = LINES
            .iter()
            .enumerate()
            .map(|(n, line)| {
                let file = |who: &str| PathBuf::from(format!("/run/{n}.{who}"));
                let theirs = Monitor::start(&["stdbuf", "-o0", real], line, file("theirs"));
                (theirs, Monitor::start(&ours_program, line, file("ours")))
            })
            .collect();
        let all = pairs.iter().flat_map(|(theirs, ours)| [theirs, ours]);
        let all: Vec<_> = all.map(|monitor: &Monitor| &monitor.child).collect();
        wait_until_at_rest(&all);
        for line in CHANGES.lines() {
            assert!(ours(line), "{line}");
            // Both ask for the names of links; that must not be too late for one of them.
            std::thread::sleep(Duration::from_millis(60));
        }
        let mut differences = Vec::new();
        for (line, (theirs, ours)) in LINES.iter().zip(pairs) {
            for monitor in [&theirs, &ours] {
                let last = match *line {
                    "-6 monitor all" | "monitor neigh link label" => "[LINK]Deleted",
                    line if line.contains("v0") => "10.251.0.1",
                    _ => "10.252.0.1",
                };
                monitor.wait_for(last);
            }
            std::thread::sleep(Duration::from_millis(100));
            let (theirs, ours) = (theirs.stop(), ours.stop());
            if theirs != ours {
                let other = theirs.lines().zip(ours.lines()).find(|(a, b)| a != b);
                differences.push(format!("ip {line}: {other:#?}"));
            }
        }
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    });
}

/// Without iproute2: words, one object per line as JSON, at once, and silence when the reader leaves.
#[test]
fn events_come_one_per_line_and_at_once() {
    nl_netns::isolate!(|| {
        furnish();
        let mut child = Command::new(env!("CARGO_BIN_EXE_nlctl"))
            .args(["ip", "-j", "monitor", "route", "address"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_until_at_rest(&[&child]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(ours("address add 10.0.0.1/32 dev lo"));
        let mut next = || lines.next().unwrap().unwrap();
        assert_eq!(
            next(),
            "{\"object\":\"address\",\"index\":1,\"dev\":\"lo\",\"family\":\"inet\",\"local\":\"10.0.0.1\",\
             \"prefixlen\":32,\"scope\":\"global\",\"label\":\"lo\",\"valid_life_time\":4294967295,\
             \"preferred_life_time\":4294967295}"
        );
        let local = "\"type\":\"local\",\"dst\":\"10.0.0.1\",\"dev\":\"lo\",\"table\":\"local\",\
                     \"protocol\":\"kernel\",\"scope\":\"host\",\"prefsrc\":\"10.0.0.1\",\"flags\":[]}";
        assert_eq!(next(), format!("{{\"object\":\"route\",{local}"));
        assert!(ours("address del 10.0.0.1/32 dev lo"));
        assert!(next().starts_with("{\"object\":\"address\",\"deleted\":true,\"index\":1"));
        assert_eq!(
            next(),
            format!("{{\"object\":\"route\",\"deleted\":true,{local}")
        );
        drop(lines);
        assert!(ours("address add 10.0.0.2/32 dev lo"));
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(output.stderr, b"");
    });
}

/// Names are those of the namespace that an event is from, where iproute2 takes its own for them.
#[test]
fn all_namespaces_are_told_of_with_their_own_names() {
    nl_netns::isolate!(|| {
        furnish();
        // Two links of one index.
        assert!(ours("netns set red 3") && ours("-n red link add rr index 900 type bridge"));
        assert!(ours("link add ww index 900 type bridge"));
        let monitor = |words: &str| {
            let mut child = Command::new(env!("CARGO_BIN_EXE_nlctl"))
                .arg("ip")
                .args(words.split(' '))
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            (child, lines)
        };
        let (mut text, mut text_lines) = monitor("monitor address route all-nsid");
        let (mut json, mut json_lines) = monitor("-j -ts monitor address all-nsid");
        wait_until_at_rest(&[&text, &json]);
        assert!(ours("-n red address add 10.0.0.1/32 dev rr"));
        assert!(ours("address add 10.0.0.2/32 dev ww"));
        let mut wait_for = |wanted: &str| {
            text_lines
                .by_ref()
                .map(Result::unwrap)
                .find(|line| line == wanted)
                .unwrap();
        };
        wait_for("[nsid 3]900: rr    inet 10.0.0.1/32 scope global rr");
        wait_for("[nsid current]900: ww    inet 10.0.0.2/32 scope global ww");
        let mut next = || json_lines.next().unwrap().unwrap();
        let (there, here) = (next(), next());
        assert!(there.starts_with("{\"timestamp\":\"20"), "{there}");
        let rest = "\"nsid\":3,\"object\":\"address\",\"index\":900,\"dev\":\"rr\",";
        assert!(there.contains(rest), "{there}");
        assert!(
            here.contains("\"object\":\"address\",\"index\":900,\"dev\":\"ww\","),
            "{here}"
        );
        assert!(!here.contains("nsid"), "{here}");
        for child in [&mut text, &mut json] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    });
}

/// An id that another namespace has now is not told of with the names of the one that had it.
#[test]
fn the_names_of_a_namespace_that_is_gone_are_forgotten() {
    nl_netns::isolate!(|| {
        furnish();
        let program = [env!("CARGO_BIN_EXE_nlctl"), "ip"];
        let line = "monitor address all-nsid";
        let monitor = Monitor::start(&program, line, PathBuf::from("/run/names"));
        wait_until_at_rest(&[&monitor.child]);
        for (netns, link) in [("one", "before"), ("two", "after")] {
            assert!(ours(&format!("netns add {netns}")));
            // The kernel takes a namespace away, and its id, when it has the time.
            let end = Instant::now() + Duration::from_secs(30);
            while !ours(&format!("netns set {netns} 3")) {
                assert!(Instant::now() < end, "the id is still one's");
                std::thread::sleep(Duration::from_millis(20));
            }
            let lines = [
                format!("link add {link} index 900 type bridge"),
                format!("address add 10.0.0.1/32 dev {link}"),
            ];
            assert!(lines.iter().all(|line| ours(&format!("-n {netns} {line}"))));
            monitor.wait_for(&format!("[nsid 3]900: {link} "));
            assert!(ours(&format!("netns del {netns}")));
        }
        // These are not asked for.
        assert!(!monitor.stop().contains("Deleted nsid"));
    });
}

/// A monitor that is not scheduled while thousands of routes come: the loss is told, and it goes on.
#[test]
fn an_overrun_is_told_and_survived() {
    nl_netns::isolate!(|| {
        furnish();
        assert!(ours("address add 10.0.0.1/24 dev v0"));
        let program = [env!("CARGO_BIN_EXE_nlctl"), "ip"];
        let file = PathBuf::from("/run/overrun");
        let monitor = Monitor::start(&program, "-rc 4096 monitor route", file);
        wait_until_at_rest(&[&monitor.child]);
        let pid = Pid::from_raw(monitor.child.id().cast_signed());
        kill(pid, Signal::SIGSTOP).unwrap();
        let batch = "/run/batch";
        let lines: String = (0..5000)
            .map(|n| format!("route add 20.{}.{}.0/24 via 10.0.0.2\n", n / 256, n % 256))
            .collect();
        std::fs::write(batch, lines).unwrap();
        assert!(ours("-b /run/batch"));
        kill(pid, Signal::SIGCONT).unwrap();
        monitor.wait_for("netlink receive error No buffer space available (105)");
        // The kernel drops all until the monitor has read what it kept.
        let later = (0..200).any(|n| {
            assert!(ours(&format!("route add 10.99.{n}.0/24 via 10.0.0.2")));
            std::thread::sleep(Duration::from_millis(50));
            monitor.has("10.99.")
        });
        assert!(later, "nothing was told after the loss");
        monitor.stop();
    });
}

#[test]
fn words_are_refused_as_iproute2_refuses_them() {
    nl_netns::isolate!(|| side::compare(
        "monitor s
         monitor xyz
         monitor link foo
         monitor file
         monitor dev
         monitor dev nope
         monitor file /nonexistent
         monitor file /proc/self/comm
         monitor help"
    ));
}
