//! `-m conntrack` and `-m state`.

use std::net::IpAddr;

use nl_netfilter::iptables::Address;
use nl_netfilter::xt::{Conntrack, ConntrackFlags};

use super::super::problem::{Problem, parameter};
use super::super::value;
use super::ports::not;
use super::{Extension, Given, Opt, Style, opt};

/// States in the order in which they are shown.
const STATES: [(&str, u16); 7] = [
    ("INVALID", 1),
    ("NEW", 8),
    ("RELATED", 4),
    ("ESTABLISHED", 2),
    ("UNTRACKED", 0x100),
    ("SNAT", 0x40),
    ("DNAT", 0x80),
];

const STATUSES: [(&str, u16); 5] = [
    ("EXPECTED", 1),
    ("SEEN_REPLY", 2),
    ("ASSURED", 4),
    ("CONFIRMED", 8),
    ("NONE", 0),
];

const OPTIONS: &[Opt] = &[
    opt("ctstate").invertible(),
    opt("ctproto").invertible(),
    opt("ctorigsrc").invertible(),
    opt("ctorigdst").invertible(),
    opt("ctreplsrc").invertible(),
    opt("ctrepldst").invertible(),
    opt("ctorigsrcport").invertible(),
    opt("ctorigdstport").invertible(),
    opt("ctreplsrcport").invertible(),
    opt("ctrepldstport").invertible(),
    opt("ctstatus").invertible(),
    opt("ctexpire").invertible(),
    opt("ctdir"),
];

impl Extension for Conntrack {
    fn name(&self) -> &'static str {
        if self.has(ConntrackFlags::STATE_ALIAS) {
            "state"
        } else {
            "conntrack"
        }
    }

    fn options(&self) -> &'static [Opt] {
        if self.has(ConntrackFlags::STATE_ALIAS) {
            const { &[opt("state").invertible().mandatory()] }
        } else {
            OPTIONS
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let ports = || value::port_range(given.value, None);
        let flag = match given.id {
            "state" | "ctstate" => {
                // `-m state` knows no NAT.
                let known = if given.id == "state" {
                    STATES.get(..5)
                } else {
                    None
                };
                let known = known.unwrap_or(&STATES);
                self.state_mask = bits(given, known)?.into();
                ConntrackFlags::STATE
            }
            "ctproto" => {
                let number = value::protocol(given.value)
                    .ok_or_else(|| parameter!("unknown protocol \"{}\" specified", given.value))?;
                self.l4proto = u16::from(number).into();
                ConntrackFlags::PROTO
            }
            "ctorigsrc" => {
                (self.origsrc_addr, self.origsrc_mask) = parse_address(given)?;
                ConntrackFlags::ORIGSRC
            }
            "ctorigdst" => {
                (self.origdst_addr, self.origdst_mask) = parse_address(given)?;
                ConntrackFlags::ORIGDST
            }
            "ctreplsrc" => {
                (self.replsrc_addr, self.replsrc_mask) = parse_address(given)?;
                ConntrackFlags::REPLSRC
            }
            "ctrepldst" => {
                (self.repldst_addr, self.repldst_mask) = parse_address(given)?;
                ConntrackFlags::REPLDST
            }
            "ctorigsrcport" => {
                [self.origsrc_port, self.origsrc_port_high] = ports()?.map(Into::into);
                ConntrackFlags::ORIGSRC_PORT
            }
            "ctorigdstport" => {
                [self.origdst_port, self.origdst_port_high] = ports()?.map(Into::into);
                ConntrackFlags::ORIGDST_PORT
            }
            "ctreplsrcport" => {
                [self.replsrc_port, self.replsrc_port_high] = ports()?.map(Into::into);
                ConntrackFlags::REPLSRC_PORT
            }
            "ctrepldstport" => {
                [self.repldst_port, self.repldst_port_high] = ports()?.map(Into::into);
                ConntrackFlags::REPLDST_PORT
            }
            "ctstatus" => {
                self.status_mask = bits(given, &STATUSES)?.into();
                ConntrackFlags::STATUS
            }
            "ctexpire" => {
                let (low, high) = given
                    .value
                    .split_once(':')
                    .unwrap_or((given.value, given.value));
                let bound = |text, open| match text {
                    "" => Ok(open),
                    text => value::number_u32(text).ok_or_else(|| given.bad_integer("conntrack")),
                };
                self.expires_min = bound(low, 0)?.into();
                self.expires_max = bound(high, u32::MAX)?.into();
                ConntrackFlags::EXPIRES
            }
            _ => {
                let reply = match given.value.to_ascii_uppercase().as_str() {
                    "ORIGINAL" => false,
                    "REPLY" => true,
                    _ => {
                        return Err(parameter!(
                            "Bad value for \"--ctdir\" option: \"{}\"",
                            given.value
                        ));
                    }
                };
                self.raise(ConntrackFlags::DIRECTION, reply);
                return Ok(());
            }
        };
        self.raise(flag, given.inverted);
        Ok(())
    }

    fn check(&mut self, given: &[&'static str]) -> Result<(), Problem> {
        if given.is_empty() {
            return Err(parameter!("conntrack: At least one option is required"));
        }
        Ok(())
    }

    fn list(&self, style: Style) -> String {
        let shown = self.parts(style.v6).into_iter();
        shown
            .map(|(inverted, name, value)| format!("{} {name} {value}", not(inverted)))
            .collect()
    }

    fn save(&self, style: Style) -> String {
        let shown = self.parts(style.v6).into_iter();
        shown
            .map(|(inverted, name, value)| format!("{} --{name} {value}", not(inverted)))
            .collect()
    }
}

