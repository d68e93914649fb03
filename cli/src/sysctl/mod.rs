//! The `sysctl` applet: kernel parameters of the namespaces that the process is in, through /proc/sys.
//!
//! Grammar, output, messages and exit codes are those of procps; see sysctl(8).

mod args;
pub mod key;

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::applet::Invocation;
use crate::failure::{Failure, say, strerror};
use crate::output::Output;

use args::{Args, Command, Echo};
use key::Key;

const ROOT: &str = "/proc/sys";
/// The default of `-p`.
const CONFIGURATION: &str = "/etc/sysctl.conf";
/// Values are a page at most, listings of a few pages exist.
const VALUE_LIMIT: u64 = 1 << 20;

/// Runs the applet.
///
/// # Errors
///
/// Usage errors. What goes wrong with one parameter is said on standard error while the rest goes on, and shows in the
/// exit code.
pub fn run(invocation: &Invocation, out: &mut Output) -> Result<ExitCode, Failure> {
    let mut run = match args::parse(&invocation.args)? {
        Command::Say(text) => {
            writeln!(out, "{text}")?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Run(args) => Run {
            args,
            out,
            failed: false,
        },
    };
    let sets = run.args.load || run.args.names.iter().any(|name| name.contains('='));
    run.all().map_err(|failure| match sets {
        true => failure.leaving_undone(),
        false => failure,
    })?;
    Ok(ExitCode::from(u8::from(run.failed)))
}

/// One run over all parameters named.
struct Run<'a> {
    args: Args<'a>,
    out: &'a mut Output,
    /// Whether anything went wrong that counts in the exit code.
    failed: bool,
}

impl Run<'_> {
    fn all(&mut self) -> Result<(), Failure> {
        if self.args.all {
            return self.show_below(Path::new(ROOT), true);
        }
        if self.args.load {
            let files = std::mem::take(&mut self.args.names);
            let files = if files.is_empty() {
                vec![CONFIGURATION]
            } else {
                files
            };
            for file in files {
                self.load(file)?;
            }
            return Ok(());
        }
        for name in std::mem::take(&mut self.args.names) {
            if self.args.write && !name.contains('=') {
                return self.fail("command line(0): invalid syntax, continuing...");
            }
            if name.contains('=') {
                self.assign(name)?;
            } else {
                self.show(name)?;
            }
        }
        Ok(())
    }

    fn complain(&mut self, text: impl std::fmt::Display) -> Result<(), Failure> {
        // Both streams often end in one file: keep their order.
        self.out.flush()?;
        say(format_args!("sysctl: {text}"));
        Ok(())
    }

    fn fail(&mut self, text: impl std::fmt::Display) -> Result<(), Failure> {
        self.failed = true;
        self.complain(text)
    }

    /// The file of a name, if there is one; otherwise says so, as far as that is wanted.
    fn find(&mut self, name: &str) -> Result<Option<(Key, PathBuf, Metadata)>, Failure> {
        let Some(key) = Key::parse(name) else {
            self.fail(format_args!("\"{name}\" is an unknown key"))?;
            return Ok(None);
        };
        let path = Path::new(ROOT).join(key.path());
        match fs::metadata(&path) {
            Ok(metadata) => Ok(Some((key, path, metadata))),
            Err(error) => {
                if !self.args.ignore {
                    self.fail(format_args!(
                        "cannot stat {}: {}",
                        path.display(),
                        strerror(&error)
                    ))?;
                }
                Ok(None)
            }
        }
    }

    fn show(&mut self, name: &str) -> Result<(), Failure> {
        match self.find(name)? {
            Some((_, path, metadata)) if metadata.is_dir() => self.show_below(&path, false),
            Some((key, path, metadata)) => self.show_file(&key, &path, &metadata, false),
            None => Ok(()),
        }
    }

    /// Shows a directory of parameters in the order of their names. In a listing of everything, what may not be read
    /// is no failure.
    fn show_below(&mut self, dir: &Path, listing: bool) -> Result<(), Failure> {
        let mut entries: Vec<PathBuf> = match fs::read_dir(dir) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(error) => {
                return self.fail(format_args!(
                    "unable to open directory \"{}\": {}",
                    dir.display(),
                    strerror(&error)
                ));
            }
        };
        entries.sort();
        for path in entries {
            // An interface may go away while we read.
            let Ok(metadata) = fs::metadata(&path) else {
                continue;
            };
            if metadata.is_dir() {
                self.show_below(&path, listing)?;
                continue;
            }
            let key = path
                .strip_prefix(ROOT)
                .ok()
                .and_then(Path::to_str)
                .and_then(Key::from_path);
            if let Some(key) = key.filter(|key| self.args.deprecated || !key.is_deprecated()) {
                self.show_file(&key, &path, &metadata, listing)?;
            }
        }
        Ok(())
    }

    fn show_file(
        &mut self,
        key: &Key,
        path: &Path,
        metadata: &Metadata,
        listing: bool,
    ) -> Result<(), Failure> {
        let shown = key.dotted();
        if self
            .args
            .pattern
            .as_ref()
            .is_some_and(|pattern| !pattern.is_match(&shown))
        {
            return Ok(());
        }
        if metadata.permissions().mode() & 0o400 == 0 {
            return Ok(());
        }
        if self.args.echo == Echo::Names {
            writeln!(self.out, "{shown}")?;
            return Ok(());
        }
        let mut value = Vec::new();
        match File::open(path).and_then(|file| file.take(VALUE_LIMIT).read_to_end(&mut value)) {
            Ok(_) => {}
            Err(error) => return self.read_failure(&shown, &error, listing),
        }
        let value = String::from_utf8_lossy(&value);
        if self.args.echo == Echo::Binary {
            write!(self.out, "{}", value.strip_suffix('\n').unwrap_or(&value))?;
            return Ok(());
        }
        for line in value.strip_suffix('\n').unwrap_or(&value).split('\n') {
            self.echo(&shown, line)?;
        }
        Ok(())
    }

    fn read_failure(
        &mut self,
        shown: &str,
        error: &io::Error,
        listing: bool,
    ) -> Result<(), Failure> {
        let ignored = listing || self.args.ignore;
        match error.kind() {
            ErrorKind::NotFound if ignored => Ok(()),
            ErrorKind::NotFound => self.fail(format_args!("\"{shown}\" is an unknown key")),
            ErrorKind::PermissionDenied if listing => {
                self.complain(format_args!("permission denied on key '{shown}'"))
            }
            ErrorKind::PermissionDenied => {
                self.fail(format_args!("permission denied on key '{shown}'"))
            }
            // Parameters like net.ipv6.conf.*.stable_secret have no value before one is set.
            _ if listing => Ok(()),
            _ if error.raw_os_error() == Some(nix::libc::EIO) => {
                self.failed = true;
                Ok(())
            }
            _ => self.fail(format_args!("reading key \"{shown}\": {}", strerror(error))),
        }
    }

    fn echo(&mut self, shown: &str, value: &str) -> Result<(), Failure> {
        match self.args.echo {
            Echo::Both => writeln!(self.out, "{shown} = {value}")?,
            Echo::Values => writeln!(self.out, "{value}")?,
            Echo::Names => writeln!(self.out, "{shown}")?,
            Echo::Binary => write!(self.out, "{value}")?,
        }
        Ok(())
    }

    /// One `KEY=VALUE`.
    fn assign(&mut self, text: &str) -> Result<(), Failure> {
        let Setting {
            name,
            value,
            may_fail,
        } = Setting::of(text);
        let ignore = may_fail || self.args.ignore;
        let Some((key, path, metadata)) = self.find(name)? else {
            return Ok(());
        };
        let shown = key.dotted();
        // The exit code does not tell of these: so does procps.
        if metadata.is_dir() || metadata.permissions().mode() & 0o200 == 0 {
            return self.complain(format_args!(
                "setting key \"{shown}\": {}",
                nl_core::Errno::EINVAL.description()
            ));
        }
        if self.args.dry_run {
            return self.echo(&shown, value);
        }
        if let Err(error) = fs::write(&path, format!("{value}\n")) {
            return match error.kind() {
                _ if ignore => Ok(()),
                ErrorKind::PermissionDenied => {
                    self.fail(format_args!("permission denied on key \"{shown}\""))
                }
                _ => self.fail(format_args!(
                    "setting key \"{shown}\": {}",
                    strerror(&error)
                )),
            };
        }
        if self.args.quiet {
            Ok(())
        } else {
            self.echo(&shown, value)
        }
    }

    /// Assigns what a file says: a setting per line, `#` and `;` begin comments.
    fn load(&mut self, file: &str) -> Result<(), Failure> {
        let mut text = Vec::new();
        let read = match file {
            "-" => io::stdin().take(VALUE_LIMIT).read_to_end(&mut text),
            path => File::open(path).and_then(|file| file.take(VALUE_LIMIT).read_to_end(&mut text)),
        };
        if let Err(error) = read {
            return self.fail(format_args!("cannot open \"{file}\": {}", strerror(&error)));
        }
        // As procps does: complaints about the form come before the first change.
        let text = String::from_utf8_lossy(&text);
        let (settings, wrong) = settings(&text);
        for number in wrong {
            self.fail(format_args!(
                "{file}({number}): invalid syntax, continuing..."
            ))?;
        }
        for setting in settings {
            self.assign(setting)?;
        }
        Ok(())
    }
}

