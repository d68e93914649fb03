//! `-m tcp` and `-m udp`.

use nl_netfilter::xt::{Tcp, Udp};

use super::super::names;
use super::super::problem::{Problem, parameter};
use super::super::value;
use super::{Extension, Given, Opt, Style, flag, opt};

const FLAGS: [(&str, u8); 6] = [
    ("FIN", 0x01),
    ("SYN", 0x02),
    ("RST", 0x04),
    ("PSH", 0x08),
    ("ACK", 0x10),
    ("URG", 0x20),
];

const SOURCE: &str = "source-port";
const DEST: &str = "destination-port";

impl Extension for Tcp {
    fn name(&self) -> &'static str {
        "tcp"
    }

    fn options(&self) -> &'static [Opt] {
        const {
            &[
                opt(SOURCE),
                opt("sport").spells(SOURCE),
                opt(DEST),
                opt("dport").spells(DEST),
                flag("syn"),
                Opt {
                    values: 2,
                    ..opt("tcp-flags")
                },
                opt("tcp-option"),
            ]
        }
    }

    fn lenient(&self) -> bool {
        true
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let used = |id: &str| given.before.contains(&id);
        let bit = match given.id {
            SOURCE | DEST => {
                only_one(given)?;
                let ports = value::port_range(given.value, Some("tcp"))?.map(Into::into);
                if given.id == SOURCE {
                    self.source_ports = ports;
                    1
                } else {
                    self.dest_ports = ports;
                    2
                }
            }
            "syn" | "tcp-flags" => {
                if used("syn") || used("tcp-flags") {
                    return Err(parameter!("Only one of `--syn' or `--tcp-flags'  allowed"));
                }
                (self.flag_mask, self.flag_cmp) = if given.id == "syn" {
                    (0x17, 0x02)
                } else {
                    (parse_flags(given.value)?, parse_flags(given.second)?)
                };
                4
            }
            _ => {
                only_one(given)?;
                self.option = value::number(given.value, 255)
                    .and_then(|option| u8::try_from(option).ok())
                    .filter(|option| *option != 0)
                    .ok_or_else(|| parameter!("Bad TCP option `{}'", given.value))?;
                8
            }
        };
        if given.inverted {
            self.invert |= bit;
        }
        Ok(())
    }

    fn list(&self, style: Style) -> String {
        let mut out = String::from(" tcp");
        let protocol = Some("tcp");
        out += &list_ports(
            "spt",
            self.source_ports.map(Into::into),
            self.invert & 1 != 0,
            protocol,
            style,
        );
        out += &list_ports(
            "dpt",
            self.dest_ports.map(Into::into),
            self.invert & 2 != 0,
            protocol,
            style,
        );
        if self.option != 0 || self.invert & 8 != 0 {
            let not = if self.invert & 8 != 0 { "!" } else { "" };
            out += &format!(" option={not}{}", self.option);
        }
        if self.flag_mask != 0 || self.invert & 4 != 0 {
            let not = if self.invert & 4 != 0 { "!" } else { "" };
            out += &if style.numeric {
                format!(
                    " flags:{not}0x{:02X}/0x{:02X}",
                    self.flag_mask, self.flag_cmp
                )
            } else {
                format!(
                    " flags:{not}{}/{}",
                    show_flags(self.flag_mask),
                    show_flags(self.flag_cmp)
                )
            };
        }
        out
    }

    fn save(&self, _style: Style) -> String {
        let mut out = save_ports(
            "sport",
            self.source_ports.map(Into::into),
            self.invert & 1 != 0,
        );
        out += &save_ports(
            "dport",
            self.dest_ports.map(Into::into),
            self.invert & 2 != 0,
        );
        if self.option != 0 || self.invert & 8 != 0 {
            out += &format!("{} --tcp-option {}", not(self.invert & 8 != 0), self.option);
        }
        if self.flag_mask != 0 || self.invert & 4 != 0 {
            out += &format!(
                "{} --tcp-flags {} {}",
                not(self.invert & 4 != 0),
                show_flags(self.flag_mask),
                show_flags(self.flag_cmp)
            );
        }
        out
    }
}

