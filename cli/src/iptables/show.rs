//! Rules as `-L`, `-S` and `-v -A` show them.

use std::fmt::Write;

use nl_netfilter::iptables::{Address, Counters, Interface, Match, Protocol, Rule, Target};
use nl_netfilter::{Policy, Verdict};

use super::command::Show;
use super::extension::{self, Style};
use super::names;
use super::problem::any_address;
use super::ruleset::ChainOrGap;
use super::value;

/// The word in the column `target`.
fn target_name(target: &Target) -> String {
    match target {
        Target::None => String::new(),
        Target::Verdict(verdict) => match verdict {
            Verdict::Accept => "ACCEPT".to_owned(),
            Verdict::Drop => "DROP".to_owned(),
            Verdict::Return => "RETURN".to_owned(),
            Verdict::Jump(chain) | Verdict::Goto(chain) => chain.clone(),
            _ => String::new(),
        },
        Target::Trace => "TRACE".to_owned(),
        Target::Ct(_) => "CT".to_owned(),
        Target::Other(expr) => expr.name.clone(),
        other => match extension::target_extension(&mut other.clone()) {
            Some(extension) => extension.name().to_owned(),
            None => String::new(),
        },
    }
}

/// A policy's word.
pub(super) fn policy_name(policy: Policy) -> &'static str {
    if policy == Policy::DROP {
        "DROP"
    } else {
        "ACCEPT"
    }
}

fn protocol_text(protocol: Option<Protocol>, numeric: bool) -> String {
    let number = protocol.map_or(0, |protocol| protocol.number);
    if numeric {
        return number.to_string();
    }
    match number {
        0 => "all".to_owned(),
        number => names::protocol_name(number).unwrap_or_else(|| number.to_string()),
    }
}

fn mark(inverted: bool, plain: &'static str) -> &'static str {
    if inverted { "!" } else { plain }
}

/// A number in 5 columns: in thousands, millions and so on where it is longer.
fn short_number(number: u64, columns: bool) -> String {
    let mut rest = number;
    if rest <= 99_999 {
        return if columns {
            format!("{rest:>5}")
        } else {
            rest.to_string()
        };
    }
    for unit in ['K', 'M', 'G', 'T'] {
        rest = rest.saturating_add(500) / 1000;
        if rest <= 9999 || unit == 'T' {
            return if columns {
                format!("{rest:>4}{unit}")
            } else {
                format!("{rest}{unit}")
            };
        }
    }
    rest.to_string()
}

/// Formats lists for one family.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lister {
    pub v6: bool,
    pub show: Show,
}

impl Lister {
    /// The two lines above a chain's rules.
    pub(super) fn header(&self, chain: ChainOrGap<'_>) -> String {
        let mut out = format!("Chain {} (", chain.name());
        match chain.policy() {
            Some((policy, counters)) => {
                out += &format!("policy {}", policy_name(policy));
                if self.show.verbose > 0 {
                    let number = |number| match self.show.exact {
                        true => format!("{number}"),
                        false => short_number(number, false),
                    };
                    out += &format!(
                        " {} packets, {} bytes",
                        number(counters.packets),
                        number(counters.bytes)
                    );
                }
            }
            None => out += &format!("{} references", chain.references()),
        }
        out += ")\n";
        if self.show.line_numbers {
            out += "num  ";
        }
        match (self.show.verbose > 0, self.show.exact) {
            (false, _) => {}
            (true, false) => out += " pkts bytes ",
            (true, true) => out += "    pkts      bytes ",
        }
        out += "target     prot opt";
        if self.show.verbose > 0 {
            out += " in     out    ";
        }
        out += " source               destination         \n";
        out
    }

    /// A line of `-L`.
    pub(super) fn line(&self, rule: &Rule, number: usize) -> String {
        let mut out = String::new();
        if self.show.line_numbers {
            let _ = write!(out, "{number:<4} ");
        }
        if self.show.verbose > 0 {
            let Counters { packets, bytes } = rule.counters;
            out += &match self.show.exact {
                true => format!("{packets:>8} {bytes:>8} "),
                false => format!(
                    "{} {} ",
                    short_number(packets, true),
                    short_number(bytes, true)
                ),
            };
        }
        let numeric = self.show.numeric;
        let protocol = protocol_text(rule.protocol, numeric);
        let not_protocol = rule.protocol.is_some_and(|protocol| protocol.inverted);
        let _ = write!(
            out,
            "{:<9} {}{protocol:<4} {} ",
            target_name(&rule.target),
            mark(not_protocol, " "),
            fragment(rule)
        );
        if self.show.verbose > 0 {
            let any = if numeric { "*" } else { "any" };
            let text = |interface: Option<&Interface>| {
                let (not, name) = interface_text(interface, any);
                format!("{}{name}", mark(not, ""))
            };
            let (input, output) = (text(rule.input.as_ref()), text(rule.output.as_ref()));
            let _ = write!(out, " {input:<6} {output:<6} ");
        }
        for address in [rule.source, rule.destination] {
            let not = address.is_some_and(|address| address.inverted);
            let _ = write!(out, "{}{:<19} ", mark(not, " "), self.address(address));
        }
        out += &self.extensions(rule);
        out.push('\n');
        out
    }

