//! nlctl's `ip` beside iproute2's: the same commands in two namespaces that are made alike, and the same answers.
//!
//! The commands are in `tests/ip/*.commands`. Usage texts are our own and not compared.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::process::{Command, Output};

use nl_netns::Namespace;
use regex_lite::Regex;

/// The release whose output is ours; others differ.
const RELEASE: &str = "iproute2-6.1.0";

/// Whether the ip to compare with is here.
fn has_ip() -> bool {
    let version = Command::new("ip").arg("-V").output();
    let is_ours =
        version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(RELEASE));
    if !is_ours {
        eprintln!("skipped: no ip of {RELEASE} to compare with");
    }
    is_ours
}

/// The words of a line; quotes only keep an empty word or blanks together.
fn words(line: &str) -> Vec<String> {
    let quoted = Regex::new(r#"'([^']*)'|"([^"]*)"|(\S+)"#).unwrap();
    quoted
        .captures_iter(line)
        .filter_map(|found| {
            found
                .iter()
                .skip(1)
                .flatten()
                .next()
                .map(|word| word.as_str().to_owned())
        })
        .collect()
}

fn run(netns: &Namespace, program: &[&str], line: &str) -> Output {
    let (first, rest) = program.split_first().unwrap();
    netns
        .run(|| {
            Command::new(first)
                .args(rest)
                .args(words(line))
                .env_remove("COLORFGBG")
                .output()
        })
        .unwrap()
        .unwrap()
}

/// What cannot be the same in both: addresses that the kernel makes up, and timers.
fn comparable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mac = Regex::new(r"([0-9a-f]{2}:){5}[0-9a-f]{2}").unwrap();
    let id = Regex::new(r"[0-9a-f]{4}\.([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}").unwrap();
    let timer = Regex::new(r#"(_timer"?:? +)[0-9.]+"#).unwrap();
    let text = id.replace_all(&text, "ID");
    let text = mac.replace_all(&text, "MAC");
    let text = timer.replace_all(&text, "${1}TIME").into_owned();
    match text.find("Usage: ") {
        Some(usage) => text[..usage].to_owned(),
        None => text,
    }
}

fn compare(commands: &str) {
    let (theirs, ours) = (Namespace::new().unwrap(), Namespace::new().unwrap());
    let mut different = Vec::new();
    for line in commands
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let wanted = run(&theirs, &["ip"], line);
        let got = run(&ours, &[env!("CARGO_BIN_EXE_nlctl"), "ip"], line);
        let [wanted, got] = [wanted, got].map(|output| {
            format!(
                "exit {:?}\n{}{}",
                output.status.code(),
                comparable(&output.stdout),
                comparable(&output.stderr)
            )
        });
        if wanted != got {
            different.push(format!("ip {line}\n--- ip\n{wanted}\n--- nlctl\n{got}"));
        }
    }
    assert!(
        different.is_empty(),
        "{} differ:\n\n{}",
        different.len(),
        different.join("\n\n")
    );
}

#[test]
fn link_commands_answer_as_ip_does() {
    nl_netns::isolate!(|| if has_ip() {
        compare(include_str!("ip/link.commands"));
    });
}

#[test]
fn address_commands_answer_as_ip_does() {
    nl_netns::isolate!(|| if has_ip() {
        compare(include_str!("ip/address.commands"));
    });
}
