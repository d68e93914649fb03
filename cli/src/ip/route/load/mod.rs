//! `nlctl route load FILE`: routes by the million, from what ip prints, takes or saves, or from bare prefixes.

mod input;
mod line;
mod saved;
mod send;
mod sync;
mod tables;
mod tally;
mod waiting;

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Cursor;

use nl_route::Mode;

use self::input::{Input, Item, Source};
use self::line::{Line, Reader};
use self::tally::{Progress, Tally};
use self::waiting::Waiting;
use super::modify::Spec;
use crate::failure::{Failure, say};
use crate::ip::session::{Ip, refused};
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
           which tables; \"table\" and \"proto\" beside it name what of them.
           Nothing is deleted if a line cannot be read or a route is
           refused. A file without any route empties only a table that
           \"table\" names";

/// How many routes are read before they are sent.
const CHUNK: usize = 2048;

/// How many bytes of lines or messages are read before they are sent.
const CHUNK_BYTES: usize = 256 * 1024;

/// How many refusals are spelled out.
const SPELLED_OUT: usize = 20;

/// How much of one is, in characters: a file without line ends has long words.
const SPELLED_LENGTH: usize = 300;

/// How often routes are sent again whose gateways cannot be reached: each time the way to some of them was made, by a
/// route of a wider scope, and a scope is one byte.
const PASSES: usize = 256;

/// What is said of a list without any route that is to empty a table which nobody has named.
const NAMES_NO_TABLE: &str = "Error: the list is empty and names no table: say \"table TABLE_ID\".";

pub(super) fn load(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    let usage = || Failure::new(255, USAGE);
    let (mut replace, mut sync, mut file) = (false, false, None);
    let mut said = Vec::new();
    for word in words {
        match (word, file) {
            ("--replace", _) => replace = true,
            ("--sync", _) => sync = true,
            ("help", None) => return Err(usage()),
            (word, _) if word.starts_with("--") => return Err(usage()),
            (word, None) => file = Some(word),
            (word, Some(_)) => said.push(word),
        }
    }
    let file = file.ok_or_else(usage)?;
    if replace && sync {
        return Err(usage());
    }
    let common = Spec::common(ip, Words::new(&said))?;
    let input = Input::open(file)?;
    let is_saved = matches!(input.source, Source::Saved { .. });
    if is_saved {
        let what = match (sync, said.as_slice()) {
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
    let mut load = Load::new(input, file, common, replace);
    load.tally.is_dry = connection.is_dry_run();
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

/// For the fuzz target: the requests of a file, and how many of its lines are none.
///
/// # Errors
///
/// What cannot be read at all.
pub(in crate::ip) fn requests(ip: &mut Ip<'_>, file: &[u8]) -> Result<(Vec<Line>, usize), Failure> {
    let common = Spec::common(ip, Words::new(&[]))?;
    let input = || Input::of(Box::new(Cursor::new(file.to_vec())));
    tables::check(Load::new(input()?, "", common.clone(), false));
    let mut load = Load::new(input()?, "", common, false);
    let mut requests = Vec::new();
    loop {
        let chunk = load.chunk(ip);
        if chunk.is_empty() {
            return Ok((requests, load.tally.unreadable));
        }
        requests.extend(chunk.into_iter().map(|(_, line)| line));
    }
}

struct Load<'f> {
    input: Input,
    file: &'f str,
    reader: Reader,
    common: Spec,
    replace: bool,
    waiting: Waiting,
    /// Why the rest cannot be read.
    broken: Option<Failure>,
    tally: Tally,
    progress: Progress,
}

impl<'f> Load<'f> {
    fn new(input: Input, file: &'f str, common: Spec, replace: bool) -> Self {
        Self {
            progress: Progress::new(input.size),
            input,
            file,
            reader: Reader::new(common.clone(), replace),
            common,
            replace,
            waiting: Waiting::default(),
            broken: None,
            tally: Tally::default(),
        }
    }

    /// The next routes, and the numbers of their lines; lines that say none are told and counted. None are the end.
    ///
    /// What is there is not held back until there is more: whoever writes the lines may wait for what they do.
    fn chunk(&mut self, ip: &mut Ip<'_>) -> Vec<(u32, Line)> {
        let mut chunk = Vec::new();
        let mut bytes = 0;
        // Lines that say no route are not held, and are none of it.
        while chunk.len() < CHUNK && bytes < CHUNK_BYTES && self.broken.is_none() {
            match self.input.next(chunk.is_empty()) {
                Ok(None) => break,
                Ok(Some(Item::NoText(number))) => {
                    self.skip(number, &Failure::new(1, "Error: this is no text."));
                }
                Ok(Some(Item::Route(number, again))) => {
                    let payload = self.input.payload();
                    bytes += payload.len();
                    let mode = match (again, self.replace) {
                        (true, _) => Mode::Append,
                        (false, true) => Mode::Replace,
                        (false, false) => Mode::Add,
                    };
                    chunk.push((number, Line::Saved(mode, payload.to_vec())));
                }
                Ok(Some(Item::Text(number, text))) => match self.reader.read(ip, &text) {
                    Ok(line) => {
                        bytes += text.len();
                        chunk.push((number, line));
                    }
                    Err(failure) => self.skip(number, &failure),
                },
                Err(failure) => {
                    self.tally.unreadable += 1;
                    self.broken = Some(failure);
                }
            }
        }
        chunk
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
        let text = spelled_out(failure.text().trim_end());
        self.progress.clear();
        say(format_args!("{}:{number}: {text}", self.file));
        if self.tally.failed == SPELLED_OUT {
            say("...");
        }
    }

    /// Says something that is of no line.
    fn say(&mut self, text: impl Display) {
        self.progress.clear();
        say(text);
    }

    /// Sums up.
    fn finish(mut self, result: Result<(), Failure>) -> Result<(), Failure> {
        let mut code = 0;
        if self.tally.failed > 0 {
            code = 2;
        }
        for failure in result.err().into_iter().chain(self.broken.take()) {
            if !failure.text().is_empty() {
                let file = self.file;
                self.say(format_args!("{file}: {failure}"));
            }
            code = failure.code();
        }
        // What was counted is for people; a script has the exit code.
        let summary = self.tally.summary(self.progress.took());
        self.say(summary);
        match code {
            0 => Ok(()),
            code => Err(Failure::silent(code)),
        }
    }
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
