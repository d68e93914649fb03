//! What the fuzz targets of ip's files and values call.

use std::io::sink;
use std::sync::Once;

use nl_core::{Messages, Request, Writer};
use nl_route::Prefix;
use nl_route::route::RouteView;

use super::batch::{Lines, split};
use super::inet::{addr, lladdr, prefix, show, show_prefix};
use super::monitor::print::Printer;
use super::options::{AF_INET, AF_INET6, AF_UNSPEC, Options};
use super::{Ip, maddress, monitor, names, protocols, route};
use crate::output::Output;
use crate::words::Words;

/// The lines of a batch: as many as are counted, and their words stand in them in their order.
pub fn batch(data: &[u8]) {
    let mut lines = Lines::new(data);
    let mut last = 0;
    while let Ok(Some(line)) = lines.next().map(|line| line.map(str::to_owned)) {
        assert!(lines.number > last && !line.contains('#'));
        last = lines.number;
        let Ok(words) = split(&line) else { continue };
        let mut rest = &*line;
        for word in &words {
            let (before, behind) = rest.split_once(word).expect("a word is of its line");
            assert!(before.chars().all(|c| " \t\r\n\"'".contains(c)), "{line:?}");
            rest = behind;
        }
        let _ = Options::parse(&mut Words::new(&words), "");
    }
    let newlines = data.split(|byte| *byte == b'\n').count();
    assert!(usize::try_from(last).is_ok_and(|last| last <= newlines));
}

/// A file for `route load`: each line is a request that reads as a route, or is told.
pub fn load(data: &[u8]) {
    with_ip(Options::default(), |ip| {
        let Ok((requests, unreadable)) = route::load::requests(ip, data) else {
            return;
        };
        // A saved list has messages instead, with a header and `struct rtmsg` each.
        let most = data.split(|byte| *byte == b'\n').count() + data.len() / 28;
        assert!(requests.len() + unreadable <= most);
        for request in &requests {
            let mut out = Writer::new();
            request.write(&mut out);
            let Ok(bytes) = out.into_bytes() else {
                continue;
            };
            let route = RouteView::parse(&bytes).expect("what is sent is well-formed");
            let (dst, len) = (route.dst(), route.header().dst_len);
            assert!(dst.is_none_or(|dst| dst.len == len));
        }
    });
}

/// What rtmon wrote, after a byte of options: printed as text and as JSON.
pub fn monitor_file(data: &[u8]) {
    let Some((&flags, file)) = data.split_first() else {
        return;
    };
    let is = |bit: u8| flags & bit != 0;
    let options = Options {
        json: is(1),
        details: u32::from(is(2)),
        statistics: u32::from(is(4)),
        oneline: is(8),
        brief: is(16),
        numeric: is(32),
        ..Options::default()
    };
    let printer = Printer {
        nsids: true,
        labels: is(64),
        all_nsid: is(128),
        ifindex: None,
    };
    with_ip(options, |ip| {
        let printed = monitor::file::print(ip, &printer, file);
        // As in iproute2, the padding of the last message belongs to it.
        let whole =
            file.len().is_multiple_of(4) && Messages::new(file).all(|message| message.is_ok());
        assert!(printed.is_ok() || !whole || file.len() > 1 << 14);
    });
}

/// Words for addresses, prefixes, link-layer addresses and numbers: what was read prints as something that reads the same.
pub fn values(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for word in text.split_ascii_whitespace() {
        for family in [AF_UNSPEC, AF_INET, AF_INET6] {
            if let Ok(found) = addr(word, family) {
                assert_eq!(addr(&show(found), family), Ok(found));
            }
            if let Ok(found) = prefix(word, family) {
                let found = found.prefix();
                let again = prefix(&show_prefix(found), family).map(|again| again.prefix());
                assert_eq!(again, Ok(found));
                assert!(found.network().contains(found.addr));
                assert_eq!(found.to_string().parse::<Prefix>(), Ok(found));
            }
        }
        if let Ok(bytes) = lladdr(word) {
            assert!(bytes.len() <= 20);
            let shown: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(lladdr(&shown.join(":")), Ok(bytes));
        }
        if let Some(number) = names::number::<u64>(word) {
            for shown in [
                format!("{number}"),
                format!("{number:#x}"),
                format!("0{number:o}"),
            ] {
                assert_eq!(names::number(&shown), Some(number));
            }
        }
        if let Some(number) = names::SCOPES.number(word) {
            let shown = names::SCOPES.show(number, false);
            assert_eq!(names::SCOPES.number(&shown), Some(number));
        }
        if let Ok(number) = protocols::number(word) {
            assert_eq!(
                protocols::number(&protocols::show(number, false)),
                Ok(number)
            );
        }
    }
}

/// Files of names and of `/proc/net`: every line is an entry or nothing.
pub fn files(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines = text.lines().count();
    let rows: Vec<_> = names::parse(&text).collect();
    assert!(rows.len() <= lines);
    for (number, name) in rows {
        let line = format!("{number:#x}\t{name} # again");
        assert!(names::parse(&line).eq([(number, name)]));
    }
    for (_, family, parse) in maddress::FILES {
        let groups = parse(&text);
        assert!(groups.len() <= lines);
        let mut names = groups.iter().map(|group| group.ifname.as_str());
        assert!(names.all(|name| text.contains(name)));
        assert!(groups.iter().all(|group| group.family == *family));
    }
}

/// Calls `with` a session that changes nothing and prints to nobody.
fn with_ip(options: Options, with: impl FnOnce(&mut Ip<'_>)) {
    static DRY: Once = Once::new();
    DRY.call_once(nl_core::trace::dry_run_all);
    let mut out = Output::to(sink());
    with(&mut Ip::new(options, &mut out).expect("a socket can be opened"));
}
