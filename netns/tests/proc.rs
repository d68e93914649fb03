//! What /proc tells, beside lsns where it is installed.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use nl_netns::proc::{self, Kind};
use nl_netns::{isolate, named};

#[test]
fn own_process_is_in_one_namespace_of_each_type() {
    let own = std::process::id();
    let listed = proc::list().unwrap();
    let mut seen = 0;
    for (kind, ino) in proc::of_process(own) {
        let entry = listed
            .iter()
            .find(|entry| (entry.kind, entry.ino) == (kind, ino))
            .unwrap();
        assert!(entry.pids.contains(&own));
        assert!(entry.pids.is_sorted());
        seen += 1;
        let link = fs::read_link(format!("/proc/self/ns/{}", kind.name())).unwrap();
        assert_eq!(
            link.display().to_string(),
            format!("{}:[{ino}]", kind.name())
        );
    }
    assert_eq!(seen, Kind::ALL.len());
}

#[test]
fn a_name_keeps_a_namespace_without_processes() {
    isolate!(|| {
        let red = named::create("red").unwrap();
        let entry = |ino| {
            proc::list()
                .unwrap()
                .into_iter()
                .find(|entry| entry.ino == ino)
                .unwrap()
        };
        let empty = entry(red.id().ino);
        assert_eq!((empty.kind, empty.pids.len()), (Kind::Net, 0));
        assert_eq!(empty.mounts, [std::path::Path::new("/run/netns/red")]);

        let mut sleeper = red.command("sleep").unwrap().arg("100").spawn().unwrap();
        let inside = entry(red.id().ino);
        assert_eq!(
            (inside.pids, inside.command.as_str()),
            (vec![sleeper.id()], "sleep 100")
        );
        assert_eq!(
            (inside.uid, inside.parent),
            (Some(0), Some(std::process::id()))
        );
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
    });
}

#[test]
fn lsns_sees_the_same() {
    isolate!(|| {
        let list = || {
            Command::new("lsns")
                .args(["-l", "-r", "-n", "-o", "NS,TYPE,PID,COMMAND"])
                .output()
        };
        if list().is_err() {
            println!("skipped: no lsns to compare with");
            return;
        }
        let red = named::create("red").unwrap();
        let mut sleeper = red.command("sleep").unwrap().arg("100").spawn().unwrap();
        let theirs = list().unwrap();
        let ours = proc::list().unwrap();
        let ours: BTreeMap<u64, _> = ours.iter().map(|entry| (entry.ino, entry)).collect();
        let theirs = String::from_utf8(theirs.stdout).unwrap();
        // Of the namespaces that this test made; others come and go while both programs look.
        for ino in
            proc::of_process(sleeper.id()).filter(|(kind, _)| [Kind::Net, Kind::Mnt].contains(kind))
        {
            let entry = ours[&ino.1];
            let want = format!(
                "{} {} {} sleep\\x20100",
                entry.ino,
                entry.kind.name(),
                sleeper.id()
            );
            assert!(theirs.lines().any(|line| line == want), "{want}\n{theirs}");
        }
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
    });
}

#[test]
fn users_have_names() {
    assert_eq!(proc::user_name(0).as_deref(), Some("root"));
    assert_eq!(proc::user_name(3_999_999_999), None);
}
