//! `nlctl route load FILE`: routes by the million, from what ip prints or takes, or from bare prefixes.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write, stderr, stdin};
use std::time::{Duration, Instant};

use nl_core::{Connection, Request, Writer};
use nl_route::bulk::{RouteSync, SyncReport, SyncScope};
use nl_route::route::{DelRoute, NewRoute, RouteTable};
use nl_route::{Mode, Route};

use super::modify::Spec;
use crate::failure::{Failure, strerror};
use crate::ip::batch::{Lines, split};
use crate::ip::session::{Ip, explained, refused};
use crate::words::Words;

const USAGE: &str = "\
Usage: nlctl route load [ --replace | --sync ] { FILE | - } [ COMMON ]
FILE := lines of \"ip -batch\" (route add PREFIX ...), of \"ip route show\",
        or bare prefixes; - is standard input
COMMON := what lines leave open: [ via ADDRESS ] [ dev STRING ] [ nhid ID ]
          [ table TABLE_ID ] [ proto RTPROTO ] [ metric METRIC ] ...
--replace  take the places of routes that are there
--sync     make the table equal to the file: add, replace and delete
           what differs; the kernel's own routes stay";

/// How many routes are read before they are sent.
const CHUNK: usize = 2048;

/// How many refusals are spelled out.
const SPELLED_OUT: usize = 20;

pub(super) fn load(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    let usage = || Failure::new(255, USAGE);
    let mut words = words;
    let (mut replace, mut sync) = (false, false);
    let file = loop {
        match words.next().ok_or_else(usage)? {
            "--replace" => replace = true,
            "--sync" => sync = true,
            "help" => return Err(usage()),
            word if word.starts_with("--") => return Err(usage()),
            word => break word,
        }
    };
    if replace && sync {
        return Err(usage());
    }
    let common = Spec::common(ip, words)?;
    let input: Box<dyn BufRead> = if file == "-" {
        Box::new(stdin().lock())
    } else {
        let opened = File::open(file).map_err(|error| {
            let why = strerror(&error);
            Failure::new(1, format!("Cannot open file \"{file}\" for reading: {why}"))
        })?;
        Box::new(BufReader::new(opened))
    };
    let mut load = Load {
        lines: Lines::new(input),
        ahead: None,
        file,
        common,
        replace,
        tally: Tally::default(),
        progress: Progress::new(),
    };
    let connection = ip.connection().beside().map_err(|error| refused(&error))?;
    let result = if sync {
        load.sync(ip, connection)
    } else {
        load.send(ip, connection)
    };
    load.progress.clear();
    result?;
    // What was counted is for people; a script has the exit code.
    eprintln!("{}", load.tally.summary(load.progress.begun.elapsed()));
    if load.tally.failed > 0 {
        return Err(Failure::silent(2));
    }
    Ok(())
}

/// What a line asks for.
pub(in crate::ip) enum Line {
    New(NewRoute),
    Delete(DelRoute),
}

impl Request for Line {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        match self {
            Self::New(route) => route.message_type(),
            Self::Delete(route) => route.message_type(),
        }
    }
    fn flags(&self) -> u16 {
        match self {
            Self::New(route) => route.flags(),
            Self::Delete(route) => route.flags(),
        }
    }
    fn write(&self, out: &mut Writer) {
        match self {
            Self::New(route) => route.write(out),
            Self::Delete(route) => route.write(out),
        }
    }
}

struct Load<'f, R> {
    lines: Lines<R>,
    /// A line that was read to see whether it goes on with the one before, and its number.
    ahead: Option<(u32, String)>,
    file: &'f str,
    common: Spec,
    replace: bool,
    tally: Tally,
    progress: Progress,
}

