//! What the fuzz targets call, and the tests that replay their corpora.

use std::path::Path;

use crate::exchange::{Exchange, Source};
use crate::message::Messages;
use crate::table::Table;
use crate::{Attrs, Event, Writer};

/// The messages of a datagram: walked, given to an exchange of each sort, explained and printed.
pub fn messages(data: &[u8]) {
    let seq = data
        .get(8..12)
        .and_then(|seq| seq.try_into().ok())
        .map_or(0, u32::from_ne_bytes);
    let port = data
        .get(12..16)
        .and_then(|port| port.try_into().ok())
        .map_or(0, u32::from_ne_bytes);
    let last = seq.wrapping_add(3);
    for mut exchange in [
        Exchange::ack(port, seq),
        Exchange::reply(port, seq),
        Exchange::dump(port, seq),
        Exchange::batch(port, seq, last),
    ] {
        for message in Messages::new(data).flatten() {
            if let Event::Failed(_, failure) = exchange.accept(Source::KERNEL, message) {
                let _ = failure.explain(Some(message), None).to_string();
            }
        }
    }
    let _ = format!("{:#}", crate::trace::decode_with(data, |_| None));
    let errors = Attrs::new(data).filter(Result::is_err).count();
    assert!(errors <= 1, "an iterator yields at most one error");
}

/// A payload of `table`: checked, printed, pointed into, and written again byte for byte.
pub fn payload(table: &'static Table, data: &[u8]) {
    let attrs = data.get(table.header_len..).unwrap_or(&[]);
    let checked = table.check(attrs);
    let _ = format!("{:?}", table.debug_payload(data));
    let at = data.first().copied().unwrap_or(0).into();
    let _ = table.path(attrs, at);
    if checked.is_err() {
        return;
    }
    let mut out = Writer::new();
    let mut len = 0;
    for attr in Attrs::new(attrs) {
        let attr = attr.expect("the table's check walked it");
        out.raw(attr.raw_type, attr.payload);
        len += 1;
    }
    let again: Vec<_> = Attrs::new(out.bytes()).flatten().collect();
    assert_eq!(again.len(), len, "a rewrite loses nothing");
    assert!(
        Attrs::new(attrs).flatten().eq(again),
        "a rewrite changes nothing"
    );
}

/// Calls `target` with each file of `fuzz/corpus/NAME`; returns how many there were.
///
/// # Panics
///
/// If `target` does, or if the folder cannot be read.
pub fn replay(name: &str, target: impl Fn(&[u8])) -> usize {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(name);
    let files = std::fs::read_dir(&corpus).unwrap_or_else(|e| panic!("{}: {e}", corpus.display()));
    files
        .map(|file| {
            let file = file.expect("the folder can be read").path();
            target(&std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display())));
        })
        .count()
}
