//! The scripts of `examples/`, each in a sandbox of its own, with no tool beside the applets but a shell and coreutils.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Everything that the scripts run besides the applets.
const TOOLS: &[&str] = &[
    "awk", "cat", "dirname", "grep", "id", "mktemp", "readlink", "rm", "sed", "sh", "sleep",
    "stat", "touch",
];

/// What a script told: its commands in their order, each with its output.
struct Story(Vec<(String, String)>);

impl Story {
    /// Runs a script, which has to succeed: it checks its own claims.
    fn of(script: &str) -> Self {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        let output = Command::new(env!("CARGO_BIN_EXE_nlctl"))
            .arg("sandbox")
            .arg(examples.join(script))
            .env("PATH", tools(script))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{text}{errors}", output.status);
        let last = text.lines().next_back().unwrap_or_default();
        assert!(
            last.starts_with(script) && last.ends_with("claims hold."),
            "{last}"
        );

        let mut steps: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            if let Some(command) = line.strip_prefix("  $ ") {
                steps.push((command.to_owned(), String::new()));
            } else if let Some((line, (_, output))) =
                line.strip_prefix("    ").zip(steps.last_mut())
            {
                output.push_str(line);
                output.push('\n');
            }
        }
        Self(steps)
    }

    /// What each run of a command printed.
    fn outputs(&self, command: &str) -> Vec<&str> {
        let outputs: Vec<&str> = self
            .0
            .iter()
            .filter(|(run, _)| run == command)
            .map(|(_, output)| output.as_str())
            .collect();
        let runs: Vec<&str> = self.0.iter().map(|(run, _)| run.as_str()).collect();
        assert!(
            !outputs.is_empty(),
            "`{command}` is not among {}",
            runs.join("\n")
        );
        outputs
    }

    /// What the only run of a command printed.
    fn output(&self, command: &str) -> &str {
        match self.outputs(command).as_slice() {
            [output] => output,
            runs => panic!("`{command}` stands {} times", runs.len()),
        }
    }

    /// Checks the outcomes of a command's runs one by one.
    fn outcomes(&self, command: &str, texts: &[&str]) {
        let outputs = self.outputs(command);
        assert_eq!(outputs.len(), texts.len(), "runs of `{command}`");
        for (output, text) in outputs.iter().zip(texts) {
            assert!(
                output.contains(text),
                "`{command}`: no {text:?} in\n{output}"
            );
        }
    }
}

/// A directory with nothing but [`TOOLS`], to be the PATH: the tools that the applets stand in for are out of reach.
fn tools(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tools-{name}"));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    // Until nlctl stands in for it.
    let missing = ["iptables"]
        .into_iter()
        .filter(|name| nlctl::applet::find(name).is_none());
    for tool in TOOLS.iter().copied().chain(missing) {
        let found = ["/usr/bin", "/bin", "/usr/sbin"]
            .map(|dir| Path::new(dir).join(tool))
            .into_iter()
            .find(|path| path.exists());
        symlink(
            found.unwrap_or_else(|| panic!("{tool} is not installed")),
            dir.join(tool),
        )
        .unwrap();
    }
    dir
}

const UNREACHABLE: &str = "Network is unreachable";
const LOST: &str = "1 packets transmitted, 0 received, 100% packet loss";
const ANSWERED: &str = "1 packets transmitted, 1 received, 0% packet loss";

#[test]
fn first_steps() {
    let story = Story::of("first-steps.sh");
    story.outcomes(
        "ip netns exec netns1 ip link list",
        &[
            "1: lo: <LOOPBACK> mtu 65536 qdisc noop state DOWN",
            "veth1@if",
        ],
    );
    let links = story.outputs("ip netns exec netns1 ip link list")[0];
    assert_eq!(
        links
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
            .count(),
        1
    );
    story.outcomes(
        "ip netns exec netns1 ping -c 1 127.0.0.1",
        &[UNREACHABLE, ANSWERED],
    );
    story.outcomes("ip netns exec netns1 ping -c 1 10.1.1.2", &[ANSWERED]);
    assert_eq!(
        story.output("ip netns exec netns1 ip route"),
        "10.1.1.0/24 dev veth1 proto kernel scope link src 10.1.1.1 \n"
    );
    let rules = story.output("ip netns exec netns1 iptables -L");
    assert_eq!(rules.lines().count(), 8, "{rules}");
    // Once before and once after the name was deleted.
    story.outcomes("ping -c 1 10.1.1.1", &[ANSWERED, ANSWERED]);
    assert_eq!(story.outputs("ip netns list"), ["netns1\n", ""]);
    assert_eq!(
        story.output("ip link show dev veth0"),
        "Device \"veth0\" does not exist.\n"
    );
}

