//! nft, for comparison.
#![allow(dead_code, reason = "each test uses some of it")]
#![allow(
    clippy::unwrap_used,
    reason = "test code, which clippy does not see as such"
)]

use std::io::Write;
use std::process::{Command, Stdio};

/// What nft prints; the test fails if it is not installed or fails.
pub(crate) fn nft(args: &[&str]) -> String {
    let out = Command::new("nft")
        .args(args)
        .output()
        .expect("this test compares with nft: install nftables");
    assert!(out.status.success(), "nft {args:?}: {out:?}");
    String::from_utf8(out.stdout).unwrap()
}

/// Has nft do what a script says.
pub(crate) fn nft_file(script: &str) {
    let mut child = Command::new("nft")
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("this test compares with nft: install nftables");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(script.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success(), "nft -f: {script}");
}

/// What nft lists of an object, from its second line on, which does not name the table.
pub(crate) fn list(what: &[&str]) -> String {
    let listed = nft(&[&["list"], what].concat());
    listed.split_once('\n').unwrap().1.to_owned()
}
