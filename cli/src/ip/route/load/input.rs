//! What is read: lines of text, of which some belong together, or a saved list, more than once where that is possible.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, stdin};
use std::os::fd::AsFd;

use super::super::save::MAGIC;
use super::saved::{LAST_PASS, Saved};
use crate::failure::{Failure, strerror};
use crate::ip::batch::{Lines, MAX_LINE};
use crate::words::matches;

/// How much is read at once, in bytes.
const BUFFER: usize = 64 * 1024;

type Buffered = BufReader<Box<dyn Read>>;

pub(super) enum Source {
    Lines(Lines<Buffered>),
    Saved {
        saved: Saved<Buffered>,
        again: Option<Again>,
    },
}

/// How a list is read again: what its routes need comes first, as with `ip route restore`.
pub(super) struct Again {
    file: File,
    /// Where the list begins.
    start: u64,
    /// Which of its routes are meant this time.
    pass: u8,
}

/// What a file says next.
pub(super) enum Item {
    /// A line, by its number, with those that go on with it.
    Text(u32, String),
    /// A line that is no text.
    NoText(u32),
    /// A saved route, by its number; its [`Input::payload`], and whether it differs from the one before only in its way.
    Route(u32, bool),
}

/// A line that may go on with the next one.
struct Joined {
    number: u32,
    text: String,
    /// Whether ways may follow.
    is_open: bool,
}

/// What was read too early.
enum Behind {
    Line(Joined),
    NoText(u32),
    /// Why nothing more can be read.
    Broken(Failure),
}

pub(super) struct Input {
    pub(super) source: Source,
    /// How much there is to read, in bytes, if that is known.
    pub(super) size: Option<u64>,
    /// What was read to see whether the line before goes on with it.
    behind: Option<Behind>,
}

impl Input {
    /// Opens a file, `-` for standard input, and looks what is in it.
    pub(super) fn open(name: &str) -> Result<Self, Failure> {
        let opened = match name {
            "-" => stdin().as_fd().try_clone_to_owned().map(File::from),
            name => File::open(name),
        };
        let mut opened = opened.map_err(|error| {
            let why = strerror(&error);
            Failure::new(1, format!("Cannot open file \"{name}\" for reading: {why}"))
        })?;
        let metadata = opened.metadata().ok();
        let size = metadata.filter(std::fs::Metadata::is_file);
        let size = size.map(|metadata| metadata.len());
        // What cannot be read again is read once, and what needs others waits for them.
        let again = match size {
            Some(_) => opened.stream_position().ok().zip(opened.try_clone().ok()),
            None => None,
        };
        let mut input = Self::of(Box::new(opened))?;
        input.size = size;
        if let (Source::Saved { again: place, .. }, Some((start, file))) =
            (&mut input.source, again)
        {
            *place = Some(Again {
                file,
                start: start.saturating_add(MAGIC.len() as u64),
                pass: 0,
            });
            input.size = size.map(|size| size.saturating_mul(u64::from(LAST_PASS) + 1));
        }
        Ok(input)
    }

    /// Looks what is in a file.
    pub(super) fn of(mut input: Box<dyn Read>) -> Result<Self, Failure> {
        let mut first = Vec::new();
        let taken = (&mut input)
            .take(MAGIC.len() as u64)
            .read_to_end(&mut first);
        taken.map_err(|error| read_error(&error))?;
        if first.iter().rev().eq(&MAGIC) {
            let text = "Error: the list was saved on a machine of the other byte order.";
            return Err(Failure::new(1, text));
        }
        let source = if first == MAGIC {
            Source::Saved {
                saved: Saved::new(buffered(input)),
                again: None,
            }
        } else {
            Source::Lines(Lines::new(buffered(Box::new(
                Cursor::new(first).chain(input),
            ))))
        };
        Ok(Self {
            source,
            size: None,
            behind: None,
        })
    }

    /// How many bytes were read.
    pub(super) fn read(&self) -> u64 {
        match &self.source {
            Source::Lines(lines) => lines.read,
            Source::Saved { saved, .. } => saved.read,
        }
    }

    /// The payload of a request for the saved route that came last.
    pub(super) fn payload(&self) -> &[u8] {
        match &self.source {
            Source::Lines(_) => &[],
            Source::Saved { saved, .. } => saved.payload(),
        }
    }

    /// What comes next; `None` at the end, and before a line that is not there yet unless one `may_wait` for it.
    ///
    /// # Errors
    ///
    /// Nothing can be read behind it.
    pub(super) fn next(&mut self, may_wait: bool) -> Result<Option<Item>, Failure> {
        match &mut self.source {
            Source::Saved { saved, again } => next_saved(saved, again.as_mut()),
            Source::Lines(_) => self.line(may_wait),
        }
    }

