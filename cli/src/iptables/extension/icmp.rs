//! `-m icmp` and `-m icmp6`.

use nl_netfilter::xt::{Icmp, Icmp6};

use super::super::problem::{Problem, parameter};
use super::super::value;
use super::ports::not;
use super::{Extension, Given, Opt, Style, opt};

/// A name, its type, and its code; without one it is all codes.
type Name = (&'static str, u8, Option<u8>);

/// `--icmp-type` of iptables; a second name of the same type stands behind the first.
const NAMES_V4: &[Name] = &[
    ("any", 255, None),
    ("echo-reply", 0, None),
    ("pong", 0, None),
    ("destination-unreachable", 3, None),
    ("network-unreachable", 3, Some(0)),
    ("host-unreachable", 3, Some(1)),
    ("protocol-unreachable", 3, Some(2)),
    ("port-unreachable", 3, Some(3)),
    ("fragmentation-needed", 3, Some(4)),
    ("source-route-failed", 3, Some(5)),
    ("network-unknown", 3, Some(6)),
    ("host-unknown", 3, Some(7)),
    ("network-prohibited", 3, Some(9)),
    ("host-prohibited", 3, Some(10)),
    ("TOS-network-unreachable", 3, Some(11)),
    ("TOS-host-unreachable", 3, Some(12)),
    ("communication-prohibited", 3, Some(13)),
    ("host-precedence-violation", 3, Some(14)),
    ("precedence-cutoff", 3, Some(15)),
    ("source-quench", 4, None),
    ("redirect", 5, None),
    ("network-redirect", 5, Some(0)),
    ("host-redirect", 5, Some(1)),
    ("TOS-network-redirect", 5, Some(2)),
    ("TOS-host-redirect", 5, Some(3)),
    ("echo-request", 8, None),
    ("ping", 8, None),
    ("router-advertisement", 9, None),
    ("router-solicitation", 10, None),
    ("time-exceeded", 11, None),
    ("ttl-exceeded", 11, None),
    ("ttl-zero-during-transit", 11, Some(0)),
    ("ttl-zero-during-reassembly", 11, Some(1)),
    ("parameter-problem", 12, None),
    ("ip-header-bad", 12, Some(0)),
    ("required-option-missing", 12, Some(1)),
    ("timestamp-request", 13, None),
    ("timestamp-reply", 14, None),
    ("address-mask-request", 17, None),
    ("address-mask-reply", 18, None),
];

/// `--icmpv6-type` of ip6tables.
const NAMES_V6: &[Name] = &[
    ("destination-unreachable", 1, None),
    ("no-route", 1, Some(0)),
    ("communication-prohibited", 1, Some(1)),
    ("beyond-scope", 1, Some(2)),
    ("address-unreachable", 1, Some(3)),
    ("port-unreachable", 1, Some(4)),
    ("failed-policy", 1, Some(5)),
    ("reject-route", 1, Some(6)),
    ("packet-too-big", 2, None),
    ("time-exceeded", 3, None),
    ("ttl-exceeded", 3, None),
    ("ttl-zero-during-transit", 3, Some(0)),
    ("ttl-zero-during-reassembly", 3, Some(1)),
    ("parameter-problem", 4, None),
    ("bad-header", 4, Some(0)),
    ("unknown-header-type", 4, Some(1)),
    ("unknown-option", 4, Some(2)),
    ("echo-request", 128, None),
    ("ping", 128, None),
    ("echo-reply", 129, None),
    ("pong", 129, None),
    ("router-solicitation", 133, None),
    ("router-advertisement", 134, None),
    ("neighbour-solicitation", 135, None),
    ("neighbor-solicitation", 135, None),
    ("neighbour-advertisement", 136, None),
    ("neighbor-advertisement", 136, None),
    ("redirect", 137, None),
];

/// Any ICMP packet.
pub(super) fn any() -> Icmp {
    Icmp {
        icmp_type: 255,
        codes: [0, 255],
        invert: 0,
    }
}

/// What is alike in both.
struct Kind<'a> {
    label: &'static str,
    names: &'static [Name],
    icmp_type: u8,
    codes: &'a [u8; 2],
    inverted: bool,
}