impl<R: BufRead> Load<'_, R> {
    /// The next line that says something, and its number; ways of a multipath route, which `ip route
    /// show` prints below it, are joined to it.
    fn line(&mut self) -> Result<Option<(u32, String)>, Failure> {
        let mut whole = self.ahead.take();
        while let Some(line) = self.lines.next()? {
            let number = self.lines.number;
            let words = line.trim();
            match &mut whole {
                _ if words.is_empty() => {}
                Some((_, whole)) if words.starts_with("nexthop ") => {
                    whole.push(' ');
                    whole.push_str(words);
                }
                Some(_) => {
                    self.ahead = Some((number, line));
                    break;
                }
                None => whole = Some((number, line)),
            }
        }
        Ok(whole)
    }

    /// Reads what a line says.
    fn read(&self, ip: &mut Ip<'_>, line: &str) -> Result<Line, Failure> {
        let words = split(line)?;
        let mut rest = Words::new(&words);
        rest.accept("ip");
        let batch = matches!(rest.peek(), Some("route" | "ro" | "r"));
        let mut mode = if self.replace {
            Mode::Replace
        } else {
            Mode::Add
        };
        let mut delete = false;
        if batch {
            rest.next();
            match rest.required()? {
                "add" => {}
                "replace" => mode = Mode::Replace,
                "append" => mode = Mode::Append,
                "prepend" => mode = Mode::Prepend,
                "change" | "chg" => mode = Mode::Change,
                "del" | "delete" => delete = true,
                verb => {
                    let text = format!("Error: \"route {verb}\" is not for loading.");
                    return Err(Failure::new(255, text));
                }
            }
        }
        let words = match batch {
            true => rest.rest().to_vec(),
            false => as_requested(rest.rest()),
        };
        let goes_its_way = words
            .iter()
            .any(|word| matches!(*word, "nexthop" | "nhid" | "via" | "dev"));
        let common = match self.common.clone() {
            common if goes_its_way => common.without_way(),
            common => common,
        };
        let route = common.read(ip, Words::new(&words))?;
        Ok(match delete {
            true => Line::Delete(DelRoute(route)),
            false => Line::New(route.mode(mode)),
        })
    }

    /// The next routes, and the numbers of their lines; lines that say none are told and counted.
    fn chunk(&mut self, ip: &mut Ip<'_>) -> Result<VecDeque<(u32, Line)>, Failure> {
        let mut chunk = VecDeque::with_capacity(CHUNK);
        while chunk.len() < CHUNK
            && let Some((number, line)) = self.line()?
        {
            match self.read(ip, &line) {
                Ok(line) => chunk.push_back((number, line)),
                Err(failure) => {
                    self.tally.unreadable += 1;
                    self.complain(number, &failure);
                }
            }
        }
        Ok(chunk)
    }

    /// Tells of a line that failed, as long as there are few.
    fn complain(&mut self, number: u32, failure: &Failure) {
        self.tally.failed += 1;
        if self.tally.failed > SPELLED_OUT {
            return;
        }
        self.progress.clear();
        eprintln!("{}:{number}: {}", self.file, failure.text().trim_end());
        if self.tally.failed == SPELLED_OUT {
            eprintln!("...");
        }
    }

    /// Sends all routes.
    fn send(&mut self, ip: &mut Ip<'_>, mut rt: Connection<Route>) -> Result<(), Failure> {
        loop {
            let chunk = self.chunk(ip)?;
            if chunk.is_empty() {
                return Ok(());
            }
            let requests = chunk.iter().map(|(_, line)| line);
            let report = rt.batch(requests).map_err(|error| refused(&error))?;
            let number = |index: usize| chunk.get(index).map_or(0, |(number, _)| *number);
            self.tally.sent += report.sent;
            self.tally.done += report.sent - report.failures.len();
            for failure in &report.failures {
                self.complain(number(failure.index), &explained(&failure.error));
            }
            for index in report.unknown.into_iter().flatten() {
                self.tally.done -= 1;
                let lost = Failure::new(2, "the kernel's answer was lost");
                self.complain(number(index), &lost);
            }
            if let Some(error) = report.error {
                self.complain(number(report.sent), &refused(&error));
                return Err(Failure::silent(2));
            }
            self.progress.show(self.tally.sent);
        }
    }

    /// Makes the table equal to the file; deletes nothing if a line cannot be read.
    fn sync(&mut self, ip: &mut Ip<'_>, mut rt: Connection<Route>) -> Result<(), Failure> {
        let mut chunk = self.chunk(ip)?;
        let first = chunk.iter().find_map(|(_, line)| match line {
            Line::New(route) => Some(route),
            Line::Delete(_) => None,
        });
        // Of an empty table an empty file says only what was said beside it.
        let scope = SyncScope {
            family: first.map_or(self.common.family_or_v4(), |route| route.dst.family()),
            table: first
                .map_or(self.common.table(), |route| route.table)
                .unwrap_or(RouteTable::MAIN),
            protocol: self.common.protocol(),
        };
        let mut sync = RouteSync::begin(&mut rt, scope).map_err(|error| refused(&error))?;
        let mut told = 0;
        while !chunk.is_empty() {
            let base = sync.taken();
            let (mut numbers, mut routes) = (Vec::new(), Vec::new());
            for (number, line) in chunk {
                match line {
                    Line::New(mut route) => {
                        route.table.get_or_insert(RouteTable::MAIN);
                        numbers.push(number);
                        routes.push(route);
                    }
                    Line::Delete(_) => {
                        self.tally.unreadable += 1;
                        let text = "Error: a table is not made equal to what is to be deleted.";
                        self.complain(number, &Failure::new(255, text));
                    }
                }
            }
            let number = |index: usize| numbers.get(index - base).copied().unwrap_or(0);
            if let Err(error) = sync.want(routes) {
                self.complain(number(sync.taken()), &Failure::new(2, error.to_string()));
                return Err(Failure::silent(2));
            }
            let report = sync.so_far();
            for failure in report.failures.get(told..).unwrap_or(&[]) {
                self.complain(number(failure.index), &explained(&failure.error));
            }
            told = report.failures.len();
            self.progress.show(sync.taken());
            chunk = self.chunk(ip)?;
        }
        if self.tally.unreadable > 0 {
            self.tally.add(sync.so_far());
            self.progress.clear();
            eprintln!("Nothing was deleted, because not all of the file could be read.");
            return Ok(());
        }
        let report = sync.finish().map_err(|error| refused(&error))?;
        self.tally.add(&report);
        self.tally.failed += report.undeleted.len();
        for failure in report.undeleted.iter().take(SPELLED_OUT) {
            let dst = failure.route.view().dst();
            let dst = dst.map_or(String::new(), |dst| dst.to_string());
            eprintln!("{dst}: {}", explained(&failure.error).text());
        }
        report.error.map_or(Ok(()), |error| Err(refused(&error)))
    }
}

