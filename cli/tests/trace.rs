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