    /// The next line that says something; ways of a multipath route, which `ip route show` prints below it, are joined
    /// to it.
    fn line(&mut self, may_wait: bool) -> Result<Option<Item>, Failure> {
        let Source::Lines(lines) = &mut self.source else {
            return Ok(None);
        };
        let mut whole: Option<Joined> = None;
        match self.behind.take() {
            None => {}
            Some(Behind::Line(line)) => whole = Some(line),
            Some(Behind::NoText(number)) => return Ok(Some(Item::NoText(number))),
            Some(Behind::Broken(failure)) => return Err(failure),
        }
        while whole.as_ref().is_none_or(|whole| whole.is_open) {
            if !may_wait && !lines.has_next() {
                self.behind = whole.map(Behind::Line);
                return Ok(None);
            }
            let next = lines.next().map(|line| line.map(str::trim));
            let behind = match (next, &mut whole) {
                (Ok(None), _) => break,
                (Ok(Some(line)), _) if line.is_empty() || line.starts_with("nh_info ") => continue,
                (Ok(Some(line)), Some(whole)) if line.starts_with("nexthop ") => {
                    if whole.text.len() + line.len() >= MAX_LINE {
                        let number = whole.number;
                        let text = format!("line {number} is longer than {MAX_LINE} bytes");
                        return Err(Failure::fatal(1, text));
                    }
                    whole.text.push(' ');
                    whole.text.push_str(line);
                    continue;
                }
                (Ok(Some(line)), _) => {
                    let (is_open, text) = (may_go_on(line), line.to_owned());
                    Behind::Line(Joined {
                        number: lines.number,
                        text,
                        is_open,
                    })
                }
                (Err(failure), _) if failure.is_fatal() => Behind::Broken(failure),
                (Err(_), _) => Behind::NoText(lines.number),
            };
            match (behind, &whole) {
                (Behind::Line(line), None) => whole = Some(line),
                (Behind::NoText(number), None) => return Ok(Some(Item::NoText(number))),
                (Behind::Broken(failure), None) => return Err(failure),
                // What stands before it comes first.
                (behind, Some(_)) => {
                    self.behind = Some(behind);
                    break;
                }
            }
        }
        Ok(whole.map(|whole| Item::Text(whole.number, whole.text)))
    }
}

/// Whether lines below this one may say where its route goes. It does not depend on what was read already.
fn may_go_on(line: &str) -> bool {
    const NOWHERE: [&str; 4] = ["blackhole", "unreachable", "prohibit", "throw"];
    let mut words = line.split_ascii_whitespace();
    let first = words.clone().next().unwrap_or_default();
    if first == "ip" || matches(first, "route") {
        return false;
    }
    match words.find(|word| matches!(*word, "nexthop" | "nhid" | "dev" | "via")) {
        // A group of nexthop objects is spelled out below it; a single one behind it.
        Some("nhid") => {
            words.all(|word| !matches!(word, "dev" | "via")) || line.contains("nexthop")
        }
        Some(word) => word == "nexthop",
        None => !NOWHERE.contains(&first),
    }
}

/// The next saved route that is meant this time.
fn next_saved(
    saved: &mut Saved<Buffered>,
    mut again: Option<&mut Again>,
) -> Result<Option<Item>, Failure> {
    loop {
        let end = match saved.next() {
            Ok(Some(route)) => {
                if again.as_ref().is_some_and(|again| again.pass != route.pass) {
                    continue;
                }
                return Ok(Some(Item::Route(saved.number, route.again)));
            }
            end => end.map(|_| None),
        };
        // What cannot be read is told of in the end, and so is what stands before it done.
        let Some(again) = again.as_mut().filter(|again| again.pass < LAST_PASS) else {
            return end;
        };
        again.pass += 1;
        let rewound = (&again.file)
            .seek(SeekFrom::Start(again.start))
            .and_then(|_| again.file.try_clone())
            .map_err(|error| read_error(&error))?;
        saved.rewind(buffered(Box::new(rewound)));
    }
}

fn buffered(input: Box<dyn Read>) -> Buffered {
    BufReader::with_capacity(BUFFER, input)
}

fn read_error(error: &io::Error) -> Failure {
    Failure::new(1, format!("read error: {}", strerror(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leaves_its_way_open_goes_on() {
        for line in [
            "20.0.0.0/24",
            "20.0.0.0/24 proto static metric 5",
            "20.0.0.0/24 metric 5 nexthop via 10.0.0.2",
            "20.0.0.0/24 nhid 50 metric 9",
            "20.0.0.0/24 nhid 50 \\\tnexthop via 10.0.0.5 dev v0",
        ] {
            assert!(may_go_on(line), "{line}");
        }
        for line in [
            "20.0.0.0/24 via 10.0.0.2",
            "20.0.0.0/24 dev v0 scope link",
            "20.0.0.0/24 nhid 5 via 10.0.0.2 dev v0",
            "blackhole 20.0.0.0/24 metric 3",
            "ro del 20.0.0.0/24",
            "ip -6 route add ::/0",
        ] {
            assert!(!may_go_on(line), "{line}");
        }
    }

    #[test]
    fn a_route_of_endless_ways_is_refused_before_it_fills_the_memory() {
        let ways = Cursor::new("nexthop via 10.0.0.1\n".repeat(60_000));
        let input = Cursor::new("20.0.0.0/24\n").chain(ways);
        let mut input = Input::of(Box::new(input)).unwrap();
        let failure = input.next(true).err().unwrap();
        assert_eq!(failure.text(), "line 1 is longer than 1048576 bytes");
    }
}
