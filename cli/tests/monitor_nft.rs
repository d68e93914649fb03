//! `nlctl monitor nft` beside nft's own monitor, both listening in one namespace while things happen there.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod listening;

use std::fs::File;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use nl_core::{Connection, Protocol};
use nl_netfilter::{
    DataType, Element, Family, Netfilter, NetfilterExt, NewChain, NewSet, NewTable, SetElements,
    Transaction,
};

/// A monitor that writes to a file.
struct Monitor {
    child: Child,
    file: PathBuf,
}

impl Monitor {
    fn start(line: &str, file: &str) -> Self {
        let file = PathBuf::from("/run").join(file);
        let out = File::create(&file).unwrap();
        let mut words = line.split_whitespace();
        let program = match words.next().unwrap() {
            "nlctl" => env!("CARGO_BIN_EXE_nlctl"),
            other => other,
        };
        let child = Command::new(program)
            .args(words)
            .stdin(Stdio::null())
            .stderr(out.try_clone().unwrap())
            .stdout(out)
            .spawn()
            .unwrap();
        Self { child, file }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.file).unwrap()
    }

    fn wait_for(&self, text: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        while !self.text().contains(text) {
            assert!(Instant::now() < end, "{:?} never said {text}", self.file);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it has written when it is ended. Not by `SIGINT`: shells have background jobs ignore that.
    fn stop(mut self) -> String {
        kill(self.pid(), Signal::SIGTERM).unwrap();
        self.child.wait().unwrap();
        self.text()
    }
}

fn nft(command: &str) {
    let status = Command::new("nft").arg(command).status();
    let status = status.expect("this test compares with nft: install nftables");
    assert!(status.success(), "{command}");
}

/// Waits until monitors have told all that has happened, and will tell of what comes.
fn wait_until_at_rest<'m>(monitors: impl IntoIterator<Item = &'m Monitor>) {
    let monitors: Vec<_> = monitors.into_iter().map(|monitor| &monitor.child).collect();
    listening::wait_until_at_rest(Netfilter::NUMBER, &monitors);
}

