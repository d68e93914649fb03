//! The `lsns` applet: the namespaces that processes are in. See lsns(8).

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Write;
use std::process::ExitCode;

use nl_core::Connection;
use nl_netns::proc::{self, Kind, Listed};
use nl_route::Route;
use nl_route::nsid::{GetNsid, NetnsRef};

use crate::applet::Invocation;
use crate::failure::Failure;
use crate::options::{self, Order, Spec};
use crate::output::Output;

const OPTIONS: &[Spec] = &[
    Spec::flag('J', "json"),
    Spec::flag('l', "list"),
    Spec::flag('n', "noheadings"),
    Spec::with_value('o', "output"),
    Spec::with_value('p', "task"),
    Spec::flag('r', "raw"),
    Spec::flag('u', "notruncate"),
    Spec::with_value('t', "type"),
    Spec::flag('h', "help"),
    Spec::flag('V', "version"),
];

const USAGE: &str = "
Usage:
 lsns [options]

List system namespaces.

Options:
 -J, --json             use JSON output format
 -l, --list             use list format output
 -n, --noheadings       don't print headings
 -o, --output <list>    define which output columns to use
 -p, --task <pid>       print process namespaces
 -r, --raw              use the raw output format
 -u, --notruncate       don't truncate text in columns
 -t, --type <name>      namespace type (mnt, net, ipc, user, pid, uts, cgroup, time)

 -h, --help             display this help
 -V, --version          display version

Available output columns: NS TYPE PATH NPROCS PID PPID COMMAND UID USER NETNSID NSFS";

/// One column: its name, whether it holds numbers, on which side it is filled, and its text for a namespace.
struct Column {
    name: &'static str,
    number: bool,
    right: bool,
    text: fn(&Listed) -> String,
}

/// All columns.
const COLUMNS: &[Column] = &[
    column("NS", true, |listed| listed.ino.to_string()),
    column("TYPE", false, |listed| listed.kind.name().to_owned()),
    column("PATH", false, |listed| {
        first(listed).map_or_else(String::new, |pid| {
            format!("/proc/{pid}/ns/{}", listed.kind.name())
        })
    }),
    column("NPROCS", true, |listed| listed.pids.len().to_string()),
    column("PID", true, |listed| show(first(listed))),
    column("PPID", true, |listed| show(listed.parent)),
    column("COMMAND", false, |listed| listed.command.clone()),
    column("UID", true, |listed| show(listed.uid)),
    column("USER", false, |listed| {
        listed.uid.map_or_else(String::new, |uid| {
            proc::user_name(uid).unwrap_or_else(|| uid.to_string())
        })
    }),
    Column {
        right: true,
        ..column("NETNSID", false, |listed| {
            netnsid(listed).unwrap_or_default()
        })
    },
    column("NSFS", false, |listed| {
        let mounts: Vec<_> = listed
            .mounts
            .iter()
            .map(|path| path.to_string_lossy())
            .collect();
        mounts.join("\n")
    }),
];

const DEFAULT: &str = "NS,TYPE,NPROCS,PID,USER,COMMAND";
const DEFAULT_NET: &str = "NS,TYPE,NPROCS,PID,USER,NETNSID,NSFS,COMMAND";

const fn column(name: &'static str, number: bool, text: fn(&Listed) -> String) -> Column {
    Column {
        name,
        number,
        right: number,
        text,
    }
}

fn first(listed: &Listed) -> Option<u32> {
    listed.pids.first().copied()
}

/// The id that a network namespace has in ours.
fn netnsid(listed: &Listed) -> Option<String> {
    if listed.kind != Kind::Net {
        return None;
    }
    let request = GetNsid {
        netns: NetnsRef::Pid(first(listed)?),
        target: None,
    };
    let answer = Connection::<Route>::open().ok()?.get(&request).ok()?;
    Some(match answer.view().nsid()? {
        -1 => "unassigned".to_owned(),
        id => id.to_string(),
    })
}

