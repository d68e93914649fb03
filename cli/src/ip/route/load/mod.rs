//! `nlctl route load FILE`: routes by the million, from what ip prints, takes or saves, or from bare prefixes.

mod line;
mod saved;
mod tables;
mod tally;

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, stdin};

use nl_core::{Connection, Errno};
use nl_route::bulk::{RouteSync, SyncReport, SyncScope};
use nl_route::route::RouteTable;
use nl_route::{Mode, Route};

use self::line::{Line, Reader};
use self::saved::Saved;
use self::tally::{Progress, Tally};
use super::modify::Spec;
use super::save::MAGIC;
use crate::failure::{Failure, strerror};
use crate::ip::batch::Lines;
use crate::ip::session::{Ip, explained, refused};
use crate::words::Words;

const USAGE: &str = "\
Usage: nlctl route load [ --replace | --sync ] { FILE | - } [ COMMON ]
FILE := lines of \"ip -batch\" (route add PREFIX ...), of \"ip route show\",
        or bare prefixes; or what \"route save\" has written;
        - is standard input
COMMON := what lines leave open: [ via ADDRESS ] [ dev STRING ] [ nhid ID ]
          [ table TABLE_ID ] [ proto RTPROTO ] [ metric METRIC ] ...
--replace  take the places of routes that are there
--sync     make the table equal to the file: add, replace and delete
           what differs; the kernel's own routes stay. A saved list says
           which tables; \"table\" and \"proto\" beside it name what of them";

/// How many routes are read before they are sent.
const CHUNK: usize = 2048;

/// How many refusals are spelled out.
const SPELLED_OUT: usize = 20;

/// How much of one is, in characters: a file without line ends has long words.
const SPELLED_LENGTH: usize = 300;

/// How many routes may wait for the way to their gateways.
const WAITING: usize = 4096;

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
    let said = words.rest();
    let common = Spec::common(ip, words)?;
    let (source, size) = open(file)?;
    let is_saved = matches!(source, Source::Saved(_));
    if is_saved {
        let what = match (sync, said) {
            (_, []) => None,
            (true, said) if names_a_scope(said) => None,
            (true, _) => Some("Beside a saved list only a table and a protocol are said."),
            (false, _) => Some("A saved list leaves nothing open."),
        };
        if let Some(what) = what {
            return Err(Failure::new(255, format!("Error: {what}")));
        }
    }
    let connection = ip.connection().beside().map_err(|error| refused(&error))?;
    let mut load = Load::new(source, size, file, common, replace);
    let result = match sync {
        true if is_saved => load.sync_saved(connection),
        true => load.sync(ip, connection),
        false => load.send(ip, connection),
    };
    load.finish(result)
}

/// Whether words name a table, a protocol, and nothing else.
fn names_a_scope(words: &[&str]) -> bool {
    words
        .chunks(2)
        .all(|words| matches!(words, ["table" | "proto" | "protocol", _]))
}

/// What is read.
enum Source {
    Lines(Lines<Box<dyn BufRead>>),
    Saved(Saved<Box<dyn BufRead>>),
}

/// Opens a file, looks what is in it, and says how long it is.
fn open(file: &str) -> Result<(Source, Option<u64>), Failure> {
    let (input, size): (Box<dyn BufRead>, _) = if file == "-" {
        (Box::new(stdin().lock()), None)
    } else {
        let opened = File::open(file).map_err(|error| {
            let why = strerror(&error);
            Failure::new(1, format!("Cannot open file \"{file}\" for reading: {why}"))
        })?;
        let size = opened.metadata().ok().map(|metadata| metadata.len());
        (Box::new(BufReader::new(opened)), size)
    };
    Ok((look(input)?, size))
}

