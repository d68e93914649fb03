//! What the fuzz targets call, and the tests that replay their corpora.

use std::io::sink;
use std::sync::Once;

use crate::applet::Invocation;
use crate::iptables::{parse::parse, program::Program};
use crate::output::Output;

/// The objects of `ip` whose grammar is read; `netns` would make files and run programs.
const OBJECTS: [&str; 5] = ["link", "address", "route", "neigh", "rule"];

/// Which object, then the words of its command line; read and, but for changes, carried out.
///
/// No change goes out: the process is a dry run from the first call on.
pub fn ip(data: &[u8]) {
    static DRY: Once = Once::new();
    DRY.call_once(nl_core::trace::dry_run_all);
    let Some((&object, rest)) = data.split_first() else {
        return;
    };
    let Some(mut words) = words(rest) else { return };
    let verb = words.first().map_or("", String::as_str);
    // They read standard input, or write to /proc.
    if ["restore", "flush", "save", "showdump"]
        .iter()
        .any(|known| known.starts_with(verb))
        && !verb.is_empty()
    {
        return;
    }
    let object = OBJECTS
        .get(usize::from(object) % OBJECTS.len())
        .copied()
        .unwrap_or("link");
    words.insert(0, object.to_owned());
    let invocation = Invocation {
        name: "ip",
        args: words.into_iter().map(Into::into).collect(),
    };
    let _ = crate::ip::run(&invocation, &mut Output::to(sink()));
}

/// The words of an `iptables` command line, read for both families.
pub fn iptables(data: &[u8]) {
    let Some(words) = words(data) else { return };
    for name in ["iptables", "ip6tables"] {
        let _ = format!("{:?}", parse(&Program::new(name), &words));
    }
}

fn words(data: &[u8]) -> Option<Vec<String>> {
    Some(
        std::str::from_utf8(data)
            .ok()?
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect(),
    )
}
