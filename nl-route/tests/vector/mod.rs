//! Captured messages in `tests/vectors/*.hex`, and a comparison that people can read.

#![allow(dead_code, reason = "each test file uses its part")]

use std::fmt::Write as _;
use std::path::Path;

use nl_core::header::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};
use nl_core::{Attrs, Message, Protocol, Request, Writer};
use nl_route::Route;

/// The bytes of a vector: hex up to `#` in each line.
pub(crate) fn load(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors")
        .join(format!("{name}.hex"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let digits: String = text
        .lines()
        .filter_map(|line| line.split('#').next())
        .flat_map(str::split_whitespace)
        .collect();
    digits
        .as_bytes()
        .chunks(2)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 16).unwrap())
        .collect()
}

/// The only message of a vector.
pub(crate) fn message(bytes: &[u8]) -> Message<'_> {
    let (message, rest) = Message::split(bytes).unwrap();
    assert!(rest.is_empty(), "more than one message");
    message
}

/// Asserts that a request is written as `ip` wrote it, header included.
pub(crate) fn assert_written(name: &str, request: &impl Request) {
    let want = load(name);
    let sent = message(&want);
    assert_eq!(request.message_type(), sent.message_type(), "{name}");
    let mut flags = request.flags() | NLM_F_REQUEST | (sent.flags() & NLM_F_ACK);
    if sent.flags() & NLM_F_DUMP == NLM_F_DUMP && request.flags() == 0 {
        flags |= NLM_F_DUMP;
    }
    let mut out = Writer::new();
    out.bytes_mut().resize(4096, 0xa5);
    out.clear();
    out.message(sent.message_type(), flags, sent.header.seq.get(), |out| {
        request.write(out);
    })
    .unwrap();
    assert_same(name, &want, out.bytes());
    assert_rewritten(name);
}

/// Asserts that the attributes of a message come out of the writer as they were read.
pub(crate) fn assert_rewritten(name: &str) {
    let want = load(name);
    let payload = message(&want).payload;
    let table = Route::message_type(message(&want).message_type())
        .unwrap()
        .table;
    let (header, attrs) = payload.split_at(table.header_len);
    table.check(attrs).unwrap();
    let mut out = Writer::new();
    out.bytes_mut().resize(4096, 0xa5);
    out.clear();
    out.bytes_mut().extend_from_slice(header);
    for attr in Attrs::new(attrs) {
        let attr = attr.unwrap();
        out.raw(attr.raw_type, attr.payload);
    }
    assert_same(name, payload, out.bytes());
}

fn assert_same(name: &str, want: &[u8], got: &[u8]) {
    if want == got {
        return;
    }
    let mut text = format!("{name}: want, got\n");
    for at in (0..want.len().max(got.len())).step_by(4) {
        let line = |bytes: &[u8]| {
            let mut line = String::new();
            for byte in bytes.iter().skip(at).take(4) {
                write!(line, "{byte:02x} ").unwrap();
            }
            line
        };
        let (want, got) = (line(want), line(got));
        let mark = if want == got { ' ' } else { '!' };
        writeln!(text, "{at:4} {mark} {want:12} {got:12}").unwrap();
    }
    panic!("{text}");
}
