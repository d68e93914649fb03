//! `nlctl decode` on captures of every form, on the fuzz corpus, and on bytes at random.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use nl_core::fuzzing::replay;
use nlctl::decode::{decode, fuzz};
use proptest::prelude::*;

const ROUTE: &str = "3800000018000506020000000000000002180000fe03fd0100000000080001000a0000000800040003000000\
                     0c0008000800020078050000";

fn decoded(input: &[u8]) -> Result<String, String> {
    let mut out = Vec::new();
    match decode(input, None, &mut out) {
        Ok(()) => Ok(String::from_utf8_lossy(&out).into_owned()),
        Err(failure) => Err(failure.text().to_owned()),
    }
}

fn route() -> Vec<u8> {
    let pairs = ROUTE.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// A capture in `tests/decode`.
fn capture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/decode/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("the capture is there")
}

fn corpus(name: &str) -> Vec<u8> {
    let path = format!(
        "{}/../fuzz/corpus/decode/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read(path).expect("the corpus is there")
}

/// The lines that are not attributes.
fn heads(text: &str) -> Vec<&str> {
    let mut lines = text.lines();
    lines
        .by_ref()
        .filter(|line| !line.starts_with("  ") && !line.is_empty())
        .collect()
}

/// What is printed, without the lines that say where a datagram was seen.
fn messages(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("-- "));
    lines.fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "{line}");
        all
    })
}

#[test]
fn the_corpus_has_no_finding() {
    assert!(replay("decode", fuzz) > 10);
}

#[test]
fn every_form_of_the_corpus_has_the_same_route() {
    let want = decoded(ROUTE.as_bytes()).expect("a route");
    assert!(want.starts_with("RTM_NEWROUTE len 56 "), "{want}");
    assert!(want.contains("\n  RTA_METRICS:\n    RTAX_MTU: 1400\n"));
    for (file, label) in [
        ("hex_colons", ""),
        ("xxd", ""),
        ("hexdump", ""),
        ("od", ""),
        ("c_array", ""),
        ("strace_string", "-- sent, 56 bytes, fd 3\n"),
        ("pcap_be_ns", "-- packet 1, 56 bytes\n"),
        ("pcapng_two_links", "-- packet 2, 56 bytes\n"),
    ] {
        assert_eq!(
            decoded(&corpus(file)),
            Ok(format!("{label}{want}")),
            "{file}"
        );
    }
}

#[test]
fn the_header_of_a_capture_tells_nfnetlink() {
    let text = decoded(&corpus("pcap_le")).expect("a capture");
    assert!(
        text.contains("\n\n-- packet 2, 20 bytes\nNFNL_MSG_BATCH_BEGIN len 20 "),
        "{text}"
    );
}

#[test]
fn a_batch_without_a_capture_is_nfnetlink() {
    let begin = "1c000000 10000100 04000000 00000000 0000000a 08000100 00000001";
    let text = decoded(begin.as_bytes()).expect("a batch");
    assert!(text.contains("NFNL_BATCH_GENID: 1\n"), "{text}");
}

#[test]
fn a_dump_of_strace_is_told_by_call() {
    let text = decoded(&capture("strace_iov_dump")).expect("a trace");
    assert_eq!(
        heads(&text),
        [
            "-- sent, 32 bytes, fd 3",
            "RTM_DELLINK len 32 seq 1 port 0 flags REQUEST|ACK",
            // Looked at before, and not printed twice.
            "-- received, 52 bytes, fd 3",
            "NLMSG_ERROR len 52 seq 1 port 20981",
            "-- sent, 32 bytes, fd 3",
            "RTM_DELLINK len 32 seq 2 port 0 flags REQUEST|ACK",
            // What strace dumped behind the buffer is no message.
            "-- received, 20 of 52 bytes, fd 3",
            "impossible message length at byte 0: 34000000 02000000 02000000 f5510000 edffffff",
            "-- sent, 32 bytes, fd 3",
            "RTM_DELLINK len 32 seq 3 port 0 flags REQUEST|ACK",
            "-- sent, 32 bytes, fd 3",
            "RTM_DELLINK len 32 seq 3 port 0 flags REQUEST|ACK",
            "-- received, 52 bytes, fd 3",
            "NLMSG_ERROR len 52 seq 3 port 20981",
            "-- received, 52 bytes, fd 3",
            "NLMSG_ERROR len 52 seq 3 port 20981",
            "-- sent, 32 bytes, fd 3",
            "RTM_DELLINK len 32 seq 4 port 0 flags REQUEST|ACK",
            "-- received, 52 bytes, fd 3",
            "NLMSG_ERROR len 52 seq 4 port 20981",
            "-- not sent: EINVAL, 16 bytes, fd 3",
            "impossible message length at byte 0: 09000000 10000500 04000000 00000000",
        ]
    );
    assert!(text.contains("\n  ENODEV (No such device) to RTM_DELLINK"));
}

