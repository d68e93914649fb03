//! The word cursor: command lines of keywords and values, read as ip(8) reads them.
//!
//! The errors carry iproute2's sentences and its exit code for usage errors, 255.

use std::ffi::OsString;
use std::fmt::Display;

use crate::failure::Failure;

/// The exit code of a usage error.
const USAGE: u8 = 255;

/// The words that are still to be read.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    rest: &'a [&'a str],
}

/// The words as text.
///
/// # Errors
///
/// Names the first word that is not UTF-8: none that ip understands is.
pub fn utf8(args: &[OsString]) -> Result<Vec<&str>, Failure> {
    args.iter()
        .map(|arg| {
            arg.to_str().ok_or_else(|| {
                Failure::new(
                    USAGE,
                    format!("Error: argument \"{}\" is not valid UTF-8.", arg.display()),
                )
            })
        })
        .collect()
}

impl<'a> Words<'a> {
    /// A cursor before the first of `words`.
    pub fn new(words: &'a [&'a str]) -> Self {
        Self { rest: words }
    }

    /// The next word, without moving on.
    pub fn peek(&self) -> Option<&'a str> {
        self.rest.first().copied()
    }

    /// The words that are still to be read.
    pub fn rest(&self) -> &'a [&'a str] {
        self.rest
    }

    /// Whether all words are read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next word, which the command cannot do without.
    ///
    /// # Errors
    ///
    /// [`incomplete`] if there is none.
    pub fn required(&mut self) -> Result<&'a str, Failure> {
        self.next().ok_or_else(incomplete)
    }

    /// Moves past the next word if it is exactly `keyword`.
    pub fn accept(&mut self, keyword: &str) -> bool {
        let found = self.peek() == Some(keyword);
        if found {
            self.next();
        }
        found
    }

    /// Moves past the next word if it abbreviates `keyword`.
    pub fn accept_prefix(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|word| matches(word, keyword));
        if found {
            self.next();
        }
        found
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }
}

/// Whether `word` is `keyword` or a beginning of it. The empty word is none.
///
/// Abbreviations may be ambiguous: the caller's order of questions decides, as in ip (`a` is `address`).
#[inline]
pub fn matches(word: &str, keyword: &str) -> bool {
    // Most words differ in their first byte; asked first, a line of a batch is read in half the time.
    word.as_bytes()
        .first()
        .is_some_and(|first| keyword.as_bytes().first() == Some(first))
        && keyword.starts_with(word)
}

/// The command line ends where a value or a keyword is due.
pub fn incomplete() -> Failure {
    Failure::new(USAGE, "Command line is not complete. Try option \"help\"")
}

/// A keyword that the command needs was not given.
pub fn missing(keyword: &str) -> Failure {
    Failure::new(USAGE, format!("Error: argument \"{keyword}\" is required"))
}

/// The word is no value of the kind that is due here: `wrong("xx", "Invalid \"mtu\" value\n")`.
///
/// Some of iproute2's explanations end in a newline, so that an empty line follows the message; keep it where ip has it.
pub fn wrong(word: &str, explanation: impl Display) -> Failure {
    Failure::new(
        USAGE,
        format!("Error: argument \"{word}\" is wrong: {explanation}"),
    )
}

/// A keyword that may be given once is given again; `word` is its second value.
pub fn duplicate(keyword: &str, word: &str) -> Failure {
    Failure::new(
        USAGE,
        format!("Error: duplicate \"{keyword}\": \"{word}\" is the second value."),
    )
}

/// A word that is no keyword stands where only `keyword`'s value may stand without one, and that is given already.
pub fn duplicate_or_garbage(keyword: &str, word: &str) -> Failure {
    Failure::new(
        USAGE,
        format!("Error: either \"{keyword}\" is duplicate, or \"{word}\" is a garbage."),
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn prefixes_match_as_in_ip() {
        assert!(matches("a", "address"));
        assert!(matches("address", "address"));
        assert!(!matches("addresses", "address"));
        assert!(!matches("", "address"));
        assert!(!matches("A", "address"));
    }

    #[test]
    fn cursor_reads_keywords_and_values() {
        let line = ["set", "dev", "v0", "up"];
        let mut words = Words::new(&line);
        assert!(words.accept_prefix("set"));
        assert!(!words.accept("de"));
        assert!(words.accept("dev"));
        assert_eq!(words.required(), Ok("v0"));
        assert_eq!(words.rest(), ["up"]);
        assert_eq!(words.next(), Some("up"));
        assert!(words.is_empty());
        let failure = words.required().unwrap_err();
        assert_eq!(
            (failure.code(), failure.text()),
            (255, "Command line is not complete. Try option \"help\"")
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let args = [OsString::from("dev"), OsString::from_vec(vec![b'v', 0xff])];
        assert_eq!(utf8(&args).unwrap_err().code(), 255);
        assert_eq!(utf8(&args[..1]), Ok(vec!["dev"]));
    }
}