    /// The line of `-v -A`.
    pub(super) fn echo(&self, rule: &Rule) -> String {
        let protocol = protocol_text(rule.protocol, false);
        let not_protocol = rule.protocol.is_some_and(|protocol| protocol.inverted);
        let (not_input, input) = interface_text(rule.input.as_ref(), "*");
        let (not_output, output) = interface_text(rule.output.as_ref(), "*");
        let numeric = Self {
            show: Show {
                numeric: true,
                ..self.show
            },
            ..*self
        };
        let not = |address: Option<Address>| address.is_some_and(|address| address.inverted);
        format!(
            "{} {}{protocol} opt {} in {}{input} out {}{output} {}{} {}-> {}  {}\n",
            target_name(&rule.target),
            mark(not_protocol, " "),
            fragment(rule),
            mark(not_input, ""),
            mark(not_output, ""),
            mark(not(rule.source), " "),
            numeric.address(rule.source),
            mark(not(rule.destination), " "),
            numeric.address(rule.destination),
            numeric.extensions(rule),
        )
    }

    fn address(&self, address: Option<Address>) -> String {
        let Some(address) = address else {
            return if self.show.numeric {
                format!("{}/0", any_address(self.v6))
            } else {
                "anywhere".to_owned()
            };
        };
        let host = if self.show.numeric {
            None
        } else {
            names::host_name(address.addr)
        };
        match host {
            Some(host) => format!("{host}{}", value::show_mask(&address, false)),
            None => value::show_address(&address, false),
        }
    }

    /// `[goto] `, matches and target.
    fn extensions(&self, rule: &Rule) -> String {
        let style = Style {
            numeric: self.show.numeric,
            transport: rule.transport(),
            v6: self.v6,
        };
        let mut out = String::new();
        if matches!(rule.target, Target::Verdict(Verdict::Goto(_))) {
            out += "[goto] ";
        }
        for extension in &rule.matches {
            match (
                extension,
                extension::match_extension(&mut extension.clone()),
            ) {
                (_, Some(extension)) => out += &extension.list(style),
                (Match::Other(expr), None) => out += &format!(" UNKNOWN match `{}'", expr.name),
                _ => {}
            }
        }
        match (
            &rule.target,
            extension::target_extension(&mut rule.target.clone()),
        ) {
            (_, Some(extension)) => out += &extension.list(style),
            (Target::Other(expr), None) => {
                out += &format!(" [{} bytes of unknown target data]", expr.info.len());
            }
            _ => {}
        }
        out
    }
}

fn fragment(rule: &Rule) -> &'static str {
    match rule.fragment {
        None => "--",
        Some(true) => "-f",
        Some(false) => "!f",
    }
}

fn interface_text<'a>(interface: Option<&'a Interface>, any: &'a str) -> (bool, &'a str) {
    interface.map_or((false, any), |interface| {
        (interface.inverted, &interface.name)
    })
}

/// A line of `-S`, without `-A CHAIN`; `counters` shows those too.
pub(super) fn save(rule: &Rule, v6: bool, counters: bool) -> String {
    let style = Style {
        numeric: true,
        transport: rule.transport(),
        v6,
    };
    let mut out = String::new();
    let not = |inverted| if inverted { " !" } else { "" };
    for (option, address) in [("-s", rule.source), ("-d", rule.destination)] {
        if let Some(address) = address {
            let text = value::show_address(&address, true);
            out += &format!("{} {option} {text}", not(address.inverted));
        }
    }
    for (option, interface) in [("-i", &rule.input), ("-o", &rule.output)] {
        if let Some(Interface { name, inverted }) = interface {
            out += &format!("{} {option} {name}", not(*inverted));
        }
    }
    if let Some(protocol) = rule.protocol {
        let name = protocol_text(rule.protocol, false);
        out += &format!("{} -p {name}", not(protocol.inverted));
    }
    match rule.fragment {
        Some(true) => out += " -f",
        Some(false) => out += " ! -f",
        None => {}
    }
    for extension in &rule.matches {
        match (
            extension,
            extension::match_extension(&mut extension.clone()),
        ) {
            (_, Some(extension)) => {
                out += &format!(" -m {}{}", extension.name(), extension.save(style));
            }
            (Match::Other(expr), None) => out += &format!(" -m {} [unsupported]", expr.name),
            _ => {}
        }
    }
    if counters {
        out += &format!(" -c {} {}", rule.counters.packets, rule.counters.bytes);
    }
    match &rule.target {
        Target::None => {}
        Target::Verdict(Verdict::Goto(chain)) => out += &format!(" -g {chain}"),
        target => match extension::target_extension(&mut target.clone()) {
            Some(extension) => out += &format!(" -j {}{}", extension.name(), extension.save(style)),
            None => out += &format!(" -j {}", target_name(target)),
        },
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_shortened() {
        for (number, shown) in [
            (0, "    0"),
            (99_999, "99999"),
            (100_000, " 100K"),
            (9_999_999, "  10M"),
            (1_234_567_890, "1235M"),
            (12_345_678_901_234, "  12T"),
        ] {
            assert_eq!(short_number(number, true), shown, "{number}");
        }
        assert_eq!(short_number(123_456, false), "123K");
    }
}
