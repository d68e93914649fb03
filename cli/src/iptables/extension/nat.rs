//! `-j MASQUERADE`, `-j SNAT`, `-j DNAT` and `-j REDIRECT`.

use std::net::IpAddr;

use nl_netfilter::xt::{
    Dnat, MasqueradeV4, MasqueradeV6, NatRange, NatRange2, NatRangeV4, RedirectV4, RedirectV6,
    SnatV4, SnatV6,
};

use super::super::problem::{Problem, parameter};
use super::super::{names, value};
use super::conntrack::{address_of, bytes};
use super::{Extension, Given, Opt, Style, flag, opt};

/// `NF_NAT_RANGE_*`. Source: include/uapi/linux/netfilter/nf_nat.h.
const MAP_IPS: u32 = 1;
const PROTO_SPECIFIED: u32 = 2;
const PROTO_RANDOM: u32 = 4;
const PERSISTENT: u32 = 8;
const PROTO_RANDOM_FULLY: u32 = 16;
const PROTO_OFFSET: u32 = 32;

/// A range before its options.
pub(super) fn empty() -> NatRange {
    NatRange {
        flags: 0.into(),
        min_addr: [0; 16],
        max_addr: [0; 16],
        min_port: 0.into(),
        max_port: 0.into(),
    }
}

/// The same with a base port.
pub(super) fn empty2() -> NatRange2 {
    NatRange2 {
        flags: 0.into(),
        min_addr: [0; 16],
        max_addr: [0; 16],
        min_port: 0.into(),
        max_port: 0.into(),
        base_port: 0.into(),
        pad: [0; 2],
    }
}

/// Addresses and ports, however they are laid out.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    flags: u32,
    addrs: [[u8; 16]; 2],
    ports: [u16; 2],
    base: u16,
}

/// A layout that holds a [`Span`].
trait Layout {
    fn span(&self) -> Span;
    fn put(&mut self, span: Span);
}

impl Layout for NatRangeV4 {
    fn span(&self) -> Span {
        Span {
            flags: self.flags.get(),
            addrs: [self.min_addr, self.max_addr].map(|addr| bytes(addr.into())),
            ports: [self.min_port.get(), self.max_port.get()],
            base: 0,
        }
    }

    fn put(&mut self, span: Span) {
        let [min, max] = span.addrs.map(|[a, b, c, d, ..]| [a, b, c, d]);
        self.flags = span.flags.into();
        (self.min_addr, self.max_addr) = (min, max);
        [self.min_port, self.max_port] = span.ports.map(Into::into);
    }
}

impl Layout for NatRange {
    fn span(&self) -> Span {
        Span {
            flags: self.flags.get(),
            addrs: [self.min_addr, self.max_addr],
            ports: [self.min_port.get(), self.max_port.get()],
            base: 0,
        }
    }

    fn put(&mut self, span: Span) {
        self.flags = span.flags.into();
        [self.min_addr, self.max_addr] = span.addrs;
        [self.min_port, self.max_port] = span.ports.map(Into::into);
    }
}

impl Layout for NatRange2 {
    fn span(&self) -> Span {
        Span {
            flags: self.flags.get(),
            addrs: [self.min_addr, self.max_addr],
            ports: [self.min_port.get(), self.max_port.get()],
            base: self.base_port.get(),
        }
    }

    fn put(&mut self, span: Span) {
        self.flags = span.flags.into();
        [self.min_addr, self.max_addr] = span.addrs;
        [self.min_port, self.max_port] = span.ports.map(Into::into);
        self.base_port = span.base.into();
    }
}

/// What `-L` says before the ports of targets that only have ports.
struct Words {
    name: &'static str,
    ports: &'static str,
}

const MASQUERADE: Words = Words {
    name: "MASQUERADE",
    ports: "masq ports: ",
};
const REDIRECT: Words = Words {
    name: "REDIRECT",
    ports: "redir ports ",
};
const SNAT: Words = Words {
    name: "SNAT",
    ports: "",
};
const DNAT: Words = Words {
    name: "DNAT",
    ports: "",
};