#[test]
fn strings_of_strace_are_told_by_call() {
    let text = decoded(&capture("strace_iov_xx")).expect("a trace");
    let dump = decoded(&capture("strace_iov_dump")).expect("a trace");
    let text = text.replace("port 20986", "port 20981");
    // The same, but for what strace put into words.
    let (text, dump) = (heads(&text), heads(&dump));
    assert_eq!((&text[..6], &text[7..19]), (&dump[..6], &dump[8..20]));
    assert_eq!(text[6], "-- received, 52 bytes, fd 3: strace kept no bytes");
    assert_eq!(text[19], "-- not sent: EINVAL, fd 3: strace kept no bytes");
    assert_eq!(text.len(), 20);
}

#[test]
fn strings_that_strace_cut_short_are_decoded_as_far_as_they_go() {
    let text = decoded(&capture("strace_iov")).expect("a trace");
    assert!(
        text.contains(
            "\n-- received, 32 of 52 bytes, fd 3; strace cut the string short, run it with -s 65536\n"
        ),
        "{text}"
    );
    assert_eq!(text.matches("RTM_DELLINK len 32 seq").count(), 5);
}

#[test]
fn calls_of_threads_that_interrupt_each_other_are_put_together() {
    let text = decoded(&capture("strace_threads")).expect("a trace");
    let heads = heads(&text);
    for (fd, seq) in [(3, 0), (4, 10), (5, 20)] {
        let label = format!(", fd {fd}, process ");
        let of_thread: Vec<_> = heads
            .chunks(2)
            .filter(|head| head[0].contains(&label))
            .collect();
        let want = ["sent", "received", "sent", "received"];
        assert_eq!(of_thread.len(), want.len(), "{text}");
        for (i, (head, way)) in of_thread.into_iter().zip(want).enumerate() {
            assert!(head[0].starts_with(&format!("-- {way}, ")), "{head:?}");
            let seq = format!(" seq {} ", seq + i / 2);
            assert!(head[1].contains(&seq), "{head:?}");
        }
    }
}

#[test]
fn the_protocol_comes_from_socket_or_from_yy() {
    let nft = String::from_utf8(capture("nft")).expect("text");
    let text = decoded(nft.as_bytes()).expect("a trace");
    assert!(
        text.contains("-- sent, 76 bytes, fd 3, process 19105\nNFNL_MSG_BATCH_BEGIN "),
        "{text}"
    );
    assert!(text.contains("\n  NFTA_TABLE_NAME: \"t\"\n"), "{text}");
    let other = nft
        .replace("NETLINK_NETFILTER", "NETLINK_GENERIC")
        .replace("[NETFILTER:", "[GENERIC:");
    let text = decoded(other.as_bytes()).expect("a trace");
    assert!(
        text.contains(
            "-- sent, 20 bytes, NETLINK_GENERIC, fd 3, process 19105\nmessage type 2576 "
        ),
        "{text}"
    );
    // Not netlink at all.
    let other = nft.replace("NETLINK", "UNIX-STREAM");
    assert_eq!(decoded(other.as_bytes()), Ok(String::new()));
}

#[test]
fn what_strace_put_into_words_is_refused_with_what_to_do() {
    let error = decoded(&capture("ip")).unwrap_err();
    assert!(
        error.contains("run it with -e read=all -e write=all"),
        "{error}"
    );
    let raw =
        "socket(AF_NETLINK, 0x3, 0x10) = 0x4\nsendto(0x4, 0x7ffb141dfc0, 0x20, 0, 0, 0) = 0x20\n";
    assert!(decoded(raw.as_bytes()).unwrap_err().contains("read=all"));
    let short = "sendto(3, [{nlmsg_len=20, nlmsg_type=0x12}, \"\\x61\"...], 20) = 20\n";
    assert!(decoded(short.as_bytes()).unwrap_err().contains("read=all"));
}