trait Parts {
    fn has(&self, flag: ConntrackFlags) -> bool;
    fn raise(&mut self, flag: ConntrackFlags, inverted: bool);
    fn parts(&self, v6: bool) -> Vec<(bool, &'static str, String)>;
}

impl Parts for Conntrack {
    fn has(&self, flag: ConntrackFlags) -> bool {
        self.match_flags.get() & flag.bits() != 0
    }

    fn raise(&mut self, flag: ConntrackFlags, inverted: bool) {
        self.match_flags = (self.match_flags.get() | flag.bits()).into();
        if inverted {
            self.invert_flags = (self.invert_flags.get() | flag.bits()).into();
        }
    }

    /// What is compared, in the order in which it is shown: inverted or not, option, value.
    fn parts(&self, v6: bool) -> Vec<(bool, &'static str, String)> {
        use ConntrackFlags as F;
        let mut parts = Vec::new();
        let mut part = |flag: F, name, value: String| {
            if self.has(flag) {
                parts.push((self.invert_flags.get() & flag.bits() != 0, name, value));
            }
        };
        let state = if self.has(F::STATE_ALIAS) {
            "state"
        } else {
            "ctstate"
        };
        part(F::STATE, state, show_bits(self.state_mask.get(), &STATES));
        part(F::PROTO, "ctproto", self.l4proto.to_string());
        part(
            F::ORIGSRC,
            "ctorigsrc",
            show(&self.origsrc_addr, &self.origsrc_mask, v6),
        );
        part(
            F::ORIGDST,
            "ctorigdst",
            show(&self.origdst_addr, &self.origdst_mask, v6),
        );
        part(
            F::REPLSRC,
            "ctreplsrc",
            show(&self.replsrc_addr, &self.replsrc_mask, v6),
        );
        part(
            F::REPLDST,
            "ctrepldst",
            show(&self.repldst_addr, &self.repldst_mask, v6),
        );
        let range = |low: u32, high: u32| match low == high {
            true => low.to_string(),
            false => format!("{low}:{high}"),
        };
        let ports = |low: u16, high: u16| range(low.into(), high.into());
        part(
            F::ORIGSRC_PORT,
            "ctorigsrcport",
            ports(self.origsrc_port.get(), self.origsrc_port_high.get()),
        );
        part(
            F::ORIGDST_PORT,
            "ctorigdstport",
            ports(self.origdst_port.get(), self.origdst_port_high.get()),
        );
        part(
            F::REPLSRC_PORT,
            "ctreplsrcport",
            ports(self.replsrc_port.get(), self.replsrc_port_high.get()),
        );
        part(
            F::REPLDST_PORT,
            "ctrepldstport",
            ports(self.repldst_port.get(), self.repldst_port_high.get()),
        );
        part(
            F::STATUS,
            "ctstatus",
            show_bits(self.status_mask.get(), &STATUSES),
        );
        part(
            F::EXPIRES,
            "ctexpire",
            range(self.expires_min.get(), self.expires_max.get()),
        );
        if self.has(F::DIRECTION) {
            let reply = self.invert_flags.get() & F::DIRECTION.bits() != 0;
            let direction = if reply { "REPLY" } else { "ORIGINAL" };
            parts.push((false, "ctdir", direction.to_owned()));
        }
        parts
    }
}

/// A comma list of names, each of which may be cut short.
fn bits(given: &Given<'_>, names: &[(&str, u16)]) -> Result<u16, Problem> {
    let mut bits = 0;
    for word in given.value.split(',') {
        let starts = |(name, _): &&(&str, u16)| {
            !word.is_empty()
                && name
                    .get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        let Some((_, bit)) = names.iter().find(starts) else {
            return Err(parameter!("Bad {} \"{word}\"", given.id));
        };
        bits |= bit;
    }
    Ok(bits)
}

fn show_bits(bits: u16, names: &[(&'static str, u16)]) -> String {
    let set = names
        .iter()
        .filter(|(_, bit)| bits & bit != 0 || (*bit == 0 && bits == 0));
    let names: Vec<&str> = set.map(|(name, _)| *name).collect();
    names.join(",")
}

fn parse_address(given: &Given<'_>) -> Result<([u8; 16], [u8; 16]), Problem> {
    match value::addresses(given.value, given.v6)?.as_slice() {
        // Without a mask iptables sets all of it, whatever the family.
        [address] if !given.value.contains('/') => Ok((bytes(address.addr), [0xff; 16])),
        [address] => Ok((bytes(address.addr), bytes(address.mask))),
        _ => Err(parameter!(
            "conntrack: multiple addresses for option \"--{}\"",
            given.id
        )),
    }
}

/// 16 bytes, an IPv4 address in the first 4.
pub(super) fn bytes(addr: IpAddr) -> [u8; 16] {
    let mut bytes = [0; 16];
    match addr {
        IpAddr::V4(addr) => bytes
            .iter_mut()
            .zip(addr.octets())
            .for_each(|(byte, octet)| *byte = octet),
        IpAddr::V6(addr) => bytes = addr.octets(),
    }
    bytes
}

/// An address in 16 bytes, an IPv4 address in the first 4.
pub(super) fn address_of(bytes: &[u8; 16], v6: bool) -> IpAddr {
    match bytes {
        [a, b, c, d, ..] if !v6 => IpAddr::from([*a, *b, *c, *d]),
        _ => IpAddr::from(*bytes),
    }
}

fn show(addr: &[u8; 16], mask: &[u8; 16], v6: bool) -> String {
    let address = Address {
        addr: address_of(addr, v6),
        mask: address_of(mask, v6),
        inverted: false,
    };
    value::show_address(&address, false)
}
