//! `-m multiport`.

use nl_netfilter::xt::Multiport;

use super::super::names;
use super::super::problem::{Problem, parameter};
use super::super::value;
use super::ports::{not, show_port};
use super::{Extension, Given, Opt, Style, opt};

/// Layer 4 protocols with ports.
const PROTOCOLS: [u8; 5] = [6, 17, 136, 132, 33];
const KINDS: &[&str] = &["source-ports", "destination-ports", "ports"];

impl Extension for Multiport {
    fn name(&self) -> &'static str {
        "multiport"
    }

    fn options(&self) -> &'static [Opt] {
        const {
            &[
                opt("source-ports").invertible().excludes(KINDS),
                opt("sports")
                    .spells("source-ports")
                    .invertible()
                    .excludes(KINDS),
                opt("destination-ports").invertible().excludes(KINDS),
                opt("dports")
                    .spells("destination-ports")
                    .invertible()
                    .excludes(KINDS),
                opt("ports").invertible().excludes(KINDS),
            ]
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let number = given
            .transport()
            .filter(|number| PROTOCOLS.contains(number));
        let number = number.ok_or_else(|| {
            parameter!("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'")
        })?;
        let protocol = names::protocol_name(number);
        self.kind = match given.id {
            "source-ports" => 0,
            "destination-ports" => 1,
            _ => 2,
        };
        self.invert = given.inverted.into();
        let mut slots = self.ports.iter_mut().zip(&mut self.range_starts);
        let mut count = 0;
        let mut put = |port: u16, starts_range: bool| {
            let (slot, range_start) = slots
                .next()
                .ok_or_else(|| parameter!("too many ports specified"))?;
            *slot = port.into();
            *range_start = starts_range.into();
            count += 1;
            Ok::<(), Problem>(())
        };
        for word in given.value.split(',') {
            let protocol = protocol.as_deref();
            match word.split_once(':') {
                Some((low, high)) => {
                    let (low, high) = (value::port(low, protocol)?, value::port(high, protocol)?);
                    if low >= high {
                        return Err(parameter!("invalid portrange specified"));
                    }
                    put(low, true)?;
                    put(high, false)?;
                }
                None => put(value::port(word, protocol)?, false)?,
            }
        }
        self.count = count;
        Ok(())
    }

    fn check(&mut self, given: &[&'static str]) -> Result<(), Problem> {
        if given.is_empty() {
            return Err(parameter!("multiport expection an option"));
        }
        Ok(())
    }

    fn list(&self, style: Style) -> String {
        let kind = match self.kind {
            0 => "sports",
            1 => "dports",
            _ => "ports",
        };
        let not = if self.invert != 0 { " !" } else { "" };
        format!(" multiport {kind} {not}{}", self.show(style))
    }

    fn save(&self, _style: Style) -> String {
        let kind = match self.kind {
            0 => "sports",
            1 => "dports",
            _ => "ports",
        };
        let numeric = Style {
            numeric: true,
            ..Style::default()
        };
        format!("{} --{kind} {}", not(self.invert != 0), self.show(numeric))
    }
}

trait Show {
    fn show(&self, style: Style) -> String;
}

impl Show for Multiport {
    fn show(&self, style: Style) -> String {
        let protocol = style.transport.and_then(names::protocol_name);
        let mut out = String::new();
        let mut ports = self
            .ports
            .iter()
            .zip(self.range_starts)
            .take(self.count.into());
        while let Some((port, starts_range)) = ports.next() {
            if !out.is_empty() {
                out.push(',');
            }
            out += &show_port(port.get(), protocol.as_deref(), style);
            if starts_range != 0
                && let Some((high, _)) = ports.next()
            {
                out.push(':');
                out += &show_port(high.get(), protocol.as_deref(), style);
            }
        }
        out
    }
}
