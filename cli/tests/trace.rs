//! `--trace`, `--dry-run` and `decode`, against the running kernel.

use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

fn nlctl(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nlctl"));
    command.args(words.split(' '));
    command
}

fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn routes() -> String {
    text(&nlctl("ip route show table 7").output().expect("it starts")).0
}

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    nl_netns::isolate!(|| {
        assert!(nlctl("ip link set lo up").status().unwrap().success());
        let output = nlctl("--dry-run ip route add 192.0.2.0/24 dev lo mtu 1400 table 7")
            .output()
            .unwrap();
        let (shown, errors) = text(&output);
        assert!(output.status.success(), "{errors}");
        assert!(
            shown.starts_with("# RTM_NEWROUTE len "),
            "the lookup of lo is not shown: {shown}"
        );
        assert!(shown.contains("#   RTA_METRICS:\n#     RTAX_MTU: 1400\n0000: "));
        assert_eq!(routes(), "");
        for flush in ["ip route flush table local", "ip addr flush dev lo"] {
            let output = nlctl(&format!("--dry-run {flush}")).output().unwrap();
            assert!(output.status.success(), "{flush}: {output:?}");
            assert!(text(&output).0.starts_with("# RTM_DEL"), "{flush}");
        }
        let addrs = nlctl("ip -4 -br addr show dev lo").output().unwrap();
        assert!(text(&addrs).0.contains("127.0.0.1/8"));
    });
}

#[test]
fn a_dry_run_that_nobody_sees_has_failed() {
    nl_netns::isolate!(|| {
        let full = || {
            std::fs::File::options()
                .write(true)
                .open("/dev/full")
                .unwrap()
        };
        std::fs::write("/run/lines", "link set lo up\nlink set lo mtu 1400\n").unwrap();
        for words in [
            "ip link set lo up",
            "ip -batch /run/lines",
            "iptables -A INPUT -j DROP",
        ] {
            let mut command = nlctl(&format!("--dry-run {words}"));
            let output = command.stdout(full()).output().unwrap();
            let said = text(&output).1;
            assert_eq!(
                (output.status.code(), said.as_str()),
                (Some(1), "write error: No space left on device\n"),
                "{words}"
            );
        }
        // The applet's own failure is the one to tell.
        let mut command = nlctl("--dry-run ip link set nope up");
        let output = command.stdout(full()).output().unwrap();
        assert_eq!(text(&output).1, "Cannot find device \"nope\"\n");
    });
}

#[test]
fn what_is_no_netlink_knows_no_dry_run() {
    for words in [
        "--dry-run sysctl -w net.ipv4.ip_forward=1",
        "--dry-run unshare true",
        "--dry-run ip netns add nlctl-dry-run",
        "--dry-run ip route flush cache",
    ] {
        let output = nlctl(words).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(text(&output).1.contains("knows no dry run"), "{words}");
    }
    assert!(!std::path::Path::new("/run/netns/nlctl-dry-run").exists());
}

#[test]
fn the_environment_traces_an_applet_by_its_own_name() {
    nl_netns::isolate!(|| {
        let mut command = nlctl("link set lo mtu 1400");
        let output = command.arg0("ip").env("NLCTL_TRACE", "1").output().unwrap();
        let (shown, traced) = text(&output);
        assert!(output.status.success(), "{traced}");
        assert_eq!(shown, "");
        for part in [
            "-- sent, ",
            "\n  IFLA_MTU: 1400\n-- received, ",
            "acknowledged to RTM_NEWLINK\n",
            "\n  IFLA_AF_SPEC:\n    AF_INET:\n      IFLA_INET_CONF: 0x",
        ] {
            assert!(traced.contains(part), "{part:?} in {traced}");
        }
        assert!(!traced.contains("U32("), "{traced}");
        let silent = nlctl("ip link").env("NLCTL_TRACE", "0").output().unwrap();
        assert_eq!(text(&silent).1, "");
    });
}

/// What may be changed, as far as a list shows it.
fn state() -> String {
    let lists = [
        "ip -d link show",
        "ip addr show",
        "ip -4 route show table all",
        "ip -6 route show table all",
        "ip rule show",
        "ip -6 rule show",
        "ip neigh show nud all",
        "ip nexthop show",
        "ip maddress show",
        "ip netns list",
        "iptables -S",
        "sysctl net.ipv4.ip_forward",
    ];
    let show = |words: &&str| text(&nlctl(words).output().expect("it starts")).0;
    lists.iter().map(show).collect()
}