/// `KEY=VALUE`; a dash before it means that the kernel may refuse.
struct Setting<'t> {
    name: &'t str,
    value: &'t str,
    may_fail: bool,
}

impl<'t> Setting<'t> {
    fn of(text: &'t str) -> Self {
        let (may_fail, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        Self {
            name: name.trim(),
            value: value.trim(),
            may_fail,
        }
    }
}

/// The settings in a file, and the numbers of the lines that are neither one nor a comment.
fn settings(text: &str) -> (Vec<&str>, Vec<usize>) {
    let (mut settings, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if line.contains('=') {
            settings.push(line);
        } else {
            wrong.push(number);
        }
    }
    (settings, wrong)
}

/// For the fuzz target: what a file sets is a path below /proc/sys.
pub(crate) fn read_file(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (settings, wrong) = settings(&text);
    assert!(settings.len() + wrong.len() <= text.lines().count());
    assert!(wrong.is_sorted() && wrong.iter().all(|&number| number <= text.lines().count()));
    for setting in settings {
        let Setting { name, value, .. } = Setting::of(setting);
        assert!(!name.contains('=') && setting.contains(value));
        let Some(key) = Key::parse(name) else {
            continue;
        };
        let path = Path::new(ROOT).join(key.path());
        let mut parts = path.components();
        assert!(path.starts_with(ROOT) && parts.all(|part| part.as_os_str() != ".."));
        assert!(path != Path::new(ROOT));
        assert_eq!(Key::from_path(key.path()), Some(key));
    }
}

/// For the fuzz target: a command line is understood or refused.
pub(crate) fn read_words(words: &[OsString]) {
    if let Ok(Command::Run(args)) = args::parse(words) {
        assert!(args.all || args.load || !args.names.is_empty());
    }
}
