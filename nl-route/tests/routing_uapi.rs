//! Every number of the routing tables against the installed kernel headers.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;
use std::fs;

use nl_core::{Format, Table};
use nl_route::addr::{ADDR_ATTRS, AddrFlags};
use nl_route::neigh::{NEIGH_ATTRS, NeighFlags, NeighState};
use nl_route::nexthop::NEXTHOP_ATTRS;
use nl_route::route::{
    EncapType, ROUTE_ATTRS, RouteFlags, RouteProtocol, RouteScope, RouteTable, RouteType,
};
use nl_route::rule::{RULE_ATTRS, RuleAction, RuleFlags};

/// Newer than the oldest headers that this is built with; each was read in the header of the kernel that brought it.
const NEWER: &[&str] = &[
    "RTA_FLOWLABEL",
    "FRA_DSCP",
    "FRA_FLOWLABEL",
    "FRA_FLOWLABEL_MASK",
    "FRA_SPORT_MASK",
    "FRA_DPORT_MASK",
    "FRA_DSCP_MASK",
    "NHA_OP_FLAGS",
    "NHA_GROUP_STATS",
    "NHA_HW_STATS_ENABLE",
    "NHA_HW_STATS_USED",
];

/// Header numbers without a row, and why.
const WITHOUT_ROW: &[&str] = &[
    "FRA_UNUSED2", // unused
    "FRA_UNUSED3", // unused
    "FRA_UNUSED4", // unused
    "FRA_UNUSED5", // unused
    "LWTUNNEL_IP_PAD",
    "LWTUNNEL_IP6_PAD",
];

/// Names and numbers of the enums and defines in a header.
fn header(name: &str) -> HashMap<String, u32> {
    let path = format!("/usr/include/linux/{name}");
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{path}: {error}; install linux-libc-dev"));
    let mut found = HashMap::new();
    let mut next = None;
    let mut comment = false;
    for line in text.lines() {
        let mut code = String::new();
        let mut rest = line;
        while !rest.is_empty() {
            let mark = if comment { "*/" } else { "/*" };
            let (head, tail) = rest.split_once(mark).unwrap_or((rest, ""));
            if !comment {
                code.push_str(head);
            }
            if rest.contains(mark) {
                comment = !comment;
            }
            rest = tail;
        }
        let code = code.trim();
        if let Some(define) = code.strip_prefix("#define") {
            let mut words = define.split_whitespace();
            if let (Some(name), Some(value)) = (words.next(), number(&words.collect::<String>())) {
                found.insert(name.to_owned(), value);
            }
        } else if code.starts_with("enum") {
            next = Some(0);
        } else if code.starts_with('}') {
            next = None;
        } else if let Some(value) = next {
            let entry = code.split(',').next().unwrap_or("");
            let (name, given) = entry.split_once('=').unwrap_or((entry, ""));
            let (name, given) = (name.trim(), given.trim());
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                continue;
            }
            let value = number(given).or(found.get(given).copied()).unwrap_or(value);
            found.insert(name.to_owned(), value);
            next = Some(value.wrapping_add(1));
        }
    }
    found
}