/// Those that show what they would send, and send nothing.
const SHOWN: &[&str] = &[
    "ip -batch /run/lines",
    "ip -force -batch /run/lines",
    "ip link add q0 type veth peer name q1",
    "ip link set v0 down",
    "ip link set v0 name other",
    "ip link set v0 netns red",
    "ip link set group 0 down",
    "ip link del v0",
    "ip link property add dev v0 altname long",
    "ip -n red link set lo up",
    "ip addr add 10.6.0.1/24 dev v0",
    "ip addr del 10.0.0.1/24 dev v0",
    "ip addr flush dev v0",
    "ip route add 20.3.0.0/24 dev v0",
    "ip route del 20.0.9.0/24",
    "ip route flush table 100",
    "ip route load /run/routes table 100",
    "ip route load --replace /run/routes table 100",
    "ip route load --sync /run/routes table 100",
    "route load --sync /run/none table 100",
    "ip rule add from 5.5.5.5 table 7",
    "ip rule del from 1.2.3.4",
    "ip rule flush",
    "ip neigh add 10.0.0.10 lladdr 2:0:0:0:0:9 dev v0",
    "ip neigh del 10.0.0.9 dev v0",
    "ip neigh flush dev v0 nud permanent",
    "ip nexthop add id 9 blackhole",
    "ip nexthop del id 3",
    "ip nexthop flush",
    "ip netns set red 7",
    "iptables -A INPUT -s 9.9.9.9 -j ACCEPT",
    "iptables -D INPUT -s 1.2.3.4 -j DROP",
    "iptables -F",
    "iptables -P INPUT DROP",
];

/// Those that do more than send, and say that they do not do it dry.
const REFUSED: &[&str] = &[
    "ip maddress add 33:33:00:00:00:05 dev v0",
    "ip maddress del 33:33:00:00:00:06 dev v0",
    "ip netns add blue",
    "ip netns del red",
    "ip -all netns del",
    "ip netns attach blue 1",
    "ip netns exec red true",
    "netns add blue",
    "ip route flush cache",
    "sysctl -w net.ipv4.ip_forward=1",
    "unshare true",
    "sandbox true",
    "applets /run",
    "ping -c 1 127.0.0.1",
    "monitor",
];

#[test]
fn nothing_is_changed_in_a_dry_run() {
    nl_netns::isolate!(|| {
        // No address by itself, whose appearance would be a matter of time.
        std::fs::write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1").unwrap();
        for words in [
            "ip link add v0 type veth peer name v1",
            "ip link set lo up",
            "ip link set v0 up",
            "ip link set v1 up",
            "ip addr add 10.0.0.1/24 dev v0",
            "ip route add 20.0.0.0/24 via 10.0.0.2 table 100",
            "ip route add 20.0.9.0/24 dev v0",
            "ip rule add from 1.2.3.4 table 100",
            "ip neigh add 10.0.0.9 lladdr 2:0:0:0:0:9 dev v0",
            "ip nexthop add id 3 via 10.0.0.3 dev v0",
            "ip maddress add 33:33:00:00:00:06 dev v0",
            "ip netns add red",
            "iptables -A INPUT -s 1.2.3.4 -j DROP",
        ] {
            let output = nlctl(words).output().unwrap();
            assert!(output.status.success(), "{words}: {output:?}");
        }
        std::fs::write(
            "/run/lines",
            "route add 20.1.0.0/24 dev v0\nlink add q0 type bridge\n",
        )
        .unwrap();
        std::fs::write(
            "/run/routes",
            "20.0.0.0/24 via 10.0.0.3\n20.0.1.0/24 dev v1\n",
        )
        .unwrap();
        std::fs::write("/run/none", "").unwrap();
        // The operational state follows the carrier when it likes.
        let settled = (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            let links = nlctl("ip link show").output().unwrap();
            text(&links).0.matches("state UP").count() == 2
        });
        assert!(settled);
        let before = state();
        for words in SHOWN {
            let output = nlctl(&format!("--dry-run {words}")).output().unwrap();
            let (shown, errors) = text(&output);
            assert!(output.status.success(), "{words}: {errors}");
            let is_shown = shown.starts_with("# RTM_") || shown.starts_with("# NFNL_");
            assert!(is_shown && shown.contains("\n0000: "), "{words}: {shown}");
            assert_eq!(state(), before, "{words}");
        }
        for words in REFUSED {
            let output = nlctl(&format!("--dry-run {words}")).output().unwrap();
            let (shown, errors) = text(&output);
            assert_eq!(
                (output.status.code(), shown.as_str()),
                (Some(2), ""),
                "{words}"
            );
            assert!(errors.contains("no dry run"), "{words}: {errors}");
            assert_eq!(state(), before, "{words}");
        }
        // A line that needs the one before it is told why it fails.
        std::fs::write("/run/lines", "link add q0 type bridge\nlink set q0 up\n").unwrap();
        let output = nlctl("--dry-run ip -batch /run/lines").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output).1.contains("in a dry run no line finds"));
        assert_eq!(state(), before);
        // What was shown is what would be sent: read back, and done.
        let output = nlctl("--dry-run ip route load --sync /run/routes table 100")
            .output()
            .unwrap();
        let shown = text(&output).0;
        std::fs::write("/run/shown", &shown).unwrap();
        let decoded = text(&nlctl("decode /run/shown").output().unwrap()).0;
        let types = |text: &str| text.matches("RTM_NEWROUTE len ").count();
        assert_eq!((types(&decoded), types(&shown)), (2, 2), "{decoded}");
    });
}
