//! What `/proc` tells about namespaces of all types.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A type of namespace. namespaces(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the kernel's own names")]
pub enum Kind {
    Mnt,
    Net,
    Pid,
    Uts,
    Ipc,
    User,
    Cgroup,
    Time,
}

impl Kind {
    /// All types, in the order in which `lsns` reads them.
    pub const ALL: [Self; 8] = [
        Self::Mnt,
        Self::Net,
        Self::Pid,
        Self::Uts,
        Self::Ipc,
        Self::User,
        Self::Cgroup,
        Self::Time,
    ];

    /// The name of its file in `/proc/PID/ns`, which is also what `lsns -t` takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mnt => "mnt",
            Self::Net => "net",
            Self::Pid => "pid",
            Self::Uts => "uts",
            Self::Ipc => "ipc",
            Self::User => "user",
            Self::Cgroup => "cgroup",
            Self::Time => "time",
        }
    }

    /// The type of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A namespace, as seen from `/proc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Inode number, the namespace's identity.
    pub ino: u64,
    /// Type.
    pub kind: Kind,
    /// The processes in it, ascending. Empty if only a mount keeps it.
    pub pids: Vec<u32>,
    /// The parent of the first process, 0 if it has none here.
    pub parent: Option<u32>,
    /// The user of the first process.
    pub uid: Option<u32>,
    /// The command line of the first process, words separated by blanks, or its name if it has none.
    pub command: String,
    /// Where it is bind-mounted: names of network namespaces, for example.
    pub mounts: Vec<PathBuf>,
}

/// Lists the namespaces of all processes that the caller may look at, and those that mounts keep, by inode number.
///
/// Equivalent to `lsns`.
///
/// # Errors
///
/// If `/proc` cannot be read. Processes that end meanwhile and those of other users are passed over.
pub fn list() -> Result<Vec<Listed>> {
    let mut found: BTreeMap<(u64, Kind), Listed> = BTreeMap::new();
    let empty = |ino, kind| Listed {
        ino,
        kind,
        pids: vec![],
        parent: None,
        uid: None,
        command: String::new(),
        mounts: vec![],
    };
    let mut all: Vec<u32> = pids()?.collect();
    all.sort_unstable();
    for pid in all {
        for (kind, ino) in of_process(pid) {
            found
                .entry((ino, kind))
                .or_insert_with(|| empty(ino, kind))
                .pids
                .push(pid);
        }
    }
    for listed in found.values_mut() {
        if let Some(pid) = listed.pids.first() {
            listed.uid = fs::metadata(format!("/proc/{pid}"))
                .ok()
                .map(|found| found.uid());
            listed.parent = parent(*pid);
            listed.command = command_line(*pid);
        }
    }
    let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
    for (kind, ino, place) in mounts
        .split(|byte| *byte == b'\n')
        .filter_map(bound_namespace)
    {
        let listed = found.entry((ino, kind)).or_insert_with(|| empty(ino, kind));
        if !listed.mounts.contains(&place) {
            listed.mounts.push(place);
        }
    }
    Ok(found.into_values().collect())
}

/// The namespaces of a process: type and inode number, as far as the caller may see them.
pub fn of_process(pid: u32) -> impl Iterator<Item = (Kind, u64)> {
    Kind::ALL.into_iter().filter_map(move |kind| {
        let link = fs::read_link(format!("/proc/{pid}/ns/{}", kind.name())).ok()?;
        let (_, ino) = namespace_link(link.as_os_str().as_bytes())?;
        Some((kind, ino))
    })
}

/// The numbers of all processes, in the order of `/proc`.
///
/// # Errors
///
/// If `/proc` cannot be read.
pub fn pids() -> Result<impl Iterator<Item = u32>> {
    let entries =
        fs::read_dir("/proc").map_err(|error| Error::system("Open of /proc failed", error))?;
    Ok(entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok()))
}

/// The login name of a user, from `/etc/passwd`.
#[must_use]
pub fn user_name(uid: u32) -> Option<String> {
    user_name_in(&fs::read_to_string("/etc/passwd").ok()?, uid)
}

