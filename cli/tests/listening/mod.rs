//! When monitors have listed what there was, and told all that has happened: they sleep, and nothing waits for them.

use std::process::Child;
use std::time::{Duration, Instant};

use nix::libc;

/// In what monitors sleep until something happens: ours, nft's, ip's.
const WAITS: [libc::c_long; 3] = [libc::SYS_ppoll, libc::SYS_pselect6, libc::SYS_recvmsg];

/// Waits until as many sockets of a netlink protocol as there are monitors have joined groups, all that was sent to
/// them is read, and the monitors wait for more.
pub(crate) fn wait_until_at_rest(protocol: i32, monitors: &[&Child]) {
    let end = Instant::now() + Duration::from_secs(30);
    // In this order: who sleeps while nothing waits has told all.
    while unread(protocol).len() < monitors.len()
        || unread(protocol).iter().any(|bytes| *bytes > 0)
        || !monitors.iter().all(|monitor| sleeps(monitor))
    {
        assert!(Instant::now() < end, "a monitor does not come to rest");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How many bytes wait at each socket that has joined a group here.
fn unread(protocol: i32) -> Vec<u64> {
    let table = std::fs::read_to_string("/proc/thread-self/net/netlink").unwrap();
    let rows = table.lines().skip(1);
    rows.filter_map(|row| {
        let columns: Vec<_> = row.split_whitespace().collect();
        let [_, of, _, groups, bytes, ..] = *columns.as_slice() else {
            return None;
        };
        let joined = of == protocol.to_string() && groups != "00000000";
        joined.then(|| bytes.parse().unwrap())
    })
    .collect()
}

/// Whether a process sleeps in one of those calls; a dump's answer is there when it is read, and sleeps in none.
fn sleeps(monitor: &Child) -> bool {
    let process = format!("/proc/{}", monitor.id());
    let stat = std::fs::read_to_string(format!("{process}/stat")).unwrap();
    let state = stat.rsplit_once(") ").unwrap().1.chars().next();
    assert_ne!(state, Some('Z'), "a monitor has ended");
    let call = std::fs::read_to_string(format!("{process}/syscall")).unwrap();
    let call = call.split(' ').next().unwrap().trim();
    state == Some('S') && WAITS.iter().any(|wait| call == wait.to_string())
}
