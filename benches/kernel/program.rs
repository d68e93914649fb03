//! The `ip` of this machine.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::Result;

/// Where it is, if it is installed.
pub(crate) fn ip() -> Option<&'static PathBuf> {
    static IP: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
        let mut places = std::env::split_paths(&path)
            .chain(more)
            .map(|place| place.join("ip"));
        places.find(|ip| ip.is_file())
    };
    IP.get_or_init(find).as_ref()
}

/// What it calls itself.
pub(crate) fn version() -> Option<String> {
    let output = Command::new(ip()?).arg("-V").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs it; what it prints is thrown away.
pub(crate) fn run(words: &str) -> Result<()> {
    let ip = ip().ok_or("no ip")?;
    let status = Command::new(ip)
        .args(words.split(' '))
        .stdout(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("ip {words}: {status}").into())
    }
}

/// Our program: what `NLCTL` names, else that of `cargo build --release`.
pub(crate) fn nlctl() -> Option<PathBuf> {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("release/nlctl");
    let named = std::env::var_os("NLCTL").map(PathBuf::from);
    Some(named.unwrap_or(built)).filter(|path| path.is_file())
}

/// Runs it; what it prints is thrown away.
pub(crate) fn run_nlctl(words: &[&str]) -> Result<()> {
    let mut command = Command::new(nlctl().ok_or("no nlctl: cargo build --release")?);
    let status = command
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("nlctl {words:?}: {status}").into())
    }
}

/// Lines for `ip -batch`, in a file that goes away.
pub(crate) struct Batch {
    path: PathBuf,
}

impl Batch {
    pub(crate) fn of(lines: impl Iterator<Item = String>) -> Result<Self> {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut name = String::new();
        write!(name, "nlctl-bench-{}-{number}", std::process::id())?;
        let path = std::env::temp_dir().join(name);
        let mut file = BufWriter::new(File::create(&path)?);
        for line in lines {
            writeln!(file, "{line}")?;
        }
        file.flush()?;
        Ok(Self { path })
    }

    /// The file.
    pub(crate) fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// Runs the lines, in a named namespace if `netns` says so.
    pub(crate) fn run(&self, netns: Option<&str>) -> Result<()> {
        let netns = netns.map_or(String::new(), |name| format!("-n {name} "));
        run(&format!("{netns}-batch {}", self.path.display()))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