impl Words {
    fn options(&self) -> &'static [Opt] {
        match self.name {
            "MASQUERADE" => const { &[opt("to-ports"), flag("random"), flag("random-fully")] },
            "REDIRECT" => const { &[opt("to-ports"), flag("random")] },
            "SNAT" => {
                const {
                    &[
                        opt("to-source").mandatory(),
                        flag("random"),
                        flag("random-fully"),
                        flag("persistent"),
                    ]
                }
            }
            _ => {
                const {
                    &[
                        opt("to-destination").mandatory(),
                        flag("random"),
                        flag("persistent"),
                    ]
                }
            }
        }
    }

    fn set(&self, span: &mut Span, given: &Given<'_>) -> Result<(), Problem> {
        match given.id {
            "random" => span.flags |= PROTO_RANDOM,
            "random-fully" => span.flags |= PROTO_RANDOM_FULLY,
            "persistent" => span.flags |= PERSISTENT,
            "to-ports" => {
                need_ports(given)?;
                span.ports = parse_ports(given.value, self.name == "REDIRECT")?;
                span.flags |= PROTO_SPECIFIED;
            }
            _ => self.parse_to(span, given)?,
        }
        Ok(())
    }

    /// `[ADDR[-ADDR]][:PORT[-PORT][/BASE]]`, an IPv6 address before ports in brackets.
    fn parse_to(&self, span: &mut Span, given: &Given<'_>) -> Result<(), Problem> {
        let text = given.value;
        let (addrs, ports) = if given.v6 {
            match text.strip_prefix('[') {
                Some(rest) => match rest.split_once(']') {
                    Some((addrs, "")) => (addrs, None),
                    Some((addrs, rest)) => (addrs, rest.strip_prefix(':')),
                    None => return Err(parameter!("Invalid address format")),
                },
                None => (text, None),
            }
        } else {
            match text.split_once(':') {
                Some((addrs, ports)) => (addrs, Some(ports)),
                None => (text, None),
            }
        };
        if let Some(text) = ports {
            need_ports(given)?;
            let (ports, base) = match text.split_once('/').filter(|_| self.name == "DNAT") {
                Some((ports, base)) => (ports, Some(base)),
                None => (text, None),
            };
            span.ports = parse_ports(ports, false)?;
            span.flags |= PROTO_SPECIFIED;
            if let Some(base) = base {
                span.base = plain_port(base)?;
                span.flags |= PROTO_OFFSET;
            }
        }
        if addrs.is_empty() && ports.is_some() {
            return Ok(());
        }
        let (low, high) = addrs.split_once('-').unwrap_or((addrs, addrs));
        let parse = |text: &str| {
            let addr = text
                .parse::<IpAddr>()
                .ok()
                .filter(|addr| addr.is_ipv6() == given.v6);
            addr.map(bytes)
                .ok_or_else(|| parameter!("Bad IP address \"{text}\""))
        };
        span.addrs = [parse(low)?, parse(high)?];
        span.flags |= MAP_IPS;
        Ok(())
    }

    fn list(&self, span: &Span, v6: bool) -> String {
        let mut out = String::new();
        if self.ports.is_empty() {
            out += &format!(" to:{}", show_to(span, v6));
        } else if span.flags & PROTO_SPECIFIED != 0 {
            out += &format!(" {}{}", self.ports, show_ports(span));
        }
        for (bit, word) in FLAGS {
            if span.flags & bit != 0 {
                out += &format!(" {word}");
            }
        }
        out
    }

    fn save(&self, span: &Span, v6: bool) -> String {
        let mut out = String::new();
        if self.ports.is_empty() {
            let option = if self.name == "SNAT" {
                "source"
            } else {
                "destination"
            };
            out += &format!(" --to-{option} {}", show_to(span, v6));
        } else if span.flags & PROTO_SPECIFIED != 0 {
            out += &format!(" --to-ports {}", show_ports(span));
        }
        for (bit, word) in FLAGS {
            if span.flags & bit != 0 {
                out += &format!(" --{word}");
            }
        }
        out
    }
}

const FLAGS: [(u32, &str); 3] = [
    (PROTO_RANDOM, "random"),
    (PROTO_RANDOM_FULLY, "random-fully"),
    (PERSISTENT, "persistent"),
];

/// Ports mean something with TCP, UDP, SCTP, DCCP and ICMP identifiers only.
fn need_ports(given: &Given<'_>) -> Result<(), Problem> {
    match given.transport() {
        Some(6 | 17 | 132 | 33 | 1 | 58) => Ok(()),
        _ => Err(parameter!(
            "Need TCP, UDP, SCTP or DCCP with port specification"
        )),
    }
}

fn plain_port(text: &str) -> Result<u16, Problem> {
    value::number(text, u16::MAX.into())
        .and_then(|port| u16::try_from(port).ok())
        .filter(|port| *port != 0)
        .ok_or_else(|| parameter!("Port `{text}' not valid"))
}

fn parse_ports(text: &str, services: bool) -> Result<[u16; 2], Problem> {
    let (low, high) = match text.split_once('-') {
        Some((low, high)) => (low, Some(high)),
        None => (text, None),
    };
    let named = if services && high.is_none() {
        names::service_port(low, None)
    } else {
        None
    };
    let min = match named {
        Some(port) => port,
        None => plain_port(low)?,
    };
    let max = match high {
        Some(high) => plain_port(high)?,
        None => min,
    };
    if min > max {
        return Err(parameter!("Port range `{}' funky", high.unwrap_or(text)));
    }
    Ok([min, max])
}

fn show_ports(span: &Span) -> String {
    let [min, max] = span.ports;
    let mut out = min.to_string();
    if max != min {
        out += &format!("-{max}");
    }
    if span.flags & PROTO_OFFSET != 0 {
        out += &format!("/{}", span.base);
    }
    out
}

fn show_to(span: &Span, v6: bool) -> String {
    let mut out = String::new();
    let ports = span.flags & PROTO_SPECIFIED != 0;
    if span.flags & MAP_IPS != 0 {
        let [min, max] = span.addrs.map(|addr| address_of(&addr, v6));
        out += &min.to_string();
        if max != min {
            out += &format!("-{max}");
        }
        if v6 && ports {
            out = format!("[{out}]");
        }
    }
    if ports {
        out += &format!(":{}", show_ports(span));
    }
    out
}

macro_rules! nat {
    ($($Target:ident, $WORDS:ident;)*) => {$(
        impl Extension for $Target {
            fn name(&self) -> &'static str {
                $WORDS.name
            }

            fn options(&self) -> &'static [Opt] {
                $WORDS.options()
            }

            fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
                let mut span = self.0.span();
                $WORDS.set(&mut span, given)?;
                self.0.put(span);
                Ok(())
            }

            fn list(&self, style: Style) -> String {
                let span = self.0.span();
                $WORDS.list(&span, style.v6)
            }

            fn save(&self, style: Style) -> String {
                let span = self.0.span();
                $WORDS.save(&span, style.v6)
            }
        }
    )*};
}

nat! {
    MasqueradeV4, MASQUERADE;
    MasqueradeV6, MASQUERADE;
    SnatV4, SNAT;
    SnatV6, SNAT;
    Dnat, DNAT;
    RedirectV4, REDIRECT;
    RedirectV6, REDIRECT;
}