fn show(number: Option<u32>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

/// Runs the applet.
///
/// # Errors
///
/// Usage errors, and a `/proc` that cannot be read; exit code 1.
pub fn run(invocation: &Invocation, out: &mut Output) -> Result<ExitCode, Failure> {
    let failure = |text: String| Failure::new(1, format!("lsns: {text}"));
    let parsed = options::parse(&invocation.args, OPTIONS, Order::Mixed)
        .map_err(|text| failure(format!("{text}\nTry 'lsns --help' for more information.")))?;
    let (mut json, mut raw, mut headings, mut tree) = (false, false, true, true);
    let (mut task, mut kind, mut list) = (None, None, None);
    for (key, value) in parsed.options {
        let value = value.unwrap_or_default();
        let text = value.to_string_lossy();
        match key {
            'J' => json = true,
            'n' => headings = false,
            'o' => list = Some(text.into_owned()),
            'p' => {
                let pid = text.parse::<u32>();
                task = Some(pid.map_err(|_| failure(format!("invalid PID argument: '{text}'")))?);
            }
            'r' => raw = true,
            'l' => tree = false,
            't' => {
                let known = Kind::from_name(&text);
                kind =
                    Some(known.ok_or_else(|| failure(format!("unknown namespace type: {text}")))?);
            }
            'V' => {
                writeln!(out, "lsns from nlctl {}", env!("CARGO_PKG_VERSION"))?;
                return Ok(ExitCode::SUCCESS);
            }
            'h' => {
                writeln!(out, "{USAGE}")?;
                return Ok(ExitCode::SUCCESS);
            }
            _ => {}
        }
    }
    if let Some(word) = parsed.operands.first() {
        return Err(failure(operand(word)));
    }
    let default = if kind == Some(Kind::Net) {
        DEFAULT_NET
    } else {
        DEFAULT
    };
    let columns = columns(list.as_deref().unwrap_or(default), default).map_err(failure)?;

    let mut namespaces = proc::list().map_err(|error| failure(error.to_string()))?;
    let of_task: Option<Vec<(Kind, u64)>> = task.map(|pid| proc::of_process(pid).collect());
    namespaces.retain(|listed| {
        !listed.pids.is_empty()
            && kind.is_none_or(|kind| kind == listed.kind)
            && of_task
                .as_ref()
                .is_none_or(|own| own.contains(&(listed.kind, listed.ino)))
    });
    if namespaces.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows: Vec<Vec<String>> = namespaces
        .iter()
        .map(|listed| columns.iter().map(|column| (column.text)(listed)).collect())
        .collect();
    let command = columns.iter().position(|column| column.name == "COMMAND");
    let forest = match command.filter(|_| tree) {
        Some(_) => Forest::of(&namespaces),
        None => Forest::flat(rows.len()),
    };
    if json {
        print_json(out, &columns, &rows, &forest)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = Vec::with_capacity(rows.len());
    for (row, branch) in forest.in_order() {
        let mut row = rows.get_mut(row).map(std::mem::take).unwrap_or_default();
        if let Some(cell) = command.and_then(|at| row.get_mut(at)) {
            cell.insert_str(0, &branch);
        }
        shown.push(row);
    }
    if raw {
        print_raw(out, &columns, &shown, headings)?;
    } else {
        print_table(out, &columns, &shown, headings)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn operand(word: &OsStr) -> String {
    match word.to_str().map(str::parse::<u64>) {
        Some(Ok(_)) => "the processes of one namespace are not supported by nlctl".to_owned(),
        _ => format!("invalid namespace argument: '{}'", word.display()),
    }
}

/// Which rows hang below which: those of a process below the last one of its parent, if that stands before them.
struct Forest {
    roots: Vec<usize>,
    children: Vec<Vec<usize>>,
}

impl Forest {
    fn of(namespaces: &[Listed]) -> Self {
        let mut forest = Self {
            roots: Vec::new(),
            children: vec![Vec::new(); namespaces.len()],
        };
        let mut last_row = HashMap::new();
        for (row, listed) in namespaces.iter().enumerate() {
            let parent = listed.parent.and_then(|pid| last_row.get(&pid));
            match parent.and_then(|&parent: &usize| forest.children.get_mut(parent)) {
                Some(siblings) => siblings.push(row),
                None => forest.roots.push(row),
            }
            if let Some(pid) = first(listed) {
                last_row.insert(pid, row);
            }
        }
        forest
    }

    fn flat(rows: usize) -> Self {
        Self {
            roots: (0..rows).collect(),
            children: Vec::new(),
        }
    }

    fn below(&self, row: usize) -> &[usize] {
        self.children.get(row).map_or(&[], Vec::as_slice)
    }

    /// All rows from top to bottom, each with the branch drawn before it.
    fn in_order(&self) -> Vec<(usize, String)> {
        let [fork, end, beam] = if is_utf8() {
            ["├─", "└─", "│ "]
        } else {
            ["|-", "`-", "| "]
        };
        let mut rows = Vec::new();
        // The next one is at the end. A row's own branch, and what goes on below it.
        let mut todo: Vec<(usize, String, String)> = self
            .roots
            .iter()
            .rev()
            .map(|&root| (root, String::new(), String::new()))
            .collect();
        while let Some((row, branch, under)) = todo.pop() {
            for (at, &child) in self.below(row).iter().rev().enumerate() {
                let (branch, beam) = if at == 0 { (end, "  ") } else { (fork, beam) };
                todo.push((child, format!("{under}{branch}"), format!("{under}{beam}")));
            }
            rows.push((row, branch));
        }
        rows
    }
}

/// Whether the locale has the characters that lines are drawn with.
fn is_utf8() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())
        .is_some_and(|value| {
            let value = value.to_string_lossy().to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}

/// For the fuzz target: a list has as many columns as names, or is refused.
pub(crate) fn read_columns(list: &str) {
    for default in [DEFAULT, DEFAULT_NET] {
        if let Ok(found) = columns(list, default) {
            let shown: Vec<&str> = found.iter().map(|column| column.name).collect();
            let shown = shown.join(",");
            assert_eq!(
                columns(&shown, default).map(|again| again.len()),
                Ok(found.len())
            );
            let named = list.trim_start_matches('+');
            assert!(
                shown
                    .to_ascii_lowercase()
                    .ends_with(&named.to_ascii_lowercase())
            );
        }
    }
}

/// The columns of a list of names; `+` before it adds them to the default.
fn columns(list: &str, default: &str) -> Result<Vec<&'static Column>, String> {
    let (base, list) = match list.strip_prefix('+') {
        Some(list) => (default, list),
        None => ("", list),
    };
    base.split(',')
        .filter(|name| !name.is_empty())
        .chain(list.split(','))
        .map(|name| {
            let found = COLUMNS
                .iter()
                .find(|column| column.name.eq_ignore_ascii_case(name));
            found.ok_or_else(|| format!("unknown column: {name}"))
        })
        .collect()
}

fn print_table(
    out: &mut Output,
    columns: &[&Column],
    rows: &[Vec<String>],
    headings: bool,
) -> std::io::Result<()> {
    let titles: Vec<String> = columns
        .iter()
        .map(|column| column.name.to_owned())
        .collect();
    // The titles count for the widths even where they are not shown.
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            let widest = cells
                .flat_map(|cell| cell.split('\n'))
                .map(|line| line.chars().count())
                .max()
                .unwrap_or(0);
            let title = column.name.len();
            // The original widens a column to what it usually needs, unless the title is what makes its width.
            if widest < title {
                title
            } else {
                widest.max(usual_width(column.name))
            }
        })
        .collect();
    for row in Some(&titles).filter(|_| headings).into_iter().chain(rows) {
        // Several mounts of one namespace stand below each other.
        let height = row
            .iter()
            .map(|cell| cell.split('\n').count())
            .max()
            .unwrap_or(1);
        for line in 0..height {
            let mut text = String::new();
            for (at, ((column, cell), &width)) in columns.iter().zip(row).zip(&widths).enumerate() {
                let cell = cell.split('\n').nth(line).unwrap_or_default();
                let last = at + 1 == columns.len();
                match (column.right, last) {
                    (true, _) => text.push_str(&format!("{cell:>width$}")),
                    (false, true) => text.push_str(cell),
                    (false, false) => text.push_str(&format!("{cell:<width$}")),
                }
                if !last {
                    text.push(' ');
                }
            }
            writeln!(out, "{text}")?;
        }
    }
    Ok(())
}

fn usual_width(name: &str) -> usize {
    match name {
        "NS" | "NETNSID" => 10,
        "TYPE" | "NPROCS" | "PID" | "PPID" => 5,
        _ => 0,
    }
}

fn print_raw(
    out: &mut Output,
    columns: &[&Column],
    rows: &[Vec<String>],
    headings: bool,
) -> std::io::Result<()> {
    if headings {
        let titles: Vec<&str> = columns.iter().map(|column| column.name).collect();
        writeln!(out, "{}", titles.join(" "))?;
    }
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| escape_raw(cell)).collect();
        writeln!(out, "{}", cells.join(" "))?;
    }
    Ok(())
}

