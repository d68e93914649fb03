//! The macro that other crates' kernel tests stand on.

use std::fs;
use std::process::Command;

#[test]
fn body_runs_in_its_own_network_as_root() {
    let outside = fs::read_link("/proc/self/ns/net").unwrap();
    nl_netns::isolate!(|| {
        assert!(nix::unistd::geteuid().is_root());
        let devices = fs::read_to_string("/proc/self/net/dev").unwrap();
        let names: Vec<_> = devices
            .lines()
            .skip(2)
            .filter_map(|line| line.split(':').next())
            .collect();
        assert_eq!(
            names.iter().map(|name| name.trim()).collect::<Vec<_>>(),
            ["lo"]
        );
        // Kernel default: loopback is down, so there is no route to it.
        let refused = std::net::UdpSocket::bind("127.0.0.1:0")
            .and_then(|s| s.connect("127.0.0.1:9"))
            .unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::ENETUNREACH));
    });
    assert_eq!(outside, fs::read_link("/proc/self/ns/net").unwrap());
}

#[test]
fn sysctls_of_the_network_can_be_written() {
    nl_netns::isolate!(|| {
        let key = "/proc/sys/net/ipv4/ip_forward";
        let before = fs::read_to_string(key).unwrap();
        let after = if before.trim() == "0" { "1" } else { "0" };
        fs::write(key, after).unwrap();
        assert_eq!(fs::read_to_string(key).unwrap().trim(), after);
    });
}

#[test]
fn run_is_empty_and_writable() {
    nl_netns::isolate!(|| {
        assert_eq!(fs::read_dir("/run").unwrap().count(), 0);
        fs::write("/run/mine", "x").unwrap();
    });
    assert!(!fs::exists("/run/mine").unwrap());
}

#[test]
fn what_the_test_leaves_running_does_not_hold_it_up() {
    let begun = std::time::Instant::now();
    nl_netns::isolate!(|| {
        // Not waited for on purpose: its standard output stays open.
        #[allow(clippy::zombie_processes, reason = "leaving it behind is the test")]
        Command::new("sleep").arg("100").spawn().unwrap();
    });
    assert!(begun.elapsed().as_secs() < 50);
}

#[test]
#[should_panic(expected = "the body's own words")]
fn a_failing_body_fails_the_test_with_its_words() {
    nl_netns::isolate!(|| panic!("the body's own words"));
}

#[test]
fn each_of_several_bodies_runs_in_a_network_of_its_own() {
    nl_netns::isolate!(|| fs::write("/run/first", "").unwrap());
    nl_netns::isolate!(|| assert!(!fs::exists("/run/first").unwrap()));
}

#[test]
#[should_panic(expected = "the second body's words")]
fn the_second_body_runs_too() {
    nl_netns::isolate!(|| {});
    nl_netns::isolate!(|| panic!("the second body's words"));
}

#[test]
#[should_panic(expected = "twice")]
fn a_body_in_a_loop_is_refused() {
    for _ in 0..2 {
        nl_netns::isolate!(|| {});
    }
}

mod nested {
    #[test]
    fn modules_are_part_of_the_name() {
        nl_netns::isolate!(|| {});
    }
}