const CHANGES: &[&str] = &[
    "add table inet t; add chain inet t c { type filter hook input priority 0; }",
    "add set inet t s { type inet_service; }; add element inet t s { 1, 2 }",
    "add rule inet t c tcp dport @s accept; add rule inet t c tcp dport { 5, 6 } drop",
    "add counter inet t k",
    "create table ip new; create chain ip new c",
    "insert rule inet t c counter comment \"first\"",
    "add set inet t six { type ipv6_addr; }; add element inet t six { fe80::1 }",
    "add set inet t mac { type ether_addr; }; add element inet t mac { 2:0:0:0:0:1 }",
    "add set inet t proto { type inet_proto; }; add element inet t proto { tcp, 200 }",
    "add set inet t marks { type mark; }; add element inet t marks { 7 }",
    "add set inet t devs { type ifname; }; add element inet t devs { eth0 }",
    "add set inet t three { type ipv4_addr . inet_service . ifname; }",
    "add element inet t three { 1.2.3.4 . 80 . lo }",
    "add set inet t ports { type inet_service; flags interval; auto-merge; }",
    "add element inet t ports { 1-5, 9, 16-31, 60000-65535, 100-107 }",
    "add set inet t nets { type ipv4_addr; flags interval; size 10; comment \"x y\"; }",
    "add element inet t nets { 0.0.0.0/1, 224.0.0.0/3, 192.168.0.1 }",
    "add element inet t nets { 192.168.1.1-192.168.1.9 comment \"abc\" }",
    "add set inet t sixes { type ipv6_addr; flags interval; }",
    "add element inet t sixes { fe80::/10, ::/1 }",
    "add map inet t mm { type inet_service : ipv4_addr; }; add element inet t mm { 5 : 1.2.3.4 }",
    "add chain inet t j; add map inet t verdicts { type inet_service : verdict; }",
    "add element inet t verdicts { 5 : accept, 6 : drop, 7 : jump j, 8 : goto j, 9 : return }",
    "add map inet t kk { type inet_service : counter; }",
    "add element inet t kk { 5 : \"k\", * : \"k\" }",
    "add set inet t te { type inet_service; timeout 1d2h3m4s; policy memory; }",
    "add element inet t te { 5 timeout 1h comment \"c\" }",
    "add set inet t dyn { type inet_service; flags timeout,dynamic; timeout 1h; gc-interval 10s; }",
    "add map inet t vc { type ipv4_addr . inet_service : verdict; counter; }",
    "add element inet t vc { 10.0.0.1 . 80 : drop }",
    "flush set inet t ports",
    "delete element inet t verdicts { 5 }",
    "delete element inet t nets { 192.168.1.1-192.168.1.9 }",
    "add table inet u { flags dormant; }",
    "add table ip6 u; add chain ip6 u x { type nat hook prerouting priority dstnat; }",
    "add chain ip6 u y { type route hook output priority mangle + 10; policy drop; }",
    "add chain ip6 u z { type filter hook forward priority 11; }",
    "add chain ip6 u w { type filter hook forward priority -100; }",
    "add table bridge b; add chain bridge b c { type filter hook prerouting priority -300; }",
    "add chain bridge b d { type filter hook forward priority 0; }",
    "add table arp a; add chain arp a c { type filter hook input priority filter; }",
    "add chain arp a d { type filter hook output priority -300; }",
    "add quota inet t q { over 10 mbytes }; add quota inet t q2 { 1500 bytes }",
    "rename chain inet t j jj",
    "add chain inet t c { policy drop; }",
    "add counter inet t kc { packets 7 bytes 8 comment \"why\"; }",
    "add quota inet t qc { over 10 mbytes used 5 kbytes; comment \"q?\"; }",
    "add limit inet t l1 { rate 400/minute; comment \"l?\"; }",
    "add limit inet t l2 { rate over 1025 kbytes/second burst 7 bytes; }",
    "add limit inet t l3 { rate 3/week burst 9 packets; }",
    "add set inet t d1 { type ipv4_addr; flags dynamic; timeout 1m; counter; }",
    "add set inet t d2 { type ipv4_addr; size 100; flags dynamic,timeout; counter; gc-interval 5s; comment \"dd\"; }",
    "add set inet t d3 { type ipv4_addr; flags dynamic; limit rate 1/second; }",
    "add set inet t d4 { type ipv4_addr; flags dynamic; counter; quota 1 mbytes; }",
    "add set inet t d5 { type ipv4_addr; flags dynamic; quota over 10 kbytes; }",
    "add set inet t d6 { type ipv4_addr; flags dynamic; limit rate over 10 mbytes/minute burst 20 kbytes; }",
    "add set inet t d7 { type ipv4_addr; counter; elements = { 1.2.3.4 counter packets 5 bytes 6 } }",
    "add set inet t v1 { type icmp_type; elements = { echo-request, 77 } }",
    "add set inet t v2 { type icmpv6_type; elements = { echo-request, nd-neighbor-solicit } }",
    "add set inet t v3 { type ct_state; elements = { established|related, untracked, 0x10000 } }",
    "add set inet t v4 { type ct_status; elements = { snat|dnat, 0x8001 } }",
    "add set inet t v5 { type tcp_flag; elements = { 0, syn|ack|fin } }",
    "add set inet t v6 { type nf_proto; elements = { ipv6, 3 } }",
    "add set inet t v7 { type ct_dir; elements = { reply, 2 } }",
    "add set inet t v8 { type arp_op; elements = { reply, 99 } }",
    "add set inet t v9 { type pkt_type; elements = { 0, 1, 77 } }",
    "add set inet t w1 { type ether_type; elements = { 0x88cc, 5, vlan, ip6 } }",
    "add set inet t w2 { type iface_type; elements = { 772, 5 } }",
    "add set inet t w3 { type uid; elements = { 1234 } }; add set inet t w4 { type gid; elements = { 0 } }",
    "add set inet t w5 { type realm; elements = { 0, 77 } }",
    "add set inet t w6 { type devgroup; elements = { 0, 77 } }",
    "add set inet t w7 { type classid; elements = { ffff:ffff, 1:a } }",
    "add set inet t w8 { type iface_index; elements = { 99 } }",
    "add set inet t w9 { type icmp_type . inet_proto . ct_state . tcp_flag; }",
    "add element inet t w9 { echo-reply . tcp . new . syn }",
    "add map inet t x1 { type icmp_type : mark; elements = { echo-reply : 7 } }",
    "add map inet t x2 { type mark : icmp_type; elements = { 7 : echo-reply } }",
    "add set inet t i1 { type icmp_type; flags interval; elements = { 3-8, 13 } }",
    "add set inet t i2 { type inet_proto; flags interval; elements = { 6-17, 50 } }",
    "add set inet t i3 { type mark; flags interval; elements = { 0x10-0x17, 0x19-0x20 } }",
    "add set inet t i4 { type realm; flags interval; elements = { 16-23 } }",
    "add set inet t i5 { type ether_type; flags interval; elements = { 0x800-0x806 } }",
    "add set inet t i6 { type ct_state; flags interval; elements = { 1-7 } }",
    "delete counter inet t kc; delete quota inet t qc; delete limit inet t l1; delete set inet t d1",
    "delete quota inet t q; delete set inet t mac",
    "flush chain inet t c; delete chain inet t c",
    "flush ruleset",
    "add table ip the-end",
];

