//! `ip -batch FILE`: commands from a file, one per line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::os::fd::AsFd;

use super::backlog::Backlog;
use super::{Ip, command};
use crate::failure::{Failure, strerror};
use crate::words::Words;

/// A line longer than any command, its continuations included: a file without line ends must not fill the memory.
pub(super) const MAX_LINE: usize = 1 << 20;

/// How many words a line may have.
const MAX_WORDS: usize = 100;

/// How much of the file is read at once, in bytes.
const BUFFER: usize = 64 * 1024;

/// Runs the commands in `file`, `-` for standard input.
///
/// # Errors
///
/// The first command that fails ends the batch with exit code 1, unless `-force` is given; a usage error
/// ends it in any case, with the exit code of the usage error, and so does a word that is no address. Without a reader
/// of standard output it ends with 141, before the next line; if that cannot be written for another reason, all is done
/// nevertheless, and the exit code is 1.
pub(super) fn run(ip: &mut Ip<'_>, file: &str) -> Result<(), Failure> {
    let opened = if file == "-" {
        File::from(stdin().as_fd().try_clone_to_owned()?)
    } else {
        File::open(file).map_err(|error| {
            Failure::new(
                1,
                format!(
                    "Cannot open file \"{file}\" for reading: {}",
                    strerror(&error)
                ),
            )
        })?
    };
    ip.begin_batch(Backlog::new(file, ip.options.force));
    let result = run_lines(ip, BufReader::with_capacity(BUFFER, opened));
    ip.settle();
    result?;
    ip.finish()?;
    ip.backlog().map_or(Ok(()), Backlog::result)
}

fn run_lines(ip: &mut Ip<'_>, input: BufReader<impl Read>) -> Result<(), Failure> {
    let mut lines = Lines::new(input);
    loop {
        if !lines.has_next() {
            // Whoever writes the lines may wait for what they do, and do something else meanwhile.
            ip.settle();
            ip.finish()?;
            ip.forget();
        }
        if ip.backlog().is_some_and(|backlog| backlog.is_unread()) {
            return Ok(());
        }
        let next = lines.next().map(|line| line.is_some());
        if next == Ok(false) {
            return Ok(());
        }
        if let Some(backlog) = ip.backlog() {
            backlog.line = lines.number;
        }
        let done = match next {
            Ok(_) => {
                let words = split(&lines.line)?;
                if words.is_empty() {
                    continue;
                }
                command(ip, Words::new(&words))
            }
            Err(failure) => Err(failure),
        };
        let Err(failure) = done else {
            continue;
        };
        if failure.is_unwritten() {
            ip.lose(failure);
            continue;
        }
        if failure.is_fatal() {
            return Err(failure);
        }
        ip.complain(&failure);
        if !ip.options.force {
            return Ok(());
        }
    }
}

/// Command lines: comments taken off, continued lines joined, counted as in the file.
pub(super) struct Lines<R> {
    input: R,
    line: String,
    /// The number of the last line that was read.
    pub(super) number: u32,
    /// How many bytes were read.
    pub(super) read: u64,
}

impl<R: Read> Lines<BufReader<R>> {
    /// Whether a whole line is there already: the next one may keep the reader waiting otherwise.
    pub(super) fn has_next(&self) -> bool {
        self.input.buffer().contains(&b'\n')
    }
}

impl<R: BufRead> Lines<R> {
    /// Lines from the first one on.
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            line: String::new(),
            number: 0,
            read: 0,
        }
    }

    /// The next line.
    ///
    /// # Errors
    ///
    /// Exit code 1 for what cannot be read or is no text; only in the latter case there may be more lines.
    pub(super) fn next(&mut self) -> Result<Option<&str>, Failure> {
        // The line's memory is the next one's.
        let mut bytes = std::mem::take(&mut self.line).into_bytes();
        bytes.clear();
        if !self.read(&mut bytes)? {
            return Ok(None);
        }
        while let Some(start) = bytes.strip_suffix(b"\\\n").map(<[u8]>::len) {
            bytes.truncate(start);
            if !self.read(&mut bytes)? {
                return Err(Failure::fatal(1, "Missing continuation line"));
            }
            self.check_length(bytes.len())?;
        }
        self.line = String::from_utf8(bytes)
            .map_err(|_| Failure::new(1, format!("line {} is not valid UTF-8", self.number)))?;
        Ok(Some(&self.line))
    }

    /// Appends one line, newline included unless a comment ended it; whether there was one.
    ///
    /// As with `ip`, no quotes keep a `#` from beginning a comment; what is in it need not be text.
    fn read(&mut self, bytes: &mut Vec<u8>) -> Result<bool, Failure> {
        let start = bytes.len();
        // One byte more than fits, to see that it does not.
        let len = (&mut self.input)
            .take(MAX_LINE as u64 + 1)
            .read_until(b'\n', bytes)
            .map_err(|error| Failure::fatal(1, format!("read error: {}", strerror(&error))))?;
        if len == 0 {
            return Ok(false);
        }
        self.read = self
            .read
            .saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
        self.number = self.number.saturating_add(1);
        self.check_length(len)?;
        let line = bytes.get(start..).unwrap_or_default();
        if let Some(comment) = line.iter().position(|byte| *byte == b'#') {
            bytes.truncate(start + comment);
        }
        Ok(true)
    }

    fn check_length(&self, len: usize) -> Result<(), Failure> {
        if len <= MAX_LINE {
            return Ok(());
        }
        let number = self.number;
        Err(Failure::fatal(
            1,
            format!("line {number} is longer than {MAX_LINE} bytes"),
        ))
    }
}