impl Extension for Udp {
    fn name(&self) -> &'static str {
        "udp"
    }

    fn options(&self) -> &'static [Opt] {
        const {
            &[
                opt(SOURCE).invertible(),
                opt("sport").spells(SOURCE).invertible(),
                opt(DEST).invertible(),
                opt("dport").spells(DEST).invertible(),
            ]
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let ports = value::port_range(given.value, Some("udp"))?.map(Into::into);
        let bit = if given.id == SOURCE {
            self.source_ports = ports;
            1
        } else {
            self.dest_ports = ports;
            2
        };
        if given.inverted {
            self.invert |= bit;
        }
        Ok(())
    }

    fn list(&self, style: Style) -> String {
        let protocol = Some("udp");
        let source = list_ports(
            "spt",
            self.source_ports.map(Into::into),
            self.invert & 1 != 0,
            protocol,
            style,
        );
        let dest = list_ports(
            "dpt",
            self.dest_ports.map(Into::into),
            self.invert & 2 != 0,
            protocol,
            style,
        );
        format!(" udp{source}{dest}")
    }

    fn save(&self, _style: Style) -> String {
        let source = save_ports(
            "sport",
            self.source_ports.map(Into::into),
            self.invert & 1 != 0,
        );
        source
            + &save_ports(
                "dport",
                self.dest_ports.map(Into::into),
                self.invert & 2 != 0,
            )
    }
}

/// `" !"` before what is inverted.
pub(super) fn not(inverted: bool) -> &'static str {
    if inverted { " !" } else { "" }
}

fn only_one(given: &Given<'_>) -> Result<(), Problem> {
    if given.before.contains(&given.id) {
        return Err(parameter!("Only one `--{}' allowed", given.id));
    }
    Ok(())
}

fn parse_flags(text: &str) -> Result<u8, Problem> {
    let mut flags = 0;
    for word in text.split(',').filter(|word| !word.is_empty()) {
        let known = FLAGS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word));
        flags |= match known {
            Some((_, bit)) => *bit,
            None if word.eq_ignore_ascii_case("ALL") => 0x3f,
            None if word.eq_ignore_ascii_case("NONE") => 0,
            None => return Err(parameter!("Unknown TCP flag `{word}'")),
        };
    }
    Ok(flags)
}

fn show_flags(flags: u8) -> String {
    if flags == 0 {
        return "NONE".to_owned();
    }
    let set = FLAGS.iter().filter(|(_, bit)| flags & bit != 0);
    let names: Vec<&str> = set.map(|(name, _)| *name).collect();
    names.join(",")
}

/// A port as `-L` shows it.
pub(super) fn show_port(port: u16, protocol: Option<&str>, style: Style) -> String {
    let name = if style.numeric {
        None
    } else {
        names::service_name(port, protocol)
    };
    name.unwrap_or_else(|| port.to_string())
}

fn list_ports(
    label: &str,
    [min, max]: [u16; 2],
    inverted: bool,
    protocol: Option<&str>,
    style: Style,
) -> String {
    let not = if inverted { "!" } else { "" };
    if (min, max) == (0, u16::MAX) && !inverted {
        return String::new();
    }
    let low = show_port(min, protocol, style);
    if min == max {
        return format!(" {label}:{not}{low}");
    }
    let high = show_port(max, protocol, style);
    format!(" {label}s:{not}{low}:{high}")
}

fn save_ports(option: &str, [min, max]: [u16; 2], inverted: bool) -> String {
    let not = not(inverted);
    match (min, max) {
        (0, u16::MAX) if !inverted => String::new(),
        _ if min == max => format!("{not} --{option} {min}"),
        _ => format!("{not} --{option} {min}:{max}"),
    }
}
