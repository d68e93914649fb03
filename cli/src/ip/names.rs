//! Names for the kernel's numbers: `/etc/iproute2/*` where it is there, iproute2's own otherwise.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// Where distributions and administrators give names, the later directory first.
const DIRECTORIES: [&str; 2] = ["/etc/iproute2", "/usr/share/iproute2"];

/// A file of numbers and names, and what stands in its place.
#[derive(Debug)]
pub struct Names {
    file: &'static str,
    defaults: &'static [(u32, &'static str)],
    table: OnceLock<Table>,
}

/// Numbers and names both ways.
#[derive(Debug)]
struct Table {
    names: BTreeMap<u32, String>,
    /// Of a name that several have, the least.
    numbers: HashMap<String, u32>,
}

/// Link groups.
pub static GROUPS: Names = Names::new("group", &[(0, "default")]);

/// Scopes of addresses and routes, `RT_SCOPE_*`.
pub static SCOPES: Names = Names::new(
    "rt_scopes",
    &[
        (0, "global"),
        (255, "nowhere"),
        (254, "host"),
        (253, "link"),
        (200, "site"),
    ],
);

/// Routing tables, `RT_TABLE_*`.
pub static TABLES: Names = Names::new(
    "rt_tables",
    &[(253, "default"), (254, "main"), (255, "local")],
);

/// Who installed a route, `RTPROT_*`.
pub static PROTOCOLS: Names = Names::new(
    "rt_protos",
    &[
        (0, "none"),
        (1, "redirect"),
        (2, "kernel"),
        (3, "boot"),
        (4, "static"),
        (8, "gated"),
        (9, "ra"),
        (10, "mrt"),
        (11, "zebra"),
        (12, "bird"),
        (13, "dnrouted"),
        (14, "xorp"),
        (15, "ntk"),
        (16, "dhcp"),
        (18, "keepalived"),
        (42, "babel"),
        (186, "bgp"),
        (187, "isis"),
        (188, "ospf"),
        (189, "rip"),
        (192, "eigrp"),
    ],
);

/// Who installed an address, `IFAPROT_*`.
pub static ADDR_PROTOCOLS: Names = Names::new(
    "rt_addrprotos",
    &[
        (0, "unspec"),
        (1, "kernel_lo"),
        (2, "kernel_ra"),
        (3, "kernel_ll"),
    ],
);

/// Types of service.
pub static DSFIELDS: Names = Names::new("rt_dsfield", &[(0, "0")]);

/// Route realms.
pub static REALMS: Names = Names::new("rt_realms", &[(0, "unknown")]);

impl Names {
    const fn new(file: &'static str, defaults: &'static [(u32, &'static str)]) -> Self {
        Self {
            file,
            defaults,
            table: OnceLock::new(),
        }
    }

    fn table(&self) -> &Table {
        self.table.get_or_init(|| {
            let mut table: BTreeMap<u32, String> = self
                .defaults
                .iter()
                .map(|(number, name)| (*number, (*name).to_owned()))
                .collect();
            for directory in DIRECTORIES.iter().rev() {
                let path = Path::new(directory).join(self.file);
                if let Ok(text) = fs::read_to_string(&path) {
                    table.extend(parse(&text));
                }
                let mut more: Vec<_> = fs::read_dir(path.with_extension("d"))
                    .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
                    .unwrap_or_default();
                more.sort();
                for path in more
                    .iter()
                    .filter(|path| path.extension().is_some_and(|e| e == "conf"))
                {
                    if let Ok(text) = fs::read_to_string(path) {
                        table.extend(parse(&text));
                    }
                }
            }
            let numbers = table.iter().rev();
            Table {
                numbers: numbers
                    .map(|(number, name)| (name.clone(), *number))
                    .collect(),
                names: table,
            }
        })
    }

    /// The name of a number.
    pub fn name(&self, number: u32) -> Option<&str> {
        self.table().names.get(&number).map(String::as_str)
    }

    /// The name of a number, or the number as text; the number if `numeric`.
    pub fn show(&self, number: u32, numeric: bool) -> String {
        match self.name(number) {
            Some(name) if !numeric => name.to_owned(),
            _ => number.to_string(),
        }
    }

    /// The number of a name, or of a number in decimal, octal (`017`) or hexadecimal (`0x0f`) notation.
    pub fn number(&self, word: &str) -> Option<u32> {
        let named = self.table().numbers.get(word);
        named.copied().or_else(|| number(word))
    }
}

/// `NUMBER NAME` of each line, comments left out.
pub(super) fn parse(text: &str) -> impl Iterator<Item = (u32, String)> {
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let number = number(words.next().filter(|word| !word.starts_with('#'))?)?;
        let name = words.next().filter(|word| !word.starts_with('#'))?;
        Some((number, name.to_owned()))
    })
}

/// A number as C writes it: decimal, `0` octal, `0x` hexadecimal.
pub fn number<N: TryFrom<u64>>(word: &str) -> Option<N> {
    let digits = |digits: &str, radix| {
        // `from_str_radix` would take a sign.
        digits
            .starts_with(|c: char| c.is_digit(radix))
            .then(|| u64::from_str_radix(digits, radix).ok())
            .flatten()
    };
    let value = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(hex) => digits(hex, 16),
        None if word.len() > 1 && word.starts_with('0') => digits(word, 8),
        None => digits(word, 10),
    };
    value.and_then(|value| N::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_lines() {
        let text = "# comment\n0\tdefault\n 0x10 ten # x\nfoo bar\n7\n#8 x\n";
        let rows: Vec<_> = parse(text).collect();
        assert_eq!(rows, [(0, "default".to_owned()), (16, "ten".to_owned())]);
    }

    #[test]
    fn numbers_as_in_c() {
        assert_eq!(number::<u32>("0x1f"), Some(31));
        assert_eq!(number::<u32>("017"), Some(15));
        assert_eq!(number::<u8>("256"), None);
        assert_eq!(number::<u32>("+1"), None);
        assert_eq!(number::<u32>("0x"), None);
        assert_eq!(number::<u32>(""), None);
        assert_eq!(number::<u32>("0"), Some(0));
    }

    #[test]
    fn names_both_ways() {
        assert_eq!(SCOPES.name(253), Some("link"));
        assert_eq!(SCOPES.number("host"), Some(254));
        assert_eq!(SCOPES.show(17, false), "17");
        assert_eq!(SCOPES.show(253, true), "253");
        assert_eq!(SCOPES.number("nowhere-else"), None);
    }
}