fn happen() {
    for change in CHANGES {
        nft(change);
    }
}

/// Without the rules, which ours prints in its own way, and their expressions.
fn without_rules(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.starts_with("  [ "))
        .filter(|line| line.split(' ').nth(1) != Some("rule") || line.starts_with("delete"))
        .collect()
}

/// Whether nft is of the release whose words are compared.
fn is_comparable() -> bool {
    let version = Command::new("nft").arg("--version").output();
    let known = version.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("v1.0.6"));
    if !known {
        eprintln!("not compared: nft 1.0.6 is not installed");
    }
    known
}

#[test]
fn what_happens_is_told_as_nft_tells_it() {
    nl_netns::isolate!(|| {
        if !is_comparable() {
            return;
        }
        let mut pairs = Vec::new();
        for words in [
            "",
            "tables",
            "chains",
            "sets",
            "elements",
            "new tables",
            "destroy chains",
            "new",
            "destroy",
            "new ruleset",
            "-a",
        ] {
            let name = words.replace(' ', "_");
            let (option, rest) = match words {
                "-a" => ("-a", ""),
                _ => ("", words),
            };
            let line = format!("nft {option} monitor {rest}");
            let theirs = Monitor::start(&line, &format!("nft-{name}"));
            let line = format!("nlctl monitor {option} nft {rest}");
            pairs.push((
                words,
                theirs,
                Monitor::start(&line, &format!("ours-{name}")),
            ));
        }
        let all = || pairs.iter().flat_map(|(_, theirs, ours)| [theirs, ours]);
        wait_until_at_rest(all());
        happen();
        wait_until_at_rest(all());
        for (words, theirs, ours) in pairs {
            let (theirs, ours) = (theirs.stop(), ours.stop());
            assert!(!ours.is_empty(), "{words}");
            let (theirs, ours) = (without_rules(&theirs), without_rules(&ours));
            for (n, (theirs, ours)) in theirs.iter().zip(&ours).enumerate() {
                assert_eq!(ours, theirs, "line {n} of monitor {words}");
            }
            assert_eq!(ours.len(), theirs.len(), "monitor {words}");
        }
    });
}

#[test]
fn json_has_nfts_keys() {
    nl_netns::isolate!(|| {
        if !is_comparable() {
            return;
        }
        let theirs = Monitor::start("nft -j monitor", "nft");
        let ours = Monitor::start("nlctl monitor -j nft", "ours");
        wait_until_at_rest([&theirs, &ours]);
        // A table with flags nft breaks its JSON off at.
        for change in CHANGES.iter().filter(|change| !change.contains("dormant")) {
            nft(change);
        }
        wait_until_at_rest([&theirs, &ours]);
        let (theirs, ours) = (theirs.stop(), ours.stop());
        let plain = |text: &str| -> Vec<String> {
            let lines = text.lines().map(|line| line.replace(": ", ":"));
            lines
                .map(|line| line.replace(", ", ","))
                // nft does not tell of this flag in JSON.
                .map(|line| line.replace("\"flags\":[\"dynamic\"],", ""))
                .map(|line| line.replace("\"dynamic\",", ""))
                .filter(|line| {
                    ["table", "chain", "counter", "quota", "set", "map"]
                        .iter()
                        .any(|kind| line.contains(&format!("\":{{\"{kind}\":{{")))
                })
                // Of what is gone nft makes up what it was.
                .filter(|line| {
                    !["quota", "set"]
                        .iter()
                        .any(|kind| line.starts_with(&format!("{{\"delete\":{{\"{kind}\"")))
                })
                .collect()
        };
        let (theirs, said) = (plain(&theirs), plain(&ours));
        for (theirs, ours) in theirs.iter().zip(&said) {
            assert_eq!(ours, theirs);
        }
        assert!(said.len() > 20 && said.len() == theirs.len());
        // Expressions as they are, and whose commits they are.
        let counter = "\"name\":\"counter\",\"data\":\"0c0001000000000000000000";
        assert!(ours.contains(counter), "{ours}");
        assert!(ours.contains("\"name\":\"nft\"}}"), "{ours}");
        // Of a set that belongs to a rule the rule tells.
        let added = ours.lines().filter(|line| line.starts_with("{\"add\""));
        assert!(added.clone().all(|line| !line.contains("\"name\":\"__set")));
        for line in ours.lines() {
            assert!(line.starts_with('{') && line.ends_with('}'), "{line}");
        }
    });
}