/// The words of a line; one that starts with a quote reaches to the next such quote.
pub(super) fn split(line: &str) -> Result<Vec<&str>, Failure> {
    split_up_to(MAX_WORDS, line)
}

/// [`split`], with more or fewer words.
pub(super) fn split_up_to(most: usize, line: &str) -> Result<Vec<&str>, Failure> {
    const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];
    let mut words = Vec::with_capacity(16);
    let mut rest = line.trim_start_matches(BLANK);
    while let Some(first) = rest.chars().next() {
        if words.len() == most {
            return Err(Failure::new(1, "Too many arguments to command"));
        }
        if first == '"' || first == '\'' {
            let (word, behind) = rest
                .get(1..)
                .and_then(|inside| inside.split_once(first))
                .ok_or_else(|| Failure::new(1, "Unterminated quoted string"))?;
            words.push(word);
            rest = behind;
        } else {
            let end = rest.find(BLANK).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            words.push(word);
            rest = behind;
        }
        rest = rest.trim_start_matches(BLANK);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_line_ends_is_refused_before_it_fills_the_memory() {
        let mut lines = Lines::new(BufReader::new(std::io::repeat(b'x')));
        assert!(lines.next().unwrap_err().text().contains("longer than"));
        let continued = "link \\\n".repeat(300_000);
        let mut lines = Lines::new(continued.as_bytes());
        assert!(lines.next().unwrap_err().text().contains("longer than"));
    }

    #[test]
    fn words_and_quotes() {
        assert_eq!(
            split(" link\tset v0 alias \"a b\" up\n"),
            Ok(vec!["link", "set", "v0", "alias", "a b", "up"])
        );
        assert_eq!(split("a 'b \" c'd"), Ok(vec!["a", "b \" c", "d"]));
        assert_eq!(split(" \n"), Ok(vec![]));
        assert_eq!(
            split("alias \"x").unwrap_err().text(),
            "Unterminated quoted string"
        );
        assert!(split(&"x ".repeat(101)).is_err());
    }

    #[test]
    fn comments_and_continued_lines() {
        let mut lines = Lines::new(&b"link \\\nset # x\n\naddr"[..]);
        assert_eq!(lines.next(), Ok(Some("link set ")));
        assert_eq!(lines.number, 2);
        assert_eq!(lines.next(), Ok(Some("\n")));
        assert_eq!(lines.next(), Ok(Some("addr")));
        assert_eq!(lines.next(), Ok(None));
        assert_eq!((lines.number, lines.read), (4, 20));
    }

    #[test]
    fn what_is_no_text_is_one_line() {
        let mut lines = Lines::new(&b"link # \xff\na\xff \\\nb\\\n#\xc3\nb\xc3\\\n\xa9"[..]);
        assert_eq!(lines.next(), Ok(Some("link ")));
        let failure = lines.next().unwrap_err();
        assert_eq!(failure.text(), "line 4 is not valid UTF-8");
        assert!(!failure.is_fatal());
        assert_eq!(lines.next(), Ok(Some("bé")));
        assert_eq!(lines.next(), Ok(None));
        assert_eq!(lines.number, 6);
    }

    #[test]
    fn line_that_promises_another() {
        let mut lines = Lines::new(&b"link \\\n"[..]);
        assert_eq!(
            lines.next().unwrap_err().text(),
            "Missing continuation line"
        );
    }
}
