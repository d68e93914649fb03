//! `nlctl decode` on any input: the fuzz corpus, and bytes at random.

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

#[test]
fn the_corpus_has_no_finding() {
    assert!(replay("decode", fuzz) > 10);
}

#[test]
fn every_form_of_the_corpus_has_the_same_route() {
    let want = decoded(ROUTE.as_bytes()).expect("a route");
    assert!(want.starts_with("RTM_NEWROUTE len 56 "), "{want}");
    assert!(want.contains("\n  RTA_METRICS:\n    RTAX_MTU: 1400\n"));
    for file in [
        "hex_colons",
        "xxd",
        "hexdump",
        "od",
        "strace_string",
        "pcap_be_ns",
    ] {
        replay_one(file, &want);
    }
}

fn replay_one(file: &str, want: &str) {
    let path = format!(
        "{}/../fuzz/corpus/decode/{file}",
        env!("CARGO_MANIFEST_DIR")
    );
    let bytes = std::fs::read(path).expect("the corpus is there");
    assert_eq!(decoded(&bytes).as_deref(), Ok(want), "{file}");
}

#[test]
fn the_header_of_a_capture_tells_nfnetlink() {
    let path = format!(
        "{}/../fuzz/corpus/decode/pcap_le",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = decoded(&std::fs::read(path).expect("the corpus is there")).expect("a capture");
    assert!(text.contains("\n\nNFNL_MSG_BATCH_BEGIN len 20 "), "{text}");
}

#[test]
fn a_batch_without_a_capture_is_nfnetlink() {
    let begin = "1c000000 10000100 04000000 00000000 0000000a 08000100 00000001";
    let text = decoded(begin.as_bytes()).expect("a batch");
    assert!(text.contains("NFNL_BATCH_GENID: 1\n"), "{text}");
}

#[test]
fn what_cannot_be_decoded_is_refused_with_its_reason() {
    for (input, reason) in [
        (&b"0a 0b\nzz"[..], "line 2: \"zz\" is not"),
        (b"\x0a\x0d\x0d\x0a", "pcapng"),
        (b"\xd4\xc3\xb2\xa1\0\0", "cut off in its header"),
        (
            b"sendto(3, [{nlmsg_len=20, nlmsg_type=0x12}, \"\\x61\"...], 20) = 20\n",
            "-e read=all",
        ),
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
    fn any_text_ends_well(text in "([0-9a-f]{1,9}|[ |:#\"\n]|\\\\x|sendto\\(|[.]{3}|é){0,60}") {
        fuzz(text.as_bytes());
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
}