impl Kind<'_> {
    fn list(&self, style: Style) -> String {
        let [low, high] = *self.codes;
        let fits = |name: &&Name| {
            name.1 == self.icmp_type && name.2.map_or([0, 255], |code| [code, code]) == *self.codes
        };
        let label = self.label;
        if let Some((name, ..)) = self.names.iter().find(fits)
            && !style.numeric
        {
            let not = if self.inverted { "!" } else { "" };
            return format!(" {label} {not}{name}");
        }
        let not = if self.inverted { " !" } else { "" };
        let codes = match (low, high) {
            (0, 255) => String::new(),
            _ if low == high => format!(" code {low}"),
            _ => format!(" codes {low}-{high}"),
        };
        format!(" {label}{not}type {}{codes}", self.icmp_type)
    }

    fn save(&self, option: &str) -> String {
        let [low, high] = *self.codes;
        let not = not(self.inverted);
        if self.icmp_type == 255 && option == "icmp-type" {
            return format!("{not} --{option} any");
        }
        let code = match (low, high) {
            (0, 255) => String::new(),
            _ => format!("/{low}"),
        };
        format!("{not} --{option} {}{code}", self.icmp_type)
    }
}

fn parse(text: &str, names: &[Name], word: &str) -> Result<(u8, [u8; 2]), Problem> {
    let starts = |name: &&Name| {
        name.0
            .get(..text.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(text))
    };
    let mut found = names.iter().filter(starts);
    if let Some((name, icmp_type, code)) = found.next() {
        if let Some((other, ..)) = found.next() {
            return Err(parameter!(
                "Ambiguous {word} type `{text}': `{name}' or `{other}'?"
            ));
        }
        return Ok((*icmp_type, code.map_or([0, 255], |code| [code, code])));
    }
    let byte = |text: &str| value::number(text, 255).and_then(|number| u8::try_from(number).ok());
    let (icmp_type, code) = match text.split_once('/') {
        Some((icmp_type, code)) => (icmp_type, Some(code)),
        None => (text, None),
    };
    let icmp_type =
        byte(icmp_type).ok_or_else(|| parameter!("Unknown {word} type `{icmp_type}'"))?;
    match code {
        Some(code) => {
            let code = byte(code).ok_or_else(|| parameter!("Unknown {word} code `{text}'"))?;
            Ok((icmp_type, [code, code]))
        }
        None => Ok((icmp_type, [0, 255])),
    }
}

impl Extension for Icmp {
    fn name(&self) -> &'static str {
        "icmp"
    }

    fn options(&self) -> &'static [Opt] {
        const { &[opt("icmp-type").invertible().mandatory()] }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        (self.icmp_type, self.codes) = parse(given.value, NAMES_V4, "ICMP")?;
        self.invert = given.inverted.into();
        Ok(())
    }

    fn list(&self, style: Style) -> String {
        self.kind().list(style)
    }

    fn save(&self, _style: Style) -> String {
        self.kind().save("icmp-type")
    }
}

impl Extension for Icmp6 {
    fn name(&self) -> &'static str {
        "icmp6"
    }

    fn options(&self) -> &'static [Opt] {
        const { &[opt("icmpv6-type").invertible().mandatory()] }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        (self.icmp_type, self.codes) = parse(given.value, NAMES_V6, "ICMPv6")?;
        self.invert = given.inverted.into();
        Ok(())
    }

    fn list(&self, style: Style) -> String {
        self.kind().list(style)
    }

    fn save(&self, _style: Style) -> String {
        self.kind().save("icmpv6-type")
    }
}

/// The layouts are the same; their names differ.
trait AsKind {
    fn kind(&self) -> Kind<'_>;
}

impl AsKind for Icmp {
    fn kind(&self) -> Kind<'_> {
        Kind {
            label: "icmp",
            names: NAMES_V4,
            icmp_type: self.icmp_type,
            codes: &self.codes,
            inverted: self.invert & 1 != 0,
        }
    }
}

impl AsKind for Icmp6 {
    fn kind(&self) -> Kind<'_> {
        Kind {
            label: "ipv6-icmp",
            names: NAMES_V6,
            icmp_type: self.icmp_type,
            codes: &self.codes,
            inverted: self.invert & 1 != 0,
        }
    }
}