/// For the fuzz target: the requests of a file, and how many of its lines are none.
///
/// # Errors
///
/// Those of [`Lines`].
pub(in crate::ip) fn requests(
    ip: &mut Ip<'_>,
    input: impl BufRead,
) -> Result<(Vec<Line>, usize), Failure> {
    let common = Spec::common(ip, Words::new(&[]))?;
    let mut load = Load {
        lines: Lines::new(input),
        ahead: None,
        file: "",
        common,
        replace: false,
        tally: Tally::default(),
        progress: Progress::new(),
    };
    let (mut requests, mut unreadable) = (Vec::new(), 0);
    while let Some((number, line)) = load.line()? {
        assert!(number <= load.lines.number, "lines are counted");
        match load.read(ip, &line) {
            Ok(line) => requests.push(line),
            Err(_) => unreadable += 1,
        }
    }
    Ok((requests, unreadable))
}

/// What `ip route show` prints, as it is asked for: without what is not a request's to say.
fn as_requested<'w>(words: &[&'w str]) -> Vec<&'w str> {
    const STATE: &[&str] = &[
        "linkdown",
        "dead",
        "offload",
        "trap",
        "unresolved",
        "rt_offload",
        "rt_trap",
        "rt_offload_failed",
        "notify",
        "cache",
    ];
    // A nexthop object is spelled out beside its id.
    let by_object = words.contains(&"nhid");
    let mut words = words.iter().copied();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "error" => drop(words.next()),
            "expires" => {
                let seconds = words.next().unwrap_or("");
                kept.extend([word, seconds.strip_suffix("sec").unwrap_or(seconds)]);
            }
            "via" if by_object => {
                if matches!(words.next(), Some("inet" | "inet6")) {
                    words.next();
                }
            }
            "dev" if by_object => drop(words.next()),
            _ if STATE.contains(&word) => {}
            _ => kept.push(word),
        }
    }
    kept
}