/// One line that looks like a call is no reason to pass over all that follows and say nothing.
#[test]
fn bytes_behind_a_line_that_looks_like_a_call_are_not_lost_in_silence() {
    let said =
        "nlctl: line 2: this is no line of strace's, as others are, and those have no messages";
    for before in ["foo(1) = 3\n", "+++ exited with 0 +++\n"] {
        assert_eq!(
            decoded(format!("{before}{ROUTE}\n").as_bytes()),
            Err(said.to_owned())
        );
    }
    let both = decoded(format!("{ROUTE}\nfoo(1) = 3\n{ROUTE}\n").as_bytes());
    assert_eq!(both, Err(said.replace("line 2", "line 3")));
    // A trace without messages is one.
    let trace = "execve(\"/bin/true\", [\"true\"], 0x7ffe /* 9 vars */) = 0\n\nbrk(NULL) = 0x55\n";
    assert_eq!(decoded(trace.as_bytes()), Ok(String::new()));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let marked = format!("\u{feff}{ROUTE}\n");
    assert_eq!(decoded(marked.as_bytes()), decoded(ROUTE.as_bytes()));
    assert_eq!(decoded("\u{feff}".as_bytes()), Ok(String::new()));
}

#[test]
fn what_is_only_looked_at_is_printed_if_nothing_follows() {
    let trace = String::from_utf8(capture("strace_iov_dump")).expect("text");
    let begin = trace.find("recvmsg(").expect("the peek");
    let end = begin + trace[begin..].find("sendmsg(").expect("the next request");
    let second = begin + 7 + trace[begin + 7..].find("recvmsg(").expect("the reading");
    let peek = decoded(&trace.as_bytes()[begin..second]).expect("a trace");
    assert!(peek.starts_with("-- looked at, 52 bytes, fd 3\n"), "{peek}");
    let both = decoded(&trace.as_bytes()[begin..end]).expect("a trace");
    assert_eq!(messages(&both), messages(&peek));
    assert_eq!(heads(&both).len(), 2);
}

/// Blocks of a pcapng file.
struct Blocks {
    big: bool,
    file: Vec<u8>,
}

impl Blocks {
    fn new(big: bool) -> Self {
        let mut blocks = Self {
            big,
            file: Vec::new(),
        };
        let mut body = blocks.numbers(&[0x1a2b_3c4d]);
        body.extend(blocks.shorts(&[1, 0]));
        body.extend([0xff; 8]);
        blocks.add(0x0a0d_0d0a, &body);
        blocks
    }

    fn numbers(&self, numbers: &[u32]) -> Vec<u8> {
        let order = |n: &u32| {
            if self.big {
                n.to_be_bytes()
            } else {
                n.to_le_bytes()
            }
        };
        numbers.iter().flat_map(order).collect()
    }

    fn shorts(&self, numbers: &[u16]) -> Vec<u8> {
        let order = |n: &u16| {
            if self.big {
                n.to_be_bytes()
            } else {
                n.to_le_bytes()
            }
        };
        numbers.iter().flat_map(order).collect()
    }

    fn add(&mut self, kind: u32, body: &[u8]) {
        let padded = body.len().next_multiple_of(4);
        let len = u32::try_from(padded + 12).unwrap();
        self.file.extend(self.numbers(&[kind, len]));
        self.file.extend(body);
        self.file.resize(self.file.len() + padded - body.len(), 0);
        self.file.extend(self.numbers(&[len]));
    }

    /// A link, with an option.
    fn link(&mut self, link_type: u16, snaplen: u32) {
        let mut body = self.shorts(&[link_type, 0]);
        body.extend(self.numbers(&[snaplen]));
        body.extend(self.shorts(&[2, 3]));
        body.extend(b"nl0\0");
        body.extend(self.shorts(&[0, 0]));
        self.add(1, &body);
    }

    fn packet(&mut self, link: u32, packet: &[u8]) {
        let len = u32::try_from(packet.len()).unwrap();
        let mut body = self.numbers(&[link, 1, 2, len, len]);
        body.extend(packet);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(self.shorts(&[1, 5]));
        body.extend(b"a rem\0\0\0");
        self.add(6, &body);
    }
}

