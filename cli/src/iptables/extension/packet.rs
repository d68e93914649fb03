//! `-m pkttype` and `-m length`.

use nl_netfilter::xt::{Length, PktType};

use super::super::problem::{Problem, parameter};
use super::super::value;
use super::ports::not;
use super::{Extension, Given, Opt, Style, opt};

/// `PACKET_*` by name. Source: include/uapi/linux/if_packet.h.
const KINDS: [(&str, u32); 5] = [
    ("unicast", 0),
    ("broadcast", 1),
    ("multicast", 2),
    ("host", 0),
    ("otherhost", 3),
];

impl Extension for PktType {
    fn name(&self) -> &'static str {
        "pkttype"
    }

    fn options(&self) -> &'static [Opt] {
        const { &[opt("pkt-type").invertible().mandatory()] }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let known = KINDS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(given.value));
        let (_, kind) = known.ok_or_else(|| parameter!("Bad packet type '{}'", given.value))?;
        self.kind = (*kind).into();
        self.invert = u32::from(given.inverted).into();
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        let relation = if self.invert.get() != 0 { "!=" } else { "=" };
        format!(" PKTTYPE {relation} {}", show(self.kind.get()))
    }

    fn save(&self, _style: Style) -> String {
        format!(
            "{} --pkt-type {}",
            not(self.invert.get() != 0),
            show(self.kind.get())
        )
    }
}

fn show(kind: u32) -> String {
    let known = KINDS.iter().find(|(_, number)| *number == kind);
    known.map_or_else(|| kind.to_string(), |(name, _)| (*name).to_owned())
}

impl Extension for Length {
    fn name(&self) -> &'static str {
        "length"
    }

    fn options(&self) -> &'static [Opt] {
        const { &[opt("length").invertible().mandatory()] }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let bad = || given.bad_integer("length");
        let bound = |text: &str, open| match text {
            "" => Some(open),
            text => value::number_u16(text),
        };
        let (min, max) = match given.value.split_once(':') {
            Some((min, max)) => (bound(min, 0), bound(max, u16::MAX)),
            None => (
                value::number_u16(given.value),
                value::number_u16(given.value),
            ),
        };
        self.min = min.ok_or_else(bad)?.into();
        self.max = max.ok_or_else(bad)?.into();
        self.invert = given.inverted.into();
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        let not = if self.invert != 0 { "!" } else { "" };
        format!(" length {not}{}", self.show())
    }

    fn save(&self, _style: Style) -> String {
        format!("{} --length {}", not(self.invert != 0), self.show())
    }
}

trait Show {
    fn show(&self) -> String;
}

impl Show for Length {
    fn show(&self) -> String {
        if self.min == self.max {
            return self.min.to_string();
        }
        format!("{}:{}", self.min, self.max)
    }
}