/// What became of the lines.
#[derive(Default)]
struct Tally {
    /// Sent to the kernel.
    sent: usize,
    /// Done by it.
    done: usize,
    /// Refused, or not to be read.
    failed: usize,
    /// Not to be read.
    unreadable: usize,
    /// Added, replaced, deleted, unchanged.
    sync: Option<[usize; 4]>,
}

impl Tally {
    fn add(&mut self, report: &SyncReport) {
        let SyncReport {
            added,
            replaced,
            deleted,
            unchanged,
            ..
        } = *report;
        self.sent = added + replaced + unchanged + report.failures.len();
        self.sync = Some([added, replaced, deleted, unchanged]);
    }

    fn summary(&self, took: Duration) -> String {
        let seconds = took.as_secs_f64();
        let Self { done, failed, .. } = self;
        let did = match self.sync {
            None => format!("{done} done"),
            Some([added, replaced, deleted, unchanged]) => format!(
                "{added} added, {replaced} replaced, {deleted} deleted, {unchanged} unchanged"
            ),
        };
        let rate = rate(self.sent, took);
        format!("{did}, {failed} failed, in {seconds:.2} s ({rate} routes/s)")
    }
}

fn rate(count: usize, took: Duration) -> u128 {
    let count = u128::try_from(count).unwrap_or(0);
    count * 1_000_000 / took.as_micros().max(1)
}

/// One line on a terminal that says how far the work is.
struct Progress {
    on: bool,
    drawn: bool,
    begun: Instant,
    last: Instant,
}

impl Progress {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            on: stderr().is_terminal(),
            drawn: false,
            begun: now,
            last: now,
        }
    }

    fn show(&mut self, count: usize) {
        if !self.on || self.last.elapsed() < Duration::from_millis(100) {
            return;
        }
        self.last = Instant::now();
        self.drawn = true;
        let rate = rate(count, self.begun.elapsed());
        let _ = write!(stderr().lock(), "\r{count} routes, {rate}/s\x1b[K");
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(stderr().lock(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ip_shows_becomes_what_it_takes() {
        let asked = |line: &str| as_requested(&split(line).unwrap()).join(" ");
        assert_eq!(
            asked("10.0.0.0/24 via 10.1.0.1 dev v0 proto bgp linkdown "),
            "10.0.0.0/24 via 10.1.0.1 dev v0 proto bgp"
        );
        assert_eq!(
            asked("fd00::/64 dev v0 metric 1024 expires 85sec pref medium"),
            "fd00::/64 dev v0 metric 1024 expires 85 pref medium"
        );
        assert_eq!(
            asked("30.0.0.0/8 nhid 9 via inet6 fd00::9 dev v0 metric 5"),
            "30.0.0.0/8 nhid 9 metric 5"
        );
        assert_eq!(
            asked("unreachable fd04::/64 dev lo metric 1024 error -113 pref medium"),
            "unreachable fd04::/64 dev lo metric 1024 pref medium"
        );
    }
}
