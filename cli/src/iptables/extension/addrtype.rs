//! `-m addrtype`.

use nl_netfilter::xt::{AddrType, AddrTypeFlags};

use super::super::problem::{Problem, parameter};
use super::ports::not;
use super::{Extension, Given, Opt, Style, flag, opt};

/// Names in the order of their bits.
const TYPES: [&str; 12] = [
    "UNSPEC",
    "UNICAST",
    "LOCAL",
    "BROADCAST",
    "ANYCAST",
    "MULTICAST",
    "BLACKHOLE",
    "UNREACHABLE",
    "PROHIBIT",
    "THROW",
    "NAT",
    "XRESOLVE",
];

fn parse(text: &str) -> Result<u16, Problem> {
    let mut bits = 0;
    for word in text.split(',') {
        let place = TYPES
            .iter()
            .position(|name| name.eq_ignore_ascii_case(word));
        let place = place.ok_or_else(|| parameter!("addrtype: bad type \"{word}\""))?;
        bits |= 1 << place;
    }
    Ok(bits)
}

fn show(bits: u16) -> String {
    let set = TYPES
        .iter()
        .enumerate()
        .filter(|(place, _)| bits & (1 << place) != 0);
    let names: Vec<&str> = set.map(|(_, name)| *name).collect();
    names.join(",")
}

impl Extension for AddrType {
    fn name(&self) -> &'static str {
        "addrtype"
    }

    fn options(&self) -> &'static [Opt] {
        const {
            &[
                opt("src-type").invertible(),
                opt("dst-type").invertible(),
                flag("limit-iface-in").excludes(&["limit-iface-out"]),
                flag("limit-iface-out").excludes(&["limit-iface-in"]),
            ]
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let mut flags = AddrTypeFlags::from_bits_retain(self.flags.get());
        match given.id {
            "src-type" => {
                self.source = parse(given.value)?.into();
                flags.set(AddrTypeFlags::INVERT_SOURCE, given.inverted);
            }
            "dst-type" => {
                self.dest = parse(given.value)?.into();
                flags.set(AddrTypeFlags::INVERT_DEST, given.inverted);
            }
            "limit-iface-in" => flags.insert(AddrTypeFlags::LIMIT_IFACE_IN),
            _ => flags.insert(AddrTypeFlags::LIMIT_IFACE_OUT),
        }
        self.flags = flags.bits().into();
        Ok(())
    }

    fn check(&mut self, given: &[&'static str]) -> Result<(), Problem> {
        if given.contains(&"src-type") || given.contains(&"dst-type") {
            return Ok(());
        }
        Err(parameter!(
            "addrtype: you must specify --src-type or --dst-type"
        ))
    }

    fn list(&self, _style: Style) -> String {
        let flags = AddrTypeFlags::from_bits_retain(self.flags.get());
        let mut out = String::from(" ADDRTYPE match");
        let not = |flag| if flags.contains(flag) { "!" } else { "" };
        if self.source.get() != 0 {
            let not = not(AddrTypeFlags::INVERT_SOURCE);
            out += &format!(" src-type {not}{}", show(self.source.get()));
        }
        if self.dest.get() != 0 {
            let not = not(AddrTypeFlags::INVERT_DEST);
            out += &format!(" dst-type {not}{}", show(self.dest.get()));
        }
        if flags.contains(AddrTypeFlags::LIMIT_IFACE_IN) {
            out += " limit-in";
        }
        if flags.contains(AddrTypeFlags::LIMIT_IFACE_OUT) {
            out += " limit-out";
        }
        out
    }

    fn save(&self, _style: Style) -> String {
        let flags = AddrTypeFlags::from_bits_retain(self.flags.get());
        let mut out = String::new();
        if self.source.get() != 0 {
            let not = not(flags.contains(AddrTypeFlags::INVERT_SOURCE));
            out += &format!("{not} --src-type {}", show(self.source.get()));
        }
        if self.dest.get() != 0 {
            let not = not(flags.contains(AddrTypeFlags::INVERT_DEST));
            out += &format!("{not} --dst-type {}", show(self.dest.get()));
        }
        if flags.contains(AddrTypeFlags::LIMIT_IFACE_IN) {
            out += " --limit-iface-in";
        }
        if flags.contains(AddrTypeFlags::LIMIT_IFACE_OUT) {
            out += " --limit-iface-out";
        }
        out
    }
}