/// Looks what is in a file.
fn look(mut input: Box<dyn BufRead>) -> Result<Source, Failure> {
    let mut first = Vec::new();
    let taken = (&mut input)
        .take(MAGIC.len() as u64)
        .read_to_end(&mut first);
    taken.map_err(|error| Failure::new(1, format!("read error: {}", strerror(&error))))?;
    if first == MAGIC {
        return Ok(Source::Saved(Saved::new(input)));
    }
    if first.iter().rev().eq(&MAGIC) {
        let text = "Error: the list was saved on a machine of the other byte order.";
        return Err(Failure::new(1, text));
    }
    let input: Box<dyn BufRead> = Box::new(Cursor::new(first).chain(input));
    Ok(Source::Lines(Lines::new(input)))
}

/// For the fuzz target: the requests of a file, and how many of its lines are none.
///
/// # Errors
///
/// What cannot be read at all.
pub(in crate::ip) fn requests(ip: &mut Ip<'_>, file: &[u8]) -> Result<(Vec<Line>, usize), Failure> {
    let common = Spec::common(ip, Words::new(&[]))?;
    let source = || look(Box::new(Cursor::new(file.to_vec())));
    tables::check(Load::new(source()?, None, "", common.clone(), false));
    let mut load = Load::new(source()?, None, "", common, false);
    let mut requests = Vec::new();
    loop {
        let chunk = load.chunk(ip);
        if chunk.is_empty() {
            return Ok((requests, load.tally.unreadable));
        }
        requests.extend(chunk.into_iter().flatten().map(|(_, line)| line));
    }
}

struct Load<'f> {
    source: Source,
    /// A line that was read to see whether it goes on with the one before, and its number.
    ahead: Option<(u32, String)>,
    /// The same for one that is no text.
    no_text: Option<u32>,
    file: &'f str,
    reader: Reader,
    common: Spec,
    replace: bool,
    /// Routes whose gateways could not be reached: a list has the default route before the link that it needs.
    waiting: Vec<(u32, Line, Failure)>,
    /// Why the rest cannot be read.
    broken: Option<Failure>,
    tally: Tally,
    progress: Progress,
}

impl<'f> Load<'f> {
    fn new(source: Source, size: Option<u64>, file: &'f str, common: Spec, replace: bool) -> Self {
        Self {
            source,
            ahead: None,
            no_text: None,
            file,
            reader: Reader::new(common.clone(), replace),
            common,
            replace,
            waiting: Vec::new(),
            broken: None,
            tally: Tally::default(),
            progress: Progress::new(size),
        }
    }

    /// How many bytes were read.
    fn bytes(&self) -> u64 {
        match &self.source {
            Source::Lines(lines) => lines.read,
            Source::Saved(saved) => saved.read,
        }
    }

    /// The next line that says something, and its number; ways of a multipath route, which `ip route
    /// show` prints below it, are joined to it.
    fn line(&mut self) -> Option<(u32, String)> {
        let mut whole = self.ahead.take();
        self.skip_no_text();
        while let Source::Lines(lines) = &mut self.source
            && self.broken.is_none()
        {
            let line = lines
                .next()
                .map(|line| line.map(|line| line.trim().to_owned()));
            let number = lines.number;
            let line = match line {
                Ok(None) => break,
                Ok(Some(line)) => line,
                Err(failure) if failure.is_fatal() => {
                    self.tally.unreadable += 1;
                    self.broken = Some(failure);
                    break;
                }
                Err(_) => {
                    self.no_text = Some(number);
                    // What stands before it is told of first.
                    if whole.is_some() {
                        break;
                    }
                    self.skip_no_text();
                    continue;
                }
            };
            match &mut whole {
                _ if line.is_empty() || line.starts_with("nh_info ") => {}
                Some((_, whole)) if line.starts_with("nexthop ") => {
                    whole.push(' ');
                    whole.push_str(&line);
                }
                Some(_) => {
                    self.ahead = Some((number, line));
                    break;
                }
                None => whole = Some((number, line)),
            }
        }
        whole
    }