/// Blanks inside a cell would end it; like the original this goes by bytes.
fn escape_raw(cell: &str) -> String {
    cell.bytes()
        .map(|byte| match byte {
            b'!'..=b'~' if byte != b'\\' => char::from(byte).to_string(),
            byte => format!("\\x{byte:02x}"),
        })
        .collect()
}

fn print_json(
    out: &mut Output,
    columns: &[&Column],
    rows: &[Vec<String>],
    forest: &Forest,
) -> std::io::Result<()> {
    let mut text = String::new();
    json_list(
        &mut text,
        "namespaces",
        &forest.roots,
        "   ",
        columns,
        rows,
        forest,
    );
    writeln!(out, "{{\n{text}\n}}")
}

/// The rows as a member of an object, each with those below it.
fn json_list(
    text: &mut String,
    name: &str,
    list: &[usize],
    indent: &str,
    columns: &[&Column],
    rows: &[Vec<String>],
    forest: &Forest,
) {
    text.push_str(&format!("{indent}\"{name}\": [\n{indent}   "));
    for (at, &row) in list.iter().enumerate() {
        let cells = rows.get(row).map_or(&[][..], Vec::as_slice);
        let members: Vec<String> = columns
            .iter()
            .zip(cells)
            .map(|(column, cell)| {
                let value = match (cell.as_str(), column.number) {
                    ("", _) => "null".to_owned(),
                    (cell, true) => cell.to_owned(),
                    (cell, false) => quote(cell),
                };
                format!(
                    "{indent}      \"{}\": {value}",
                    column.name.to_ascii_lowercase()
                )
            })
            .collect();
        let comma = if at == 0 { "" } else { "," };
        text.push_str(&format!("{comma}{{\n{}", members.join(",\n")));
        let below = forest.below(row);
        if !below.is_empty() {
            text.push_str(",\n");
            json_list(
                text,
                "children",
                below,
                &format!("{indent}      "),
                columns,
                rows,
                forest,
            );
        }
        text.push_str(&format!("\n{indent}   }}"));
    }
    text.push_str(&format!("\n{indent}]"));
}

fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            letter if letter.is_control() => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(letter)))
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
