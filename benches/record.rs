//! What was measured waits in files for the report, which puts together what was measured at different times.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::machine;

/// One file: notes, of which each has a name, and lines of cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// By name.
    pub notes: BTreeMap<String, String>,
    /// Cells hold no tabs and no line ends.
    pub lines: Vec<Vec<String>>,
}

impl Record {
    /// An empty one that says when, of which commit and under what load its lines are measured.
    #[must_use]
    pub fn begin() -> Self {
        let mut record = Self::default();
        record.note("date", said_by("date", &["-u", "+%Y-%m-%d %H:%M UTC"]));
        record.note("commit", commit());
        record.note("load before", machine::load());
        record
    }

    /// Adds a note.
    pub fn note(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into().replace(['\t', '\n'], " ");
        self.notes.insert(name.to_owned(), value);
    }

    /// The value of a note, `-` without one.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.notes.get(name).map_or("-", String::as_str)
    }

    /// Adds a line.
    pub fn line<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.lines.push(cells.into_iter().map(Into::into).collect());
    }

    /// Says under what load it ends, and keeps it in `folder`.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn keep(mut self, folder: &Path, name: &str) -> io::Result<()> {
        self.note("load after", machine::load());
        let mut out = String::new();
        for (name, value) in &self.notes {
            let _ = writeln!(out, "#\t{name}\t{value}");
        }
        for line in &self.lines {
            let _ = writeln!(out, "{}", line.join("\t"));
        }
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join(name).with_extension("tsv"), out)
    }

    /// Reads one that was kept.
    #[must_use]
    pub fn find(folder: &Path, name: &str) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join(name).with_extension("tsv")).ok()?;
        let mut record = Self::default();
        for line in text.lines() {
            let cells: Vec<&str> = line.split('\t').collect();
            match *cells.as_slice() {
                ["#", name, value] => record.note(name, value),
                _ => record.line(cells),
            }
        }
        Some(record)
    }
}

/// What a program prints, in one line; empty if it is not there.
fn said_by(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output();
    output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// The commit that is checked out, and whether something else than the results differs from it.
fn commit() -> String {
    let here = env!("CARGO_MANIFEST_DIR");
    let git = |words: &[&str]| said_by("git", &[&["-C", here], words].concat());
    let commit = git(&["rev-parse", "--short=12", "HEAD"]);
    let results = [":/", ":!RESULTS.md", ":!plots"];
    let changed = git(&[&["status", "--porcelain", "-uno", "--"], &results[..]].concat());
    match (commit.is_empty(), changed.is_empty()) {
        (true, _) => "unknown".to_owned(),
        (false, true) => commit,
        (false, false) => format!("{commit} with changes"),
    }
}
