//! What the fuzz targets call, and the tests that replay their corpora.

use std::ffi::OsString;
use std::io::sink;
use std::os::unix::ffi::OsStringExt;
use std::sync::Once;

use crate::applet::Invocation;
use crate::options::{self, Order, Spec, Value};
use crate::output::Output;
use crate::ping::echo::{Echo, Family, HEADER, checksum, strip_ipv4};

/// The objects of `ip` whose grammar is read; `netns` would make files and run programs.
const OBJECTS: [&str; 6] = ["link", "address", "route", "neigh", "rule", "nexthop"];

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
    // They read standard input or files, or write to /proc.
    if ["restore", "flush", "save", "showdump", "load"]
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
    if let Some(words) = words(data) {
        crate::iptables::fuzzing::rule(&words);
    }
}

/// A file of `sysctl -p`.
pub fn sysctl_file(data: &[u8]) {
    crate::sysctl::read_file(data);
}

/// A packet, as a raw socket delivers it: what is read of it is written again the same.
pub fn ping_packet(data: &[u8]) {
    let message = match strip_ipv4(data) {
        Some((_, message)) => {
            assert!(data.ends_with(message) && message.len() + 20 <= data.len());
            message
        }
        None => data,
    };
    let Some(echo) = Echo::parse(message) else {
        assert!(message.len() < HEADER);
        return;
    };
    let payload = message.get(HEADER..).unwrap_or_default();
    let mut written = Vec::new();
    for family in [Family::V4, Family::V6] {
        echo.write(family, payload.iter().copied(), &mut written);
        assert_eq!(Echo::parse(&written), Some(echo));
        assert_eq!(written.get(HEADER..), Some(payload));
        assert!(family == Family::V6 || checksum(&written) == 0);
    }
}

/// The words of a command line of options, a line each: each of them is an option, its value or an operand.
pub fn options(data: &[u8]) {
    const SPECS: &[Spec] = &[
        Spec::flag('a', "all"),
        Spec::flag('4', ""),
        Spec::with_value('c', "count"),
        Spec::with_value('o', "output"),
        Spec::optional('p', "load"),
        Spec::long_optional('m', "mount"),
        Spec::flag('D', "mount-proc").long_only(),
    ];
    let lines = data.split(|byte| *byte == b'\n');
    let args: Vec<OsString> = lines
        .map(|line| OsString::from_vec(line.to_vec()))
        .collect();
    for order in [Order::Mixed, Order::OptionsFirst] {
        let Ok(parsed) = options::parse(&args, SPECS, order) else {
            continue;
        };
        let keys = |key| {
            SPECS
                .iter()
                .find(|spec| spec.key == key)
                .map(|spec| spec.value)
        };
        for (key, value) in &parsed.options {
            match keys(*key).expect("an option is one of the table") {
                Value::None => assert!(value.is_none()),
                Value::Required => assert!(value.is_some()),
                Value::Optional | Value::LongOptional => {}
            }
        }
        assert!(
            parsed
                .operands
                .iter()
                .all(|word| args.iter().any(|arg| arg == word))
        );
        // Put in order, they read the same.
        let mut again: Vec<OsString> = Vec::new();
        for (key, value) in &parsed.options {
            let long = SPECS
                .iter()
                .find(|spec| spec.key == *key && !spec.long.is_empty());
            let mut word = match long {
                Some(spec) => OsString::from(format!("--{}", spec.long)),
                None => OsString::from(format!("-{key}")),
            };
            if let Some(value) = value {
                word.push("=");
                word.push(value);
            }
            again.push(word);
        }
        again.push("--".into());
        again.extend(parsed.operands.iter().map(|word| (*word).to_owned()));
        assert_eq!(options::parse(&again, SPECS, order).as_ref(), Ok(&parsed));
    }
    crate::ping::read_words(&args);
    crate::sysctl::read_words(&args);
    crate::lsns::read_columns(&String::from_utf8_lossy(data));
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