    /// The next route of a saved list.
    fn saved(&mut self) -> Option<(u32, Line)> {
        let Source::Saved(saved) = &mut self.source else {
            return None;
        };
        match saved.next() {
            Ok(None) => None,
            Ok(Some((payload, again))) => {
                let mode = match (again, self.replace) {
                    (true, _) => Mode::Append,
                    (false, true) => Mode::Replace,
                    (false, false) => Mode::Add,
                };
                Some((saved.number, Line::Saved(mode, payload)))
            }
            Err(failure) => {
                self.tally.unreadable += 1;
                self.broken = Some(failure);
                None
            }
        }
    }

    /// The next routes, and the numbers of their lines; lines that say none are told and counted.
    fn chunk(&mut self, ip: &mut Ip<'_>) -> Vec<Option<(u32, Line)>> {
        let mut chunk = Vec::with_capacity(CHUNK);
        while chunk.len() < CHUNK {
            if let Source::Saved(_) = self.source {
                match self.saved() {
                    None => break,
                    next => chunk.push(next),
                }
                continue;
            }
            let Some((number, line)) = self.line() else {
                break;
            };
            match self.reader.read(ip, &line) {
                Ok(line) => chunk.push(Some((number, line))),
                Err(failure) => self.skip(number, &failure),
            }
        }
        chunk
    }

    fn skip_no_text(&mut self) {
        if let Some(number) = self.no_text.take() {
            self.skip(number, &Failure::new(1, "Error: this is no text."));
        }
    }

    /// Tells of a line that says no route.
    fn skip(&mut self, number: u32, failure: &Failure) {
        self.tally.unreadable += 1;
        self.complain(number, failure);
    }

    /// Tells of a line that failed, as long as there are few.
    fn complain(&mut self, number: u32, failure: &Failure) {
        self.tally.failed += 1;
        if self.tally.failed > SPELLED_OUT {
            return;
        }
        self.progress.clear();
        let text = spelled_out(failure.text().trim_end());
        eprintln!("{}:{number}: {text}", self.file);
        if self.tally.failed == SPELLED_OUT {
            eprintln!("...");
        }
    }

    /// Sends all routes.
    fn send(&mut self, ip: &mut Ip<'_>, mut rt: Connection<Route>) -> Result<(), Failure> {
        loop {
            let chunk = self.chunk(ip);
            if chunk.is_empty() {
                break;
            }
            self.tally.sent += chunk.len();
            self.send_chunk(&mut rt, chunk)?;
            self.progress.show(self.tally.sent, self.bytes());
        }
        loop {
            let again = std::mem::take(&mut self.waiting);
            let count = again.len();
            let again = again
                .into_iter()
                .map(|(number, line, _)| Some((number, line)));
            self.send_chunk(&mut rt, again.collect())?;
            if self.waiting.len() == count {
                break;
            }
        }
        for (number, _, failure) in std::mem::take(&mut self.waiting) {
            self.complain(number, &failure);
        }
        Ok(())
    }

    fn send_chunk(
        &mut self,
        rt: &mut Connection<Route>,
        mut chunk: Vec<Option<(u32, Line)>>,
    ) -> Result<(), Failure> {
        let requests = chunk.iter().flatten().map(|(_, line)| line);
        let report = rt.batch(requests).map_err(|error| refused(&error))?;
        self.tally.done += report.sent - report.failures.len();
        for failure in &report.failures {
            let Some((number, line)) = chunk.get_mut(failure.index).and_then(Option::take) else {
                continue;
            };
            let errno = failure.error.errno;
            let failure = explained(&failure.error);
            let waits = !matches!(line, Line::Delete(_))
                && (errno == Errno(nix::libc::ENETUNREACH)
                    || errno == Errno(nix::libc::EHOSTUNREACH));
            if waits && self.waiting.len() < WAITING {
                self.waiting.push((number, line, failure));
            } else {
                self.complain(number, &failure);
            }
        }
        let number = |index: usize| {
            let line = chunk.get(index).and_then(Option::as_ref);
            line.map_or(0, |(number, _)| *number)
        };
        for index in report.unknown.into_iter().flatten() {
            self.tally.done -= 1;
            let lost = Failure::new(2, "the kernel's answer was lost");
            self.complain(number(index), &lost);
        }
        if let Some(error) = report.error {
            self.complain(number(report.sent), &refused(&error));
            return Err(Failure::silent(2));
        }
        Ok(())
    }

