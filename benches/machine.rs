//! What the numbers were taken on.

use std::fs::read_to_string;
use std::time::Duration;

/// The value of a line `KEY…: VALUE` or `KEY=VALUE` of a file.
fn value(path: &str, key: &str) -> Option<String> {
    let text = read_to_string(path).ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(
        rest.trim_start()
            .trim_start_matches([':', '='])
            .trim()
            .trim_matches('"')
            .to_owned(),
    )
}

/// Processor, memory, kernel, system, in words.
#[must_use]
pub fn describe() -> String {
    let unknown = || "unknown".to_owned();
    let processor = value("/proc/cpuinfo", "model name").unwrap_or_else(unknown);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = value("/proc/meminfo", "MemTotal")
        .and_then(|value| value.strip_suffix(" kB")?.parse::<u64>().ok())
        .map_or(0, |kib| kib.div_ceil(1 << 20));
    let release = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_else(|_| unknown());
    let system = value("/etc/os-release", "PRETTY_NAME").unwrap_or_else(unknown);
    let machine = if read_to_string("/proc/cpuinfo").is_ok_and(|text| text.contains(" hypervisor"))
    {
        "virtual machine, "
    } else {
        ""
    };
    format!(
        "{machine}{processor}, {cores} processors, {memory} GiB; Linux {}; {system}",
        release.trim()
    )
}

/// The load average of the last minute.
#[must_use]
pub fn load() -> String {
    let text = read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// Waits until the machine has nothing to do: the kernel still takes apart the namespaces of a process that ended, and
/// whoever comes next would pay for it. It does not wait for ever, on a machine that others use.
pub fn settle() {
    const ENOUGH: f64 = 0.9;
    for _ in 0..40 {
        let before = times();
        std::thread::sleep(Duration::from_millis(50));
        if let (Some(before), Some(after)) = (before, times())
            && (after.0 - before.0) >= ENOUGH * (after.1 - before.1)
        {
            return;
        }
    }
}

/// How long the processors had nothing to do, and how long they were there, in the same unit.
fn times() -> Option<(f64, f64)> {
    let text = read_to_string("/proc/stat").ok()?;
    let words = text.lines().next()?.split_whitespace().skip(1);
    let all: Vec<f64> = words.map_while(|word| word.parse().ok()).collect();
    // user, nice, system, idle, iowait; see proc_stat(5).
    Some((all.get(3)? + all.get(4)?, all.iter().sum()))
}

/// The versions of other libraries that this was built with.
#[must_use]
pub fn libraries() -> Vec<String> {
    let lock = include_str!("../Cargo.lock");
    let wanted = [
        "netlink-bindings",
        "netlink-packet-route",
        "neli",
        "nlink",
        "rtnetlink",
    ];
    let mut found = Vec::new();
    let mut lines = lock.lines();
    while let Some(line) = lines.next() {
        let name = line
            .strip_prefix("name = ")
            .map(|name| name.trim_matches('"'));
        if let Some(name) = name.filter(|name| wanted.contains(name)) {
            let version = lines
                .next()
                .and_then(|line| line.strip_prefix("version = "));
            found.push(format!(
                "{name} {}",
                version.unwrap_or("?").trim_matches('"')
            ));
        }
    }
    found
}