/// A datagram as nlmon hands it out.
fn cooked(packet_type: u8, protocol: u16, datagram: &[u8]) -> Vec<u8> {
    let mut packet = vec![0, packet_type, 0x03, 0x38];
    packet.extend([0; 10]);
    packet.extend(protocol.to_be_bytes());
    packet.extend(datagram);
    packet
}

#[test]
fn pcapng_is_read_in_both_byte_orders_and_what_is_unknown_passed_over() {
    for big in [false, true] {
        let mut blocks = Blocks::new(big);
        blocks.link(1, 0);
        blocks.link(253, 0);
        // Names, statistics, something of tomorrow.
        for kind in [4, 5, 0x0bad_cafe] {
            blocks.add(kind, b"whatever");
        }
        blocks.packet(0, &[0xff; 14]);
        blocks.packet(1, &cooked(7, 0, &route()));
        blocks.packet(
            1,
            &cooked(
                6,
                16,
                &[20, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9],
            ),
        );
        // The older packet block has 16 bits of link and then of drops.
        let packet = cooked(4, 0, &route());
        let len = u32::try_from(packet.len()).unwrap();
        let mut body = blocks.shorts(&[1, 77]);
        body.extend(blocks.numbers(&[1, 2, len, len]));
        body.extend(packet);
        blocks.add(2, &body);
        // A second section, of the other byte order, counts its links anew.
        let mut second = Blocks::new(!big);
        second.link(253, 40);
        let mut body = second.numbers(&[len]);
        body.extend(&cooked(4, 0, &route())[..40]);
        second.add(3, &body);
        blocks.file.extend(second.file);
        let text = decoded(&blocks.file).expect("a capture");
        let native = [
            "-- packet 2, sent, 56 bytes",
            "RTM_NEWROUTE len 56 seq 0 port 0 flags REQUEST|ACK",
            "-- packet 3, received, 20 bytes, NETLINK_GENERIC",
            "message type 17 len 20 seq 0 port 0",
            "-- packet 4, 56 bytes",
            "RTM_NEWROUTE len 56 seq 0 port 0 flags REQUEST|ACK",
            "-- packet 5, 24 of 56 bytes",
        ];
        let heads = heads(&text);
        let starts = |head: &&str, want: &&str| head.starts_with(*want) || want.starts_with("RTM");
        assert!(
            heads
                .iter()
                .zip(&native)
                .all(|(head, want)| starts(head, want)),
            "{text}"
        );
        assert!(text.contains("    RTAX_MTU: 1400\n"));
        // Cut off anywhere, it is said, and what was before is printed.
        let mut ends = 0;
        for len in 0..blocks.file.len() {
            match decoded(&blocks.file[..len]) {
                Ok(_) => ends += 1,
                Err(error) => assert!(
                    error.contains("cut off") || error.contains("link type is 1") || len < 4,
                    "{len}: {error}"
                ),
            }
        }
        // Between blocks, and before there is more than empty lines.
        assert!(ends <= 13 + 4, "{ends}");
    }
}

#[test]
fn pcapng_that_cannot_be_is_refused() {
    let refused = |change: fn(&mut Blocks)| {
        let mut blocks = Blocks::new(false);
        change(&mut blocks);
        decoded(&blocks.file).unwrap_err()
    };
    let error = refused(|blocks| blocks.link(1, 0));
    assert!(error.contains("link type is 1, not 253"), "{error}");
    let error = refused(|blocks| blocks.packet(3, b"x"));
    assert!(
        error.contains("of link 3, which is not described"),
        "{error}"
    );
    let error = refused(|blocks| {
        blocks.link(253, 0);
        blocks.packet(0, b"short");
    });
    assert!(error.contains("packet 1 has no header"), "{error}");
    let error = refused(|blocks| {
        blocks.link(253, 0);
        let body = blocks.numbers(&[0, 0, 0, 1 << 30, 1 << 30]);
        blocks.add(6, &body);
    });
    assert!(error.contains("longer than its block"), "{error}");
    for len in [0, 4, 8, 13, u32::MAX] {
        let mut blocks = Blocks::new(false);
        let head = blocks.numbers(&[9, len]);
        blocks.file.extend(head);
        assert!(decoded(&blocks.file).is_err(), "{len}");
    }
    let error = decoded(b"\x0a\x0d\x0d\x0a\x1c\0\0\0\0\0\0\0").unwrap_err();
    assert!(error.contains("byte order"), "{error}");
}