#[test]
fn rules_are_told_by_their_expressions() {
    nl_netns::isolate!(|| {
        let ours = Monitor::start("nlctl monitor nft rules", "ours");
        wait_until_at_rest([&ours]);
        let mut nf = Connection::<Netfilter>::open().unwrap();
        let rule = nl_netfilter::NewRule::new(Family::IP, "t", "c");
        let change = Transaction::new()
            .add(NewTable::new(Family::IP, "t"))
            .add(NewChain::new(Family::IP, "t", "c"))
            .add(rule.iifname("eth0").comment("why").drop());
        nf.commit(&change).unwrap();
        ours.wait_for("NFTA_VERDICT_CODE");
        let said = ours.stop();
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(lines[0], "add rule ip t c comment \"why\" # handle 2");
        assert_eq!(
            lines[1],
            "  [ {NFTA_EXPR_NAME: \"meta\", NFTA_EXPR_DATA: {NFTA_META_KEY: 6, NFTA_META_DREG: 1}} ]"
        );
        assert_eq!(lines.len(), 4, "{said}");
    });
}

#[test]
fn another_namespace_is_listened_to_by_its_name() {
    nl_netns::isolate!(|| {
        let run = |line: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_nlctl"));
            command.args(line.split(' ')).output().unwrap()
        };
        assert!(run("netns add red").status.success());
        let ours = Monitor::start("nlctl monitor -n red nft", "ours");
        let red = File::open("/run/netns/red").unwrap();
        let mut nf = Connection::<Netfilter>::open_in(red.as_fd()).unwrap();
        // It listens when it tells of one.
        let told = (0..200).any(|n| {
            let table = NewTable::new(Family::IP, &format!("red{n}"));
            nf.commit(&Transaction::new().add(table)).unwrap();
            std::thread::sleep(Duration::from_millis(50));
            ours.text().contains("add table ip red")
        });
        assert!(told, "{}", ours.text());
        ours.stop();
        let nope = run("monitor --netns nope nft");
        let said = String::from_utf8(nope.stderr).unwrap();
        assert_eq!(
            (nope.status.code(), said.as_str()),
            (
                Some(255),
                "Cannot open network namespace \"nope\": No such file or directory\n"
            )
        );
    });
}

/// A monitor that is not scheduled while thousands of commits come: the loss is told, it goes on, and knows the sets
/// of which it was not told.
#[test]
fn an_overrun_is_told_and_survived() {
    nl_netns::isolate!(|| {
        let ours = Monitor::start("nlctl monitor nft", "ours");
        let json = Monitor::start("nlctl monitor -j nft", "json");
        wait_until_at_rest([&ours, &json]);
        for monitor in [&ours, &json] {
            kill(monitor.pid(), Signal::SIGSTOP).unwrap();
        }
        let mut nf = Connection::<Netfilter>::open().unwrap();
        nf.commit(&Transaction::new().add(NewTable::new(Family::IP, "t")))
            .unwrap();
        for n in 0..6000 {
            let chain = NewChain::new(Family::IP, "t", &format!("c{n}"));
            nf.commit(&Transaction::new().add(chain)).unwrap();
        }
        let late = NewSet::new(Family::IP, "t", "late", DataType::IPV4_ADDR);
        nf.commit(&Transaction::new().add(late)).unwrap();
        for monitor in [&ours, &json] {
            kill(monitor.pid(), Signal::SIGCONT).unwrap();
        }
        ours.wait_for("# ERROR: We lost some netlink events!");
        json.wait_for("{\"object\":\"overrun\"}\n");
        // The kernel drops all until a monitor has read what it kept.
        wait_until_at_rest([&ours, &json]);
        assert!(!ours.text().contains("set ip t late"), "this one was lost");
        let element = SetElements::add(Family::IP, "t", "late", [Element::new([1, 2, 3, 4])]);
        nf.commit(&Transaction::new().add(element)).unwrap();
        wait_until_at_rest([&ours, &json]);
        let said = ours.stop();
        assert!(said.contains("\nadd element ip t late { 1.2.3.4 }\n"));
        assert!(json.stop().contains("{\"key\":\"01020304\"}"));
    });
}

#[test]
fn words_that_are_none_are_refused() {
    for (words, text) in [
        ("monitor nft rubbish", "invalid event rubbish"),
        ("monitor nft new destroy", "invalid event destroy"),
        ("monitor nft trace", "does not have"),
        ("monitor -j nft help", "Usage: nlctl monitor"),
        ("monitor rubbish", "ip monitor help"),
    ] {
        let out = Command::new(env!("CARGO_BIN_EXE_nlctl"))
            .args(words.split_whitespace())
            .output()
            .unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(
            !out.status.success() && said.contains(text),
            "{words}: {said}"
        );
    }
}