fn user_name_in(table: &str, uid: u32) -> Option<String> {
    table.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _password, number) = (fields.next()?, fields.next()?, fields.next()?);
        (number.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// How many threads the calling process has.
pub(crate) fn threads() -> Option<usize> {
    Some(fs::read_dir("/proc/self/task").ok()?.count())
}

fn parent(pid: u32) -> Option<u32> {
    parent_in(&fs::read(format!("/proc/{pid}/status")).ok()?)
}

fn parent_in(status: &[u8]) -> Option<u32> {
    let value = status
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"PPid:"))?;
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

fn command_line(pid: u32) -> String {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    match command_line_in(&words) {
        Some(words) => words,
        None => {
            let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
            String::from_utf8_lossy(&name).trim_end().to_owned()
        }
    }
}

/// Words that each end with a NUL, with blanks between them; `None` if there is none.
fn command_line_in(words: &[u8]) -> Option<String> {
    let end = words.iter().rposition(|byte| *byte != 0)? + 1;
    let words = words.get(..end)?;
    Some(String::from_utf8_lossy(words).replace('\0', " "))
}

/// Reads `net:[4026531840]`.
fn namespace_link(text: &[u8]) -> Option<(Kind, u64)> {
    let (kind, number) = std::str::from_utf8(text).ok()?.split_once(":[")?;
    Some((
        Kind::from_name(kind)?,
        number.strip_suffix(']')?.parse().ok()?,
    ))
}

/// Reads a line of mountinfo, if it is a namespace's: `65 64 0:4 net:[4026532319] /run/netns/a rw shared:2 - nsfs …`.
fn bound_namespace(line: &[u8]) -> Option<(Kind, u64, PathBuf)> {
    let mut fields = line.split(|byte| *byte == b' ').skip(3);
    let (kind, ino) = namespace_link(fields.next()?)?;
    let place = unescape(fields.next()?);
    Some((
        kind,
        ino,
        Path::new(&std::ffi::OsString::from_vec(place)).to_owned(),
    ))
}

/// Blanks, line ends and backslashes stand in mountinfo as three octal digits: `\040`.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let octal = after
            .get(..3)
            .filter(|_| first == b'\\')
            .and_then(|digits| {
                let digits = std::str::from_utf8(digits).ok()?;
                u8::from_str_radix(digits, 8).ok()
            });
        plain.push(octal.unwrap_or(first));
        rest = if octal.is_some() {
            after.get(3..).unwrap_or_default()
        } else {
            after
        };
    }
    plain
}

/// For the fuzz target.
pub(crate) fn read_all(data: &[u8]) {
    for line in data.split(|byte| *byte == b'\n') {
        if let Some((kind, ino, place)) = bound_namespace(line) {
            let link = format!("{}:[{ino}]", kind.name());
            assert_eq!(namespace_link(link.as_bytes()), Some((kind, ino)));
            assert!(place.as_os_str().len() <= line.len());
        }
        assert!(unescape(line).len() <= line.len());
        let escaped: Vec<u8> = line
            .iter()
            .flat_map(|byte| match byte {
                b' ' | b'\t' | b'\\' => format!("\\{byte:03o}").into_bytes(),
                byte => vec![*byte],
            })
            .collect();
        assert_eq!(
            unescape(&escaped),
            line,
            "what the kernel writes reads back"
        );
    }
    if let Some(words) = command_line_in(data) {
        assert!(!words.contains('\0') && !words.is_empty());
    }
    let _ = parent_in(data);
    if let Ok(text) = std::str::from_utf8(data) {
        let name = user_name_in(text, 0);
        assert!(name.is_none_or(|name| text.contains(&format!("{name}:"))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_bound_namespace_with_a_blank_in_its_name() {
        let line = br"65 64 0:4 net:[4026532319] /run/netns/a\040b rw shared:2 - nsfs nsfs rw";
        let want = (Kind::Net, 4_026_532_319, PathBuf::from("/run/netns/a b"));
        assert_eq!(bound_namespace(line), Some(want));
        assert_eq!(
            bound_namespace(b"64 63 0:39 /netns /run/netns rw - tmpfs x rw"),
            None
        );
        assert_eq!(bound_namespace(b""), None);
    }

    #[test]
    fn odd_escapes_stay_as_they_are() {
        assert_eq!(unescape(br"a\04"), br"a\04");
        assert_eq!(unescape(br"\999\"), br"\999\");
    }
}