/// A file of the older format.
fn pcap(big: bool, nano: bool, link_type: u32, packet: &[u8], original: u32) -> Vec<u8> {
    let magic = if nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
    let len = u32::try_from(packet.len()).unwrap();
    let numbers = [magic, 0, 0, 0, 0, link_type, 1, 2, len, original];
    let order = |n: u32| {
        if big {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    let mut file: Vec<u8> = numbers.into_iter().flat_map(order).collect();
    file.extend(packet);
    file
}

#[test]
fn pcap_is_read_in_all_its_forms() {
    let want = decoded(ROUTE.as_bytes()).expect("a route");
    let nlmon = cooked(4, 0, &route());
    // With all links, this one is told by its device type.
    let mut newer = vec![0, 0, 0, 0, 0, 0, 0, 1, 0x03, 0x38, 4, 0];
    newer.extend([0; 8]);
    newer.extend(route());
    for (big, nano) in [(false, false), (false, true), (true, false), (true, true)] {
        for (link_type, packet) in [(253, &nlmon), (113, &nlmon), (276, &newer)] {
            let file = pcap(big, nano, link_type, packet, 0);
            assert_eq!(
                decoded(&file),
                Ok(format!("-- packet 1, 56 bytes\n{want}")),
                "{link_type}"
            );
        }
    }
    let ethernet = [0, 0, 0, 1].into_iter().chain([0; 60]).collect::<Vec<_>>();
    assert_eq!(
        decoded(&pcap(false, false, 113, &ethernet, 64)),
        Ok(String::new())
    );
    let short = decoded(&pcap(false, false, 253, &nlmon[..70], 72)).expect("a capture");
    assert!(
        short.starts_with("-- packet 1, 54 of 56 bytes\n"),
        "{short}"
    );
}

fn nlctl(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nlctl"));
    command.arg("decode").args(args);
    command.output().expect("nlctl runs")
}

/// A trace without the lines that say which way a datagram went.
fn of_kernel(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with("-- "))
        .collect()
}

#[test]
fn strace_sees_what_our_own_trace_says() {
    nl_netns::isolate!(|| {
        let works = Command::new("strace")
            .args(["-o", "/dev/null", "true"])
            .output();
        if !works.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: no strace, or it may not trace");
            return;
        }
        let nlctl = env!("CARGO_BIN_EXE_nlctl");
        let file = std::env::temp_dir().join(format!("nlctl-strace-{}", std::process::id()));
        for words in [
            &[
                "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1",
            ][..],
            &["ip", "addr", "add", "10.0.0.1/24", "dev", "v0"],
            &["ip", "addr", "show"],
            &["ip", "link", "del", "nope"],
            &[
                "iptables",
                "-t",
                "nat",
                "-A",
                "POSTROUTING",
                "-j",
                "MASQUERADE",
            ],
        ] {
            let output = Command::new("strace")
                .args([
                    "-f",
                    "-tt",
                    "-e",
                    "trace=network,read,write",
                    "-e",
                    "read=all",
                ])
                .args(["-e", "write=all", "-o"])
                .arg(&file)
                .args([nlctl, "--trace"])
                .args(words)
                .output()
                .unwrap();
            let trace = std::fs::read(&file).unwrap();
            std::fs::remove_file(&file).unwrap();
            let told = String::from_utf8(output.stderr).unwrap();
            let seen = decoded(&trace).unwrap();
            let (told, seen) = (of_kernel(&told), of_kernel(&seen));
            assert!(seen.len() > 3, "{words:?}");
            // What follows are the command's own words about a failure.
            assert_eq!(told.get(..seen.len()), Some(&seen[..]), "{words:?}");
        }
    });
}

#[test]
fn what_comes_through_a_pipe_is_printed_as_it_comes() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nlctl"));
    command.arg("decode");
    let mut nlctl = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("nlctl runs");
    let mut input = nlctl.stdin.take().unwrap();
    let lines = BufReader::new(nlctl.stdout.take().unwrap()).lines();
    let (heard, hears) = std::sync::mpsc::channel();
    std::thread::spawn(move || lines.for_each(|line| heard.send(line.unwrap()).unwrap()));
    for _ in 0..2 {
        input.write_all(format!("{ROUTE}\n\n").as_bytes()).unwrap();
        // Kept back it would come after the end of the input, which is not yet.
        let next = || hears.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(next().starts_with("RTM_NEWROUTE len 56"));
        while !next().is_empty() {}
    }
    drop(input);
    assert_eq!(hears.iter().count(), 0);
    assert!(nlctl.wait().unwrap().success());
}