#[test]
fn nat() {
    let story = Story::of("nat.sh");
    let links = story.output("ip link list");
    assert!(links.contains("example-veth1A@example-veth1B: <BROADCAST,MULTICAST,M-DOWN>"));
    assert!(links.contains("example-veth1B@example-veth1A: <BROADCAST,MULTICAST,M-DOWN>"));
    let rest = story.output("ip link show dev example-veth1A");
    assert!(rest.contains("example-veth1A@if") && rest.contains("link-netns example-ns1"));
    story.outcomes(
        "ip addr show dev example-veth1A",
        &["<NO-CARRIER,BROADCAST,MULTICAST,UP", "state UP"],
    );
    let [down, up] = story.outputs("ip addr show dev example-veth1A")[..] else {
        unreachable!("two outcomes were checked");
    };
    assert!(down.contains("state DOWN") || down.contains("state LOWERLAYERDOWN"));
    assert!(up.contains("inet 10.0.0.1/24") && up.contains("inet6 fe80:"));
    story.outcomes("ip netns exec example-ns1 ping -c 1 10.0.0.1", &[ANSWERED]);
    story.outcomes(
        "ip netns exec example-ns1 ping -c 1 8.8.8.8",
        &[UNREACHABLE, ANSWERED, ANSWERED],
    );
    // No way back; then policy DROP with neither rule, with the one, and with the other.
    story.outcomes(
        "ip netns exec example-ns1 ping -c 1 -W 1 8.8.8.8",
        &[LOST, LOST, LOST, LOST],
    );
    assert!(!story.output("ip -n internet route").contains("10.0.0"));
    let seen = story.outputs("ip netns exec internet iptables -L INPUT -v -n");
    let seen: Vec<_> = seen.into_iter().map(packets).collect();
    assert_eq!(seen, [[1, 0], [1, 1], [1, 2], [1, 3]]);
    assert!(story.output("iptables --list-rules FORWARD").contains(
        "-A FORWARD -d 10.0.0.0/24 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    ));
}

/// The packet counts of the two rules in a listing of one chain.
fn packets(listing: &str) -> [u64; 2] {
    let counts = listing
        .lines()
        .skip(2)
        .map(|rule| rule.split_whitespace().next().unwrap().parse().unwrap());
    counts.collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn router_chain() {
    let story = Story::of("router-chain.sh");
    story.outcomes("ip netns exec ns01 ping -c 1 10.0.0.1", &[UNREACHABLE]);
    story.outcomes("ip netns exec ns01 ping -c 1 -W 1 10.0.0.1", &[LOST]);
    let pings = story.output("ip netns exec ns01 ping -c 3 10.0.0.1 -I 192.168.0.1");
    assert_eq!(pings.matches("64 bytes from 10.0.0.1: ").count(), 3);
    assert_eq!(pings.matches(" ttl=62 ").count(), 3);
    assert!(pings.contains("3 packets transmitted, 3 received, 0% packet loss"));
    let names = story.outputs("ip netns list");
    assert_eq!((names[0].lines().count(), names[1]), (4, ""));
}

#[test]
fn hub() {
    let story = Story::of("hub.sh");
    let details = story.output("ip -d link show dev m1");
    assert!(
        details.contains("promiscuity 0") && details.contains("\n    veth "),
        "{details}"
    );
    let s1 = story.output("ip netns exec testns1 ip -o link show dev s1");
    let (s1, _) = s1.split_once(':').unwrap();
    assert!(
        story
            .output("ethtool -S m1")
            .contains(&format!("peer_ifindex: {s1}\n"))
    );
    story.outcomes(
        "ip netns exec testns1 ping -c 1 192.168.10.101",
        &[ANSWERED],
    );
    story.outcomes(
        "ip netns exec testns1 ping -c 1 -W 1 192.168.10.102",
        &[LOST],
    );
    story.outcomes(
        "ip netns exec testns1 ping -c 1 192.168.10.102",
        &["ttl=63"],
    );
    let nat = story.output("iptables --table nat --list");
    assert!(
        nat.contains("MASQUERADE  ") && nat.contains(" 192.168.20.0/24 "),
        "{nat}"
    );
    story.outcomes("ip netns exec testns1 ping -c 1 203.0.113.1", &[ANSWERED]);
    story.outcomes("ip netns exec testns2 ping -c 1 -W 1 203.0.113.1", &[LOST]);
}

#[test]
fn namespaces() {
    let story = Story::of("namespaces.sh");
    assert!(
        story
            .output("unshare -U -r id")
            .starts_with("uid=0(root) gid=0(root)")
    );
    let networks = story.outputs("lsns -t net");
    let [header, rows @ ..] = &networks[1].lines().collect::<Vec<_>>()[..] else {
        panic!("no header")
    };
    assert_eq!(header.split_whitespace().next(), Some("NS"));
    assert!(
        rows.iter().any(|row| row.contains("/run/netns/netns1")),
        "{rows:?}"
    );
    assert!(
        story
            .0
            .iter()
            .any(|(command, output)| command.ends_with("/uid_map") && output.ends_with("1\n"))
    );
}

#[test]
fn tour() {
    let story = Story::of("tour.sh");
    story.outcomes("ip netns exec client ping -c 1 8.8.8.8", &[UNREACHABLE]);
    story.outcomes("ip netns exec client ping -c 1 -W 0.5 8.8.8.8", &[LOST]);
    let pings = story.output("ip netns exec client ping -c 3 -i 0.2 8.8.8.8");
    assert_eq!(pings.matches("64 bytes from 8.8.8.8: ").count(), 3);
    assert_eq!(pings.matches(" ttl=62 ").count(), 3);
    let seen = story.output("ip netns exec internet iptables -L INPUT -v -n");
    assert_eq!(packets(seen), [1, 3]);
    story.outcomes(
        "ip netns exec internet ping -c 1 -W 0.5 192.168.0.1",
        &[LOST],
    );
}
