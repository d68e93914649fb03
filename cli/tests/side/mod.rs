//! Two of everything: iproute2's `ip` and ours, each in a namespace of its own that looks the same.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nl_core::Connection;
use nl_netns::Namespace;
use nl_route::addr::{AddrFlags, NewAddr};
use nl_route::link::NewLink;
use nl_route::neigh::GetNeighs;
use nl_route::{Family, Prefix, Route, RouteExt};

/// What a command line does: exit code, standard output, standard error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A namespace and the `ip` that is run in it.
pub(crate) struct Side {
    netns: Namespace,
    program: &'static str,
    first: &'static [&'static str],
}

impl Side {
    /// Ours.
    pub(crate) fn ours() -> Self {
        Self::new(env!("CARGO_BIN_EXE_nlctl"), &["ip"])
    }

    /// iproute2's, if it is the release that ours stands in for.
    pub(crate) fn theirs() -> Option<Self> {
        let program = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"]
            .into_iter()
            .find(|path| Path::new(path).exists())?;
        let version = Command::new(program).arg("-V").output().ok()?.stdout;
        if !String::from_utf8_lossy(&version).contains("iproute2-6.1") {
            return None;
        }
        Some(Self::new(program, &[]))
    }

    fn new(program: &'static str, first: &'static [&'static str]) -> Self {
        let netns = Namespace::new().unwrap();
        furnish(&netns);
        Self {
            netns,
            program,
            first,
        }
    }

    /// Runs a command line, without the `ip` at its front. Words in quotes may hold blanks.
    pub(crate) fn run(&self, line: &str) -> Outcome {
        let mut command = Command::new(self.program);
        command.args(self.first).args(split(line));
        self.output(&mut command)
    }

    /// Runs a command line as somebody without capabilities.
    pub(crate) fn run_powerless(&self, line: &str) -> Outcome {
        let mut command = Command::new("setpriv");
        command.args(["--securebits", "+noroot"]);
        command.args(["--inh-caps=-all", "--bounding-set=-all", self.program]);
        command.args(self.first).args(split(line));
        self.output(&mut command)
    }

    fn sorted(&self, line: &str) -> Outcome {
        if let Some(line) = line.strip_prefix('!') {
            return self.run_powerless(line);
        }
        let Some(line) = line.strip_prefix('~') else {
            return self.run(line);
        };
        let mut outcome = self.run(line);
        let mut lines: Vec<_> = outcome.out.lines().collect();
        lines.sort_unstable();
        outcome.out = lines.join("\n");
        outcome
    }

    /// Runs a script, in which `$NLCTL` is our binary and `$IP` this side's `ip`.
    pub(crate) fn shell(&self, script: &str) -> Outcome {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command.env("NLCTL", env!("CARGO_BIN_EXE_nlctl"));
        command.env("IP", [&[self.program], self.first].concat().join(" "));
        self.output(&mut command)
    }

    fn output(&self, command: &mut Command) -> Outcome {
        command.stdin(Stdio::null()).env("LC_ALL", "C");
        // A child of a thread that is inside is inside.
        let output = self.netns.run(|| command.output()).unwrap().unwrap();
        Outcome {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// `lo` and a cable with both ends up, 10.0.0.1/24 and fd00::1/64 on one.
fn furnish(netns: &Namespace) {
    let mut rt = Connection::<Route>::open_in(std::os::fd::AsFd::as_fd(netns)).unwrap();
    // No address by itself, whose appearance would be a matter of time.
    let quiet = || std::fs::write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
    netns.run(quiet).unwrap().unwrap();
    let cable = NewLink::veth("v0", "v1")
        .address([2, 0, 0, 0, 0, 1])
        .peer(|peer| {
            peer.address = Some(vec![2, 0, 0, 0, 0, 2]);
        });
    rt.call(&cable).unwrap();
    for link in ["lo", "v0", "v1"] {
        rt.set_up(link).unwrap();
    }
    let v0 = rt.ifindex("v0").unwrap();
    for addr in ["10.0.0.1/24", "fd00::1/64"] {
        let prefix: Prefix = addr.parse().unwrap();
        rt.call(&NewAddr::new(v0, prefix).flags(AddrFlags::NODAD))
            .unwrap();
    }
    // The kernel reports the multicast groups of the IPv6 address soon, and so has a neighbour, ff02::16.
    let end = Instant::now() + Duration::from_secs(20);
    let neighbours = GetNeighs::all().family(Family::INET6).ifindex(v0);
    while rt.collect(&neighbours).unwrap().is_empty() {
        assert!(Instant::now() < end, "no report of multicast groups");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (n, part) in line.split('\'').enumerate() {
        if n % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Runs a table of command lines on one side, then on the other, and tells of all that differ. Lines that begin with
/// `~` print in an order that is the kernel's dice: their output is sorted. Those that begin with `!` are run without capabilities.
pub(crate) fn compare(table: &str) {
    let Some(theirs) = Side::theirs() else {
        eprintln!("skipped: no ip of iproute2 6.1 here to compare with");
        return;
    };
    let lines = || table.lines().map(str::trim).filter(|line| !line.is_empty());
    let outcomes = |side: &Side| lines().map(|line| side.sorted(line)).collect::<Vec<_>>();
    let (want, have) = (outcomes(&theirs), outcomes(&Side::ours()));
    let differences: Vec<String> = lines()
        .zip(want.iter().zip(&have))
        .filter(|(_, (want, have))| want != have)
        .map(|(line, (want, have))| format!("ip {line}\n  theirs: {want:?}\n  ours:   {have:?}"))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