/// `5`, `0x1f`, `(1<<3)`.
fn number(text: &str) -> Option<u32> {
    let text = text.trim_matches(|c| c == '(' || c == ')');
    if let Some((left, right)) = text.split_once("<<") {
        return Some(number(left.trim())? << number(right.trim())?);
    }
    match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn check_rows(table: &'static Table, numbers: &HashMap<String, u32>) -> usize {
    let mut checked = 0;
    for row in table.rows {
        match numbers.get(row.name) {
            Some(&number) => assert_eq!(u32::from(row.number), number, "{}", row.name),
            None => assert!(NEWER.contains(&row.name), "{} is in no header", row.name),
        }
        checked += 1;
        if let Format::Nest(inner) = row.format {
            checked += check_rows(inner, numbers);
        }
    }
    checked
}

fn check_all(name: &str, prefix: &str, table: &'static Table) {
    let numbers = header(name);
    assert!(check_rows(table, &numbers) > 0);
    for (name, &number) in &numbers {
        let is_attribute = name.starts_with(prefix)
            && number != 0
            && !name.contains("_F_")
            && !name.contains("_MAX")
            && !name.contains("_RES_")
            && !name.contains("_ALIGNTO");
        if is_attribute && !WITHOUT_ROW.contains(&name.as_str()) {
            let row = u16::try_from(number)
                .ok()
                .and_then(|number| table.row(number));
            assert_eq!(row.map(|row| row.name), Some(name.as_str()), "{number}");
        }
    }
}

#[test]
fn attributes_have_the_kernels_numbers_and_none_is_missing() {
    check_all("if_addr.h", "IFA_", &ADDR_ATTRS);
    check_all("rtnetlink.h", "RTA_", &ROUTE_ATTRS);
    check_all("neighbour.h", "NDA_", &NEIGH_ATTRS);
    check_all("fib_rules.h", "FRA_", &RULE_ATTRS);
    check_all("nexthop.h", "NHA_", &NEXTHOP_ATTRS);
    let tunnels = header("lwtunnel.h");
    check_rows(&nl_route::route::LWTUNNEL_IP_ATTRS, &tunnels);
    check_rows(&nl_route::route::LWTUNNEL_IP6_ATTRS, &tunnels);
    check_rows(
        &nl_route::route::MPLS_IPTUNNEL_ATTRS,
        &header("mpls_iptunnel.h"),
    );
}

/// Asserts each named value against `PREFIX_NAME`, with the name that the kernel has for it.
fn check_values<T: Copy>(
    numbers: &HashMap<String, u32>,
    prefix: &str,
    values: &[(T, &str)],
    number: impl Fn(T) -> u32,
    kernel_name: impl Fn(&str) -> String,
) {
    for &(value, name) in values {
        let kernel = format!("{prefix}{}", kernel_name(name));
        assert_eq!(
            numbers.get(&kernel).copied(),
            Some(number(value)),
            "{kernel}"
        );
    }
}

fn upper(name: &str) -> String {
    name.to_uppercase()
}

#[test]
fn values_have_the_kernels_numbers() {
    let rt = header("rtnetlink.h");
    check_values(&rt, "RT_TABLE_", RouteTable::NAMES, |v| v.0, upper);
    check_values(&rt, "RTPROT_", RouteProtocol::NAMES, |v| v.0.into(), upper);
    check_values(
        &rt,
        "RT_SCOPE_",
        RouteScope::NAMES,
        |v| v.0.into(),
        |name| upper(name).replace("GLOBAL", "UNIVERSE"),
    );
    check_values(
        &rt,
        "RTN_",
        RouteType::NAMES,
        |v| v.0.into(),
        |name| upper(name).replace("NONE", "UNSPEC"),
    );
    let tunnels = header("lwtunnel.h");
    check_values(
        &tunnels,
        "LWTUNNEL_ENCAP_",
        EncapType::NAMES,
        |v| v.0.into(),
        |name| upper(name).replace("SEG6LOCAL", "SEG6_LOCAL"),
    );
    let rules = header("fib_rules.h");
    check_values(
        &rules,
        "FR_ACT_",
        RuleAction::NAMES,
        |v| v.0.into(),
        |name| upper(name).replace("LOOKUP", "TO_TBL"),
    );
}

#[test]
fn flags_have_the_kernels_bits() {
    let check = |header: &HashMap<String, u32>, prefix: &str, name: &str, bits: u32| {
        let kernel = format!("{prefix}{name}");
        assert_eq!(header.get(&kernel).copied(), Some(bits), "{kernel}");
    };
    let numbers = header("if_addr.h");
    for (name, flag) in AddrFlags::all().iter_names() {
        check(&numbers, "IFA_F_", name, flag.bits());
    }
    let numbers = header("neighbour.h");
    for (name, state) in NeighState::all().iter_names() {
        check(&numbers, "NUD_", name, state.bits().into());
    }
    for (name, flag) in NeighFlags::all().iter_names() {
        match name {
            "MANAGED" => check(&numbers, "NTF_EXT_", name, flag.bits() >> 8),
            _ => check(&numbers, "NTF_", name, flag.bits()),
        }
    }
    let numbers = header("fib_rules.h");
    for (name, flag) in RuleFlags::all().iter_names() {
        check(&numbers, "FIB_RULE_", name, flag.bits());
    }
    let numbers = header("rtnetlink.h");
    for (name, flag) in RouteFlags::all().iter_names() {
        match name.strip_prefix("RT_") {
            Some(name) => check(&numbers, "RTM_F_", name, flag.bits()),
            None if flag.bits() < 0x100 => check(&numbers, "RTNH_F_", name, flag.bits()),
            None => check(&numbers, "RTM_F_", name, flag.bits()),
        }
    }
}