#[test]
fn the_protocol_may_be_said() {
    let path = std::env::temp_dir().join(format!("nlctl-decode-{}", std::process::id()));
    std::fs::write(&path, "14000000 12000100 00000000 00000000 00000000").unwrap();
    let path_text = path.to_str().unwrap();
    for (args, want) in [
        (&["--protocol", "route"][..], "RTM_GETLINK len 20"),
        (&["--family=route"], "RTM_GETLINK len 20"),
        (&["--protocol=netfilter"], "message type 18 len 20"),
        (&["--family", "GENERIC"], "message type 18 len 20"),
        (&["--family", "16"], "message type 18 len 20"),
    ] {
        let output = nlctl(&[args, &[path_text]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with(want), "{args:?}: {text}");
        assert_eq!(output.status.code(), Some(0));
    }
    std::fs::remove_file(&path).unwrap();
    for args in [
        &["--protocol", "nope"][..],
        &["--family"],
        &["a", "b"],
        &["-x"],
    ] {
        assert_eq!(nlctl(args).status.code(), Some(2), "{args:?}");
    }
    assert_eq!(nlctl(&["/nonexistent"]).status.code(), Some(1));
}

#[test]
fn what_cannot_be_decoded_is_refused_with_its_reason() {
    for (input, reason) in [
        (&b"0a 0b\nzz"[..], "line 2: \"zz\" is not"),
        (b"\x0a\x0d\x0d\x0a", "cut off in its header"),
        (b"\xd4\xc3\xb2\xa1\0\0", "cut off in its header"),
        (b"\x1f\x8b\x08\0\0\0", "gunzip"),
        (b" | 00000  1400", "damaged"),
        (b" | 00000  14 00\n | 00010  14 00", "missing"),
    ] {
        let error = decoded(input).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
    assert_eq!(decoded(b""), Ok(String::new()));
}

proptest! {
    #[test]
    fn any_bytes_end_well(data in prop::collection::vec(any::<u8>(), 0..300)) {
        fuzz(&data);
    }

    #[test]
    fn any_text_ends_well(text in "([0-9a-f]{1,9}|[ |:#\"\n*{}\\[\\]]|\\\\x|sendto\\(|[.]{3}|é){0,60}") {
        fuzz(text.as_bytes());
    }

    #[test]
    fn any_trace_ends_well(
        lines in prop::collection::vec(
            "([0-9]{1,2} )?((sendto|recvmsg)\\(3, (\"\\\\0\\\\x0[0-9]\"|\\{msg_iov=\\[\\{iov_base=\"a)[.]{0,3}(\\) = [0-9]{1,2}|<unfinished [.]{3}>)\
             |<[.]{3} recvmsg resumed>\"14\\\\0\"\\) = (4|-1 E)| \\| 000[01]0  (0[0-9] ){0,16}| \\* 4 bytes in buffer 0| = 1 buffers in vector 0)",
            0..12,
        ),
    ) {
        fuzz(lines.join("\n").as_bytes());
    }

    #[test]
    fn any_capture_ends_well(
        big in any::<bool>(),
        body in prop::collection::vec(any::<u8>(), 0..200),
        len in 0u32..300,
    ) {
        let number = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let mut file: Vec<u8> = Vec::new();
        for n in [0xa1b2_c3d4, 0, 0, 0, 0, 253, 0, 0, len, len] {
            file.extend(number(n));
        }
        file.extend(body);
        fuzz(&file);
    }

    #[test]
    fn any_blocks_end_well(
        big in any::<bool>(),
        bodies in prop::collection::vec((0u32..8, prop::collection::vec(any::<u8>(), 0..60)), 0..5),
        cut in 0usize..400,
    ) {
        let mut blocks = Blocks::new(big);
        blocks.link(253, 0);
        for (kind, body) in bodies {
            blocks.add(kind, &body);
        }
        blocks.file.truncate(cut);
        fuzz(&blocks.file);
    }
}
