//! `ip link` and `ip address` against answers that were written down: no ip is needed here.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::process::Command;

/// Runs nlctl's ip; exit code, standard output, standard error.
fn ip(line: &str) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nlctl"))
        .arg("ip")
        .args(line.split_whitespace())
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn done(line: &str) {
    assert_eq!(ip(line), (0, String::new(), String::new()), "{line}");
}

fn refused(line: &str, code: i32, text: &str) {
    assert_eq!(
        ip(line),
        (code, String::new(), format!("{text}\n")),
        "{line}"
    );
}

fn shows(line: &str, text: &str) {
    assert_eq!(ip(line), (0, text.to_owned(), String::new()), "{line}");
}

const PAIR: &str = "link add v0 address 02:00:00:00:00:01 index 10 type veth peer name v1 address 02:00:00:00:00:02 index 11";

#[test]
fn pair_is_shown_in_every_form() {
    nl_netns::isolate!(|| {
        done(PAIR);
        done("link set v0 alias uplink");
        done("addr add 10.0.0.1/24 brd + dev v0");
        shows(
            "link show v0",
            "10: v0@v1: <BROADCAST,MULTICAST,M-DOWN> mtu 1500 qdisc noop state DOWN mode DEFAULT group default qlen 1000\n    \
             link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n    alias uplink\n",
        );
        shows(
            "-o addr show v0",
            "10: v0    inet 10.0.0.1/24 brd 10.0.0.255 scope global v0\\       valid_lft forever preferred_lft forever\n",
        );
        shows(
            "-br addr show dev v0",
            "v0@v1            DOWN           10.0.0.1/24 \n",
        );
        shows(
            "-j -br link show v1",
            "[{\"link\":\"v0\",\"ifname\":\"v1\",\"operstate\":\"DOWN\",\"address\":\"02:00:00:00:00:02\",\
             \"flags\":[\"BROADCAST\",\"MULTICAST\",\"M-DOWN\"]}]\n",
        );
        shows(
            "-j -p -4 addr show v0",
            "[ {
        \"ifindex\": 10,
        \"link\": \"v1\",
        \"ifname\": \"v0\",
        \"flags\": [ \"BROADCAST\",\"MULTICAST\",\"M-DOWN\" ],
        \"mtu\": 1500,
        \"qdisc\": \"noop\",
        \"operstate\": \"DOWN\",
        \"group\": \"default\",
        \"txqlen\": 1000,
        \"addr_info\": [ {
                \"family\": \"inet\",
                \"local\": \"10.0.0.1\",
                \"prefixlen\": 24,
                \"broadcast\": \"10.0.0.255\",
                \"scope\": \"global\",
                \"label\": \"v0\",
                \"valid_life_time\": 4294967295,
                \"preferred_life_time\": 4294967295
            } ]
    } ]
",
        );
    });
}

#[test]
fn mistakes_get_ips_sentences_and_change_nothing() {
    nl_netns::isolate!(|| {
        done(PAIR);
        let before = ip("-d addr");
        refused("link show nope", 1, "Device \"nope\" does not exist.");
        refused("link set nope up", 1, "Cannot find device \"nope\"");
        refused("link add v0 type veth", 2, "RTNETLINK answers: File exists");
        refused("link add x type nope", 2, "Error: Unknown device type.");
        refused(
            "link add abcdefghijklmnop type veth",
            2,
            "Error: Attribute failed policy validation.",
        );
        refused(
            "link set v0 mtu",
            255,
            "Command line is not complete. Try option \"help\"",
        );
        refused(
            "link set v0 mtu x",
            255,
            "Error: argument \"x\" is wrong: Invalid \"mtu\" value\n",
        );
        refused(
            "link set v0 mtu 1",
            2,
            "Error: mtu less than device minimum.",
        );
        refused(
            "link set v0 address 1:2",
            1,
            "Invalid address length 2 - must be 6 bytes",
        );
        refused(
            "link set v0 address 0:1:2:3:4:zz",
            1,
            "\"zz\" is invalid lladdr.",
        );
        refused(
            "link set v0 garbage",
            255,
            "Error: either \"dev\" is duplicate, or \"garbage\" is a garbage.",
        );
        refused(
            "link set v0 netns nope",
            255,
            "Error: argument \"nope\" is wrong: Invalid \"netns\" value\n",
        );
        refused(
            "addr add 10.0.0.1/33 dev v0",
            1,
            "Error: any valid prefix is expected rather than \"10.0.0.1/33\".",
        );
        refused(
            "addr add 10.0.0.1/24",
            1,
            "Not enough information: \"dev\" argument is required.",
        );
        refused(
            "addr del 10.0.0.1/24 dev v0",
            2,
            "Error: ipv4: Address not found.",
        );
        refused("nope", 1, "Object \"nope\" is unknown, try \"ip help\".");
        refused(
            "link nope",
            255,
            "Command \"nope\" is unknown, try \"ip link help\".",
        );
        refused(
            "-n nope link",
            255,
            "Cannot open network namespace \"nope\": No such file or directory",
        );
        assert_eq!(ip("-d addr"), before);
    });
}

#[test]
fn batch_stops_at_the_first_failure_unless_forced() {
    nl_netns::isolate!(|| {
        fs::write(
            "/run/commands",
            format!("# two ends\n{PAIR}\nlink set \\\n  nope up\nlink set v1 mtu 1400\n"),
        )
        .unwrap();
        let said = "Cannot find device \"nope\"\nCommand failed /run/commands:4";
        refused("-batch /run/commands", 1, said);
        assert!(ip("link show v1").1.contains("mtu 1500"));
        done("link del v0");
        refused("-force -batch /run/commands", 1, said);
        assert!(ip("link show v1").1.contains("mtu 1400"));
    });
}

#[test]
fn bridge_and_its_port_in_detail() {
    nl_netns::isolate!(|| {
        done(PAIR);
        done(
            "link add br0 index 12 address 02:00:00:00:00:03 type bridge stp_state 1 ageing_time 500",
        );
        done("link set v0 master br0");
        done("link set v0 type bridge_slave cost 9 isolated on");
        let (_, bridge, _) = ip("-d link show br0");
        assert!(bridge.contains("\n    bridge forward_delay 1500 hello_time 200 max_age 2000 ageing_time 500 stp_state 1 "));
        let (_, port, _) = ip("-d -j link show v0");
        assert!(port.contains("\"info_slave_kind\":\"bridge\",\"info_slave_data\":{\"state\":\"disabled\",\"priority\":32,\"cost\":9,"));
        assert!(port.contains("\"isolated\":true"));
    });
}