    /// Sums up.
    fn finish(mut self, result: Result<(), Failure>) -> Result<(), Failure> {
        self.progress.clear();
        let mut code = 0;
        if self.tally.failed > 0 {
            code = 2;
        }
        for failure in result.err().into_iter().chain(self.broken.take()) {
            if !failure.text().is_empty() {
                eprintln!("{}: {failure}", self.file);
            }
            code = failure.code();
        }
        // What was counted is for people; a script has the exit code.
        eprintln!("{}", self.tally.summary(self.progress.took()));
        match code {
            0 => Ok(()),
            code => Err(Failure::silent(code)),
        }
    }

    /// Makes the table equal to the file; deletes nothing if a line cannot be read.
    fn sync(&mut self, ip: &mut Ip<'_>, mut rt: Connection<Route>) -> Result<(), Failure> {
        let mut chunk = self.chunk(ip);
        let first = chunk.iter().flatten().find_map(|(_, line)| match line {
            Line::New(route) => Some(route),
            _ => None,
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
        let mut told = Told::default();
        while !chunk.is_empty() {
            let base = sync.taken();
            let (mut numbers, mut routes) = (Vec::new(), Vec::new());
            for (number, line) in chunk.into_iter().flatten() {
                match line {
                    Line::New(mut route) => {
                        route.table.get_or_insert(RouteTable::MAIN);
                        numbers.push(number);
                        routes.push(route);
                    }
                    _ => {
                        let text = "Error: a table is not made equal to what is to be deleted.";
                        self.skip(number, &Failure::new(255, text));
                    }
                }
            }
            let number = |index: usize| numbers.get(index - base).copied().unwrap_or(0);
            if let Err(error) = sync.want(routes) {
                self.complain(number(sync.taken()), &Failure::new(2, error.to_string()));
                return Err(Failure::silent(2));
            }
            self.tell(sync.so_far(), &mut told, number);
            self.progress.show(sync.taken(), self.bytes());
            chunk = self.chunk(ip);
        }
        if self.tally.unreadable > 0 {
            self.tally.add(sync.so_far());
            self.progress.clear();
            eprintln!("Nothing was deleted, because not all of the file could be read.");
            return Ok(());
        }
        let report = sync.finish().map_err(|error| refused(&error))?;
        self.settle(report)
    }

    /// Tells which wanted routes were refused, or lost, since the last time.
    fn tell(&mut self, report: &SyncReport, told: &mut Told, number: impl Fn(usize) -> u32) {
        for failure in report.failures.get(told.failures..).unwrap_or(&[]) {
            self.complain(number(failure.index), &explained(&failure.error));
        }
        for &index in report.unknown.get(told.unknown..).unwrap_or(&[]) {
            let lost = Failure::new(2, "the kernel's answer was lost");
            self.complain(number(index), &lost);
        }
        *told = Told {
            failures: report.failures.len(),
            unknown: report.unknown.len(),
        };
    }

    /// Counts what was done to a table, and tells what could not be deleted.
    fn settle(&mut self, report: SyncReport) -> Result<(), Failure> {
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

/// How much of a report was told.
#[derive(Default)]
struct Told {
    failures: usize,
    unknown: usize,
}

/// A complaint without the file's control characters, and not without end.
fn spelled_out(text: &str) -> Cow<'_, str> {
    let is_strange = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.len() <= SPELLED_LENGTH && !text.contains(is_strange) {
        return text.into();
    }
    let mut spelled = String::new();
    for (n, c) in text.chars().enumerate() {
        match c {
            _ if n == SPELLED_LENGTH => {
                spelled.push_str("...");
                break;
            }
            c if is_strange(c) => spelled.extend(c.escape_default()),
            c => spelled.push(c),
        }
    }
    spelled.into()
}
